//! What the page does with the conversation: send, stop, answer again, begin anew.
//!
//! A message can be sent before there is a model to answer it: it stands in the conversation and waits.
//! Nothing a person has typed is ever lost: what cannot be answered goes back into the composer, and what was written
//! before a fault stays.

use super::engine::Events;
use super::frame::Frame;
use super::library::{client, is, unexpected};
use super::preferences::{Key, keep};
use super::state::{Engine, Obstacle, State, View};
use super::turn::{Answering, Outcome, Pending, Speaker, Turn, Undo};
use super::{prompt, saved};
use crate::error::ErrorKind;
use crate::protocol::{ErrorReport, Event, FinishReason, GenerationStats, LoadedModel, Role, Stage};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// A partial answer is kept this often.
const SAVE_EVERY_MS: f64 = 1000.0;

/// Whether a message could be sent now. It need not wait for a model that is on its way: its answer does.
pub fn ready(state: State) -> bool {
    let somebody =
        state.engine.with(|engine| matches!(engine, Engine::Starting | Engine::Loading(_) | Engine::Ready(_)));
    somebody && state.answering.with(Option::is_none)
}

/// Sends what is in the composer.
pub fn send(state: State) {
    let text = state.draft.get_untracked();
    if untrack(|| ready(state)) && !text.trim().is_empty() {
        set_draft(state, String::new());
        say(state, text);
    }
}

/// Takes up a suggestion: the guide is asked at once, for any other model it is put into the composer.
pub fn suggest(state: State, text: &str) {
    if untrack(|| state.guide_attends() && ready(state)) {
        say(state, text.to_owned());
    } else {
        set_draft(state, text.to_owned());
    }
}

fn say(state: State, text: String) {
    let turn = Turn::new(next_key(state), Role::User, Speaker::Model, text.clone(), Outcome::Said);
    state.turns.update(|turns| turns.push(turn));
    answer(state, Undo::Message(text));
}

/// Answers the last message again.
pub fn regenerate(state: State) {
    if !untrack(|| ready(state)) {
        return;
    }
    let last = state.turns.with_untracked(|turns| turns.last().cloned());
    let Some(old) = last.filter(|turn| turn.role == Role::Assistant) else { return };
    state.turns.update(|turns| {
        turns.pop();
    });
    answer(state, Undo::Answer(old));
}

/// Stops the answer; its text stays. One that still waits for a model is given up.
pub fn stop(state: State) {
    give_up(state, None);
    interrupt(state);
}

/// Stops an answer that is being made; one that waits goes on waiting, for the next model.
pub fn interrupt(state: State) {
    if let (Some(Answering::Underway(request)), Some(client)) = (state.answering.get_untracked(), state.client()) {
        client.cancel(request);
    }
}

/// Whether an answer waits for a model.
pub fn waits(state: State) -> bool {
    state.answering.get_untracked() == Some(Answering::Waiting)
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

fn next_key(state: State) -> u64 {
    state.turns.with_untracked(|turns| turns.iter().map(|turn| turn.key).max().unwrap_or(0)) + 1
}

/// Has a model answer the conversation as it stands, as soon as there is one.
fn answer(state: State, undo: Undo) {
    state.answer_fault.set(None);
    // A key of its own, not the replaced answer's: the view makes a new element for it.
    let replaced = if let Undo::Answer(old) = &undo { old.key } else { 0 };
    let key = next_key(state).max(replaced + 1);
    let speaker = if untrack(|| state.guide_attends()) { Speaker::Guide } else { Speaker::Model };
    let turn = Turn::new(key, Role::Assistant, speaker, String::new(), Outcome::Waiting);
    state.turns.update(|turns| turns.push(turn.clone()));
    state.written.notify();
    state.pending.set_value(Some(Pending { turn, undo }));
    state.answering.set(Some(Answering::Waiting));
    saved::save(state);
    proceed(state);
}

/// After the engine has changed: begins the answer that waits, if there is one, or gives it up.
pub fn proceed(state: State) {
    if !waits(state) {
        return;
    }
    enum Outlook {
        Ready,
        Later,
        Never,
    }
    let outlook = state.engine.with_untracked(|engine| match engine {
        Engine::Ready(_) => Outlook::Ready,
        Engine::Starting | Engine::Loading(_) | Engine::Unsupported(Obstacle::Slow) => Outlook::Later,
        Engine::Idle | Engine::Failed { .. } | Engine::Unsupported(_) => Outlook::Never,
    });
    match outlook {
        Outlook::Ready => spawn_local(begin(state)),
        Outlook::Later => {}
        // Why is shown where the model should have been loaded.
        Outlook::Never => give_up(state, None),
    }
}

/// Puts back what waits for a model.
pub fn give_up(state: State, why: Option<ErrorReport>) {
    let Some(Pending { turn, undo }) = take_pending(state) else { return };
    state.answering.set(None);
    put_back(state, &turn, undo, why);
    saved::save(state);
}

fn take_pending(state: State) -> Option<Pending> {
    state.pending.try_update_value(Option::take).flatten()
}

/// Begins the answer that waits, when the engine has time for it.
async fn begin(state: State) {
    let pass = state.queue.get_value().pass().await;
    // If another model is being loaded by now, its end calls again.
    let Some(model) = untrack(|| state.loaded()) else { return };
    let Some(Pending { turn, undo }) = take_pending(state) else { return };
    let client = match client(state) {
        Ok(client) => client,
        Err(error) => {
            state.answering.set(None);
            return put_back(state, &turn, undo, Some(error));
        }
    };
    let speaker = Speaker::of(&model.id);
    turn.speaker.set(speaker);
    turn.outcome.set(Outcome::Reading(None));
    let events = client.send(prompt::command(state, &model), &[]);
    state.answering.set(Some(Answering::Underway(events.id())));
    let strings = state.language.get_untracked().strings();
    state.announcement.set(match speaker {
        Speaker::Guide => strings.guide.announce_start.to_owned(),
        Speaker::Model => strings.announce_start.to_owned(),
    });
    saved::save(state);
    follow(state, events, turn, model, undo).await;
    drop(pass);
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
            let strings = state.language.get_untracked().strings();
            state.announcement.set(match turn.speaker.get_untracked() {
                Speaker::Guide => (strings.guide.announce_end)(&text),
                Speaker::Model => (strings.announce_end)(&text),
            });
        }
        Err(error) => fail(state, &turn, undo, error),
    }
    state.answering.update(|answering| {
        if *answering == Some(Answering::Underway(request)) {
            *answering = None;
        }
    });
    state.written.notify();
    saved::save(state);
}

/// Shows a failure in its place, and puts back what would be lost.
fn fail(state: State, turn: &Turn, undo: Undo, error: ErrorReport) {
    if turn.text.with_untracked(String::is_empty) {
        put_back(state, turn, undo, Some(error));
    } else {
        turn.outcome.set(Outcome::Failed(error));
    }
}

/// Takes an answer that has no word yet out of the conversation, and puts back what was there before it.
fn put_back(state: State, turn: &Turn, undo: Undo, why: Option<ErrorReport>) {
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
    if why.is_some() {
        state.answer_fault.set(why);
    }
}
