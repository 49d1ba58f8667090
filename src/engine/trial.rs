//! Timing one launch by itself, on buffers whose contents do not matter.

use crate::error::Result;
use crate::gpu::{Buffer, Gpu, Launch};
use crate::kernels::{
    Accumulate, Attention, AttentionVariant, Ceiling, Input, MatmulVariant, MatvecVariant, Output, Packed, attention,
    matmul, matvec, step,
};
use web_time::Instant;

/// A launch on buffers that may be shared: all trials of one matrix can have the same.
pub struct Trial(Launch);

/// Buffers of a matrix and a vector.
///
/// # Errors
/// `GpuLimits`.
pub fn matvec_buffers(gpu: &Gpu, packed: &Packed) -> Result<Vec<Buffer>> {
    let rows = u64::from(packed.first_row) + u64::from(packed.rows);
    buffers(gpu, &[packed.bytes(), 4 * u64::from(packed.cols), 4 * rows])
}

/// Buffers of a matrix and the vectors of `count` tokens.
///
/// # Errors
/// `GpuLimits`.
pub fn matmul_buffers(gpu: &Gpu, packed: &Packed, count: u32) -> Result<Vec<Buffer>> {
    let floats = |width: u32| 4 * u64::from(count) * u64::from(width);
    let rows = packed.first_row + packed.rows;
    let buffers = buffers(gpu, &[packed.bytes(), floats(packed.cols), floats(rows), step::BYTES])?;
    write_step(gpu, &buffers, 3, count);
    Ok(buffers)
}

/// Buffers of the attention of `count` tokens at the beginning of a conversation.
///
/// # Errors
/// `GpuLimits`.
pub fn attention_buffers(gpu: &Gpu, sizes: &Attention, count: u32) -> Result<Vec<Buffer>> {
    let floats = |width: u32| 4 * u64::from(count) * u64::from(width);
    let cache = sizes.kv.bytes();
    let out = floats(sizes.heads * sizes.kv.head_dim);
    let buffers = buffers(gpu, &[step::BYTES, floats(sizes.width()), cache, cache, out])?;
    write_step(gpu, &buffers, 0, count);
    Ok(buffers)
}

/// A kernel at one of the device's limits, on buffers of its own.
///
/// # Errors
/// `GpuLimits`.
pub fn ceiling_launch(gpu: &Gpu, ceiling: &Ceiling) -> Result<Launch> {
    let buffers = buffers(gpu, &[ceiling.source_bytes, ceiling.found_bytes])?;
    Ok(Launch { kernel: ceiling.kernel.clone(), workgroups: ceiling.workgroups, buffers })
}

impl Trial {
    /// A matrix with one vector, on [`matvec_buffers`].
    pub fn matvec(packed: &Packed, variant: MatvecVariant, buffers: &[Buffer]) -> Self {
        let (kernel, workgroups) = matvec(packed, Input::Plain, Output::Rows(Accumulate::Replace), variant);
        Self(Launch { kernel, workgroups, buffers: buffers.to_vec() })
    }

    /// A matrix with the vectors of `count` tokens, on [`matmul_buffers`].
    pub fn matmul(packed: &Packed, count: u32, variant: MatmulVariant, buffers: &[Buffer]) -> Self {
        let matmul = matmul(packed, Accumulate::Replace, packed.first_row + packed.rows, variant);
        let workgroups = matmul.workgroups(count);
        Self(Launch { kernel: matmul.kernel, workgroups, buffers: buffers.to_vec() })
    }

    /// Attention of `count` tokens, on [`attention_buffers`].
    pub fn attention(sizes: &Attention, count: u32, variant: AttentionVariant, buffers: &[Buffer]) -> Self {
        let attention = attention(sizes, variant);
        let workgroups = attention.workgroups(count);
        Self(Launch { kernel: attention.kernel, workgroups, buffers: buffers.to_vec() })
    }

    /// Runs once and waits: compiles, and an error if the kernel does not run here.
    ///
    /// # Errors
    /// The GPU's.
    pub async fn prove(&self, gpu: &Gpu) -> Result<()> {
        gpu.run(&self.0);
        // Outside of browsers, what a kernel that does not compile should have written tells; waiting alone does not.
        for buffer in &self.0.buffers {
            gpu.read(buffer, 1).await?;
        }
        Ok(())
    }

    /// What it measures: the kernel, its matrix, a fingerprint of the shader.
    pub fn name(&self) -> String {
        let kernel = &self.0.kernel;
        let name = format!("{} {} #{:016x}", kernel.name(), kernel.subject().matrix, kernel.key());
        name.replace("  ", " ")
    }

    /// Seconds for `count` launches, to the end of the last.
    ///
    /// # Errors
    /// The GPU's.
    pub async fn seconds(&self, gpu: &Gpu, count: u32) -> Result<f64> {
        seconds(gpu, std::slice::from_ref(&self.0), count).await
    }
}

/// Launches that take longer than this are submitted one by one: drivers reset a GPU that is busy with one submission for
/// seconds.
const LONG: f64 = 0.015;

/// Seconds for `count` times all of `launches`, which do the same, from an idle GPU to the end of the last.
///
/// # Errors
/// The GPU's.
pub async fn seconds(gpu: &Gpu, launches: &[Launch], count: u32) -> Result<f64> {
    gpu.finish().await?;
    let start = Instant::now();
    let Some((first, rest)) = launches.split_first() else { return Ok(0.0) };
    gpu.run(first);
    let are_several = count > 1 || !rest.is_empty();
    if are_several {
        gpu.finish().await?;
    }
    let is_long = start.elapsed().as_secs_f64() > LONG;
    for (i, launch) in (0..count).flat_map(|round| if round == 0 { rest.iter() } else { launches.iter() }).enumerate() {
        gpu.run(launch);
        if is_long || i % 64 == 63 {
            gpu.submit()?;
        }
    }
    gpu.finish().await?;
    Ok(start.elapsed().as_secs_f64())
}

fn buffers(gpu: &Gpu, bytes: &[u64]) -> Result<Vec<Buffer>> {
    bytes.iter().map(|bytes| gpu.allocate(*bytes, "a measurement")).collect()
}

fn write_step(gpu: &Gpu, buffers: &[Buffer], at: usize, count: u32) {
    if let Some(buffer) = buffers.get(at) {
        gpu.write(buffer, &step::words(0, &vec![0; count as usize], step::Unit::default()));
    }
}
