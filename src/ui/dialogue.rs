//! What the page does with the conversation: send, stop, answer again, begin anew.
//!
//! Nothing a person has typed is ever lost: what cannot be answered goes back into the composer, and what was written
//! before a fault stays.

use super::engine::Events;
use super::frame::Frame;
use super::library::{client, is, unexpected};
use super::preferences::{Key, keep};
use super::saved;
use super::state::{Engine, Outcome, State, Turn, View};
use crate::error::ErrorKind;
use crate::protocol::{Command, ErrorReport, Event, FinishReason, GenerationStats, LoadedModel, Message, Role, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// A partial answer is kept this often.
const SAVE_EVERY_MS: f64 = 1000.0;

/// What to put back when an answer fails before its first word.
enum Undo {
    /// The message goes back into the composer.
    Message(String),
    /// The answer that was to be replaced comes back.
    Answer(Turn),
}

/// Whether a message could be sent now.
pub fn ready(state: State) -> bool {
    state.engine.with(|engine| matches!(engine, Engine::Ready(_))) && state.answering.with(Option::is_none)
}

/// Sends what is in the composer.
pub fn send(state: State) {
    let text = state.draft.get_untracked();
    let Some(model) = idle_model(state) else { return };
    if text.trim().is_empty() {
        return;
    }
    set_draft(state, String::new());
    let key = next_key(state);
    state.turns.update(|turns| turns.push(turn(key, Role::User, text.clone(), Outcome::Said)));
    answer(state, model, Undo::Message(text));
}

/// Answers the last message again.
pub fn regenerate(state: State) {
    let Some(model) = idle_model(state) else { return };
    let last = state.turns.with_untracked(|turns| turns.last().cloned());
    let Some(old) = last.filter(|turn| turn.role == Role::Assistant) else { return };
    state.turns.update(|turns| {
        turns.pop();
    });
    answer(state, model, Undo::Answer(old));
}

/// Stops the answer; its text stays.
pub fn stop(state: State) {
    if let (Some(request), Some(client)) = (state.answering.get_untracked(), state.client()) {
        client.cancel(request);
    }
}

/// Begins a new conversation.
pub fn begin_anew(state: State) {
    stop(state);
    state.turns.set(Vec::new());
    state.answer_fault.set(None);
    state.view.set(View::Chat);
    saved::save(state);
}

/// Changes what is in the composer.
pub fn set_draft(state: State, text: String) {
    keep(Key::Draft, &text);
    state.draft.set(text);
}

/// The model, if one is loaded and not at work.
fn idle_model(state: State) -> Option<LoadedModel> {
    untrack(|| if ready(state) { state.loaded() } else { None })
}

fn next_key(state: State) -> u64 {
    state.turns.with_untracked(|turns| turns.iter().map(|turn| turn.key).max().unwrap_or(0)) + 1
}

fn turn(key: u64, role: Role, text: String, outcome: Outcome) -> Turn {
    Turn { key, role, text: ArcRwSignal::new(text), outcome: ArcRwSignal::new(outcome) }
}

/// Has the model answer the conversation as it stands.
fn answer(state: State, model: LoadedModel, undo: Undo) {
    state.answer_fault.set(None);
    let command = command(state, &model);
    // A key of its own, not the replaced answer's: the view makes a new element for it.
    let replaced = if let Undo::Answer(old) = &undo { old.key } else { 0 };
    let turn = turn(next_key(state).max(replaced + 1), Role::Assistant, String::new(), Outcome::Reading(None));
    state.turns.update(|turns| turns.push(turn.clone()));
    state.written.notify();
    match client(state) {
        Ok(client) => {
            let events = client.send(command, None);
            state.answering.set(Some(events.id()));
            state.announcement.set(state.language.get_untracked().strings().announce_start.to_owned());
            saved::save(state);
            spawn_local(follow(state, events, turn, model, undo));
        }
        Err(error) => fail(state, &turn, undo, error),
    }
}

/// The conversation as the engine takes it. A base model has no turns: it continues the last text.
fn command(state: State, model: &LoadedModel) -> Command {
    let settings = state.settings.get_untracked();
    let mut messages: Vec<Message> = state.turns.with_untracked(|turns| {
        let said = turns.iter().map(|turn| Message { role: turn.role, content: turn.text.get_untracked() });
        said.filter(|message| !message.content.is_empty()).collect()
    });
    let options = settings.generate;
    if !model.chat {
        let prompt = messages.pop().map(|message| message.content).unwrap_or_default();
        return Command::Complete { prompt, options };
    }
    if !settings.system_prompt.trim().is_empty() {
        messages.insert(0, Message { role: Role::System, content: settings.system_prompt });
    }
    Command::Chat { messages, options }
}

/// Writes the answer into its turn as it comes.
async fn follow(state: State, mut events: Events, turn: Turn, model: LoadedModel, undo: Undo) {
    let request = events.id();
    let pen = Frame::new({
        let turn = turn.clone();
        move |delta: String| {
            turn.text.update(|text| text.push_str(&delta));
            state.written.notify();
        }
    });
    let reading = Frame::new({
        let outcome = turn.outcome.clone();
        move |count: Option<(u64, u64)>| {
            if outcome.with_untracked(|now| matches!(now, Outcome::Reading(_))) {
                outcome.set(Outcome::Reading(count));
            }
        }
    });
    let mut saved_at = js_sys::Date::now();
    let end = loop {
        match events.next().await {
            Event::Progress { stage: Stage::Prefill, done, total } => {
                reading.gather(|count| *count = total.map(|total| (done, total)));
            }
            Event::Text { delta } => {
                if turn.outcome.with_untracked(|outcome| *outcome != Outcome::Writing) {
                    turn.outcome.set(Outcome::Writing);
                }
                pen.gather(|text| text.push_str(&delta));
                let now = js_sys::Date::now();
                if now - saved_at > SAVE_EVERY_MS {
                    saved_at = now;
                    saved::save(state);
                }
            }
            Event::Finished { reason, stats } => break Ok((reason, stats)),
            Event::Failed { error } if is(&error, ErrorKind::Cancelled) => {
                break Ok((FinishReason::Cancelled, GenerationStats::default()));
            }
            Event::Failed { error } => break Err(error),
            event if event.is_final() => break Err(unexpected(&event)),
            _ => {}
        }
    };
    pen.flush();
    match end {
        Ok((reason, stats)) => {
            turn.outcome.set(Outcome::Ended { reason, stats, context_length: model.context_length });
            let text = turn.text.get_untracked();
            state.announcement.set((state.language.get_untracked().strings().announce_end)(&text));
        }
        Err(error) => fail(state, &turn, undo, error),
    }
    state.answering.update(|answering| {
        if *answering == Some(request) {
            *answering = None;
        }
    });
    state.written.notify();
    saved::save(state);
}

/// Shows a failure in its place, and puts back what would be lost.
fn fail(state: State, turn: &Turn, undo: Undo, error: ErrorReport) {
    if !turn.text.with_untracked(String::is_empty) {
        turn.outcome.set(Outcome::Failed(error));
        return;
    }
    let shown = state.turns.with_untracked(|turns| turns.iter().any(|other| other.key == turn.key));
    state.turns.update(|turns| turns.retain(|other| other.key != turn.key));
    match undo {
        // A conversation begun meanwhile has no place for them.
        _ if !shown => return,
        Undo::Answer(old) => state.turns.update(|turns| turns.push(old)),
        Undo::Message(text) => {
            state.turns.update(|turns| {
                turns.pop();
            });
            if state.draft.with_untracked(|draft| draft.trim().is_empty()) {
                set_draft(state, text);
            }
        }
    }
    state.answer_fault.set(Some(error));
}
