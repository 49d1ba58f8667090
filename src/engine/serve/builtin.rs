//! The guide's file: it lies beside the page, and stays in the browser's memory. Nothing is stored, so it answers in
//! private windows and with a full disk, too.

use super::post;
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{ByteSource, StagingBytes};
use crate::source::Cancel;
use crate::source::address::check_url;
use crate::source::http::{Breaker, Part, open};
use js_sys::Uint8Array;

/// Beside the page, as `index.html` puts it there.
const FILE: &str = "guide.gguf";

/// No guide is larger: the design's limit.
const LARGEST: u32 = 8_000_000;

/// The file's bytes, outside of wasm memory.
pub(super) struct Builtin {
    bytes: Uint8Array,
}

impl Builtin {
    /// Fetches the file.
    ///
    /// # Errors
    /// Those of [`open`]; `HttpContent` if what comes is too large to be the guide.
    pub(super) async fn fetch(cancel: &Cancel) -> Result<Self> {
        let url = check_url(&post::complete(FILE)?, &post::origin()?)?;
        let mut answer = open(&url, Part::All, &Breaker::of(cancel)).await?;
        let bytes = Uint8Array::new_with_length(LARGEST);
        let mut length: u32 = 0;
        while let Some(chunk) = answer.next_chunk().await? {
            let end = length.checked_add(chunk.length()).filter(|end| *end <= LARGEST).ok_or_else(|| {
                let message =
                    format!("{} has more than the {LARGEST} bytes of a guide; deploy the site again", url.as_str());
                Error::new(ErrorKind::HttpContent, message)
            })?;
            bytes.set(&chunk, length);
            length = end;
        }
        Ok(Self { bytes: bytes.slice(0, length) })
    }

    /// Bytes of the file.
    pub(super) fn len(&self) -> u64 {
        self.bytes.length().into()
    }

    /// A copy of `length` bytes from `offset` on; fewer at the end.
    pub(super) fn read(&self, offset: u64, length: u64) -> Vec<u8> {
        self.view(offset, length).to_vec()
    }

    fn view(&self, offset: u64, length: u64) -> Uint8Array {
        let clamp = |at: u64| at.min(self.len()) as u32;
        self.bytes.subarray(clamp(offset), clamp(offset.saturating_add(length)))
    }
}

impl ByteSource for Builtin {
    fn read_into(&mut self, offset: u64, length: usize, chunk: &mut StagingBytes) -> Result<()> {
        let view = self.view(offset, length as u64);
        if view.length() as usize != length {
            let message = format!("the guide ends before byte {}", offset.saturating_add(length as u64));
            return Err(Error::new(ErrorKind::GgufTruncated, message));
        }
        chunk.set(&view, 0);
        Ok(())
    }
}
