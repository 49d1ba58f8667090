//! The way in for a file of the user's: a picker, and the whole page as a place to drop it.
//!
//! The file is handed to the engine as it is; whether it is a model is for the engine to say.

use super::icon::{Drawing, Icon};
use crate::error::{Error, ErrorKind};
use crate::protocol::Intake;
use crate::ui::state::{State, View, t};
use crate::ui::{handles, split, transfer};
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::{ev, html};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, DragEvent, File, FileList, FileSystemFileHandle};

/// The card with the picker.
#[component]
pub fn FileCard() -> impl IntoView {
    let state = State::of_page();
    let input = NodeRef::<html::Input>::new();
    let picked = move |_| {
        let Some(input) = input.get_untracked() else { return };
        take(state, all(input.files()));
        // The same file may be picked again after a failure.
        input.set_value("");
    };
    let in_place = handles::are_offered();
    let lead = move || {
        let strings = state.strings();
        if in_place { strings.library.file_lead_in_place } else { strings.file_lead }
    };
    let pick = move |_| {
        spawn_local(async move {
            if let Some(handle) = handles::pick().await {
                take_handle(state, handle).await;
            }
        });
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
                    <button type="button" class="button" data-testid="use-file" on:click=pick>
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

/// Stores files and loads the last of them: parts of a split model together, others one after the other.
fn take(state: State, files: Vec<File>) {
    let names: Vec<String> = files.iter().map(File::name).collect();
    let groups = match split::group(&names) {
        Ok(groups) => groups,
        Err(split::Missing { given, all }) => {
            let text =
                (state.language.get_untracked().strings().library.split_missing)(&given.to_string(), &all.to_string());
            let error = Error::new(ErrorKind::ModelInvalid, text);
            state.library_fault.set(Some((&error).into()));
            return;
        }
    };
    if groups.is_empty() {
        return;
    }
    state.view.set(View::Models);
    transfer::then_load(state, async move {
        let mut brought = None;
        for group in groups {
            let files = group.iter().filter_map(|index| files.get(*index).cloned()).collect();
            brought = Some(transfer::import(state, files, Intake::Copy).await?);
        }
        brought.ok_or_else(|| (&Error::new(ErrorKind::BadRequest, "no file was given")).into())
    });
}

/// Uses a file where it is, and loads it.
async fn take_handle(state: State, handle: FileSystemFileHandle) {
    state.view.set(View::Models);
    transfer::then_load(state, async move {
        let file = handles::file(&handle).await?;
        let model = transfer::import(state, vec![file], Intake::InPlace).await?;
        handles::keep(&model.id, &handle).await;
        Ok(model)
    });
}

/// Takes what was dropped: a single file where it is, if the browser gives a handle of it; else copies.
fn take_dropped(state: State, data: &DataTransfer) {
    let files = all(data.files());
    let promise = (files.len() == 1).then(|| handle_of(data)).flatten();
    spawn_local(async move {
        let handle = match promise {
            Some(promise) => JsFuture::from(promise).await.ok().filter(JsValue::is_object),
            None => None,
        };
        match handle {
            Some(handle) => take_handle(state, handle.unchecked_into()).await,
            None => take(state, files),
        }
    });
}

/// The handle of what was dropped; to be asked for while the event lasts.
fn handle_of(data: &DataTransfer) -> Option<Promise> {
    let item = data.items().get(0)?;
    let method: Function = Reflect::get(&item, &"getAsFileSystemHandle".into()).ok()?.dyn_into().ok()?;
    method.call0(&item).ok()?.dyn_into().ok()
}

fn all(files: Option<FileList>) -> Vec<File> {
    files.map_or(Vec::new(), |files| (0..files.length()).filter_map(|index| files.get(index)).collect())
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
                take_dropped(state, &data);
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
