//! What is on its way into storage: one download or copy at a time. What is asked for meanwhile waits in line.
//!
//! A download ends here in one of three ways: whole, paused (what has arrived stays, and is listed), or with an error that
//! waiting does not mend; what has arrived stays then, too.

use super::dialogue;
use super::engine::Events;
use super::frame::Frame;
use super::library::{client, is, refresh, unexpected};
use super::loading;
use super::rate::Rate;
use super::state::{Cargo, Engine, Library, Pause, Progress, State, Transfer};
use crate::error::{Error, ErrorKind};
use crate::protocol::{
    Claim, Command, DownloadPlan, ErrorReport, Event, Halt, Intake, ModelId, StoredModel, Unfinished,
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// How long a load gives way to what comes before it: the first load of the page, an answer that is about to begin.
const GIVE_WAY_MS: u32 = 20;

/// A download that somebody wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// For people.
    pub name: String,
    /// From where, and what it must be.
    pub plan: DownloadPlan,
}

impl Wanted {
    /// The rest of a download.
    pub fn rest_of(item: &Unfinished) -> Self {
        Self { name: super::library::title_of(&item.id), plan: item.plan.clone() }
    }

    /// Whether both bring the same file.
    fn is_same(&self, other: &Self) -> bool {
        self.plan.urls.iter().any(|url| other.plan.urls.contains(url))
    }
}

/// Downloads and loads what is wanted, now or when its turn comes.
pub fn fetch(state: State, wanted: Wanted, claim: Claim) {
    if is_running(state) {
        state.line.update(|line| {
            if !line.iter().any(|other| other.is_same(&wanted)) {
                line.push(wanted);
            }
        });
        return;
    }
    state.line.update(|line| line.retain(|other| !other.is_same(&wanted)));
    then_load(state, async move { download(state, wanted, claim).await });
}

/// Downloads what is wanted.
pub async fn download(state: State, wanted: Wanted, claim: Claim) -> Result<StoredModel, ErrorReport> {
    let command = Command::Download { plan: wanted.plan.clone(), claim };
    transfer(state, Cargo::Download(wanted), command, &[]).await
}

/// Copies files of the user's into storage, or takes note of one that stays where it is.
pub async fn import(state: State, files: Vec<File>, intake: Intake) -> Result<StoredModel, ErrorReport> {
    let name = files.first().map(File::name).unwrap_or_default();
    transfer(state, Cargo::Import { name }, Command::Import { intake }, &files).await
}

/// Goes on with what nobody has paused.
pub fn resume_interrupted(state: State) {
    let interrupted = state.library.with_untracked(|library| {
        let mut items = library.unfinished().iter().filter(|item| item.halt == Halt::Interrupted);
        items.find(|item| !item.plan.urls.is_empty()).map(Wanted::rest_of)
    });
    if let (Some(wanted), false) = (interrupted, is_running(state)) {
        fetch(state, wanted, Claim::IfFree);
    }
}

/// Stops the transfer, or puts away the message about the last one. What a download has brought stays.
pub fn pause(state: State) {
    match state.transfer.get_untracked() {
        Transfer::Running { request, .. } => {
            if let Some(client) = state.client() {
                client.cancel(request);
            }
        }
        Transfer::Failed { .. } => state.transfer.set(Transfer::None),
        Transfer::None => {}
    }
}

/// Stops the transfer, and leaves nothing of it.
pub fn cancel(state: State) {
    let Transfer::Running { what: Cargo::Download(wanted), .. } = state.transfer.get_untracked() else {
        return pause(state);
    };
    pause(state);
    spawn_local(async move {
        while is_running(state) {
            TimeoutFuture::new(GIVE_WAY_MS).await;
        }
        let left = state.library.with_untracked(|library| {
            let same = |item: &&Unfinished| wanted.is_same(&Wanted::rest_of(item));
            library.unfinished().iter().find(same).map(|item| item.id.clone())
        });
        if let Some(id) = left {
            let _ = super::library::remove(state, id).await;
        }
    });
}

/// Ends the wait before the next try.
pub fn try_now(state: State) {
    if let (Transfer::Running { request, .. }, Some(client)) = (state.transfer.get_untracked(), state.client()) {
        spawn_local(async move {
            let _ = client.send(Command::TryNow { request }, &[]).last().await;
        });
    }
}

