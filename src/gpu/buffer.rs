//! Buffers of GPU memory.

use super::counters::Counters;
use super::{Gpu, device::device_error};
use crate::error::{Error, ErrorKind, Result};
use cubecl::bytes::Bytes;
use cubecl::server::{Handle, ServerError};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

/// Bytes on the GPU, in a buffer of their own; freed when the last clone is dropped.
#[derive(Clone)]
pub struct Buffer {
    pub(super) handle: Handle,
    bytes: u64,
    _share: Rc<Share>,
}

/// What a buffer takes of the GPU's memory, counted as long as there is a clone.
struct Share {
    counters: Arc<Counters>,
    bytes: u64,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.counters.freed(self.bytes);
    }
}

impl Buffer {
    /// The size that was asked for, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Gpu {
    /// Allocates `bytes` bytes (a multiple of four) of exactly that size.
    ///
    /// # Errors
    /// `GpuLimits` if one binding cannot hold that much; `what` names the buffer in the message.
    pub fn allocate(&self, bytes: u64, what: &str) -> Result<Buffer> {
        let limit = self.limits().max_binding_bytes;
        let size = usize::try_from(bytes).ok().filter(|_| bytes <= limit && bytes > 0).ok_or_else(|| {
            let message = format!(
                "{what} needs {bytes} bytes in one buffer, this GPU allows {limit}; choose a shorter context or a \
                 smaller model"
            );
            Error::new(ErrorKind::GpuLimits, message)
        })?;
        // A dedicated allocation is exact and goes back to the driver when it is dropped; pooled pages would be
        // rounded up and kept.
        let client = &self.client;
        let handle = client.memory_dedicated_allocation((), |()| client.empty(size));
        self.counters.allocated(bytes);
        let share = Rc::new(Share { counters: self.counters.clone(), bytes });
        Ok(Buffer { handle, bytes, _share: share })
    }

    /// Writes `words` to the start of `buffer`. Submits what was launched before, so that launches keep their order.
    pub fn write(&self, buffer: &Buffer, words: &[u32]) {
        self.write_bytes(buffer, bytemuck::cast_slice(words).to_vec());
    }

    /// Writes `values` to the start of `buffer`; see [`Gpu::write`].
    pub fn write_f32(&self, buffer: &Buffer, values: &[f32]) {
        self.write_bytes(buffer, bytemuck::cast_slice(values).to_vec());
    }

    fn write_bytes(&self, buffer: &Buffer, bytes: Vec<u8>) {
        let unused = buffer.bytes.saturating_sub(bytes.len() as u64);
        let handle = buffer.handle.clone().offset_end(unused);
        self.client.write(&handle, Bytes::from_bytes_vec(bytes));
    }

    /// Reads the first `count` 32-bit words of `buffer`, after everything launched so far.
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    pub async fn read(&self, buffer: &Buffer, count: usize) -> Result<Vec<u32>> {
        self.start_read(buffer, count).finish().await
    }

    /// Reads the first `count` floats of `buffer`, after everything launched so far.
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    pub async fn read_f32(&self, buffer: &Buffer, count: usize) -> Result<Vec<f32>> {
        self.start_read(buffer, count).finish_f32().await
    }

    /// Submits everything launched so far, and begins to read the first `count` 32-bit words of `buffer` as they are then.
    pub fn start_read(&self, buffer: &Buffer, count: usize) -> Reading<'_> {
        self.counters.submitted();
        let wanted = count.saturating_mul(4);
        self.counters.read(wanted as u64);
        let unused = buffer.bytes.saturating_sub(wanted as u64);
        let handle = buffer.handle.clone().offset_end(unused);
        Reading { gpu: self, bytes: Box::pin(self.client.read_async(vec![handle])), wanted }
    }
}

/// Words on their way from the GPU. They must be waited for, wanted or not: the buffer that they are mapped in is used
/// again.
#[must_use]
pub struct Reading<'a> {
    gpu: &'a Gpu,
    bytes: Pin<Box<dyn Future<Output = Result<Vec<Bytes>, ServerError>> + 'a>>,
    wanted: usize,
}

impl Reading<'_> {
    /// Waits for them.
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    pub async fn finish(self) -> Result<Vec<u32>> {
        Ok(bytemuck::pod_collect_to_vec(&self.bytes().await?))
    }

    /// Waits for them, as floats.
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    pub async fn finish_f32(self) -> Result<Vec<f32>> {
        Ok(bytemuck::pod_collect_to_vec(&self.bytes().await?))
    }

    async fn bytes(self) -> Result<Vec<u8>> {
        let read = self.bytes.await;
        self.gpu.check()?;
        let bytes = read
            .map_err(|error| device_error("reading from the GPU", &error))?
            .into_iter()
            .next()
            .map(|bytes| bytes.to_vec())
            .unwrap_or_default();
        if bytes.len() == self.wanted {
            Ok(bytes)
        } else {
            let message = format!("the GPU returned {} bytes, expected {}", bytes.len(), self.wanted);
            Err(Error::new(ErrorKind::Gpu, message))
        }
    }
}
