//! A Git LFS pointer: the few lines that a repository keeps in place of a large file, with its hash and its length.
//!
//! Format: git-lfs `docs/spec.md`. Hubs serve it under `/raw/` where the file itself is under `/resolve/`.

use super::hash::Sha256;

/// A pointer is never longer, by its specification.
pub const LONGEST_BYTES: u64 = 1024;

/// What a pointer tells of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// Hash of the contents.
    pub sha256: Sha256,
    /// Length.
    pub bytes: u64,
}

/// Reads the text of a pointer; `None` for anything else, such as the page of a proxy.
pub fn parse(text: &[u8]) -> Option<Pointer> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() as u64 <= LONGEST_BYTES)?;
    let mut lines = text.lines();
    lines.next()?.strip_prefix("version https://git-lfs.github.com/spec/")?;
    let (mut sha256, mut bytes) = (None, None);
    for line in lines {
        match line.split_once(' ')? {
            ("oid", oid) => sha256 = Some(oid.strip_prefix("sha256:")?.parse().ok()?),
            ("size", size) => bytes = Some(size.parse().ok()?),
            _ => (),
        }
    }
    Some(Pointer { sha256: sha256?, bytes: bytes? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_tells_hash_and_length() {
        let sha256 = Sha256::of(b"weights");
        let text = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 1172364032\n");
        assert_eq!(parse(text.as_bytes()), Some(Pointer { sha256, bytes: 1_172_364_032 }));
    }

    #[test]
    fn anything_else_is_no_pointer() {
        let sha256 = Sha256::of(b"weights");
        for text in [
            String::new(),
            "<!doctype html>".into(),
            "GGUF".into(),
            format!("oid sha256:{sha256}\nsize 1\n"),
            "version https://git-lfs.github.com/spec/v1\nsize 1\n".into(),
            format!("version https://git-lfs.github.com/spec/v1\noid md5:{sha256}\nsize 1\n"),
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize -1\n"),
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize 1\nx {}", "x".repeat(1024)),
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
