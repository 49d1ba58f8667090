//! The twin of the repacking kernels.

use crate::kernels::Packed;
use crate::quant::DType;

/// The twin of [`repack`](crate::kernels::repack()) for a whole piece: its words from the file's bytes, and how many of
/// the words of its scales hold a number that is not finite.
pub fn repack(packed: &Packed, bytes: &[u8]) -> (Vec<u32>, u32) {
    let starts = packed.plane_words();
    let mut words = vec![0; (packed.bytes() / 4) as usize];
    let mut faults = 0;
    for (field, start) in packed.dtype.planes().iter().zip(starts) {
        let blocks = bytes.chunks_exact(packed.dtype.block_bytes());
        let mut plane: Vec<u8> = blocks.flat_map(|block| &block[field.range()]).copied().collect();
        plane.resize(plane.len().next_multiple_of(4), 0);
        for (i, word) in plane.as_chunks::<4>().0.iter().enumerate() {
            words[start as usize + i] = u32::from_le_bytes(*word);
            if field.scale && !all_finite(packed.dtype, *word) {
                faults += 1;
            }
        }
    }
    (words, faults)
}

/// Whether the one or two floats of a word of scales are finite.
fn all_finite(dtype: DType, word: [u8; 4]) -> bool {
    let halves = [[word[0], word[1]], [word[2], word[3]]];
    match dtype {
        DType::F32 => f32::from_le_bytes(word).is_finite(),
        DType::BF16 => halves.iter().all(|half| half::bf16::from_le_bytes(*half).is_finite()),
        _ => halves.iter().all(|half| half::f16::from_le_bytes(*half).is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_blocks_become_planes() {
        let packed = Packed { dtype: DType::Q4_0, rows: 3, cols: 32, first_row: 0 };
        let block = |d: [u8; 2], q: u8| [d.to_vec(), vec![q; 16]].concat();
        // The third scale is an infinity.
        let bytes = [block([1, 2], 10), block([3, 4], 11), block([0, 0x7c], 12)].concat();
        let (words, faults) = repack(&packed, &bytes);
        let plane = |q: u32| [q * 0x0101_0101; 4];
        assert_eq!(words, [&plane(10)[..], &plane(11), &plane(12), &[0x0403_0201, 0x7c00, 0, 0]].concat());
        assert_eq!(faults, 1);
    }
}
