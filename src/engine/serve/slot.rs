//! The place of the loaded model. Whoever uses the model takes it out and puts it back; meanwhile others learn that it
//! is busy.

use crate::engine::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::LoadedModel;
use std::cell::RefCell;

/// A loaded model and what the page was told of it.
pub(super) struct Loaded {
    pub(super) session: Session,
    pub(super) report: LoadedModel,
}

#[derive(Default)]
enum State {
    #[default]
    Empty,
    Loaded(Box<Loaded>),
    Busy,
    /// Busy, and to be emptied at the end: the GPU is gone.
    Abandoned,
}

/// Holds the loaded model.
#[derive(Default)]
pub(super) struct Slot(RefCell<State>);

impl Slot {
    /// Takes what is there; whoever does must [`put`](Self::put) something back, whatever happens in between.
    ///
    /// # Errors
    /// `Busy` while somebody else has it.
    pub(super) fn take(&self) -> Result<Option<Box<Loaded>>> {
        match self.0.replace(State::Busy) {
            State::Empty => Ok(None),
            State::Loaded(loaded) => Ok(Some(loaded)),
            busy => {
                self.0.replace(busy);
                Err(Error::new(ErrorKind::Busy, "the model is at work; wait for the answer or stop it"))
            }
        }
    }

    /// Puts a model, or nothing, in the place of what was taken.
    pub(super) fn put(&self, loaded: Option<Box<Loaded>>) {
        let next = match self.0.replace(State::Empty) {
            State::Abandoned => State::Empty,
            _ => loaded.map_or(State::Empty, State::Loaded),
        };
        self.0.replace(next);
    }

    /// Runs `work` with the loaded model.
    ///
    /// # Errors
    /// `Busy` while somebody else has it, `NotLoaded` where there is none, and those of `work`.
    pub(super) async fn with<T>(&self, work: impl AsyncFnOnce(&mut Session) -> Result<T>) -> Result<T> {
        let mut taken = self.take()?;
        let result = match &mut taken {
            Some(loaded) => work(&mut loaded.session).await,
            None => Err(Error::new(ErrorKind::NotLoaded, "no model is loaded; load one first")),
        };
        self.put(taken);
        result
    }

    /// Empties the slot now, or when its user is done.
    pub(super) fn abandon(&self) {
        let next = match self.0.replace(State::Empty) {
            State::Busy | State::Abandoned => State::Abandoned,
            State::Empty | State::Loaded(_) => State::Empty,
        };
        self.0.replace(next);
    }

    /// What is loaded and not at work.
    pub(super) fn report(&self) -> Option<LoadedModel> {
        match &*self.0.borrow() {
            State::Loaded(loaded) => Some(loaded.report.clone()),
            State::Empty | State::Busy | State::Abandoned => None,
        }
    }
}
