//! What the page does with stored models: list, delete, bring back, check.
//!
//! Each of these ends in the state that the engine told last.

use super::engine::Client;
use super::handles;
use super::preferences::{Key, forget, recall};
use super::state::{Check, Library, State};
use super::{loading, transfer};
use crate::error::{Error, ErrorKind};
use crate::protocol::{Command, ErrorReport, Event, ModelId, Place, StorageUse, StoredModel, Verification};
use leptos::prelude::*;

/// Asks for the stored models.
pub async fn refresh(state: State) -> Result<(), ErrorReport> {
    let answer = client(state)?.send(Command::ListModels, &[]).last().await;
    take_list(state, answer)
}

/// Deletes a model, so that it can be brought back, or what there is of a download; off the GPU first, if it is there.
pub async fn remove(state: State, model: ModelId) -> Result<(), ErrorReport> {
    if untrack(|| state.loaded()).is_some_and(|loaded| loaded.id == model) {
        loading::unload(state).await?;
    }
    let answer = client(state)?.send(Command::Remove { model: model.clone() }, &[]).last().await;
    take_list(state, answer)?;
    for key in [Key::Model, Key::Loading] {
        if recall(key).as_ref() == Some(&model) {
            forget(key);
        }
    }
    Ok(())
}

/// Brings back a deleted model.
pub async fn restore(state: State, model: ModelId) -> Result<(), ErrorReport> {
    let answer = client(state)?.send(Command::Restore { model }, &[]).last().await;
    take_list(state, answer)
}

/// Frees the space of all deleted models.
pub async fn purge(state: State) -> Result<(), ErrorReport> {
    let gone: Vec<ModelId> =
        state.library.with_untracked(|library| library.removed().iter().map(|model| model.id.clone()).collect());
    let answer = client(state)?.send(Command::Purge, &[]).last().await;
    take_list(state, answer)?;
    for model in gone {
        handles::forget(&model).await;
    }
    Ok(())
}

/// Reads a stored model from the beginning to the end, and shows what was found.
pub async fn verify(state: State, model: ModelId) -> Result<Verification, ErrorReport> {
    let files = match untrack(|| file_of(state, &model)) {
        Place::Disk => vec![handles::open(&model).await?],
        Place::Browser { .. } => Vec::new(),
    };
    let events = client(state)?.send(Command::Verify { model: model.clone() }, &files);
    state.check.set(Check::Underway { model: model.clone(), request: events.id() });
    let answer = match transfer::finish(events, state.check_progress, None).await {
        Ok(Event::Checked { report }) => Ok(report),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    state.check.set(match &answer {
        Ok(report) => Check::Done(report.clone()),
        Err(error) if is(error, ErrorKind::Cancelled) => Check::Not,
        Err(error) => Check::Failed { model, error: error.clone() },
    });
    let _ = refresh(state).await;
    answer
}

/// Where a stored model's bytes are.
fn file_of(state: State, model: &ModelId) -> Place {
    let place = state.library.with(|library| library.find(model).map(|model| model.place.clone()));
    place.unwrap_or(Place::Browser { path: String::new() })
}

fn take_list(state: State, answer: Result<Event, ErrorReport>) -> Result<(), ErrorReport> {
    let known = match answer {
        Ok(Event::Models { models, unfinished, removed, storage }) => {
            Ok(Library::Known { models, unfinished, removed, storage })
        }
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    match known {
        Ok(known) => {
            state.library.set(known);
            state.library_fault.set(None);
            Ok(())
        }
        Err(error) => {
            if state.library.with_untracked(|library| *library == Library::Unknown) {
                state.library.set(Library::Known {
                    models: Vec::new(),
                    unfinished: Vec::new(),
                    removed: Vec::new(),
                    storage: StorageUse::default(),
                });
            }
            state.library_fault.set(Some(error.clone()));
            Err(error)
        }
    }
}

/// How the page names a model.
pub fn name(state: State, model: &ModelId) -> String {
    if model.is_guide() {
        return state.language.get_untracked().strings().guide.name.to_owned();
    }
    state.library.with_untracked(|library| library.find(model).map(title)).unwrap_or_else(|| title_of(model))
}

/// How the page names a stored model: general.name says "InternLM2" in many official files, the id says more.
pub fn title(model: &StoredModel) -> String {
    let file = model.id.0.trim_end_matches(".gguf");
    catalogue_name(file).unwrap_or_else(|| if file.is_empty() { model.name.clone() } else { file.to_owned() })
}

/// The same of a model of which only the id is known.
pub fn title_of(model: &ModelId) -> String {
    let file = model.0.trim_end_matches(".gguf");
    catalogue_name(file).unwrap_or_else(|| file.to_owned())
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