/// Whether something is on its way.
pub fn is_running(state: State) -> bool {
    state.transfer.with_untracked(|transfer| matches!(transfer, Transfer::Running { .. }))
}

/// Loads what a transfer has brought, unless another of the visitor's models is loaded by then: that is not taken from
/// under its user. The guide makes way as soon as it has finished what it is saying.
pub fn then_load(state: State, transfer: impl Future<Output = Result<StoredModel, ErrorReport>> + 'static) {
    spawn_local(async move {
        let Ok(brought) = transfer.await else { return };
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
            let number = loading::announce(state, &brought.id);
            let options = loading::options(state, &brought.id);
            let _ = loading::load_now(state, number, brought.id, options, Claim::IfFree, pass).await;
        }
    });
}

async fn transfer(state: State, what: Cargo, command: Command, files: &[File]) -> Result<StoredModel, ErrorReport> {
    if is_running(state) {
        let error: ErrorReport = (&Error::new(ErrorKind::Busy, "another model is on its way into storage")).into();
        state.library_fault.set(Some(error.clone()));
        return Err(error);
    }
    ask_to_keep(state);
    let events = client(state)?.send(command, files);
    state.transfer_progress.set(None);
    state.transfer.set(Transfer::Running { request: events.id(), what: what.clone() });
    let answer = match finish(events, state.transfer_progress, Some(state.waiting)).await {
        Ok(Event::Stored { model }) => Ok(model),
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    let _ = refresh(state).await;
    state.waiting.set(None);
    match &answer {
        Ok(_) => state.transfer.set(Transfer::None),
        // The list shows what it has come to.
        Err(error) if is(error, ErrorKind::Cancelled) || is(error, ErrorKind::OtherTab) => {
            state.transfer.set(Transfer::None);
        }
        Err(error) => state.transfer.set(Transfer::Failed { what, error: error.clone() }),
    }
    let next = state.line.with_untracked(|line| line.first().cloned());
    if let (Some(next), true) = (next, answer.is_ok()) {
        fetch(state, next, Claim::IfFree);
    }
    answer
}

/// Asks the browser not to evict what this site stores. Only a window may ask; the list shows the answer.
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

/// The final event of a request whose progress is shown in `shown`, at most once per frame, and its waits in `waiting`.
pub async fn finish(
    mut events: Events,
    shown: RwSignal<Option<Progress>>,
    waiting: Option<RwSignal<Option<Pause>>>,
) -> Result<Event, ErrorReport> {
    let frame = Frame::new(move |progress: Option<Progress>| shown.set(progress));
    let mut rate = Rate::default();
    let (mut stage, mut before) = (None, 0);
    let answer = loop {
        match events.next().await {
            Event::Progress { stage: now, done, total } => {
                if stage.replace(now) != Some(now) {
                    rate = Rate::default();
                }
                // It goes on.
                if let Some(waiting) = waiting.filter(|_| done > before) {
                    waiting.set(None);
                }
                before = done;
                let rate = rate.observe(js_sys::Date::now(), done);
                frame.gather(|progress| *progress = Some(Progress { stage: now, done, total, rate }));
            }
            Event::Waiting { wait } => {
                if let Some(waiting) = waiting {
                    let until = wait.retry_ms.map(|wait| js_sys::Date::now() + wait);
                    waiting.set(Some(Pause { error: wait.error, until }));
                }
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

/// Whether this model is being fetched by this tab.
pub fn is_fetching(state: State, item: &Unfinished) -> bool {
    state.transfer.with(|transfer| match transfer {
        Transfer::Running { what: Cargo::Download(wanted), .. } => wanted.is_same(&Wanted::rest_of(item)),
        _ => false,
    })
}

/// Takes a download out of the line.
pub fn leave_line(state: State, wanted: &Wanted) {
    state.line.update(|line| line.retain(|other| !other.is_same(wanted)));
}

/// The id that a stored file of the catalogue has: its name without the ending.
pub fn id_of(file_name: &str) -> ModelId {
    ModelId(file_name.trim_end_matches(".gguf").to_owned())
}
