//! The weights on the GPU, in packed form, and their way there.
//!
//! No weight is ever widened: a matrix keeps the bytes it has in the file, sorted into planes.

use super::layout::{self, Part, too_large};
use super::matrix::{Matrix, Piece};
use super::tensors::{BlockTensors, MatrixSource, TensorSet};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::gguf::TensorInfo;
use crate::gpu::{Buffer, ByteSource, Gpu, Staging};
use crate::kernels::{Repack, repack};
use crate::quant::DType;

/// Chunks in flight before the upload waits for the GPU: browsers keep a copy of each until it is done.
const CHUNKS_IN_FLIGHT: u32 = 8;

/// One block's weights, named as in the checkpoint.
pub struct Block {
    /// \[hidden\]
    pub attn_norm: Buffer,
    /// Queries, keys, values: \[(heads + 2 kv_heads) · head_dim, hidden\]
    pub attn_qkv: Matrix,
    /// \[hidden, heads · head_dim\]
    pub attn_output: Matrix,
    /// \[hidden\]
    pub ffn_norm: Buffer,
    /// The gate, then what is gated: \[2 ffn, hidden\]
    pub ffn_gate_up: Matrix,
    /// \[hidden, ffn\]
    pub ffn_down: Matrix,
}

impl Block {
    /// The matrices, without the norms.
    pub fn matrices(&self) -> [&Matrix; 4] {
        [&self.attn_qkv, &self.attn_output, &self.ffn_gate_up, &self.ffn_down]
    }
}

/// All weights of a model.
pub struct Weights {
    /// \[vocabulary, hidden\]
    pub token_embd: Matrix,
    /// Transformer blocks, first to last.
    pub blocks: Vec<Block>,
    /// \[hidden\]
    pub output_norm: Buffer,
    /// \[vocabulary, hidden\]
    pub output: Matrix,
    /// Bytes of all of them on the GPU.
    pub bytes: u64,
    /// Bytes of weights that one decoded token reads, of each type: all but the embedding, of which it reads one row.
    pub bytes_per_token: Vec<(DType, u64)>,
}

impl Weights {
    /// Uploads the tensors of `set` from `source`. `arrived` sees each block as soon as its weights are on their way.
    /// `progress(done, total)` is called with bytes of the file between chunks; an error of it (a cancelled load) ends the
    /// upload.
    ///
    /// # Errors
    /// The source's; `NotFinite` naming the tensor; `GpuOutOfMemory` and `GpuLimits`; what `progress` returns.
    pub async fn upload(
        gpu: &Gpu,
        set: &TensorSet,
        source: &mut dyn ByteSource,
        arrived: &mut dyn FnMut(&Block),
        progress: &mut dyn FnMut(u64, u64) -> Result<()>,
    ) -> Result<Self> {
        let mut upload = Upload::new(gpu, source, progress, set)?;
        let token_embd = upload.matrix("token_embd", &set.token_embd).await?;
        let mut blocks = Vec::with_capacity(set.blocks.len());
        for block in &set.blocks {
            let block = upload.block(block).await?;
            arrived(&block);
            blocks.push(block);
        }
        let output_norm = upload.vector(&set.output_norm).await?;
        let output = upload.matrix("output", &set.output).await?;
        upload.check_finite().await?;
        let bytes = upload.allocated;
        let read = |dtype| set.matrices().skip(1).filter(move |matrix| matrix.tensor.dtype == dtype);
        let bytes_of = |dtype| (dtype, read(dtype).map(MatrixSource::bytes).sum());
        let bytes_per_token = set.matrix_types().into_iter().map(bytes_of).collect();
        Ok(Self { token_embd, blocks, output_norm, output, bytes, bytes_per_token })
    }
}

/// Bytes of the file that [`Weights::upload`] will read.
fn total_bytes(set: &TensorSet) -> u64 {
    let matrix = MatrixSource::bytes;
    let block = |b: &BlockTensors| {
        [&b.attn_q, &b.attn_k, &b.attn_v, &b.attn_output, &b.ffn_gate, &b.ffn_up, &b.ffn_down]
            .map(matrix)
            .iter()
            .sum::<u64>()
            + b.attn_norm.bytes
            + b.ffn_norm.bytes
    };
    matrix(&set.token_embd) + matrix(&set.output) + set.output_norm.bytes + set.blocks.iter().map(block).sum::<u64>()
}

/// An upload under way.
struct Upload<'a> {
    gpu: &'a Gpu,
    source: &'a mut dyn ByteSource,
    progress: &'a mut dyn FnMut(u64, u64) -> Result<()>,
    staging: Staging,
    chunk: Buffer,
    /// For each tensor uploaded so far, how many of its words are not finite.
    faults: Buffer,
    names: Vec<String>,
    in_flight: u32,
    done: u64,
    total: u64,
    allocated: u64,
}

