//! Rotary position embedding (Su et al., 2021) in the interleaved form that GGUF files of InternLM2 need.

use super::compose::compose;
use super::{Attention, WORKGROUP, step};
use crate::gpu::Kernel;

/// Rotates the queries in projections \[count, heads + 2 kv_heads, head_dim\] in place. Bindings: step, rotation
/// \[context, head_dim / 2\] (cos, sin), projections. Returns the kernel and its workgroups along the pairs; along y, one
/// workgroup a token.
pub fn rope(attention: &Attention) -> (Kernel, u32) {
    let kernel = compose("rope", &attention.constants(), &[step::WGSL, include_str!("rope.wgsl")]);
    (kernel, (attention.heads * attention.kv.head_dim / 2).div_ceil(WORKGROUP))
}
