//! The forward pass of InternLM2 (Cai et al., 2024, "InternLM2 Technical Report"), as launches of kernels.
//!
//! In a GGUF file it is a Llama graph: grouped-query attention with interleaved RoPE, SwiGLU, RMSNorm before each half
//! of a block, an output head of its own. `reference` is the same in tensor operations on the CPU.

use super::weights::{Block, Lookup, Product, Weights};
use super::{Config, KvCache, TensorSet, rotation_table};
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{Buffer, ByteSource, Gpu, Kernel, Workgroups};
use crate::kernels::{
    Accumulate, Attention, KvSide, MAX_STEP_TOKENS, MatvecVariant, Rows, attention, kv_write, rms_norm, rope, silu_mul,
    step,
};
use crate::protocol::KvType;
use crate::quant::DType;

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
    /// How matrices are multiplied with one vector.
    pub variant: MatvecVariant,
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
    variant: MatvecVariant,
}

/// A transformer block; fields named as in the checkpoint.
struct Layer {
    attn_norm: Buffer,
    attn_q: Product,
    attn_k: Product,
    attn_v: Product,
    attn_output: Product,
    ffn_norm: Buffer,
    ffn_gate: Product,
    ffn_up: Product,
    ffn_down: Product,
}

/// Kernels that every block shares; numbers are workgroups along x.
struct Shared {
    norm: Kernel,
    last_norm: Kernel,
    rope: (Kernel, u32),
    write_keys: (Kernel, u32),
    write_values: (Kernel, u32),
    attention: Kernel,
    silu_mul: (Kernel, u32),
}

/// Activations of a step of n tokens.
struct Scratch {
    /// The most that n may be.
    tokens: u32,
    step: Buffer,
    /// \[context, head_dim / 2\] pairs of cos and sin.
    rotation: Buffer,
    /// The residual stream, \[n, hidden\].
    x: Buffer,
    /// Normed, \[n, hidden\].
    h: Buffer,
    /// \[n, heads, head_dim\]
    q: Buffer,
    /// \[n, kv_heads, head_dim\]
    k: Buffer,
    /// \[n, kv_heads, head_dim\]
    v: Buffer,
    /// \[n, heads, head_dim\]
    attended: Buffer,
    /// \[n, ffn\]
    gate: Buffer,
    /// \[n, ffn\]
    up: Buffer,
    /// \[vocabulary\]
    logits: Buffer,
}

