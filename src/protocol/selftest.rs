//! The self-test of a GPU: what was checked, what failed, what is known from before.

use serde::{Deserialize, Serialize};

/// What an earlier self-test has shown, kept by the page between visits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Verified {
    /// The adapter it ran on: on another one it says nothing.
    pub adapter: String,
    /// Names of the checks that were passed. A name holds a fingerprint of the kernels, so a changed kernel is checked anew.
    pub checks: Vec<String>,
    /// How fast kernels are there.
    #[serde(default)]
    pub speeds: Vec<KernelSpeed>,
}

/// How fast a kernel is on an adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelSpeed {
    /// Variant, type and size of the matrix, and a fingerprint of the shader: a changed kernel is measured anew.
    pub kernel: String,
    /// Seconds that it takes.
    pub seconds: f64,
}

/// What a self-test has shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTestReport {
    /// The adapter.
    pub adapter: String,
    /// Checks that were passed, now or before; what to keep as [`Verified`].
    pub passed: Vec<String>,
    /// How many of these ran now.
    pub ran: u32,
    /// Checks that were not passed.
    pub failed: Vec<SelfTestFault>,
    /// The kernel variants in use after it; empty if one has none that is right.
    pub variants: Vec<String>,
    /// The guide's answer to its fixed question, where the guide is what is loaded.
    pub answer: Option<KnownAnswer>,
    /// Milliseconds that it took.
    pub milliseconds: f64,
}

impl SelfTestReport {
    /// What to keep for the next visit.
    pub fn verified(&self) -> Verified {
        Verified { adapter: self.adapter.clone(), checks: self.passed.clone(), speeds: Vec::new() }
    }

    /// Whether nothing at all was wrong.
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.answer.as_ref().is_none_or(KnownAnswer::is_right)
    }
}

/// A check that was not passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfTestFault {
    /// Its name.
    pub check: String,
    /// The stored value.
    pub expected: f32,
    /// What the GPU computed in its place; `None` for NaN and infinity, or if it computed nothing.
    pub found: Option<f32>,
    /// How far the two may be apart.
    pub tolerance: f32,
    /// What the GPU reported instead of a result, if it did.
    pub error: Option<String>,
}

impl std::fmt::Display for SelfTestFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { check, expected, found, tolerance, error } = self;
        match (found, error) {
            (_, Some(error)) => write!(f, "{check}: {error}"),
            (Some(found), None) => write!(f, "{check}: computed {found}, expected {expected} within {tolerance:e}"),
            (None, None) => write!(f, "{check}: computed no finite number, expected {expected}"),
        }
    }
}

/// An answer that is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAnswer {
    /// What was asked.
    pub prompt: String,
    /// How the answer begins.
    pub expected: String,
    /// How it began here.
    pub found: String,
}

impl KnownAnswer {
    /// Whether it was the one.
    pub fn is_right(&self) -> bool {
        self.expected == self.found
    }
}

/// Faults to inject: a test's hook. They end with the worker.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// Kernels, by name, that compute nothing.
    pub kernels: Vec<String>,
    /// Checks, by the beginning of their name, whose stored value is off.
    pub expected: Vec<String>,
}
