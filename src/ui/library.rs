//! What the page does with models: list, download, import, delete.
//!
//! Each of these ends in the state that the engine told last; a cancelled one leaves no error behind.

use super::engine::{Client, Events};
use super::frame::Frame;
use super::preferences::{Key, forget, recall};
use super::rate::Rate;
use super::state::{Cargo, Engine, Library, Progress, State, Transfer};
use super::{dialogue, loading};
use crate::error::{Error, ErrorKind};
use crate::protocol::{Command, ErrorReport, Event, ModelId, StorageUse, StoredModel};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// How long a load gives way to what comes before it: the first load of the page, an answer that is about to begin.
const GIVE_WAY_MS: u32 = 20;

/// Asks for the stored models.
pub async fn refresh(state: State) -> Result<(), ErrorReport> {
    let answer = client(state)?.send(Command::ListModels, None).last().await;
    take_list(state, answer).map(|_| ())
}

/// Deletes a stored model; off the GPU first, if it is there.
pub async fn remove(state: State, model: ModelId) -> Result<(), ErrorReport> {
    if untrack(|| state.loaded()).is_some_and(|loaded| loaded.id == model) {
        loading::unload(state).await?;
    }
    let answer = client(state)?.send(Command::Remove { model: model.clone() }, None).last().await;
    take_list(state, answer)?;
    for key in [Key::Model, Key::Loading] {
        if recall(key).as_ref() == Some(&model) {
            forget(key);
        }
    }
    Ok(())
}

