//! The forward pass of InternLM2 in plain tensor operations on the CPU: the one to read first, and the one that the
//! GPU kernels are tested against.
//!
//! It follows the paper step by step and does nothing clever: weights are dequantised to f32 as a whole, keys and
//! values are concatenated. It must never share code with the kernels' forward pass, whose mistakes it is to find, and
//! never be used where speed or memory matters.
//!
//! Shapes: n new positions, t positions in all, d the width of a head.

use super::Config;
use super::tensors::{BlockTensors, MatrixSource, TensorSet};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::gguf::{File, TensorInfo};
use crate::quant::{dequantize, first_not_finite};
use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// A model on the CPU, with the keys and values of one session.
pub struct Reference {
    config: Config,
    /// `[vocabulary, hidden]`
    token_embd: Tensor<2>,
    blocks: Vec<Block>,
    /// `[hidden]`
    output_norm: Tensor<1>,
    /// `[vocabulary, hidden]`
    output: Tensor<2>,
    /// Positions already computed.
    position: usize,
    device: Device,
}

/// A transformer block. Matrices are `[out, in]`.
struct Block {
    attn_norm: Tensor<1>,
    attn_q: Tensor<2>,
    attn_k: Tensor<2>,
    attn_v: Tensor<2>,
    attn_output: Tensor<2>,
    ffn_norm: Tensor<1>,
    ffn_gate: Tensor<2>,
    ffn_up: Tensor<2>,
    ffn_down: Tensor<2>,
    /// Rotated keys and values of the session, each `[kv_heads, t, d]`; none before the first token.
    past: Option<(Tensor<3>, Tensor<3>)>,
}

impl Reference {
    /// Dequantises the model of `file`; `read` returns the data of a tensor.
    pub fn load(file: &File, read: impl FnMut(&TensorInfo) -> Result<Vec<u8>>) -> Result<Self> {
        let config = Config::from_gguf(file)?;
        let tensors = TensorSet::from_gguf(file, &config)?;
        let device = Device::flex();
        let mut loader = Loader { read, device: &device };
        Ok(Self {
            token_embd: loader.matrix(&tensors.token_embd)?,
            blocks: tensors.blocks.iter().map(|block| loader.block(block)).collect::<Result<_>>()?,
            output_norm: loader.vector(&tensors.output_norm)?,
            output: loader.matrix(&tensors.output)?,
            position: 0,
            config,
            device,
        })
    }

    /// The sizes of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Forgets the session: the next token is at position 0 again.
    pub fn reset(&mut self) {
        self.position = 0;
        for block in &mut self.blocks {
            block.past = None;
        }
    }

    /// Starts a session with another base of the rotary frequencies. (One base holds for a whole session: keys in the
    /// cache are rotated already.)
    pub fn reset_with_rope_base(&mut self, base: f64) {
        self.config.rope_base = base;
        self.reset();
    }

    /// Appends `tokens` to the session and returns the logits after each of them, one per token id.
    pub fn forward(&mut self, tokens: &[u32]) -> Result<Vec<Vec<f32>>> {
        self.check(tokens)?;
        let (n, first) = (tokens.len(), self.position);
        let rotation = Rotation::new(&self.config, first..first + n, &self.device);
        let mask = self.causal_mask(first, n);

        // 1. Each token's row of the embedding, unscaled.
        let ids = tokens.iter().map(|id| i64::from(*id)).collect();
        let ids = Tensor::<1, Int>::from_data(TensorData::new(ids, [n]), &self.device);
        let mut x = self.token_embd.clone().select(0, ids); // [n, hidden]

        // 2. Every block adds attention, then the feed-forward network, to the residual stream.
        for block in &mut self.blocks {
            let h = rms_norm(x.clone(), &block.attn_norm, self.config.rms_eps);
            x = x + block.attention(h, &rotation, &mask, &self.config);
            let h = rms_norm(x.clone(), &block.ffn_norm, self.config.rms_eps);
            x = x + block.feed_forward(h);
        }

        // 3. The head, which is a matrix of its own.
        let x = rms_norm(x, &self.output_norm, self.config.rms_eps);
        let logits = linear(x, &self.output); // [n, vocabulary]
        self.position += n;
        rows(logits)
    }

