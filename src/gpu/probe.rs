//! How much more memory the GPU gives out, found by asking for it.
//!
//! WebGPU tells nobody how much memory there is. Buffers are made until one is refused, and all are destroyed at once;
//! nothing is written to them. Drivers that page GPU memory out to main memory say yes for longer than they are fast.

use super::{DeviceClass, Gpu};
use web_time::{Duration, Instant};

/// Size of one trial: fine enough to tell models apart, coarse enough to take few of them.
const STEP: u64 = 512 << 20;

/// The most to take on a software adapter: its memory is the machine's own, and it clears what it gives out.
const MOST_OF_SOFTWARE: u64 = 2 << 30;

/// A driver that takes longer than this is making room, and what it makes is not fast.
const PATIENCE: Duration = Duration::from_secs(2);

impl Gpu {
    /// Bytes that can be allocated beside what is there, at most `wanted`.
    pub async fn free_bytes(&self, wanted: u64) -> u64 {
        let wanted = match self.class() {
            DeviceClass::Gpu => wanted,
            DeviceClass::Software => wanted.min(MOST_OF_SOFTWARE),
        };
        let step = STEP.min(self.device.limits().max_buffer_size);
        let start = Instant::now();
        let mut held = Vec::new();
        let mut free = 0;
        while free < wanted && start.elapsed() < PATIENCE {
            let size = step.min(wanted - free).next_multiple_of(4);
            let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
            held.push(self.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("a trial"),
                size,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }));
            if scope.pop().await.is_some() {
                break;
            }
            free += size;
        }
        held.iter().for_each(wgpu::Buffer::destroy);
        free.min(wanted)
    }
}
