//! The record beside a model's file: what it is, whether it is whole, and where it can be had. Pure text, no I/O.
//!
//! A record outlives the program that wrote it, so its form is its own and versioned: a change of the protocol must
//! not make stored gigabytes unreadable. What was added later may be missing. A record that cannot be read is an error of
//! that model alone.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{DownloadPlan, Halt, Integrity, ModelId, ModelShape, Place, StoredModel, Unfinished};
use crate::source::hash::Sha256;
use crate::storage::names;
use serde::{Deserialize, Serialize};

/// Raised when an older Inkstone could misread what a newer one writes.
pub const VERSION: u32 = 1;

/// No record comes near this length.
pub const LONGEST_BYTES: u64 = 64 << 10;

/// The record of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    version: u32,
    /// The data file; one of [`names::data_files`].
    pub file: String,
    /// Where it came from: a URL, or the name of the user's file.
    pub origin: String,
    /// Whether it is whole.
    pub state: State,
    /// How to fetch it, or a part of it, again; of the user's files nothing.
    #[serde(default)]
    pub recipe: Recipe,
    /// Milliseconds since 1970 when it was deleted, if it was; the bytes are kept until the space is needed.
    #[serde(default)]
    pub removed_at: Option<f64>,
    /// Milliseconds since 1970 when it was last loaded.
    #[serde(default)]
    pub last_used: Option<f64>,
}

/// How far a model has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// On its way, or left unfinished.
    Partial(Partial),
    /// Whole, and its header found good.
    Complete(Facts),
}

/// What is told of an incomplete model; how much of it has arrived is in the journal beside it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Partial {
    /// Length of the file; without it nothing can be resumed.
    #[serde(default)]
    pub total: Option<u64>,
    /// Why it stands still, if it does.
    #[serde(default)]
    pub rest: Rest,
    /// The versions of the file that bytes came from; the journal's entries count into this list.
    #[serde(default)]
    pub versions: Vec<Origin>,
    /// What it was before some of it turned out to be damaged.
    #[serde(default)]
    pub was: Option<Facts>,
}

/// Why an incomplete model stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// It does not, or nobody had the time to note why.
    #[default]
    Interrupted,
    /// It was stopped on request.
    Paused,
    /// It had been complete.
    Damaged,
}

/// One version of a file at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The address.
    pub url: String,
    /// The host's name for this version (`ETag` or `Last-Modified`), if it may be read.
    pub validator: Option<String>,
}

/// Where a file can be fetched and what it must be; [`DownloadPlan`] in its written form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    urls: Vec<String>,
    bytes: Option<u64>,
    sha256: Option<String>,
    pointers: Vec<String>,
    digests: Option<String>,
}

impl Recipe {
    /// Notes the hash that the file must have.
    pub fn pin(&mut self, sha256: &str) {
        self.sha256 = Some(sha256.to_owned());
    }
}

impl From<DownloadPlan> for Recipe {
    fn from(DownloadPlan { urls, bytes, sha256, pointers, digests }: DownloadPlan) -> Self {
        Self { urls, bytes, sha256, pointers, digests }
    }
}

impl From<Recipe> for DownloadPlan {
    fn from(Recipe { urls, bytes, sha256, pointers, digests }: Recipe) -> Self {
        Self { urls, bytes, sha256, pointers, digests }
    }
}

/// What is told of a complete model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// For people.
    pub name: String,
    /// Length of the file.
    pub bytes: u64,
    /// The most frequent type of its matrices.
    pub quantisation: String,
    /// Milliseconds since 1970 when it became complete.
    pub stored_at: f64,
    /// Sizes of the model.
    #[serde(with = "Shape")]
    pub shape: ModelShape,
    /// What is known of its hash.
    #[serde(default)]
    pub hash: Hash,
    /// Set for a file on the user's disk: when it was last changed, in milliseconds since 1970.
    #[serde(default)]
    pub modified: Option<f64>,
}

/// What is known of a file's SHA-256; [`Integrity`] in its written form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hash {
    /// It is the published one.
    Published(String),
    /// It is what arrived.
    Recorded(String),
    /// It is not known.
    #[default]
    Unknown,
}

impl Hash {
    fn integrity(&self) -> Integrity {
        match self.clone() {
            Self::Published(sha256) => Integrity::Published { sha256 },
            Self::Recorded(sha256) => Integrity::Recorded { sha256 },
            Self::Unknown => Integrity::Unknown,
        }
    }
}

/// The sizes as they are written; the fields are the protocol's of record version 1.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ModelShape")]
struct Shape {
    layers: u32,
    hidden: u32,
    heads: u32,
    kv_heads: u32,
    vocabulary: u32,
    trained_context: u32,
    parameters: u64,
}

