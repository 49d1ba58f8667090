//! The stored models as the page knows them: what the engine has told last, and what a check has found.

use crate::protocol::{ErrorReport, ModelId, RequestId, StorageUse, StoredModel, Unfinished, Verification};

/// The stored models.
#[derive(Debug, Clone, PartialEq)]
pub enum Library {
    /// Not told yet.
    Unknown,
    /// As the engine told last.
    Known {
        /// In the order of their ids.
        models: Vec<StoredModel>,
        /// Downloads that are not complete.
        unfinished: Vec<Unfinished>,
        /// Deleted ones that can be brought back.
        removed: Vec<StoredModel>,
        /// Storage in use.
        storage: StorageUse,
    },
}

impl Library {
    /// The stored models, none if not told yet.
    pub fn models(&self) -> &[StoredModel] {
        match self {
            Self::Unknown => &[],
            Self::Known { models, .. } => models,
        }
    }

    /// Downloads that are not complete.
    pub fn unfinished(&self) -> &[Unfinished] {
        match self {
            Self::Unknown => &[],
            Self::Known { unfinished, .. } => unfinished,
        }
    }

    /// Deleted models that can be brought back.
    pub fn removed(&self) -> &[StoredModel] {
        match self {
            Self::Unknown => &[],
            Self::Known { removed, .. } => removed,
        }
    }

    /// Storage in use and at hand, where the browser tells.
    pub fn storage(&self) -> Option<StorageUse> {
        match self {
            Self::Known { storage, .. } if storage.quota > 0 => Some(*storage),
            _ => None,
        }
    }

    /// The model with this id.
    pub fn find(&self, id: &ModelId) -> Option<&StoredModel> {
        self.models().iter().find(|model| &model.id == id)
    }
}

/// The check of a stored file that the visitor asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// Not asked for.
    Not,
    /// It is being read.
    Underway {
        /// Which one.
        model: ModelId,
        /// To stop it.
        request: RequestId,
    },
    /// What was found.
    Done(Verification),
    /// It could not be read.
    Failed {
        /// Which one.
        model: ModelId,
        /// Why.
        error: ErrorReport,
    },
}
