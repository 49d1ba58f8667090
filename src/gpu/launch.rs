//! Kernels as text and their launch through burn's client.

use super::recording::Mode;
use super::{Buffer, Gpu};
use burn_wgpu::{CubeDim, KernelSource, SourceKernel, SourceTemplate};
use cubecl::CubeCount;
use cubecl::prelude::KernelId;
use cubecl::server::KernelArguments;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

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
    subject: Arc<Subject>,
}

/// What a kernel is for, so that benchmarks can name and count what it does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    /// The part of the model, as the checkpoint names it; empty: what the kernel's name says.
    pub part: &'static str,
    /// Type and size of the matrix it multiplies with, if it does.
    pub matrix: String,
    /// The weights of that matrix.
    pub weights: u64,
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
        Self { text: Arc::new(KernelText { name, source, key, workgroup, extension }), subject: Arc::default() }
    }

    /// The same kernel, known to multiply with a `matrix` of `weights` weights.
    pub fn over(mut self, matrix: String, weights: u64) -> Self {
        let subject = Arc::make_mut(&mut self.subject);
        (subject.matrix, subject.weights) = (matrix, weights);
        self
    }

    /// The same kernel, known as a part of a model.
    pub fn named(mut self, part: &'static str) -> Self {
        Arc::make_mut(&mut self.subject).part = part;
        self
    }

    /// What it is for.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// A fingerprint of the text.
    pub fn key(&self) -> u64 {
        self.text.key
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

/// A launch that has not been made yet, or is to be made again.
#[derive(Clone)]
pub struct Launch {
    /// What.
    pub kernel: Kernel,
    /// How often.
    pub workgroups: Workgroups,
    /// On what: bindings 0, 1, 2 …
    pub buffers: Vec<Buffer>,
}

impl Gpu {
    /// Queues `kernel` over `workgroups` with `buffers` as its bindings 0, 1, 2 …; runs in order of the calls.
    pub fn launch(&self, kernel: &Kernel, workgroups: Workgroups, buffers: &[&Buffer]) {
        match &mut *self.mode.borrow_mut() {
            Mode::Run => self.counters.launched(1),
            Mode::Record(launched) => {
                launched.count += 1;
                launched.buffers.extend(buffers.iter().map(|buffer| (*buffer).clone()));
            }
            Mode::Trace(launches) => {
                let buffers = buffers.iter().map(|buffer| (*buffer).clone()).collect();
                return launches.push(Launch { kernel: kernel.clone(), workgroups, buffers });
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

    /// Makes a launch.
    pub fn run(&self, launch: &Launch) {
        self.launch(&launch.kernel, launch.workgroups, &launch.buffers.iter().collect::<Vec<_>>());
    }

    /// Compiles the kernels of `launches`, by one workgroup of each: what that writes must not be wanted any more.
    pub fn compile(&self, launches: &[Launch]) {
        for launch in launches {
            self.run(&Launch { workgroups: Workgroups(1, 1, 1), ..launch.clone() });
        }
    }
}
