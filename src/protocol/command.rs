//! What the page asks of the engine.

use super::{
    BenchPlan, Claim, DownloadPlan, Faults, GenerateOptions, Intake, LoadOptions, Message, ModelId, RequestId, Verified,
};
use serde::{Deserialize, Serialize};

/// What the page asks of the engine. The final event of each is named beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// List the stored models → [`Event::Models`](super::Event::Models).
    ListModels,
    /// Take in the file that travels with this message, or the parts of one that was split →
    /// [`Event::Stored`](super::Event::Stored).
    Import {
        /// Copied, or left where it is.
        #[serde(default)]
        intake: Intake,
    },
    /// Fetch a model into storage, from where an earlier try has stopped → [`Event::Stored`](super::Event::Stored). Stopping
    /// it is a pause: what has arrived stays, and this command again goes on.
    Download {
        /// From where, and what it must be.
        #[serde(flatten)]
        plan: DownloadPlan,
        /// What to do if another tab is downloading.
        #[serde(default)]
        claim: Claim,
    },
    /// Do not wait any longer before the next try of this download → [`Event::Done`](super::Event::Done).
    TryNow {
        /// The download.
        request: RequestId,
    },
    /// Delete a model → [`Event::Models`](super::Event::Models). A complete one can be [restored](Self::Restore) until the
    /// space is needed; of one that is not, nothing is left.
    Remove {
        /// Which one.
        model: ModelId,
    },
    /// Bring back a deleted model → [`Event::Models`](super::Event::Models).
    Restore {
        /// Which one.
        model: ModelId,
    },
    /// Free the space of all deleted models now → [`Event::Models`](super::Event::Models).
    Purge,
    /// Read a stored model from the beginning to the end and compare it with what was stored and what was published →
    /// [`Event::Checked`](super::Event::Checked).
    Verify {
        /// Which one; one on the user's disk needs its file beside the message.
        model: ModelId,
    },
    /// Load a stored model (its file beside the message, if it is on the user's disk), or the guide, onto the GPU, in place of the one that is loaded; kernels that it needs and that
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
        /// What to do if another tab has a model on the GPU.
        #[serde(default)]
        claim: Claim,
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
