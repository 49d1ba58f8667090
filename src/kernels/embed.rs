//! Looking up the rows of tokens in the packed embedding matrix.

use super::compose::{compose, unroll};
use super::{Packed, WORKGROUP, step};
use crate::gpu::Kernel;

/// Writes the rows of the step's tokens that lie in this piece to x \[count, cols\]. Bindings: weights, step, x.
/// Returns the kernel and its workgroups along the columns; along y, one workgroup a token.
pub fn embed(packed: &Packed) -> (Kernel, u32) {
    let body = unroll(include_str!("embed.wgsl"), &[("k", 2)]);
    let parts = [&[step::WGSL, &body], &packed.reader()[..]].concat();
    (compose("embed", &packed.constants(), &parts), (packed.cols / 32).div_ceil(WORKGROUP))
}
