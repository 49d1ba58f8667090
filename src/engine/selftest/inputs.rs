//! What the checks compute on: the same numbers on every machine and in every version.
//!
//! Every number is a multiple of 2^-6 of modest size, so sums of products lose little and no rounding lies near a tie.

use super::check::{Check, HEAD_DIM, KV_HEADS, TOKENS, VOCABULARY, WIDTH};
use crate::kernels::{Packed, step};
use crate::quant::DType;
use half::{bf16, f16};

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub struct Inputs(u64);

impl Inputs {
    /// The inputs of a check; variants of a kernel have the same.
    pub fn new(check: Check) -> Self {
        // FNV-1a: any fixed spreading of the key will do.
        let seed = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(check.key().bytes().fold(0xcbf2_9ce4_8422_2325, seed))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// k / 64 with |k| < 128.
    fn float(&mut self) -> f32 {
        (self.bits() % 255) as f32 / 64.0 - 127.0 / 64.0
    }

    /// `count` numbers.
    pub fn floats(&mut self, count: u32) -> Vec<f32> {
        (0..count).map(|_| self.float()).collect()
    }

    /// Logits as a model has them: many small ones, few that stand out. Products of two numbers, which are exact.
    pub fn logits(&mut self) -> Vec<f32> {
        (0..VOCABULARY).map(|_| 4.0 * self.float() * self.float()).collect()
    }

    /// Numbers small enough for sums of products with them to be about 1.
    pub fn gentle(&mut self, count: u32) -> Vec<f32> {
        (0..count).map(|_| self.float() / 32.0).collect()
    }

    /// Queries, keys and values of `count` tokens.
    pub fn projections(&mut self, count: u32) -> [Vec<f32>; 3] {
        let kv = count * KV_HEADS * HEAD_DIM;
        [self.floats(count * WIDTH), self.cached(kv), self.cached(kv)]
    }

    /// Numbers for the cache. Every block of 32 begins with its largest, 2; no other is a multiple of 1/8: so none lies
    /// on a tie of the quantised caches, and all are exact in f16.
    pub fn cached(&mut self, count: u32) -> Vec<f32> {
        let mut numbers = Vec::with_capacity(count as usize);
        while numbers.len() < count as usize {
            let number = if numbers.len().is_multiple_of(32) { 2.0 } else { self.float() };
            if number == 2.0 || number * 8.0 != (number * 8.0).trunc() {
                numbers.push(number);
            }
        }
        numbers
    }

    /// Ids of a step.
    pub fn tokens(&mut self) -> Vec<u32> {
        (0..TOKENS).map(|_| (self.bits() % u64::from(WIDTH)) as u32).collect()
    }

    /// (cos, sin) for every position in use: quarter turns, which are exact.
    pub fn rotation(&mut self) -> Vec<f32> {
        const QUARTERS: [[f32; 2]; 4] = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]];
        let pairs = 16 * HEAD_DIM / 2;
        (0..pairs).flat_map(|_| QUARTERS[(self.bits() % 4) as usize]).collect()
    }

    /// Blocks of a matrix: random integers under scales of 2^-8 to 2^-5, which are exact in every type.
    pub fn blocks(&mut self, packed: &Packed) -> Vec<u8> {
        let (dtype, count) = (packed.dtype, packed.blocks() as usize);
        match dtype {
            DType::F32 => (0..count).flat_map(|_| self.float().to_le_bytes()).collect(),
            DType::F16 => (0..count).flat_map(|_| f16::from_f32(self.float()).to_le_bytes()).collect(),
            DType::BF16 => (0..count).flat_map(|_| bf16::from_f32(self.float()).to_le_bytes()).collect(),
            _ => {
                let mut bytes: Vec<u8> = (0..count * dtype.block_bytes()).map(|_| self.bits() as u8).collect();
                for block in bytes.chunks_exact_mut(dtype.block_bytes()) {
                    for field in dtype.planes().iter().filter(|field| field.scale) {
                        for scale in block[field.range()].as_chunks_mut::<2>().0 {
                            let power = -5 - (self.bits() % 4) as i32;
                            *scale = f16::from_f32(2.0_f32.powi(power)).to_le_bytes();
                        }
                    }
                }
                bytes
            }
        }
    }
}

/// The step buffer, as long as the model's.
pub fn step_words(position: u32, tokens: &[u32]) -> Vec<u32> {
    let mut words = step::words(position, tokens, step::Unit::default());
    words.resize((step::BYTES / 4) as usize, 0);
    words
}

/// Rows of `count` tokens that have a row of each of `parts`, one after the other.
pub fn side_by_side(count: u32, parts: &[&[f32]]) -> Vec<f32> {
    let row = |t: usize| {
        parts
            .iter()
            .flat_map(move |part| part.iter().skip(t * part.len() / count as usize).take(part.len() / count as usize))
    };
    (0..count as usize).flat_map(row).copied().collect()
}

/// The bits of floats, as a buffer holds them.
pub fn words(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| float.to_bits()).collect()
}
