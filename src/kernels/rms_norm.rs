//! Root-mean-square normalisation (Zhang and Sennrich, 2019).

use super::compose::{Constant, compose};
use super::step;
use crate::gpu::Kernel;

/// Which rows a kernel takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rows {
    /// Every token of the step.
    All,
    /// The step's last token, written to row 0.
    Last,
}

/// out\[t\] = x\[t\] / sqrt(mean(x\[t\]²) + eps) · weight, rows of `width` (a multiple of 4). Bindings: x, weight, out,
/// step. One workgroup a row along x.
pub fn rms_norm(width: u32, eps: f32, rows: Rows) -> Kernel {
    let constants = [
        ("WIDTH", Constant::U32(width)),
        ("EPS", Constant::F32(eps)),
        ("LAST_ONLY", Constant::Bool(rows == Rows::Last)),
    ];
    compose("rms_norm", &constants, &[step::WGSL, include_str!("rms_norm.wgsl")])
}
