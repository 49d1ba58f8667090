//! The conversation as it is kept between visits.
//!
//! Only what a later page can show: an answer that was still being made is kept as interrupted.

use super::preferences::{Key, forget, keep, leave_out, recall};
use super::state::State;
use super::turn::{Outcome, Speaker, Turn};
use crate::protocol::{FinishReason, GenerationStats, Role};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct SavedTurn {
    role: Role,
    text: String,
    /// Missing in records from before there was a guide.
    #[serde(default)]
    speaker: Speaker,
    end: Option<SavedEnd>,
}

#[derive(Serialize, Deserialize)]
struct SavedEnd {
    reason: FinishReason,
    stats: GenerationStats,
    context_length: u32,
}

/// Keeps the conversation of this moment.
pub fn save(state: State) {
    let turns: Vec<SavedTurn> = state.turns.with_untracked(|turns| turns.iter().map(SavedTurn::of).collect());
    if turns.is_empty() { forget(Key::Conversation) } else { keep(Key::Conversation, &turns) }
}

/// Keeps it as the page is left. A tab without one leaves that of another tab where it is, and does not take it either.
pub fn leave(state: State) {
    if state.turns.with_untracked(Vec::is_empty) { leave_out(Key::Conversation) } else { save(state) }
}

/// The conversation of the last visit.
pub fn restore() -> Vec<Turn> {
    let saved: Vec<SavedTurn> = recall(Key::Conversation).unwrap_or_default();
    saved.into_iter().zip(1..).map(|(turn, key)| turn.into_turn(key)).collect()
}

impl SavedTurn {
    fn of(turn: &Turn) -> Self {
        let end = match turn.outcome.get_untracked() {
            Outcome::Ended { reason, stats, context_length } => Some(SavedEnd { reason, stats, context_length }),
            _ => None,
        };
        Self { role: turn.role, text: turn.text.get_untracked(), speaker: turn.speaker.get_untracked(), end }
    }

    fn into_turn(self, key: u64) -> Turn {
        let outcome = match (self.role, self.end) {
            (Role::Assistant, Some(SavedEnd { reason, stats, context_length })) => {
                Outcome::Ended { reason, stats, context_length }
            }
            (Role::Assistant, None) => Outcome::Interrupted,
            _ => Outcome::Said,
        };
        Turn::new(key, self.role, self.speaker, self.text, outcome)
    }
}
