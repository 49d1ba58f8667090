//! Causal attention with grouped queries over the packed cache.

use super::compose::{Constant, compose};
use super::{KvShape, step};
use crate::gpu::Kernel;

/// Sizes of the attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attention {
    /// Query heads: a multiple of the key/value heads.
    pub heads: u32,
    /// The cache.
    pub kv: KvShape,
}

impl Attention {
    /// The largest head: its vectors of four are the columns that one workgroup can hold.
    pub const MAX_HEAD_DIM: u32 = 256;

    /// Numbers of a token's projections: the heads of its queries, of its keys, of its values.
    pub fn width(&self) -> u32 {
        (self.heads + 2 * self.kv.kv_heads) * self.kv.head_dim
    }

    pub(super) fn constants(&self) -> Vec<(&'static str, Constant)> {
        let mut constants = self.kv.constants();
        constants.push(("HEADS", Constant::U32(self.heads)));
        constants.push(("GROUP", Constant::U32(self.heads / self.kv.kv_heads)));
        constants.push(("SCALE", Constant::F32((1.0 / f64::from(self.kv.head_dim).sqrt()) as f32)));
        constants
    }
}

/// out\[t, h\] = softmax(q\[t, h\] · K / √head_dim) V over the positions up to the token's own. Bindings: step,
/// projections \[count, heads + 2 kv_heads, head_dim\] with the queries in front, keys, values, out. One workgroup a
/// query: x over heads, y over tokens.
pub fn attention(attention: &Attention) -> Kernel {
    let constants = attention.constants();
    let keys = attention.kv.reader("k_cache");
    let values = attention.kv.reader("v_cache");
    compose("attention", &constants, &[step::WGSL, include_str!("attention.wgsl"), &keys, &values])
}
