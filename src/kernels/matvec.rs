//! Products of a packed matrix with one vector: decoding.

use super::compose::{Constant, compose_with, unroll};
use super::variants::Variant;
use super::{MatvecVariant, Packed};
use crate::gpu::{Kernel, Workgroups};

/// Whether a product replaces its output or is added to it (the residual stream).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accumulate {
    /// y = W x
    Replace,
    /// y += W x
    Add,
}

impl Accumulate {
    pub(super) fn wgsl(self) -> &'static str {
        match self {
            Self::Replace => "fn store(i: u32, value: f32) { y[i] = value; }\n",
            Self::Add => "fn store(i: u32, value: f32) { y[i] += value; }\n",
        }
    }
}

/// What a matrix is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Input {
    /// x
    Plain,
    /// x / sqrt(mean(x²) + eps) · norm, with the weights `norm` as one more binding.
    Normed {
        /// What keeps the root from zero.
        eps: f32,
    },
}

/// What becomes of the product W x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Output {
    /// It is y, or a part of it.
    Rows(Accumulate),
    /// The first half of the rows are gates: y = silu(gate) · up, half as long.
    Gated,
}

/// y\[first_row ..\] from W x for one token. Bindings: weights, x, y, and the norm's weights where x is normed.
pub fn matvec(packed: &Packed, input: Input, output: Output, variant: MatvecVariant) -> (Kernel, Workgroups) {
    const WHOLE: &str = include_str!("matvec/whole.wgsl");
    const LANES: &str = include_str!("matvec/lanes.wgsl");
    // How many rows an invocation has, and how many such sets of them a workgroup.
    let (body, main, each, sets) = match variant {
        MatvecVariant::Rows => (WHOLE, include_str!("matvec/alone.wgsl"), rows_each(packed), 64),
        MatvecVariant::Quads => (WHOLE, include_str!("matvec/shared.wgsl"), rows_each(packed), 64),
        MatvecVariant::Lanes => (LANES, include_str!("matvec/tree.wgsl"), 2, 4),
        MatvecVariant::Subgroups => (LANES, include_str!("matvec/subgroups.wgsl"), 4, 1),
    };
    let (finish, store, each, outputs, rows) = match output {
        Output::Rows(accumulate) => (include_str!("matvec/singles.wgsl"), accumulate.wgsl(), each, each, packed.rows),
        Output::Gated => {
            let each = each.max(2);
            (include_str!("matvec/pairs.wgsl"), Accumulate::Replace.wgsl(), each, each / 2, packed.rows / 2)
        }
    };
    let mut constants = packed.constants();
    constants.push(("EACH", Constant::U32(each)));
    constants.push(("OUTPUTS", Constant::U32(outputs)));
    let head = match input {
        Input::Plain => include_str!("matvec/plain.wgsl"),
        Input::Normed { eps } => {
            constants.push(("EPS", Constant::F32(eps)));
            include_str!("matvec/normed.wgsl")
        }
    };
    let counts = [("r", each), ("p", outputs), ("m", packed.units()), ("k", 2)];
    let texts = [body, main, finish].map(|text| unroll(text, &counts));
    let parts = [&[head, &*texts[0], &*texts[1], &*texts[2], store], &packed.reader()[..]].concat();
    let workgroups = rows.div_ceil(outputs * sets);
    // A dimension holds at most 65,535 workgroups; the kernels stop at the last row.
    let x = workgroups.min(32_768);
    let kernel = compose_with(variant.extension(), variant.name(), &constants, &parts);
    let kernel = kernel.over(packed.describe(), packed.weights());
    (kernel, Workgroups(x, workgroups.div_ceil(x), 1))
}

/// Rows of an invocation that has whole ones: more share what is loaded of x, fewer leave work for every processor.
fn rows_each(packed: &Packed) -> u32 {
    match packed.rows.div_ceil(64) {
        0..16 => 1,
        16..32 => 2,
        _ => 4,
    }
}
