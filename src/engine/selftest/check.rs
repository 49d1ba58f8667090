//! The checks: which kernel on which input. Inputs come from a fixed generator, so that what is stored is one list of
//! results; sizes are the guide's, so that the pipelines compiled here are those that it needs next.

use super::inputs::{Inputs, step_words, words};
use crate::error::Result;
use crate::gpu::{Buffer, Gpu, Kernel, Workgroups};
use crate::kernels::{
    Accumulate, Attention, KvShape, KvSide, Linear, MatvecVariant, Packed, Repack, Rows, attention, embed, kv_write,
    matmul, matvec, repack, rms_norm, rope, silu_mul,
};
use crate::protocol::KvType;
use crate::quant::DType;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Tokens of a step: more than one, less than a tile.
pub const TOKENS: u32 = 5;
/// Width of the residual stream and side of the matrix.
pub const WIDTH: u32 = 256;
/// Width of the feed-forward layer.
pub const FFN: u32 = 768;
/// Query heads.
pub const HEADS: u32 = 4;
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
/// How many of the results are stored for each check, evenly spread.
pub const SAMPLES: usize = 64;

/// A kernel, or a chain of them, whose result is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// From the file's blocks to planes, and reading rows of them.
    Weights(DType),
    /// A matrix with one vector.
    Matvec(DType, MatvecVariant),
    /// A matrix with the vectors of a step.
    Matmul(DType),
    /// Normalisation.
    RmsNorm,
    /// Rotation of queries.
    Rope,
    /// Writing keys and values to the cache, and attention over it.
    Attention(KvType),
    /// The gate of the feed-forward layer.
    SiluMul,
}

impl Check {
    /// Every check there is.
    pub fn all() -> Vec<Self> {
        let of_type = |dtype| {
            let matvec = MatvecVariant::ALL.into_iter().map(move |variant| Self::Matvec(dtype, variant));
            [Self::Weights(dtype), Self::Matmul(dtype)].into_iter().chain(matvec)
        };
        let attention = [KvType::F32, KvType::F16, KvType::Q8_0, KvType::Q4_0].map(Self::Attention);
        let rest = [Self::RmsNorm, Self::Rope, Self::SiluMul].into_iter().chain(attention);
        DType::ALL.into_iter().flat_map(of_type).chain(rest).collect()
    }

    /// The key of its stored result: every variant of a kernel must give the same.
    pub fn key(self) -> String {
        match self {
            Self::Weights(dtype) => format!("weights {dtype}"),
            Self::Matvec(dtype, _) => format!("matvec {dtype}"),
            Self::Matmul(dtype) => format!("matmul {dtype}"),
            Self::RmsNorm => "rms_norm".into(),
            Self::Rope => "rope".into(),
            Self::Attention(kv_type) => format!("attention {kv_type:?}"),
            Self::SiluMul => "silu_mul".into(),
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
            _ => self.key(),
        };
        format!("{key} #{:08x}", hasher.finish() as u32)
    }

    /// The matrix of the checks of a type.
    pub fn matrix(dtype: DType) -> Packed {
        Packed { dtype, rows: WIDTH, cols: WIDTH, first_row: 0 }
    }

    /// The cache of the checks of attention: the guide's, or a short one where no more than `max_binding` bytes can be
    /// bound and that is not enough.
    pub fn cache(kv_type: KvType, max_binding: u64) -> KvShape {
        let of = |context| KvShape { kv_type, kv_heads: 2, context, head_dim: HEAD_DIM };
        if of(CONTEXT).bytes() <= max_binding { of(CONTEXT) } else { of(SHORT_CONTEXT) }
    }

