//! The texts of four parts of the page: the guide, what fits the GPU, the check of it, and the kernels that it runs.

use super::strings::{Setting, With, WithTwo};

/// The built-in guide.
#[derive(Debug)]
pub struct GuideStrings {
    /// Its name.
    pub name: &'static str,
    /// Beside its name.
    pub built_in: &'static str,
    /// Explains that.
    pub built_in_hint: &'static str,
    /// How it introduces itself on the first screen.
    pub introduction: &'static str,
    /// Questions that it can answer.
    pub questions: [&'static str; 4],
    /// Placeholder of the composer.
    pub composer: &'static str,
    /// Below the composer.
    pub note: &'static str,
    /// Above the composer, before the button to the models.
    pub choose: &'static str,
    /// While it is being loaded.
    pub loading: &'static str,
    /// Loads it.
    pub ask: &'static str,
    /// In the settings: they are not for it.
    pub settings: &'static str,
    /// Announced when it begins to answer.
    pub announce_start: &'static str,
    /// Announced with its finished answer.
    pub announce_end: With,
}

/// Which models fit this GPU.
#[derive(Debug)]
pub struct FitStrings {
    /// It is being measured.
    pub measuring: &'static str,
    /// It was measured; its name.
    pub measured: With,
    /// It could not be measured.
    pub failed: &'static str,
    /// Measures again.
    pub again: &'static str,
    /// Leads to the page that measures models.
    pub bench: &'static str,
    /// A file fits: with how many tokens of context, and tokens a second.
    pub fits: WithTwo,
    /// It does not: what it needs, and what is to be had.
    pub too_large: WithTwo,
    /// The file to take on this GPU.
    pub best: &'static str,
    /// There is only a software GPU.
    pub software_title: &'static str,
    /// How slow the smallest model is on it: its name, and tokens a second.
    pub software_speed: WithTwo,
    /// What to do about that.
    pub software_advice: &'static str,
}

/// Whether this GPU computes right.
#[derive(Debug)]
pub struct CheckStrings {
    /// Starts the check.
    pub start: &'static str,
    /// It is running.
    pub underway: &'static str,
    /// All is right: number of checks, adapter, time.
    pub passed: fn(&str, &str, &str) -> String,
    /// Something is wrong, with how many of how many checks.
    pub failed: WithTwo,
    /// A check: what was expected, and what was found.
    pub found: WithTwo,
    /// A check that found no number, with what was expected.
    pub found_nothing: With,
    /// The guide's known answer.
    pub answer: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// A kernel was replaced, without harm.
    pub replaced: &'static str,
}

/// Which kernel variants compute.
#[derive(Debug)]
pub struct KernelStrings {
    /// Heading in the settings.
    pub title: &'static str,
    /// Below that heading.
    pub lead: &'static str,
    /// Leaves the choice to the engine.
    pub automatic: &'static str,
    /// For decoding.
    pub decode: Setting,
    /// For reading a prompt.
    pub prompt: Setting,
    /// Those that the loaded model uses.
    pub in_use: With,
    /// Their speed is being compared.
    pub comparing: &'static str,
}
