//! Commands about the library: lists, downloads, files of the user's, checks.

use super::post::{self, Answer};
use super::{Running, Worker};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Claim, DownloadPlan, Event, Halt, Intake, ModelId, Resource, Stage};
use crate::source::Cancel;
use crate::storage::Shelf;
use crate::storage::download::{Loss, News, Order};
use std::cell::{Cell, RefCell};
use web_sys::File;

/// How often other tabs are told how far a download is, in milliseconds.
const TELL_MS: f64 = 1_000.0;

impl Worker {
    /// Everything that is stored.
    pub(super) async fn models(&self) -> Result<Event> {
        let library = self.library().await?;
        let here = self.running.borrow().values().any(|running| running.uses == Some(Resource::Download));
        let elsewhere = !here && self.tabs.is_elsewhere(Resource::Download).await;
        let interrupted = if elsewhere { Halt::Elsewhere } else { Halt::Interrupted };
        let Shelf { models, unfinished, removed, storage } = library.shelf(interrupted).await?;
        Ok(Event::Models { models, unfinished, removed, storage })
    }

    /// Takes in files of the user's.
    pub(super) async fn import(
        &self,
        files: Vec<File>,
        intake: Intake,
        cancel: &Cancel,
        answer: &Answer,
    ) -> Result<Event> {
        let library = self.library().await?;
        let model = match (intake, files.as_slice()) {
            (Intake::InPlace, [file]) => library.link(file).await?,
            (Intake::InPlace, _) => {
                let message = "one file at a time can be used where it is; copy a split model into the browser";
                return Err(Error::new(ErrorKind::BadRequest, message));
            }
            (Intake::Copy, _) => {
                library.import(files, cancel, |done, of| answer.progress(Stage::Import, done, Some(of))).await?
            }
        };
        Ok(Event::Stored { model })
    }

    /// Fetches a model, as the only tab that does.
    pub(super) async fn download(
        &self,
        plan: DownloadPlan,
        claim: Claim,
        running: &Running,
        answer: &Answer,
    ) -> Result<Event> {
        let order = Order::check(plan, post::complete, &post::origin()?)?;
        answer.progress(Stage::Download, 0, None);
        let library = self.library().await?;
        let held = self.tabs.claim(Resource::Download, claim).await?;
        let (me, loss) = (self.me.clone(), Loss::default());
        let lost = loss.clone();
        held.on_loss(move || {
            lost.note();
            if let Some(worker) = me.upgrade() {
                worker.lose(Resource::Download);
            }
        });
        let told = RefCell::new((None::<ModelId>, 0.0));
        let last = Cell::new(None);
        let tell = |news| match news {
            News::Begun(id) => told.borrow_mut().0 = Some(id),
            News::Waiting(wait) => {
                // Progress is not told each time; what was held back must not come behind this, as if it went on.
                if let Some((stage, done, total)) = last.take() {
                    answer.event(Event::Progress { stage, done, total: Some(total) });
                }
                answer.event(Event::Waiting { wait });
            }
            News::Progress { stage, done, total } => {
                last.set(Some((stage, done, total)));
                answer.progress(stage, done, Some(total));
                let mut told = told.borrow_mut();
                let now = js_sys::Date::now();
                if let (Some(id), true) = (&told.0, now - told.1 >= TELL_MS) {
                    self.tabs.tell_download(id, done, total);
                    told.1 = now;
                }
            }
        };
        let model = library.download(order, &running.cancel, running.nudge.clone(), loss, tell).await?;
        drop(held);
        Ok(Event::Stored { model })
    }

    /// Reads a stored model back.
    pub(super) async fn verify(
        &self,
        model: &ModelId,
        files: Vec<File>,
        cancel: &Cancel,
        answer: &Answer,
    ) -> Result<Event> {
        let library = self.library().await?;
        let progress = |done, of| answer.progress(Stage::Verify, done, Some(of));
        let report = library.verify(model, files.into_iter().next(), cancel, progress).await?;
        Ok(Event::Checked { report })
    }

    /// Another tab has taken something from this one: what uses it here ends.
    pub(super) fn lose(&self, resource: Resource) {
        let users: Vec<Cancel> = {
            let running = self.running.borrow();
            let users = running.values().filter(|running| running.uses == Some(resource));
            users.map(|running| running.cancel.clone()).collect()
        };
        users.iter().for_each(Cancel::cancel);
        if resource == Resource::Engine {
            self.slot.abandon();
            self.engine_lock.take();
        }
        post::send(None, Event::Elsewhere { resource });
        self.tabs.tell_yielded(resource);
    }
}
