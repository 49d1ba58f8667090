//! How far a kernel may be from its twin, derived from what WGSL promises of each operation (WGSL, "Floating Point
//! Accuracy") and the usual analysis of rounding errors (Higham, "Accuracy and Stability of Numerical Algorithms",
//! chapter 3).
//!
//! WGSL does not fix the direction of rounding, so the unit roundoff is a whole unit in the last place. It lets an
//! implementation reorder sums and fuse products where that is no less accurate; the bounds hold for every order. It
//! lets it flush subnormals; the inputs are such that only `exp` and f16 meet any, and a term stands for them there.
//! Twins sum in f64 and round once: one more unit each.

use inkstone::kernels::{Accumulate, Attention, Packed, twin};
use inkstone::quant::{DType, dequantize};

/// The unit roundoff of f32 in WGSL: one unit in the last place.
pub const U: f64 = 1.0 / (1 << 23) as f64;

/// The smallest normal f32: what is flushed to zero is smaller.
pub const TINY: f64 = f32::MIN_POSITIVE as f64;

/// Higham's γₙ: |(1 + δ₁) … (1 + δₙ) - 1| for n roundings δ is at most n u / (1 - n u).
pub fn gamma(n: usize) -> f64 {
    let nu = n as f64 * U;
    nu / (1.0 - nu)
}

/// The error of one dequantised weight relative to itself.
///
/// d has 11 significant bits, a scale or min of a group at most 7 (and a sign), q at most 6: every product d · scale · q
/// has 24 at most and is exact in f32, as are the offsets -8 d, -16 d, -4 d scale, -32 d scale and dmin · min. Where the
/// offset is a multiple of d · scale the sum d · scale · (q - offset) has no more bits than that and is exact too: such a
/// weight must be equal, in whatever order it is computed. Where it has a factor of its own (m, dmin) only the sum is
/// rounded, here and in ggml, so that even where it cancels the error is one unit of the result.
pub fn weight(dtype: DType) -> f64 {
    match dtype {
        DType::F32 | DType::F16 | DType::BF16 => 0.0,
        DType::Q8_0 | DType::Q4_0 | DType::Q5_0 | DType::Q3K | DType::Q6K => 0.0,
        DType::Q4_1 | DType::Q5_1 | DType::Q2K | DType::Q4K | DType::Q5K => U,
    }
}

/// For each of `weights`, which are those of the blocks `bytes`: |scale · number| + |offset|, of which it is the sum. It
/// may be much larger than the weight, and kernels that add up the two parts separately err by a share of it.
pub fn magnitudes(dtype: DType, bytes: &[u8], weights: &[f32]) -> Vec<f32> {
    let number_planes = match dtype {
        DType::F32 | DType::F16 | DType::BF16 => 0,
        DType::Q8_0 => 1,
        DType::Q4_0 | DType::Q4_1 | DType::Q2K | DType::Q4K => 1,
        DType::Q5_0 | DType::Q5_1 | DType::Q3K | DType::Q5K | DType::Q6K => 2,
    };
    if number_planes == 0 {
        return weights.iter().map(|weight| weight.abs()).collect();
    }
    // A block whose numbers are zero is one of offsets. Those of Q8_0 are used with 128 added to them.
    let zero = if dtype == DType::Q8_0 { 0x80 } else { 0 };
    let mut zeroed = bytes.to_vec();
    for block in zeroed.chunks_exact_mut(dtype.block_bytes()) {
        dtype.planes().iter().take(number_planes).for_each(|field| block[field.range()].fill(zero));
    }
    let mut offsets = vec![0.0; weights.len()];
    dequantize(dtype, &zeroed, &mut offsets).expect("whole blocks");
    weights.iter().zip(offsets).map(|(weight, offset)| (weight - offset).abs() + offset.abs()).collect()
}

