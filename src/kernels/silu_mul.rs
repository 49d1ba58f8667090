//! The gate of SwiGLU (Shazeer, 2020).

use super::WORKGROUP;
use super::compose::{Constant, compose};
use crate::gpu::Kernel;

/// gate = silu(gate) · up over \[count, width\] (width a multiple of 4). Bindings: gate, up.
/// Returns the kernel and its workgroups along the columns; along y, one workgroup a token.
pub fn silu_mul(width: u32) -> (Kernel, u32) {
    let kernel = compose("silu_mul", &[("WIDTH", Constant::U32(width))], &[include_str!("silu_mul.wgsl")]);
    (kernel, (width / 4).div_ceil(WORKGROUP))
}
