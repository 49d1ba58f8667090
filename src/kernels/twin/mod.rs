//! The kernels again in plain Rust: one function each, with the same arguments in the same order of numbers.
//!
//! They are what the kernels are tested against (`tests/kernels.rs`), so they must stay plain: loops over rows and
//! columns, sums in f64, no tiles, nothing shared with the shaders. A result is rounded to f32 once, at its end. Nothing
//! on the hot path may call them.

mod kv;
mod repack;

pub use kv::{kv_read, kv_write};
pub use repack::repack;

use super::{Accumulate, Attention, Packed, Rows};

/// The twin of [`embed`](super::embed()): the rows of `tokens` that lie in the piece, to x \[count, cols\]. `weights` are
/// those of the piece, \[rows, cols\].
pub fn embed(packed: &Packed, weights: &[f32], tokens: &[u32], x: &mut [f32]) {
    let cols = packed.cols as usize;
    for (token, out) in tokens.iter().zip(x.chunks_exact_mut(cols)) {
        if (packed.first_row..packed.first_row + packed.rows).contains(token) {
            let row = (token - packed.first_row) as usize;
            out.copy_from_slice(&weights[row * cols..][..cols]);
        }
    }
}

/// The twin of [`matmul`](super::matmul()), and with one token of [`matvec`](super::matvec()): the product of the piece's
/// weights \[rows, cols\] with x \[count, cols\], to the columns of y \[count, stride\] that are the piece's.
pub fn matmul(packed: &Packed, weights: &[f32], accumulate: Accumulate, stride: u32, x: &[f32], y: &mut [f32]) {
    let cols = packed.cols as usize;
    for (token, out) in x.chunks_exact(cols).zip(y.chunks_mut(stride as usize)) {
        for (row, y) in weights.chunks_exact(cols).zip(&mut out[packed.first_row as usize..]) {
            let before = match accumulate {
                Accumulate::Replace => 0.0,
                Accumulate::Add => f64::from(*y),
            };
            *y = (before + dot(row, token)) as f32;
        }
    }
}

/// The twin of [`rms_norm`](super::rms_norm()) for the tokens of a step, x \[count, width\].
pub fn rms_norm(x: &[f32], weight: &[f32], eps: f32, rows: Rows) -> Vec<f32> {
    let width = weight.len();
    let first = match rows {
        Rows::All => 0,
        Rows::Last => x.len() - width,
    };
    let mut out = Vec::with_capacity(x.len() - first);
    for row in x[first..].chunks_exact(width) {
        let scale = 1.0 / (dot(row, row) / width as f64 + f64::from(eps)).sqrt();
        out.extend(row.iter().zip(weight).map(|(x, w)| (f64::from(*x) * scale * f64::from(*w)) as f32));
    }
    out
}

/// The twin of [`rope`](super::rope()): rotates the pairs of the queries in projections
/// \[count, heads + 2 kv_heads, head_dim\] by rotation \[context, head_dim / 2\] of (cos, sin); the first token stands at
/// `position`.
pub fn rope(attention: &Attention, position: u32, rotation: &[f32], qkv: &mut [f32]) {
    let (heads, head_dim) = (attention.heads as usize, attention.kv.head_dim as usize);
    for (t, token) in qkv.chunks_exact_mut(attention.width() as usize).enumerate() {
        let turns = &rotation[(position as usize + t) * head_dim..][..head_dim];
        for head in token.chunks_exact_mut(head_dim).take(heads) {
            rotate(head, turns);
        }
    }
}

/// Turns each pair (x, y) of a head by its pair (cos, sin).
pub fn rotate(head: &mut [f32], turns: &[f32]) {
    for (pair, turn) in head.chunks_exact_mut(2).zip(turns.chunks_exact(2)) {
        let [x, y, cos, sin] = [pair[0], pair[1], turn[0], turn[1]].map(f64::from);
        pair[0] = (x * cos - y * sin) as f32;
        pair[1] = (x * sin + y * cos) as f32;
    }
}

