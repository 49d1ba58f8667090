//! The forward pass of InternLM2 (Cai et al., 2024, "InternLM2 Technical Report"), as launches of kernels.
//!
//! In a GGUF file it is a Llama graph: grouped-query attention with interleaved RoPE, SwiGLU, RMSNorm before each half
//! of a block, an output head of its own. `reference` is the same in tensor operations on the CPU.

use super::matrix::{Lookup, Norm, Product};
use super::scratch::{Scratch, Shared};
use super::weights::{Block, Weights};
use super::{Config, KvCache, TensorSet};
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{Buffer, ByteSource, Gpu, Recording, Workgroups};
use crate::kernels::{Accumulate, Output, Variants, step};
use crate::protocol::KvType;
use crate::quant::DType;
use std::collections::HashMap;

/// What a step of [`Model::forward`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Only to fill the cache: a piece of a prompt that is not its last.
    Cache,
    /// Also the logits of the step's last token.
    Logits,
}

/// Choices made when a model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Positions of the cache.
    pub context: u32,
    /// How keys and values are kept.
    pub kv_type: KvType,
    /// How matrices are multiplied.
    pub variants: Variants,
}

/// A model on the GPU with the cache of one conversation.
pub struct Model {
    config: Config,
    token_embd: Lookup,
    layers: Vec<Layer>,
    output_norm: Buffer,
    output: Product,
    cache: KvCache,
    kernels: Shared,
    scratch: Scratch,
    weight_bytes: u64,
    weight_bytes_by_type: Vec<(DType, u64)>,
    variants: Variants,
    /// The launches of a single token, by the number of stretches that its attention has: they differ in nothing else.
    recordings: HashMap<u32, Recording>,
}

/// A transformer block; fields named as in the checkpoint.
struct Layer {
    attn_norm: Norm,
    attn_qkv: Product,
    attn_output: Product,
    ffn_norm: Norm,
    ffn_gate_up: GateUp,
    ffn_down: Product,
}

/// The gate and what is gated.
enum GateUp {
    /// In one buffer: for a single token, one launch computes silu(gate) · up.
    Whole(Product),
    /// Of different types, or too large for one.
    Apart(Product),
}

impl Model {
    /// Kernel launches of a block for one token, where no matrix is cut and the conversation is short.
    pub const LAUNCHES_PER_BLOCK: u32 = 5;

    /// Launches for one token before and after the blocks.
    pub const LAUNCHES_BESIDE: u32 = 3;

    /// Uploads the weights and allocates everything that a context of `context` tokens needs.
    ///
    /// # Errors
    /// `GpuLimits` and `GpuOutOfMemory` where it does not fit, `NotFinite` for poisoned weights, those of the source, and
    /// what `progress(bytes done, of)` returns.
    pub async fn load(
        gpu: &Gpu,
        config: Config,
        set: &TensorSet,
        source: &mut dyn ByteSource,
        setup: Setup,
        progress: &mut dyn FnMut(u64, u64) -> Result<()>,
    ) -> Result<Self> {
        // The cache first: if the context does not fit, that should be known before gigabytes are read.
        let Setup { context, kv_type, variants } = setup;
        let cache = KvCache::new(gpu, &config, context, kv_type)?;
        let scratch = Scratch::new(gpu, &config, context)?;
        gpu.finish().await?;
        let weights = Weights::upload(gpu, set, source, progress).await?;
        let (weight_bytes, weight_bytes_by_type) = (weights.bytes, weights.bytes_per_token);
        Ok(Self {
            kernels: Shared::new(&config, &cache, variants),
            token_embd: weights.token_embd.lookup(),
            layers: weights.blocks.into_iter().map(|block| Layer::new(block, config.rms_eps, variants)).collect(),
            output_norm: weights.output_norm,
            output: weights.output.product(Accumulate::Replace, variants),
            config,
            cache,
            scratch,
            weight_bytes,
            weight_bytes_by_type,
            variants,
            recordings: HashMap::new(),
        })
    }

