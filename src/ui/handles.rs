//! The handles of files that stay on the user's disk, kept in IndexedDB by the model's id: the one thing of a model that
//! only the browser can keep.
//!
//! A handle is no permission: on the next visit the browser may have to ask again, which it does on a click only.

use crate::error::{Error, ErrorKind};
use crate::protocol::{ErrorReport, ModelId, StoredModel};
use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    File, FileSystemFileHandle, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransactionMode,
};

const DATABASE: &str = "inkstone";
const STORE: &str = "handles";

/// Whether this browser gives out handles that can be kept.
pub fn are_offered() -> bool {
    Reflect::has(&window(), &"showOpenFilePicker".into()).unwrap_or(false)
}

/// Lets the user pick files; none if they think better of it.
pub async fn pick() -> Vec<FileSystemFileHandle> {
    picked().await.unwrap_or_default()
}

async fn picked() -> Option<Vec<FileSystemFileHandle>> {
    let accept = Object::new();
    let endings = Array::of1(&".gguf".into());
    let kind = Object::new();
    let options = Object::new();
    // Plain objects refuse no property.
    let _ = Reflect::set(&accept, &"application/octet-stream".into(), &endings);
    let _ = Reflect::set(&kind, &"accept".into(), &accept);
    let _ = Reflect::set(&options, &"types".into(), &Array::of1(&kind));
    let _ = Reflect::set(&options, &"multiple".into(), &JsValue::TRUE);
    let picked = call(&window(), "showOpenFilePicker", &[options.into()]).ok()?;
    let handles = JsFuture::from(picked.unchecked_into::<Promise>()).await.ok()?;
    Some(Array::from(&handles).iter().filter_map(|handle| handle.dyn_into().ok()).collect())
}

/// The file of a handle.
pub async fn file(handle: &FileSystemFileHandle) -> Result<File, ErrorReport> {
    JsFuture::from(handle.get_file()).await.map(JsCast::unchecked_into).map_err(|_| lost())
}

/// Keeps a handle.
pub async fn keep(model: &ModelId, handle: &FileSystemFileHandle) {
    // Without it the file must be picked again, which the page says by then.
    if let Some(store) = store(IdbTransactionMode::Readwrite).await
        && let Ok(request) = store.put_with_key(handle, &model.0.as_str().into())
    {
        let _ = settled(&request).await;
    }
}

/// Forgets a handle, if there is one.
pub async fn forget(model: &ModelId) {
    if let Some(store) = store(IdbTransactionMode::Readwrite).await
        && let Ok(request) = store.delete(&model.0.as_str().into())
    {
        let _ = settled(&request).await;
    }
}

/// How a model's file can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// At once.
    Here,
    /// The browser has to ask the user first.
    Asks,
    /// Not any more: it was moved or changed, or the browser has lost sight of it.
    Gone,
}

/// How a model's file can be had now.
pub async fn reach(model: &StoredModel) -> Reach {
    let Some(handle) = find(&model.id).await else { return Reach::Gone };
    if !permission(&handle, "queryPermission").await {
        return Reach::Asks;
    }
    match file(&handle).await {
        Ok(file) if file.size() == model.bytes as f64 => Reach::Here,
        _ => Reach::Gone,
    }
}

/// The model's file; asks the user where the browser wants that, which needs a click not long ago.
///
/// # Errors
/// `NotFound` if there is no handle, the file is gone, or the user says no.
pub async fn open(model: &ModelId) -> Result<File, ErrorReport> {
    let handle = find(model).await.ok_or_else(lost)?;
    if permission(&handle, "queryPermission").await || permission(&handle, "requestPermission").await {
        return file(&handle).await;
    }
    Err(lost())
}

/// Forgets the handles of models that are not among `models` any more.
pub async fn tidy(models: impl Fn(&ModelId) -> bool) {
    let keys = async { settled(&store(IdbTransactionMode::Readonly).await?.get_all_keys().ok()?).await };
    let Some(keys) = keys.await else { return };
    for model in Array::from(&keys).iter().filter_map(|key| key.as_string()).map(ModelId) {
        if !models(&model) {
            forget(&model).await;
        }
    }
}

async fn find(model: &ModelId) -> Option<FileSystemFileHandle> {
    let request = store(IdbTransactionMode::Readonly).await?.get(&model.0.as_str().into()).ok()?;
    let found = settled(&request).await?;
    found.is_object().then(|| found.unchecked_into())
}

/// Asks for the permission to read. Handles without this method are readable anyway.
async fn permission(handle: &FileSystemFileHandle, method: &str) -> bool {
    match call(handle, method, &[]) {
        Ok(promise) => match JsFuture::from(promise.unchecked_into::<Promise>()).await {
            Ok(answer) => answer.as_string().as_deref() == Some("granted"),
            Err(_) => false,
        },
        Err(_) => true,
    }
}

fn lost() -> ErrorReport {
    let message = "the page has no access to the model's file on your disk; pick the file again";
    (&Error::new(ErrorKind::NotFound, message)).into()
}

async fn store(mode: IdbTransactionMode) -> Option<IdbObjectStore> {
    let request: IdbOpenDbRequest = window().indexed_db().ok()??.open_with_u32(DATABASE, 1).ok()?;
    let opening = request.clone();
    let upgrade = Closure::once_into_js(move || {
        // Fails only where it exists.
        if let Some(database) = opening.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok()) {
            let _ = database.create_object_store(STORE);
        }
    });
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    let database: IdbDatabase = settled(&request).await?.dyn_into().ok()?;
    database.transaction_with_str_and_mode(STORE, mode).ok()?.object_store(STORE).ok()
}

/// What a request gives; `None` if it fails.
async fn settled(request: &IdbRequest) -> Option<JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await.ok()?;
    request.result().ok()
}

fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = Reflect::get(object, &method.into())?.dyn_into()?;
    function.apply(object, &arguments.iter().collect::<Array>())
}
