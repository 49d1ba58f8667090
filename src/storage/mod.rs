//! Models in the browser's own storage: written while they arrive, listed, read back, removed.
//!
//! A model is one data file and one small record beside it. The record is written last and alone says that the file
//! is whole; a file's name or length never does. Nothing here touches the GPU or the page, and weights never pass
//! through wasm memory: only the header does, to be checked while the rest is still to come.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod download;
pub mod fault;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
mod hashing;
#[cfg(feature = "engine")]
pub mod header;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
mod import;
#[cfg(feature = "engine")]
pub mod journal;
pub mod lanes;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub mod library;
#[cfg(target_arch = "wasm32")]
pub mod lock;
#[cfg(feature = "engine")]
pub mod manifest;
pub mod mirrors;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
mod model_file;
#[cfg(feature = "engine")]
pub mod names;
#[cfg(target_arch = "wasm32")]
pub mod opfs;
pub mod quota;
#[cfg(feature = "engine")]
pub mod segments;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
mod verify;

#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub use library::{Library, Shelf};
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub use model_file::ModelFile;
