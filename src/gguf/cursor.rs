//! A position in the part of a file that is at hand, which tells apart "not here yet" and "cannot be".
//!
//! Every read goes through [`Cursor::take`], the one place that compares a length with what there is. A length must be
//! within its own limit (see `limits`) before it gets here.

use super::limits;
use crate::error::{Error, ErrorKind, Result};

/// Why reading stopped before the end of the header.
#[derive(Debug)]
pub(super) enum Stop {
    /// The next thing ends at this byte of the file, which is not at hand yet.
    NeedMore { at_least: u64 },
    /// The file is not acceptable, whatever follows.
    Bad(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Bad(error)
    }
}

impl Stop {
    /// A fault of the format.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::Bad(malformed(message))
    }

    /// The same, with the place in the file added to an error.
    pub(super) fn at(self, place: impl FnOnce() -> String) -> Self {
        match self {
            Self::Bad(error) => Self::Bad(error.context(place())),
            Self::NeedMore { .. } => self,
        }
    }
}

/// A fault of the format.
pub(super) fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::GgufMalformed, message)
}

/// The error for a file of `file_len` bytes that cannot hold `what`, which needs the bytes up to `end`.
pub(super) fn truncated(what: &str, end: u64, file_len: u64) -> Error {
    Error::new(
        ErrorKind::GgufTruncated,
        format!("the file ends at byte {file_len}, but {what} reaches to byte {end}; download or copy the file again"),
    )
}

/// Reads little-endian values from the beginning of a file.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: u64,
    file_len: Option<u64>,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte. `bytes` are the first of the file's `file_len` bytes.
    pub(super) fn new(bytes: &'a [u8], file_len: Option<u64>) -> Self {
        Self { bytes, position: 0, file_len }
    }

    /// The byte of the file that is read next.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Makes sure that the next `count` bytes are at hand, without reading them.
    pub(super) fn require(&self, count: u64, what: &str) -> Result<&'a [u8], Stop> {
        let end = self.require_possible(count, what)?;
        let range = usize::try_from(self.position).ok().zip(usize::try_from(end).ok());
        range.and_then(|(start, end)| self.bytes.get(start..end)).ok_or(Stop::NeedMore { at_least: end })
    }

    /// Makes sure that the file can have another `count` bytes of header, at hand or not; returns where they end.
    pub(super) fn require_possible(&self, count: u64, what: &str) -> Result<u64, Stop> {
        let end = self.position.checked_add(count).filter(|end| *end <= limits::HEADER_BYTES);
        let Some(end) = end else {
            return Err(Stop::malformed(format!(
                "{what} needs {count} bytes from byte {} on, which makes a header of more than {} bytes; \
                 this is no model file that can be loaded",
                self.position,
                limits::HEADER_BYTES
            )));
        };
        match self.file_len {
            Some(file_len) if end > file_len => Err(Stop::Bad(truncated(what, end, file_len))),
            _ => Ok(end),
        }
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: u64, what: &str) -> Result<&'a [u8], Stop> {
        let taken = self.require(count, what)?;
        self.position = self.position.saturating_add(count);
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Stop> {
        let taken = self.take(N as u64, what)?;
        taken.try_into().map_err(|_| Error::new(ErrorKind::Internal, format!("{what}: wrong number of bytes")).into())
    }

    /// The next four bytes as a number.
    pub(super) fn u32(&mut self, what: &str) -> Result<u32, Stop> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    /// The next eight bytes as a number.
    pub(super) fn u64(&mut self, what: &str) -> Result<u64, Stop> {
        Ok(u64::from_le_bytes(self.array(what)?))
    }

    /// A text: its length, then that many bytes of UTF-8.
    pub(super) fn string(&mut self, longest: u64, what: &str) -> Result<&'a str, Stop> {
        let start = self.position;
        let length = self.u64(what)?;
        if length > longest {
            return Err(Stop::malformed(format!(
                "{what} at byte {start} claims a length of {length} bytes; at most {longest} are accepted"
            )));
        }
        let text = self.take(length, what)?;
        std::str::from_utf8(text).map_err(|error| {
            let fault = start.saturating_add(8).saturating_add(error.valid_up_to() as u64);
            Stop::malformed(format!("{what} at byte {start} is not UTF-8: byte {fault} cannot be part of a text"))
        })
    }
}
