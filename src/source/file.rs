//! Files that a person picked or dropped, as one run of bytes: a file as it is, or the parts of a split one behind a new
//! header.
//!
//! Reads slice by slice: asking for a whole file at once would hold gigabytes in memory.

use crate::error::{Error, ErrorKind, Result};
use crate::source::browser::Exception;
use js_sys::Uint8Array;
use std::ops::Range;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

/// Bytes that lie one behind the other.
#[derive(Debug)]
pub struct LocalFile {
    name: String,
    pieces: Vec<Piece>,
    total: u64,
}

#[derive(Debug)]
struct Piece {
    /// Where it begins in the whole.
    start: u64,
    length: u64,
    from: From,
}

#[derive(Debug)]
enum From {
    /// In memory.
    Memory(Uint8Array),
    /// In a file, from this position on.
    File(File, u64),
}

/// Length of a file.
pub fn length(file: &File) -> u64 {
    let blob: &Blob = file;
    // The browser's number is a whole one below 2^53.
    blob.size() as u64
}

/// The first `limit` bytes of a file, or all of it, in wasm memory.
pub async fn beginning(file: &File, limit: u64) -> Result<Vec<u8>> {
    Ok(slice(file, 0..limit.min(length(file))).await?.to_vec())
}

impl LocalFile {
    /// A file as it is.
    pub fn of(file: &File) -> Self {
        let mut whole = Self::named(file.name());
        whole.push_file(file, 0..length(file));
        whole
    }

    /// Nothing yet, to be called `name`.
    pub fn named(name: String) -> Self {
        Self { name, pieces: Vec::new(), total: 0 }
    }

    /// Adds bytes that are in memory.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        self.push(bytes.len() as u64, From::Memory(Uint8Array::from(bytes)));
    }

    /// Adds a part of a file.
    pub fn push_file(&mut self, file: &File, range: Range<u64>) {
        self.push(range.end.saturating_sub(range.start), From::File(file.clone(), range.start));
    }

    /// Its length.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Its name, without a folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads a range of it.
    ///
    /// # Errors
    /// `NotFound` or `Storage` if a file was moved, changed or may not be read any more.
    pub async fn read(&self, range: Range<u64>) -> Result<Uint8Array> {
        let touched =
            |piece: &&Piece| piece.start < range.end && range.start < piece.start.saturating_add(piece.length);
        let mut parts = Vec::new();
        for piece in self.pieces.iter().filter(touched) {
            let from = range.start.saturating_sub(piece.start);
            let to = range.end.saturating_sub(piece.start).min(piece.length);
            parts.push(match &piece.from {
                From::Memory(bytes) => bytes.subarray(from as u32, to as u32),
                From::File(file, offset) => slice(file, offset.saturating_add(from)..offset.saturating_add(to)).await?,
            });
        }
        if let [part] = parts.as_slice() {
            return Ok(part.clone());
        }
        let whole = Uint8Array::new_with_length(parts.iter().map(Uint8Array::length).sum());
        let mut at = 0;
        for part in parts {
            whole.set(&part, at);
            at = at.saturating_add(part.length());
        }
        Ok(whole)
    }

    fn push(&mut self, length: u64, from: From) {
        if length > 0 {
            self.pieces.push(Piece { start: self.total, length, from });
            self.total = self.total.saturating_add(length);
        }
    }
}

async fn slice(file: &File, range: Range<u64>) -> Result<Uint8Array> {
    let wanted = range.end.saturating_sub(range.start);
    let unreadable = |error: &JsValue| {
        let reason = Exception::from(error);
        let kind = if reason.name == "NotFoundError" { ErrorKind::NotFound } else { ErrorKind::Storage };
        let message = format!(
            "{:?} cannot be read at byte {} ({reason}): it was moved, changed or is not permitted; pick it again",
            file.name(),
            range.start
        );
        Error::new(kind, message)
    };
    let slice = file.slice_with_f64_and_f64(range.start as f64, range.end as f64).map_err(|e| unreadable(&e))?;
    let buffer = JsFuture::from(slice.array_buffer()).await.map_err(|e| unreadable(&e))?;
    let bytes = Uint8Array::new(&buffer);
    if u64::from(bytes.length()) != wanted {
        let message = format!(
            "{:?} gave {} bytes at {}, expected {wanted}: it was changed while it was read; add it again",
            file.name(),
            bytes.length(),
            range.start
        );
        return Err(Error::new(ErrorKind::Storage, message));
    }
    Ok(bytes)
}
