//! A second's measurement of the GPU, from which the page predicts which models fit and how fast they will be.
//!
//! The bandwidth that counts is not the memory's but that of the kernels which decode: on a real GPU the two are close,
//! on a slow one unpacking takes longer than reading. So the decoding kernel itself is timed, for each type of weights
//! that is published. What a token costs beyond reading is taken from the loaded model, usually the guide, whose weights
//! are few.

use super::Session;
use super::trial::{Trial, matvec_buffers};
use crate::error::Result;
use crate::gpu::{DeviceClass, Gpu};
use crate::kernels::{ByType, MatvecVariant, Packed};
use crate::model::Model;
use crate::protocol::{Measurement, Processor};
use crate::quant::DType;
use crate::source::Cancel;
use web_time::Instant;

/// The types that matrices of the published files have.
const TYPES: [DType; 9] =
    [DType::Q2K, DType::Q3K, DType::Q4K, DType::Q5K, DType::Q6K, DType::Q4_0, DType::Q5_0, DType::Q8_0, DType::F16];

/// Columns of the matrices that are read: the smallest model's width.
const COLS: u32 = 2048;

/// Rows of the first trial; a GPU that is done with them at once gets [`MANY_ROWS`].
const FEW_ROWS: u32 = 4096;

/// More than the caches of GPUs hold, in any type: 2 bits a weight are 32 MB.
const MANY_ROWS: u32 = 65_536;

/// Seconds that each type is read for.
const SECONDS: f64 = 0.08;

/// Tokens that the loaded model decodes, for the cost of its launches: as many as [`DECODING`] seconds hold, within these.
const TOKENS: std::ops::RangeInclusive<u32> = 6..=48;

/// See [`TOKENS`].
const DECODING: f64 = 0.2;

/// Measures `gpu`. `session`: what is loaded; without it launches count as free. Asks for `probe` bytes of memory.
///
/// # Errors
/// The GPU's.
pub async fn measure(
    gpu: &Gpu,
    session: Option<&mut Session>,
    variants: &ByType<MatvecVariant>,
    probe: u64,
) -> Result<Measurement> {
    let start = Instant::now();
    let free_bytes = gpu.free_bytes(probe).await;
    let mut rates = Vec::with_capacity(TYPES.len());
    for dtype in TYPES {
        rates.push((dtype.to_string(), rate(gpu, dtype, *variants.of(dtype)).await?));
    }
    let mut measured = Measurement {
        adapter: gpu.name().to_owned(),
        processor: match gpu.class() {
            DeviceClass::Gpu => Processor::Gpu,
            DeviceClass::Software => Processor::Software,
        },
        max_binding_bytes: gpu.limits().max_binding_bytes,
        free_bytes,
        probed_bytes: probe,
        rates,
        seconds_per_launch: 0.0,
        launches_per_block: Model::LAUNCHES_PER_BLOCK,
        launches_beside: Model::LAUNCHES_BESIDE,
        milliseconds: 0.0,
    };
    if let Some(session) = session {
        measured.seconds_per_launch = seconds_per_launch(session, &measured).await?;
    }
    measured.milliseconds = start.elapsed().as_secs_f64() * 1e3;
    Ok(measured)
}

/// Packed bytes a second that the kernel of decoding reads of a type.
async fn rate(gpu: &Gpu, dtype: DType, variant: MatvecVariant) -> Result<f64> {
    let few = matrix(gpu, dtype, FEW_ROWS);
    let (trial, once) = compiled(gpu, &few, variant).await?;
    if gpu.class() == DeviceClass::Software || once > SECONDS / 4.0 {
        return steady(gpu, &trial, few.bytes(), once).await;
    }
    drop(trial);
    let many = matrix(gpu, dtype, MANY_ROWS);
    let (trial, once) = compiled(gpu, &many, variant).await?;
    steady(gpu, &trial, many.bytes(), once).await
}

/// A matrix of `rows` rows, or as many as the device can bind.
fn matrix(gpu: &Gpu, dtype: DType, rows: u32) -> Packed {
    Packed { dtype, rows, cols: COLS, first_row: 0 }.shortened(rows, gpu.limits().max_binding_bytes)
}

/// A trial, and the seconds of one launch after another that compiled.
async fn compiled(gpu: &Gpu, packed: &Packed, variant: MatvecVariant) -> Result<(Trial, f64)> {
    let trial = Trial::matvec(packed, variant, &matvec_buffers(gpu, packed)?);
    trial.seconds(gpu, 1).await?;
    let once = trial.seconds(gpu, 1).await?;
    Ok((trial, once))
}

/// Bytes a second, over as many launches of `bytes` each as [`SECONDS`] hold if one takes `once`.
async fn steady(gpu: &Gpu, trial: &Trial, bytes: u64, once: f64) -> Result<f64> {
    let count = (SECONDS / once.max(1e-5)).clamp(1.0, 1000.0) as u32;
    let seconds = trial.seconds(gpu, count).await?;
    Ok(bytes as f64 * f64::from(count) / seconds.max(1e-9))
}

/// What a decoded token of the loaded model takes beyond reading its weights, for each launch.
async fn seconds_per_launch(session: &mut Session, measured: &Measurement) -> Result<f64> {
    session.clear();
    let mut seconds = Vec::new();
    let begin = Instant::now();
    for token in 0..session.model().context().min(*TOKENS.end()) {
        if token >= *TOKENS.start() && begin.elapsed().as_secs_f64() > DECODING {
            break;
        }
        let start = Instant::now();
        session.decode_some(token, 1, &Cancel::new()).await?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    session.clear();
    // The first compiles; of the rest the median, which one hiccup does not move.
    seconds.remove(0);
    seconds.sort_by(f64::total_cmp);
    let token = seconds.get(seconds.len() / 2).copied().unwrap_or(0.0);
    let bytes = session.model().weight_bytes_by_type();
    let reading: f64 = bytes.iter().map(|(dtype, bytes)| *bytes as f64 / measured.rate(&dtype.to_string())).sum();
    let launches = measured.launches_per_block * session.model().config().layers + measured.launches_beside;
    Ok((token - reading).max(0.0) / f64::from(launches))
}
