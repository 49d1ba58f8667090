//! The model: its sizes, its weights on the GPU, its key/value cache, and the forward pass.
//!
//! Knows nothing of text: token ids in, logits out.

mod cache;
pub mod config;
mod draw;
mod internlm2;
mod layer;
mod layout;
mod matrix;
#[cfg(feature = "lab")]
pub mod reference;
mod scratch;
mod step;
pub mod tensors;
mod weights;

pub use cache::{KvCache, rotation_table};
pub use config::Config;
pub use draw::Drawing;
pub use internlm2::{Model, Setup};
pub use step::{Grain, Input, Want};
pub use tensors::TensorSet;
pub use weights::Weights;