    /// Sends `tokens` through the model after those already in the cache; at most [`Model::step_tokens`] of them. Returns
    /// once everything is queued.
    ///
    /// # Errors
    /// `ContextFull` if they do not fit, `BadRequest` for an id outside the vocabulary or a step of the wrong size.
    pub fn forward(&mut self, gpu: &Gpu, tokens: &[u32], want: Want) -> Result<()> {
        let n = self.check(tokens)?;
        gpu.write(&self.scratch.step, &step::words(self.cache.length, tokens));
        match n {
            1 => self.forward_one(gpu)?,
            _ => {
                self.embed(gpu, n);
                self.prefill(gpu, n)?;
                if want == Want::Logits {
                    self.head(gpu);
                }
            }
        }
        self.cache.length += n;
        Ok(())
    }

    /// A single token, always with its logits: the launches are recorded the first time, and run again from then on.
    fn forward_one(&mut self, gpu: &Gpu) -> Result<()> {
        let stretches = self.kernels.stretches(self.cache.length);
        if let Some(recording) = self.recordings.get(&stretches) {
            return gpu.replay(recording);
        }
        let recording = gpu.record(|| {
            self.embed(gpu, 1);
            self.decode(gpu, stretches);
            self.head(gpu);
        })?;
        self.recordings.insert(stretches, recording);
        Ok(())
    }

    /// x = token_embd\[tokens\], \[n, hidden\]
    fn embed(&self, gpu: &Gpu, n: u32) {
        self.token_embd.many(gpu, &self.scratch.step, n, &self.scratch.x);
    }

    /// logits = output(norm(x\[n - 1\])), \[vocabulary\]
    fn head(&self, gpu: &Gpu) {
        let s = &self.scratch;
        let bindings = [&s.x, &self.output_norm, &s.h, &s.step];
        gpu.launch(&self.kernels.last_norm, Workgroups(1, 1, 1), &bindings);
        self.output.one(gpu, &s.h, &s.logits);
    }

    /// All blocks for a single token.
    fn decode(&self, gpu: &Gpu, stretches: u32) {
        let (s, k) = (&self.scratch, &self.kernels);
        for (layer, (keys, values)) in self.layers.iter().zip(&self.cache.blocks) {
            // 1. Projections of the normed stream
            layer.attn_qkv.one(gpu, &s.x, &s.qkv); //                                        [heads + 2 kv_heads, head_dim]
            // 2. Rotated by the position, keys and values into the cache;
            //    softmax(q k^T / sqrt(head_dim)) v over it
            k.decode_attention(gpu, s, stretches, keys, values); //                          [heads, head_dim]
            // 3. x += attn_output(attended)
            layer.attn_output.one(gpu, &s.attended, &s.x);
            // 4. x += ffn_down(silu(ffn_gate(norm(x))) * ffn_up(norm(x)))
            match &layer.ffn_gate_up {
                GateUp::Whole(gated) => gated.one(gpu, &s.x, &s.gated), //                   [ffn]
                GateUp::Apart(gate_up) => {
                    gate_up.one(gpu, &s.x, &s.gate_up);
                    k.silu_mul(gpu, s, 1);
                }
            }
            layer.ffn_down.one(gpu, &s.gated, &s.x);
        }
    }

    /// All blocks for `n` tokens.
    fn prefill(&self, gpu: &Gpu, n: u32) -> Result<()> {
        let (s, k) = (&self.scratch, &self.kernels);
        for (layer, (keys, values)) in self.layers.iter().zip(&self.cache.blocks) {
            // 1. Projections of the normed stream
            k.norm(gpu, s, n, &layer.attn_norm);
            layer.attn_qkv.many(gpu, &s.step, n, &s.h, &s.qkv); //                           [n, heads + 2 kv_heads, head_dim]
            // 2. Positions: rotate q, and k on its way into the cache
            k.rope(gpu, s, n);
            k.kv_write(gpu, s, n, keys, values);
            // 3. softmax(q k^T / sqrt(head_dim)) v, up to each token's own position
            k.attention(gpu, s, n, keys, values); //                                         [n, heads, head_dim]
            // 4. x += attn_output(attended)
            layer.attn_output.many(gpu, &s.step, n, &s.attended, &s.x);
            // 5. x += ffn_down(silu(ffn_gate(h)) * ffn_up(h))
            k.norm(gpu, s, n, &layer.ffn_norm);
            layer.ffn_gate_up.product().many(gpu, &s.step, n, &s.h, &s.gate_up); //          [n, 2 ffn]
            k.silu_mul(gpu, s, n); //                                                        [n, ffn]
            layer.ffn_down.many(gpu, &s.step, n, &s.gated, &s.x);
            // A submission a block: drivers reset a GPU that is busy with one for seconds, and the page's own frames get
            // their turn in between. A single token is short, and one submission is cheapest.
            gpu.submit()?;
        }
        Ok(())
    }

