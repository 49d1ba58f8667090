//! Products with packed matrices: one token (decode) and many tokens (prefill).

use super::compose::{Constant, compose};
use super::{Packed, step};
use crate::gpu::{DeviceClass, Kernel, Workgroups};

/// Whether a product replaces its output or is added to it (the residual stream).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accumulate {
    /// y = W x
    Replace,
    /// y += W x
    Add,
}

impl Accumulate {
    fn wgsl(self) -> &'static str {
        match self {
            Self::Replace => "fn store(i: u32, value: f32) { y[i] = value; }\n",
            Self::Add => "fn store(i: u32, value: f32) { y[i] += value; }\n",
        }
    }
}

/// The ways to multiply a matrix with one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatvecVariant {
    /// One invocation a row.
    Rows,
    /// Sixteen invocations a row.
    Lanes,
}

impl MatvecVariant {
    /// Every variant; each is valid on every device.
    pub const ALL: [Self; 2] = [Self::Rows, Self::Lanes];

    /// The variants, the one that suits a kind of device best first.
    pub fn by_preference(class: DeviceClass) -> [Self; 2] {
        match class {
            DeviceClass::Software => [Self::Rows, Self::Lanes],
            DeviceClass::Gpu => [Self::Lanes, Self::Rows],
        }
    }

    /// The variant to use where nothing is known against it.
    pub fn suited_to(class: DeviceClass) -> Self {
        let [best, _] = Self::by_preference(class);
        best
    }

    /// The kernel's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "matvec_rows",
            Self::Lanes => "matvec_lanes",
        }
    }
}

/// The kernels of one packed piece. Bindings: weights, x, y and, for many tokens, the step.
#[derive(Debug, Clone)]
pub struct Linear {
    /// For one token.
    pub matvec: (Kernel, Workgroups),
    /// For the tokens of a step; launched over (this many row tiles, token tiles of [`Linear::TOKENS`]).
    pub matmul: (Kernel, u32),
}

impl Linear {
    /// Tokens of a tile of the many-token kernel.
    pub const TOKENS: u32 = 32;
    const ROWS: u32 = 64;
}

/// `y[first_row ..] = W x` (or `+=`) for one token.
pub fn matvec(packed: &Packed, accumulate: Accumulate, variant: MatvecVariant) -> (Kernel, Workgroups) {
    let [common, shared, format] = packed.reader();
    let (body, workgroups) = match variant {
        MatvecVariant::Rows => (include_str!("matvec_rows.wgsl"), Workgroups(packed.rows.div_ceil(64), 1, 1)),
        MatvecVariant::Lanes => {
            let workgroups = packed.rows.div_ceil(4);
            // A dimension holds at most 65,535 workgroups; the kernel stops at the last row.
            let x = workgroups.min(32_768);
            (include_str!("matvec_lanes.wgsl"), Workgroups(x, workgroups.div_ceil(x), 1))
        }
    };
    let parts = [body, accumulate.wgsl(), common, shared, format];
    (compose(variant.name(), &packed.constants(), &parts), workgroups)
}

/// `Y[t, first_row ..] = W X[t]` (or `+=`) for the tokens of a step; rows of `Y` are `stride` numbers apart.
/// Returns the kernel and its workgroups along the rows.
pub fn matmul(packed: &Packed, accumulate: Accumulate, stride: u32) -> (Kernel, u32) {
    let [common, shared, format] = packed.reader();
    let mut constants = packed.constants();
    constants.push(("STRIDE", Constant::U32(stride)));
    let parts = [step::WGSL, include_str!("matmul.wgsl"), accumulate.wgsl(), common, shared, format];
    (compose("matmul", &constants, &parts), packed.rows.div_ceil(Linear::ROWS))
}
