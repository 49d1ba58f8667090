//! The handles of files that stay on the user's disk, kept in IndexedDB by the model's id: the one thing of a model that
//! only the browser can keep.
//!
//! A handle is no permission: on the next visit the browser may have to ask again, which it does on a click only.

use crate::error::{Error, ErrorKind};
use crate::protocol::{ErrorReport, ModelId};
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

/// Lets the user pick a file; `None` if they think better of it.
pub async fn pick() -> Option<FileSystemFileHandle> {
    let accept = Object::new();
    let endings = Array::of1(&".gguf".into());
    let kind = Object::new();
    let options = Object::new();
    // Plain objects refuse no property.
    let _ = Reflect::set(&accept, &"application/octet-stream".into(), &endings);
    let _ = Reflect::set(&kind, &"accept".into(), &accept);
    let _ = Reflect::set(&options, &"types".into(), &Array::of1(&kind));
    let picked = call(&window(), "showOpenFilePicker", &[options.into()]).ok()?;
    let handles = JsFuture::from(picked.unchecked_into::<Promise>()).await.ok()?;
    Array::from(&handles).get(0).dyn_into().ok()
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

/// Whether the model's file can be read without a question to the user.
pub async fn is_permitted(model: &ModelId) -> bool {
    match find(model).await {
        Some(handle) => permission(&handle, "queryPermission").await,
        None => false,
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
