//! Every kernel against its plain-Rust twin, over odd sizes, on the GPU at hand.
//!
//! `cargo xtask test` puts Mesa's software adapter at hand; with `--gpu` it is the machine's own. Inputs come from a
//! seeded generator, so a failure repeats itself; all cases of a test run, and its report names each that failed. What
//! error is allowed is derived in `kernels/bound.rs`, never measured.

#![cfg(feature = "lab")]

#[path = "kernels/attention.rs"]
mod attention;
#[path = "kernels/bound.rs"]
mod bound;
#[path = "kernels/cache.rs"]
mod cache;
#[path = "kernels/draw.rs"]
mod draw;
#[path = "kernels/gpu.rs"]
mod gpu;
#[path = "kernels/matrix.rs"]
mod matrix;
#[path = "kernels/random.rs"]
mod random;
#[path = "kernels/repack.rs"]
mod repack;
#[path = "kernels/report.rs"]
mod report;
#[path = "kernels/rows.rs"]
mod rows;