/// For each number of y \[count, stride\]: zero for those that are not the piece's.
///
/// A dot product of n terms in any order is off by at most γₙ Σ|w x| (Higham, equation 3.5). One rounding more for the
/// weight, one for the sum with the former y, one for the twin's result: γₙ₊₃ (|y| + Σ|w x|).
/// Kernels that add up scale · number and offset separately, 16 at a time, have sums no deeper than n for 32 columns or
/// more, and a product more: γₙ₊₄ (|y| + Σ(|scale number| + |offset|) |x|). So `magnitudes` are the weights for the
/// ones, and for the others what [`magnitudes`] says.
pub fn matmul(
    packed: &Packed,
    magnitudes: &[f32],
    accumulate: Accumulate,
    stride: u32,
    x: &[f32],
    before: &[f32],
) -> Vec<f64> {
    let absolute = |numbers: &[f32]| numbers.iter().map(|number| number.abs()).collect::<Vec<f32>>();
    // -1 where the product writes nothing.
    let mut sums = vec![-1.0; before.len()];
    twin::matmul(packed, &absolute(magnitudes), Accumulate::Replace, stride, &absolute(x), &mut sums);
    let bound = |(sum, before): (&f32, &f32)| match accumulate {
        _ if *sum < 0.0 => 0.0,
        Accumulate::Replace => gamma(packed.cols as usize + 4) * f64::from(*sum),
        Accumulate::Add => gamma(packed.cols as usize + 4) * (f64::from(*sum) + f64::from(before.abs())),
    };
    sums.iter().zip(before).map(bound).collect()
}

/// For each row of the product with a vector that is normed on the way, of which `normed` is the result.
///
/// The root and the division by it are off by as much as in [`rms_norm`], the product with the norm's weight by 1, the sum
/// by as much as in [`matmul`]; the twin rounds the normed numbers.
pub fn normed(packed: &Packed, magnitudes: &[f32], normed: &[f32]) -> Vec<f64> {
    let cols = packed.cols as usize;
    let sums = magnitudes
        .chunks_exact(cols)
        .map(|row| row.iter().zip(normed).map(|(w, x)| f64::from(w.abs()) * f64::from(x.abs())).sum::<f64>());
    sums.map(|sum| gamma(cols + cols / 2 + 18) * sum).collect()
}

/// For each number of silu(gate) · up, where the first half of `rows` are gates, and each row is off by `errors`.
///
/// The slope of silu is 1.1 at most, its magnitude that of the gate; products of two errors are less than a hundredth.
pub fn gated(rows: &[f32], errors: &[f64]) -> Vec<f64> {
    let half = rows.len() / 2;
    let bound = |i: usize| {
        let (gate, up) = (rows[i], rows[half + i]);
        let moved =
            1.1 * errors[i] * (f64::from(up.abs()) + errors[half + i]) + f64::from(gate.abs()) * errors[half + i];
        1.01 * (moved + silu_mul(gate, up))
    };
    (0..half).map(bound).collect()
}

/// For each number of the result of a norm over `width` columns.
///
/// The sum of squares has no cancellation: relative error γ of `width`. The mean adds a division (2.5 units), eps a sum
/// (1); the root halves all of that. sqrt is 1 / inverseSqrt (2 + 2.5), then a division (2.5), two products, the twin:
/// width / 2 + 1.75 + 10 units.
pub fn rms_norm(width: usize, expected: &[f32]) -> Vec<f64> {
    expected.iter().map(|out| gamma(width / 2 + 12) * f64::from(out.abs())).collect()
}

/// For each number of heads that were rotated: two products and a sum, off by γ₂ (|x cos| + |y sin|) (and the same with
/// x and y swapped), and the twin's rounding.
pub fn rope(heads: &[f32], turns: &[f32]) -> Vec<f64> {
    let pairs = heads.chunks_exact(2).zip(turns.chunks_exact(2).cycle());
    let bounds = pairs.map(|(pair, turn)| {
        let [x, y, cos, sin] = [pair[0], pair[1], turn[0], turn[1]].map(|number| f64::from(number.abs()));
        [gamma(3) * (x * cos + y * sin), gamma(3) * (x * sin + y * cos)]
    });
    bounds.flatten().collect()
}

