//! The forward pass of InternLM2 (Cai et al., 2024, "InternLM2 Technical Report"), as launches of kernels.
//!
//! In a GGUF file it is a Llama graph: grouped-query attention with interleaved RoPE, SwiGLU, RMSNorm before each half
//! of a block, an output head of its own. `reference` is the same in tensor operations on the CPU.

use super::draw::Drawing;
use super::layer::Layer;
use super::matrix::{Lookup, Matrix, Product};
use super::scratch::{Scratch, Shared};
use super::weights::{Block, Weights};
use super::{Config, Grain, Input, KvCache, TensorSet, Want};
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{ByteSource, Gpu, Launch, Reading, Recording, Workgroups};
use crate::kernels::step::{self, Unit};
use crate::kernels::{Accumulate, DrawSettings, Variants};
use crate::protocol::KvType;
use crate::quant::DType;
use std::collections::{HashMap, HashSet};

/// How a single token's step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum End {
    Logits,
    Draw,
}

/// Choices made when a model is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    weights: Weights,
    network: Network,
    cache: KvCache,
    scratch: Scratch,
    variants: Variants,
    grain: Grain,
    drawing: Drawing,
    /// The launches of a single token, by the number of stretches that its attention has and by its end: they differ in
    /// nothing else.
    recordings: HashMap<(u32, End), Recording>,
}

/// The kernels that go over the weights.
struct Network {
    token_embd: Lookup,
    layers: Vec<Layer>,
    output: Product,
    shared: Shared,
}

impl Model {
    /// Kernel launches of a block for one token, where no matrix is cut and the conversation is short.
    pub const LAUNCHES_PER_BLOCK: u32 = Layer::LAUNCHES;

    /// Launches for one token before and after the blocks: embedding, norm, head, and four of the draw.
    pub const LAUNCHES_BESIDE: u32 = 7;

