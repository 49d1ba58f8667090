//! What the engine tells unasked: other tabs have taken something, have freed something, have changed the library.

use super::preferences::{Key, recall};
use super::state::{Engine, State};
use super::{dialogue, library, loading, transfer};
use crate::protocol::{Event, ModelId, Resource};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Draws the conclusions.
pub fn hear(state: State, event: Event) {
    match event {
        Event::Elsewhere { resource: Resource::Engine } => {
            let model = state.engine.with_untracked(|engine| match engine {
                Engine::Ready(model) => Some(model.id.clone()),
                Engine::Loading(loading) => Some(loading.model.clone()),
                _ => None,
            });
            dialogue::interrupt(state);
            give_away(state, model.or_else(|| recall(Key::Model)));
        }
        // To a tab in the background it is no gain: the one that gave it up may only be reloading.
        Event::Freed { resource: Resource::Engine } if document().hidden() => state.freed.set_value(true),
        Event::Freed { resource: Resource::Engine } => come_back(state),
        // The request that has lost it ends by itself, and the engine asks for it again.
        Event::Elsewhere { resource: Resource::Download } => {
            state.asked.set_value(true);
            list_again(state, |_| ());
        }
        Event::LibraryChanged => list_again(state, transfer::ask_for_elsewhere),
        Event::Freed { resource: Resource::Download } => {
            state.asked.set_value(false);
            list_again(state, |state| {
                transfer::resume_interrupted(state);
                transfer::begin_next(state);
            });
        }
        Event::DownloadElsewhere { model, done, total } => state.remote.set(Some((model, done, total))),
        _ => {}
    }
}

/// Takes up what became free while this tab was in the background.
pub fn watch(state: State) {
    window_event_listener(ev::visibilitychange, move |_| {
        if !document().hidden() && state.freed.get_value() {
            come_back(state);
        }
    });
}

/// Loads the model that another tab had kept from this one.
fn come_back(state: State) {
    state.freed.set_value(false);
    if let Some(model) = state.elsewhere.get_untracked() {
        loading::load_as_set(state, model);
    }
}

fn list_again(state: State, then: fn(State)) {
    spawn_local(async move {
        let _ = library::refresh(state).await;
        state.remote.set(None);
        then(state);
    });
}

/// Another tab has the model; here the guide is.
pub fn give_away(state: State, model: Option<ModelId>) {
    // What waits for an answer was meant for that model.
    dialogue::give_up(state, None);
    state.elsewhere.set(model.filter(|model| !model.is_guide()));
    state.engine.set(Engine::Idle);
    loading::load_guide(state);
}
