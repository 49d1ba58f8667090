//! The weight types that can be computed with: names, ids and block sizes.
//!
//! A type is listed here only if there is a dequantiser and a GPU layout for it. Other ggml types have no value of
//! [`DType`], so nothing past the file's header has to ask whether it can handle a tensor.

use std::fmt;

/// How the weights of a tensor are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    /// IEEE single precision.
    F32,
    /// IEEE half precision.
    F16,
    /// The upper half of an f32.
    BF16,
    /// 8-bit integers times a scale.
    Q8_0,
    /// 4-bit integers around 8 times a scale.
    Q4_0,
    /// 4-bit integers times a scale plus a minimum.
    Q4_1,
    /// 5-bit integers around 16 times a scale.
    Q5_0,
    /// 5-bit integers times a scale plus a minimum.
    Q5_1,
    /// 2-bit integers in groups of 16, 4-bit scales and minima.
    Q2K,
    /// 3-bit integers in groups of 16, 6-bit scales.
    Q3K,
    /// 4-bit integers in groups of 32, 6-bit scales and minima.
    Q4K,
    /// 5-bit integers in groups of 32, 6-bit scales and minima.
    Q5K,
    /// 6-bit integers in groups of 16, 8-bit scales.
    Q6K,
}

impl DType {
    /// Every type.
    pub const ALL: [DType; 13] = [
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::Q8_0,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q2K,
        Self::Q3K,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
    ];

    /// The type that a GGUF tensor table means by `id`; `None` if it cannot be computed with here.
    pub fn from_ggml(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.ggml_id() == id)
    }

    /// The number that stands for this type in a GGUF tensor table.
    pub const fn ggml_id(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q4_1 => 3,
            Self::Q5_0 => 6,
            Self::Q5_1 => 7,
            Self::Q8_0 => 8,
            Self::Q2K => 10,
            Self::Q3K => 11,
            Self::Q4K => 12,
            Self::Q5K => 13,
            Self::Q6K => 14,
            Self::BF16 => 30,
        }
    }

    /// The name that people know it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Q8_0 => "Q8_0",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q5_0 => "Q5_0",
            Self::Q5_1 => "Q5_1",
            Self::Q2K => "Q2_K",
            Self::Q3K => "Q3_K",
            Self::Q4K => "Q4_K",
            Self::Q5K => "Q5_K",
            Self::Q6K => "Q6_K",
        }
    }

    /// Weights per block.
    pub const fn block_len(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::BF16 => 1,
            Self::Q8_0 | Self::Q4_0 | Self::Q4_1 | Self::Q5_0 | Self::Q5_1 => 32,
            Self::Q2K | Self::Q3K | Self::Q4K | Self::Q5K | Self::Q6K => 256,
        }
    }

    /// Bytes per block.
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Q8_0 => 34,
            Self::Q4_0 => 18,
            Self::Q4_1 => 20,
            Self::Q5_0 => 22,
            Self::Q5_1 => 24,
            Self::Q2K => 84,
            Self::Q3K => 110,
            Self::Q4K => 144,
            Self::Q5K => 176,
            Self::Q6K => 210,
        }
    }

    /// Bytes of a row of `cols` weights; `None` if they are not whole blocks or the number overflows.
    pub const fn row_bytes(self, cols: u64) -> Option<u64> {
        let block_len = self.block_len() as u64;
        if !cols.is_multiple_of(block_len) {
            return None;
        }
        (cols / block_len).checked_mul(self.block_bytes() as u64)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_type_and_others_to_none() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_ggml(dtype.ggml_id()), Some(dtype));
        }
        // Removed, internal to ggml, i-quants, unheard of.
        for id in [4, 5, 9, 15, 16, 23, 29, 31, 999, u32::MAX] {
            assert_eq!(DType::from_ggml(id), None, "{id}");
        }
    }

    #[test]
    fn a_row_is_whole_blocks_or_nothing() {
        assert_eq!(DType::Q4_0.row_bytes(4096), Some(2304));
        assert_eq!(DType::Q6K.row_bytes(0), Some(0));
        assert_eq!(DType::Q4_0.row_bytes(48), None);
        assert_eq!(DType::Q6K.row_bytes(128), None);
        assert_eq!(DType::F32.row_bytes(1 << 62), None);
        assert_eq!(DType::F32.row_bytes(u64::MAX), None);
    }
}
