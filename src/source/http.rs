//! One request for a range of a file: a plain GET that goes only to an address which was checked.
//!
//! No header of our own but a single `Range`, so that no preflight is needed (the hosts behind a hub's redirect answer
//! none). Must never be a HEAD request, must never report the end of a body that was cut short as its end, and must never
//! wait for ever: a host that sends nothing for a while has failed. Dropping an answer ends the transfer.

use crate::error::{Error, ErrorKind, Result};
use crate::source::address::ModelUrl;
use crate::source::browser::{self, Exception};
use crate::source::cancel::Cancel;
use crate::source::refusal::{Hope, Refusal};
use gloo_timers::callback::Timeout;
use js_sys::{Reflect, Uint8Array};
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, Request, RequestCache, RequestCredentials, RequestInit, Response,
};

/// How long a host may send nothing. Hubs take some seconds to find a file in their stores.
const PATIENCE_MS: u32 = 15_000;

/// Which part of a file to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it, without a `Range` header.
    All,
    /// These bytes; not empty.
    Bytes(Range<u64>),
}

/// The head of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What the body is: the part that was asked for, the beginning of it, or all of the file where a host ignores ranges.
    pub part: Part,
    /// Length of the whole file, if told.
    pub total: Option<u64>,
    /// The host's name for this version of the file, if it may be read.
    pub validator: Option<String>,
}

impl Head {
    /// Position in the file of the body's first byte.
    pub fn start(&self) -> u64 {
        match &self.part {
            Part::All => 0,
            Part::Bytes(range) => range.start,
        }
    }

    /// Where the body ends, if told.
    pub fn end(&self) -> Option<u64> {
        match &self.part {
            Part::All => self.total,
            Part::Bytes(range) => Some(range.end),
        }
    }
}

/// An answer whose body is arriving.
#[derive(Debug)]
pub struct Answer {
    url: ModelUrl,
    head: Head,
    reader: ReadableStreamDefaultReader,
    watch: Watch,
    /// Position in the file of the next byte.
    position: u64,
}

/// Ends all requests that were made with it, and lets no new one begin. Clones are the same breaker.
#[derive(Debug, Clone, Default)]
pub struct Breaker(Rc<Requests>);

#[derive(Debug, Default)]
struct Requests {
    cut: Cell<bool>,
    next: Cell<u64>,
    open: RefCell<Vec<(u64, AbortController)>>,
}

impl Breaker {
    /// One that `cancel` cuts.
    pub fn of(cancel: &Cancel) -> Self {
        let breaker = Self::default();
        let cut = breaker.clone();
        cancel.on_cancel(move || cut.cut());
        breaker
    }

    /// Ends what was begun with it.
    pub fn cut(&self) {
        self.0.cut.set(true);
        // Taken out first: what an end sets off may come back here.
        for (_, controller) in self.0.open.take() {
            controller.abort();
        }
    }

    /// Whether it was cut.
    pub fn is_cut(&self) -> bool {
        self.0.cut.get()
    }

    fn join(&self, controller: &AbortController) -> u64 {
        if self.0.cut.get() {
            controller.abort();
        }
        let number = self.0.next.get().wrapping_add(1);
        self.0.next.set(number);
        self.0.open.borrow_mut().push((number, controller.clone()));
        number
    }

    fn leave(&self, number: u64) {
        self.0.open.borrow_mut().retain(|(other, _)| *other != number);
    }
}

/// Ends a request that is too slow, or not wanted any more.
#[derive(Debug)]
struct Watch {
    controller: AbortController,
    breaker: Breaker,
    /// Among the breaker's requests.
    number: u64,
    timer: Option<Timeout>,
    late: Rc<Cell<bool>>,
}

impl Watch {
    fn new(controller: AbortController, breaker: &Breaker) -> Self {
        let number = breaker.join(&controller);
        Self { controller, breaker: breaker.clone(), number, timer: None, late: Rc::default() }
    }

