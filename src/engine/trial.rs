//! Timing one launch by itself, on buffers whose contents do not matter.

use crate::error::Result;
use crate::gpu::{Buffer, Gpu, Launch};
use crate::kernels::{
    Accumulate, Attention, AttentionVariant, Ceiling, Input, MatmulVariant, MatvecVariant, Output, Packed, attention,
    matmul, matvec, step,
};
use web_time::Instant;

/// A launch with buffers of its own.
pub struct Trial(Launch);

impl Trial {
    /// A matrix with one vector.
    ///
    /// # Errors
    /// Those of allocating.
    pub fn matvec(gpu: &Gpu, packed: &Packed, variant: MatvecVariant) -> Result<Self> {
        let (kernel, workgroups) = matvec(packed, Input::Plain, Output::Rows(Accumulate::Replace), variant);
        let rows = u64::from(packed.first_row) + u64::from(packed.rows);
        let buffers = buffers(gpu, &[packed.bytes(), 4 * u64::from(packed.cols), 4 * rows])?;
        Ok(Self(Launch { kernel, workgroups, buffers }))
    }

    /// A matrix with the vectors of `count` tokens.
    ///
    /// # Errors
    /// Those of allocating.
    pub fn matmul(gpu: &Gpu, packed: &Packed, count: u32, variant: MatmulVariant) -> Result<Self> {
        let rows = packed.first_row + packed.rows;
        let matmul = matmul(packed, Accumulate::Replace, rows, variant);
        let floats = |width: u32| 4 * u64::from(count) * u64::from(width);
        let buffers = buffers(gpu, &[packed.bytes(), floats(packed.cols), floats(rows), step::BYTES])?;
        write_step(gpu, &buffers, 3, count);
        let workgroups = matmul.workgroups(count);
        Ok(Self(Launch { kernel: matmul.kernel, workgroups, buffers }))
    }

    /// Attention of `count` tokens at the beginning of a conversation.
    ///
    /// # Errors
    /// Those of allocating.
    pub fn attention(gpu: &Gpu, sizes: &Attention, count: u32, variant: AttentionVariant) -> Result<Self> {
        let attention = attention(sizes, variant);
        let floats = |width: u32| 4 * u64::from(count) * u64::from(width);
        let cache = sizes.kv.bytes();
        let out = floats(sizes.heads * sizes.kv.head_dim);
        let buffers = buffers(gpu, &[step::BYTES, floats(sizes.width()), cache, cache, out])?;
        write_step(gpu, &buffers, 0, count);
        let workgroups = attention.workgroups(count);
        Ok(Self(Launch { kernel: attention.kernel, workgroups, buffers }))
    }

    /// A kernel at one of the device's limits.
    ///
    /// # Errors
    /// Those of allocating.
    pub fn ceiling(gpu: &Gpu, ceiling: &Ceiling) -> Result<Self> {
        let buffers = buffers(gpu, &[ceiling.source_bytes, ceiling.found_bytes])?;
        Ok(Self(Launch { kernel: ceiling.kernel.clone(), workgroups: ceiling.workgroups, buffers }))
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

/// Seconds for `count` times all of `launches`, from an idle GPU to the end of the last.
///
/// # Errors
/// The GPU's.
pub async fn seconds(gpu: &Gpu, launches: &[Launch], count: u32) -> Result<f64> {
    gpu.finish().await?;
    let start = Instant::now();
    for _ in 0..count {
        launches.iter().for_each(|launch| gpu.run(launch));
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
