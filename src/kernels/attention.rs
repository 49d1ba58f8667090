//! Causal attention with grouped queries over the packed cache.

use super::compose::{Constant, compose_with, unroll};
use super::variants::Variant;
use super::{AttentionVariant, KvShape, step};
use crate::gpu::{Kernel, Workgroups};

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

/// Attention of the tokens of a step. Bindings: step, projections \[count, heads + 2 kv_heads, head_dim\] with the queries in
/// front, keys, values, out.
#[derive(Debug, Clone)]
pub struct PrefillAttention {
    /// The kernel.
    pub kernel: Kernel,
    head_tiles: u32,
    tile_tokens: u32,
}

impl PrefillAttention {
    /// The workgroups for `count` tokens.
    pub fn workgroups(&self, count: u32) -> Workgroups {
        Workgroups(self.head_tiles, count.div_ceil(self.tile_tokens), 1)
    }
}

/// out\[t, h\] = softmax(q\[t, h\] · K / √head_dim) V over the positions up to the token's own.
pub fn attention(attention: &Attention, variant: AttentionVariant) -> PrefillAttention {
    // A quad shares four vectors at a time; heads that are no multiple of that are for tests only.
    let variant = if attention.kv.head_dim.is_multiple_of(16) { variant } else { AttentionVariant::PLAIN };
    let (body, tile_heads, tile_tokens) = match variant {
        AttentionVariant::Queries => (include_str!("attention/queries.wgsl"), 4, 16),
        AttentionVariant::Tiles => (include_str!("attention/tiles.wgsl"), 1, 1),
    };
    let body = unroll(body, &[("b", attention.kv.head_dim / 16), ("w", 4)]);
    let (keys, values) = (attention.kv.reader("k_cache"), attention.kv.reader("v_cache"));
    let parts = [step::WGSL, &body, &keys, &values];
    let kernel = compose_with(variant.extension(), variant.name(), &attention.constants(), &parts);
    PrefillAttention { kernel, head_tiles: attention.heads.div_ceil(tile_heads), tile_tokens }
}
