//! The header as a whole: from the first bytes of a file to a [`File`] that can be trusted.
//!
//! The header arrives in pieces, over a network or from a disk, and its length is known only at its end. So [`parse`]
//! reads what there is from the beginning and says how much it lacks; it keeps no state between calls. A caller that
//! at least doubles what it holds each time (as [`read_header`] does) spends time linear in the header's length.

use super::cursor::{Cursor, Stop};
use super::layout::{aligned, alignment, place};
use super::tensor::{self, TensorInfo};
use super::{Metadata, limits, quoted};
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashMap;

/// The header of a GGUF file whose parts were found to agree with each other and with the file's length.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    version: u32,
    metadata: Metadata,
    tensors: Vec<TensorInfo>,
    /// Where in `tensors` a name is.
    index: HashMap<String, usize>,
    alignment: u32,
    data_offset: u64,
    file_len: Option<u64>,
}

impl File {
    /// The version of the format: 2 or 3, which are alike.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// All tensors, in the order of the table, which is also that of their data.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The tensor of that name.
    pub fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.index.get(name).and_then(|i| self.tensors.get(*i))
    }

    /// The alignment of every tensor's data.
    pub fn alignment(&self) -> u32 {
        self.alignment
    }

    /// The first byte of the tensor data. A file without tensors may end before it.
    pub fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// The file's length, where it was known.
    pub fn file_len(&self) -> Option<u64> {
        self.file_len
    }
}

/// What the first bytes of a file amount to.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed {
    /// The header goes on.
    NeedMore {
        /// It has at least this many bytes, counted from the beginning of the file; always more than were given.
        at_least: u64,
    },
    /// The header is complete.
    Done(File),
}

/// Reads the header of a file from `bytes`, the beginning of it. Anything the bytes at hand already disprove is an
/// error at once; with `file_len` that includes every claim that does not fit the file.
pub fn parse(bytes: &[u8], file_len: Option<u64>) -> Result<Parsed> {
    if let Some(file_len) = file_len.filter(|file_len| bytes.len() as u64 > *file_len) {
        let message = format!("{} bytes were given of a file that has {file_len}", bytes.len());
        return Err(Error::new(ErrorKind::Internal, message));
    }
    match read_file(&mut Cursor::new(bytes, file_len), file_len) {
        Ok(file) => Ok(Parsed::Done(file)),
        Err(Stop::NeedMore { at_least }) => Ok(Parsed::NeedMore { at_least }),
        Err(Stop::Bad(error)) => Err(error),
    }
}

/// Reads the header of a file that is in memory as far as it will ever be: `bytes` is the beginning of it, or all.
pub fn parse_all(bytes: &[u8], file_len: u64) -> Result<File> {
    match parse(bytes, Some(file_len))? {
        Parsed::Done(file) => Ok(file),
        Parsed::NeedMore { at_least } => Err(Error::new(
            ErrorKind::Internal,
            format!("{} bytes of the file are in memory, but its header needs {at_least}", bytes.len()),
        )),
    }
}

/// Reads the header of a file of `file_len` bytes, of which `read(offset, length)` returns a part.
pub fn read_header(mut read: impl FnMut(u64, u64) -> Result<Vec<u8>>, file_len: u64) -> Result<File> {
    let mut bytes = Vec::new();
    let mut wanted = limits::FIRST_READ_BYTES.min(file_len);
    loop {
        let have = bytes.len() as u64;
        let part = read(have, wanted.saturating_sub(have))?;
        if have.saturating_add(part.len() as u64) != wanted {
            let message = format!("{} bytes came where those from {have} to {wanted} were asked for", part.len());
            return Err(Error::new(ErrorKind::Internal, message).context("reading the header"));
        }
        bytes.extend(part);
        match parse(&bytes, Some(file_len))? {
            Parsed::Done(file) => return Ok(file),
            Parsed::NeedMore { at_least } => wanted = wanted.saturating_mul(2).max(at_least).min(file_len),
        }
    }
}

/// Reads magic, version, counts, metadata and tensor table.
fn read_file(cursor: &mut Cursor, file_len: Option<u64>) -> Result<File, Stop> {
    check_magic(cursor)?;
    let version = cursor.u32("the version")?;
    check_version(version)?;
    let tensor_count = cursor.u64("the tensor count")?;
    let entry_count = cursor.u64("the metadata count")?;
    check_count(tensor_count, limits::TENSORS, "tensors")?;
    check_count(entry_count, limits::METADATA_ENTRIES, "metadata entries")?;
    // Neither product nor sum can saturate, as the counts are within their limits.
    let entry_bytes = entry_count.saturating_mul(limits::SMALLEST_ENTRY_BYTES);
    let tensor_bytes = tensor_count.saturating_mul(limits::SMALLEST_TENSOR_BYTES);
    let what = format!("the smallest header with {entry_count} metadata entries and {tensor_count} tensors");
    cursor.require_possible(entry_bytes.saturating_add(tensor_bytes), &what)?;

    let metadata = Metadata::read(cursor, entry_count)?;
    let alignment = alignment(&metadata)?;

    let mut index = HashMap::new();
    let mut entries = Vec::new();
    for i in 0..tensor_count {
        let entry = tensor::read(cursor, i)?;
        if index.insert(entry.name.to_owned(), entries.len()).is_some() {
            return Err(Stop::malformed(format!("the tensor name {} occurs twice", quoted(entry.name))));
        }
        entries.push(entry);
    }
    let data_offset = aligned(cursor.position(), alignment)?;
    let tensors = place(entries, data_offset, alignment, file_len)?;
    Ok(File { version, metadata, tensors, index, alignment, data_offset, file_len })
}

/// The file must begin with `GGUF`. Judged by the bytes that there are, so that a web page is refused at its first.
fn check_magic(cursor: &mut Cursor) -> Result<(), Stop> {
    const MAGIC: &[u8] = b"GGUF";
    let available = (1..=4).rev().find_map(|count| cursor.require(count, "the magic").ok()).unwrap_or_default();
    if !MAGIC.starts_with(available) {
        let hint = if available.starts_with(b"<") { "; it looks like a web page" } else { "" };
        let message = format!(
            "the file begins with \"{}\" where a model begins with \"GGUF\"{hint}; choose a .gguf file",
            available.escape_ascii()
        );
        return Err(Error::new(ErrorKind::NotGguf, message).into());
    }
    cursor.take(4, "the magic").map(drop)
}

/// Versions 2 and 3 are alike; version 1 had narrower counts, and a large number is a file for big-endian machines.
fn check_version(version: u32) -> Result<(), Stop> {
    let message = match version {
        2 | 3 => return Ok(()),
        0 | 1 => format!("the file is of GGUF version {version}; convert the model again to get version 3"),
        _ if (1..=u32::from(u16::MAX)).contains(&version.swap_bytes()) => format!(
            "the file is big-endian (version {} with its bytes swapped); only little-endian files are read",
            version.swap_bytes()
        ),
        _ => format!("the file is of GGUF version {version}; versions 2 and 3 are read"),
    };
    Err(Error::new(ErrorKind::GgufVersion, message).into())
}

/// A count must be within its limit.
fn check_count(count: u64, limit: u64, what: &str) -> Result<(), Stop> {
    if count > limit {
        return Err(Stop::malformed(format!("the file claims {count} {what}; at most {limit} are accepted")));
    }
    Ok(())
}