    /// Tokens must be ids of the vocabulary, and at least one.
    fn check(&self, tokens: &[u32]) -> Result<()> {
        let fault = if tokens.is_empty() {
            "there are no tokens to compute".to_owned()
        } else if let Some(id) = tokens.iter().find(|id| **id >= self.config.vocabulary) {
            format!("token {id} is outside the vocabulary of {}", self.config.vocabulary)
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::BadRequest, fault))
    }

    /// What is added to the attention scores, `[n, t]`: 0 for a key at or before the query, -∞ for one after it.
    fn causal_mask(&self, first: usize, n: usize) -> Tensor<2> {
        let t = first + n;
        let mask = (0..n).flat_map(|i| (0..t).map(move |j| if j <= first + i { 0.0 } else { f32::NEG_INFINITY }));
        Tensor::from_data(TensorData::new(mask.collect::<Vec<f32>>(), [n, t]), &self.device)
    }
}

impl Block {
    /// Grouped-query attention over the session so far; `h` is `[n, hidden]`, as is the result.
    fn attention(&mut self, h: Tensor<2>, rotation: &Rotation, mask: &Tensor<2>, config: &Config) -> Tensor<2> {
        let [n, hidden] = h.dims();
        let [heads, kv_heads, d] = [config.heads, config.kv_heads, config.head_dim].map(|size| size as usize);
        let group = heads / kv_heads;

        // 1. Queries, keys and values; the first two are rotated by their position.
        let q = rotation.apply(linear(h.clone(), &self.attn_q).reshape([n, heads, d]));
        let k = rotation.apply(linear(h.clone(), &self.attn_k).reshape([n, kv_heads, d]));
        let v = linear(h, &self.attn_v).reshape([n, kv_heads, d]);

        // 2. Keys and values follow those of the session: [kv_heads, t, d].
        let (mut k, mut v) = (k.swap_dims(0, 1), v.swap_dims(0, 1));
        if let Some((past_k, past_v)) = self.past.take() {
            k = Tensor::cat(vec![past_k, k], 1);
            v = Tensor::cat(vec![past_v, v], 1);
        }
        self.past = Some((k.clone(), v.clone()));

        // 3. Query head j reads kv head j / group: [kv_heads, group, n, d] against [kv_heads, 1, t, d].
        let q = q.swap_dims(0, 1).reshape([kv_heads, group, n, d]);
        let (k, v) = (k.unsqueeze_dim::<4>(1), v.unsqueeze_dim::<4>(1));
        let scores = q.matmul(k.transpose()) / f64::from(config.head_dim).sqrt(); // [kv_heads, group, n, t]
        let weights = softmax(scores + mask.clone().unsqueeze::<4>(), 3);
        let attended = weights.matmul(v); // [kv_heads, group, n, d]

        // 4. The heads side by side, back to the residual stream.
        linear(attended.reshape([heads, n, d]).swap_dims(0, 1).reshape([n, hidden]), &self.attn_output)
    }

    /// SwiGLU: down(silu(gate(h)) · up(h)); `h` is `[n, hidden]`, as is the result.
    fn feed_forward(&self, h: Tensor<2>) -> Tensor<2> {
        let gate = silu(linear(h.clone(), &self.ffn_gate)); // [n, ffn]
        linear(gate * linear(h, &self.ffn_up), &self.ffn_down)
    }
}

/// x · Wᵀ: `[n, in]` and `[out, in]` to `[n, out]`.
fn linear(x: Tensor<2>, weight: &Tensor<2>) -> Tensor<2> {
    x.matmul(weight.clone().transpose())
}

/// x / √(mean(x²) + eps) · weight, for each row of `[n, hidden]`.
fn rms_norm(x: Tensor<2>, weight: &Tensor<1>, eps: f32) -> Tensor<2> {
    let root = (x.clone().square().mean_dim(1) + eps).sqrt(); // [n, 1]
    x / root * weight.clone().unsqueeze::<2>()
}

/// Rotary position embedding in the interleaved form: the pair (2j, 2j + 1) of a head turns by
/// position · base^(-2j / d). GGUF files have the rows of q and k permuted for it; the half-rotation form of the
/// original checkpoints would give fluent nonsense.
struct Rotation {
    /// `[n, 1, d / 2, 1]`
    cos: Tensor<4>,
    /// `[n, 1, d / 2, 1]`
    sin: Tensor<4>,
}

