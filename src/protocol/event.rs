//! What the engine tells the page.

use super::{
    BenchmarkReport, DiagnosticsReport, FinishReason, GenerationStats, KernelSpeed, LoadedModel, Measurement, ModelId,
    Resource, SelfTestReport, StorageUse, StoredModel, Unfinished, Verification, Wait,
};
use crate::error::Error;
use serde::{Deserialize, Serialize};

/// What happens in the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The worker runs and takes commands; sent once. The GPU is not touched yet.
    Ready {
        /// [`VERSION`](super::VERSION) of the worker.
        version: u32,
    },
    /// The GPU device was lost; a model must be loaded again.
    GpuLost {
        /// What the browser said.
        error: ErrorReport,
    },
    /// Another tab has taken this over; if it was the engine, the model here is unloaded.
    Elsewhere {
        /// What.
        resource: Resource,
    },
    /// What another tab had when it was last asked for is now reserved for this one.
    Freed {
        /// What.
        resource: Resource,
    },
    /// Another tab has changed the library: list it again.
    LibraryChanged,
    /// How far the download of another tab is, about once a second.
    DownloadElsewhere {
        /// What it fetches.
        model: ModelId,
        /// Bytes done.
        done: u64,
        /// Of how many, if known.
        total: Option<u64>,
    },
    /// A download has met an obstacle and will try again by itself.
    Waiting {
        /// What and when.
        wait: Wait,
    },
    /// How far a long request is.
    Progress {
        /// What is being done.
        stage: Stage,
        /// Bytes or tokens done, by the stage.
        done: u64,
        /// Of how many, if known.
        total: Option<u64>,
    },
    /// Final: the stored models, in the order of their ids.
    Models {
        /// All that are complete.
        models: Vec<StoredModel>,
        /// Downloads that are not.
        unfinished: Vec<Unfinished>,
        /// Deleted ones that can be brought back.
        removed: Vec<StoredModel>,
        /// Storage in use and at hand.
        storage: StorageUse,
    },
    /// Final: a model has been stored.
    Stored {
        /// The new one.
        model: StoredModel,
    },
    /// Final: a stored model was read again from the beginning to the end.
    Checked {
        /// What was found.
        report: Verification,
    },
    /// Final: a model is ready to answer.
    Loaded {
        /// What was loaded.
        model: LoadedModel,
        /// What the checks before it have shown.
        self_test: SelfTestReport,
        /// What was measured of the speed of kernels; what to keep in [`Verified`](super::Verified).
        speeds: Vec<KernelSpeed>,
    },
    /// Final: the self-test is done, whatever it has shown.
    SelfTested {
        /// What it has shown.
        report: SelfTestReport,
    },
    /// Final: no model is loaded.
    Unloaded,
    /// Final: the GPU was measured.
    Measured {
        /// What it can do.
        report: Measurement,
    },
    /// New text of an answer; only whole characters.
    Text {
        /// To be appended.
        delta: String,
    },
    /// Final: the answer is complete, or was stopped.
    Finished {
        /// Why it ended.
        reason: FinishReason,
        /// What it took.
        stats: GenerationStats,
    },
    /// Final: the logits asked for.
    Logits {
        /// One per vocabulary entry, for the last position.
        logits: Vec<f32>,
        /// The best id of every position ([`EvaluateMode::Decode`](super::EvaluateMode::Decode) only).
        argmax: Vec<u32>,
    },
    /// Final: the tokens asked for.
    Tokens {
        /// Token ids.
        ids: Vec<u32>,
    },
    /// Final: the text asked for.
    Pieces {
        /// What may be shown after each token: whole characters only.
        emit: Vec<String>,
        /// What the end of the stream adds.
        flush: String,
        /// All of it, special tokens shown.
        text: String,
        /// All of it, special tokens left out.
        text_without_specials: String,
    },
    /// Final: figures of speed.
    Benchmark {
        /// Medians over the repeats.
        report: BenchmarkReport,
    },
    /// Final: the engine's surroundings.
    Diagnostics {
        /// Adapter, limits, memory.
        report: DiagnosticsReport,
    },
    /// Final: done, with nothing to tell.
    Done,
    /// Final: the request failed; nothing stored was harmed.
    Failed {
        /// Why.
        error: ErrorReport,
    },
}

impl Event {
    /// Whether the request ends with this event.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Ready { .. }
            | Self::GpuLost { .. }
            | Self::Elsewhere { .. }
            | Self::Freed { .. }
            | Self::LibraryChanged
            | Self::DownloadElsewhere { .. }
            | Self::Waiting { .. }
            | Self::Progress { .. }
            | Self::Text { .. } => false,
            Self::Models { .. }
            | Self::Stored { .. }
            | Self::Checked { .. }
            | Self::Loaded { .. }
            | Self::SelfTested { .. }
            | Self::Unloaded
            | Self::Measured { .. }
            | Self::Finished { .. }
            | Self::Logits { .. }
            | Self::Tokens { .. }
            | Self::Pieces { .. }
            | Self::Benchmark { .. }
            | Self::Diagnostics { .. }
            | Self::Done
            | Self::Failed { .. } => true,
        }
    }
}

/// What a [`Event::Progress`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Bytes fetched from the network.
    Download,
    /// Bytes copied from a file of the user's.
    Import,
    /// Bytes read back and hashed.
    Verify,
    /// Bytes uploaded to the GPU.
    Upload,
    /// Building the tokenizer and compiling kernels; no count.
    Prepare,
    /// Checking kernels and the guide's known answer; no count.
    SelfTest,
    /// Comparing the speed of kernel variants; no count.
    Choice,
    /// Prompt tokens read.
    Prefill,
}

/// An error as it crosses the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// [`Error::code`](crate::error::Error::code).
    pub code: String,
    /// The whole message, for the details.
    pub message: String,
}

impl From<&Error> for ErrorReport {
    fn from(error: &Error) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}
