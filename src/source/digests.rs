//! The digests of a file's chunks, as `lab digest` writes them and a host may keep them beside the file: with them a
//! chunk that was damaged on its way is known at once, and it alone is fetched again.
//!
//! The text comes from outside and is believed only as far as it agrees with itself.

use super::hash::Sha256;
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// Length of a chunk, but for a file's last one. Small enough that losing one costs seconds on a slow line, large enough
/// that forty gigabytes have only ten thousand.
pub const CHUNK_BYTES: u32 = 4 << 20;

/// A list of digests is never longer: enough for a file of 200 GB.
pub const LONGEST_BYTES: u64 = 4 << 20;

/// The digests of all chunks of a file, and of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Length of the file.
    pub bytes: u64,
    /// Of the whole file.
    pub sha256: Sha256,
    /// Of every chunk, in order.
    pub chunks: Vec<Sha256>,
}

/// The form in which they are written.
#[derive(Serialize, Deserialize)]
struct Written {
    bytes: u64,
    sha256: String,
    chunk_bytes: u32,
    chunks: Vec<String>,
}

impl Digests {
    /// Reads the text of a list.
    ///
    /// # Errors
    /// `HttpContent` for anything else, also for a list whose parts contradict each other.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let wrong =
            |why: String| Error::new(ErrorKind::HttpContent, format!("this is no list of chunk digests: {why}"));
        let written: Written = serde_json::from_slice(text).map_err(|error| wrong(error.to_string()))?;
        if written.chunk_bytes != CHUNK_BYTES {
            return Err(wrong(format!("its chunks have {} bytes, expected {CHUNK_BYTES}", written.chunk_bytes)));
        }
        let expected = written.bytes.div_ceil(u64::from(CHUNK_BYTES));
        if written.chunks.len() as u64 != expected {
            let message =
                format!("it lists {} chunks, expected {expected} of {} bytes", written.chunks.len(), written.bytes);
            return Err(wrong(message));
        }
        Ok(Self {
            bytes: written.bytes,
            sha256: written.sha256.parse()?,
            chunks: written.chunks.iter().map(|digest| digest.parse()).collect::<Result<_>>()?,
        })
    }

    /// The text of the list.
    ///
    /// # Errors
    /// `Internal`, which numbers and digits never give.
    pub fn to_json(&self) -> Result<String> {
        let written = Written {
            bytes: self.bytes,
            sha256: self.sha256.to_string(),
            chunk_bytes: CHUNK_BYTES,
            chunks: self.chunks.iter().map(Sha256::to_string).collect(),
        };
        serde_json::to_string(&written).map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(bytes: u64, chunks: usize) -> Digests {
        Digests { bytes, sha256: Sha256::of(b"all"), chunks: vec![Sha256::of(b"one"); chunks] }
    }

    #[test]
    fn a_list_survives_being_written() {
        let list = digests(u64::from(CHUNK_BYTES) + 1, 2);
        assert_eq!(Digests::parse(list.to_json().expect("writes").as_bytes()).expect("reads"), list);
    }

    #[test]
    fn a_list_that_contradicts_itself_is_refused() {
        for list in [digests(u64::from(CHUNK_BYTES) + 1, 1), digests(1, 2), digests(0, 1)] {
            let text = list.to_json().expect("writes");
            assert_eq!(Digests::parse(text.as_bytes()).expect_err(&text).kind(), ErrorKind::HttpContent);
        }
        let other = digests(1, 1).to_json().expect("writes").replace("4194304", "1048576");
        assert!(Digests::parse(other.as_bytes()).is_err());
        for text in ["", "[]", "<html>", r#"{"bytes":1,"sha256":"x","chunk_bytes":4194304,"chunks":["y"]}"#] {
            assert!(Digests::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
