//! Where a model's bytes come from: the catalogue, checked addresses, streaming downloads, files picked by a person.
//!
//! Everything arrives in order, in chunks that stay JavaScript arrays: gigabytes never pass through wasm memory.
//! Nothing here stores, parses or judges a byte. The modules that touch the browser exist for wasm32 only and run in
//! a dedicated worker.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

pub mod address;
#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod cancel;
pub mod catalogue;
#[cfg(target_arch = "wasm32")]
pub mod file;
#[cfg(target_arch = "wasm32")]
pub mod http;

pub use cancel::Cancel;

/// A model's bytes, to be read once from the beginning to the end.
#[cfg(target_arch = "wasm32")]
#[derive(Debug)]
pub enum Source {
    /// From the network.
    Http(http::Http),
    /// From the person's disk.
    File(file::LocalFile),
}

#[cfg(target_arch = "wasm32")]
impl Source {
    /// The next bytes; `None` at the end, which is reported only once all announced bytes have come.
    pub async fn next_chunk(&mut self) -> crate::error::Result<Option<js_sys::Uint8Array>> {
        match self {
            Self::Http(http) => http.next_chunk().await,
            Self::File(file) => file.next_chunk().await,
        }
    }

    /// Length of the whole file, if known beforehand.
    pub fn total(&self) -> Option<u64> {
        match self {
            Self::Http(http) => http.total(),
            Self::File(file) => Some(file.total()),
        }
    }

    /// Where the bytes come from, to be remembered: the address, or the name of the person's file.
    pub fn origin(&self) -> &str {
        match self {
            Self::Http(http) => http.url(),
            Self::File(file) => file.name(),
        }
    }

    /// The file's name there.
    pub fn file_name(&self) -> &str {
        match self {
            Self::Http(http) => http.file_name(),
            Self::File(file) => file.name(),
        }
    }

    /// What stops it.
    pub fn cancel(&self) -> &Cancel {
        match self {
            Self::Http(http) => http.cancel(),
            Self::File(file) => file.cancel(),
        }
    }
}
