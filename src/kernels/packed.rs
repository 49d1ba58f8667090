//! The packed form of a matrix on the GPU: planes of 16-byte vectors instead of the file's blocks.

use super::compose::Constant;
use crate::quant::DType;

/// Rows of a matrix in packed form in one buffer: a whole tensor, or a piece of one that is too large for a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Packed {
    /// The type of the weights.
    pub dtype: DType,
    /// Rows in this piece.
    pub rows: u32,
    /// Columns: a multiple of 32, and of the type's block.
    pub cols: u32,
    /// The piece's first row in the tensor.
    pub first_row: u32,
}

impl Packed {
    /// Blocks in this piece.
    pub fn blocks(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.cols) / self.dtype.block_len() as u64
    }

    /// The first 32-bit word of each plane, in the order of [`DType::planes`], and last the end of the last one.
    pub fn plane_words(&self) -> Vec<u64> {
        let mut next = 0;
        let mut words = vec![next];
        for field in self.dtype.planes() {
            // A plane begins at a 16-byte vector, so that it can be read in vectors.
            next += (self.blocks() * u64::from(field.bytes)).next_multiple_of(16) / 4;
            words.push(next);
        }
        words
    }

    /// Bytes of the buffer.
    pub fn bytes(&self) -> u64 {
        self.plane_words().last().map_or(0, |words| words * 4)
    }

    /// Its first rows, at most `rows` and as many as `bytes` hold, by halves.
    pub fn shortened(mut self, rows: u32, bytes: u64) -> Self {
        self.rows = self.rows.min(rows);
        while self.bytes() > bytes && self.rows > 64 {
            self.rows /= 2;
        }
        self
    }

    /// Type and size, for people.
    pub fn describe(&self) -> String {
        format!("{} {}x{}", self.dtype, self.rows, self.cols)
    }

    /// Weights in this piece.
    pub fn weights(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.cols)
    }

    pub(super) fn constants(&self) -> Vec<(&'static str, Constant)> {
        const PLANES: [&str; 4] = ["PLANE0", "PLANE1", "PLANE2", "PLANE3"];
        let mut constants = vec![
            ("ROWS", Constant::U32(self.rows)),
            ("COLS", Constant::U32(self.cols)),
            ("FIRST_ROW", Constant::U32(self.first_row)),
            // With a length that is known, an index is kept inside without asking for it at every load.
            ("VECTORS", Constant::U32((self.bytes() / 16) as u32)),
        ];
        let words = self.plane_words();
        constants.extend(PLANES.into_iter().zip(words).map(|(name, word)| (name, Constant::U32(word as u32))));
        constants
    }

    /// The WGSL that reads the weights, in units of 32; see `weights/common.wgsl`.
    pub(super) fn reader(&self) -> Vec<&'static str> {
        const COMMON: &str = include_str!("weights/common.wgsl");
        const LEGACY: &str = include_str!("weights/legacy.wgsl");
        const NIBBLES: &str = include_str!("weights/nibbles.wgsl");
        const FIVE_BITS: &str = include_str!("weights/five_bits.wgsl");
        const K_QUANTS: &str = include_str!("weights/k_quants.wgsl");
        const SCALE_MIN: &str = include_str!("weights/scale_min.wgsl");
        const UNSCALED: &str = include_str!("weights/unscaled.wgsl");
        const HALVES: &str = include_str!("weights/halves.wgsl");
        match self.dtype {
            DType::F32 => vec![COMMON, LEGACY, UNSCALED, include_str!("weights/f32.wgsl")],
            DType::F16 => vec![COMMON, LEGACY, UNSCALED, HALVES, include_str!("weights/f16.wgsl")],
            DType::BF16 => vec![COMMON, LEGACY, UNSCALED, HALVES, include_str!("weights/bf16.wgsl")],
            DType::Q8_0 => vec![COMMON, LEGACY, include_str!("weights/q8_0.wgsl")],
            DType::Q4_0 => vec![COMMON, LEGACY, NIBBLES, include_str!("weights/q4_0.wgsl")],
            DType::Q4_1 => vec![COMMON, LEGACY, NIBBLES, include_str!("weights/q4_1.wgsl")],
            DType::Q5_0 => vec![COMMON, LEGACY, FIVE_BITS, include_str!("weights/q5_0.wgsl")],
            DType::Q5_1 => vec![COMMON, LEGACY, FIVE_BITS, include_str!("weights/q5_1.wgsl")],
            DType::Q2K => vec![COMMON, K_QUANTS, include_str!("weights/q2_k.wgsl")],
            DType::Q3K => vec![COMMON, K_QUANTS, include_str!("weights/q3_k.wgsl")],
            DType::Q4K => vec![COMMON, K_QUANTS, NIBBLES, SCALE_MIN, include_str!("weights/q4_k.wgsl")],
            DType::Q5K => vec![COMMON, K_QUANTS, SCALE_MIN, include_str!("weights/q5_k.wgsl")],
            DType::Q6K => vec![COMMON, include_str!("weights/q6_k.wgsl")],
        }
    }

    /// Units of 32 weights that share what the reader calls a span.
    pub(super) fn units(&self) -> u32 {
        self.dtype.block_len().div_ceil(32) as u32
    }
}
