//! What one tab alone may have at a time, held by the browser's Web Locks: they go with the tab, however it ends.
//!
//! Locks are the origin's, as is storage, so several copies of the page share them. Where a browser has none, everybody
//! holds everything: its files are still exclusive.

use crate::error::{Error, ErrorKind, Result};
pub use crate::protocol::Resource;
use crate::source::browser::{self, Exception};
use js_sys::{Array, Function, Object, Promise, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

/// The lock's name; the same in all versions, for tabs of several may be open.
const fn name(resource: Resource) -> &'static str {
    match resource {
        Resource::Engine => "inkstone-engine",
        Resource::Download => "inkstone-download",
    }
}

/// A lock that this tab holds until it is dropped, or another tab takes it.
pub struct Held {
    release: Option<Function>,
    on_loss: OnLoss,
}

/// What is called when another tab takes a lock.
type OnLoss = Rc<RefCell<Option<Box<dyn FnOnce()>>>>;

impl Held {
    /// Has `hook` called if another tab takes the lock.
    pub fn on_loss(&self, hook: impl FnOnce() + 'static) {
        self.on_loss.replace(Some(Box::new(hook)));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.on_loss.take();
        if let Some(release) = &self.release {
            // A promise's resolving function does not throw.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Takes the lock if it is free; `None` if another tab has it.
///
/// # Errors
/// `Internal` if the browser refuses the request itself.
pub async fn take(resource: Resource) -> Result<Option<Held>> {
    let options = Object::new();
    set(&options, "ifAvailable", &JsValue::TRUE);
    request(resource, options, None).await
}

/// Waits until the lock is free, and takes it; `None` once `patience` is aborted.
///
/// # Errors
/// As [`take`].
pub async fn wait(resource: Resource, patience: &AbortController) -> Result<Option<Held>> {
    let options = Object::new();
    set(&options, "signal", &patience.signal());
    request(resource, options, Some(patience)).await
}

/// Takes the lock from whoever has it. That tab is not asked: it may be frozen.
///
/// # Errors
/// As [`take`].
pub async fn steal(resource: Resource) -> Result<Option<Held>> {
    let options = Object::new();
    set(&options, "steal", &JsValue::TRUE);
    request(resource, options, None).await
}

/// Whether any tab has the lock, this one included.
pub async fn is_held(resource: Resource) -> bool {
    let Some(locks) = manager() else { return false };
    let Ok(promise) = call(&locks, "query", &[]) else { return false };
    let Ok(state) = JsFuture::from(promise.unchecked_into::<Promise>()).await else { return false };
    let held: Array = get(&state, "held").unchecked_into();
    held.iter().any(|lock| get(&lock, "name").as_string().as_deref() == Some(name(resource)))
}

async fn request(resource: Resource, options: Object, patience: Option<&AbortController>) -> Result<Option<Held>> {
    let Some(locks) = manager() else { return Ok(Some(Held { release: None, on_loss: OnLoss::default() })) };
    let granted: Rc<RefCell<Option<Held>>> = Rc::default();
    let on_loss = OnLoss::default();
    let (given, hook) = (granted.clone(), on_loss.clone());
    let mut outcome: Option<Function> = None;
    let asked = Promise::new(&mut |resolve, _| outcome = Some(resolve));
    let Some(outcome) = outcome else { return Err(Error::new(ErrorKind::Internal, "the browser made no promise")) };
    let told = outcome.clone();
    // Called once with the lock, or with null where it is not available; the lock is held until what it returns is settled.
    let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            let _ = told.call0(&JsValue::UNDEFINED);
            return JsValue::UNDEFINED;
        }
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        given.replace(Some(Held { release, on_loss }));
        let _ = told.call0(&JsValue::UNDEFINED);
        held.into()
    });
    let arguments = [JsValue::from_str(name(resource)), options.into(), callback];
    let request: Promise =
        call(&locks, "request", &arguments).map_err(|error| refused(resource, &error))?.unchecked_into();
    // Refused, aborted, or taken by another tab later on.
    let on_failure = Closure::once_into_js(move |error: JsValue| {
        let _ = outcome.call1(&JsValue::UNDEFINED, &error);
        if let Some(hook) = hook.take() {
            hook();
        }
    });
    let _ = call(&request, "catch", &[on_failure]);
    let error = JsFuture::from(asked).await.unwrap_or(JsValue::UNDEFINED);
    let held = granted.borrow_mut().take();
    match held {
        None if !error.is_undefined() && patience.is_none() => Err(refused(resource, &error)),
        held => Ok(held),
    }
}

fn manager() -> Option<JsValue> {
    let navigator = browser::worker().ok()?.navigator();
    let locks = get(&navigator, "locks");
    locks.is_object().then_some(locks)
}

fn refused(resource: Resource, error: &JsValue) -> Error {
    let message =
        format!("asking for the lock {:?} failed ({}); reload the page", name(resource), Exception::from(error));
    Error::new(ErrorKind::Internal, message)
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // A plain object refuses no property.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}

fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> std::result::Result<JsValue, JsValue> {
    let function: Function = get(object, method).dyn_into()?;
    function.apply(object, &arguments.iter().collect::<Array>())
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Held")
    }
}
