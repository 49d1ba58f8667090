//! The few things of the browser that sources and storage share: the worker's scope, exceptions, giving way.
//!
//! Runs in a dedicated worker: there is no `window` here, and no function may assume one.

use crate::error::{Error, ErrorKind, Result};
use gloo_timers::future::TimeoutFuture;
use js_sys::Reflect;
use std::fmt;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::WorkerGlobalScope;

/// The worker that this runs in.
pub fn worker() -> Result<WorkerGlobalScope> {
    js_sys::global().dyn_into().map_err(|_| {
        Error::new(
            ErrorKind::Internal,
            "this code runs outside a web worker; it must be called from the engine's worker",
        )
    })
}

/// What an exception says of itself. Read by property, not by type: a `TypeError` and a `DOMException` share only that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Such as `QuotaExceededError`; empty if it has none.
    pub name: String,
    /// In the browser's words.
    pub message: String,
}

impl From<&JsValue> for Exception {
    fn from(value: &JsValue) -> Self {
        let property = |key| Reflect::get(value, &JsValue::from_str(key)).ok().and_then(|found| found.as_string());
        Self {
            name: property("name").unwrap_or_default(),
            message: property("message").or_else(|| value.as_string()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.message.as_str()) {
            ("", "") => f.write_str("no reason given"),
            (name, "") => f.write_str(name),
            ("", message) => f.write_str(message),
            (name, message) => write!(f, "{name}: {message}"),
        }
    }
}

/// Whether an object has a method or an attribute: what the browser at hand can do.
pub fn has(object: &JsValue, name: &str) -> bool {
    Reflect::has(object, &JsValue::from_str(name)).unwrap_or(false)
}

/// Lets the worker's other tasks run, a message that asks to stop among them.
///
/// A macrotask: a loop that awaits only what is ready already stays within one turn of the event loop, and no message
/// would ever be delivered.
pub async fn give_way() {
    TimeoutFuture::new(0).await;
}

/// Says when it is time to report and to give way: about twenty times a second, not at every chunk.
#[derive(Debug)]
pub struct Pace {
    next_ms: f64,
}

impl Pace {
    const INTERVAL_MS: f64 = 50.0;

    /// Due at once.
    pub fn new() -> Self {
        Self { next_ms: f64::NEG_INFINITY }
    }

    /// Whether the time has come; if so it starts to count anew.
    pub fn is_due(&mut self) -> bool {
        let now_ms = js_sys::Date::now();
        // Also when the clock was set back, or else nothing would be due for as long.
        let due = now_ms >= self.next_ms || now_ms + 2.0 * Self::INTERVAL_MS < self.next_ms;
        if due {
            self.next_ms = now_ms + Self::INTERVAL_MS;
        }
        due
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::new()
    }
}
