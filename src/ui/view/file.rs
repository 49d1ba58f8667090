//! The way in for a file of the user's: a picker, and the whole page as a place to drop it.
//!
//! Where the browser gives handles that can be kept, a file is used where it is; elsewhere it is copied.

use super::icon::{Drawing, Icon};
use crate::ui::state::{State, t};
use crate::ui::{handles, intake};
use leptos::prelude::*;
use leptos::{ev, html};
use web_sys::DragEvent;

/// The card with the picker.
#[component]
pub fn FileCard() -> impl IntoView {
    let state = State::of_page();
    let input = NodeRef::<html::Input>::new();
    let picked = move |_| {
        let Some(input) = input.get_untracked() else { return };
        intake::copy(state, intake::list(input.files()));
        // The same file may be picked again after a failure.
        input.set_value("");
    };
    let in_place = handles::are_offered();
    let lead = move || {
        let strings = state.strings();
        if in_place { strings.library.file_lead_in_place } else { strings.file_lead }
    };
    view! {
        <section class="card file-card">
            <Drawing icon=Icon::File />
            <div class="file-card-text">
                <h2 class="section-title">{t(|s| s.file_heading)}</h2>
                <p class="section-lead">{lead}</p>
            </div>
            <div class="file-card-tools">
                {in_place.then(|| view! {
                    <button type="button" class="button" data-testid="use-file" on:click=move |_| intake::pick(state)>
                        {t(|s| s.library.file_in_place)}
                    </button>
                })}
                <label class="button file-label">
                    <input
                        class="file-input"
                        type="file"
                        accept=".gguf"
                        multiple
                        data-testid="file-input"
                        node_ref=input
                        on:change=picked
                    />
                    <span>
                        {move || {
                            let strings = state.strings();
                            if in_place { strings.library.file_copy } else { strings.file_choose }
                        }}
                    </span>
                </label>
            </div>
        </section>
    }
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
            if let Some(data) = event.data_transfer() {
                intake::drop_in(state, &data);
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
