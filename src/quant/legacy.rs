//! Blocks of 32 weights that share one f16 scale `d` and, in the `_1` types, one f16 minimum `m`.
//!
//! In the 4- and 5-bit types byte `i` of `qs` holds two weights: number `i` in its low four bits and number `i + 16`
//! in its high four. Products and sums are rounded to f32 one by one, in the order of ggml, which makes the result
//! equal bit for bit.

use super::f16_at;

/// `d: f16 | qs: [i8; 32]`, weight = d * q.
pub(super) fn q8_0(block: &[u8; 34], out: &mut [f32; 32]) {
    let d = f16_at(block, 0);
    for i in 0..32 {
        out[i] = f32::from(block[2 + i].cast_signed()) * d;
    }
}

/// `d: f16 | qs: [u8; 16]`, weight = d * (q - 8).
pub(super) fn q4_0(block: &[u8; 18], out: &mut [f32; 32]) {
    let d = f16_at(block, 0);
    for i in 0..16 {
        let q = block[2 + i];
        out[i] = d * (f32::from(q & 15) - 8.0);
        out[i + 16] = d * (f32::from(q >> 4) - 8.0);
    }
}

/// `d: f16 | m: f16 | qs: [u8; 16]`, weight = d * q + m.
pub(super) fn q4_1(block: &[u8; 20], out: &mut [f32; 32]) {
    let (d, m) = (f16_at(block, 0), f16_at(block, 2));
    for i in 0..16 {
        let q = block[4 + i];
        out[i] = d * f32::from(q & 15) + m;
        out[i + 16] = d * f32::from(q >> 4) + m;
    }
}

/// `d: f16 | qh: u32 | qs: [u8; 16]`, weight = d * (q - 16). Bit `i` of `qh` is the fifth bit of weight `i`.
pub(super) fn q5_0(block: &[u8; 22], out: &mut [f32; 32]) {
    let d = f16_at(block, 0);
    let qh = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
    for i in 0..16 {
        let q = block[6 + i];
        out[i] = d * (f32::from(q & 15 | fifth_bit(qh, i)) - 16.0);
        out[i + 16] = d * (f32::from(q >> 4 | fifth_bit(qh, i + 16)) - 16.0);
    }
}

/// `d: f16 | m: f16 | qh: u32 | qs: [u8; 16]`, weight = d * q + m. `qh` as in [`q5_0`].
pub(super) fn q5_1(block: &[u8; 24], out: &mut [f32; 32]) {
    let (d, m) = (f16_at(block, 0), f16_at(block, 2));
    let qh = u32::from_le_bytes([block[4], block[5], block[6], block[7]]);
    for i in 0..16 {
        let q = block[8 + i];
        out[i] = d * f32::from(q & 15 | fifth_bit(qh, i)) + m;
        out[i + 16] = d * f32::from(q >> 4 | fifth_bit(qh, i + 16)) + m;
    }
}

/// Bit `i` of `qh`, as the fifth bit of a weight: 0 or 16.
fn fifth_bit(qh: u32, i: usize) -> u8 {
    if qh >> i & 1 == 1 { 16 } else { 0 }
}
