//! A download's file and its journal, open together: what is written, what is noted of it, what is durable.
//!
//! Each note follows its bytes, so a page that is closed or crashes loses only what was not noted yet. They are flushed
//! together about twice a second, data first. After a power cut notes may still be ahead of the bytes: that is what their
//! digests are for, since nothing counts as arrived until it has been read back (`audit`).

use crate::error::Result;
use crate::source::digests::CHUNK_BYTES;
use crate::storage::journal::{Arrived, ENTRY_BYTES, HEADER_BYTES, Journal};
use crate::storage::names;
use crate::storage::opfs::{Directory, Missing, SyncFile};
use js_sys::Uint8Array;
use std::cell::{Cell, Ref, RefCell};

/// How long written bytes may wait to be made durable, in milliseconds.
const FLUSH_MS: f64 = 500.0;

/// An open file that is arriving.
#[derive(Debug)]
pub(crate) struct Ledger {
    data: SyncFile,
    notes: SyncFile,
    journal: RefCell<Journal>,
    flushed_ms: Cell<f64>,
}

impl Ledger {
    /// Opens the file `name` of `total` bytes and what its journal says, or begins both.
    pub(crate) async fn open(directory: &Directory, name: &str, total: u64) -> Result<Self> {
        let data = directory.open_file(name, Missing::Create).await?;
        let notes = directory.open_file(&names::journal_file(name), Missing::Create).await?;
        let longest = (Journal::new(total).len() * ENTRY_BYTES + HEADER_BYTES) as u64;
        let known = Journal::parse(&notes.read(0, notes.size()?.min(longest))?, total);
        let mut journal = match known {
            Some(journal) => journal,
            None => {
                let journal = Journal::new(total);
                notes.truncate(0)?;
                notes.write(&Uint8Array::from(journal.to_bytes().as_slice()), 0)?;
                data.truncate(0)?;
                journal
            }
        };
        // What a power cut has taken.
        let size = data.size()?;
        for index in 0..journal.len() {
            if journal.front(index) > size {
                journal.note(index, None);
            }
        }
        Ok(Self { data, notes, journal: RefCell::new(journal), flushed_ms: Cell::new(0.0) })
    }

    /// What has arrived.
    pub(crate) fn journal(&self) -> Ref<'_, Journal> {
        self.journal.borrow()
    }

    /// Writes bytes at a position of the file.
    pub(crate) fn write(&self, bytes: &Uint8Array, at: u64) -> Result<()> {
        self.data.write(bytes, at)
    }

    /// Notes what is written of a chunk, or that nothing of it counts.
    pub(crate) fn note(&self, index: usize, arrived: Option<Arrived>) -> Result<()> {
        let (at, entry) = {
            let mut journal = self.journal.borrow_mut();
            journal.note(index, arrived);
            journal.entry(index)
        };
        self.notes.write(&Uint8Array::from(entry.as_slice()), at)?;
        if js_sys::Date::now() - self.flushed_ms.get() >= FLUSH_MS {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes everything so far durable.
    pub(crate) fn flush(&self) -> Result<()> {
        self.data.flush()?;
        self.notes.flush()?;
        self.flushed_ms.set(js_sys::Date::now());
        Ok(())
    }

    /// Has the first `bytes` of the file fetched again.
    pub(crate) fn forget_first(&self, bytes: u64) -> Result<()> {
        let (last, count) = (self.journal().chunk_at(bytes), self.journal().len());
        for index in 0..=last.min(count.saturating_sub(1)) {
            self.note(index, None)?;
        }
        Ok(())
    }

    /// Reads a whole chunk into `buffer`, which has room for the longest; returns the part that it fills.
    pub(crate) fn read_chunk(&self, index: usize, buffer: &Uint8Array) -> Result<Uint8Array> {
        let span = self.journal().span(index);
        let part = buffer.subarray(0, span.end.saturating_sub(span.start) as u32);
        self.data.read_into(&part, span.start)?;
        Ok(part)
    }

    /// Reads the first bytes of a chunk, those that have arrived, into the front of `buffer`.
    pub(crate) fn read_front(&self, index: usize, buffer: &Uint8Array) -> Result<()> {
        let (start, filled) = {
            let journal = self.journal();
            let start = journal.span(index).start;
            (start, journal.front(index).saturating_sub(start))
        };
        if filled == 0 { Ok(()) } else { self.data.read_into(&buffer.subarray(0, filled as u32), start) }
    }
}

/// An array for one chunk.
pub(crate) fn chunk_buffer() -> Uint8Array {
    Uint8Array::new_with_length(CHUNK_BYTES)
}
