//! Models in the browser's own storage: written while they arrive, listed, read back, removed.
//!
//! A model is one data file and one small record beside it. The record is written last and alone says that the file
//! is whole; a file's name or length never does. Nothing here touches the GPU or the page, and weights never pass
//! through wasm memory: only the header does, to be checked while the rest is still to come.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

pub mod fault;
#[cfg(feature = "engine")]
pub mod header;
#[cfg(all(feature = "engine", target_arch = "wasm32"))]
pub mod library;
pub mod manifest;
pub mod names;
#[cfg(target_arch = "wasm32")]
pub mod opfs;
pub mod quota;

#[cfg(all(feature = "engine", target_arch = "wasm32"))]
pub use library::{Library, ModelFile};
