//! Reads a download back as it grows, from the beginning on: judges its header, compares each chunk with its digest, and
//! hashes the whole.
//!
//! It reads what is in storage, not what was in memory, so at its end it is the stored file that was found right.

use super::is_no_model;
use super::lane::Job;
use super::ledger::chunk_buffer;
use crate::error::{Error, ErrorKind, Result};
use crate::source::hash::Sha256;
use crate::storage::hashing::{self, RunningHash};
use crate::storage::header::{Header, HeaderReader, PIECE_BYTES};
use gloo_timers::future::TimeoutFuture;
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};

/// How long to wait for the next chunk before looking again.
const LOOK_MS: u32 = 40;

/// What has been read back so far.
#[derive(Debug)]
pub(super) struct Audit {
    reader: RefCell<Option<HeaderReader>>,
    header: RefCell<Option<Header>>,
    done: Cell<u64>,
    /// Whether a header that is bad may have been damaged on its way: once, where there is a hash to tell in the end.
    doubt: Cell<bool>,
}

impl Audit {
    /// Nothing yet.
    pub(super) fn new(job: &Job) -> Self {
        let reader = RefCell::new(Some(HeaderReader::new(Some(job.total))));
        Self { reader, header: RefCell::new(None), done: Cell::new(0), doubt: Cell::new(job.pinned) }
    }

    /// Bytes read back.
    pub(super) fn done(&self) -> u64 {
        self.done.get()
    }

    /// Whether the header was found good.
    pub(super) fn has_header(&self) -> bool {
        self.header.borrow().is_some()
    }

    /// The header, once.
    pub(super) fn take_header(&self) -> Result<Header> {
        self.header.take().ok_or_else(|| Error::new(ErrorKind::Internal, "the header was read and lost"))
    }

    /// Goes through the file as fast as it arrives; returns the hash of the whole.
    ///
    /// # Errors
    /// Those of storage and of [`HeaderReader`].
    pub(super) async fn follow(&self, job: &Job) -> Result<Sha256> {
        let buffer = chunk_buffer();
        loop {
            match self.go_through(job, &buffer).await {
                Ok(Some(hash)) => return Ok(hash),
                // Dropped and fetched again.
                Ok(None) => self.begin_anew(job),
                Err(error) if is_no_model(error.kind()) && self.doubt.take() => {
                    job.ledger.forget_first(self.done())?;
                    self.begin_anew(job);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn begin_anew(&self, job: &Job) {
        self.reader.replace(Some(HeaderReader::new(Some(job.total))));
        self.header.take();
    }

    /// One way through the file; `None` if what was read has been dropped meanwhile.
    async fn go_through(&self, job: &Job, buffer: &Uint8Array) -> Result<Option<Sha256>> {
        let mut hash = RunningHash::default();
        let count = job.ledger.journal().len();
        let drops = job.drops.get();
        self.done.set(0);
        let mut index = 0;
        while index < count {
            let arrived = job.ledger.journal().arrived(index).filter(|_| job.ledger.journal().is_whole(index));
            let Some(arrived) = arrived else {
                TimeoutFuture::new(LOOK_MS).await;
                if job.drops.get() != drops {
                    return Ok(None);
                }
                continue;
            };
            let chunk = job.ledger.read_chunk(index, buffer)?;
            if hashing::digest(&chunk).await? != arrived.digest {
                // Fetched again, and this chunk alone.
                job.ledger.note(index, None)?;
                continue;
            }
            self.read_header(&chunk)?;
            hash.update(&chunk).await;
            self.done.set(self.done.get().saturating_add(chunk.length().into()));
            index = index.saturating_add(1);
        }
        self.finish_header()?;
        Ok(Some(hash.finish()).filter(|_| job.drops.get() == drops))
    }

    /// Copies what the header may still need of a chunk, and no more.
    fn read_header(&self, chunk: &Uint8Array) -> Result<()> {
        let mut reader = self.reader.borrow_mut();
        let mut start = 0;
        while let Some(open) = reader.as_mut().filter(|_| start < chunk.length()) {
            let end = start.saturating_add(PIECE_BYTES).min(chunk.length());
            if let Some(header) = open.feed(&chunk.subarray(start, end).to_vec())? {
                *reader = None;
                self.header.replace(Some(header));
            }
            start = end;
        }
        Ok(())
    }

    fn finish_header(&self) -> Result<()> {
        if let Some(reader) = self.reader.borrow_mut().take() {
            self.header.replace(Some(reader.finish()?));
        }
        if self.has_header() { Ok(()) } else { Err(Error::new(ErrorKind::Internal, "the header was read and lost")) }
    }
}
