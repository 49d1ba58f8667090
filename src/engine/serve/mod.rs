//! Serving the page: commands in, events out, in a dedicated worker.
//!
//! One thing at a time has the engine; lists, cancellation and downloads go on beside it. A failure is an event of the
//! request that met it, and leaves everything as it was before.

mod builtin;
mod load;
mod post;
mod slot;
mod store;
mod tabs;

use super::bench::wasm_heap_bytes;
use super::{Emitted, Session, bench};
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{Gpu, GpuOptions};
use crate::protocol::{
    Command, DiagnosticsReport, ErrorReport, EvaluateMode, Event, Faults, GenerateOptions, Request, RequestId,
    Resource, Stage, VERSION,
};
use crate::source::{Cancel, browser};
use crate::storage::Library;
use crate::storage::download::Nudge;
use crate::storage::lock::Held;
use crate::tokenizer::prompt::{encode_chat, encode_completion};
use crate::tokenizer::{Shown, Specials, StreamDecoder, decode};
use load::Order;
use post::Answer;
use slot::Slot;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use tabs::Tabs;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::MessageEvent;

/// The worker's state. Borrows never last over an `await`.
struct Worker {
    /// For what happens without a request.
    me: Weak<Worker>,
    tabs: Rc<Tabs>,
    /// The lock on the engine, while a model of the visitor's is on the GPU.
    engine_lock: RefCell<Option<Held>>,
    library: RefCell<Option<Library>>,
    gpu: RefCell<Option<Rc<Gpu>>>,
    slot: Slot,
    /// What a test has asked to go wrong.
    faults: RefCell<Faults>,
    /// Requests that have not ended.
    running: RefCell<HashMap<RequestId, Running>>,
}

/// A request that has not ended.
#[derive(Clone)]
struct Running {
    cancel: Cancel,
    nudge: Nudge,
    /// What it works with, of the things that one tab alone may have.
    uses: Option<Resource>,
}

