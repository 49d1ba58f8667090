//! The block formats of GGUF weights: their sizes, their layout, and plain-Rust dequantisers.
//!
//! The dequantisers are the oracle: GPU kernels are tested against them, and they are tested bit for bit against
//! ggml's own. They are written to be read next to the format, one block at a time, never to be fast: nothing on the
//! hot path may call them. What a block's bytes mean is said once, at its function in `legacy` or `k_quants`.

#![deny(clippy::unwrap_used, clippy::expect_used)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod dtype;
mod float;
mod k_quants;
mod layout;
mod legacy;

pub use dtype::DType;
pub use layout::Field;

use crate::error::{Error, ErrorKind, Result};
use half::f16;

/// Writes the weights stored in `bytes` to `out`.
///
/// `bytes` must be whole blocks and `out` exactly as long as they say; anything else is a bug of the caller.
pub fn dequantize(dtype: DType, bytes: &[u8], out: &mut [f32]) -> Result<()> {
    let blocks = bytes.len() / dtype.block_bytes();
    if !bytes.len().is_multiple_of(dtype.block_bytes()) || blocks.checked_mul(dtype.block_len()) != Some(out.len()) {
        return Err(Error::new(
            ErrorKind::Internal,
            format!(
                "cannot dequantise {} bytes of {dtype} into {} weights: a block is {} bytes and {} weights",
                bytes.len(),
                out.len(),
                dtype.block_bytes(),
                dtype.block_len(),
            ),
        ));
    }
    match dtype {
        DType::F32 => each_block(bytes, out, float::f32),
        DType::F16 => each_block(bytes, out, float::f16),
        DType::BF16 => each_block(bytes, out, float::bf16),
        DType::Q8_0 => each_block(bytes, out, legacy::q8_0),
        DType::Q4_0 => each_block(bytes, out, legacy::q4_0),
        DType::Q4_1 => each_block(bytes, out, legacy::q4_1),
        DType::Q5_0 => each_block(bytes, out, legacy::q5_0),
        DType::Q5_1 => each_block(bytes, out, legacy::q5_1),
        DType::Q2K => each_block(bytes, out, k_quants::q2_k),
        DType::Q3K => each_block(bytes, out, k_quants::q3_k),
        DType::Q4K => each_block(bytes, out, k_quants::q4_k),
        DType::Q5K => each_block(bytes, out, k_quants::q5_k),
        DType::Q6K => each_block(bytes, out, k_quants::q6_k),
    }
    Ok(())
}

/// The first block that would make a weight NaN or infinite, counted from 0; `None` if there is none.
///
/// Quantised integers are always finite and a finite f16 scale cannot overflow f32, so only the scales are looked at.
/// Of the float types every weight is its own block. An incomplete last block is not looked at.
pub fn first_not_finite(dtype: DType, bytes: &[u8]) -> Option<u64> {
    let finite = |scale: &[u8]| match dtype {
        DType::F32 => scale.as_chunks::<4>().0.iter().all(|raw| f32::from_le_bytes(*raw).is_finite()),
        DType::BF16 => scale.as_chunks::<2>().0.iter().all(|raw| half::bf16::from_le_bytes(*raw).is_finite()),
        _ => scale.as_chunks::<2>().0.iter().all(|raw| f16::from_le_bytes(*raw).is_finite()),
    };
    let scales = || dtype.planes().iter().filter(|field| field.scale);
    let position = bytes
        .chunks_exact(dtype.block_bytes())
        .position(|block| scales().any(|field| !block.get(field.range()).is_some_and(finite)));
    position.map(|block| block as u64)
}

/// Calls `decode` for every block of `B` bytes with the `N` weights that it stands for.
fn each_block<const B: usize, const N: usize>(bytes: &[u8], out: &mut [f32], decode: fn(&[u8; B], &mut [f32; N])) {
    for (block, weights) in bytes.as_chunks::<B>().0.iter().zip(out.as_chunks_mut::<N>().0) {
        decode(block, weights);
    }
}

/// The little-endian f16 at byte `at` of a block.
fn f16_at<const B: usize>(block: &[u8; B], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dequantiser_takes_blocks_of_the_size_its_type_states() {
        for dtype in DType::ALL {
            let bytes = vec![0; 3 * dtype.block_bytes()];
            // Left as NaN wherever a dequantiser of another block size would not write.
            let mut out = vec![f32::NAN; 3 * dtype.block_len()];
            dequantize(dtype, &bytes, &mut out).unwrap();
            assert!(out.iter().all(|weight| *weight == 0.0), "{dtype}");
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_an_error() {
        for (bytes, weights) in [(17, 32), (18, 31), (18, 64), (0, 32), (36, 32)] {
            let error = dequantize(DType::Q4_0, &vec![0; bytes], &mut vec![0.0; weights]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Internal);
        }
    }

    #[test]
    fn a_fault_is_found_in_every_scale_and_nowhere_else() {
        for dtype in DType::ALL {
            for field in dtype.planes() {
                // All ones is NaN in every float format and harmless in every integer field.
                let mut bytes = vec![0; 5 * dtype.block_bytes()];
                let start = 3 * dtype.block_bytes() + field.range().end - 2;
                bytes[start..start + 2].fill(0xff);
                assert_eq!(first_not_finite(dtype, &bytes), field.scale.then_some(3), "{dtype} {field:?}");
            }
            assert_eq!(first_not_finite(dtype, &[]), None);
        }
    }

    #[test]
    fn both_infinities_are_faults_and_the_largest_numbers_are_not() {
        let q4_0 = |d: u16| [&d.to_le_bytes()[..], &[0; 16]].concat();
        for (d, fault) in [(0x7c00, Some(0)), (0xfc00, Some(0)), (0x7e00, Some(0)), (0x7bff, None), (0xfbff, None)] {
            assert_eq!(first_not_finite(DType::Q4_0, &q4_0(d)), fault, "{d:04x}");
        }
        assert_eq!(first_not_finite(DType::F32, &f32::NEG_INFINITY.to_le_bytes()), Some(0));
        assert_eq!(first_not_finite(DType::F32, &f32::MAX.to_le_bytes()), None);
        assert_eq!(first_not_finite(DType::BF16, &0x7f80_u16.to_le_bytes()), Some(0));
        assert_eq!(first_not_finite(DType::BF16, &0x7c00_u16.to_le_bytes()), None);
    }
}
