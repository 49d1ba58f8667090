//! The weights on the GPU, in packed form, and their way there.
//!
//! No weight is ever widened: a matrix keeps the bytes it has in the file, sorted into planes. A matrix larger than the
//! device's binding limit is cut by rows into pieces, each with a buffer and kernels of its own.

use super::tensors::{BlockTensors, MatrixSource, TensorSet};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::gguf::TensorInfo;
use crate::gpu::{Buffer, ByteSource, Gpu, Kernel, Staging, Workgroups};
use crate::kernels::{Accumulate, Linear, MatvecVariant, Packed, Repack, embed, matmul, matvec, repack};
use crate::quant::DType;

/// Chunks in flight before the upload waits for the GPU: browsers keep a copy of each until it is done.
const CHUNKS_IN_FLIGHT: u32 = 8;

/// A matrix \[rows, cols\] on the GPU.
pub struct Matrix {
    pieces: Vec<Piece>,
}

struct Piece {
    packed: Packed,
    buffer: Buffer,
}

/// One block's weights, named as in the checkpoint.
pub struct Block {
    /// \[hidden\]
    pub attn_norm: Buffer,
    /// \[heads · head_dim, hidden\]
    pub attn_q: Matrix,
    /// \[kv_heads · head_dim, hidden\]
    pub attn_k: Matrix,
    /// \[kv_heads · head_dim, hidden\]
    pub attn_v: Matrix,
    /// \[hidden, heads · head_dim\]
    pub attn_output: Matrix,
    /// \[hidden\]
    pub ffn_norm: Buffer,
    /// \[ffn, hidden\]
    pub ffn_gate: Matrix,
    /// \[ffn, hidden\]
    pub ffn_up: Matrix,
    /// \[hidden, ffn\]
    pub ffn_down: Matrix,
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
    /// Uploads the tensors of `set` from `source`. `progress(done, total)` is called with bytes of the file between
    /// chunks; an error of it (a cancelled load) ends the upload.
    ///
    /// # Errors
    /// The source's; `NotFinite` naming the tensor; `GpuOutOfMemory` and `GpuLimits`; what `progress` returns.
    pub async fn upload(
        gpu: &Gpu,
        set: &TensorSet,
        source: &mut dyn ByteSource,
        progress: &mut dyn FnMut(u64, u64) -> Result<()>,
    ) -> Result<Self> {
        let mut upload = Upload::new(gpu, source, progress, set)?;
        let token_embd = upload.matrix(&set.token_embd).await?;
        let mut blocks = Vec::with_capacity(set.blocks.len());
        for block in &set.blocks {
            blocks.push(upload.block(block).await?);
        }
        let output_norm = upload.vector(&set.output_norm).await?;
        let output = upload.matrix(&set.output).await?;
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
            attn_q: self.matrix(&block.attn_q).await?,
            attn_k: self.matrix(&block.attn_k).await?,
            attn_v: self.matrix(&block.attn_v).await?,
            attn_output: self.matrix(&block.attn_output).await?,
            ffn_norm: self.vector(&block.ffn_norm).await?,
            ffn_gate: self.matrix(&block.ffn_gate).await?,
            ffn_up: self.matrix(&block.ffn_up).await?,
            ffn_down: self.matrix(&block.ffn_down).await?,
        })
    }

    /// A norm's weights, f32.
    async fn vector(&mut self, tensor: &TensorInfo) -> Result<Buffer> {
        let matrix = self.matrix(&MatrixSource { tensor: tensor.clone(), first_row: 0, rows: 1 }).await?;
        let piece = matrix.pieces.into_iter().next();
        piece.map(|piece| piece.buffer).ok_or_else(|| too_large(&tensor.name))
    }

    async fn matrix(&mut self, source: &MatrixSource) -> Result<Matrix> {
        let tensor = &source.tensor;
        self.names.push(tensor.name.clone());
        let pieces = cut(source, self.gpu.limits().max_binding_bytes)?;
        let mut matrix = Matrix { pieces: Vec::with_capacity(pieces.len()) };
        for packed in pieces {
            let buffer = self.gpu.allocate(packed.bytes(), &tensor.name)?;
            self.allocated += packed.bytes();
            let piece = Piece { packed, buffer };
            self.piece(source, &piece).await.with_context(|| format!("loading {}", tensor.name))?;
            matrix.pieces.push(piece);
        }
        Ok(matrix)
    }

    /// Fills one piece, chunk by chunk.
    async fn piece(&mut self, source: &MatrixSource, piece: &Piece) -> Result<()> {
        let block_bytes = piece.packed.dtype.block_bytes() as u64;
        let from = source.offset() + u64::from(piece.packed.first_row) * source.row_bytes();
        let kernels = repack(&piece.packed);
        let blocks = piece.packed.blocks();
        let chunk_blocks = self.staging.capacity() / block_bytes / Repack::BLOCKS * Repack::BLOCKS;
        let mut first = 0;
        while first < blocks {
            let count = chunk_blocks.min(blocks - first);
            let bytes = count * block_bytes;
            self.staging.send(self.gpu, self.source, from + first * block_bytes, bytes as usize)?;
            self.gpu.write(&self.chunk, &Repack::chunk(first, count, self.names.len() as u32 - 1));
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

/// The pieces into which `source` must be cut so that each fits a binding of `limit` bytes.
fn cut(source: &MatrixSource, limit: u64) -> Result<Vec<Packed>> {
    let name = &source.tensor.name;
    let (dtype, cols) = (source.tensor.dtype, u32::try_from(source.tensor.cols()).map_err(|_| too_large(name))?);
    let rows = u32::try_from(source.rows).map_err(|_| too_large(name))?;
    let packed = |first_row, rows| Packed { dtype, rows, cols, first_row };
    if packed(0, rows).bytes() <= limit {
        return Ok(vec![packed(0, rows)]);
    }
    // Planes are padded, so a piece may be a few bytes larger than its rows; whole tiles of rows leave no seam.
    const TILE: u32 = 64;
    let mut height = rows / TILE * TILE;
    while height > TILE && packed(0, height).bytes() > limit {
        let estimate = u64::from(height) * limit / packed(0, height).bytes();
        height = (u32::try_from(estimate).unwrap_or(height) / TILE * TILE).clamp(TILE, height - TILE);
    }
    if height == 0 || packed(0, height).bytes() > limit {
        let message = format!("{TILE} rows of {name} are larger than the {limit} bytes that this GPU can bind");
        return Err(Error::new(ErrorKind::GpuLimits, message));
    }
    let starts = (0..rows).step_by(height as usize);
    Ok(starts.map(|first| packed(first, height.min(rows - first))).collect())
}

fn too_large(name: &str) -> Error {
    Error::new(ErrorKind::UnsupportedModel, format!("{name} has more rows or columns than a GPU can index"))
}

impl Matrix {
    /// Bytes on the GPU.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.packed.bytes()).sum()
    }

    /// The product with this matrix as launches over activations: `x` \[count, cols\] → `y` \[count, rows\].
    pub fn product(&self, accumulate: Accumulate, variant: MatvecVariant) -> Product {
        let stride = self.pieces.iter().map(|piece| piece.packed.rows).sum();
        let pieces = self.pieces.iter();
        let linear = |piece: &Piece| Linear {
            matvec: matvec(&piece.packed, accumulate, variant),
            matmul: matmul(&piece.packed, accumulate, stride),
        };
        Product { pieces: pieces.map(|piece| (piece.buffer.clone(), linear(piece))).collect() }
    }

    /// The lookup of embedding rows.
    pub fn lookup(&self) -> Lookup {
        let pieces = self.pieces.iter();
        Lookup { pieces: pieces.map(|piece| (piece.buffer.clone(), embed(&piece.packed))).collect() }
    }
}

/// y = W x, ready to be launched.
pub struct Product {
    pieces: Vec<(Buffer, Linear)>,
}

impl Product {
    /// For one token: x \[cols\] → y \[rows\].
    pub fn one(&self, gpu: &Gpu, x: &Buffer, y: &Buffer) {
        for (weights, linear) in &self.pieces {
            let (kernel, workgroups) = &linear.matvec;
            gpu.launch(kernel, *workgroups, &[weights, x, y]);
        }
    }

    /// For the `count` tokens of a step: x \[count, cols\] → y \[count, rows\].
    pub fn many(&self, gpu: &Gpu, step: &Buffer, count: u32, x: &Buffer, y: &Buffer) {
        if count == 1 {
            return self.one(gpu, x, y);
        }
        for (weights, linear) in &self.pieces {
            let (kernel, row_tiles) = &linear.matmul;
            gpu.launch(kernel, Workgroups(*row_tiles, count.div_ceil(Linear::TOKENS), 1), &[weights, x, y, step]);
        }
    }
}

/// Embedding lookup, ready to be launched.
pub struct Lookup {
    pieces: Vec<(Buffer, (Kernel, u32))>,
}

impl Lookup {
    /// x \[count, hidden\] = the rows of the step's `count` tokens.
    pub fn many(&self, gpu: &Gpu, step: &Buffer, count: u32, x: &Buffer) {
        for (weights, (kernel, columns)) in &self.pieces {
            gpu.launch(kernel, Workgroups(*columns, count, 1), &[weights, step, x]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn source(dtype: DType, cols: u64, rows: u64) -> MatrixSource {
        let bytes = rows * dtype.row_bytes(cols).unwrap_or(0);
        let tensor = TensorInfo { name: "output.weight".into(), dims: vec![cols, rows], dtype, offset: 0, bytes };
        MatrixSource { tensor, first_row: 0, rows }
    }

    #[test]
    fn pieces_cover_every_row_once_and_fit() {
        for dtype in DType::ALL {
            for limit in [1 << 20, 3_000_017, 128 << 20] {
                let pieces = cut(&source(dtype, 2048, 92_544), limit).expect("fits");
                let mut next = 0;
                for piece in &pieces {
                    assert_eq!(piece.first_row, next);
                    assert!(piece.bytes() <= limit, "{dtype} {limit}");
                    next += piece.rows;
                }
                assert_eq!(next, 92_544);
            }
        }
    }

    #[test]
    fn rows_larger_than_a_binding_are_refused() {
        let error = cut(&source(DType::F32, 2048, 64), 65_536).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::GpuLimits);
    }
}
