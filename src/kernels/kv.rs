//! The packed forms of the key/value cache, and writing to it.

use super::compose::{Constant, compose};
use super::{Attention, WORKGROUP, step};
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

    /// The WGSL function `{cache}_pack(block, numbers)`: writes a block of the binding `cache`.
    pub(super) fn writer(&self, cache: &str) -> String {
        let text = match self.kv_type {
            KvType::F32 => include_str!("kv/f32_pack.wgsl"),
            KvType::F16 => include_str!("kv/f16_pack.wgsl"),
            KvType::Q8_0 => include_str!("kv/q8_0_pack.wgsl"),
            KvType::Q4_0 => include_str!("kv/q4_0_pack.wgsl"),
        };
        text.replace("CACHE", cache)
    }
}

/// Packs the keys or values of the step's projections \[count, heads + 2 kv_heads, head_dim\] into the cache. Bindings:
/// step, rotation, projections, cache. Returns the kernel and its workgroups along the blocks; along y, one workgroup a
/// token.
pub fn kv_write(attention: &Attention, side: KvSide) -> (Kernel, u32) {
    let shape = &attention.kv;
    let first_head = match side {
        KvSide::Keys => attention.heads,
        KvSide::Values => attention.heads + shape.kv_heads,
    };
    let mut constants = attention.constants();
    constants.push(("FIRST_HEAD", Constant::U32(first_head)));
    constants.push(("ROTATE", Constant::Bool(side == KvSide::Keys)));
    let parts = [step::WGSL, include_str!("kv_write.wgsl"), &shape.writer("cache")];
    let kernel = compose("kv_write", &constants, &parts);
    (kernel, (shape.kv_heads * shape.head_dim / shape.block()).div_ceil(WORKGROUP))
}
