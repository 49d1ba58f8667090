//! Super-blocks of 256 weights: f16 scales for the block, and small integers that scale each group of 16 or 32.
//!
//! Weights are numbered 0..256 in the order in which they stand in a row; `w` is such a number below. Where several
//! weights share a byte they are 32 (or 64) apart, so that a SIMD unit can unpack 32 neighbours at once. Products and
//! differences are rounded to f32 one by one, in the order of ggml, which makes the result equal bit for bit.

use super::f16_at;

/// `scales: [u8; 16] | qs: [u8; 64] | d: f16 | dmin: f16`, weight = d * scale * q - dmin * min.
///
/// Group `w / 16` has its scale in the low and its min in the high four bits of one byte of `scales`. A half of the
/// block (128 weights) has 32 bytes of `qs`; byte `i` holds weights `i`, `i + 32`, `i + 64`, `i + 96` of the half,
/// two bits each, the first lowest.
pub(super) fn q2_k(block: &[u8; 84], out: &mut [f32; 256]) {
    let (d, dmin) = (f16_at(block, 80), f16_at(block, 82));
    for (w, weight) in out.iter_mut().enumerate() {
        let (half, quarter, i) = (w / 128, w % 128 / 32, w % 32);
        let group = block[w / 16];
        let scale = d * f32::from(group & 15);
        let min = dmin * f32::from(group >> 4);
        let q = block[16 + 32 * half + i] >> (2 * quarter) & 3;
        *weight = scale * f32::from(q) - min;
    }
}

/// `hmask: [u8; 32] | qs: [u8; 64] | scales: [u8; 12] | d: f16`, weight = d * (scale - 32) * (q - 4).
///
/// The low two bits of `q` lie as in [`q2_k`]; its third is bit `w / 32` of `hmask[w % 32]`. The 6-bit scale of group
/// `g = w / 16` has its low four bits in `scales[g % 8]` (low half of the byte for g < 8, high half for the others)
/// and its high two in `scales[8 + g % 4]`, at bit `2 * (g / 4)`.
pub(super) fn q3_k(block: &[u8; 110], out: &mut [f32; 256]) {
    let d = f16_at(block, 108);
    for (w, weight) in out.iter_mut().enumerate() {
        let (half, quarter, i) = (w / 128, w % 128 / 32, w % 32);
        let g = w / 16;
        let low = block[96 + g % 8] >> (4 * (g / 8)) & 15;
        let high = block[104 + g % 4] >> (2 * (g / 4)) & 3;
        let scale = d * (f32::from(low | high << 4) - 32.0);
        let low = block[32 + 32 * half + i] >> (2 * quarter) & 3;
        let high = block[i] >> (w / 32) & 1;
        *weight = scale * (f32::from(low | high << 2) - 4.0);
    }
}

/// `d: f16 | dmin: f16 | scales: [u8; 12] | qs: [u8; 128]`, weight = d * scale * q - dmin * min.
///
/// Groups of 32 weights come in pairs that share 32 bytes of `qs`: the even group in the low four bits, the odd one in
/// the high. For the scales see [`scale_and_min`].
pub(super) fn q4_k(block: &[u8; 144], out: &mut [f32; 256]) {
    let (d, dmin) = (f16_at(block, 0), f16_at(block, 2));
    for (w, weight) in out.iter_mut().enumerate() {
        let (group, i) = (w / 32, w % 32);
        let (scale, min) = scale_and_min(&block[4..16], group);
        let q = block[16 + 32 * (group / 2) + i] >> (4 * (group % 2)) & 15;
        *weight = d * scale * f32::from(q) - dmin * min;
    }
}

/// `d: f16 | dmin: f16 | scales: [u8; 12] | qh: [u8; 32] | qs: [u8; 128]`, weight = d * scale * q - dmin * min.
///
/// As [`q4_k`], with the fifth bit of weight `w` in bit `w / 32` of `qh[w % 32]`.
pub(super) fn q5_k(block: &[u8; 176], out: &mut [f32; 256]) {
    let (d, dmin) = (f16_at(block, 0), f16_at(block, 2));
    for (w, weight) in out.iter_mut().enumerate() {
        let (group, i) = (w / 32, w % 32);
        let (scale, min) = scale_and_min(&block[4..16], group);
        let low = block[48 + 32 * (group / 2) + i] >> (4 * (group % 2)) & 15;
        let high = block[16 + i] >> group & 1;
        *weight = d * scale * f32::from(low | high << 4) - dmin * min;
    }
}

/// `ql: [u8; 128] | qh: [u8; 64] | scales: [i8; 16] | d: f16`, weight = d * scale * (q - 32).
///
/// A half of the block (128 weights) has 64 bytes of `ql` and 32 of `qh`. Of the half's weight `v`, the low four bits
/// are in `ql[v % 64]` (low half of the byte for v < 64, high half for the others), the high two in `qh[v % 32]` at
/// bit `2 * (v / 32)`. Group `w / 16` has one signed scale.
pub(super) fn q6_k(block: &[u8; 210], out: &mut [f32; 256]) {
    let d = f16_at(block, 208);
    for (w, weight) in out.iter_mut().enumerate() {
        let (half, v) = (w / 128, w % 128);
        let scale = d * f32::from(block[192 + w / 16].cast_signed());
        let low = block[64 * half + v % 64] >> (4 * (v / 64)) & 15;
        let high = block[128 + 32 * half + v % 32] >> (2 * (v / 32)) & 3;
        *weight = scale * (f32::from(low | high << 4) - 32.0);
    }
}

/// The 6-bit scale and min of one of the eight groups of [`q4_k`] and [`q5_k`].
///
/// The twelve bytes are three rows of four. Groups 0..4 have their scale in the low six bits of row 0 and their min in
/// those of row 1. Groups 4..8 have their low four bits in row 2 (scale low, min high half of the byte) and their high
/// two in the bits that rows 0 and 1 have left over.
fn scale_and_min(scales: &[u8], group: usize) -> (f32, f32) {
    let (i, first, second) = (group % 4, scales[group % 4], scales[group % 4 + 4]);
    let (scale, min) = if group < 4 {
        (first & 63, second & 63)
    } else {
        let third = scales[i + 8];
        (third & 15 | first >> 6 << 4, third >> 4 | second >> 6 << 4)
    };
    (f32::from(scale), f32::from(min))
}
