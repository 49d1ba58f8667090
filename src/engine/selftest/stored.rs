//! The stored results: computed once by the plain-Rust twins (`tests/selftest.rs` checks that they still are), and read
//! from here on every machine, so that a fault of the machine at hand cannot hide in them.

use super::check::Check;
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Results of all checks, by their key.
pub type Stored = BTreeMap<String, Expected>;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// How far a right result may be from them, by the accuracy that WGSL promises.
    pub tolerance: f32,
    /// [`SAMPLES`](super::check::SAMPLES) of its numbers.
    pub values: Vec<f32>,
}

/// All stored results.
///
/// # Errors
/// `Internal` if the build is broken.
pub fn stored() -> Result<Stored> {
    serde_json::from_str(include_str!("stored.json"))
        .map_err(|error| Error::new(ErrorKind::Internal, format!("the stored results of the self-test: {error}")))
}

/// The result that `check` must have.
///
/// # Errors
/// `Internal` if none is stored.
pub fn of(stored: &Stored, check: Check) -> Result<&Expected> {
    let key = check.key();
    stored
        .get(&key)
        .ok_or_else(|| Error::new(ErrorKind::Internal, format!("no stored result of the self-test for {key:?}")))
}