/// Takes commands from now on, and says so.
///
/// # Errors
/// `Internal` outside a dedicated worker.
pub fn serve() -> Result<()> {
    let scope = post::scope()?;
    let worker = Rc::new_cyclic(|me| Worker {
        me: me.clone(),
        tabs: Tabs::open(),
        engine_lock: RefCell::default(),
        library: RefCell::default(),
        gpu: RefCell::default(),
        slot: Slot::default(),
        faults: RefCell::default(),
        running: RefCell::default(),
    });
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let worker = worker.clone();
        match post::parse(&message.data()) {
            Ok((request, files)) => wasm_bindgen_futures::spawn_local(worker.take(request, files)),
            Err(error) => post::send(None, Event::Failed { error: ErrorReport::from(&error) }),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget(); // lives as long as the worker
    post::send(None, Event::Ready { version: VERSION });
    Ok(())
}

impl Worker {
    /// Serves one request to its final event.
    async fn take(self: Rc<Self>, request: Request, files: Vec<web_sys::File>) {
        let Request { id, command } = request;
        let running = Running { cancel: Cancel::new(), nudge: Nudge::default(), uses: uses(&command) };
        self.running.borrow_mut().insert(id, running.clone());
        let answer = Answer::new(id);
        let result = self.serve(command, files, &running, &answer).await;
        self.running.borrow_mut().remove(&id);
        let event = result.unwrap_or_else(|error| {
            if error.kind() == ErrorKind::GpuLost {
                self.forget_gpu(&error);
            }
            Event::Failed { error: ErrorReport::from(&error) }
        });
        answer.event(event);
    }

    async fn serve(
        &self,
        command: Command,
        files: Vec<web_sys::File>,
        running: &Running,
        answer: &Answer,
    ) -> Result<Event> {
        let cancel = &running.cancel;
        match command {
            Command::ListModels => self.models().await,
            Command::Import { intake } => self.import(files, intake, cancel, answer).await,
            Command::Download { plan, claim } => self.download(plan, claim, running, answer).await,
            Command::TryNow { request } => {
                let other = self.running.borrow().get(&request).map(|running| running.nudge.clone());
                if let Some(nudge) = other {
                    nudge.give();
                }
                Ok(Event::Done)
            }
            Command::Remove { model } => {
                self.library().await?.remove(&model).await?;
                self.models().await
            }
            Command::Restore { model } => {
                self.library().await?.restore(&model).await?;
                self.models().await
            }
            Command::Purge => {
                self.library().await?.purge().await?;
                self.models().await
            }
            Command::Verify { model } => self.verify(&model, files, cancel, answer).await,
            Command::Load { model, options, verified, claim } => {
                let order = Order { id: model, options, verified, file: files.into_iter().next() };
                self.load_as_owner(order, claim, cancel, answer).await
            }
            Command::Measure { probe } => self.measure(probe).await,
            Command::SelfTest => self.self_test(answer).await,
            Command::Inject { faults } => {
                *self.faults.borrow_mut() = faults;
                Ok(Event::Done)
            }
            Command::Unload => {
                drop(self.slot.take()?);
                self.slot.put(None);
                self.engine_lock.take();
                Ok(Event::Unloaded)
            }
            Command::Chat { messages, options } => {
                let work = async |session: &mut Session| {
                    let prompt = encode_chat(session.tokenizer(), &messages)?;
                    generate(session, &prompt, &options, cancel, answer).await
                };
                self.slot.with(work).await
            }
            Command::Complete { prompt, options } => {
                let work = async |session: &mut Session| {
                    let prompt = encode_completion(session.tokenizer(), &prompt)?;
                    generate(session, &prompt, &options, cancel, answer).await
                };
                self.slot.with(work).await
            }
            Command::Evaluate { tokens, mode } => {
                self.slot.with(async |session: &mut Session| evaluate(session, &tokens, mode, cancel).await).await
            }
            Command::Tokenize { text, parse_special } => {
                let specials = if parse_special { Specials::Parse } else { Specials::PlainText };
                let work = async |session: &mut Session| session.tokenizer().encode(&text, specials);
                Ok(Event::Tokens { ids: self.slot.with(work).await? })
            }
            Command::Detokenize { ids } => self.slot.with(async |session: &mut Session| pieces(session, &ids)).await,
            Command::Bench { plan } => {
                let model = self.slot.report();
                let work = async |session: &mut Session| match model {
                    Some(model) => bench(session, model, plan, cancel).await,
                    None => Err(Error::new(ErrorKind::NotLoaded, "no model is loaded; load one first")),
                };
                Ok(Event::Benchmark { report: self.slot.with(work).await? })
            }
            Command::Diagnose => Ok(Event::Diagnostics { report: self.diagnose() }),
            Command::Cancel { request } => {
                let other = self.running.borrow().get(&request).map(|running| running.cancel.clone());
                if let Some(other) = other {
                    other.cancel();
                }
                Ok(Event::Done)
            }
        }
    }

    /// The storage, opened at the first need.
    async fn library(&self) -> Result<Library> {
        let known = self.library.borrow().clone();
        match known {
            Some(library) => Ok(library),
            None => {
                let tabs = self.tabs.clone();
                let library = Library::open(move || tabs.tell_library()).await?;
                Ok(self.library.borrow_mut().get_or_insert(library).clone())
            }
        }
    }

    /// The GPU, opened at the first need and again after a loss.
    async fn gpu(&self) -> Result<Rc<Gpu>> {
        let known = self.gpu.borrow().clone();
        match known {
            Some(gpu) => Ok(gpu),
            None => {
                let options = GpuOptions { broken: self.faults.borrow().kernels.clone(), ..Default::default() };
                let gpu = Rc::new(Gpu::open(options).await?);
                Ok(self.gpu.borrow_mut().get_or_insert(gpu).clone())
            }
        }
    }

    /// After a loss nothing on the GPU is left; the next load opens a fresh device.
    fn forget_gpu(&self, error: &Error) {
        self.slot.abandon();
        self.engine_lock.take();
        self.gpu.borrow_mut().take();
        post::send(None, Event::GpuLost { error: ErrorReport::from(error) });
    }

    fn diagnose(&self) -> DiagnosticsReport {
        let (gpu, model) = (self.gpu.borrow().clone(), self.slot.report());
        let limits = gpu.as_ref().map(|gpu| gpu.limits());
        let limits = limits.map_or(Vec::new(), |limits| {
            vec![
                ("max_binding_bytes".to_owned(), limits.max_binding_bytes),
                ("max_workgroups".to_owned(), limits.max_workgroups.into()),
                ("max_invocations".to_owned(), limits.max_invocations.into()),
                ("max_workgroup_bytes".to_owned(), limits.max_workgroup_bytes.into()),
            ]
        });
        DiagnosticsReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            adapter: gpu.as_ref().map(|gpu| gpu.name().to_owned()),
            limits,
            features: gpu.as_ref().map(|gpu| gpu.features()).unwrap_or_default(),
            wasm_heap_bytes: wasm_heap_bytes(),
            kernels: model.as_ref().map(|model| model.kernels.clone()).unwrap_or_default(),
            model,
        }
    }
}

