//! Figures for people and for error reports.

use super::LoadedModel;
use serde::{Deserialize, Serialize};

/// Figures of speed; rates and times are medians over the repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkReport {
    /// Prompt tokens a second.
    pub prefill_tok_s: f64,
    /// Decoded tokens a second.
    pub decode_tok_s: f64,
    /// Milliseconds to the first token of a prompt of that length.
    pub first_token_ms: f64,
    /// Bytes of packed weights read for one decoded token.
    pub weight_bytes_per_token: u64,
    /// Those bytes times the decode rate, in 10^9 bytes a second.
    pub gb_per_s: f64,
    /// Kernel launches for one decoded token.
    pub dispatches_per_token: u64,
    /// Queue submissions for one decoded token.
    pub submissions_per_token: f64,
    /// Milliseconds of CPU work for one decoded token outside the wait for the GPU.
    pub cpu_ms_per_token: f64,
    /// Prompt length measured.
    pub prompt: u32,
    /// Tokens decoded.
    pub generate: u32,
    /// Repeats.
    pub repeats: u32,
    /// The adapter's name.
    pub adapter: String,
    /// Bytes of wasm memory; 0 natively.
    pub wasm_heap_bytes: u64,
}

/// The engine's surroundings, for people and for error reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnosticsReport {
    /// Version of Inkstone.
    pub version: String,
    /// The adapter's name, if a GPU has been asked for.
    pub adapter: Option<String>,
    /// Names and values of the limits that matter.
    pub limits: Vec<(String, u64)>,
    /// Features in use.
    pub features: Vec<String>,
    /// Bytes of wasm memory; 0 natively.
    pub wasm_heap_bytes: u64,
    /// The loaded model, if any.
    pub model: Option<LoadedModel>,
    /// Kernel variants in use.
    pub kernels: Vec<String>,
}
