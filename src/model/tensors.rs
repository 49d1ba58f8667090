//! The tensors of an InternLM2 file, each by its role, with shapes checked against the configuration.
//!
//! This says where every weight of the forward pass is in the file; it reads none of them. The set is exact: a tensor
//! that is missing, or one that the forward pass would have to ignore, is an error, as ignoring it would compute
//! something else than the model.

use super::config::{Config, TOKEN_EMBD, missing_tensor};
use crate::error::{Error, ErrorKind, Result};
use crate::gguf::{File, TensorInfo, quoted};
use crate::quant::DType;
use std::collections::HashSet;

/// A matrix of the model: all rows of a tensor, or some of a fused one. Its shape is `[cols, rows]`, `[in, out]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixSource {
    /// The tensor that holds the rows.
    pub tensor: TensorInfo,
    /// The first of its rows that belongs to the matrix.
    pub first_row: u64,
    /// Number of rows.
    pub rows: u64,
}

impl MatrixSource {
    /// How the weights are stored.
    pub fn dtype(&self) -> DType {
        self.tensor.dtype
    }

    /// Weights in a row.
    pub fn cols(&self) -> u64 {
        self.tensor.cols()
    }

    /// Bytes of a row. Rows are whole blocks and follow each other without gap.
    pub fn row_bytes(&self) -> u64 {
        self.tensor.bytes / self.tensor.rows().max(1)
    }

    /// The first byte in the file. (The rows lie inside the tensor, which lies inside the file: nothing overflows.)
    pub fn offset(&self) -> u64 {
        self.tensor.offset + self.first_row * self.row_bytes()
    }

    /// Bytes of all rows.
    pub fn bytes(&self) -> u64 {
        self.rows * self.row_bytes()
    }
}

/// The tensors of one transformer block. Fields are named as in the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockTensors {
    /// Weights of the norm before attention: `[hidden]`, f32.
    pub attn_norm: TensorInfo,
    /// Queries: `[hidden, hidden]`, rows permuted for interleaved rotary pairs.
    pub attn_q: MatrixSource,
    /// Keys: `[hidden, kv_width]`, rows permuted likewise.
    pub attn_k: MatrixSource,
    /// Values: `[hidden, kv_width]`.
    pub attn_v: MatrixSource,
    /// From the heads back to the residual stream: `[hidden, hidden]`.
    pub attn_output: MatrixSource,
    /// Weights of the norm before the feed-forward network: `[hidden]`, f32.
    pub ffn_norm: TensorInfo,
    /// The gate (w1 of the original): `[hidden, ffn]`.
    pub ffn_gate: MatrixSource,
    /// What is gated (w3 of the original): `[hidden, ffn]`.
    pub ffn_up: MatrixSource,
    /// Back to the residual stream (w2 of the original): `[ffn, hidden]`.
    pub ffn_down: MatrixSource,
}

/// All tensors of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSet {
    /// One row per token id: `[hidden, vocabulary]`.
    pub token_embd: MatrixSource,
    /// The transformer blocks, first to last.
    pub blocks: Vec<BlockTensors>,
    /// Weights of the last norm: `[hidden]`, f32.
    pub output_norm: TensorInfo,
    /// The head: `[hidden, vocabulary]`, never tied to the embedding.
    pub output: MatrixSource,
}

impl TensorSet {
    /// Finds every tensor of the model and checks that there are no others.
    pub fn from_gguf(file: &File, config: &Config) -> Result<Self> {
        let mut search = Search { file, used: HashSet::new() };
        let [hidden, ffn, vocabulary] = [config.hidden, config.ffn, config.vocabulary].map(u64::from);
        let set = Self {
            token_embd: search.matrix(TOKEN_EMBD, [hidden, vocabulary])?,
            blocks: (0..config.layers).map(|i| search.block(i, config, hidden, ffn)).collect::<Result<_>>()?,
            output_norm: search.norm("output_norm.weight", hidden)?,
            output: search.matrix("output.weight", [hidden, vocabulary])?,
        };
        search.finish(config)?;
        Ok(set)
    }

    /// Every matrix: the embedding, those of the blocks, the head.
    pub fn matrices(&self) -> impl Iterator<Item = &MatrixSource> {
        let blocks = self
            .blocks
            .iter()
            .flat_map(|b| [&b.attn_q, &b.attn_k, &b.attn_v, &b.attn_output, &b.ffn_gate, &b.ffn_up, &b.ffn_down]);
        std::iter::once(&self.token_embd).chain(blocks).chain(std::iter::once(&self.output))
    }

