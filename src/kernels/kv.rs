//! The packed forms of the key/value cache, and writing to it.

use super::compose::{Constant, compose};
use super::{WORKGROUP, step};
use crate::gpu::Kernel;
use crate::protocol::KvType;

/// Sizes of one layer's cache of keys, or of values: \[kv_heads, context, head_dim\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KvShape {
    /// How the numbers are packed.
    pub kv_type: KvType,
    /// Key/value heads.
    pub kv_heads: u32,
    /// Positions.
    pub context: u32,
    /// Numbers of one head at one position: a multiple of [`KvShape::block`] and of 4.
    pub head_dim: u32,
}

/// What is written: keys are rotated on the way, values are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KvSide {
    /// Keys.
    Keys,
    /// Values.
    Values,
}

impl KvShape {
    /// Numbers that are packed together.
    pub fn block(&self) -> u32 {
        match self.kv_type {
            KvType::F32 | KvType::F16 => 2,
            KvType::Q8_0 | KvType::Q4_0 => 32,
        }
    }

    fn blocks(&self) -> u64 {
        u64::from(self.kv_heads) * u64::from(self.context) * u64::from(self.head_dim) / u64::from(self.block())
    }

    /// 32-bit words of a block's packed numbers, without its scale.
    fn words(&self) -> u64 {
        match self.kv_type {
            KvType::F32 => 2,
            KvType::F16 => 1,
            KvType::Q8_0 => 8,
            KvType::Q4_0 => 4,
        }
    }

    /// Bytes of the buffer; the quantised types keep an f32 scale per block behind all blocks.
    pub fn bytes(&self) -> u64 {
        let scale = match self.kv_type {
            KvType::F32 | KvType::F16 => 0,
            KvType::Q8_0 | KvType::Q4_0 => 1,
        };
        self.blocks() * (self.words() + scale) * 4
    }

    pub(super) fn constants(&self) -> Vec<(&'static str, Constant)> {
        vec![
            ("KV_HEADS", Constant::U32(self.kv_heads)),
            ("CONTEXT", Constant::U32(self.context)),
            ("HEAD_DIM", Constant::U32(self.head_dim)),
            ("BLOCK", Constant::U32(self.block())),
            ("SCALES", Constant::U32((self.blocks() * self.words()) as u32)),
        ]
    }

    /// The WGSL function `{cache}_four(i)`: numbers 4 i .. 4 i + 3 of the binding `cache`.
    pub(super) fn reader(&self, cache: &str) -> String {
        let text = match self.kv_type {
            KvType::F32 => include_str!("kv/f32.wgsl"),
            KvType::F16 => include_str!("kv/f16.wgsl"),
            KvType::Q8_0 => include_str!("kv/q8_0.wgsl"),
            KvType::Q4_0 => include_str!("kv/q4_0.wgsl"),
        };
        text.replace("CACHE", cache)
    }

    fn writer(&self) -> &'static str {
        match self.kv_type {
            KvType::F32 => include_str!("kv/f32_pack.wgsl"),
            KvType::F16 => include_str!("kv/f16_pack.wgsl"),
            KvType::Q8_0 => include_str!("kv/q8_0_pack.wgsl"),
            KvType::Q4_0 => include_str!("kv/q4_0_pack.wgsl"),
        }
    }
}

/// Packs the step's keys or values \[count, kv_heads, head_dim\] into the cache. Bindings: step, rotation, source, cache.
/// Returns the kernel and its workgroups along the blocks; along y, one workgroup a token.
pub fn kv_write(shape: &KvShape, side: KvSide) -> (Kernel, u32) {
    let mut constants = shape.constants();
    constants.push(("ROTATE", Constant::Bool(side == KvSide::Keys)));
    let kernel = compose("kv_write", &constants, &[step::WGSL, include_str!("kv_write.wgsl"), shape.writer()]);
    (kernel, (shape.kv_heads * shape.head_dim / shape.block()).div_ceil(WORKGROUP))
}
