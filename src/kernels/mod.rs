//! The compute shaders: a Rust file and its WGSL texts per kernel, and the plain-Rust twins they are tested against.
//!
//! Sizes are constants of the text, so the compiler can unroll; what changes from one step to the next is read from the
//! [`step`] buffer. A constructor here returns a kernel and what of its grid is fixed; the model decides when it runs. Accumulation
//! is in f32 everywhere.

mod attention;
mod ceiling;
mod compose;
mod decode_attention;
mod draw;
mod embed;
mod kv;
mod matmul;
mod matvec;
mod packed;
mod ranking;
mod repack;
mod rms_norm;
mod rope;
mod silu_mul;
pub mod step;
pub mod twin;
mod variants;

pub use attention::{Attention, PrefillAttention, attention};
pub use ceiling::{Ceiling, multiplying, reading};
pub use decode_attention::{Stretches, combine, decode_attention, stretch};
pub use draw::{CANDIDATES, Draw, DrawSettings, Drawn, draw};
pub use embed::embed;
pub use kv::{KvShape, KvSide, kv_write};
pub use matmul::{Matmul, matmul};
pub use matvec::{Accumulate, Input, Output, matvec};
pub use packed::Packed;
pub use ranking::Ranking;
pub use repack::{Repack, repack};
pub use rms_norm::{Rows, rms_norm};
pub use rope::rope;
pub use silu_mul::silu_mul;
pub use variants::{AttentionVariant, ByType, MatmulVariant, MatvecVariant, Variant, Variants};

/// Invocations of a workgroup in every kernel: within the 128 that WebGPU allows everywhere.
pub const WORKGROUP: u32 = 64;

/// Tokens that one step may hold at most: enough to keep the largest GPUs busy.
pub const MAX_STEP_TOKENS: u32 = 512;
