//! What is on its way into storage: one download at a time, and beside it one file of the user's. Downloads that are asked
//! for meanwhile wait in line.
//!
//! A download ends here in one of three ways: whole, paused (what has arrived stays, and is listed), or with an error that
//! waiting does not mend; what has arrived stays then, too. While such an error is on the screen the line stands still.

use super::cargo::{Cargo, Ending, Lane, Pause, Progress, Transfer, Wanted};
use super::dialogue;
use super::engine::Events;
use super::frame::Frame;
use super::library::{client, is, refresh, remove, unexpected};
use super::loading;
use super::rate::Rate;
use super::shelf::Library;
use super::state::{Engine, State};
use crate::error::{Error, ErrorKind};
use crate::protocol::{Claim, Command, ErrorReport, Event, Halt, Intake, ModelId, StoredModel};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// From when on a transfer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    /// From the click on.
    AtOnce,
    /// Once it is certain that it is this tab's.
    Begun,
}

/// How long a load gives way to what comes before it: the first load of the page, an answer that is about to begin.
const GIVE_WAY_MS: u32 = 20;

/// Downloads and loads what is wanted, now or when its turn comes.
pub fn fetch(state: State, wanted: Wanted, claim: Claim) {
    if untrack(|| state.download.carries(&wanted)) {
        return;
    }
    leave_line(state, &wanted);
    if untrack(|| state.download.is_busy()) {
        return state.line.update(|line| line.push(wanted));
    }
    // What was begun earlier may have another order of sites.
    let plan = state.sources.with_untracked(|sources| sources.arrange(wanted.plan));
    let wanted = Wanted { plan, ..wanted };
    let download = begin_download(state, wanted.clone(), claim, Show::AtOnce);
    then_load(state, async move {
        let answer = download.await;
        // Its turn comes when the other tab is done.
        if matches!(&answer, Err(error) if is(error, ErrorKind::OtherTab)) {
            leave_line(state, &wanted);
            state.line.update(|line| line.insert(0, wanted));
        }
        answer
    });
}

/// Downloads what is wanted, as soon as nothing else is being downloaded.
pub async fn download(state: State, wanted: Wanted, claim: Claim) -> Result<StoredModel, ErrorReport> {
    until_free(state.download).await;
    begin_download(state, wanted, claim, Show::AtOnce).await
}

/// Copies files of the user's into storage, or takes note of one that stays where it is.
pub async fn import(state: State, files: Vec<File>, intake: Intake) -> Result<StoredModel, ErrorReport> {
    until_free(state.intake).await;
    let what = Cargo::Import { name: files.first().map(File::name).unwrap_or_default() };
    let begun = begin(state, state.intake, &what, Command::Import { intake }, &files, Show::AtOnce);
    carry(state, state.intake, what, begun, Show::AtOnce).await.0
}

fn begin_download(
    state: State,
    wanted: Wanted,
    claim: Claim,
    show: Show,
) -> impl Future<Output = Result<StoredModel, ErrorReport>> {
    let what = Cargo::Download(wanted.clone());
    let command = Command::Download { plan: wanted.plan.clone(), claim };
    let begun = begin(state, state.download, &what, command, &[], show);
    async move {
        let (answer, ending) = carry(state, state.download, what, begun, show).await;
        match &answer {
            Ok(_) => begin_next(state),
            Err(error) if is(error, ErrorKind::Cancelled) && ending == Ending::Discard => {
                discard(state, &wanted).await;
                begin_next(state);
            }
            Err(_) => {}
        }
        answer
    }
}

/// Deletes what has arrived of a download. Where that fails, the list shows what is left.
async fn discard(state: State, wanted: &Wanted) {
    let left = state.library.with_untracked(|library| {
        let mut items = library.unfinished().iter();
        items.find(|item| wanted.is_same(&Wanted::rest_of(item))).map(|item| item.id.clone())
    });
    if let Some(id) = left {
        let _ = remove(state, id).await;
    }
}

async fn until_free(lane: Lane) {
    while untrack(|| lane.is_busy()) {
        TimeoutFuture::new(GIVE_WAY_MS).await;
    }
}

