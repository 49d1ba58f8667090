//! Inkstone: InternLM2.5 in the browser, on the visitor's own GPU.
//!
//! A model flows one way, and each module may use only what stands left of it (`tests/layering.rs` checks):
//!
//! ```text
//! source → storage → gguf → gpu → kernels → model → sampler, tokenizer → engine → protocol → ui
//! ```
//!
//! | module | what it is for |
//! |---|---|
//! | [`error`] | the one error, with stable codes |
//! | [`protocol`] | all that crosses between the page and the engine |
//! | [`source`] | where models come from: the catalogue, the network, the user's files |
//! | [`storage`] | where they are kept: the browser's private file system |
//! | [`gguf`] | reading the header of a model file; trusts nothing |
//! | [`quant`] | the block formats of weights, in plain Rust |
//! | [`gpu`] | the device, its buffers, launches and uploads |
//! | [`kernels`] | the compute shaders |
//! | [`model`] | sizes, weights, cache, forward pass: ids in, logits out |
//! | [`sampler`] | logits in, id out |
//! | [`chat`] | the prompt format |
//! | [`tokenizer`] | text to ids and back |
//! | [`engine`] | loading, generating, serving commands |
//! | [`lab`] | the same engine on the command line |
//! | [`ui`] | the page |

#![warn(missing_docs)]

pub mod chat;
#[cfg(feature = "engine")]
pub mod engine;
pub mod error;
pub mod gguf;
#[cfg(feature = "engine")]
pub mod gpu;
#[cfg(feature = "engine")]
pub mod kernels;
#[cfg(all(feature = "lab", not(target_arch = "wasm32")))]
pub mod lab;
#[cfg(feature = "engine")]
pub mod model;
pub mod protocol;
pub mod quant;
pub mod sampler;
pub mod source;
pub mod storage;
#[cfg(feature = "engine")]
pub mod tokenizer;
pub mod ui;
