//! Messages to and from the page.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Event, Reply, Request, RequestId, Stage};
use crate::source::browser::{Exception, Pace, worker};
use js_sys::{Array, Reflect};
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, File, Url};

/// The scope that messages go through.
pub(super) fn scope() -> Result<DedicatedWorkerGlobalScope> {
    js_sys::global()
        .dyn_into()
        .map_err(|_| Error::new(ErrorKind::Internal, "the engine runs outside a dedicated worker; start it in one"))
}

/// A request and the files beside it, from a message `{json, files}`.
pub(super) fn parse(message: &JsValue) -> Result<(Request, Vec<File>)> {
    let property = |name: &str| Reflect::get(message, &JsValue::from_str(name)).ok();
    let json = property("json").and_then(|json| json.as_string()).ok_or_else(|| {
        Error::new(
            ErrorKind::BadRequest,
            "a message has no text `json`; expected {json: a request, files: a list of files or nothing}",
        )
    })?;
    let request = serde_json::from_str(&json)
        .map_err(|error| Error::new(ErrorKind::BadRequest, format!("a message is no request: {error}")))?;
    let files = property("files").filter(Array::is_array).map(|files| Array::from(&files)).unwrap_or_default();
    Ok((request, files.iter().filter_map(|file| file.dyn_into().ok()).collect()))
}

/// Sends an event to the page.
pub(super) fn send(id: Option<RequestId>, event: Event) {
    let sent = serde_json::to_string(&Reply { id, event })
        .map_err(|error| error.to_string())
        .and_then(|json| scope().map(|scope| (scope, json)).map_err(|error| error.to_string()))
        .and_then(|(scope, json)| {
            scope.post_message(&JsValue::from_str(&json)).map_err(|error| Exception::from(&error).to_string())
        });
    if let Err(error) = sent {
        web_sys::console::error_1(&JsValue::from_str(&format!("inkstone: an event could not be sent: {error}")));
    }
}

/// The events of one request.
pub(super) struct Answer {
    id: RequestId,
    /// What was reported last, and when to report again: progress comes faster than anyone looks.
    pace: RefCell<(Option<Stage>, Pace)>,
}

impl Answer {
    pub(super) fn new(id: RequestId) -> Self {
        Self { id, pace: RefCell::new((None, Pace::new())) }
    }

    pub(super) fn event(&self, event: Event) {
        send(Some(self.id), event);
    }

    /// Reports progress: at once where the stage changes or ends, and else about twenty times a second.
    pub(super) fn progress(&self, stage: Stage, done: u64, total: Option<u64>) {
        let due = {
            let mut pace = self.pace.borrow_mut();
            let changed = pace.0.replace(stage) != Some(stage);
            pace.1.is_due() || changed || total == Some(done)
        };
        if due {
            self.event(Event::Progress { stage, done, total });
        }
    }
}

/// The page's origin.
pub(super) fn origin() -> Result<String> {
    Ok(worker()?.location().origin())
}

/// An address as it would be in a link on the page.
pub(super) fn complete(url: &str) -> Result<String> {
    let base = worker()?.location().href();
    let url = Url::new_with_base(url, &base).map_err(|_| {
        Error::new(ErrorKind::UrlNotAllowed, format!("{url:?} is no address; expected one that ends in .gguf"))
    })?;
    Ok(url.href())
}