    /// Begins to wait anew.
    fn wind(&mut self) {
        let (controller, late) = (self.controller.clone(), self.late.clone());
        self.timer = Some(Timeout::new(PATIENCE_MS, move || {
            late.set(true);
            controller.abort();
        }));
    }

    fn rest(&mut self) {
        self.timer = None;
    }

    /// Whether somebody wanted the end.
    fn check(&self) -> Result<(), Refusal> {
        if self.breaker.0.cut.get() {
            return Err(Refusal::last(Error::new(ErrorKind::Cancelled, "stopped on request")));
        }
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.breaker.leave(self.number);
        self.controller.abort();
    }
}

/// Asks for a part of a file and waits for the answer's head.
///
/// A host may answer with more than was asked for, all of the file, or with less: [`Head::part`] tells.
pub async fn open(url: &ModelUrl, part: Part, breaker: &Breaker) -> Result<Answer, Refusal> {
    let mut watch = Watch::new(AbortController::new().map_err(|error| unprepared(&error))?, breaker);
    watch.check()?;
    let request = prepare(url, &part, &watch.controller).map_err(|error| unprepared(&error))?;
    let scope = browser::worker().map_err(Refusal::last)?;
    watch.wind();
    let answer = JsFuture::from(scope.fetch_with_request(&request)).await;
    watch.rest();
    watch.check()?;
    let response: Response = match answer {
        Ok(value) => value.dyn_into().map_err(|error| unprepared(&error))?,
        Err(error) => return Err(unreachable_host(url, &watch, &Exception::from(&error))),
    };
    let head = judge(url, &response, &part)?;
    let body = response.body().ok_or_else(|| {
        Refusal::last(Error::new(ErrorKind::HttpContent, format!("{} was answered without content", url.as_str())))
    })?;
    let reader = body.get_reader().unchecked_into::<ReadableStreamDefaultReader>();
    Ok(Answer { url: url.clone(), position: head.start(), head, reader, watch })
}

/// All of a small file, as bytes in wasm memory; one of more than `limit` bytes is refused.
pub async fn read_small(url: &ModelUrl, limit: u64, breaker: &Breaker) -> Result<Vec<u8>, Refusal> {
    let mut answer = open(url, Part::All, breaker).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.next_chunk().await? {
        if (bytes.len() as u64).saturating_add(chunk.length().into()) > limit {
            let message = format!("{} has more than {limit} bytes; something else lies there", url.as_str());
            return Err(Refusal::last(Error::new(ErrorKind::HttpContent, message)));
        }
        bytes.extend(chunk.to_vec());
    }
    Ok(bytes)
}

impl Answer {
    /// What the answer's head says.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The address asked for.
    pub fn url(&self) -> &ModelUrl {
        &self.url
    }

    /// The next bytes, as they come; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Uint8Array>, Refusal> {
        self.watch.wind();
        let step = JsFuture::from(self.reader.read()).await;
        self.watch.rest();
        self.watch.check()?;
        let step = step.map_err(|error| self.broken(&Exception::from(&error).to_string()))?;
        let property = |key| Reflect::get(&step, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
        if property("done").is_truthy() {
            return match self.head.end() {
                Some(end) if self.position < end => Err(self.broken("the connection was closed early")),
                _ => Ok(None),
            };
        }
        let chunk: Uint8Array = property("value").unchecked_into();
        self.position = self.position.saturating_add(u64::from(chunk.length()));
        Ok(Some(chunk))
    }

    fn broken(&self, reason: &str) -> Refusal {
        let of = self.head.total.map_or(String::new(), |total| format!(" of {total}"));
        let (url, position) = (self.url.as_str(), self.position);
        let why = if self.watch.late.get() { silence() } else { reason.to_owned() };
        Refusal::later(Error::new(
            ErrorKind::Network,
            format!("the download of {url} broke off after {position}{of} bytes ({why}); check the network, try again"),
        ))
    }
}

fn silence() -> String {
    format!("nothing came for {} seconds", PATIENCE_MS / 1000)
}

