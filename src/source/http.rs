//! A download as a stream of chunks: one plain GET that goes only to an address which was checked.
//!
//! No header of our own but a single `Range`, so that no preflight is needed (the hosts behind a hub's redirect answer
//! none). Must never be a HEAD request, and must never report the end of a body that was cut short as its end.

use crate::error::{Error, ErrorKind, Result};
use crate::source::address::ModelUrl;
use crate::source::browser::{self, Exception};
use crate::source::cancel::Cancel;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials, RequestInit, Response,
};

/// An open download. Dropping it ends the transfer.
#[derive(Debug)]
pub struct Http {
    url: ModelUrl,
    reader: ReadableStreamDefaultReader,
    controller: AbortController,
    cancel: Cancel,
    /// Position in the file of the next byte.
    position: u64,
    total: Option<u64>,
}

impl Http {
    /// Asks for the file from byte `start` on and waits for the answer's head.
    ///
    /// A `start` beyond 0 needs a server that answers with status 206; one that would send the file from its
    /// beginning is refused with [`ErrorKind::HttpStatus`], for the caller to start anew.
    pub async fn open(url: ModelUrl, start: u64, cancel: Cancel) -> Result<Self> {
        cancel.check()?;
        let internal = |error: JsValue| {
            Error::new(ErrorKind::Internal, format!("preparing a request: {}", Exception::from(&error)))
        };
        let controller = AbortController::new().map_err(internal)?;
        let init = RequestInit::new();
        init.set_method("GET");
        // The file goes into storage of its own: a second copy in the HTTP cache would only evict others.
        init.set_cache(RequestCache::NoStore);
        init.set_credentials(RequestCredentials::SameOrigin);
        init.set_signal(Some(&controller.signal()));
        let request = Request::new_with_str_and_init(url.as_str(), &init).map_err(internal)?;
        if start > 0 {
            request.headers().set("Range", &format!("bytes={start}-")).map_err(internal)?;
        }
        let abort = controller.clone();
        cancel.on_cancel(move || abort.abort());

        let answer = JsFuture::from(browser::worker()?.fetch_with_request(&request)).await;
        let response: Response = match answer {
            Ok(value) => value.dyn_into().map_err(internal)?,
            Err(error) => return Err(unreachable_host(&url, &cancel, &Exception::from(&error))),
        };
        let checked = check_head(&url, &response, start).and_then(|total| {
            let body = response.body().ok_or_else(|| {
                Error::new(ErrorKind::HttpContent, format!("{} was answered without content", url.as_str()))
            })?;
            let reader = body.get_reader().dyn_into::<ReadableStreamDefaultReader>().map_err(|_| {
                Error::new(ErrorKind::Internal, "the browser gave another kind of stream reader than was asked for")
            })?;
            Ok((reader, total))
        });
        match checked {
            Ok((reader, total)) => Ok(Self { url, reader, controller, cancel, position: start, total }),
            Err(error) => {
                // Or the browser would go on to fetch a body that nobody reads.
                controller.abort();
                Err(error)
            }
        }
    }

    /// The next bytes, as they come; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Uint8Array>> {
        self.cancel.check()?;
        let step = match JsFuture::from(self.reader.read()).await {
            Ok(step) => step,
            Err(error) => return Err(self.broken(&Exception::from(&error).to_string())),
        };
        let property = |key| Reflect::get(&step, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
        if property("done").is_truthy() {
            return match self.total {
                Some(total) if self.position < total => Err(self.broken("the connection was closed early")),
                _ => Ok(None),
            };
        }
        let chunk: Uint8Array = property("value").dyn_into().map_err(|_| {
            Error::new(ErrorKind::Internal, "the browser's stream gave something that is not a byte array")
        })?;
        self.position = self.position.saturating_add(u64::from(chunk.length()));
        Ok(Some(chunk))
    }

    /// Length of the whole file, if the server tells.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The address asked for.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The last part of its path.
    pub fn file_name(&self) -> &str {
        self.url.file_name()
    }

    /// What stops it.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    fn broken(&self, reason: &str) -> Error {
        if let Err(cancelled) = self.cancel.check() {
            return cancelled;
        }
        let of = self.total.map_or(String::new(), |total| format!(" of {total}"));
        let (url, position) = (self.url.as_str(), self.position);
        Error::new(
            ErrorKind::Network,
            format!(
                "the download of {url} broke off after {position}{of} bytes ({reason}); check the network, try again"
            ),
        )
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        self.controller.abort();
    }
}

fn unreachable_host(url: &ModelUrl, cancel: &Cancel, reason: &Exception) -> Error {
    if let Err(cancelled) = cancel.check() {
        return cancelled;
    }
    // The browser hides from scripts which of these it was.
    Error::new(
        ErrorKind::Network,
        format!(
            "{} could not be fetched ({reason}): there is no network, the server is out of reach, or it does not serve \
             other web sites; check the network and try again, or add the file from disk",
            url.as_str()
        ),
    )
}

/// Judges status and headers; returns the length of the whole file, if it can be known.
fn check_head(url: &ModelUrl, response: &Response, start: u64) -> Result<Option<u64>> {
    let url = url.as_str();
    let status = response.status();
    if !response.ok() {
        return Err(Error::new(
            ErrorKind::HttpStatus,
            format!("{url} was answered with status {status} {}; expected 200", response.status_text()),
        ));
    }
    if start > 0 && status != 206 {
        return Err(Error::new(
            ErrorKind::HttpStatus,
            format!("{url} was answered with status {status}, from the beginning; expected 206 from byte {start}"),
        ));
    }
    let headers = response.headers();
    // A header that may not be read from another site is absent here.
    let header = |name| headers.get(name).ok().flatten();
    let content_type = header("content-type").unwrap_or_default().to_ascii_lowercase();
    if content_type.contains("html") {
        return Err(Error::new(
            ErrorKind::HttpContent,
            format!("{url} leads to a web page ({content_type}), not to a model file; check the address"),
        ));
    }
    if let Some(range) = header("content-range").filter(|_| start > 0) {
        // "bytes 100-199/200"
        let first =
            range.trim_start_matches("bytes").trim_start().split('-').next().and_then(|n| n.parse::<u64>().ok());
        if first != Some(start) {
            return Err(Error::new(
                ErrorKind::HttpStatus,
                format!("{url} was answered with the range {range:?}; expected one from byte {start}"),
            ));
        }
    }
    if header("content-encoding").is_some_and(|encoding| encoding != "identity") {
        // The length is then that of the compressed body, and of no use.
        return Ok(None);
    }
    Ok(header("content-length").and_then(|length| length.trim().parse::<u64>().ok()).and_then(|n| n.checked_add(start)))
}
