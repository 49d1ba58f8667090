//! Products of a packed matrix with the vectors of a step: prefill.

use super::compose::{Constant, compose_with, unroll};
use super::variants::Variant;
use super::{Accumulate, MatmulVariant, Packed, step};
use crate::gpu::{Kernel, Workgroups};

/// A product with the tokens of a step. Bindings: weights, x, y, step.
#[derive(Debug, Clone)]
pub struct Matmul {
    /// The kernel.
    pub kernel: Kernel,
    row_tiles: u32,
    tile_tokens: u32,
}

impl Matmul {
    /// The workgroups for `count` tokens.
    pub fn workgroups(&self, count: u32) -> Workgroups {
        Workgroups(self.row_tiles, count.div_ceil(self.tile_tokens), 1)
    }
}

/// Y\[t, first_row ..\] = W X\[t\] (or +=) for the tokens of a step; rows of Y are `stride` numbers apart.
pub fn matmul(packed: &Packed, accumulate: Accumulate, stride: u32, variant: MatmulVariant) -> Matmul {
    const WHOLE: &str = include_str!("matmul/whole.wgsl");
    // Rows and tokens whose sums an invocation keeps, and tokens of a workgroup.
    let (body, main, each, unrolled, tokens) = match variant {
        MatmulVariant::Rows => (WHOLE, include_str!("matmul/alone.wgsl"), rows_each(packed), 16, 16),
        MatmulVariant::Quads => (WHOLE, include_str!("matmul/shared.wgsl"), rows_each(packed), 16, 16),
        MatmulVariant::Tiles => (include_str!("matmul/tiles.wgsl"), "", 1, 8, 32),
    };
    let body = unroll(body, &[("r", each), ("t", unrolled), ("m", packed.units()), ("k", 2)]);
    let parts = [&[step::WGSL, &*body, main, accumulate.wgsl()], &packed.reader()[..]].concat();
    let sizes = [("STRIDE", stride), ("EACH", each), ("TOKENS", tokens)];
    let sizes = sizes.map(|(name, value)| (name, Constant::U32(value))).to_vec();
    let kernel = compose_with(variant.extension(), variant.name(), &[packed.constants(), sizes].concat(), &parts);
    let kernel = kernel.over(packed.describe(), packed.weights());
    Matmul { kernel, row_tiles: packed.rows.div_ceil(64 * each), tile_tokens: tokens }
}

/// Rows of an invocation that has whole ones: more share what is loaded of x, but take longer to compile, and leave less
/// for every processor. Small matrices are done before that would pay.
fn rows_each(packed: &Packed) -> u32 {
    if packed.rows < 1024 || packed.weights() < 1 << 20 { 2 } else { 8 }
}