    /// The types of all matrices, each once.
    pub fn matrix_types(&self) -> Vec<DType> {
        DType::ALL.into_iter().filter(|dtype| self.matrices().any(|matrix| matrix.tensor.dtype == *dtype)).collect()
    }
}

/// Takes tensors out of a file by name and remembers which were taken.
struct Search<'a> {
    file: &'a File,
    used: HashSet<&'a str>,
}

impl<'a> Search<'a> {
    /// The tensors of block `i`.
    fn block(&mut self, i: u32, config: &Config, hidden: u64, ffn: u64) -> Result<BlockTensors> {
        let name = |part: &str| format!("blk.{i}.{part}.weight");
        let [attn_q, attn_k, attn_v] = self.attention_inputs(name, hidden, u64::from(config.kv_width()))?;
        Ok(BlockTensors {
            attn_norm: self.norm(&name("attn_norm"), hidden)?,
            attn_q,
            attn_k,
            attn_v,
            attn_output: self.matrix(&name("attn_output"), [hidden, hidden])?,
            ffn_norm: self.norm(&name("ffn_norm"), hidden)?,
            ffn_gate: self.matrix(&name("ffn_gate"), [hidden, ffn])?,
            ffn_up: self.matrix(&name("ffn_up"), [hidden, ffn])?,
            ffn_down: self.matrix(&name("ffn_down"), [ffn, hidden])?,
        })
    }

    /// Queries, keys and values: three tensors, or one with the rows of all queries, then keys, then values.
    fn attention_inputs(
        &mut self,
        name: impl Fn(&str) -> String,
        hidden: u64,
        kv_width: u64,
    ) -> Result<[MatrixSource; 3]> {
        let fused = name("attn_qkv");
        if self.file.tensor(&fused).is_none() {
            return Ok([
                self.matrix(&name("attn_q"), [hidden, hidden])?,
                self.matrix(&name("attn_k"), [hidden, kv_width])?,
                self.matrix(&name("attn_v"), [hidden, kv_width])?,
            ]);
        }
        let tensor = self.take(&fused, &[hidden, hidden + 2 * kv_width])?;
        let part = |first_row, rows| MatrixSource { tensor: tensor.clone(), first_row, rows };
        Ok([part(0, hidden), part(hidden, kv_width), part(hidden + kv_width, kv_width)])
    }

    /// A matrix that is a tensor of its own.
    fn matrix(&mut self, name: &str, shape: [u64; 2]) -> Result<MatrixSource> {
        let tensor = self.take(name, &shape)?;
        Ok(MatrixSource { tensor: tensor.clone(), first_row: 0, rows: tensor.rows() })
    }

    /// The weights of a norm, which every InternLM2 file has in full precision.
    fn norm(&mut self, name: &str, length: u64) -> Result<TensorInfo> {
        let tensor = self.take(name, &[length])?;
        if tensor.dtype != DType::F32 {
            let message =
                format!("tensor {name} is stored as {}; norms must be F32; choose another file", tensor.dtype);
            return Err(Error::new(ErrorKind::UnsupportedModel, message));
        }
        Ok(tensor.clone())
    }

    /// The tensor of that name, which must have that shape.
    fn take(&mut self, name: &str, shape: &[u64]) -> Result<&'a TensorInfo> {
        let tensor = self.file.tensor(name).ok_or_else(|| missing_tensor(name))?;
        if tensor.dims != shape {
            let message = format!(
                "tensor {name} has the shape {:?}; by the metadata it must be {shape:?}; the file is damaged, choose another",
                tensor.dims
            );
            return Err(Error::new(ErrorKind::ModelInvalid, message));
        }
        self.used.insert(&tensor.name);
        Ok(tensor)
    }

    /// Every tensor of the file must have been taken.
    fn finish(self, config: &Config) -> Result<()> {
        let Some(extra) = self.file.tensors().iter().find(|tensor| !self.used.contains(tensor.name.as_str())) else {
            return Ok(());
        };
        let (kind, what) = if extra.name.ends_with(".bias") {
            (ErrorKind::UnsupportedModel, "biases cannot be computed".to_owned())
        } else {
            (ErrorKind::ModelInvalid, format!("it is not part of an InternLM2 with {} layers", config.layers))
        };
        Err(Error::new(kind, format!("tensor {}: {what}; choose another file", quoted(&extra.name))))
    }
}
