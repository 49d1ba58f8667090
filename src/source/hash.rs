//! SHA-256: the one name of a file's contents that mirrors, pointers and records agree on.
//!
//! The arithmetic is the `sha2` crate's. Where a whole chunk is at hand, the browser's own implementation is faster and
//! runs beside this thread; see [`storage::chunk`](crate::storage).

use crate::error::{Error, ErrorKind, Result};
use sha2::Digest;
use std::fmt;
use std::str::FromStr;

/// A SHA-256; as text, 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// From its 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub const fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Of a text or another value that is in memory as a whole.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(bytes);
        hasher.finish()
    }
}

impl FromStr for Sha256 {
    type Err = Error;

    /// Reads 64 hexadecimal digits of either case.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            let shown: String = text.chars().take(80).collect();
            Error::new(ErrorKind::BadRequest, format!("{shown:?} is no SHA-256; expected 64 hexadecimal digits"))
        };
        let digits: Vec<u8> = text.chars().map_while(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
        if digits.len() != 64 || text.len() != 64 {
            return Err(wrong());
        }
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        bytes.try_into().map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hashes what comes in pieces.
#[derive(Clone, Default)]
pub struct Hasher(sha2::Sha256);

impl Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all of them.
    pub fn finish(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the empty text (FIPS 180-4's own value).
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_hash_survives_being_written() {
        let hash = Sha256::of(b"");
        assert_eq!(hash.to_string(), EMPTY);
        assert_eq!(EMPTY.to_uppercase().parse::<Sha256>().expect("reads"), hash);
        assert_eq!(Sha256::new(hash.bytes()), hash);
    }

    #[test]
    fn pieces_make_the_same_hash_as_the_whole() {
        let mut hasher = Hasher::default();
        for piece in [&b"ink"[..], b"", b"stone"] {
            hasher.update(piece);
        }
        assert_eq!(hasher.finish(), Sha256::of(b"inkstone"));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for text in ["", "e3", &EMPTY[1..], &format!("{EMPTY}0"), &EMPTY.replace('e', "g"), &"语".repeat(64)] {
            assert!(text.parse::<Sha256>().is_err(), "{text}");
        }
    }
}
