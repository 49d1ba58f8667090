//! Kernels as text and their launch through burn's client.

use super::{Buffer, Gpu};
use burn_wgpu::{CubeDim, KernelSource, SourceKernel, SourceTemplate};
use cubecl::CubeCount;
use cubecl::prelude::KernelId;
use cubecl::server::KernelArguments;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a shader uses beyond plain WGSL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    /// Nothing.
    None,
    /// Subgroup operations.
    Subgroups,
}

/// A compute shader: WGSL with the entry point `main`. Cheap to clone.
///
/// Every binding must be used by the shader, in the order 0, 1, 2 … of group 0 (the layout is derived from the text).
#[derive(Debug, Clone)]
pub struct Kernel {
    text: Arc<KernelText>,
}

#[derive(Debug)]
struct KernelText {
    name: &'static str,
    source: String,
    /// Tells compiled pipelines apart: all that differs between two kernels is in the text.
    key: u64,
    workgroup: u32,
    extension: Extension,
}

/// How many workgroups to launch, along x, y and z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workgroups(pub u32, pub u32, pub u32);

impl Kernel {
    /// A kernel from its source, with `workgroup` invocations along x. The source has no `enable` lines.
    pub fn new(name: &'static str, source: String, workgroup: u32, extension: Extension) -> Self {
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        let key = hasher.finish();
        Self { text: Arc::new(KernelText { name, source, key, workgroup, extension }) }
    }

    /// The kernel's name, for people.
    pub fn name(&self) -> &'static str {
        self.text.name
    }

    /// The WGSL, without the lines that enable extensions.
    pub fn source(&self) -> &str {
        &self.text.source
    }

    /// The complete WGSL, as the standard wants it.
    pub fn standard_source(&self) -> String {
        match self.text.extension {
            Extension::None => self.text.source.clone(),
            Extension::Subgroups => format!("enable subgroups;\n{}", self.text.source),
        }
    }
}

impl KernelSource for Kernel {
    fn source(&self) -> SourceTemplate {
        // Natively naga compiles it, which has the operations but does not know the line.
        SourceTemplate::new(if cfg!(target_arch = "wasm32") {
            self.standard_source()
        } else {
            self.text.source.clone()
        })
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.text.key)
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// Counts of what has been sent to the GPU, for benchmarks.
#[derive(Debug, Default)]
pub(super) struct Counters {
    launches: AtomicU64,
    submissions: AtomicU64,
}

impl Counters {
    pub(super) fn launched(&self, count: u64) {
        self.launches.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn submitted(&self) {
        self.submissions.fetch_add(1, Ordering::Relaxed);
    }
}

impl Gpu {
    /// Queues `kernel` over `workgroups` with `buffers` as its bindings 0, 1, 2 …; runs in order of the calls.
    pub fn launch(&self, kernel: &Kernel, workgroups: Workgroups, buffers: &[&Buffer]) {
        match &mut *self.recorded.borrow_mut() {
            None => self.counters.launched(1),
            Some(launched) => {
                launched.count += 1;
                launched.buffers.extend(buffers.iter().map(|buffer| (*buffer).clone()));
            }
        }
        if self.broken.iter().any(|name| name == kernel.name()) {
            return;
        }
        let bindings = buffers.iter().map(|buffer| buffer.handle.clone().binding()).collect();
        let Workgroups(x, y, z) = workgroups;
        self.client.launch(
            Box::new(SourceKernel::new(kernel.clone(), CubeDim::new_1d(kernel.text.workgroup))),
            CubeCount::Static(x, y, z),
            KernelArguments::new().with_buffers(bindings),
        );
    }

    /// Launches and submissions since the device was opened.
    pub fn counts(&self) -> (u64, u64) {
        (self.counters.launches.load(Ordering::Relaxed), self.counters.submissions.load(Ordering::Relaxed))
    }
}