impl Model {
    /// Kernel launches of a block for one token, where no matrix is cut.
    pub const LAUNCHES_PER_BLOCK: u32 = 14;

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
        let Setup { context, kv_type, variant } = setup;
        let cache = KvCache::new(gpu, &config, context, kv_type)?;
        let scratch = Scratch::new(gpu, &config, context)?;
        gpu.finish().await?;
        let weights = Weights::upload(gpu, set, source, progress).await?;
        let (weight_bytes, weight_bytes_by_type) = (weights.bytes, weights.bytes_per_token);
        Ok(Self {
            kernels: Shared::new(&config, &cache),
            token_embd: weights.token_embd.lookup(),
            layers: weights.blocks.into_iter().map(|block| Layer::new(block, variant)).collect(),
            output_norm: weights.output_norm,
            output: weights.output.product(Accumulate::Replace, variant),
            config,
            cache,
            scratch,
            weight_bytes,
            weight_bytes_by_type,
            variant,
        })
    }

    /// Sends `tokens` through the model after those already in the cache; at most [`Model::step_tokens`] of them. Returns
    /// once everything is queued.
    ///
    /// # Errors
    /// `ContextFull` if they do not fit, `BadRequest` for an id outside the vocabulary or a step of the wrong size.
    pub fn forward(&mut self, gpu: &Gpu, tokens: &[u32], want: Want) -> Result<()> {
        let n = self.check(tokens)?;
        let (s, k) = (&self.scratch, &self.kernels);
        gpu.write(&s.step, &step::words(self.cache.length, tokens));

        // x = token_embd[tokens]                                                            [n, hidden]
        self.token_embd.many(gpu, &s.step, n, &s.x);
        for (layer, (keys, values)) in self.layers.iter().zip(&self.cache.blocks) {
            // 1. Projections of the normed stream
            gpu.launch(&k.norm, Workgroups(n, 1, 1), &[&s.x, &layer.attn_norm, &s.h, &s.step]);
            layer.attn_q.many(gpu, &s.step, n, &s.h, &s.q); //                               [n, heads, head_dim]
            layer.attn_k.many(gpu, &s.step, n, &s.h, &s.k); //                               [n, kv_heads, head_dim]
            layer.attn_v.many(gpu, &s.step, n, &s.h, &s.v);
            // 2. Positions: rotate q, and k on its way into the cache
            gpu.launch(&k.rope.0, Workgroups(k.rope.1, n, 1), &[&s.step, &s.rotation, &s.q]);
            gpu.launch(&k.write_keys.0, Workgroups(k.write_keys.1, n, 1), &[&s.step, &s.rotation, &s.k, keys]);
            gpu.launch(&k.write_values.0, Workgroups(k.write_values.1, n, 1), &[&s.step, &s.rotation, &s.v, values]);
            // 3. softmax(q k^T / sqrt(head_dim)) v, up to each token's own position
            let bindings = [&s.step, &s.q, keys, values, &s.attended];
            gpu.launch(&k.attention, Workgroups(self.config.heads, n, 1), &bindings); //     [n, heads, head_dim]
            // 4. x += attn_output(attended)
            layer.attn_output.many(gpu, &s.step, n, &s.attended, &s.x);
            // 5. x += ffn_down(silu(ffn_gate(h)) * ffn_up(h))
            gpu.launch(&k.norm, Workgroups(n, 1, 1), &[&s.x, &layer.ffn_norm, &s.h, &s.step]);
            layer.ffn_gate.many(gpu, &s.step, n, &s.h, &s.gate); //                          [n, ffn]
            layer.ffn_up.many(gpu, &s.step, n, &s.h, &s.up);
            gpu.launch(&k.silu_mul.0, Workgroups(k.silu_mul.1, n, 1), &[&s.gate, &s.up]);
            layer.ffn_down.many(gpu, &s.step, n, &s.gate, &s.x);
            if n > 1 {
                // A submission a block: drivers reset a GPU that is busy with one for seconds, and the page's own
                // frames get their turn in between. A single token is short, and one submission is cheapest.
                gpu.submit()?;
            }
        }
        if want == Want::Logits {
            // logits = output(norm(x[n - 1]))                                               [vocabulary]
            gpu.launch(&k.last_norm, Workgroups(1, 1, 1), &[&s.x, &self.output_norm, &s.h, &s.step]);
            self.output.one(gpu, &s.h, &s.logits);
        }
        self.cache.length += n;
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

    /// The matrix-vector variant in use.
    pub fn variant(&self) -> MatvecVariant {
        self.variant
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
    fn new(block: Block, variant: MatvecVariant) -> Self {
        use Accumulate::{Add, Replace};
        Self {
            attn_norm: block.attn_norm,
            attn_q: block.attn_q.product(Replace, variant),
            attn_k: block.attn_k.product(Replace, variant),
            attn_v: block.attn_v.product(Replace, variant),
            attn_output: block.attn_output.product(Add, variant),
            ffn_norm: block.ffn_norm,
            ffn_gate: block.ffn_gate.product(Replace, variant),
            ffn_up: block.ffn_up.product(Replace, variant),
            ffn_down: block.ffn_down.product(Add, variant),
        }
    }
}

impl Shared {
    fn new(config: &Config, cache: &KvCache) -> Self {
        Self {
            norm: rms_norm(config.hidden, config.rms_eps, Rows::All),
            last_norm: rms_norm(config.hidden, config.rms_eps, Rows::Last),
            rope: rope(config.heads, config.head_dim),
            write_keys: kv_write(&cache.shape, KvSide::Keys),
            write_values: kv_write(&cache.shape, KvSide::Values),
            attention: attention(&Attention { heads: config.heads, kv: cache.shape }),
            silu_mul: silu_mul(config.ffn),
        }
    }
}

impl Scratch {
    fn new(gpu: &Gpu, config: &Config, context: u32) -> Result<Self> {
        // As many tokens as the widest activations leave room for in a binding.
        let widest = 4 * u64::from(config.hidden.max(config.ffn));
        let fit = u32::try_from(gpu.limits().max_binding_bytes / widest).unwrap_or(u32::MAX);
        let tokens = MAX_STEP_TOKENS.min(context).min(fit).max(1);
        let activations = |width: u32| gpu.allocate(4 * u64::from(tokens) * u64::from(width), "the activations");
        let table = rotation_table(config, context);
        let rotation = gpu.allocate(4 * table.len() as u64, "the table of rotations")?;
        gpu.write_f32(&rotation, &table);
        Ok(Self {
            tokens,
            step: gpu.allocate(step::BYTES, "the step")?,
            rotation,
            x: activations(config.hidden)?,
            h: activations(config.hidden)?,
            q: activations(config.hidden)?,
            k: activations(config.kv_width())?,
            v: activations(config.kv_width())?,
            attended: activations(config.hidden)?,
            gate: activations(config.ffn)?,
            up: activations(config.ffn)?,
            logits: gpu.allocate(4 * u64::from(config.vocabulary), "the logits")?,
        })
    }
}
