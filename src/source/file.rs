//! A file that a person picked or dropped, as a stream of chunks.
//!
//! Reads slice by slice: asking for the whole file at once would hold gigabytes in memory.

use crate::error::{Error, ErrorKind, Result};
use crate::source::browser::Exception;
use crate::source::cancel::Cancel;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

/// Large enough that a slice's fixed cost does not count, small enough to stop and report often.
const SLICE_BYTES: u64 = 8 << 20;

/// An open file of the person's.
#[derive(Debug)]
pub struct LocalFile {
    file: File,
    name: String,
    position: u64,
    total: u64,
    cancel: Cancel,
}

impl LocalFile {
    /// Starts at the beginning of `file`.
    pub fn open(file: File, cancel: Cancel) -> Self {
        let blob: &Blob = &file;
        // The browser's number is a whole one below 2^53.
        let total = blob.size() as u64;
        Self { name: file.name(), file, position: 0, total, cancel }
    }

    /// The next slice; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Uint8Array>> {
        self.cancel.check()?;
        if self.position >= self.total {
            return Ok(None);
        }
        let end = self.position.saturating_add(SLICE_BYTES).min(self.total);
        let wanted = end.saturating_sub(self.position);
        let slice =
            self.file.slice_with_f64_and_f64(self.position as f64, end as f64).map_err(|e| self.unreadable(&e))?;
        let buffer = JsFuture::from(slice.array_buffer()).await.map_err(|e| self.unreadable(&e))?;
        let chunk = Uint8Array::new(&buffer);
        if u64::from(chunk.length()) != wanted {
            return Err(Error::new(
                ErrorKind::Storage,
                format!(
                    "{:?} gave {} bytes at {}, expected {wanted}: it was changed while it was read; add it again",
                    self.name,
                    chunk.length(),
                    self.position
                ),
            ));
        }
        self.position = end;
        Ok(Some(chunk))
    }

    /// Its length.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Its name, without a folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stops it.
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    fn unreadable(&self, error: &JsValue) -> Error {
        let reason = Exception::from(error);
        let kind = if reason.name == "NotFoundError" { ErrorKind::NotFound } else { ErrorKind::Storage };
        Error::new(
            kind,
            format!(
                "{:?} cannot be read at byte {} of {} ({reason}): it was moved, changed or is not permitted; pick it \
                 again",
                self.name, self.position, self.total
            ),
        )
    }
}
