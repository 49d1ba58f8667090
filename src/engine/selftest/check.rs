//! The checks: which kernel on which input. Inputs come from a fixed generator, so that what is stored is one list of
//! results; sizes are the guide's where every GPU can bind that much, so that most pipelines compiled here are those that
//! it needs next.

use super::inputs::{Inputs, side_by_side, step_words, words};
use crate::error::Result;
use crate::gpu::{Buffer, Gpu, Kernel, Workgroups};
use crate::kernels::step::{self, Unit};
use crate::kernels::{
    Accumulate, Attention, AttentionVariant, Draw, DrawSettings, Drawn, Input, KvShape, KvSide, MatmulVariant,
    MatvecVariant, Output, Packed, Repack, Rows, Stretches, Variant, attention, combine, decode_attention, draw, embed,
    kv_write, matmul, matvec, repack, rms_norm, rope, silu_mul,
};
use crate::model::Drawing;
use crate::protocol::KvType;
use crate::quant::DType;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Tokens of a step: more than one, less than a tile.
pub const TOKENS: u32 = 5;
/// Width of the residual stream and side of the matrix.
pub const WIDTH: u32 = 256;
/// Width of the feed-forward layer.
pub const FFN: u32 = 768;
/// Gates of the matrix of gates: so few that any GPU can bind it in any type.
pub const GATES: u32 = 64;
/// Query heads.
pub const HEADS: u32 = 4;
/// Key/value heads.
pub const KV_HEADS: u32 = 2;
/// Numbers of a head.
pub const HEAD_DIM: u32 = 64;
/// Positions of the guide's cache.
pub const CONTEXT: u32 = 2048;
/// Positions of the cache where that cannot be bound.
pub const SHORT_CONTEXT: u32 = 64;
/// Position of the first token of the step.
pub const POSITION: u32 = 2;
/// As the guide's file says.
pub const EPS: f32 = 1e-5;
/// Tokens that are drawn from: the guide's vocabulary.
pub const VOCABULARY: u32 = 3072;
/// How they are drawn: each cut decides once, top-p over all tokens too. Not the penalty, which would change the next
/// draw's logits.
pub const DRAW_WAYS: [DrawSettings; 4] = [
    DrawSettings { temperature: 1.5, top_p: 1.0, min_p: 0.0, penalty: 1.0, top_k: 24 },
    DrawSettings { temperature: 0.75, top_p: 0.75, min_p: 0.0, penalty: 1.0, top_k: 40 },
    DrawSettings { temperature: 2.0, top_p: 1.0, min_p: 0.125, penalty: 1.0, top_k: 0 },
    DrawSettings { temperature: 2.0, top_p: 0.875, min_p: 0.0, penalty: 1.0, top_k: 0 },
];
/// How many draws of each.
const DRAWS: u32 = 5;
/// How many of the results are stored for each check, evenly spread.
pub const SAMPLES: usize = 64;

/// A kernel, or a chain of them, whose result is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// From the file's blocks to planes, and reading rows of them.
    Weights(DType),
    /// A matrix with one vector, added to another.
    Matvec(DType, MatvecVariant),
    /// A matrix of gates and what they let through with one normed vector.
    Gated(DType, MatvecVariant),
    /// A matrix with the vectors of a step.
    Matmul(DType, MatmulVariant),
    /// Normalisation.
    RmsNorm,
    /// Rotation of queries.
    Rope,
    /// Writing keys and values to the cache, and attention over it.
    Attention(KvType, AttentionVariant),
    /// The same for a single token, in one stretch and in several.
    DecodeAttention(KvType),
    /// The gate of the feed-forward layer.
    SiluMul,
    /// Finding the likeliest tokens and drawing from them.
    Draw,
}