fn take_list(state: State, answer: Result<Event, ErrorReport>) -> Result<(), ErrorReport> {
    let known = match answer {
        Ok(Event::Models { models, storage }) => Ok((models, storage)),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    match known {
        Ok((models, storage)) => {
            state.library.set(Library::Known { models, storage });
            state.library_fault.set(None);
            Ok(())
        }
        Err(error) => {
            if state.library.with_untracked(|library| *library == Library::Unknown) {
                state.library.set(Library::Known { models: Vec::new(), storage: StorageUse::default() });
            }
            state.library_fault.set(Some(error.clone()));
            Err(error)
        }
    }
}

/// Downloads a file of the catalogue.
pub async fn download(state: State, name: String, url: String) -> Result<StoredModel, ErrorReport> {
    transfer(state, Cargo::Download { name, url: url.clone() }, Command::Download { url }, None).await
}

/// Copies a file of the user's into storage.
pub async fn import(state: State, file: File) -> Result<StoredModel, ErrorReport> {
    transfer(state, Cargo::Import { name: file.name() }, Command::Import, Some(&file)).await
}

/// Loads what a transfer has brought, unless another of the visitor's models is loaded by then: that is not taken from
/// under its user. The guide makes way as soon as it has finished what it is saying.
pub fn then_load(state: State, transfer: impl Future<Output = Result<StoredModel, ErrorReport>> + 'static) {
    spawn_local(async move {
        let Ok(brought) = transfer.await else { return };
        let pass = loop {
            let pass = state.queue.get_value().pass().await;
            let starting = state.engine.with_untracked(|engine| *engine == Engine::Starting);
            if !starting && !dialogue::waits(state) {
                break pass;
            }
            drop(pass);
            TimeoutFuture::new(GIVE_WAY_MS).await;
        };
        let free = state.engine.with_untracked(|engine| match engine {
            Engine::Idle | Engine::Failed { .. } => true,
            Engine::Ready(model) => model.id.is_guide(),
            Engine::Starting | Engine::Unsupported(_) | Engine::Loading(_) => false,
        });
        if free {
            let number = loading::announce(state, &brought.id);
            let options = loading::options(state, &brought.id);
            let _ = loading::load_now(state, number, brought.id, options, pass).await;
        }
    });
}

async fn transfer(
    state: State,
    what: Cargo,
    command: Command,
    file: Option<&File>,
) -> Result<StoredModel, ErrorReport> {
    if state.transfer.with_untracked(|transfer| matches!(transfer, Transfer::Running { .. })) {
        let error: ErrorReport = (&Error::new(ErrorKind::Busy, "another model is on its way into storage")).into();
        state.library_fault.set(Some(error.clone()));
        return Err(error);
    }
    ask_to_keep();
    let events = client(state)?.send(command, file);
    state.transfer_progress.set(None);
    state.transfer.set(Transfer::Running { request: events.id(), what: what.clone() });
    let answer = match finish(events, state.transfer_progress).await {
        Ok(Event::Stored { model }) => Ok(model),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    match &answer {
        Ok(_) => {
            state.transfer.set(Transfer::None);
            let _ = refresh(state).await;
        }
        Err(error) if is(error, ErrorKind::Cancelled) => state.transfer.set(Transfer::None),
        Err(error) => state.transfer.set(Transfer::Failed { what, error: error.clone() }),
    }
    answer
}

/// Asks the browser not to evict what this site stores. Only a window may ask, and the answer changes nothing here.
fn ask_to_keep() {
    if let Ok(promise) = window().navigator().storage().persist() {
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
    }
}

/// Stops the transfer, or puts away the message about the last one.
pub fn end_transfer(state: State) {
    match state.transfer.get_untracked() {
        Transfer::Running { request, .. } => {
            if let Some(client) = state.client() {
                client.cancel(request);
            }
        }
        Transfer::Failed { .. } => state.transfer.set(Transfer::None),
        Transfer::None => {}
    }
}

/// The final event of a request whose progress is shown in `shown`, at most once per frame.
pub async fn finish(mut events: Events, shown: RwSignal<Option<Progress>>) -> Result<Event, ErrorReport> {
    let frame = Frame::new(move |progress: Option<Progress>| shown.set(progress));
    let mut rate = Rate::default();
    let mut stage = None;
    let answer = loop {
        match events.next().await {
            Event::Progress { stage: now, done, total } => {
                if stage.replace(now) != Some(now) {
                    rate = Rate::default();
                }
                let rate = rate.observe(js_sys::Date::now(), done);
                frame.gather(|progress| *progress = Some(Progress { stage: now, done, total, rate }));
            }
            Event::Failed { error } => break Err(error),
            event if event.is_final() => break Ok(event),
            _ => {}
        }
    };
    frame.flush();
    shown.set(None);
    answer
}

/// How the page names a model.
pub fn name(state: State, model: &ModelId) -> String {
    if model.is_guide() {
        return state.language.get_untracked().strings().guide.name.to_owned();
    }
    state.library.with_untracked(|library| library.find(model).map(title)).unwrap_or_else(|| model.0.clone())
}

/// How the page names a stored model: general.name says "InternLM2" in many official files, the id says more.
pub fn title(model: &StoredModel) -> String {
    let file = model.id.0.trim_end_matches(".gguf");
    catalogue_name(file).unwrap_or_else(|| if file.is_empty() { model.name.clone() } else { file.to_owned() })
}

/// The catalogue's name of the model that a file name belongs to.
fn catalogue_name(file: &str) -> Option<String> {
    crate::source::catalogue::entries()
        .iter()
        .find(|entry| entry.file_name().trim_end_matches(".gguf") == file)
        .map(|entry| entry.family.name.to_owned())
}

/// Whether a report is of this kind.
pub fn is(error: &ErrorReport, kind: ErrorKind) -> bool {
    error.code == kind.code()
}

/// The link to the worker, or why there is none.
pub fn client(state: State) -> Result<Client, ErrorReport> {
    state.client().ok_or_else(|| (&Error::new(ErrorKind::Internal, "the engine did not start")).into())
}

/// The answer of an engine that breaks the protocol.
pub fn unexpected(event: &Event) -> ErrorReport {
    (&Error::new(ErrorKind::Internal, format!("the engine answered with {event:?}"))).into()
}
