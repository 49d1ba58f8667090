//! Attention of a single token: rotation, the write to the cache and the softmax in one launch, or in two for a long
//! conversation.

use super::compose::{Constant, compose, unroll};
use super::{Attention, step};
use crate::gpu::Kernel;

/// Positions of a stretch of a cache of `context` positions: short ones keep a GPU busy, many cost memory.
pub fn stretch(context: u32) -> u32 {
    context.div_ceil(64).next_multiple_of(64).max(256)
}

/// How the positions are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stretches {
    /// One workgroup sees all of them: enough for [`stretch`] positions. Writes the result.
    One,
    /// Workgroups along y have [`stretch`] positions each, and [`combine`] puts together what they found.
    Several,
}

/// out \[heads, head_dim\] of a single token from its projections \[heads + 2 kv_heads, head_dim\], which also go into the
/// cache. Bindings: step, rotation, projections, keys, values, out. With several stretches out is
/// \[stretches, heads, head_dim\], and one more binding has the highest score and the sum of weights of each,
/// \[stretches, heads\] pairs. Workgroups: x over key/value heads, y over stretches.
pub fn decode_attention(attention: &Attention, stretches: Stretches) -> Kernel {
    let (keys, values) = ("k_cache", "v_cache");
    let body = include_str!("decode_attention/attend.wgsl");
    let body = unroll(body, &[("g", attention.heads / attention.kv.kv_heads)]);
    let (finish, split) = match stretches {
        Stretches::One => (include_str!("decode_attention/whole.wgsl"), attention.kv.context),
        Stretches::Several => (include_str!("decode_attention/stretch.wgsl"), stretch(attention.kv.context)),
    };
    let mut constants = attention.constants();
    constants.push(("SPLIT", Constant::U32(split)));
    let cache = [keys, values].map(|cache| attention.kv.reader(cache) + "\n" + &attention.kv.writer(cache));
    let [keys, values] = &cache;
    compose("decode_attention", &constants, &[step::WGSL, &body, finish, keys, values])
}

/// The result from what [`decode_attention`] has found in several stretches. Bindings: step, its out, its pairs, out
/// \[heads, head_dim\]. One workgroup a head along x.
pub fn combine(attention: &Attention) -> Kernel {
    let mut constants = attention.constants();
    constants.push(("SPLIT", Constant::U32(stretch(attention.kv.context))));
    compose("combine", &constants, &[step::WGSL, include_str!("decode_attention/combine.wgsl")])
}
