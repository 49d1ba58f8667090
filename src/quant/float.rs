//! Weights that are floats already. Each weight is a block of its own.

/// `f32`, little-endian.
pub(super) fn f32(block: &[u8; 4], out: &mut [f32; 1]) {
    out[0] = f32::from_le_bytes(*block);
}

/// IEEE half precision: every value, subnormals included, is an f32 exactly.
pub(super) fn f16(block: &[u8; 2], out: &mut [f32; 1]) {
    out[0] = half::f16::from_le_bytes(*block).to_f32();
}

/// The upper half of an f32; the lower half is zero.
pub(super) fn bf16(block: &[u8; 2], out: &mut [f32; 1]) {
    out[0] = half::bf16::from_le_bytes(*block).to_f32();
}