fn prepare(url: &ModelUrl, part: &Part, controller: &AbortController) -> Result<Request, JsValue> {
    let init = RequestInit::new();
    init.set_method("GET");
    // The file goes into storage of its own: a second copy in the HTTP cache would only evict others.
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::SameOrigin);
    init.set_signal(Some(&controller.signal()));
    let request = Request::new_with_str_and_init(url.as_str(), &init)?;
    if let Part::Bytes(range) = part {
        let last = range.end.saturating_sub(1);
        request.headers().set("Range", &format!("bytes={}-{last}", range.start))?;
    }
    Ok(request)
}

fn unprepared(error: &JsValue) -> Refusal {
    Refusal::last(Error::new(ErrorKind::Internal, format!("preparing a request: {}", Exception::from(error))))
}

fn unreachable_host(url: &ModelUrl, watch: &Watch, reason: &Exception) -> Refusal {
    let why = if watch.late.get() { silence() } else { reason.to_string() };
    // The browser hides from scripts which of these it was.
    Refusal::later(Error::new(
        ErrorKind::Network,
        format!(
            "{} could not be fetched ({why}): there is no network, the server is out of reach, or it does not serve \
             other web sites; check the network and try again, or add the file from disk",
            url.as_str()
        ),
    ))
}

/// Judges status and headers.
fn judge(url: &ModelUrl, response: &Response, part: &Part) -> Result<Head, Refusal> {
    let name = url.as_str();
    let status = response.status();
    let headers = response.headers();
    // A header that may not be read from another site is absent here.
    let header = |name| headers.get(name).ok().flatten();
    if !response.ok() {
        let message =
            format!("{name} was answered with status {status} {}; expected 200 or 206", response.status_text());
        let error = Error::new(ErrorKind::HttpStatus, message);
        let asked =
            header("retry-after").and_then(|wait| wait.trim().parse::<f64>().ok()).map(|seconds| seconds * 1000.0);
        let hope = match status {
            429 | 503 => Hope::Slower(asked),
            408 | 425 | 500.. => Hope::Later(asked),
            _ => Hope::None,
        };
        return Err(Refusal { error, hope });
    }
    let content_type = header("content-type").unwrap_or_default().to_ascii_lowercase();
    if content_type.contains("html") {
        return Err(Refusal::last(Error::new(
            ErrorKind::HttpContent,
            format!("{name} leads to a web page ({content_type}), not to a model file; check the address"),
        )));
    }
    let strong = header("etag").filter(|etag| !etag.starts_with("W/"));
    let validator = strong.or_else(|| header("last-modified"));
    // Of a compressed body the length would be of no use.
    let plain = header("content-encoding").is_none_or(|encoding| encoding == "identity");
    let length = header("content-length").filter(|_| plain).and_then(|length| length.trim().parse::<u64>().ok());
    let asked = match part {
        Part::Bytes(range) if status == 206 => range.clone(),
        _ => return Ok(Head { part: Part::All, total: length, validator }),
    };
    let told = header("content-range");
    let (range, total) = match told.as_deref().map(content_range) {
        None => (asked.clone(), None),
        Some(Some(told)) => told,
        Some(None) => (0..0, None),
    };
    // A shorter answer is a whole one of another length.
    if range.start != asked.start || range.is_empty() || range.end > asked.end {
        let told = told.unwrap_or_default();
        return Err(Refusal::later(Error::new(
            ErrorKind::HttpStatus,
            format!(
                "{name} was answered with the range {told:?}; expected one from byte {} to {}",
                asked.start, asked.end
            ),
        )));
    }
    Ok(Head { part: Part::Bytes(range), total, validator })
}

/// Reads `bytes 100-199/200`, also with `*` for the length.
fn content_range(text: &str) -> Option<(Range<u64>, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let end = last.trim().parse::<u64>().ok()?.checked_add(1)?;
    let total = if total.trim() == "*" { None } else { Some(total.trim().parse().ok()?) };
    Some((first.trim().parse().ok()?..end, total))
}
