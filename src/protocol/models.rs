//! Models on the GPU.

use super::ModelId;
use serde::{Deserialize, Serialize};

/// The sizes of a model that a person may want to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelShape {
    /// Transformer blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Query heads.
    pub heads: u32,
    /// Key/value heads.
    pub kv_heads: u32,
    /// Vocabulary entries.
    pub vocabulary: u32,
    /// Context length it was trained for.
    pub trained_context: u32,
    /// Number of weights.
    pub parameters: u64,
}

/// How keys and values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KvType {
    /// 32-bit floats: exact, twice the memory of f16.
    F32,
    /// 16-bit floats.
    #[default]
    F16,
    /// 8-bit blocks of 32 with a scale.
    Q8_0,
    /// 4-bit blocks of 32 with a scale.
    Q4_0,
}

/// Choices made when a model is loaded.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoadOptions {
    /// Tokens of context; `None`: 4096, or the trained length if that is less.
    pub context_length: Option<u32>,
    /// How keys and values are kept.
    pub kv_type: KvType,
    /// Names of kernel variants to use, such as `matvec_lanes`; where none is named of a kernel, the fastest is.
    pub kernels: Vec<String>,
}

/// A loaded model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadedModel {
    /// Its id.
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// Context length chosen.
    pub context_length: u32,
    /// How keys and values are kept.
    pub kv_type: KvType,
    /// Whether the file has the chat tokens; a base model only completes text.
    pub chat: bool,
    /// The adapter's name.
    pub adapter: String,
    /// Bytes of weights on the GPU.
    pub weight_bytes: u64,
    /// Bytes of the KV cache.
    pub kv_bytes: u64,
    /// Milliseconds from the command to this event.
    pub load_ms: f64,
    /// Of which building the tokenizer.
    pub tokenizer_ms: f64,
    /// Of which comparing the speed of kernel variants; 0 where it was known from an earlier load.
    pub choice_ms: f64,
    /// Kernel variants in use, each with the types of weights it is used for, such as `matvec_quads: Q4_K, Q6_K`.
    pub kernels: Vec<String>,
}
