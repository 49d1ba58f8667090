//! Rotary position embedding (Su et al., 2021) in the interleaved form that GGUF files of InternLM2 need.

use super::compose::{Constant, compose};
use super::{WORKGROUP, step};
use crate::gpu::Kernel;

/// Rotates q \[count, heads, head_dim\] in place. Bindings: step, rotation \[context, head_dim / 2\] (cos, sin), q.
/// Returns the kernel and its workgroups along the pairs; along y, one workgroup a token.
pub fn rope(heads: u32, head_dim: u32) -> (Kernel, u32) {
    let constants = [("HEADS", Constant::U32(heads)), ("HEAD_DIM", Constant::U32(head_dim))];
    let kernel = compose("rope", &constants, &[step::WGSL, include_str!("rope.wgsl")]);
    (kernel, (heads * head_dim / 2).div_ceil(WORKGROUP))
}
