//! What each kernel of a model takes, beside what the device can do, and beside the variants that could stand in its place.
//!
//! All launches of a kind are run one after another, each on its own block's weights, so that caches help no more than
//! in a whole step.

use super::Session;
use super::trial::{ceiling_launch, seconds};
use crate::error::{ErrorKind, Result};
use crate::gpu::{DeviceClass, Gpu, Launch};
use crate::kernels::{AttentionVariant, ByType, MatmulVariant, MatvecVariant, Variant, Variants, multiplying, reading};
use crate::protocol::{KernelFigures, KernelPart};
use crate::source::Cancel;

/// Seconds that each kind runs for.
const SECONDS: f64 = 0.1;

/// Each kind's best round counts.
const ROUNDS: usize = 3;

/// Bytes that are read for the ceiling: more than caches hold.
const READ_BYTES: u64 = 256 << 20;

/// Measures a decoded token and a prompt of `prompt` tokens, or as many as a step takes.
///
/// # Errors
/// `Cancelled`, and the GPU's.
pub async fn kernel_figures(session: &mut Session, prompt: u32, cancel: &Cancel) -> Result<KernelFigures> {
    let chosen = session.model().variants().clone();
    let figures = measure(session, &chosen, prompt, cancel).await;
    // Whatever has happened: the conversation goes on with what was chosen.
    session.set_variants(chosen);
    session.clear();
    figures
}

async fn measure(session: &mut Session, chosen: &Variants, prompt: u32, cancel: &Cancel) -> Result<KernelFigures> {
    let gpu = session.gpu().clone();
    session.clear();
    let prompt = prompt.min(session.model().step_tokens());
    let mut decode = Step::measure(session, 1, chosen, cancel).await?;
    let mut prefill = Step::measure(session, prompt, chosen, cancel).await?;
    // One kind of kernel varies at a time, so that the parts stay comparable.
    for variant in MatvecVariant::by_preference(&gpu) {
        let other = Variants { matvec: ByType::all(variant), ..chosen.clone() };
        decode.compare(session, &other, variant.name(), cancel).await?;
    }
    for variant in MatmulVariant::by_preference(&gpu) {
        let other = Variants { matmul: ByType::all(variant), ..chosen.clone() };
        prefill.compare(session, &other, variant.name(), cancel).await?;
    }
    for variant in AttentionVariant::by_preference(&gpu) {
        let other = Variants { attention: variant, ..chosen.clone() };
        prefill.compare(session, &other, variant.name(), cancel).await?;
    }
    Ok(KernelFigures {
        read_gb_s: read_ceiling(&gpu).await?,
        f32_gflop_s: f32_ceiling(&gpu).await?,
        decode: decode.report(),
        prefill: prefill.report(),
    })
}

/// A step of some tokens, by kinds of launches.
struct Step {
    tokens: u32,
    kinds: Vec<Kind>,
}

/// Launches that do the same in every block.
struct Kind {
    part: String,
    kernel: &'static str,
    matrix: String,
    launches: Vec<Launch>,
    /// Of all of them.
    seconds: f64,
    /// The fastest variant so far, and its seconds; empty where there are none to compare.
    best: (&'static str, f64),
}

impl Kind {
    /// Keeps the fastest.
    fn offer(&mut self, name: &'static str, seconds: f64) {
        if self.best.0.is_empty() || seconds < self.best.1 {
            self.best = (name, seconds);
        }
    }
}

impl Step {
    async fn measure(session: &mut Session, tokens: u32, variants: &Variants, cancel: &Cancel) -> Result<Self> {
        session.set_variants(variants.clone());
        let gpu = session.gpu().clone();
        let mut kinds = kinds(session.model().launches(&gpu, tokens)?);
        for kind in &mut kinds {
            cancel.check()?;
            kind.seconds = time(&gpu, &kind.launches).await?;
        }
        Ok(Self { tokens, kinds })
    }

