//! One turn of the conversation: its text, how far it is or how it ended, and what can be done with it.
//!
//! The text goes into one text node and nowhere else.

use super::copy::CopyButton;
use super::fault::Fault;
use super::icon::{Drawing, Icon, Seal};
use super::stats::Stats;
use crate::protocol::{FinishReason, Role};
use crate::ui::dialogue;
use crate::ui::format;
use crate::ui::state::{State, t};
use crate::ui::turn::{Outcome, Speaker, Turn};
use leptos::prelude::*;

/// A turn.
#[component]
pub fn MessageView(
    /// Which one.
    turn: Turn,
) -> impl IntoView {
    match turn.role {
        Role::Assistant => view! { <Answer turn /> }.into_any(),
        Role::User | Role::System => view! { <Question turn /> }.into_any(),
    }
}

#[component]
fn Question(turn: Turn) -> impl IntoView {
    let text = turn.text.clone();
    let copied = turn.text;
    view! {
        <article class="message message-user" data-testid="message-user" aria-label=t(|s| s.you)>
            <div class="message-text" dir="auto">{move || text.get()}</div>
            <div class="message-tools">
                <CopyButton text=move || copied.get_untracked() />
            </div>
        </article>
    }
}

#[component]
fn Answer(turn: Turn) -> impl IntoView {
    let state = State::of_page();
    let Turn { key, text, outcome, speaker, .. } = turn;
    let (text, outcome, speaker) = (RwSignal::from(text), RwSignal::from(outcome), RwSignal::from(speaker));
    let guide = Memo::new(move |_| speaker.get() == Speaker::Guide);
    let name = move || if guide.get() { state.strings().guide.name } else { state.strings().model };
    let phase = Memo::new(move |_| {
        outcome.with(|outcome| match outcome {
            Outcome::Said | Outcome::Ended { .. } | Outcome::Interrupted | Outcome::Failed(_) => "done",
            Outcome::Waiting => "waiting",
            Outcome::Reading(_) => "reading",
            Outcome::Writing => "writing",
        })
    });
    let done = move || phase.get() == "done";
    let last = Memo::new(move |_| state.turns.with(|turns| turns.last().is_some_and(|turn| turn.key == key)));
    let tools = move || {
        view! {
            <div class="message-tools">
                <CopyButton text=move || text.get_untracked() />
                {move || last.get().then(|| view! { <Regenerate /> })}
                {move || match outcome.get() {
                    Outcome::Ended { stats, context_length, .. } => Some(view! { <Stats stats context_length /> }),
                    _ => None,
                }}
            </div>
        }
    };
    view! {
        <article
            class="message message-assistant"
            data-testid="message-assistant"
            data-phase=move || phase.get()
            aria-label=name
            aria-busy=move || (!done()).to_string()
        >
            <Seal />
            <div class="message-body">
                // Nobody may take the guide's words for those of InternLM2.5.
                {move || guide.get().then(|| view! { <p class="message-name" data-testid="speaker">{name}</p> })}
                {move || matches!(phase.get(), "waiting" | "reading").then(|| view! { <Reading outcome /> })}
                <div class="message-text" dir="auto">{move || text.get()}</div>
                {move || done().then(|| view! { <Ending outcome /> })}
                {move || done().then(tools)}
            </div>
        </article>
    }
}

/// Before the first word: what it waits for, or how far the prompt is read.
#[component]
fn Reading(outcome: RwSignal<Outcome>) -> impl IntoView {
    let state = State::of_page();
    let said = move || {
        let strings = state.strings();
        outcome.with(|outcome| match outcome {
            Outcome::Reading(Some((done, total))) => {
                (strings.reading_count)(&format::count(*done), &format::count(*total))
            }
            Outcome::Waiting => strings.waiting.to_owned(),
            _ => strings.reading.to_owned(),
        })
    };
    view! { <p class="reading quiet" data-testid="reading">{said}</p> }
}

/// Why an answer ended, where that is not plain.
#[component]
fn Ending(outcome: RwSignal<Outcome>) -> impl IntoView {
    let state = State::of_page();
    move || match outcome.get() {
        Outcome::Ended { reason: FinishReason::Stop, .. } | Outcome::Said => None,
        Outcome::Waiting | Outcome::Reading(_) | Outcome::Writing => None,
        Outcome::Failed(error) => Some(view! { <Fault error /> }.into_any()),
        Outcome::Ended { reason, .. } => {
            let said = move || match reason {
                FinishReason::Length => state.strings().ended_length,
                FinishReason::ContextFull => state.strings().ended_context,
                FinishReason::Cancelled | FinishReason::Stop => state.strings().ended_stopped,
            };
            Some(view! { <p class="ending quiet">{said}</p> }.into_any())
        }
        Outcome::Interrupted => Some(view! { <p class="ending quiet">{t(|s| s.ended_interrupted)}</p> }.into_any()),
    }
}

#[component]
fn Regenerate() -> impl IntoView {
    let state = State::of_page();
    view! {
        <button
            type="button"
            class="tool tool-small"
            data-testid="regenerate"
            title=t(|s| s.regenerate)
            aria-label=t(|s| s.regenerate)
            disabled=move || !dialogue::ready(state)
            on:click=move |_| dialogue::regenerate(state)
        >
            <Drawing icon=Icon::Refresh />
        </button>
    }
}
