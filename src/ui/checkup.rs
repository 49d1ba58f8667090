//! What the page asks of the GPU itself: whether it computes right, how much it holds and how fast it is.

use super::library::{client, unexpected};
use super::preferences::{Key, keep};
use super::state::{Engine, Measured, SelfTest, State};
use crate::protocol::{Command, ErrorReport, Event, Measurement, SelfTestReport};
use crate::source::catalogue::fit;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Whether there is time for either now: never while an answer is being made, and not before there is an engine.
pub fn possible(state: State) -> bool {
    let at_rest = state.engine.with(|engine| matches!(engine, Engine::Idle | Engine::Ready(_) | Engine::Failed { .. }));
    at_rest
        && state.answering.with(Option::is_none)
        && state.measured.with(|measured| *measured != Measured::Underway)
        && state.self_test.with(|test| *test != SelfTest::Underway)
}

/// Checks every kernel.
pub async fn self_test(state: State) -> Result<SelfTestReport, ErrorReport> {
    state.self_test.set(SelfTest::Underway);
    let told = ask(state, Command::SelfTest).await.and_then(|event| match event {
        Event::SelfTested { report } => Ok(report),
        other => Err(unexpected(&other)),
    });
    state.self_test.set(match &told {
        Ok(report) => SelfTest::Done(report.clone()),
        Err(error) => SelfTest::Failed(error.clone()),
    });
    if let Ok(report) = &told {
        // In place of what was known: a check that fails now must not count as passed any more, and speeds may have been
        // those of another driver.
        keep(Key::Verified, &report.verified());
    }
    told
}

/// Measures what fits, in its own time.
pub fn start_measuring(state: State) {
    state.measured.set(Measured::Underway);
    spawn_local(async move {
        let _ = measure(state).await;
    });
}

/// Measures what fits.
pub async fn measure(state: State) -> Result<Measurement, ErrorReport> {
    state.measured.set(Measured::Underway);
    let told = ask(state, Command::Measure { probe: fit::worth_probing() }).await.and_then(|event| match event {
        Event::Measured { report } => Ok(report),
        other => Err(unexpected(&other)),
    });
    state.measured.set(match &told {
        Ok(report) => Measured::Done(with_loaded(state, report.clone())),
        Err(_) => Measured::Failed,
    });
    told
}

/// A model that is loaded makes way for the next one, so what it takes is to be had as well.
fn with_loaded(state: State, mut measured: Measurement) -> Measurement {
    if let Some(model) = untrack(|| state.loaded()) {
        let taken = model.weight_bytes.saturating_add(model.kv_bytes);
        measured.free_bytes = measured.free_bytes.saturating_add(taken);
    }
    measured
}

/// The final event of a command, which is given when the engine has time for it.
async fn ask(state: State, command: Command) -> Result<Event, ErrorReport> {
    let pass = state.queue.get_value().pass().await;
    let answer = client(state)?.send(command, &[]).last().await;
    drop(pass);
    answer
}