impl Manifest {
    /// A record of today's version, of a model that can be fetched again by `recipe`.
    pub fn new(file: String, origin: String, recipe: Recipe, state: State) -> Self {
        Self { version: VERSION, file, origin, state, recipe, removed_at: None, last_used: None }
    }

    /// Reads the record of the model `id`.
    ///
    /// # Errors
    /// `Storage` for what is no record of this version.
    pub fn parse(id: &ModelId, bytes: &[u8]) -> Result<Self> {
        /// Read first and alone: the rest may have any form in another version.
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let damaged = |why: &dyn std::fmt::Display| {
            let message = format!("the record of the stored model {:?} is damaged ({why}); remove the model", id.0);
            Error::new(ErrorKind::Storage, message)
        };
        let head: Head = serde_json::from_slice(bytes).map_err(|e| damaged(&e))?;
        if head.version != VERSION {
            let message = format!(
                "the record of the stored model {:?} has version {}, this Inkstone reads {VERSION}; reload the page to \
                 get the newest one, or remove the model",
                id.0, head.version
            );
            return Err(Error::new(ErrorKind::Storage, message));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| damaged(&e))?;
        if !names::data_files(id).contains(&manifest.file) {
            return Err(damaged(&format_args!("it names the file {:?}", manifest.file)));
        }
        Ok(manifest)
    }

    /// As it is written.
    ///
    /// # Errors
    /// `Internal`, which these types never give.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|e| {
            Error::new(ErrorKind::Internal, format!("the record of {:?} cannot be written: {e}", self.file))
        })
    }

    /// Whether its bytes are on the user's disk.
    pub fn is_on_disk(&self) -> bool {
        self.facts().is_some_and(|facts| facts.modified.is_some())
    }

    /// What is told of the model, if it is complete.
    pub fn facts(&self) -> Option<&Facts> {
        match &self.state {
            State::Partial(_) => None,
            State::Complete(facts) => Some(facts),
        }
    }

    /// The model, if it is complete, in the folder `folder`.
    pub fn stored(&self, id: &ModelId, folder: &str) -> Option<StoredModel> {
        let facts = self.facts()?;
        Some(StoredModel {
            id: id.clone(),
            name: facts.name.clone(),
            bytes: facts.bytes,
            shape: facts.shape,
            quantisation: facts.quantisation.clone(),
            origin: self.origin.clone(),
            place: match facts.modified {
                Some(_) => Place::Disk,
                None => Place::Browser { path: format!("{folder}/{}", self.file) },
            },
            integrity: facts.hash.integrity(),
            stored_at: facts.stored_at,
            last_used: self.last_used,
        })
    }

    /// The download, if it can be resumed; `received` bytes are there by its journal.
    pub fn unfinished(&self, id: &ModelId, received: u64) -> Option<Unfinished> {
        let State::Partial(partial) = &self.state else { return None };
        let halt = match partial.rest {
            Rest::Interrupted => Halt::Interrupted,
            Rest::Paused => Halt::Paused,
            Rest::Damaged => Halt::Damaged,
        };
        Some(Unfinished { id: id.clone(), plan: self.recipe.clone().into(), received, total: partial.total, halt })
    }

    /// The hash that a download of it must have, if it is known.
    pub fn pinned(&self) -> Option<Sha256> {
        self.recipe.sha256.as_ref()?.parse().ok()
    }

    /// Whether something of it is worth keeping: a whole model, or one that can be completed.
    pub fn is_worth_keeping(&self) -> bool {
        match &self.state {
            State::Complete(_) => true,
            State::Partial(partial) => {
                partial.total.is_some() && (!self.recipe.urls.is_empty() || partial.was.is_some())
            }
        }
    }

    /// Whether a download by `plan` would bring the same file: one with that hash, or else one from one of its addresses.
    pub fn is_of(&self, plan: &DownloadPlan) -> bool {
        let hash = match &self.state {
            State::Complete(Facts { hash: Hash::Published(hash) | Hash::Recorded(hash), .. }) => Some(hash),
            _ => self.recipe.sha256.as_ref(),
        };
        match (hash, &plan.sha256) {
            (Some(hash), Some(wanted)) => hash.eq_ignore_ascii_case(wanted),
            _ => {
                let length = match &self.state {
                    State::Partial(partial) => partial.total,
                    State::Complete(facts) => Some(facts.bytes),
                };
                let same_length = length.is_none() || plan.bytes.is_none() || length == plan.bytes;
                same_length && plan.urls.iter().any(|url| *url == self.origin || self.recipe.urls.contains(url))
            }
        }
    }
}

#[cfg(test)]
#[path = "manifest/tests.rs"]
mod tests;
