//! What the page does with models: list, download, import, delete, load.
//!
//! Each of these ends in the state that the engine told last; a cancelled one leaves no error behind.

use super::engine::{Client, Events};
use super::frame::Frame;
use super::preferences::{Key, forget, keep, recall};
use super::rate::Rate;
use super::state::{Cargo, Engine, Library, Loading, Progress, State, Transfer, View};
use super::{dialogue, i18n};
use crate::error::{Error, ErrorKind};
use crate::protocol::{Command, ErrorReport, Event, LoadOptions, LoadedModel, ModelId, StorageUse, StoredModel};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// After the worker is ready: lists the models and loads the one of last time.
pub async fn open(state: State) {
    if refresh(state).await.is_err() {
        return;
    }
    let Some(last) = recall::<ModelId>(Key::Model) else { return };
    let known = state.library.with_untracked(|library| library.find(&last).is_some());
    if !known {
        forget(Key::Model);
        state.view.set(View::Models);
    } else if recall::<ModelId>(Key::Loading).is_some() {
        // The page did not survive the last load: do not walk into the same trap unasked.
        state.view.set(View::Models);
    } else {
        let _ = load(state, last, options(state)).await;
    }
}

/// The load options of the settings.
pub fn options(state: State) -> LoadOptions {
    state.settings.with_untracked(|settings| settings.load)
}

/// Asks for the stored models.
pub async fn refresh(state: State) -> Result<(), ErrorReport> {
    let answer = client(state)?.send(Command::ListModels, None).last().await;
    take_list(state, answer).map(|_| ())
}

/// Takes the loaded model off the GPU.
pub async fn unload(state: State) -> Result<(), ErrorReport> {
    dialogue::stop(state);
    match client(state)?.send(Command::Unload, None).last().await? {
        Event::Unloaded => {
            state.engine.set(Engine::Idle);
            Ok(())
        }
        other => Err(unexpected(&other)),
    }
}

/// Deletes a stored model; off the GPU first, if it is there.
pub async fn remove(state: State, model: ModelId) -> Result<(), ErrorReport> {
    if untrack(|| state.loaded()).is_some_and(|loaded| loaded.id == model) {
        unload(state).await?;
    }
    let answer = client(state)?.send(Command::Remove { model: model.clone() }, None).last().await;
    take_list(state, answer)?;
    if recall::<ModelId>(Key::Model).as_ref() == Some(&model) {
        forget(Key::Model);
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

/// Loads what a transfer has brought, unless a model is at work by then: that is not taken from under its user.
pub fn then_load(state: State, transfer: impl Future<Output = Result<StoredModel, ErrorReport>> + 'static) {
    spawn_local(async move {
        let brought = transfer.await;
        let free = state.engine.with_untracked(|engine| matches!(engine, Engine::Idle | Engine::Failed { .. }));
        if let (Ok(model), true) = (brought, free) {
            let _ = load(state, model.id, options(state)).await;
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

/// Loads a stored model in place of the one that is loaded.
pub async fn load(state: State, model: ModelId, options: LoadOptions) -> Result<LoadedModel, ErrorReport> {
    let client = client(state)?;
    dialogue::stop(state);
    cancel_load(state);
    let name =
        state.library.with_untracked(|library| library.find(&model).map(title)).unwrap_or_else(|| model.0.clone());
    let events = client.send(Command::Load { model: model.clone(), options }, None);
    let request = events.id();
    state.load_progress.set(None);
    state.engine.set(Engine::Loading(Loading { request, model: model.clone(), name }));
    keep(Key::Loading, &model);
    let answer = match finish(events, state.load_progress).await {
        Ok(Event::Loaded { model }) => Ok(model),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    // Another load may have taken the place of this one.
    let current = state.engine.with_untracked(|engine| matches!(engine, Engine::Loading(l) if l.request == request));
    if current {
        forget(Key::Loading);
        match &answer {
            Ok(loaded) => {
                keep(Key::Model, &loaded.id);
                state.announcement.set((strings(state).announce_loaded)(&loaded.name));
                state.engine.set(Engine::Ready(loaded.clone()));
                state.view.set(View::Chat);
            }
            Err(error) if is(error, ErrorKind::Cancelled) => state.engine.set(Engine::Idle),
            Err(error) => state.engine.set(Engine::Failed { error: error.clone(), model: Some(model) }),
        }
    }
    answer
}

/// Stops loading.
pub fn cancel_load(state: State) {
    let request = state.engine.with_untracked(|engine| match engine {
        Engine::Loading(loading) => Some(loading.request),
        _ => None,
    });
    if let (Some(request), Some(client)) = (request, state.client()) {
        client.cancel(request);
    }
}

/// The final event of a request whose progress is shown in `shown`, at most once per frame.
async fn finish(mut events: Events, shown: RwSignal<Option<Progress>>) -> Result<Event, ErrorReport> {
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

fn strings(state: State) -> &'static i18n::Strings {
    state.language.get_untracked().strings()
}