/// Goes on with what nobody has paused.
pub fn resume_interrupted(state: State) {
    for wanted in halted(state, Halt::Interrupted) {
        fetch(state, wanted, Claim::IfFree);
    }
    ask_for_elsewhere(state);
}

/// Asks for what another tab is at, so that the engine tells when that tab is done with it or gone; shows nothing of that.
pub fn ask_for_elsewhere(state: State) {
    let Some(wanted) = halted(state, Halt::Elsewhere).into_iter().next() else { return };
    if state.asked.get_value() || untrack(|| state.download.is_busy()) {
        return;
    }
    state.asked.set_value(true);
    then_load(state, begin_download(state, wanted, Claim::IfFree, Show::Begun));
}

/// The downloads that stand still for this reason.
fn halted(state: State, halt: Halt) -> Vec<Wanted> {
    state.library.with_untracked(|library| {
        let items = library.unfinished().iter().filter(|item| item.halt == halt && !item.plan.urls.is_empty());
        items.map(Wanted::rest_of).collect()
    })
}

/// Begins what is next in line.
pub fn begin_next(state: State) {
    let next = state.line.with_untracked(|line| line.first().cloned());
    if let (Some(next), false) = (next, untrack(|| state.download.is_busy())) {
        fetch(state, next, Claim::IfFree);
    }
}

/// Stops what is in a lane. What a download has brought stays, if it is to.
pub fn stop(state: State, lane: Lane, how: Ending) {
    lane.transfer.update(|transfer| {
        if let Transfer::Running { request, ending, .. } = transfer {
            *ending = how;
            if let Some(client) = state.client() {
                client.cancel(*request);
            }
        }
    });
}

/// Puts away the message about what has failed.
pub fn dismiss(state: State, lane: Lane) {
    lane.transfer.set(Transfer::None);
    begin_next(state);
}

/// Ends the wait before the next try.
pub fn try_now(state: State) {
    if let (Transfer::Running { request, .. }, Some(client)) = (state.download.transfer.get_untracked(), state.client())
    {
        spawn_local(async move {
            let _ = client.send(Command::TryNow { request }, &[]).last().await;
        });
    }
}

/// Takes a download out of the line.
pub fn leave_line(state: State, wanted: &Wanted) {
    if state.line.with_untracked(|line| line.iter().any(|other| other.is_same(wanted))) {
        state.line.update(|line| line.retain(|other| !other.is_same(wanted)));
    }
}

/// Loads what a transfer has brought, unless another of the visitor's models is loaded by then: that is not taken from
/// under its user. The guide makes way as soon as it has finished what it is saying.
pub fn then_load(state: State, transfer: impl Future<Output = Result<StoredModel, ErrorReport>> + 'static) {
    spawn_local(async move {
        if let Ok(brought) = transfer.await {
            load_if_free(state, brought.id).await;
        }
    });
}

async fn load_if_free(state: State, model: ModelId) {
    let pass = loop {
        let pass = state.queue.get_value().pass().await;
        let starting = state.engine.with_untracked(|engine| *engine == Engine::Starting);
        if !starting && !dialogue::waits(state) {
            break pass;
        }
        drop(pass);
        TimeoutFuture::new(GIVE_WAY_MS).await;
    };
    let free = state.engine.with_untracked(|engine| match engine {
        Engine::Idle | Engine::Failed { .. } => true,
        Engine::Ready(model) => model.id.is_guide(),
        Engine::Starting | Engine::Unsupported(_) | Engine::Loading(_) => false,
    });
    if free {
        let number = loading::announce(state, &model);
        let options = loading::options(state, &model);
        let _ = loading::load_now(state, number, model, options, Claim::IfFree, pass).await;
    }
}

/// Sends a command whose answer is a stored model.
fn begin(
    state: State,
    lane: Lane,
    what: &Cargo,
    command: Command,
    files: &[File],
    show: Show,
) -> Result<Events, ErrorReport> {
    let events = client(state)?.send(command, files);
    if show == Show::AtOnce {
        ask_to_keep(state);
        lane.transfer.set(running(&events, what));
    }
    Ok(events)
}

fn running(events: &Events, what: &Cargo) -> Transfer {
    Transfer::Running { request: events.id(), what: what.clone(), ending: Ending::Open }
}

