//! What the page asks of the engine.

use super::{BenchPlan, Faults, GenerateOptions, LoadOptions, Message, ModelId, RequestId, Verified};
use serde::{Deserialize, Serialize};

/// What the page asks of the engine. The final event of each is named beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// List the stored models → [`Event::Models`](super::Event::Models).
    ListModels,
    /// Copy the file that travels with this message into storage → [`Event::Stored`](super::Event::Stored).
    Import,
    /// Fetch a model of the catalogue (`url` is one of its entries') into storage → [`Event::Stored`](super::Event::Stored).
    Download {
        /// An address on the allow-list.
        url: String,
    },
    /// Delete a stored model → [`Event::Models`](super::Event::Models).
    Remove {
        /// Which one.
        model: ModelId,
    },
    /// Load a stored model, or the guide, onto the GPU, in place of the one that is loaded; kernels that it needs and that
    /// were not checked on this GPU before are → [`Event::Loaded`](super::Event::Loaded).
    Load {
        /// Which one.
        model: ModelId,
        /// Context length and the like.
        #[serde(default)]
        options: LoadOptions,
        /// What is known of the GPU.
        #[serde(default)]
        verified: Option<Verified>,
    },
    /// Check every kernel on the GPU, whatever is known of it → [`Event::SelfTested`](super::Event::SelfTested).
    SelfTest,
    /// Measure what the GPU can hold and how fast it reads weights, in about a second →
    /// [`Event::Measured`](super::Event::Measured).
    Measure {
        /// Bytes of GPU memory to try to allocate.
        probe: u64,
    },
    /// Make the engine faulty, for tests; before anything uses the GPU → [`Event::Done`](super::Event::Done).
    Inject {
        /// What is to go wrong.
        faults: Faults,
    },
    /// Free the GPU → [`Event::Unloaded`](super::Event::Unloaded).
    Unload,
    /// Answer a conversation → [`Event::Finished`](super::Event::Finished).
    Chat {
        /// Oldest first; the last one is the user's.
        messages: Vec<Message>,
        /// Sampling and limits.
        #[serde(default)]
        options: GenerateOptions,
    },
    /// Continue a plain text, without a chat template → [`Event::Finished`](super::Event::Finished).
    Complete {
        /// The text to continue; special tokens in it are plain text.
        prompt: String,
        /// Sampling and limits.
        #[serde(default)]
        options: GenerateOptions,
    },
    /// The logits of every position of a token sequence, for tests and the self-test → [`Event::Logits`](super::Event::Logits).
    Evaluate {
        /// Token ids, at most the context length.
        tokens: Vec<u32>,
        /// How the tokens go through the model.
        mode: EvaluateMode,
    },
    /// The tokens of a text → [`Event::Tokens`](super::Event::Tokens).
    Tokenize {
        /// The text.
        text: String,
        /// Whether special-token strings in it become their ids.
        parse_special: bool,
    },
    /// The text of tokens, as it would stream → [`Event::Pieces`](super::Event::Pieces).
    Detokenize {
        /// Token ids.
        ids: Vec<u32>,
    },
    /// Measure speed on the loaded model → [`Event::Benchmark`](super::Event::Benchmark).
    Bench {
        /// What to measure.
        #[serde(flatten)]
        plan: BenchPlan,
    },
    /// The adapter, its limits, memory → [`Event::Diagnostics`](super::Event::Diagnostics).
    Diagnose,
    /// Stop another request; it ends with its own final event. This one → [`Event::Done`](super::Event::Done).
    Cancel {
        /// The request to stop.
        request: RequestId,
    },
}

/// How [`Command::Evaluate`] feeds its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluateMode {
    /// In prefill chunks; the logits of the last position.
    Prefill,
    /// One token at a time through the decode path; the best id at every position and the logits of the last.
    Decode,
}
