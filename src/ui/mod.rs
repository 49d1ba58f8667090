//! The page: what a person sees and touches, and `globalThis.inkstone` for scripts.
//!
//! It speaks to the engine through [`protocol`](crate::protocol) alone and touches no type of the GPU. Text from the
//! model or from a file is only ever put into text nodes, never parsed as HTML.
//!
//! All state lives in one value, `state::State`. `library`, `transfer`, `intake`, `loading` and `tabs` (models), `dialogue` (the conversation) and
//! `checkup` (whether and how fast the GPU computes) change it in answer to the engine's events; `view` holds the
//! components, each of which shows a part of it. The modules without a `cfg` are pure and are tested on the host.

pub mod beside;
pub mod format;
pub mod i18n;
pub mod openai;
pub mod plan;
pub mod queue;
pub mod rate;
pub mod sources;
pub mod split;
pub mod variants;
pub mod verified;

#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod api;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod cargo;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod checkup;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod dialogue;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod engine;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod export;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod frame;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod handles;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod intake;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod library;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod loading;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod preferences;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod prompt;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod saved;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod shelf;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod state;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod tabs;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod transfer;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod turn;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod view;

#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub use view::mount;
