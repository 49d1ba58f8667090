//! One request at work: its bytes go through a buffer of one chunk into the file, each chunk with its digest.
//!
//! Whatever ends a request, what it brought is stored and noted before its end is told, so the next one goes on at the
//! exact byte.

use super::ledger::{Ledger, chunk_buffer};
use crate::error::{Error, ErrorKind, Result};
use crate::source::address::ModelUrl;
use crate::source::digests::Digests;
use crate::source::http::{self, Answer, Breaker, Head, Part};
use crate::source::refusal::Refusal;
use crate::storage::hashing;
use crate::storage::journal::Arrived;
use crate::storage::manifest::Origin;
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

/// Bytes that all requests together may have in memory only: less than a chunk, which is what a crash may cost.
const UNNOTED_BYTES: u32 = 2 << 20;

/// How often a host may send the same chunk damaged.
const DAMAGED_TIMES: u32 = 3;

/// How long they may be there, in milliseconds.
const UNNOTED_MS: f64 = 500.0;

/// What the requests of a download share.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) ledger: Ledger,
    /// Length of the file.
    pub(super) total: u64,
    /// Whether the hash of the whole is known.
    pub(super) pinned: bool,
    /// Digests of its chunks, if they were published.
    pub(super) digests: Option<Digests>,
    pub(super) breaker: RefCell<Breaker>,
    /// The versions of the file that bytes came from; see [`Partial`](crate::storage::manifest::Partial).
    pub(super) versions: RefCell<Vec<Origin>>,
    /// Bytes that have arrived since the download was opened.
    pub(super) arrived: Cell<u64>,
    /// Requests under way.
    pub(super) running: Cell<usize>,
    /// The number of the version that a host has shown last.
    pub(super) newest: Cell<u32>,
    /// Counts how often chunks that were read back already have been dropped since.
    pub(super) drops: Cell<u32>,
    /// Chunks that were damaged on their way, to be fetched again, and how often that was so.
    pub(super) damaged: RefCell<BTreeMap<usize, u32>>,
    /// The answer with which the download was opened.
    pub(super) opening: RefCell<Option<Answer>>,
}

/// How a request has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) url: ModelUrl,
    /// What it did not bring of its segment.
    pub(super) rest: Range<u64>,
    /// Bytes that it brought.
    pub(super) brought: u64,
    pub(super) reason: Reason,
}

/// Why.
#[derive(Debug)]
pub(super) enum Reason {
    /// The answer was complete.
    Done,
    /// It brought all of the file, whatever was asked for.
    Whole,
    /// It failed.
    Refused(Refusal),
    /// The file has another length there.
    OtherLength(u64, Error),
    /// It is another version than the one that bytes came from before.
    OtherVersion,
    /// Storage failed.
    Storage(Error),
}

