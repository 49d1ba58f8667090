//! The turns of the conversation as the page holds them. Their text and their outcome change while they are written.

use crate::protocol::{ErrorReport, FinishReason, GenerationStats, ModelId, RequestId, Role};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// One turn of the conversation.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Unique on this page.
    pub key: u64,
    /// Who speaks.
    pub role: Role,
    /// Which of the models, in a turn of a model's.
    pub speaker: ArcRwSignal<Speaker>,
    /// What is said.
    pub text: ArcRwSignal<String>,
    /// How far it is, or how it ended.
    pub outcome: ArcRwSignal<Outcome>,
}

impl Turn {
    /// A new one.
    pub fn new(key: u64, role: Role, speaker: Speaker, text: String, outcome: Outcome) -> Self {
        Self {
            key,
            role,
            speaker: ArcRwSignal::new(speaker),
            text: ArcRwSignal::new(text),
            outcome: ArcRwSignal::new(outcome),
        }
    }
}

/// Which kind of model has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// One of the visitor's.
    #[default]
    Model,
    /// The one that comes with the page.
    Guide,
}

impl Speaker {
    /// The speaker that a model is.
    pub fn of(model: &ModelId) -> Self {
        if model.is_guide() { Self::Guide } else { Self::Model }
    }
}

/// How far a turn is, or how it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A turn of the user's.
    Said,
    /// No model is ready yet.
    Waiting,
    /// The prompt is being read: tokens done, of how many, if told yet.
    Reading(Option<(u64, u64)>),
    /// The answer is being written.
    Writing,
    /// Complete, or stopped.
    Ended {
        /// Why it ended.
        reason: FinishReason,
        /// What it took.
        stats: GenerationStats,
        /// Context length it was made with.
        context_length: u32,
    },
    /// The page was closed meanwhile.
    Interrupted,
    /// It failed after some text.
    Failed(ErrorReport),
}

/// How far the answer that was asked for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// It waits for a model.
    Waiting,
    /// The engine is at it.
    Underway(RequestId),
}

/// An answer that waits for a model.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its turn, in the transcript already.
    pub turn: Turn,
    /// What to do when nothing comes of it.
    pub undo: Undo,
}

/// What to put back when an answer fails before its first word.
#[derive(Debug, Clone)]
pub enum Undo {
    /// The message goes back into the composer.
    Message(String),
    /// The answer that was to be replaced comes back.
    Answer(Turn),
}
