//! Moving the file's blocks into planes, and looking for numbers that are not finite on the way.

use super::compose::{Constant, compose};
use super::{Packed, WORKGROUP};
use crate::gpu::{Kernel, Workgroups};
use crate::quant::DType;

/// The kernel that fills one plane. Bindings: raw chunk, chunk description, packed tensor, fault counts.
#[derive(Debug, Clone)]
pub struct Repack {
    /// The kernel.
    pub kernel: Kernel,
    field_bytes: u64,
}

impl Repack {
    /// Blocks of a chunk must be a multiple of this, the last chunk of a tensor excepted: every field then fills whole
    /// words of its plane.
    pub const BLOCKS: u64 = 4;

    /// The chunk description for `blocks` blocks of which the first is number `first_block` of the piece, a multiple of
    /// [`Repack::BLOCKS`]; faults are counted at index `tensor`.
    pub fn chunk(first_block: u64, blocks: u64, tensor: u32) -> [u32; 4] {
        [blocks as u32, first_block as u32, tensor, 0]
    }

    /// The workgroups for a chunk of `blocks` blocks.
    pub fn workgroups(&self, blocks: u64) -> Workgroups {
        let workgroups = (blocks * self.field_bytes).div_ceil(4).div_ceil(u64::from(WORKGROUP)) as u32;
        let x = workgroups.clamp(1, 32_768);
        Workgroups(x, workgroups.div_ceil(x), 1)
    }
}

/// One kernel for each plane of `packed`.
pub fn repack(packed: &Packed) -> Vec<Repack> {
    let words = packed.plane_words();
    let fields = packed.dtype.planes().iter().zip(words);
    fields
        .map(|(field, plane_word)| {
            let check = match packed.dtype {
                _ if !field.scale => 0,
                DType::BF16 => 2,
                DType::F32 => 3,
                _ => 1,
            };
            let constants = [
                ("BLOCK_BYTES", Constant::U32(packed.dtype.block_bytes() as u32)),
                ("FIELD_OFFSET", Constant::U32(field.offset)),
                ("FIELD_BYTES", Constant::U32(field.bytes)),
                ("PLANE", Constant::U32(plane_word as u32)),
                ("CHECK", Constant::U32(check)),
            ];
            let kernel = compose("repack", &constants, &[include_str!("repack.wgsl")]);
            Repack { kernel, field_bytes: u64::from(field.bytes) }
        })
        .collect()
}
