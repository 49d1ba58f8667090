//! The key/value cache, allocated once for a whole context, and the table of rotations for its positions.

use super::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{Buffer, Gpu};
use crate::kernels::KvShape;
use crate::protocol::KvType;

/// Keys and values of every block, for `context` positions, and how many of them are filled.
pub struct KvCache {
    /// The sizes of each buffer below.
    pub shape: KvShape,
    /// For each block: keys and values, \[kv_heads, context, head_dim\] packed.
    pub blocks: Vec<(Buffer, Buffer)>,
    /// Positions in use.
    pub length: u32,
}

impl KvCache {
    /// An empty cache of `context` positions.
    ///
    /// # Errors
    /// `UnsupportedModel` where the heads cannot be cut into blocks of the type, `GpuLimits` where one block's keys do
    /// not fit a binding.
    pub fn new(gpu: &Gpu, config: &Config, context: u32, kv_type: KvType) -> Result<Self> {
        let shape = KvShape { kv_type, kv_heads: config.kv_heads, context, head_dim: config.head_dim };
        // Kernels read the cache in vectors of four.
        let unit = shape.block().max(4);
        if !config.head_dim.is_multiple_of(unit) {
            let message = format!(
                "a head has {} numbers, which is no multiple of the {unit} that are kept together; choose another type \
                 for keys and values",
                config.head_dim
            );
            return Err(Error::new(ErrorKind::UnsupportedModel, message));
        }
        let mut blocks = Vec::with_capacity(config.layers as usize);
        for layer in 0..config.layers {
            let keys = gpu.allocate(shape.bytes(), &format!("the keys of block {layer}"))?;
            let values = gpu.allocate(shape.bytes(), &format!("the values of block {layer}"))?;
            blocks.push((keys, values));
        }
        Ok(Self { shape, blocks, length: 0 })
    }

    /// Bytes of all buffers.
    pub fn bytes(&self) -> u64 {
        self.shape.bytes() * 2 * self.blocks.len() as u64
    }
}

/// cos and sin of position · base^(-2 j / head_dim), \[context, head_dim / 2\] pairs: computed in f64, because an angle
/// of a long context loses all its digits in f32 on some GPUs.
pub fn rotation_table(config: &Config, context: u32) -> Vec<f32> {
    let half = config.head_dim / 2;
    let frequencies: Vec<f64> =
        (0..half).map(|j| config.rope_base.powf(-2.0 * f64::from(j) / f64::from(config.head_dim))).collect();
    let mut table = Vec::with_capacity(context as usize * half as usize * 2);
    for position in 0..context {
        for frequency in &frequencies {
            let (sin, cos) = (f64::from(position) * frequency).sin_cos();
            table.extend([cos as f32, sin as f32]);
        }
    }
    table
}
