//! Loading a model, and the self-test before it.

use super::Worker;
use super::builtin::Builtin;
use super::post::Answer;
use super::slot::Loaded;
use crate::engine::choice::choose;
use crate::engine::selftest::{Scope, SelfTest, verdict};
use crate::engine::{KNOWN_ANSWER_CONTEXT, Prepared, Upload, known_answer, measure};
use crate::error::{Error, ErrorKind, Result};
use crate::gguf;
use crate::gpu::ByteSource;
use crate::kernels::Ranking;
use crate::protocol::{Claim, Event, LoadOptions, LoadedModel, ModelId, Resource, Stage, Verified};
use crate::source::Cancel;
use web_sys::File;

/// What is to be loaded, and how.
pub(super) struct Order {
    pub(super) id: ModelId,
    pub(super) options: LoadOptions,
    pub(super) verified: Option<Verified>,
    /// The user's own, of a model that was left on disk.
    pub(super) file: Option<File>,
}

/// Whether a model has an answer that is known, and room for it: a short context is no fault of the GPU's.
fn can_answer(model: &LoadedModel) -> bool {
    model.id.is_guide() && model.context_length >= KNOWN_ANSWER_CONTEXT
}

impl Worker {
    /// Loads as the only tab that has a model of the visitor's on the GPU; the guide is everybody's.
    pub(super) async fn load_as_owner(
        &self,
        order: Order,
        claim: Claim,
        cancel: &Cancel,
        answer: &Answer,
    ) -> Result<Event> {
        let mut place = self.slot.take()?;
        let id = order.id.clone();
        let owned = self.own_engine(&order.id, claim).await;
        let loaded = match owned {
            Ok(()) => self.load(&mut place, order, cancel, answer).await,
            Err(error) => Err(error),
        };
        let own = place.as_ref().is_some_and(|loaded| !loaded.report.id.is_guide());
        self.slot.put(place);
        if !own {
            self.engine_lock.take();
        } else if loaded.is_ok() {
            // That it is not noted when a model was last used is no reason not to use it.
            let _ = self.library().await?.touch(&id).await;
        }
        loaded
    }

    async fn own_engine(&self, model: &ModelId, claim: Claim) -> Result<()> {
        if model.is_guide() || self.engine_lock.borrow().is_some() {
            return Ok(());
        }
        let held = self.tabs.claim(Resource::Engine, claim).await?;
        let me = self.me.clone();
        held.on_loss(move || {
            if let Some(worker) = me.upgrade() {
                worker.lose(Resource::Engine);
            }
        });
        self.engine_lock.replace(Some(held));
        Ok(())
    }

    /// Loads into `place`, which keeps what it has as long as the file may still turn out to be wrong.
    pub(super) async fn load(
        &self,
        place: &mut Option<Box<Loaded>>,
        order: Order,
        cancel: &Cancel,
        answer: &Answer,
    ) -> Result<Event> {
        answer.progress(Stage::Prepare, 0, None);
        let (header, mut source): (_, Box<dyn ByteSource>) = if order.id.is_guide() {
            let builtin = Builtin::fetch(cancel).await?;
            (gguf::read_header(|offset, length| Ok(builtin.read(offset, length)), builtin.len())?, Box::new(builtin))
        } else {
            let file = self.library().await?.open_model(&order.id, order.file.clone()).await?;
            (gguf::read_header(|offset, length| file.read(offset, length), file.len())?, Box::new(file))
        };
        let prepared = Prepared::new(&header, &order.options)?;
        let gpu = self.gpu().await?;
        let demand = prepared.demand();
        if demand.is_worth_choosing() {
            answer.progress(Stage::Choice, 0, None);
        }
        let known = order.verified.as_ref().filter(|known| known.adapter == gpu.name());
        let known = known.map_or(&[][..], |known| &known.speeds);
        let choice = choose(&gpu, &demand, &order.options.kernels, known).await?;
        cancel.check()?;
        answer.progress(Stage::SelfTest, 0, None);
        let wrong = self.faults.borrow().expected.clone();
        let test = SelfTest::new(&gpu, order.verified, &wrong)?;
        let (right, mut self_test) = test.run(&prepared.scope(), &choice.ranking).await?;
        let variants = verdict(right, &self_test)?;
        cancel.check()?;
        // Only now: a file that cannot be read leaves the loaded model as it was. Both together may not fit the GPU.
        *place = None;
        gpu.finish().await?;
        let choice_ms = choice.milliseconds;
        let upload = Upload { id: order.id.clone(), source: &mut *source, cancel, variants, choice_ms };
        let mut progress = |done, of| answer.progress(Stage::Upload, done, Some(of));
        let (mut session, report) = prepared.load(gpu, upload, &mut progress).await?;
        if can_answer(&report) {
            answer.progress(Stage::SelfTest, 0, None);
            let known = known_answer(&mut session, cancel).await?;
            if !known.is_right() {
                let message = format!(
                    "the GPU \"{}\" computes wrong results: asked {:?}, the built-in guide must answer {:?}, here it \
                     answers {:?}; update the graphics driver or the browser, or try another browser or GPU",
                    report.adapter, known.prompt, known.expected, known.found
                );
                return Err(Error::new(ErrorKind::SelfTestFailed, message));
            }
            self_test.answer = Some(known);
        }
        *place = Some(Box::new(Loaded { session, report: report.clone() }));
        Ok(Event::Loaded { model: report, self_test, speeds: choice.speeds })
    }

    /// Checks everything, and the guide's answer where the guide is loaded.
    pub(super) async fn self_test(&self, answer: &Answer) -> Result<Event> {
        let mut place = self.slot.take()?;
        let tested = self.test_all(&mut place, answer).await;
        self.slot.put(place);
        tested
    }

    async fn test_all(&self, place: &mut Option<Box<Loaded>>, answer: &Answer) -> Result<Event> {
        answer.progress(Stage::SelfTest, 0, None);
        let gpu = self.gpu().await?;
        let wrong = self.faults.borrow().expected.clone();
        let (_, mut report) =
            SelfTest::new(&gpu, None, &wrong)?.run(&Scope::everything(), &Ranking::suited_to(&gpu)).await?;
        if let Some(loaded) = place.as_mut().filter(|loaded| can_answer(&loaded.report)) {
            report.answer = Some(known_answer(&mut loaded.session, &Cancel::new()).await?);
        }
        Ok(Event::SelfTested { report })
    }

    /// Measures the GPU, with the loaded model where there is one.
    pub(super) async fn measure(&self, probe: u64) -> Result<Event> {
        let mut place = self.slot.take()?;
        let measured = match self.gpu().await {
            Ok(gpu) => {
                let session = place.as_mut().map(|loaded| &mut loaded.session);
                let variants = session.as_ref().map(|session| session.model().variants().clone());
                let variants = variants.unwrap_or_else(|| Ranking::suited_to(&gpu).first());
                measure(&gpu, session, &variants.matvec, probe).await
            }
            Err(error) => Err(error),
        };
        self.slot.put(place);
        Ok(Event::Measured { report: measured? })
    }
}
