//! A request to stop, shared between the task that works and the one that was asked to stop it.
//!
//! Single-threaded by design, like the worker it lives in. A flag alone would not do: a task that waits for a stalled
//! network looks at no flag, so whoever waits registers what ends the wait.

use crate::error::{Error, ErrorKind, Result};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

type Hook = Box<dyn FnOnce()>;

/// Stops one request; clones stop the same one.
#[derive(Clone, Default)]
pub struct Cancel(Rc<State>);

#[derive(Default)]
struct State {
    cancelled: Cell<bool>,
    hooks: RefCell<Vec<Hook>>,
}

impl Cancel {
    /// A token that has not been cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the request. Doing so again, or after the request has ended, does nothing.
    pub fn cancel(&self) {
        self.0.cancelled.set(true);
        // Taken out first: a hook may drop or register others.
        for hook in self.0.hooks.take() {
            hook();
        }
    }

    /// Whether the request is to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.get()
    }

    /// `Err` of kind [`ErrorKind::Cancelled`] if the request is to stop.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::new(ErrorKind::Cancelled, "stopped on request")) } else { Ok(()) }
    }

    /// Has `hook` called once when the request is cancelled; at once if it already is.
    pub fn on_cancel(&self, hook: impl FnOnce() + 'static) {
        if self.is_cancelled() {
            hook();
        } else {
            self.0.hooks.borrow_mut().push(Box::new(hook));
        }
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_stops_the_same_request() {
        let token = Cancel::new();
        assert!(token.check().is_ok());
        token.clone().cancel();
        assert_eq!(token.check().expect_err("cancelled").kind(), ErrorKind::Cancelled);
    }

    #[test]
    fn each_hook_runs_once_and_late_ones_at_once() {
        let token = Cancel::new();
        let calls = Rc::new(Cell::new(0));
        let count = |calls: &Rc<Cell<i32>>| {
            let calls = calls.clone();
            move || calls.set(calls.get() + 1)
        };
        token.on_cancel(count(&calls));
        assert_eq!(calls.get(), 0);
        token.cancel();
        token.cancel();
        assert_eq!(calls.get(), 1);
        token.on_cancel(count(&calls));
        assert_eq!(calls.get(), 2);
    }

    #[test]
    fn a_hook_may_use_the_token() {
        let token = Cancel::new();
        let inner = token.clone();
        token.on_cancel(move || inner.on_cancel(|| ()));
        token.cancel();
    }
}