/// What a command works with, of the things that one tab alone may have.
fn uses(command: &Command) -> Option<Resource> {
    match command {
        Command::Download { .. } => Some(Resource::Download),
        Command::Load { .. }
        | Command::Chat { .. }
        | Command::Complete { .. }
        | Command::Evaluate { .. }
        | Command::Bench { .. } => Some(Resource::Engine),
        _ => None,
    }
}

async fn generate(
    session: &mut Session,
    prompt: &[u32],
    options: &GenerateOptions,
    cancel: &Cancel,
    answer: &Answer,
) -> Result<Event> {
    let mut emit = |emitted| match emitted {
        Emitted::Prefill(done, of) => answer.progress(Stage::Prefill, done.into(), Some(of.into())),
        Emitted::Text(delta) => answer.event(Event::Text { delta }),
    };
    // A macrotask before the work: a Cancel that is already queued behind this command is seen first.
    browser::give_way().await;
    let (reason, stats) = session.generate(prompt, options, cancel, &mut emit).await?;
    Ok(Event::Finished { reason, stats })
}

async fn evaluate(session: &mut Session, tokens: &[u32], mode: EvaluateMode, cancel: &Cancel) -> Result<Event> {
    session.clear();
    let (mut logits, mut argmax) = (Vec::new(), Vec::new());
    match mode {
        EvaluateMode::Prefill => logits = session.read(tokens, cancel, &mut |_, _| ()).await?,
        EvaluateMode::Decode => {
            for token in tokens {
                cancel.check()?;
                logits = session.decode(*token).await?;
                let best = logits.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.total_cmp(b));
                argmax.extend(best.map(|(id, _)| id as u32));
            }
        }
    }
    if logits.iter().any(|logit| !logit.is_finite()) {
        return Err(Error::new(ErrorKind::NotFinite, "the model computed logits that are NaN or infinite"));
    }
    Ok(Event::Logits { logits, argmax })
}

fn pieces(session: &Session, ids: &[u32]) -> Result<Event> {
    let vocabulary = session.tokenizer().vocabulary();
    let mut decoder = StreamDecoder::new(vocabulary, Shown::All);
    let emit = ids.iter().map(|id| decoder.push(*id)).collect::<Result<_>>()?;
    let flush = decoder.flush();
    let text = decode(vocabulary, ids, Shown::All)?;
    Ok(Event::Pieces { emit, flush, text, text_without_specials: decode(vocabulary, ids, Shown::TextOnly)? })
}
