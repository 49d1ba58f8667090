//! Kernels that do nothing but read, or nothing but multiply: what the device can do at most. For benchmarks.

use super::WORKGROUP;
use super::compose::{Constant, compose, unroll};
use crate::gpu::{DeviceClass, Kernel, Workgroups};

/// A kernel at one of the device's limits.
#[derive(Debug, Clone)]
pub struct Ceiling {
    /// The kernel. Bindings: source, found.
    pub kernel: Kernel,
    /// Its grid.
    pub workgroups: Workgroups,
    /// Bytes of `source`.
    pub source_bytes: u64,
    /// Bytes of `found`.
    pub found_bytes: u64,
    /// Bytes that it reads, or operations that it does.
    pub work: u64,
}

/// Reads about `bytes` bytes, in the order that suits `class`.
pub fn reading(bytes: u64, class: DeviceClass) -> Ceiling {
    /// Vectors of an invocation.
    const EACH: u64 = 64;
    let workgroups = (bytes / (16 * EACH * u64::from(WORKGROUP))).clamp(1, 65_535) as u32;
    let invocations = workgroups * WORKGROUP;
    let vectors = u64::from(invocations) * EACH;
    let (own, next) = match class {
        DeviceClass::Gpu => (1, invocations),
        DeviceClass::Software => (EACH as u32, 1),
    };
    let constants = [("VECTORS", vectors as u32), ("EACH", EACH as u32), ("OWN", own), ("NEXT", next)];
    let constants = constants.map(|(name, value)| (name, Constant::U32(value)));
    Ceiling {
        kernel: compose("read", &constants, &[include_str!("ceiling/read.wgsl")]),
        workgroups: Workgroups(workgroups, 1, 1),
        source_bytes: 16 * vectors,
        found_bytes: 4 * u64::from(invocations),
        work: 16 * vectors,
    }
}

/// Multiplies and adds f32, `each` times 128 in each of 65,536 invocations.
pub fn multiplying(each: u32) -> Ceiling {
    /// How often the loop's body is written out: its variables go through memory at every turn on software adapters.
    const WRITTEN_OUT: u32 = 8;
    const WORKGROUPS: u32 = 1024;
    let invocations = u64::from(WORKGROUPS * WORKGROUP);
    let body = unroll(include_str!("ceiling/multiply.wgsl"), &[("r", WRITTEN_OUT)]);
    Ceiling {
        kernel: compose("multiply", &[("EACH", Constant::U32(each))], &[&body]),
        workgroups: Workgroups(WORKGROUPS, 1, 1),
        source_bytes: 4,
        found_bytes: 4 * invocations,
        work: invocations * u64::from(each * WRITTEN_OUT) * 16 * 2,
    }
}
