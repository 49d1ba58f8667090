//! Counts of what the GPU is asked for, for benchmarks and for people.

use super::Gpu;
use std::sync::atomic::{AtomicU64, Ordering};

/// What has been sent to the GPU, what came back, and what is allocated there.
#[derive(Debug, Default)]
pub(super) struct Counters {
    launches: AtomicU64,
    submissions: AtomicU64,
    read_bytes: AtomicU64,
    allocated: AtomicU64,
    peak: AtomicU64,
}

/// Counts since the device was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Kernel launches.
    pub launches: u64,
    /// Queue submissions.
    pub submissions: u64,
    /// Bytes that were read back.
    pub read_bytes: u64,
    /// Bytes that are allocated now.
    pub allocated_bytes: u64,
    /// The most bytes that were allocated at a time.
    pub peak_bytes: u64,
}

impl Counters {
    pub(super) fn launched(&self, count: u64) {
        self.launches.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn submitted(&self) {
        self.submissions.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.read_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn allocated(&self, bytes: u64) {
        let now = self.allocated.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.peak.fetch_max(now, Ordering::Relaxed);
    }

    pub(super) fn freed(&self, bytes: u64) {
        self.allocated.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Gpu {
    /// What has been asked for since the device was opened.
    pub fn counts(&self) -> Counts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            launches: of(&self.counters.launches),
            submissions: of(&self.counters.submissions),
            read_bytes: of(&self.counters.read_bytes),
            allocated_bytes: of(&self.counters.allocated),
            peak_bytes: of(&self.counters.peak),
        }
    }
}