    /// Times the kernels called `name`, which are those of `variants`, and keeps the best.
    async fn compare(
        &mut self,
        session: &mut Session,
        variants: &Variants,
        name: &'static str,
        cancel: &Cancel,
    ) -> Result<()> {
        session.set_variants(variants.clone());
        let gpu = session.gpu().clone();
        for other in kinds(session.model().launches(&gpu, self.tokens)?) {
            let same = |kind: &&mut Kind| kind.part == other.part && kind.matrix == other.matrix;
            let Some(kind) = self.kinds.iter_mut().find(same).filter(|_| other.kernel == name) else { continue };
            cancel.check()?;
            if kind.kernel == name {
                kind.offer(name, kind.seconds);
                continue;
            }
            let seconds = match time(&gpu, &other.launches).await {
                Ok(seconds) => seconds,
                Err(error) if error.kind() == ErrorKind::GpuLost => return Err(error),
                // It does not run here.
                Err(_) => continue,
            };
            kind.offer(name, seconds);
        }
        Ok(())
    }

    fn report(self) -> Vec<KernelPart> {
        let total: f64 = self.kinds.iter().map(|kind| kind.seconds).sum();
        let part = |kind: Kind| {
            let weights: u64 = kind.launches.iter().map(|launch| launch.kernel.subject().weights).sum();
            let weighty = |launch: &&Launch| launch.kernel.subject().weights > 0;
            let bytes = kind.launches.iter().filter(weighty).filter_map(|launch| launch.buffers.first());
            let bytes: u64 = bytes.map(|buffer| buffer.bytes()).sum();
            // The head's product is for one token whatever the step.
            let tokens = if kind.kernel.starts_with("matvec") { 1 } else { self.tokens };
            KernelPart {
                kernel: format!("{} {}", kind.kernel, kind.matrix).trim_end().to_owned(),
                part: kind.part,
                launches: kind.launches.len() as u32,
                ms: kind.seconds * 1e3,
                share: kind.seconds / total,
                gb_s: bytes as f64 * 1e-9 / kind.seconds,
                gflop_s: 2e-9 * weights as f64 * f64::from(tokens) / kind.seconds,
                of_best: if kind.best.0.is_empty() { 0.0 } else { kind.seconds / kind.best.1 },
                best: kind.best.0.to_owned(),
            }
        };
        self.kinds.into_iter().map(part).collect()
    }
}

/// `launches` by what they do, in the order of their first.
fn kinds(launches: Vec<Launch>) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = Vec::new();
    for launch in launches {
        let (kernel, subject) = (launch.kernel.name(), launch.kernel.subject());
        let part = if subject.part.is_empty() { kernel } else { subject.part };
        let same = |kind: &&mut Kind| kind.part == part && kind.kernel == kernel && kind.matrix == subject.matrix;
        match kinds.iter_mut().find(same) {
            Some(kind) => kind.launches.push(launch),
            None => kinds.push(Kind {
                part: part.to_owned(),
                kernel,
                matrix: subject.matrix.clone(),
                launches: vec![launch],
                seconds: 0.0,
                best: ("", 0.0),
            }),
        }
    }
    kinds
}

/// Seconds for all of `launches`: the best of some rounds, after one that compiles.
async fn time(gpu: &Gpu, launches: &[Launch]) -> Result<f64> {
    gpu.compile(launches.get(..1).unwrap_or_default());
    let once = seconds(gpu, launches, 1).await?;
    let count = (SECONDS / once.max(1e-6)).clamp(1.0, 200.0) as u32;
    let mut best = once;
    // What takes long does not vary much.
    let rounds = if once > 4.0 * SECONDS { 1 } else { ROUNDS };
    for _ in 1..rounds {
        best = best.min(seconds(gpu, launches, count).await? / f64::from(count));
    }
    Ok(best)
}

async fn read_ceiling(gpu: &Gpu) -> Result<f64> {
    let ceiling = reading(READ_BYTES.min(gpu.limits().max_binding_bytes), gpu.class());
    let seconds = time(gpu, &[ceiling_launch(gpu, &ceiling)?]).await?;
    Ok(ceiling.work as f64 * 1e-9 / seconds)
}

async fn f32_ceiling(gpu: &Gpu) -> Result<f64> {
    let each = match gpu.class() {
        DeviceClass::Gpu => 2048,
        DeviceClass::Software => 32,
    };
    let ceiling = multiplying(each);
    let seconds = time(gpu, &[ceiling_launch(gpu, &ceiling)?]).await?;
    Ok(ceiling.work as f64 * 1e-9 / seconds)
}