    /// The logits of the last step that wanted them, \[vocabulary\].
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    pub async fn logits(&self, gpu: &Gpu) -> Result<Vec<f32>> {
        gpu.read_f32(&self.scratch.logits, self.config.vocabulary as usize).await
    }

    /// Forgets all positions from `length` on.
    pub fn truncate(&mut self, length: u32) {
        self.cache.length = self.cache.length.min(length);
    }

    /// Positions in use.
    pub fn length(&self) -> u32 {
        self.cache.length
    }

    /// The most tokens that one step can take.
    pub fn step_tokens(&self) -> u32 {
        self.scratch.tokens
    }

    /// Positions at hand.
    pub fn context(&self) -> u32 {
        self.cache.shape.context
    }

    /// The sizes of the model.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Bytes of weights on the GPU.
    pub fn weight_bytes(&self) -> u64 {
        self.weight_bytes
    }

    /// Bytes of packed weights read for one decoded token.
    pub fn weight_bytes_per_token(&self) -> u64 {
        self.weight_bytes_by_type.iter().map(|(_, bytes)| bytes).sum()
    }

    /// The same, of each type of weights.
    pub fn weight_bytes_by_type(&self) -> &[(DType, u64)] {
        &self.weight_bytes_by_type
    }

    /// Bytes of the key/value cache.
    pub fn kv_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// The kernel variants in use.
    pub fn variants(&self) -> Variants {
        self.variants
    }

    fn check(&self, tokens: &[u32]) -> Result<u32> {
        let most = self.step_tokens();
        let n = u32::try_from(tokens.len()).ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| {
            let message = format!("a step takes 1 to {most} tokens, not {}", tokens.len());
            Error::new(ErrorKind::BadRequest, message)
        })?;
        if let Some(id) = tokens.iter().find(|id| **id >= self.config.vocabulary) {
            let message = format!("token {id} is outside the vocabulary of {}", self.config.vocabulary);
            return Err(Error::new(ErrorKind::BadRequest, message));
        }
        let left = self.context() - self.length();
        if n > left {
            let message = format!(
                "{n} more tokens do not fit: {} of {} positions are in use; shorten the conversation or load the model \
                 with a longer context",
                self.length(),
                self.context()
            );
            return Err(Error::new(ErrorKind::ContextFull, message));
        }
        Ok(n)
    }
}

impl Layer {
    fn new(block: Block, eps: f32, variants: Variants) -> Self {
        let [attn_norm, ffn_norm] = [block.attn_norm, block.ffn_norm].map(|weight| Norm { weight, eps });
        let replace = Output::Rows(Accumulate::Replace);
        let gate_up = &block.ffn_gate_up;
        Self {
            attn_qkv: block.attn_qkv.normed_product(&attn_norm, replace, variants),
            attn_output: block.attn_output.product(Accumulate::Add, variants),
            ffn_gate_up: if gate_up.is_whole() {
                GateUp::Whole(gate_up.normed_product(&ffn_norm, Output::Gated, variants))
            } else {
                GateUp::Apart(gate_up.normed_product(&ffn_norm, replace, variants))
            },
            ffn_down: block.ffn_down.product(Accumulate::Add, variants),
            attn_norm,
            ffn_norm,
        }
    }
}

impl GateUp {
    fn product(&self) -> &Product {
        match self {
            Self::Whole(product) | Self::Apart(product) => product,
        }
    }
}
