//! A request that failed, and what that says about the next one. Pure.

use crate::error::Error;

/// Why a request failed, as far as the next step depends on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// For people.
    pub error: Error,
    /// What to make of it.
    pub hope: Hope,
}

/// Whether to ask again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hope {
    /// It may go better next time; not before these milliseconds, if the host says so.
    Later(Option<f64>),
    /// The same, and the host wants fewer requests.
    Slower(Option<f64>),
    /// This address will not give it.
    None,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

impl Refusal {
    /// One that may go better next time.
    pub fn later(error: Error) -> Self {
        Self { error, hope: Hope::Later(None) }
    }

    /// One that is final for this address.
    pub fn last(error: Error) -> Self {
        Self { error, hope: Hope::None }
    }
}
