//! Which kernel variants are fastest on this GPU for a model's matrices: measured at the first load, remembered by the
//! page.
//!
//! Kernels are compiled for their sizes, and compiling is what takes long; so the time for it is limited, and what was not
//! measured at one load is measured at the next. Until then the device's kind decides. All variants of a kernel run on the
//! same buffers, whose contents do not matter: another model may still be there. Whether a variant is right is not
//! asked here: the self-test goes through the ranking that comes of this, and takes the first that is.

use super::trial::{Trial, attention_buffers, matmul_buffers, matvec_buffers};
use crate::error::{ErrorKind, Result};
use crate::gpu::Gpu;
use crate::kernels::{Attention, Packed, Ranking, Variant};
use crate::protocol::KernelSpeed;
use std::collections::HashMap;
use web_time::{Duration, Instant};

/// Models whose token reads less are done before a choice would pay: the guide, and the fixtures of tests.
const WORTH_BYTES: u64 = 64 << 20;

/// No further kernel is compiled after this.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Rows of a matrix that are multiplied with one token: as many as any matrix of a block has.
const MATVEC_ROWS: u32 = 32_768;

/// Rows of a matrix that are multiplied with many tokens: enough to keep a GPU busy.
const MATMUL_ROWS: u32 = 4096;

/// Tokens that a matrix is multiplied with, and that attend.
const TOKENS: u32 = 128;

/// Seconds that each variant runs for, in each round.
const SECONDS: f64 = 0.02;

/// Each variant's best round counts. Rounds take turns, since processors speed up and slow down.
const ROUNDS: usize = 3;

/// What a model asks of the GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The largest matrix of each type, the type that takes most bytes first.
    pub matrices: Vec<Packed>,
    /// Heads and cache.
    pub attention: Attention,
    /// Bytes of weights that a token reads.
    pub bytes: u64,
}

impl Demand {
    /// Whether the model is so large that the best variants matter.
    pub fn is_worth_choosing(&self) -> bool {
        self.bytes >= WORTH_BYTES
    }
}

/// Variants in order of their speed.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The fastest first.
    pub ranking: Ranking,
    /// What was known and what was found, of these kernels.
    pub speeds: Vec<KernelSpeed>,
    /// How long it took.
    pub milliseconds: f64,
}

/// Ranks the variants for `demand`, by what is `known` of this GPU and by measuring the rest; those whose names are
/// `forced` come first, where this GPU can run them.
///
/// # Errors
/// `BadRequest` for names that no variant has, `GpuLost`.
pub async fn choose(gpu: &Gpu, demand: &Demand, forced: &[String], known: &[KernelSpeed]) -> Result<Choice> {
    let mut ranking = Ranking::suited_to(gpu);
    ranking.clone().force(forced)?;
    let known = known.iter().map(|speed| (speed.kernel.clone(), speed.seconds)).collect();
    let mut stopwatch = Stopwatch { gpu, start: Instant::now(), known, found: Vec::new() };
    if demand.is_worth_choosing() {
        let most = gpu.limits().max_binding_bytes;
        for packed in &demand.matrices {
            let packed = &packed.shortened(MATVEC_ROWS, most);
            if let Ok(buffers) = matvec_buffers(gpu, packed) {
                let variants = ranking.matvec.of(packed.dtype).clone();
                let trial = |variant| Trial::matvec(packed, variant, &buffers);
                ranking.matvec.set(packed.dtype, stopwatch.sort(variants, trial).await?);
            }
            let packed = &packed.shortened(MATMUL_ROWS, most);
            if let Ok(buffers) = matmul_buffers(gpu, packed, TOKENS) {
                let variants = ranking.matmul.of(packed.dtype).clone();
                let trial = |variant| Trial::matmul(packed, TOKENS, variant, &buffers);
                ranking.matmul.set(packed.dtype, stopwatch.sort(variants, trial).await?);
            }
        }
        let sizes = &demand.attention;
        let count = TOKENS.min(sizes.kv.context);
        if let Ok(buffers) = attention_buffers(gpu, sizes, count) {
            let variants = ranking.attention.clone();
            let trial = |variant| Trial::attention(sizes, count, variant, &buffers);
            ranking.attention = stopwatch.sort(variants, trial).await?;
        }
    }
    ranking.force(forced)?;
    let milliseconds = stopwatch.start.elapsed().as_secs_f64() * 1e3;
    Ok(Choice { ranking, speeds: stopwatch.found, milliseconds })
}

struct Stopwatch<'a> {
    gpu: &'a Gpu,
    start: Instant,
    known: HashMap<String, f64>,
    found: Vec<KernelSpeed>,
}

impl Stopwatch<'_> {
    /// `variants` with those whose speed is known in front, the fastest first.
    async fn sort<V: Variant>(&mut self, variants: Vec<V>, trial: impl Fn(V) -> Trial) -> Result<Vec<V>> {
        let timed = variants.into_iter().map(|variant| {
            let trial = trial(variant);
            Timed { variant, seconds: self.known.get(&trial.name()).copied(), trial, once: None }
        });
        let mut timed: Vec<_> = timed.collect();
        for timed in timed.iter_mut().filter(|timed| timed.seconds.is_none()) {
            if self.start.elapsed() > PATIENCE {
                break;
            }
            timed.once = self.once(&timed.trial).await?;
        }
        for _ in 0..ROUNDS {
            for timed in &mut timed {
                let Some(once) = timed.once else { continue };
                let count = (SECONDS / once.max(1e-6)).clamp(1.0, 200.0) as u32;
                let each = timed.trial.seconds(self.gpu, count).await? / f64::from(count);
                timed.seconds = Some(timed.seconds.map_or(each, |least| least.min(each)));
            }
        }
        for Timed { trial, seconds, .. } in &timed {
            self.found.extend(seconds.map(|seconds| KernelSpeed { kernel: trial.name(), seconds }));
        }
        // The sort is stable: what was not measured keeps its order.
        timed.sort_by(|a, b| a.order().total_cmp(&b.order()));
        Ok(timed.into_iter().map(|timed| timed.variant).collect())
    }

    /// Seconds of one launch after another that compiles; `None` if the kernel does not run here.
    async fn once(&self, trial: &Trial) -> Result<Option<f64>> {
        match trial.prove(self.gpu).await {
            Ok(()) => Ok(Some(trial.seconds(self.gpu, 1).await?)),
            Err(error) if error.kind() == ErrorKind::GpuLost => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// A variant under measurement.
struct Timed<V> {
    variant: V,
    trial: Trial,
    /// Of one launch, where it has been compiled now.
    once: Option<f64>,
    seconds: Option<f64>,
}

impl<V> Timed<V> {
    fn order(&self) -> f64 {
        self.seconds.unwrap_or(f64::INFINITY)
    }
}
