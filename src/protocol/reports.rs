//! Figures for people and for error reports.

use super::LoadedModel;
use serde::{Deserialize, Serialize};

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BenchPlan {
    /// Prompt length in tokens.
    pub prompt: u32,
    /// Tokens to decode.
    pub generate: u32,
    /// Tokens of conversation before the second measurement of decoding; 0: there is none.
    pub depth: u32,
    /// How often, after one warm-up that is not counted.
    pub repeats: u32,
    /// Whether each kernel is measured by itself, too.
    pub kernels: bool,
}

impl Default for BenchPlan {
    fn default() -> Self {
        Self { prompt: 128, generate: 32, depth: 0, repeats: 5, kernels: false }
    }
}

/// What several repeats have shown.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// Figures of speed of the loaded model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BenchmarkReport {
    /// The model: its sizes, the kernels in use, how long it took to load.
    pub model: LoadedModel,
    /// What was measured.
    pub plan: BenchPlan,
    /// Prompt tokens a second.
    pub prefill_tok_s: Spread,
    /// The arithmetic of its products, in 10^9 operations a second.
    pub prefill_gflop_s: f64,
    /// Decoded tokens a second, after the prompt.
    pub decode_tok_s: Spread,
    /// Bytes of packed weights read for one decoded token.
    pub weight_bytes_per_token: u64,
    /// Those bytes times the decode rate, in 10^9 bytes a second.
    pub gb_per_s: f64,
    /// Decoded tokens a second after [`BenchPlan::depth`] tokens, where that was asked for.
    pub depth_tok_s: Option<Spread>,
    /// Milliseconds from the prompt to the first token.
    pub first_token_ms: Spread,
    /// The same the first time, when kernels may have to be compiled.
    pub cold_first_token_ms: f64,
    /// Kernel launches for one decoded token.
    pub dispatches_per_token: f64,
    /// Queue submissions for one decoded token.
    pub submissions_per_token: f64,
    /// Bytes that come back from the GPU for one decoded token.
    pub read_bytes_per_token: f64,
    /// Milliseconds of CPU work for one decoded token outside the wait for the GPU.
    pub cpu_ms_per_token: Spread,
    /// The most bytes of GPU memory that were allocated at a time.
    pub gpu_peak_bytes: u64,
    /// Bytes of wasm memory; 0 natively.
    pub wasm_heap_bytes: u64,
    /// What the kernels take, where that was asked for.
    pub kernels: Option<KernelFigures>,
}

/// What each kernel of a model takes, beside what the device can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelFigures {
    /// 10^9 bytes a second that a kernel can read that does nothing else.
    pub read_gb_s: f64,
    /// 10^9 operations a second of f32 multiplications and additions in registers.
    pub f32_gflop_s: f64,
    /// For one decoded token.
    pub decode: Vec<KernelPart>,
    /// For a prompt of the plan's length.
    pub prefill: Vec<KernelPart>,
}

/// The launches of one kind in a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelPart {
    /// What they compute, as the checkpoint names it: `attn_qkv`, `ffn_down` …
    pub part: String,
    /// The kernel, and the type and size of its matrix where it has one.
    pub kernel: String,
    /// How many there are in the step.
    pub launches: u32,
    /// Milliseconds that all of them take.
    pub ms: f64,
    /// Their share of the step.
    pub share: f64,
    /// 10^9 bytes of weights a second; 0 where there are none.
    pub gb_s: f64,
    /// 10^9 operations a second; 0 where they are not worth counting.
    pub gflop_s: f64,
    /// The time of this variant divided by that of the fastest that could be used in its place; 0 where there is one only.
    pub of_best: f64,
    /// The fastest one.
    pub best: String,
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
    /// Kernel variants in use, each with the types of weights it is used for.
    pub kernels: Vec<String>,
}
