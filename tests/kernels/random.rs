//! Numbers, blocks of weights and steps from a seeded generator.

use super::bound;
use half::{bf16, f16};
use inkstone::kernels::{Attention, KvShape, KvSide, Packed, step, twin};
use inkstone::quant::{DType, dequantize};

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Random(u64);

impl Random {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    /// A float of either sign whose magnitude is in 2^-6 ..= 4, or now and then zero: no product of two of them, nor
    /// with a weight, is subnormal, so nothing may be flushed to zero.
    pub fn float(&mut self) -> f32 {
        if self.below(32) == 0 {
            return 0.0;
        }
        let magnitude = (1.0 + self.below(1 << 23) as f32 / (1 << 23) as f32) * 2.0_f32.powi(self.below(8) as i32 - 6);
        if self.below(2) == 0 { magnitude } else { -magnitude }
    }

    /// `count` of [`Random::float`].
    pub fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.float()).collect()
    }

    /// (cos, sin) of random angles, `pairs` of them.
    pub fn rotation(&mut self, pairs: usize) -> Vec<f32> {
        let mut angle = || self.below(1 << 20) as f64 / (1 << 20) as f64 * std::f64::consts::TAU;
        let pairs = (0..pairs).map(|_| angle().sin_cos());
        pairs.flat_map(|(sin, cos)| [cos as f32, sin as f32]).collect()
    }

    /// A finite f16 of sane size: one in four is subnormal, as scales of K-quants often are, one in sixteen zero.
    fn half(&mut self) -> u16 {
        let sign = (self.below(2) as u16) << 15;
        let magnitude = match self.below(16) {
            0 => 0,
            1..5 => 1 + self.below(0x3ff) as u16,
            // Exponents of 2^-14 to 2^1.
            _ => 0x400 + self.below(16 << 10) as u16,
        };
        sign | magnitude
    }

    /// Blocks of random integers under sane scales.
    pub fn blocks(&mut self, dtype: DType, count: usize) -> Vec<u8> {
        match dtype {
            DType::F32 => (0..count).flat_map(|_| self.float().to_le_bytes()).collect(),
            DType::BF16 => (0..count).flat_map(|_| bf16::from_f32(self.float()).to_le_bytes()).collect(),
            _ => {
                let mut bytes: Vec<u8> = (0..count * dtype.block_bytes()).map(|_| self.bits() as u8).collect();
                for block in bytes.chunks_exact_mut(dtype.block_bytes()) {
                    for field in dtype.planes().iter().filter(|field| field.scale) {
                        for scale in block[field.range()].as_chunks_mut::<2>().0 {
                            *scale = f16::from_bits(self.half()).to_le_bytes();
                        }
                    }
                }
                bytes
            }
        }
    }

    /// A cache full of random numbers, in the words that the twin writes.
    pub fn cache(&mut self, shape: &KvShape) -> Vec<u32> {
        let mut words = vec![0; (shape.bytes() / 4) as usize];
        let numbers = self.floats((shape.kv_heads * shape.context * shape.head_dim) as usize);
        // Heads of a token after each other, without queries: values alone.
        let sizes = Attention { heads: 0, kv: *shape };
        let width = (shape.kv_heads * shape.head_dim) as usize;
        let qkv: Vec<f32> = numbers.chunks_exact(width).flat_map(|v| [&vec![0.0; width][..], v].concat()).collect();
        twin::kv_write(&sizes, KvSide::Values, 0, &[], &qkv, &mut words);
        words
    }

    /// A piece of a matrix.
    pub fn matrix(&mut self, dtype: DType, rows: u32, cols: u32, first_row: u32) -> Matrix {
        let packed = Packed { dtype, rows, cols, first_row };
        let bytes = self.blocks(dtype, packed.blocks() as usize);
        let mut weights = vec![0.0; (rows * cols) as usize];
        dequantize(dtype, &bytes, &mut weights).expect("whole blocks");
        let (words, faults) = twin::repack(&packed, &bytes);
        assert_eq!(faults, 0);
        let magnitudes = bound::magnitudes(dtype, &bytes, &weights);
        Matrix { packed, words, weights, magnitudes }
    }
}

/// A piece of a matrix in both forms.
pub struct Matrix {
    pub packed: Packed,
    /// Packed, as on the GPU.
    pub words: Vec<u32>,
    /// Dequantised, \[rows, cols\].
    pub weights: Vec<f32>,
    /// See [`bound::magnitudes`].
    pub magnitudes: Vec<f32>,
}

/// The step buffer for `tokens` from `position` on, as long as the model's.
pub fn step_words(position: u32, tokens: &[u32]) -> Vec<u32> {
    let mut words = step::words(position, tokens, step::Unit::default());
    words.resize((step::BYTES / 4) as usize, u32::MAX);
    words
}

/// The step buffer for `count` tokens whose ids do not matter.
pub fn step_of(position: u32, count: u32) -> Vec<u32> {
    step_words(position, &vec![0; count as usize])
}
