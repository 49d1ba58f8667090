//! The way in for a file of the user's: a picker, and the whole page as a place to drop it.
//!
//! The file is handed to the engine as it is; whether it is a model is for the engine to say.

use super::icon::{Drawing, Icon};
use crate::ui::library;
use crate::ui::state::{State, View, t};
use leptos::prelude::*;
use leptos::{ev, html};
use web_sys::{DragEvent, File, FileList};

/// The card with the picker.
#[component]
pub fn FileCard() -> impl IntoView {
    let state = State::of_page();
    let input = NodeRef::<html::Input>::new();
    let picked = move |_| {
        let Some(input) = input.get_untracked() else { return };
        if let Some(file) = first(input.files()) {
            take(state, file);
        }
        // The same file may be picked again after a failure.
        input.set_value("");
    };
    view! {
        <section class="card file-card">
            <Drawing icon=Icon::File />
            <div class="file-card-text">
                <h2 class="section-title">{t(|s| s.file_heading)}</h2>
                <p class="section-lead">{t(|s| s.file_lead)}</p>
            </div>
            <label class="button file-label">
                <input
                    class="file-input"
                    type="file"
                    accept=".gguf"
                    data-testid="file-input"
                    node_ref=input
                    on:change=picked
                />
                <span>{t(|s| s.file_choose)}</span>
            </label>
        </section>
    }
}

/// Stores a file and loads it.
fn take(state: State, file: File) {
    state.view.set(View::Models);
    library::then_load(state, library::import(state, file));
}

fn first(files: Option<FileList>) -> Option<File> {
    files?.get(0)
}

/// What is being dragged over the page.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Dragged {
    Nothing,
    File,
}

/// Takes a file that is dropped anywhere, and says so while it hovers.
#[component]
pub fn DropAnywhere() -> impl IntoView {
    let state = State::of_page();
    let dragged = RwSignal::new(Dragged::Nothing);
    window_event_listener(ev::dragover, move |event| {
        if carries_file(&event) {
            event.prevent_default();
            if dragged.get_untracked() == Dragged::Nothing {
                dragged.set(Dragged::File);
            }
        }
    });
    window_event_listener(ev::dragleave, move |event| {
        // Only when it leaves the window, not at every border inside.
        if event.related_target().is_none() {
            dragged.set(Dragged::Nothing);
        }
    });
    window_event_listener(ev::drop, move |event| {
        dragged.set(Dragged::Nothing);
        if carries_file(&event) {
            event.prevent_default();
            if let Some(file) = first(event.data_transfer().and_then(|data| data.files())) {
                take(state, file);
            }
        }
    });
    move || {
        (dragged.get() == Dragged::File).then(|| {
            view! {
                <div class="drop" data-testid="drop">
                    <div class="drop-inner">
                        <Drawing icon=Icon::File />
                        <p>{t(|s| s.file_drop)}</p>
                    </div>
                </div>
            }
        })
    }
}

fn carries_file(event: &DragEvent) -> bool {
    let types = event.data_transfer().map(|data| data.types()).unwrap_or_default();
    types.iter().any(|kind| kind.as_string().as_deref() == Some("Files"))
}
