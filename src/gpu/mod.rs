//! The GPU as the rest of the engine sees it: a device with known limits, buffers, launches, uploads.
//!
//! burn owns the memory and the queue; this module is the only one that names burn's or wgpu's types. It knows nothing
//! of models: what is computed is decided by the callers.

mod buffer;
mod counters;
mod device;
mod launch;
mod probe;
mod recording;
mod subgroups;
mod upload;

pub use buffer::{Buffer, Reading};
pub use counters::Counts;
pub use device::{DeviceClass, Gpu, GpuOptions, Limits};
pub use launch::{Extension, Kernel, Launch, Subject, Workgroups};
pub use recording::Recording;
pub use upload::{ByteSource, STAGING_BYTES, Staging, StagingBytes};
