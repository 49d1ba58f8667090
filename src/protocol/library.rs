//! Models in the browser's storage: what is whole, what is on its way, what was deleted and can still be brought back.

use super::{ErrorReport, ModelId, ModelShape};
use serde::{Deserialize, Serialize};

/// A complete model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredModel {
    /// Its id: the file's name.
    pub id: ModelId,
    /// `general.name`, or the file's name.
    pub name: String,
    /// Size of the file.
    pub bytes: u64,
    /// Sizes read from the header when it was stored.
    pub shape: ModelShape,
    /// The most frequent type of its matrices, such as "Q4_K".
    pub quantisation: String,
    /// Where it came from: a URL, or the name of the user's file.
    pub origin: String,
    /// Where its bytes are.
    pub place: Place,
    /// What is known of their being the right ones.
    pub integrity: Integrity,
    /// Milliseconds since 1970 when it was stored.
    pub stored_at: f64,
    /// Milliseconds since 1970 when it was last loaded.
    pub last_used: Option<f64>,
}

/// Where a model's bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Place {
    /// In the site's private file system, under this path.
    Browser {
        /// Folders and name, from the root.
        path: String,
    },
    /// In the user's own file, which the page keeps a handle of; it travels with [`Command::Load`](super::Command::Load).
    Disk,
}

/// What is known of a file's SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Integrity {
    /// It is the one that was published.
    Published {
        /// Lower-case hexadecimal.
        sha256: String,
    },
    /// Nothing was published to compare with; this is what arrived.
    Recorded {
        /// Lower-case hexadecimal.
        sha256: String,
    },
    /// The file has never been hashed as a whole.
    #[default]
    Unknown,
}

/// Where a file can be fetched, and what is known of it beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DownloadPlan {
    /// Addresses of one and the same file, in the order in which to try them; relative ones count from the page.
    pub urls: Vec<String>,
    /// Its exact length.
    pub bytes: Option<u64>,
    /// Its published SHA-256, in hexadecimal.
    pub sha256: Option<String>,
    /// Addresses of Git LFS pointers to it, which hold both; asked where `sha256` is `None`.
    pub pointers: Vec<String>,
    /// Address of the digests of its chunks, as `lab digest` writes them.
    pub digests: Option<String>,
}

/// A download that has begun and is not complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The id that it will have.
    pub id: ModelId,
    /// What to send in [`Command::Download`](super::Command::Download) to go on; without addresses where it came from a
    /// file of the user's.
    pub plan: DownloadPlan,
    /// Bytes that are stored and need not be fetched again.
    pub received: u64,
    /// Length of the file, if known.
    pub total: Option<u64>,
    /// Why it is not complete.
    pub halt: Halt,
}

/// Why a download stands still, as far as this tab knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Halt {
    /// It was stopped on request.
    Paused,
    /// The page was closed or crashed, or an error ended it.
    Interrupted,
    /// Another tab is at it.
    Elsewhere,
    /// It was complete, but some of its chunks are no longer what had been stored.
    Damaged,
}

/// Browser storage in use and at hand, in bytes, as the browser tells.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageUse {
    /// Used by this site.
    pub used: u64,
    /// What this site may use in all; 0 if the browser does not tell.
    pub quota: u64,
    /// Of `used`: models, complete or not.
    pub models: u64,
    /// Of `models`: those that were deleted and are kept until the space is needed.
    pub removed: u64,
    /// Whether the browser has promised not to clear it by itself; `None` if it does not tell.
    pub persisted: Option<bool>,
}

/// What one tab alone may have at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A model on the GPU (the guide does not count).
    Engine,
    /// The download.
    Download,
}

/// What to do if another tab has what a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// Fail with `other_tab`, and tell with [`Event::Freed`](super::Event::Freed) when it is to be had.
    #[default]
    IfFree,
    /// Have the other tab give it up.
    TakeOver,
}

/// How a file of the user's is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intake {
    /// Copied into browser storage.
    #[default]
    Copy,
    /// Left where it is; the page keeps a handle of it and sends the file with every load.
    InPlace,
}

/// What [`Command::Verify`](super::Command::Verify) has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// The model.
    pub model: ModelId,
    /// SHA-256 of the file as it is now, in hexadecimal.
    pub sha256: String,
    /// What that says.
    pub verdict: Verdict,
}

/// Whether a stored file is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Verdict {
    /// It is the published file.
    Published,
    /// It is what arrived when it was stored; nothing was published to compare with.
    Unchanged,
    /// It was never hashed before; it is from now on compared with this hash.
    FirstHash,
    /// These many bytes have to be fetched again: the model is now among the unfinished.
    Damaged {
        /// Bytes of the chunks that are not what they were.
        bytes: u64,
    },
}

/// Why a download waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// What happened last.
    pub error: ErrorReport,
    /// Milliseconds until the next try; `None`: until the network is back.
    pub retry_ms: Option<f64>,
}
