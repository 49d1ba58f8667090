//! What the page does with stored models: list, delete, bring back, check.
//!
//! Each of these ends in the state that the engine told last.

use super::cargo::Wanted;
use super::engine::Client;
use super::preferences::{Key, forget, recall};
use super::shelf::{Check, Library};
use super::state::State;
use super::{handles, intake, loading, transfer};
use crate::error::{Error, ErrorKind};
use crate::protocol::{Command, ErrorReport, Event, ModelId, StorageUse, StoredModel, Verification};
use crate::source::catalogue::{self, Entry};
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

/// Frees the space of a deleted model.
pub async fn remove_for_good(state: State, model: ModelId) -> Result<(), ErrorReport> {
    remove(state, model.clone()).await?;
    handles::forget(&model).await;
    Ok(())
}

/// Reads a stored model from the beginning to the end, and shows what was found.
pub async fn verify(state: State, model: ModelId) -> Result<Verification, ErrorReport> {
    let answer = check(state, &model).await;
    state.check.set(match &answer {
        Ok(report) => Check::Done(report.clone()),
        Err(error) if is(error, ErrorKind::Cancelled) => Check::Not,
        Err(error) => Check::Failed { model, error: error.clone() },
    });
    let _ = refresh(state).await;
    answer
}

async fn check(state: State, model: &ModelId) -> Result<Verification, ErrorReport> {
    let files = intake::files_of(state, model).await?;
    let events = client(state)?.send(Command::Verify { model: model.clone() }, &files);
    state.check.set(Check::Underway { model: model.clone(), request: events.id() });
    match transfer::finish(events, state.check_progress, &mut |_| ()).await? {
        Event::Checked { report } => Ok(report),
        other => Err(unexpected(&other)),
    }
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
            let gone = |id: &ModelId| known.find(id).is_none();
            if state.elsewhere.with_untracked(|model| model.as_ref().is_some_and(gone)) {
                state.elsewhere.set(None);
            }
            let there = |wanted: &Wanted| known.models().iter().any(|model| wanted.plan.urls.contains(&model.origin));
            if state.line.with_untracked(|line| line.iter().any(there)) {
                state.line.update(|line| line.retain(|wanted| !there(wanted)));
            }
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
    if model.id.0.is_empty() { model.name.clone() } else { title_of(&model.id) }
}

/// The same of a model of which only the id is known.
pub fn title_of(model: &ModelId) -> String {
    entry_of(model).map_or_else(|| model.0.clone(), |entry| entry.family.name.to_owned())
}

/// How the page names a download: the model, and which of its files.
pub fn title_of_file(model: &ModelId) -> String {
    entry_of(model)
        .map_or_else(|| model.0.clone(), |entry| format!("{} {}", entry.family.name, entry.quantisation.label()))
}

/// The file of the catalogue that a model is.
fn entry_of(model: &ModelId) -> Option<&'static Entry> {
    let mut entries = catalogue::entries().iter();
    entries.find(|entry| entry.file_name().trim_end_matches(".gguf") == model.0)
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