/// Shows how it goes. Returns the answer, and what the visitor has asked for meanwhile.
async fn carry(
    state: State,
    lane: Lane,
    what: Cargo,
    begun: Result<Events, ErrorReport>,
    show: Show,
) -> (Result<StoredModel, ErrorReport>, Ending) {
    let events = match begun {
        Ok(events) => events,
        Err(error) => return (Err(error), Ending::Open),
    };
    let mut unseen = (show == Show::Begun).then(|| running(&events, &what));
    let mut last = None;
    let mut hear = |event: &Event| match event {
        Event::Progress { done, total: Some(_), .. } => {
            // It goes on.
            if last.is_none_or(|last| *done > last) {
                lane.waiting.set(None);
            }
            if let Some(unseen) = unseen.take() {
                lane.transfer.set(unseen);
            }
            if last.replace(*done).is_none() {
                // From now on there is something to list, and space that is used.
                spawn_local(async move {
                    let _ = refresh(state).await;
                });
            }
        }
        Event::Waiting { wait } => {
            let until = wait.retry_ms.map(|wait| js_sys::Date::now() + wait);
            lane.waiting.set(Some(Pause { error: wait.error.clone(), until }));
        }
        _ => {}
    };
    let answer = match finish(events, lane.progress, &mut hear).await {
        Ok(Event::Stored { model }) => Ok(model),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    if unseen.is_some() {
        // Another tab is at it, or was faster: this one has nothing to show, and nothing to load.
        let error = Error::new(ErrorKind::OtherTab, "another tab has downloaded it");
        return (Err(answer.err().unwrap_or_else(|| (&error).into())), Ending::Open);
    }
    let _ = refresh(state).await;
    lane.waiting.set(None);
    let ending = lane.transfer.with_untracked(|transfer| match transfer {
        Transfer::Running { ending, .. } => *ending,
        _ => Ending::Open,
    });
    lane.transfer.set(match &answer {
        Err(error) if !is(error, ErrorKind::Cancelled) && !is(error, ErrorKind::OtherTab) => {
            Transfer::Failed { what, error: error.clone() }
        }
        // The list shows what it has come to.
        _ => Transfer::None,
    });
    (answer, ending)
}

/// Asks the browser not to evict what this site stores. Only a window may ask; the storage meter shows the answer.
pub fn ask_to_keep(state: State) {
    if let Ok(promise) = window().navigator().storage().persist() {
        spawn_local(async move {
            let kept = JsFuture::from(promise).await.ok().and_then(|answer| answer.as_bool());
            state.library.update(|library| {
                if let Library::Known { storage, .. } = library {
                    storage.persisted = kept;
                }
            });
        });
    }
}

/// The final event of a request whose progress is shown in `shown`, at most once per frame; `hear` is told of all its
/// events.
pub async fn finish(
    mut events: Events,
    shown: RwSignal<Option<Progress>>,
    hear: &mut dyn FnMut(&Event),
) -> Result<Event, ErrorReport> {
    shown.set(None);
    let frame = Frame::new(move |progress: Option<Progress>| shown.set(progress));
    let mut rate = Rate::default();
    let mut stage = None;
    let answer = loop {
        let event = events.next().await;
        hear(&event);
        if let Event::Progress { stage: now, done, total } = event {
            if stage.replace(now) != Some(now) {
                rate = Rate::default();
            }
            // Before the total is known, it is not known either how much was there already.
            let rate = total.and_then(|_| rate.observe(js_sys::Date::now(), done));
            frame.gather(|progress| *progress = Some(Progress { stage: now, done, total, rate }));
        }
        match event {
            // Nobody knows how long it will take now.
            Event::Waiting { .. } => {
                frame.flush();
                rate = Rate::default();
                shown.update(|progress| {
                    if let Some(progress) = progress {
                        progress.rate = None;
                    }
                });
            }
            Event::Failed { error } => break Err(error),
            event if event.is_final() => break Ok(event),
            _ => {}
        }
    };
    frame.flush();
    shown.set(None);
    answer
}

/// The id that a stored file of the catalogue has: its name without the ending.
pub fn id_of(file_name: &str) -> ModelId {
    ModelId(file_name.trim_end_matches(".gguf").to_owned())
}