impl Check {
    /// Every check there is.
    pub fn all() -> Vec<Self> {
        let of_type = |dtype| {
            let matvec = MatvecVariant::ALL.iter();
            let matvec = matvec.flat_map(move |variant| [Self::Matvec(dtype, *variant), Self::Gated(dtype, *variant)]);
            let matmul = MatmulVariant::ALL.iter().map(move |variant| Self::Matmul(dtype, *variant));
            [Self::Weights(dtype)].into_iter().chain(matvec).chain(matmul)
        };
        let attention = [KvType::F32, KvType::F16, KvType::Q8_0, KvType::Q4_0].map(|kv_type| {
            let prefill = AttentionVariant::ALL.iter().map(move |variant| Self::Attention(kv_type, *variant));
            prefill.chain([Self::DecodeAttention(kv_type)])
        });
        let rest =
            [Self::RmsNorm, Self::Rope, Self::SiluMul, Self::Draw].into_iter().chain(attention.into_iter().flatten());
        DType::ALL.into_iter().flat_map(of_type).chain(rest).collect()
    }

    /// The key of its stored result: every variant of a kernel must give the same.
    pub fn key(self) -> String {
        match self {
            Self::Weights(dtype) => format!("weights {dtype}"),
            Self::Matvec(dtype, _) => format!("matvec {dtype}"),
            Self::Gated(dtype, _) => format!("gated {dtype}"),
            Self::Matmul(dtype, _) => format!("matmul {dtype}"),
            Self::RmsNorm => "rms_norm".into(),
            Self::Rope => "rope".into(),
            Self::Attention(kv_type, _) => format!("attention {kv_type:?}"),
            Self::DecodeAttention(kv_type) => format!("decode_attention {kv_type:?}"),
            Self::SiluMul => "silu_mul".into(),
            Self::Draw => "draw".into(),
        }
    }

    /// Its name where `max_binding` bytes can be bound, with a fingerprint of the shaders: a check passed before counts
    /// only for the same ones.
    pub fn name(self, max_binding: u64) -> String {
        let mut hasher = DefaultHasher::new();
        for kernel in self.kernels(max_binding) {
            kernel.source().hash(&mut hasher);
        }
        let key = match self {
            Self::Matvec(dtype, variant) => format!("{} {dtype}", variant.name()),
            Self::Gated(dtype, variant) => format!("{} gated {dtype}", variant.name()),
            Self::Matmul(dtype, variant) => format!("{} {dtype}", variant.name()),
            Self::Attention(kv_type, variant) => format!("{} {kv_type:?}", variant.name()),
            _ => self.key(),
        };
        format!("{key} #{:08x}", hasher.finish() as u32)
    }

    /// The matrix of the checks of a type.
    pub fn matrix(dtype: DType) -> Packed {
        Packed { dtype, rows: WIDTH, cols: WIDTH, first_row: 0 }
    }

    /// The matrix of the checks of gates.
    pub fn gates(dtype: DType) -> Packed {
        Packed { dtype, rows: 2 * GATES, cols: WIDTH, first_row: 0 }
    }

    /// The heads of the checks of attention, and their cache: the guide's, or a short one where no more than `max_binding`
    /// bytes can be bound and that is not enough.
    pub fn attention(kv_type: KvType, max_binding: u64) -> Attention {
        let of = |context| KvShape { kv_type, kv_heads: KV_HEADS, context, head_dim: HEAD_DIM };
        let kv = if of(CONTEXT).bytes() <= max_binding { of(CONTEXT) } else { of(SHORT_CONTEXT) };
        Attention { heads: HEADS, kv }
    }