    fn kernels(self, max_binding: u64) -> Vec<Kernel> {
        let planes = |dtype| repack(&Self::matrix(dtype)).into_iter().map(|plane| plane.kernel);
        match self {
            Self::Weights(dtype) => planes(dtype).chain([embed(&Self::matrix(dtype)).0]).collect(),
            Self::Matvec(dtype, variant) => vec![matvec(&Self::matrix(dtype), Accumulate::Replace, variant).0],
            Self::Matmul(dtype) => vec![matmul(&Self::matrix(dtype), Accumulate::Replace, WIDTH).0],
            Self::RmsNorm => vec![rms_norm(WIDTH, EPS, Rows::All)],
            Self::Rope => vec![rope(HEADS, HEAD_DIM).0],
            Self::Attention(kv_type) => {
                let kv = Self::cache(kv_type, max_binding);
                let write = |side| kv_write(&kv, side).0;
                vec![write(KvSide::Keys), write(KvSide::Values), attention(&Attention { heads: HEADS, kv })]
            }
            Self::SiluMul => vec![silu_mul(FFN).0],
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
                let weights = weights(gpu, &packed, &inputs.blocks(dtype))?;
                let x = empty(gpu, TOKENS * WIDTH)?;
                let (kernel, columns) = embed(&packed);
                gpu.launch(&kernel, Workgroups(columns, TOKENS, 1), &[&weights, &step, &x]);
                gpu.read_f32(&x, (TOKENS * WIDTH) as usize).await?
            }
            Self::Matvec(dtype, variant) => {
                let packed = Self::matrix(dtype);
                let weights = weights(gpu, &packed, &inputs.blocks(dtype))?;
                let x = buffer(gpu, &words(&inputs.floats(WIDTH)))?;
                let y = empty(gpu, WIDTH)?;
                let (kernel, workgroups) = matvec(&packed, Accumulate::Replace, variant);
                gpu.launch(&kernel, workgroups, &[&weights, &x, &y]);
                gpu.read_f32(&y, WIDTH as usize).await?
            }
            Self::Matmul(dtype) => {
                let packed = Self::matrix(dtype);
                let weights = weights(gpu, &packed, &inputs.blocks(dtype))?;
                let x = buffer(gpu, &words(&inputs.floats(TOKENS * WIDTH)))?;
                let y = empty(gpu, TOKENS * WIDTH)?;
                let (kernel, tiles) = matmul(&packed, Accumulate::Replace, WIDTH);
                let workgroups = Workgroups(tiles, TOKENS.div_ceil(Linear::TOKENS), 1);
                gpu.launch(&kernel, workgroups, &[&weights, &x, &y, &step]);
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
                let q = buffer(gpu, &words(&inputs.floats(TOKENS * WIDTH)))?;
                let (kernel, columns) = rope(HEADS, HEAD_DIM);
                gpu.launch(&kernel, Workgroups(columns, TOKENS, 1), &[&step, &rotation, &q]);
                gpu.read_f32(&q, (TOKENS * WIDTH) as usize).await?
            }
            Self::Attention(kv_type) => attend(gpu, kv_type, &mut inputs).await?,
            Self::SiluMul => {
                let gate = buffer(gpu, &words(&inputs.floats(TOKENS * FFN)))?;
                let up = buffer(gpu, &words(&inputs.floats(TOKENS * FFN)))?;
                let (kernel, columns) = silu_mul(FFN);
                gpu.launch(&kernel, Workgroups(columns, TOKENS, 1), &[&gate, &up]);
                gpu.read_f32(&gate, (TOKENS * FFN) as usize).await?
            }
        };
        Ok(sample(&results))
    }
}

/// Fills the cache in two steps, so that there is a past, and attends from the second.
async fn attend(gpu: &Gpu, kv_type: KvType, inputs: &mut Inputs) -> Result<Vec<f32>> {
    let kv = Check::cache(kv_type, gpu.limits().max_binding_bytes);
    let [keys, values] = [gpu.allocate(kv.bytes(), "the cache")?, gpu.allocate(kv.bytes(), "the cache")?];
    let rotation = buffer(gpu, &words(&inputs.rotation()))?;
    let (write_keys, blocks) = kv_write(&kv, KvSide::Keys);
    let (write_values, _) = kv_write(&kv, KvSide::Values);
    for (position, count) in [(0, POSITION), (POSITION, TOKENS)] {
        let step = buffer(gpu, &step_words(position, &vec![0; count as usize]))?;
        let k = buffer(gpu, &words(&inputs.cached(count * kv.kv_heads * HEAD_DIM)))?;
        let v = buffer(gpu, &words(&inputs.cached(count * kv.kv_heads * HEAD_DIM)))?;
        gpu.launch(&write_keys, Workgroups(blocks, count, 1), &[&step, &rotation, &k, &keys]);
        gpu.launch(&write_values, Workgroups(blocks, count, 1), &[&step, &rotation, &v, &values]);
    }
    let step = buffer(gpu, &step_words(POSITION, &[0; TOKENS as usize]))?;
    let q = buffer(gpu, &words(&inputs.floats(TOKENS * WIDTH)))?;
    let out = empty(gpu, TOKENS * WIDTH)?;
    let kernel = attention(&Attention { heads: HEADS, kv });
    gpu.launch(&kernel, Workgroups(HEADS, TOKENS, 1), &[&step, &q, &keys, &values, &out]);
    gpu.read_f32(&out, (TOKENS * WIDTH) as usize).await
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
