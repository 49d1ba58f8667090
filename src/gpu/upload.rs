//! Bytes from a file to the GPU, without passing through wasm memory.
//!
//! One host chunk and one GPU buffer are reused for a whole model: a [`ByteSource`] fills the chunk, [`Staging::send`]
//! copies it to the GPU buffer, and the caller launches a kernel that moves it to its place. In browsers the chunk is
//! a JavaScript array that storage reads into and `writeBuffer` reads from.

use super::{Buffer, Gpu, device::device_error};
use crate::error::{Error, ErrorKind, Result};
use burn_wgpu::AutoCompiler;
use cubecl::wgpu::WgpuServer;

/// Size of the chunk: large enough that a submission per chunk costs nothing, small enough to keep twice.
pub const STAGING_BYTES: usize = 16 << 20;

/// The host side of the chunk: a JavaScript array.
#[cfg(target_arch = "wasm32")]
pub type StagingBytes = js_sys::Uint8Array;

/// The host side of the chunk.
#[cfg(not(target_arch = "wasm32"))]
pub type StagingBytes = Vec<u8>;

/// Where a model's bytes come from.
pub trait ByteSource {
    /// Fills the first `length` bytes of `chunk` with the file's bytes from `offset` on.
    ///
    /// # Errors
    /// Whatever the file or storage reports; a short read is an error.
    fn read_into(&mut self, offset: u64, length: usize, chunk: &mut StagingBytes) -> Result<()>;
}

/// The reused chunk, on the host and on the GPU.
pub struct Staging {
    chunk: StagingBytes,
    buffer: Buffer,
    target: wgpu::Buffer,
}

impl Staging {
    /// Allocates both sides: [`STAGING_BYTES`], or less where the GPU allows no such binding.
    pub fn new(gpu: &Gpu) -> Result<Self> {
        let bytes = (STAGING_BYTES as u64).min(gpu.limits().max_binding_bytes) & !0xff;
        let buffer = gpu.allocate(bytes, "the upload buffer")?;
        let resource = gpu
            .client
            .get_resource::<WgpuServer<AutoCompiler>>(buffer.handle.clone())
            .map_err(|error| device_error("preparing the upload", &error))?;
        let target = resource.resource().buffer.clone();
        #[cfg(target_arch = "wasm32")]
        let chunk = js_sys::Uint8Array::new_with_length(bytes as u32);
        #[cfg(not(target_arch = "wasm32"))]
        let chunk = vec![0; bytes as usize];
        Ok(Self { chunk, buffer, target })
    }

    /// Bytes that fit.
    pub fn capacity(&self) -> u64 {
        self.buffer.bytes()
    }

    /// The GPU side, to be read by kernels launched after [`Staging::send`].
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Copies `length` bytes of the source from `offset` on to the start of the GPU buffer. Kernels launched before
    /// still see the previous contents.
    ///
    /// # Errors
    /// The source's, or `Gpu`.
    pub fn send(&mut self, gpu: &Gpu, source: &mut dyn ByteSource, offset: u64, length: usize) -> Result<()> {
        // Copies to the queue overtake launches that are not submitted yet.
        gpu.submit()?;
        source.read_into(offset, length, &mut self.chunk)?;
        // WebGPU copies whole words; what follows the last byte is left over from an earlier chunk and never used.
        self.copy(gpu, length.next_multiple_of(4))
    }

    #[cfg(target_arch = "wasm32")]
    fn copy(&self, gpu: &Gpu, bytes: usize) -> Result<()> {
        let refused = |what: &str| Error::new(ErrorKind::Internal, format!("{what} is not WebGPU's"));
        let queue = gpu.queue.as_webgpu().ok_or_else(|| refused("the queue"))?;
        let target = self.target.as_webgpu().ok_or_else(|| refused("the upload buffer"))?;
        queue
            .write_buffer_with_f64_and_u8_array_and_f64_and_f64(target, 0.0, &self.chunk, 0.0, bytes as f64)
            .map_err(|error| Error::new(ErrorKind::Gpu, format!("writeBuffer failed: {error:?}")))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn copy(&self, gpu: &Gpu, bytes: usize) -> Result<()> {
        let chunk = self.chunk.get(..bytes).ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                format!("{bytes} bytes do not fit the upload chunk of {}", self.chunk.len()),
            )
        })?;
        gpu.queue.write_buffer(&self.target, 0, chunk);
        Ok(())
    }
}
