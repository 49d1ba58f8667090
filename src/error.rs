//! The one error of the crate: a kind with a stable code, a message for people, and the context it passed through.
//!
//! A message says what is wrong, where, what was found, what was expected and what to do about it. The page
//! translates by [`Error::code`] and never parses a message. Nothing here may depend on another module.

use std::fmt;

/// What went wrong, as far as a caller may want to tell cases apart. The page shows one text per kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The file does not begin with the GGUF magic.
    NotGguf,
    /// A GGUF version or byte order that is not read here.
    GgufVersion,
    /// The file ends before what its header announces.
    GgufTruncated,
    /// The file breaks the GGUF format.
    GgufMalformed,
    /// A well-formed GGUF of another model family.
    UnsupportedArchitecture,
    /// A tensor type, or a size, that no kernel here can compute with.
    UnsupportedModel,
    /// Metadata or tensors that an InternLM2 needs are missing or contradict each other.
    ModelInvalid,
    /// The vocabulary is missing, incomplete or contradicts the model.
    VocabularyInvalid,
    /// NaN or infinity in weights or in computed logits.
    NotFinite,
    /// This browser or system has no WebGPU.
    NoWebGpu,
    /// WebGPU is there, but no adapter, or one that lacks what the engine must have.
    NoAdapter,
    /// The model or context does not fit the adapter's limits.
    GpuLimits,
    /// The GPU ran out of memory.
    GpuOutOfMemory,
    /// The GPU device was lost.
    GpuLost,
    /// The GPU computes wrong results.
    SelfTestFailed,
    /// Any other fault of the GPU or its driver.
    Gpu,
    /// Browser storage is refused or missing (private mode, old browser).
    StorageUnavailable,
    /// Browser storage is full.
    StorageFull,
    /// Any other fault of the browser's storage or of the file system.
    Storage,
    /// No such model or file.
    NotFound,
    /// Another page or task holds the file or the engine.
    Busy,
    /// Another tab has the engine or the download, and can be asked to give it up.
    OtherTab,
    /// The server answered with a status that is not success.
    HttpStatus,
    /// The server sent something that is no model (a web page, say).
    HttpContent,
    /// What arrived, or what is stored, is not the file that was published.
    HashMismatch,
    /// The network failed.
    Network,
    /// A URL outside the allow-list.
    UrlNotAllowed,
    /// The prompt does not fit the context.
    ContextFull,
    /// A model must be loaded first.
    NotLoaded,
    /// The request was stopped by the user. Not a fault.
    Cancelled,
    /// A request that makes no sense (a parameter out of range, a malformed message).
    BadRequest,
    /// A bug in Inkstone.
    Internal,
}

impl ErrorKind {
    /// Every kind, for tests and translation tables.
    pub const ALL: [ErrorKind; 32] = [
        Self::NotGguf,
        Self::GgufVersion,
        Self::GgufTruncated,
        Self::GgufMalformed,
        Self::UnsupportedArchitecture,
        Self::UnsupportedModel,
        Self::ModelInvalid,
        Self::VocabularyInvalid,
        Self::NotFinite,
        Self::NoWebGpu,
        Self::NoAdapter,
        Self::GpuLimits,
        Self::GpuOutOfMemory,
        Self::GpuLost,
        Self::SelfTestFailed,
        Self::Gpu,
        Self::StorageUnavailable,
        Self::StorageFull,
        Self::Storage,
        Self::NotFound,
        Self::Busy,
        Self::OtherTab,
        Self::HttpStatus,
        Self::HttpContent,
        Self::HashMismatch,
        Self::Network,
        Self::UrlNotAllowed,
        Self::ContextFull,
        Self::NotLoaded,
        Self::Cancelled,
        Self::BadRequest,
        Self::Internal,
    ];

    /// The stable name that crosses the protocol and keys the page's translations.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotGguf => "not_gguf",
            Self::GgufVersion => "gguf_version",
            Self::GgufTruncated => "gguf_truncated",
            Self::GgufMalformed => "gguf_malformed",
            Self::UnsupportedArchitecture => "unsupported_architecture",
            Self::UnsupportedModel => "unsupported_model",
            Self::ModelInvalid => "model_invalid",
            Self::VocabularyInvalid => "vocabulary_invalid",
            Self::NotFinite => "not_finite",
            Self::NoWebGpu => "no_webgpu",
            Self::NoAdapter => "no_adapter",
            Self::GpuLimits => "gpu_limits",
            Self::GpuOutOfMemory => "gpu_out_of_memory",
            Self::GpuLost => "gpu_lost",
            Self::SelfTestFailed => "self_test_failed",
            Self::Gpu => "gpu",
            Self::StorageUnavailable => "storage_unavailable",
            Self::StorageFull => "storage_full",
            Self::Storage => "storage",
            Self::NotFound => "not_found",
            Self::Busy => "busy",
            Self::OtherTab => "other_tab",
            Self::HttpStatus => "http_status",
            Self::HttpContent => "http_content",
            Self::HashMismatch => "hash_mismatch",
            Self::Network => "network",
            Self::UrlNotAllowed => "url_not_allowed",
            Self::ContextFull => "context_full",
            Self::NotLoaded => "not_loaded",
            Self::Cancelled => "cancelled",
            Self::BadRequest => "bad_request",
            Self::Internal => "internal",
        }
    }

    /// The kind whose [`code`](Self::code) this is.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The error of every fallible function of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    /// Outermost last: "while …" phrases added on the way up.
    context: Vec<String>,
}

/// `Result` with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` with a message for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), context: Vec::new() }
    }

    /// What went wrong, for callers that tell cases apart.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable code of the kind.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The message without the context it passed through.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error, with where it happened added: a phrase such as "reading blk.3.attn_q.weight".
    #[must_use]
    pub fn context(mut self, place: impl Into<String>) -> Self {
        self.context.push(place.into());
        self
    }
}

impl fmt::Display for Error {
    /// One line: the context from the outside in, then the message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.context.iter().rev() {
            write!(f, "{place}: ")?;
        }
        for (i, line) in self.message.lines().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Adds context to the error of a `Result`.
pub trait Context<T> {
    /// Adds `place` to the error, if there is one.
    fn context(self, place: &str) -> Result<T>;
    /// Adds what `place` returns to the error, if there is one.
    fn with_context(self, place: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn context(self, place: &str) -> Result<T> {
        self.map_err(|error| error.context(place))
    }

    fn with_context(self, place: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| error.context(place()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_lead_back_to_their_kind() {
        for kind in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_code(kind.code()), Some(kind));
        }
    }

    #[test]
    fn display_is_one_line_from_the_outside_in() {
        let error = Error::new(ErrorKind::NotFinite, "a scale is NaN\nreplace the file")
            .context("blk.0.attn_q.weight")
            .context("loading tiny.gguf");
        assert_eq!(error.to_string(), "loading tiny.gguf: blk.0.attn_q.weight: a scale is NaN replace the file");
    }
}
