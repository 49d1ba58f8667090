//! What is on its way into storage, as the page shows it: two lanes, one for downloads and one for files of the user's.

use super::format;
use super::library::title_of_file;
use super::rate;
use crate::protocol::{DownloadPlan, ErrorReport, RequestId, Stage, Unfinished};
use leptos::prelude::*;

/// How far something is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Units done.
    pub done: u64,
    /// Of how many.
    pub total: Option<u64>,
    /// Units a second.
    pub rate: Option<f64>,
}

impl Progress {
    /// Seconds left, if that can be told.
    pub fn seconds_left(&self) -> Option<f64> {
        rate::seconds_left(self.done, self.total?, self.rate?)
    }

    /// For the progress bar: percentage, if the total is known.
    pub fn percent(&self) -> Option<String> {
        self.total.map(|total| format::percent(self.done, total))
    }
}

/// A wait before the next try of a download.
#[derive(Debug, Clone, PartialEq)]
pub struct Pause {
    /// What happened.
    pub error: ErrorReport,
    /// When it is tried again, in milliseconds since 1970; `None`: when the network is back.
    pub until: Option<f64>,
}

/// A download that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// For people.
    pub name: String,
    /// From where, and what it must be.
    pub plan: DownloadPlan,
}

impl Wanted {
    /// The rest of a download.
    pub fn rest_of(item: &Unfinished) -> Self {
        Self { name: title_of_file(&item.id), plan: item.plan.clone() }
    }

    /// Whether both bring the same file.
    pub fn is_same(&self, other: &Self) -> bool {
        self.plan.urls.iter().any(|url| other.plan.urls.contains(url))
    }
}

/// What a transfer carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Cargo {
    /// A file from the network.
    Download(Wanted),
    /// A file of the user's.
    Import {
        /// Its name.
        name: String,
    },
}

/// What the visitor has asked of a transfer that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing: it goes on to its end.
    Open,
    /// To stop, and keep what has arrived.
    Pause,
    /// To stop, and leave nothing.
    Discard,
}

/// What is on its way into storage.
#[derive(Debug, Clone, PartialEq)]
pub enum Transfer {
    /// Nothing.
    None,
    /// A download or a copy.
    Running {
        /// To cancel it.
        request: RequestId,
        /// What.
        what: Cargo,
        /// How it is to end.
        ending: Ending,
    },
    /// It failed.
    Failed {
        /// What.
        what: Cargo,
        /// Why.
        error: ErrorReport,
    },
}

/// One thing after the other goes here.
#[derive(Debug, Clone, Copy)]
pub struct Lane {
    /// What is in it.
    pub transfer: RwSignal<Transfer>,
    /// How far that is.
    pub progress: RwSignal<Option<Progress>>,
    /// Why it waits, if it does.
    pub waiting: RwSignal<Option<Pause>>,
}

impl Lane {
    /// An empty one.
    pub fn new() -> Self {
        Self { transfer: RwSignal::new(Transfer::None), progress: RwSignal::new(None), waiting: RwSignal::new(None) }
    }

    /// Whether something is on its way; and a dependency on that.
    pub fn is_busy(self) -> bool {
        self.transfer.with(|transfer| matches!(transfer, Transfer::Running { .. }))
    }

    /// What is being downloaded here; and a dependency on that.
    pub fn carries(self, wanted: &Wanted) -> bool {
        self.transfer.with(|transfer| match transfer {
            Transfer::Running { what: Cargo::Download(other), .. } => other.is_same(wanted),
            _ => false,
        })
    }
}
