//! Hashing what lies in JavaScript arrays: whole chunks by the browser, beside this thread; a file as it goes on, here.

use crate::error::{Error, ErrorKind, Result};
use crate::source::browser::{self, Exception};
use crate::source::hash::{Hasher, Sha256};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Bytes that are copied into wasm memory in one go.
const PIECE_BYTES: u32 = 256 << 10;

/// The SHA-256 of an array, computed by the browser in a thread of its own. The array may be changed once this has been
/// polled for the first time: the browser has its copy then.
pub async fn digest(bytes: &Uint8Array) -> Result<Sha256> {
    let failed = |error: JsValue| {
        let message = format!("the browser cannot hash ({}); open the page over https", Exception::from(&error));
        Error::new(ErrorKind::Internal, message)
    };
    let crypto = browser::worker()?.crypto().map_err(failed)?;
    let promise = crypto.subtle().digest_with_str_and_buffer_source("SHA-256", bytes).map_err(failed)?;
    let found = Uint8Array::new(&JsFuture::from(promise).await.map_err(failed)?);
    let mut bytes = [0; 32];
    if found.length() as usize != bytes.len() {
        let message = format!("the browser's SHA-256 has {} bytes, expected 32", found.length());
        return Err(Error::new(ErrorKind::Internal, message));
    }
    found.copy_to(&mut bytes);
    Ok(Sha256::new(bytes))
}

/// The hash of a file, fed with arrays in order.
#[derive(Debug, Default)]
pub struct RunningHash {
    hasher: Hasher,
    /// Through which the bytes pass; one for the whole file.
    piece: Vec<u8>,
}

impl RunningHash {
    /// Takes the next bytes. Gives way between pieces, so that answers and requests to stop are not held up.
    pub async fn update(&mut self, bytes: &Uint8Array) {
        self.piece.resize(PIECE_BYTES as usize, 0);
        let mut start = 0;
        while start < bytes.length() {
            let end = start.saturating_add(PIECE_BYTES).min(bytes.length());
            let piece = bytes.subarray(start, end);
            if let Some(space) = self.piece.get_mut(..piece.length() as usize) {
                piece.copy_to(space);
                self.hasher.update(space);
            }
            start = end;
        }
        browser::give_way().await;
    }

    /// The hash of all of them.
    pub fn finish(self) -> Sha256 {
        self.hasher.finish()
    }
}