impl<'a> Upload<'a> {
    fn new(
        gpu: &'a Gpu,
        source: &'a mut dyn ByteSource,
        progress: &'a mut dyn FnMut(u64, u64) -> Result<()>,
        set: &TensorSet,
    ) -> Result<Self> {
        const BLOCK_TENSORS: usize = 9;
        let tensors = set.blocks.len() * BLOCK_TENSORS + 3;
        let faults = gpu.allocate(4 * tensors as u64, "the fault counts")?;
        gpu.write(&faults, &vec![0; tensors]);
        let staging = Staging::new(gpu)?;
        let chunk = gpu.allocate(16, "the chunk description")?;
        let (names, total) = (Vec::with_capacity(tensors), total_bytes(set));
        Ok(Self { gpu, source, progress, staging, chunk, faults, names, in_flight: 0, done: 0, total, allocated: 0 })
    }

    async fn block(&mut self, block: &BlockTensors) -> Result<Block> {
        Ok(Block {
            attn_norm: self.vector(&block.attn_norm).await?,
            attn_qkv: self.stack("attn_qkv", &[&block.attn_q, &block.attn_k, &block.attn_v]).await?,
            attn_output: self.matrix("attn_output", &block.attn_output).await?,
            ffn_norm: self.vector(&block.ffn_norm).await?,
            ffn_gate_up: self.stack("ffn_gate_up", &[&block.ffn_gate, &block.ffn_up]).await?,
            ffn_down: self.matrix("ffn_down", &block.ffn_down).await?,
        })
    }

    /// A norm's weights, f32.
    async fn vector(&mut self, tensor: &TensorInfo) -> Result<Buffer> {
        let matrix = self.matrix("norm", &MatrixSource { tensor: tensor.clone(), first_row: 0, rows: 1 }).await?;
        let piece = matrix.pieces.into_iter().next();
        piece.map(|piece| piece.buffer).ok_or_else(|| too_large(&tensor.name))
    }

    async fn matrix(&mut self, part: &'static str, source: &MatrixSource) -> Result<Matrix> {
        self.stack(part, &[source]).await
    }

    /// Matrices of the same columns, one below the other, in as few pieces as their types and the binding limit allow.
    async fn stack(&mut self, part: &'static str, sources: &[&MatrixSource]) -> Result<Matrix> {
        let mut matrix = Matrix { part, pieces: Vec::new() };
        for run in layout::runs(sources) {
            let first_row = matrix.rows();
            for packed in layout::cut(run, first_row, self.gpu.limits().max_binding_bytes)? {
                let buffer = self.gpu.allocate(packed.bytes(), layout::name(run))?;
                self.allocated += packed.bytes();
                matrix.pieces.push(Piece { packed, buffer });
            }
            let mut first_row = u64::from(first_row);
            for source in run {
                let name = &source.tensor.name;
                self.names.push(name.clone());
                for piece in &matrix.pieces {
                    if let Some(part) = layout::overlap(&piece.packed, source, first_row) {
                        self.part(piece, &part).await.with_context(|| format!("loading {name}"))?;
                    }
                }
                first_row += source.rows;
            }
        }
        Ok(matrix)
    }

    /// Fills some rows of a piece, chunk by chunk.
    async fn part(&mut self, piece: &Piece, part: &Part) -> Result<()> {
        let block_bytes = piece.packed.dtype.block_bytes() as u64;
        let kernels = repack(&piece.packed);
        let chunk_blocks = self.staging.capacity() / block_bytes / Repack::BLOCKS * Repack::BLOCKS;
        let mut first = 0;
        while first < part.blocks {
            let count = chunk_blocks.min(part.blocks - first);
            let bytes = count * block_bytes;
            self.staging.send(self.gpu, self.source, part.offset + first * block_bytes, bytes as usize)?;
            let place = part.first_block + first;
            self.gpu.write(&self.chunk, &Repack::chunk(place, count, self.names.len() as u32 - 1));
            for plane in &kernels {
                let bindings = [self.staging.buffer(), &self.chunk, &piece.buffer, &self.faults];
                self.gpu.launch(&plane.kernel, plane.workgroups(count), &bindings);
            }
            first += count;
            self.done += bytes;
            self.in_flight += 1;
            if self.in_flight >= CHUNKS_IN_FLIGHT {
                self.gpu.finish().await?;
                self.in_flight = 0;
            }
            (self.progress)(self.done, self.total)?;
        }
        Ok(())
    }

    /// Waits for the upload and names the first tensor in which the kernels met a number that is not finite.
    async fn check_finite(&mut self) -> Result<()> {
        let faults = self.gpu.read(&self.faults, self.names.len()).await?;
        match self.names.iter().zip(faults).find(|(_, count)| *count != 0) {
            None => Ok(()),
            Some((name, count)) => {
                let message = format!(
                    "{name} has {count} scales or weights that are NaN or infinite, all must be finite; the file is \
                     damaged or badly converted: fetch it again"
                );
                Err(Error::new(ErrorKind::NotFinite, message))
            }
        }
    }
}