/// For each number of gate / (1 + exp(-gate)) · up.
///
/// exp(-g) is off by 3 + 2 |g| units, of which its share e / (1 + e) of the divisor remains; the sum is off by 1, the
/// division by 2.5, the product and the twin by 1 each. Divisors above 2^126, so g below -87, have no promise: there
/// the result may be anything between zero and twice the true one, which is nearly zero itself. Results and an exp(-g)
/// that are subnormal may be flushed.
pub fn silu_mul(gate: f32, up: f32) -> f64 {
    let (g, up) = (f64::from(gate), f64::from(up));
    let e = (-g).exp();
    let exact = (g / (1.0 + e) * up).abs();
    let flushed = TINY * (1.0 + g.abs()) * (1.0 + up.abs());
    let units = if g < -87.0 { 1.0 } else { U * ((3.0 + 2.0 * g.abs()) * e / (1.0 + e) + 5.5) };
    1.001 * exact * units + flushed
}

/// For each number of attention's result.
///
/// Key i has the score s = Σ q k / √d. Rounded are k when it is unpacked, the constant 1 / √d, its product with q, and
/// the dot product: |error of s| ≤ γ of (d + 3) times Σ|q k| / √d, called e.
/// Its weight is exp(s - m) for the highest score m so far, times exp(m - m') for each later, higher m'. Whatever the
/// m are, they cancel in the quotient; only the roundings remain. The arguments of the exps sum to s - m of the end; each
/// is rounded (|argument| units), its exp has 3 + 2 |argument|, its product with the sum so far 1. So with T tiles (of one key each at the least), and one
/// more such step where several stretches are combined, the weight is off by r = e + (3 |s - m| + 4 (T + 2)) units,
/// relatively.
/// The quotient Σ p v / Σ p has n sums in both parts, a product, the rounding of v when it is unpacked, a division
/// (2.5), the twin. Together, to first order: Σ p |v| (r + R) + (2 n + 8) units of Σ p |v|, where R = Σ p r. Products of
/// two errors are less than a hundredth of that; exps that are flushed change nothing that f32 could show, as the
/// weights sum to 1 at least.
pub fn attention(attention: &Attention, position: u32, qkv: &[f32], keys: &[f32], values: &[f32]) -> Vec<f64> {
    let [heads, kv_heads, context, head_dim] =
        [attention.heads, attention.kv.kv_heads, attention.kv.context, attention.kv.head_dim].map(|n| n as usize);
    let magnitudes = |numbers: &[f32]| numbers.iter().map(|number| number.abs()).collect::<Vec<f32>>();
    let mut bounds = Vec::with_capacity(qkv.len());
    for (i, query) in twin::queries(attention, qkv).enumerate() {
        let visible = position as usize + i / heads + 1;
        let first = i % heads / (heads / kv_heads) * context * head_dim;
        let (keys, values) = (&keys[first..][..visible * head_dim], &values[first..][..visible * head_dim]);
        let scores = twin::scores(query, keys);
        let weights = twin::softmax(&scores);
        let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // A query an invocation takes one key at a time.
        let tiles = visible as f64;
        let sizes = twin::scores(&magnitudes(query), &magnitudes(keys));
        let errors: Vec<f64> = scores
            .iter()
            .zip(sizes)
            .map(|(s, size)| gamma(head_dim + 3) * size + U * (3.0 * (highest - s) + 4.0 * (tiles + 2.0)))
            .collect();
        let mean: f64 = weights.iter().zip(&errors).map(|(p, r)| p * r).sum();
        let sums = gamma(2 * visible + 8);
        bounds.extend((0..head_dim).map(|c| {
            let column = values.iter().skip(c).step_by(head_dim);
            let parts = weights.iter().zip(&errors).zip(column);
            let error: f64 = parts.map(|((p, r), v)| p * f64::from(v.abs()) * (r + mean + sums)).sum();
            1.01 * error + TINY * 64.0
        }));
    }
    bounds
}
