//! The gate of SwiGLU (Shazeer, 2020).

use super::WORKGROUP;
use super::compose::{Constant, compose};
use crate::gpu::Kernel;

/// out \[count, width\] = silu(gate) · up of rows \[count, 2 width\] that hold gates, then ups (width a multiple of 4).
/// Bindings: rows, out.
/// Returns the kernel and its workgroups along the columns; along y, one workgroup a token.
pub fn silu_mul(width: u32) -> (Kernel, u32) {
    let kernel = compose("silu_mul", &[("WIDTH", Constant::U32(width))], &[include_str!("silu_mul.wgsl")]);
    (kernel, (width / 4).div_ceil(WORKGROUP))
}