/// The twin of [`attention`](super::attention()): the queries of projections \[count, heads + 2 kv_heads, head_dim\] over
/// keys and values \[kv_heads, context, head_dim\] as read from the cache; the first token stands at `position`. After
/// [`rope`] and [`kv_write`], with one token of [`decode_attention`](super::decode_attention()) and
/// [`combine`](super::combine()), too.
pub fn attention(attention: &Attention, position: u32, qkv: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
    let [heads, kv_heads, context, head_dim] =
        [attention.heads, attention.kv.kv_heads, attention.kv.context, attention.kv.head_dim].map(|n| n as usize);
    let mut out = Vec::with_capacity(qkv.len());
    for (i, query) in queries(attention, qkv).enumerate() {
        let (token, head) = (i / heads, i % heads);
        let visible = position as usize + token + 1;
        let first = head / (heads / kv_heads) * context * head_dim;
        let keys = &keys[first..][..visible * head_dim];
        let values = &values[first..][..visible * head_dim];
        let weights = softmax(&scores(query, keys));
        out.extend((0..head_dim).map(|c| {
            let column = values.iter().skip(c).step_by(head_dim);
            weights.iter().zip(column).map(|(w, v)| w * f64::from(*v)).sum::<f64>() as f32
        }));
    }
    out
}

/// The heads of all queries in projections \[count, heads + 2 kv_heads, head_dim\].
pub fn queries<'a>(attention: &Attention, qkv: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
    let (heads, head_dim) = (attention.heads as usize, attention.kv.head_dim as usize);
    qkv.chunks_exact(attention.width() as usize).flat_map(move |token| token.chunks_exact(head_dim).take(heads))
}

/// query · key / √head_dim for each of `keys`.
pub fn scores(query: &[f32], keys: &[f32]) -> Vec<f64> {
    let root = (query.len() as f64).sqrt();
    keys.chunks_exact(query.len()).map(|key| dot(query, key) / root).collect()
}

/// exp(score) over the sum of all of them.
pub fn softmax(scores: &[f64]) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|score| (score - highest).exp()).sum();
    scores.iter().map(|score| (score - highest).exp() / total).collect()
}

/// The twin of [`silu_mul`](super::silu_mul()): gate / (1 + exp(-gate)) · up of rows \[count, 2 width\] that hold gates,
/// then ups.
pub fn silu_mul(width: u32, gate_up: &[f32]) -> Vec<f32> {
    let gated = |row: &[f32]| {
        let (gate, up) = row.split_at(width as usize);
        let pairs = gate.iter().zip(up).map(|(gate, up)| (f64::from(*gate), f64::from(*up)));
        pairs.map(|(gate, up)| (gate / (1.0 + (-gate).exp()) * up) as f32).collect::<Vec<f32>>()
    };
    gate_up.chunks_exact(2 * width as usize).flat_map(gated).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::KvShape;
    use crate::protocol::KvType;

    #[test]
    fn a_quarter_turn_takes_x_to_y() {
        let kv = KvShape { kv_type: KvType::F32, kv_heads: 1, context: 2, head_dim: 2 };
        let mut qkv = [3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
        rope(&Attention { heads: 1, kv }, 1, &[1.0, 0.0, 0.0, 1.0], &mut qkv);
        assert_eq!(qkv, [-4.0, 3.0, 5.0, 6.0, 7.0, 8.0]);
    }

    #[test]
    fn equal_scores_average_the_visible_values() {
        let kv = KvShape { kv_type: KvType::F32, kv_heads: 1, context: 3, head_dim: 2 };
        let values = [1.0, 10.0, 3.0, 30.0, 100.0, 100.0];
        let out = attention(&Attention { heads: 1, kv }, 0, &[1.0; 12], &[0.5; 6], &values);
        assert_eq!(out, [1.0, 10.0, 2.0, 20.0]);
    }

    #[test]
    fn a_row_of_equal_numbers_is_normed_to_ones() {
        assert_eq!(rms_norm(&[7.0, 7.0, -3.0, -3.0], &[1.0, 2.0], 0.0, Rows::All), [1.0, 2.0, -1.0, -2.0]);
        assert_eq!(rms_norm(&[7.0, 7.0, -3.0, -3.0], &[1.0, 2.0], 0.0, Rows::Last), [-1.0, -2.0]);
    }
}
