//! Where a model's bytes come from: the catalogue, checked addresses, requests over the network, files of a person's.
//!
//! Bytes stay JavaScript arrays: gigabytes never pass through wasm memory. Nothing here stores, parses or judges a model.
//! The modules that touch the browser exist for wasm32 only and run in a dedicated worker.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)
)]

pub mod address;
pub mod backoff;
#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod cancel;
pub mod catalogue;
#[cfg(feature = "engine")]
pub mod digests;
#[cfg(target_arch = "wasm32")]
pub mod file;
#[cfg(feature = "engine")]
pub mod hash;
#[cfg(target_arch = "wasm32")]
pub mod http;
#[cfg(feature = "engine")]
pub mod pointer;
pub mod refusal;

pub use cancel::Cancel;