    fn kernels(self, max_binding: u64) -> Vec<Kernel> {
        let planes = |dtype| repack(&Self::matrix(dtype)).into_iter().map(|plane| plane.kernel);
        match self {
            Self::Weights(dtype) => planes(dtype).chain([embed(&Self::matrix(dtype)).0]).collect(),
            Self::Matvec(dtype, variant) => vec![added(&Self::matrix(dtype), variant).0],
            Self::Matmul(dtype, variant) => {
                vec![matmul(&Self::matrix(dtype), Accumulate::Replace, WIDTH, variant).kernel]
            }
            Self::Gated(dtype, variant) => vec![gated(&Self::gates(dtype), variant).0],
            Self::RmsNorm => vec![rms_norm(WIDTH, EPS, Rows::All)],
            Self::Rope => vec![rope(&Self::attention(KvType::F16, max_binding)).0],
            Self::Attention(kv_type, variant) => {
                let sizes = Self::attention(kv_type, max_binding);
                let write = |side| kv_write(&sizes, side).0;
                vec![write(KvSide::Keys), write(KvSide::Values), attention(&sizes, variant).kernel]
            }
            Self::DecodeAttention(kv_type) => {
                let sizes = Self::attention(kv_type, max_binding);
                let attend = |stretches| decode_attention(&sizes, stretches);
                vec![attend(Stretches::One), attend(Stretches::Several), combine(&sizes)]
            }
            Self::SiluMul => vec![silu_mul(FFN).0],
            Self::Draw => {
                let Draw { maxima, threshold, gather, draw } = draw(VOCABULARY);
                [maxima, threshold, gather, draw].map(|(kernel, _)| kernel).to_vec()
            }
        }
    }