impl Job {
    /// The number of a version of the file.
    pub(super) fn version(&self, url: &ModelUrl, validator: Option<&str>) -> u32 {
        let origin = Origin { url: url.as_str().to_owned(), validator: validator.map(str::to_owned) };
        let mut versions = self.versions.borrow_mut();
        let known = versions.iter().position(|known| *known == origin);
        let index = known.unwrap_or_else(|| {
            versions.push(origin);
            versions.len().saturating_sub(1)
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// Whether bytes of another version from the same address are there: the host has changed the file since.
    pub(super) fn has_changed(&self, version: u32) -> bool {
        let versions = self.versions.borrow();
        let Some(current) = versions.get(version as usize) else { return false };
        let older = |index: usize| {
            let arrived = self.ledger.journal().arrived(index)?;
            versions.get(arrived.version as usize).cloned()
        };
        let count = self.ledger.journal().len();
        current.validator.is_some()
            && (0..count).filter_map(older).any(|other| {
                other.url == current.url && other.validator.is_some() && other.validator != current.validator
            })
    }

    /// Checks what an answer's head says of the file.
    fn judge(&self, url: &ModelUrl, head: &Head) -> Result<u32, Reason> {
        if let Some(length) = head.total.filter(|length| *length != self.total) {
            let message = format!(
                "{} says that the file has {length} bytes, expected {}: it is another file; choose another source, or \
                 delete what has arrived and begin anew",
                url.as_str(),
                self.total
            );
            return Err(Reason::OtherLength(length, Error::new(ErrorKind::HashMismatch, message)));
        }
        let version = self.version(url, head.validator.as_deref());
        self.newest.set(version);
        // Where the hash of the whole is known, that decides in the end which version is right.
        if !self.pinned && self.has_changed(version) { Err(Reason::OtherVersion) } else { Ok(version) }
    }
}

/// Fetches a segment, or as much of it as comes.
pub(super) async fn fetch(job: Rc<Job>, url: ModelUrl, segment: Range<u64>) -> Ended {
    job.running.set(job.running.get().saturating_add(1));
    let front = {
        let journal = job.ledger.journal();
        journal.front(journal.chunk_at(segment.start))
    };
    // A chunk is filled from its beginning on: if less of it is there than when the segment was cut, that comes first.
    let segment = front.min(segment.start)..segment.end;
    let mut lane = Lane::new(&job, segment.start);
    let reason = lane.run(&url, &segment).await;
    job.running.set(job.running.get().saturating_sub(1));
    // Where storage has failed, what is in the buffer only has not arrived.
    let arrived = lane.position.saturating_sub(lane.filled.saturating_sub(lane.stored).into());
    let rest = arrived.clamp(segment.start, segment.end)..segment.end;
    Ended { url, rest, brought: lane.brought, reason }
}

/// Fetches one whole chunk into memory, and writes nothing.
pub(super) async fn fetch_chunk(
    job: &Job,
    url: &ModelUrl,
    index: usize,
    buffer: &Uint8Array,
) -> Result<(Uint8Array, u32), Refusal> {
    let span = job.ledger.journal().span(index);
    let breaker = job.breaker.borrow().clone();
    let mut answer = http::open(url, Part::Bytes(span.clone()), &breaker).await?;
    let wrong = |why: &str| {
        let message =
            format!("{} {why} where the bytes from {} to {} were asked for", url.as_str(), span.start, span.end);
        Refusal::last(Error::new(ErrorKind::HttpStatus, message))
    };
    if answer.head().part == Part::All || answer.head().total.is_some_and(|total| total != job.total) {
        return Err(wrong("sent another file"));
    }
    let version = job.version(url, answer.head().validator.as_deref());
    let length = span.end.saturating_sub(span.start) as u32;
    let mut filled: u32 = 0;
    while let Some(piece) = answer.next_chunk().await? {
        let end = filled.saturating_add(piece.length());
        if end > length {
            return Err(wrong("sent more"));
        }
        buffer.set(&piece, filled);
        filled = end;
    }
    if filled < length { Err(wrong("sent less")) } else { Ok((buffer.subarray(0, length), version)) }
}

/// A request, and the chunk that it is filling.
struct Lane<'a> {
    job: &'a Job,
    buffer: Uint8Array,
    /// The chunk in the buffer.
    index: Option<usize>,
    /// Bytes of it that are there, and how many of them are stored.
    filled: u32,
    stored: u32,
    stored_ms: f64,
    /// Position in the file of the next byte.
    position: u64,
    brought: u64,
}

impl<'a> Lane<'a> {
    fn new(job: &'a Job, position: u64) -> Self {
        let stored_ms = js_sys::Date::now();
        Self { job, buffer: chunk_buffer(), index: None, filled: 0, stored: 0, stored_ms, position, brought: 0 }
    }

    async fn run(&mut self, url: &ModelUrl, segment: &Range<u64>) -> Reason {
        let breaker = self.job.breaker.borrow().clone();
        let opened =
            self.job.opening.take().filter(|answer| answer.url() == url && answer.head().start() == segment.start);
        let mut answer = match opened {
            Some(answer) => answer,
            None => match http::open(url, Part::Bytes(segment.clone()), &breaker).await {
                Ok(answer) => answer,
                Err(refusal) => return Reason::Refused(refusal),
            },
        };
        let version = match self.job.judge(url, answer.head()) {
            Ok(version) => version,
            Err(reason) => return reason,
        };
        let whole = answer.head().part == Part::All;
        self.position = answer.head().start();
        loop {
            let step = answer.next_chunk().await;
            let (piece, end) = match step {
                Ok(Some(piece)) => (Some(piece), None),
                Ok(None) => (None, Some(if whole { Reason::Whole } else { Reason::Done })),
                Err(refusal) => (None, Some(Reason::Refused(refusal))),
            };
            let taken = match piece {
                Some(piece) => self.take(piece, version).await,
                None => self.store(version).await,
            };
            match (taken, end) {
                (Err(reason), _) | (Ok(()), Some(reason)) => return reason,
                (Ok(()), None) => (),
            }
        }
    }

    /// Takes the next bytes of the answer.
    async fn take(&mut self, mut piece: Uint8Array, version: u32) -> Result<(), Reason> {
        while piece.length() > 0 {
            let span = self.turn_to_chunk().map_err(Reason::Storage)?;
            let Some(span) = span else {
                let message = format!("the host sends more than the {} bytes of the file", self.job.total);
                return Err(Reason::Refused(Refusal::later(Error::new(ErrorKind::HttpContent, message))));
            };
            let front = span.start.saturating_add(self.filled.into());
            // A host that ignores ranges sends again what is there already.
            let known = front.saturating_sub(self.position).min(piece.length().into()) as u32;
            if known > 0 {
                self.position = self.position.saturating_add(known.into());
                piece = piece.subarray(known, piece.length());
                continue;
            }
            let room = span.end.saturating_sub(front).min(piece.length().into()) as u32;
            self.buffer.set(&piece.subarray(0, room), self.filled);
            piece = piece.subarray(room, piece.length());
            self.filled = self.filled.saturating_add(room);
            self.position = self.position.saturating_add(room.into());
            self.brought = self.brought.saturating_add(room.into());
            self.job.arrived.set(self.job.arrived.get().saturating_add(room.into()));
            if self.position == span.end || self.is_due() {
                self.store(version).await?;
            }
        }
        Ok(())
    }

    /// Makes the buffer that of the chunk at the current position; `None` behind the end of the file.
    fn turn_to_chunk(&mut self) -> Result<Option<Range<u64>>> {
        let journal = self.job.ledger.journal();
        let index = journal.chunk_at(self.position);
        if index >= journal.len() {
            return Ok(None);
        }
        let span = journal.span(index);
        if self.index != Some(index) {
            let filled = journal.front(index).saturating_sub(span.start) as u32;
            let open = !journal.is_whole(index);
            drop(journal);
            if open {
                self.job.ledger.read_front(index, &self.buffer)?;
            }
            (self.index, self.filled, self.stored) = (Some(index), filled, filled);
        }
        Ok(Some(span))
    }

    fn is_due(&self) -> bool {
        let share = UNNOTED_BYTES / self.job.running.get().max(1) as u32;
        self.filled.saturating_sub(self.stored) >= share || js_sys::Date::now() - self.stored_ms >= UNNOTED_MS
    }

    /// Stores what is new in the buffer, and notes it with the digest of all that is there of the chunk.
    async fn store(&mut self, version: u32) -> Result<(), Reason> {
        let (Some(index), true) = (self.index, self.filled > self.stored) else { return Ok(()) };
        let start = self.job.ledger.journal().span(index).start;
        let new = self.buffer.subarray(self.stored, self.filled);
        let at = start.saturating_add(self.stored.into());
        self.job.ledger.write(&new, at).map_err(Reason::Storage)?;
        let digest = hashing::digest(&self.buffer.subarray(0, self.filled)).await.map_err(Reason::Storage)?;
        let arrived = Arrived { filled: self.filled, version, digest };
        let wrong = self.job.digests.as_ref().is_some_and(|digests| {
            let end = start.saturating_add(self.filled.into());
            end == self.job.ledger.journal().span(index).end && digests.chunks.get(index) != Some(&digest)
        });
        self.job.ledger.note(index, Some(arrived).filter(|_| !wrong)).map_err(Reason::Storage)?;
        (self.stored, self.stored_ms) = (self.filled, js_sys::Date::now());
        if !wrong {
            return Ok(());
        }
        // This chunk alone is fetched again, in another request: what is behind it may be right.
        let mut damaged = self.job.damaged.borrow_mut();
        let times = damaged.entry(index).or_default();
        *times = times.saturating_add(1);
        if *times < DAMAGED_TIMES {
            return Ok(());
        }
        let message = format!("the host sends the {} bytes from {start} on damaged, each time", self.filled);
        Err(Reason::Refused(Refusal::last(Error::new(ErrorKind::HashMismatch, message))))
    }
}