    /// Uploads the weights and allocates everything that a context of `context` tokens needs. Kernels are compiled while
    /// the weights come.
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
        let drawing = Drawing::new(gpu, config.vocabulary)?;
        gpu.finish().await?;
        let shared = Shared::new(&config, &cache, &variants);
        gpu.write(&scratch.step, &step::words(0, &[0], Unit::default()));
        let mut compiled = HashSet::new();
        let mut compile = |launches: Vec<Launch>| {
            let new = launches.into_iter().filter(|launch| compiled.insert(launch.kernel.key()));
            gpu.compile(&new.collect::<Vec<_>>());
        };
        let mut arrived = |block: &Block| {
            let layer = Layer::new(block, config.rms_eps, &variants);
            let Some((keys, values)) = cache.blocks.first() else { return };
            compile(gpu.trace(|| {
                layer.decode(gpu, &scratch, &shared, 1, (keys, values));
                layer.prefill(gpu, &scratch, &shared, 1, (keys, values));
            }));
        };
        let weights = Weights::upload(gpu, set, source, &mut arrived, progress).await?;
        let network = Network::new(&weights, &config, shared, &variants);
        let model = Self {
            config,
            weights,
            network,
            cache,
            scratch,
            variants,
            grain: Grain::default(),
            drawing,
            recordings: HashMap::new(),
        };
        compile(gpu.trace(|| {
            model.embed(gpu, 1);
            model.head(gpu);
            model.draw(gpu);
        }));
        Ok(model)
    }

    /// Submits so much at a time from now on.
    pub fn set_grain(&mut self, grain: Grain) {
        self.grain = grain;
    }

    /// Multiplies in other ways from now on.
    pub fn set_variants(&mut self, variants: Variants) {
        let shared = Shared::new(&self.config, &self.cache, &variants);
        self.network = Network::new(&self.weights, &self.config, shared, &variants);
        self.variants = variants;
        self.recordings.clear();
    }

    /// Sends the tokens of `input` through the model after those already in the cache; at most [`Model::step_tokens`] of
    /// them. Returns once everything is queued.
    ///
    /// # Errors
    /// `ContextFull` if they do not fit, `BadRequest` for an id outside the vocabulary or a step of the wrong size.
    pub fn forward(&mut self, gpu: &Gpu, input: Input<'_>, want: Want) -> Result<()> {
        let unit = match want {
            Want::Draw(unit) => unit,
            Want::Cache | Want::Logits => Unit::default(),
        };
        let n = match input {
            Input::Tokens(tokens) => {
                let n = self.check(tokens)?;
                gpu.write(&self.scratch.step, &step::words(self.cache.length, tokens, unit));
                n
            }
            Input::Drawn => {
                self.check_room(1)?;
                gpu.write(&self.scratch.step, &step::drawn(self.cache.length, unit));
                1
            }
        };
        if n == 1 {
            self.forward_one(gpu, if matches!(want, Want::Draw(_)) { End::Draw } else { End::Logits })?;
        } else {
            self.forward_many(gpu, n, want)?;
        }
        self.cache.length += n;
        Ok(())
    }

    fn forward_many(&self, gpu: &Gpu, n: u32, want: Want) -> Result<()> {
        self.embed(gpu, n);
        for layer in 0..self.network.layers.len() {
            match self.grain {
                Grain::Block => {
                    self.prefill(gpu, layer, n);
                    gpu.submit()?;
                }
                Grain::Launch => {
                    for launch in gpu.trace(|| self.prefill(gpu, layer, n)) {
                        gpu.run(&launch);
                        gpu.submit()?;
                    }
                }
            }
        }
        if want != Want::Cache {
            self.head(gpu);
        }
        if matches!(want, Want::Draw(_)) {
            self.draw(gpu);
        }
        Ok(())
    }

    /// A single token, always with its logits: the launches are recorded the first time, and run again from then on.
    fn forward_one(&mut self, gpu: &Gpu, end: End) -> Result<()> {
        let stretches = self.network.shared.stretches(self.cache.length);
        if let Some(recording) = self.recordings.get(&(stretches, end)) {
            return gpu.replay(recording);
        }
        let recording = gpu.record(|| {
            self.embed(gpu, 1);
            self.decode(gpu, stretches);
            self.head(gpu);
            if end == End::Draw {
                self.draw(gpu);
            }
        })?;
        self.recordings.insert((stretches, end), recording);
        Ok(())
    }

    /// Draws with `settings` from now on, after the tokens `seen`.
    pub fn begin_draws(&self, gpu: &Gpu, settings: &DrawSettings, seen: impl Iterator<Item = u32>) {
        self.drawing.begin(gpu, settings, seen);
    }

    /// Begins to read what the last step has drawn.
    pub fn start_drawn<'a>(&self, gpu: &'a Gpu) -> Reading<'a> {
        self.drawing.read(gpu)
    }

    /// Draws from the logits.
    fn draw(&self, gpu: &Gpu) {
        self.drawing.launch(gpu, &self.scratch.step, &self.scratch.logits);
    }

    /// x = token_embd\[tokens\], \[n, hidden\]
    fn embed(&self, gpu: &Gpu, n: u32) {
        self.network.token_embd.many(gpu, &self.scratch.step, n, &self.scratch.x);
    }

    /// logits = output(norm(x\[n - 1\])), \[vocabulary\]
    fn head(&self, gpu: &Gpu) {
        let s = &self.scratch;
        let bindings = [&s.x, &self.weights.output_norm, &s.h, &s.step];
        gpu.launch(&self.network.shared.last_norm, Workgroups(1, 1, 1), &bindings);
        self.network.output.one(gpu, &s.h, &s.logits);
    }

    /// All blocks for a single token.
    fn decode(&self, gpu: &Gpu, stretches: u32) {
        let Network { layers, shared, .. } = &self.network;
        for (layer, (keys, values)) in layers.iter().zip(&self.cache.blocks) {
            layer.decode(gpu, &self.scratch, shared, stretches, (keys, values));
        }
    }

    /// One block for `n` tokens.
    fn prefill(&self, gpu: &Gpu, layer: usize, n: u32) {
        let Network { layers, shared, .. } = &self.network;
        if let (Some(layer), Some((keys, values))) = (layers.get(layer), self.cache.blocks.get(layer)) {
            layer.prefill(gpu, &self.scratch, shared, n, (keys, values));
        }
    }

    /// What [`Model::forward`] would launch for `n` tokens, with a draw at the end. Nothing runs; the step buffer has the
    /// tokens, so that the launches may be run.
    ///
    /// # Errors
    /// `BadRequest` and `ContextFull`, as there.
    pub fn launches(&self, gpu: &Gpu, n: u32) -> Result<Vec<Launch>> {
        let tokens = vec![0; n as usize];
        self.check(&tokens)?;
        gpu.write(&self.scratch.step, &step::words(self.cache.length, &tokens, Unit::default()));
        Ok(gpu.trace(|| {
            self.embed(gpu, n);
            match n {
                1 => self.decode(gpu, self.network.shared.stretches(self.cache.length)),
                _ => (0..self.network.layers.len()).for_each(|layer| self.prefill(gpu, layer, n)),
            }
            self.head(gpu);
            self.draw(gpu);
        }))
    }

    /// The logits of the last step that wanted them, \[vocabulary\].
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    pub async fn logits(&self, gpu: &Gpu) -> Result<Vec<f32>> {
        self.start_logits(gpu).finish_f32().await
    }

    /// Begins to read the logits of the last step that wanted them, \[vocabulary\].
    pub fn start_logits<'a>(&self, gpu: &'a Gpu) -> Reading<'a> {
        gpu.start_read(&self.scratch.logits, self.config.vocabulary as usize)
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
        self.weights.bytes
    }

    /// Bytes of packed weights read for one decoded token.
    pub fn weight_bytes_per_token(&self) -> u64 {
        self.weights.bytes_per_token.iter().map(|(_, bytes)| bytes).sum()
    }

    /// The same, of each type of weights.
    pub fn weight_bytes_by_type(&self) -> &[(DType, u64)] {
        &self.weights.bytes_per_token
    }

    /// Multiplications with weights for a prompt of `n` tokens, whose last alone has logits.
    pub fn products_per_prompt(&self, n: u32) -> u64 {
        let head = self.weights.output.weights();
        let blocks = self.weights.blocks.iter().flat_map(Block::matrices).map(Matrix::weights).sum::<u64>();
        blocks * u64::from(n) + head
    }

    /// Bytes of the key/value cache.
    pub fn kv_bytes(&self) -> u64 {
        self.cache.bytes()
    }

    /// The kernel variants in use.
    pub fn variants(&self) -> &Variants {
        &self.variants
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
        self.check_room(n)?;
        Ok(n)
    }

    fn check_room(&self, n: u32) -> Result<()> {
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
        Ok(())
    }
}

impl Network {
    fn new(weights: &Weights, config: &Config, shared: Shared, variants: &Variants) -> Self {
        let layer = |block| Layer::new(block, config.rms_eps, variants);
        Self {
            token_embd: weights.token_embd.lookup(),
            layers: weights.blocks.iter().map(layer).collect(),
            output: weights.output.product(Accumulate::Replace, variants),
            shared,
        }
    }
}
