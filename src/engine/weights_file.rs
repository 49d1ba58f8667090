//! A stored model as the source of an upload.

use crate::error::Result;
use crate::gpu::{ByteSource, StagingBytes};
use crate::storage::ModelFile;

impl ByteSource for ModelFile {
    fn read_into(&mut self, offset: u64, length: usize, chunk: &mut StagingBytes) -> Result<()> {
        // A view of the same memory: storage writes where `writeBuffer` will read.
        Self::read_into(self, &chunk.subarray(0, length as u32), offset)
    }
}
