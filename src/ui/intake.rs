//! Files of the user's: picked, dropped, picked again. Whether one is a model is for the engine to say.

use super::handles::{self, Reach};
use super::state::{State, View};
use super::{split, transfer};
use crate::error::{Error, ErrorKind};
use crate::protocol::{ErrorReport, Intake, ModelId, Place, StoredModel};
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, File, FileList, FileSystemFileHandle};

/// Copies files and loads the last of them: parts of a split model together, others one after the other.
pub fn copy(state: State, files: Vec<File>) {
    take(state, files, Vec::new());
}

/// Lets the user pick files, and uses them where they are.
pub fn pick(state: State) {
    spawn_local(async move { take_handles(state, handles::pick().await).await });
}

/// Takes what was dropped: where it is, if the browser gives handles; otherwise copies.
pub fn drop_in(state: State, data: &DataTransfer) {
    let files = list(data.files());
    // To be asked for while the event lasts.
    let items = data.items();
    let promises: Vec<Promise> = (0..items.length()).filter_map(|index| handle_of(&items.get(index)?)).collect();
    spawn_local(async move {
        let mut handles = Vec::new();
        for promise in promises {
            let handle = JsFuture::from(promise).await.ok();
            handles.extend(handle.and_then(|handle| handle.dyn_into::<FileSystemFileHandle>().ok()));
        }
        if handles.is_empty() { copy(state, files) } else { take_handles(state, handles).await }
    });
}

/// Copies a model that is used where it is into the browser's storage.
pub fn bring_in(state: State, model: ModelId) {
    spawn_local(async move {
        if let Ok(files) = files_of(state, &model).await
            && transfer::import(state, files, Intake::Copy).await.is_ok()
        {
            handles::forget(&model).await;
        }
    });
}

/// The files that have to travel with a command about a model: its own, if it is on the user's disk.
pub async fn files_of(state: State, model: &ModelId) -> Result<Vec<File>, ErrorReport> {
    let known = state.library.with_untracked(|library| library.find(model).cloned());
    let Some(known) = known.filter(|model| model.place == Place::Disk) else { return Ok(Vec::new()) };
    let file = handles::open(model).await;
    note_reach(state, &known, handles::reach(&known).await);
    Ok(vec![file?])
}

/// Finds out which files on the user's disk are not to be had any more, and forgets handles that nobody needs.
pub async fn survey(state: State) {
    let (models, removed) =
        state.library.with_untracked(|library| (library.models().to_vec(), library.removed().to_vec()));
    handles::tidy(|id| models.iter().chain(&removed).any(|model| &model.id == id)).await;
    for model in models.iter().filter(|model| model.place == Place::Disk) {
        note_reach(state, model, handles::reach(model).await);
    }
}

fn note_reach(state: State, model: &StoredModel, reach: Reach) {
    state.lost.update(|lost| {
        lost.retain(|id| *id != model.id);
        if reach == Reach::Gone {
            lost.push(model.id.clone());
        }
    });
}

async fn take_handles(state: State, handles: Vec<FileSystemFileHandle>) {
    let mut files = Vec::new();
    for handle in &handles {
        match handles::file(handle).await {
            Ok(file) => files.push(file),
            Err(error) => return state.library_fault.set(Some(error)),
        }
    }
    take(state, files, handles);
}

/// Takes in files; one that has a handle, and is a model by itself, where it is.
fn take(state: State, files: Vec<File>, handles: Vec<FileSystemFileHandle>) {
    let names: Vec<String> = files.iter().map(File::name).collect();
    let groups = match split::group(&names) {
        Ok(groups) => groups,
        Err(missing) => {
            state.view.set(View::Models);
            return state.missing.set(Some(missing));
        }
    };
    state.missing.set(None);
    if groups.is_empty() {
        return;
    }
    state.view.set(View::Models);
    transfer::then_load(state, async move {
        let mut brought = Err((&Error::new(ErrorKind::BadRequest, "no file was given")).into());
        for group in groups {
            let parts = group.iter().filter_map(|index| files.get(*index).cloned()).collect();
            let handle = if let [only] = group[..] { handles.get(only) } else { None };
            let intake = if handle.is_some() { Intake::InPlace } else { Intake::Copy };
            let model = transfer::import(state, parts, intake).await?;
            if let (Some(handle), Place::Disk) = (handle, &model.place) {
                handles::keep(&model.id, handle).await;
                note_reach(state, &model, Reach::Here);
            }
            brought = Ok(model);
        }
        brought
    });
}

fn handle_of(item: &web_sys::DataTransferItem) -> Option<Promise> {
    let method: Function = Reflect::get(item, &"getAsFileSystemHandle".into()).ok()?.dyn_into().ok()?;
    method.call0(item).ok()?.dyn_into().ok()
}

/// The files of a list.
pub fn list(files: Option<FileList>) -> Vec<File> {
    files.map_or(Vec::new(), |files| (0..files.length()).filter_map(|index| files.get(index)).collect())
}