    /// Runs it; [`SAMPLES`] of its results.
    ///
    /// # Errors
    /// The GPU's.
    pub async fn run(self, gpu: &Gpu) -> Result<Vec<f32>> {
        let mut inputs = Inputs::new(self);
        let step = buffer(gpu, &step_words(POSITION, &inputs.tokens()))?;
        let results = match self {
            Self::Weights(dtype) => {
                let packed = Self::matrix(dtype);
                let weights = weights(gpu, &packed, &inputs.blocks(&packed))?;
                let x = empty(gpu, TOKENS * WIDTH)?;
                let (kernel, columns) = embed(&packed);
                gpu.launch(&kernel, Workgroups(columns, TOKENS, 1), &[&weights, &step, &x]);
                gpu.read_f32(&x, (TOKENS * WIDTH) as usize).await?
            }
            Self::Matvec(dtype, variant) => {
                let packed = Self::matrix(dtype);
                let weights = weights(gpu, &packed, &inputs.blocks(&packed))?;
                let x = buffer(gpu, &words(&inputs.floats(WIDTH)))?;
                let y = buffer(gpu, &words(&inputs.floats(WIDTH)))?;
                let (kernel, workgroups) = added(&packed, variant);
                gpu.launch(&kernel, workgroups, &[&weights, &x, &y]);
                gpu.read_f32(&y, WIDTH as usize).await?
            }
            Self::Gated(dtype, variant) => {
                let packed = Self::gates(dtype);
                let weights = weights(gpu, &packed, &inputs.blocks(&packed))?;
                let x = buffer(gpu, &words(&inputs.floats(WIDTH)))?;
                let norm = buffer(gpu, &words(&inputs.gentle(WIDTH)))?;
                let y = empty(gpu, GATES)?;
                let (kernel, workgroups) = gated(&packed, variant);
                gpu.launch(&kernel, workgroups, &[&weights, &x, &y, &norm]);
                gpu.read_f32(&y, GATES as usize).await?
            }
            Self::Matmul(dtype, variant) => {
                let packed = Self::matrix(dtype);
                let weights = weights(gpu, &packed, &inputs.blocks(&packed))?;
                let x = buffer(gpu, &words(&inputs.floats(TOKENS * WIDTH)))?;
                let y = empty(gpu, TOKENS * WIDTH)?;
                let matmul = matmul(&packed, Accumulate::Replace, WIDTH, variant);
                gpu.launch(&matmul.kernel, matmul.workgroups(TOKENS), &[&weights, &x, &y, &step]);
                gpu.read_f32(&y, (TOKENS * WIDTH) as usize).await?
            }
            Self::RmsNorm => {
                let x = buffer(gpu, &words(&inputs.floats(TOKENS * WIDTH)))?;
                let weight = buffer(gpu, &words(&inputs.floats(WIDTH)))?;
                let out = empty(gpu, TOKENS * WIDTH)?;
                let kernel = rms_norm(WIDTH, EPS, Rows::All);
                gpu.launch(&kernel, Workgroups(TOKENS, 1, 1), &[&x, &weight, &out, &step]);
                gpu.read_f32(&out, (TOKENS * WIDTH) as usize).await?
            }
            Self::Rope => {
                let rotation = buffer(gpu, &words(&inputs.rotation()))?;
                let sizes = Self::attention(KvType::F16, gpu.limits().max_binding_bytes);
                let count = TOKENS * sizes.width();
                let qkv = buffer(gpu, &words(&inputs.floats(count)))?;
                let (kernel, columns) = rope(&sizes);
                gpu.launch(&kernel, Workgroups(columns, TOKENS, 1), &[&step, &rotation, &qkv]);
                gpu.read_f32(&qkv, count as usize).await?
            }
            Self::Attention(kv_type, variant) => {
                let sizes = Self::attention(kv_type, gpu.limits().max_binding_bytes);
                let cache = Cache::filled(gpu, &sizes, &mut inputs)?;
                let qkv = cache.projections(gpu, &mut inputs, TOKENS)?;
                let step = buffer(gpu, &step_words(POSITION, &[0; TOKENS as usize]))?;
                cache.write(gpu, &step, TOKENS, &qkv);
                let out = empty(gpu, TOKENS * WIDTH)?;
                let bindings = [&step, &qkv, &cache.keys, &cache.values, &out];
                let attention = attention(&sizes, variant);
                gpu.launch(&attention.kernel, attention.workgroups(TOKENS), &bindings);
                gpu.read_f32(&out, (TOKENS * WIDTH) as usize).await?
            }
            Self::DecodeAttention(kv_type) => {
                let sizes = Self::attention(kv_type, gpu.limits().max_binding_bytes);
                let cache = Cache::filled(gpu, &sizes, &mut inputs)?;
                let qkv = cache.projections(gpu, &mut inputs, 1)?;
                let step = buffer(gpu, &step_words(POSITION, &[0]))?;
                let [whole, sums, several] = [empty(gpu, WIDTH)?, empty(gpu, WIDTH)?, empty(gpu, WIDTH)?];
                let peaks = empty(gpu, 2 * HEADS)?;
                let workgroups = Workgroups(KV_HEADS, 1, 1);
                let bindings = [&step, &cache.rotation, &qkv, &cache.keys, &cache.values, &whole];
                gpu.launch(&decode_attention(&sizes, Stretches::One), workgroups, &bindings);
                let bindings = [&step, &cache.rotation, &qkv, &cache.keys, &cache.values, &sums, &peaks];
                gpu.launch(&decode_attention(&sizes, Stretches::Several), workgroups, &bindings);
                gpu.launch(&combine(&sizes), Workgroups(HEADS, 1, 1), &[&step, &sums, &peaks, &several]);
                let mut results = gpu.read_f32(&whole, WIDTH as usize).await?;
                results.extend(gpu.read_f32(&several, WIDTH as usize).await?);
                results
            }
            Self::SiluMul => {
                let gate_up = buffer(gpu, &words(&inputs.floats(TOKENS * 2 * FFN)))?;
                let out = empty(gpu, TOKENS * FFN)?;
                let (kernel, columns) = silu_mul(FFN);
                gpu.launch(&kernel, Workgroups(columns, TOKENS, 1), &[&gate_up, &out]);
                gpu.read_f32(&out, (TOKENS * FFN) as usize).await?
            }
            Self::Draw => drawn(gpu, &inputs.logits()).await?,
        };
        Ok(sample(&results))
    }
}

/// The ids that are drawn from `logits`, one after the other.
async fn drawn(gpu: &Gpu, logits: &[f32]) -> Result<Vec<f32>> {
    let drawing = Drawing::new(gpu, VOCABULARY)?;
    let logits = buffer(gpu, &words(logits))?;
    let mut ids = Vec::new();
    for (way, unit) in draws() {
        drawing.begin(gpu, &way, std::iter::empty());
        drawing.launch(gpu, &buffer(gpu, &step::words(POSITION, &[0], unit))?, &logits);
        ids.push(match Drawn::from_words(&drawing.read(gpu).finish().await?) {
            Some(Drawn::Token(id)) => id as f32,
            _ => f32::NAN,
        });
    }
    Ok(ids)
}