impl Rotation {
    /// The angles of some positions, computed in f64.
    fn new(config: &Config, positions: std::ops::Range<usize>, device: &Device) -> Self {
        let d = f64::from(config.head_dim);
        let frequencies = (0..config.head_dim / 2).map(|j| config.rope_base.powf(-2.0 * f64::from(j) / d));
        let shape = [positions.len(), 1, frequencies.len(), 1];
        let angles = positions.flat_map(|position| frequencies.clone().map(move |f| position as f64 * f));
        let table = |of: fn(f64) -> f64| {
            let values: Vec<f32> = angles.clone().map(|angle| of(angle) as f32).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self { cos: table(f64::cos), sin: table(f64::sin) }
    }

    /// Turns every pair of every head: `[n, heads, d]` to the same.
    fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        let [n, heads, d] = x.dims();
        let pairs = x.reshape([n, heads, d / 2, 2]);
        let (even, odd) = (pairs.clone().narrow(3, 0, 1), pairs.narrow(3, 1, 1)); // [n, heads, d / 2, 1]
        let turned_even = even.clone() * self.cos.clone() - odd.clone() * self.sin.clone();
        let turned_odd = even * self.sin.clone() + odd * self.cos.clone();
        Tensor::cat(vec![turned_even, turned_odd], 3).reshape([n, heads, d])
    }
}

/// Each row of a matrix, as plain numbers.
fn rows(matrix: Tensor<2>) -> Result<Vec<Vec<f32>>> {
    let [_, columns] = matrix.dims();
    let numbers = matrix.try_into_vec_as::<f32>();
    let numbers = numbers.map_err(|error| Error::new(ErrorKind::Internal, format!("cannot read logits: {error}")))?;
    Ok(numbers.chunks_exact(columns).map(<[f32]>::to_vec).collect())
}

/// Turns tensors of the file into tensors on the CPU.
struct Loader<'a, R> {
    read: R,
    device: &'a Device,
}

impl<R: FnMut(&TensorInfo) -> Result<Vec<u8>>> Loader<'_, R> {
    fn block(&mut self, block: &BlockTensors) -> Result<Block> {
        Ok(Block {
            attn_norm: self.vector(&block.attn_norm)?,
            attn_q: self.matrix(&block.attn_q)?,
            attn_k: self.matrix(&block.attn_k)?,
            attn_v: self.matrix(&block.attn_v)?,
            attn_output: self.matrix(&block.attn_output)?,
            ffn_norm: self.vector(&block.ffn_norm)?,
            ffn_gate: self.matrix(&block.ffn_gate)?,
            ffn_up: self.matrix(&block.ffn_up)?,
            ffn_down: self.matrix(&block.ffn_down)?,
            past: None,
        })
    }

    /// The rows of a matrix, `[out, in]`.
    fn matrix(&mut self, source: &MatrixSource) -> Result<Tensor<2>> {
        let tensor = &source.tensor;
        let weights = self.weights(tensor).with_context(|| format!("loading {}", tensor.name))?;
        let [rows, first_row, cols] = [tensor.rows(), source.first_row, tensor.cols()].map(|size| size as usize);
        let all = Tensor::<2>::from_data(TensorData::new(weights, [rows, cols]), self.device);
        Ok(all.narrow(0, first_row, source.rows as usize))
    }

    /// The weights of a norm.
    fn vector(&mut self, tensor: &TensorInfo) -> Result<Tensor<1>> {
        let weights = self.weights(tensor).with_context(|| format!("loading {}", tensor.name))?;
        let length = weights.len();
        Ok(Tensor::from_data(TensorData::new(weights, [length]), self.device))
    }

    /// The weights of a tensor, which must all be finite.
    fn weights(&mut self, tensor: &TensorInfo) -> Result<Vec<f32>> {
        let bytes = (self.read)(tensor)?;
        if let Some(block) = first_not_finite(tensor.dtype, &bytes) {
            let message =
                format!("block {block} of {} has weights that are not finite; download it again", tensor.dtype);
            return Err(Error::new(ErrorKind::NotFinite, message));
        }
        let mut weights = vec![0.0; tensor.elements() as usize];
        dequantize(tensor.dtype, &bytes, &mut weights)?;
        Ok(weights)
    }
}
