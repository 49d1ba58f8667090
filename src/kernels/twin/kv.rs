//! The twin of the packed cache: the same words as the shaders write, block by block.

use super::rotate;
use crate::kernels::{Attention, KvShape, KvSide};
use crate::protocol::KvType;
use half::f16;

/// The twin of [`kv_write`](crate::kernels::kv_write()): packs the keys or values of projections
/// \[count, heads + 2 kv_heads, head_dim\] into the words of the cache \[kv_heads, context, head_dim\]; the first token
/// stands at `position`.
pub fn kv_write(sizes: &Attention, side: KvSide, position: u32, rotation: &[f32], qkv: &[f32], cache: &mut [u32]) {
    let shape = &sizes.kv;
    let first_head = match side {
        KvSide::Keys => sizes.heads,
        KvSide::Values => sizes.heads + shape.kv_heads,
    };
    let heads_of = |token| {
        let heads = <[f32]>::chunks_exact(token, shape.head_dim as usize);
        heads.skip(first_head as usize).take(shape.kv_heads as usize)
    };
    let source = qkv.chunks_exact(sizes.width() as usize).flat_map(heads_of);
    let [kv_heads, context, head_dim, block] =
        [shape.kv_heads, shape.context, shape.head_dim, shape.block()].map(|n| n as usize);
    let scales = first_scale(shape);
    for (i, head) in source.enumerate() {
        let (position, kv_head) = (position as usize + i / kv_heads, i % kv_heads);
        let mut numbers = head.to_vec();
        if side == KvSide::Keys {
            rotate(&mut numbers, &rotation[position * head_dim..][..head_dim]);
        }
        let first_block = (kv_head * context + position) * (head_dim / block);
        for (b, numbers) in numbers.chunks_exact(block).enumerate() {
            let (words, scale) = pack(shape.kv_type, numbers);
            cache[(first_block + b) * words.len()..][..words.len()].copy_from_slice(&words);
            if let Some(scale) = scale {
                cache[scales + first_block + b] = scale.to_bits();
            }
        }
    }
}

/// The numbers \[kv_heads, context, head_dim\] that attention reads from the words of a cache.
pub fn kv_read(shape: &KvShape, cache: &[u32]) -> Vec<f32> {
    let scales = first_scale(shape);
    let scale = |block: usize| f32::from_bits(cache[scales + block]);
    let words = &cache[..scales];
    let halves = |word: &u32| [*word as u16, (*word >> 16) as u16].map(|half| f16::from_bits(half).to_f32());
    let bytes = |word: u32| word.to_le_bytes().map(|q| f32::from(q.cast_signed()));
    let nibbles = |word: u32| std::array::from_fn::<f32, 8, _>(|i| (word >> (4 * i) & 15) as f32 - 8.0);
    match shape.kv_type {
        KvType::F32 => words.iter().map(|word| f32::from_bits(*word)).collect(),
        KvType::F16 => words.iter().flat_map(halves).collect(),
        KvType::Q8_0 => (0..scales).flat_map(|i| bytes(words[i]).map(|q| scale(i / 8) * q)).collect(),
        KvType::Q4_0 => (0..scales).flat_map(|i| nibbles(words[i]).map(|q| scale(i / 4) * q)).collect(),
    }
}

/// The word at which the scales begin: behind all packed numbers.
fn first_scale(shape: &KvShape) -> usize {
    let words = (shape.bytes() / 4) as usize;
    let blocks = (shape.kv_heads * shape.context * shape.head_dim / shape.block()) as usize;
    match shape.kv_type {
        KvType::F32 | KvType::F16 => words,
        KvType::Q8_0 | KvType::Q4_0 => words - blocks,
    }
}

/// One block's words, and its scale where it has one.
fn pack(kv_type: KvType, numbers: &[f32]) -> (Vec<u32>, Option<f32>) {
    match kv_type {
        KvType::F32 => (numbers.iter().map(|n| n.to_bits()).collect(), None),
        KvType::F16 => {
            let half = |n: f32| u32::from(f16::from_f32(n.clamp(-65504.0, 65504.0)).to_bits());
            (vec![half(numbers[0]) | half(numbers[1]) << 16], None)
        }
        KvType::Q8_0 => {
            let largest = numbers.iter().fold(0.0_f32, |largest, n| largest.max(n.abs()));
            let inverse = if largest > 0.0 { 127.0 / largest } else { 0.0 };
            let byte = |n: &f32| (n * inverse).round_ties_even() as i8 as u8;
            let words = numbers.chunks_exact(4);
            let words = words.map(|n| u32::from_le_bytes([byte(&n[0]), byte(&n[1]), byte(&n[2]), byte(&n[3])]));
            (words.collect(), Some(largest / 127.0))
        }
        KvType::Q4_0 => {
            // Of several with the largest magnitude, the first.
            let largest = numbers.iter().fold(0.0_f32, |largest, n| if n.abs() > largest.abs() { *n } else { largest });
            let inverse = if largest == 0.0 { 0.0 } else { -8.0 / largest };
            let nibble = |n: &f32| ((n * inverse).round_ties_even() + 8.0).clamp(0.0, 15.0) as u32;
            let word = |eight: &[f32]| eight.iter().rev().fold(0, |word, n| word << 4 | nibble(n));
            (numbers.chunks_exact(8).map(word).collect(), Some(largest / -8.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_close_to_what_was_written() {
        let numbers: Vec<f32> = (0..64_i16).map(|i| f32::from(i * 37 % 64 - 31) / 8.0).collect();
        // f16 holds these exactly. The rest of rounding is half a step; at the end of the range that is one step
        // shorter, 4 bits may lose a whole one. Steps: the largest, 4, over 127 and 8.
        let errors = [(KvType::F32, 0.0), (KvType::F16, 0.0), (KvType::Q8_0, 2.001 / 127.0), (KvType::Q4_0, 4.0 / 8.0)];
        for (kv_type, error) in errors {
            let shape = KvShape { kv_type, kv_heads: 1, context: 2, head_dim: 32 };
            let mut cache = vec![0; (shape.bytes() / 4) as usize];
            let qkv = [&[0.0; 32][..], &[0.0; 32], &numbers[..32], &[0.0; 64], &numbers[32..]].concat();
            kv_write(&Attention { heads: 1, kv: shape }, KvSide::Values, 0, &[], &qkv, &mut cache);
            for (read, written) in kv_read(&shape, &cache).iter().zip(&numbers) {
                assert!((read - written).abs() <= error, "{kv_type:?}: {written} became {read}");
            }
        }
    }

    #[test]
    fn f16_holds_no_infinity() {
        let shape = KvShape { kv_type: KvType::F16, kv_heads: 1, context: 1, head_dim: 2 };
        let mut cache = [0];
        let sizes = Attention { heads: 1, kv: shape };
        kv_write(&sizes, KvSide::Values, 0, &[], &[0.0, 0.0, 0.0, 0.0, 1e9, -1e9], &mut cache);
        assert_eq!(kv_read(&shape, &cache), [65504.0, -65504.0]);
    }
}