/// How and with which numbers is drawn: each way with as many, evenly spread.
pub fn draws() -> impl Iterator<Item = (DrawSettings, Unit)> {
    let units = |i: u32| Unit::new((f64::from(i) + 0.5) / f64::from(DRAWS));
    DRAW_WAYS.into_iter().flat_map(move |way| (0..DRAWS).map(move |i| (way, units(i))))
}

fn added(packed: &Packed, variant: MatvecVariant) -> (Kernel, Workgroups) {
    matvec(packed, Input::Plain, Output::Rows(Accumulate::Add), variant)
}

fn gated(packed: &Packed, variant: MatvecVariant) -> (Kernel, Workgroups) {
    matvec(packed, Input::Normed { eps: EPS }, Output::Gated, variant)
}

/// A cache with a past of [`POSITION`] tokens.
struct Cache {
    sizes: Attention,
    rotation: Buffer,
    keys: Buffer,
    values: Buffer,
}

impl Cache {
    fn filled(gpu: &Gpu, sizes: &Attention, inputs: &mut Inputs) -> Result<Self> {
        let of_cache = || gpu.allocate(sizes.kv.bytes(), "the cache");
        let rotation = buffer(gpu, &words(&inputs.rotation()))?;
        let cache = Self { sizes: *sizes, rotation, keys: of_cache()?, values: of_cache()? };
        let qkv = cache.projections(gpu, inputs, POSITION)?;
        let step = buffer(gpu, &step_words(0, &[0; POSITION as usize]))?;
        cache.write(gpu, &step, POSITION, &qkv);
        Ok(cache)
    }

    /// Queries, keys and values of `count` tokens.
    fn projections(&self, gpu: &Gpu, inputs: &mut Inputs, count: u32) -> Result<Buffer> {
        let [q, k, v] = inputs.projections(count);
        buffer(gpu, &words(&side_by_side(count, &[&q, &k, &v])))
    }

    fn write(&self, gpu: &Gpu, step: &Buffer, count: u32, qkv: &Buffer) {
        for (side, cache) in [(KvSide::Keys, &self.keys), (KvSide::Values, &self.values)] {
            let (kernel, blocks) = kv_write(&self.sizes, side);
            gpu.launch(&kernel, Workgroups(blocks, count, 1), &[step, &self.rotation, qkv, cache]);
        }
    }
}

/// The matrix of `blocks`, packed by the kernels of the upload.
fn weights(gpu: &Gpu, packed: &Packed, blocks: &[u8]) -> Result<Buffer> {
    let raw: Vec<u32> = blocks.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let (raw, chunk) = (buffer(gpu, &raw)?, buffer(gpu, &Repack::chunk(0, packed.blocks(), 0))?);
    let (weights, faults) = (gpu.allocate(packed.bytes(), "a matrix")?, buffer(gpu, &[0])?);
    for plane in repack(packed) {
        gpu.launch(&plane.kernel, plane.workgroups(packed.blocks()), &[&raw, &chunk, &weights, &faults]);
    }
    Ok(weights)
}

fn buffer(gpu: &Gpu, words: &[u32]) -> Result<Buffer> {
    let buffer = gpu.allocate(4 * words.len() as u64, "an input of the self-test")?;
    gpu.write(&buffer, words);
    Ok(buffer)
}

/// A buffer of `count` numbers that no kernel would compute: what is not written shows.
fn empty(gpu: &Gpu, count: u32) -> Result<Buffer> {
    buffer(gpu, &vec![f32::NAN.to_bits(); count as usize])
}

/// Every n-th result, so that there are [`SAMPLES`].
pub fn sample<T: Copy>(results: &[T]) -> Vec<T> {
    // An odd stride meets every column of every row in turn.
    let stride = (results.len() / SAMPLES).max(1) | 1;
    results.iter().cycle().step_by(stride).take(SAMPLES).copied().collect()
}
