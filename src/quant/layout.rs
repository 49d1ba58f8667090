//! The planes into which the GPU repacks a block, and where each of them lies in the file's block.
//!
//! Blocks of 18, 22 or 210 bytes cannot be read as aligned `u32`s. So upload splits a tensor into one plane per field,
//! each of which can. The order of the planes is a contract with the kernels that read them and must never change
//! without them: first the integers that are most of the block, last the scales.

use super::DType;
use std::ops::Range;

/// One field of a block, and the plane of that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// First byte inside the block.
    pub offset: u32,
    /// Bytes in each block.
    pub bytes: u32,
    /// Whether these are floats that scale weights (or are them) rather than integers.
    pub scale: bool,
}

impl Field {
    /// The bytes of the field inside its block.
    pub const fn range(self) -> Range<usize> {
        self.offset as usize..(self.offset + self.bytes) as usize
    }
}

/// A field of integers.
const fn integers(offset: u32, bytes: u32) -> Field {
    Field { offset, bytes, scale: false }
}

/// A field of floats.
const fn scales(offset: u32, bytes: u32) -> Field {
    Field { offset, bytes, scale: true }
}

impl DType {
    /// The fields of a block, in the order of the planes on the GPU.
    pub const fn planes(self) -> &'static [Field] {
        match self {
            Self::F32 => const { &[scales(0, 4)] },
            Self::F16 | Self::BF16 => const { &[scales(0, 2)] },
            // qs, d
            Self::Q8_0 => const { &[integers(2, 32), scales(0, 2)] },
            Self::Q4_0 => const { &[integers(2, 16), scales(0, 2)] },
            // qs, d and m
            Self::Q4_1 => const { &[integers(4, 16), scales(0, 4)] },
            // qs, qh, d (and m)
            Self::Q5_0 => const { &[integers(6, 16), integers(2, 4), scales(0, 2)] },
            Self::Q5_1 => const { &[integers(8, 16), integers(4, 4), scales(0, 4)] },
            // qs, scales, d and dmin
            Self::Q2K => const { &[integers(16, 64), integers(0, 16), scales(80, 4)] },
            // qs, hmask, scales, d
            Self::Q3K => const { &[integers(32, 64), integers(0, 32), integers(96, 12), scales(108, 2)] },
            // qs, scales, d and dmin
            Self::Q4K => const { &[integers(16, 128), integers(4, 12), scales(0, 4)] },
            // qs, qh, scales, d and dmin
            Self::Q5K => const { &[integers(48, 128), integers(16, 32), integers(4, 12), scales(0, 4)] },
            // ql, qh, scales, d
            Self::Q6K => const { &[integers(0, 128), integers(128, 64), integers(192, 16), scales(208, 2)] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_cover_a_block_exactly_once() {
        for dtype in DType::ALL {
            let mut covered = vec![0; dtype.block_bytes()];
            for field in dtype.planes() {
                for count in &mut covered[field.range()] {
                    *count += 1;
                }
            }
            assert!(covered.iter().all(|count| *count == 1), "{dtype}: {covered:?}");
        }
    }

    #[test]
    fn scales_come_last_and_integers_are_whole_words() {
        for dtype in DType::ALL {
            let (last, integers) = dtype.planes().split_last().unwrap();
            assert!(last.scale, "{dtype}");
            assert!(integers.iter().all(|field| !field.scale && field.bytes % 4 == 0), "{dtype}");
        }
    }
}
