//! What the page does to have a model on the GPU. Whenever none of the visitor's is there, the guide is, so that there
//! is always somebody to answer.

use super::handles::Reach;
use super::library::{client, is, name, refresh, unexpected};
use super::preferences::{Key, forget, keep, recall};
use super::queue::Pass;
use super::state::{Engine, Loading, State, View, last_load_crashed};
use super::transfer::{self, finish};
use super::{dialogue, handles, intake, tabs, variants, verified};
use crate::error::{Error, ErrorKind};
use crate::protocol::{
    Claim, Command, ErrorReport, Event, KernelSpeed, LoadOptions, LoadedModel, ModelId, Place, SelfTestReport, Verified,
};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// After the worker is ready: lists the models and loads the one of last time; the guide, where that is not to be had.
pub async fn open(state: State) {
    let last = recall::<ModelId>(Key::Model);
    // If the page did not survive the last load: do not walk into the same trap unasked.
    let again = if last_load_crashed() { None } else { last };
    let Some(again) = again else {
        spawn_local(async move {
            list(state).await;
        });
        return load_first(state, ModelId::guide()).await;
    };
    list(state).await;
    let known = state.library.with_untracked(|library| library.find(&again).cloned());
    // A file on the user's disk may need a click first.
    let ready = match known {
        Some(model) if model.place == Place::Disk => handles::reach(&model).await == Reach::Here,
        known => known.is_some(),
    };
    load_first(state, if ready { again } else { ModelId::guide() }).await;
}

/// Lists the models, and forgets what is remembered of one that is gone.
async fn list(state: State) {
    if refresh(state).await.is_err() {
        return;
    }
    for key in [Key::Model, Key::Loading] {
        let gone = |id: &ModelId| state.library.with_untracked(|library| library.find(id).is_none());
        if recall(key).as_ref().is_some_and(gone) {
            forget(key);
        }
    }
    transfer::resume_interrupted(state);
    spawn_local(intake::survey(state));
}

/// Loads `model`, unless a script was faster.
async fn load_first(state: State, model: ModelId) {
    if state.engine.with_untracked(|engine| matches!(engine, Engine::Starting)) {
        let options = options(state, &model);
        let _ = load(state, model, options, Claim::IfFree).await;
    }
}

/// Loads the guide in place of whatever is loaded.
pub fn load_guide(state: State) {
    spawn_local(async move {
        let _ = load(state, ModelId::guide(), LoadOptions::default(), Claim::IfFree).await;
    });
}

/// Loads a model with the settings as they are.
pub fn load_as_set(state: State, model: ModelId) {
    load_claiming(state, model, Claim::IfFree);
}

/// The same, and takes the engine from the tab that has it.
pub fn take_over(state: State, model: ModelId) {
    load_claiming(state, model, Claim::TakeOver);
}

fn load_claiming(state: State, model: ModelId, claim: Claim) {
    spawn_local(async move {
        let options = options(state, &model);
        let _ = load(state, model, options, claim).await;
    });
}

/// The load options of the settings. They are meant for the visitor's models, not for the guide.
pub fn options(state: State, model: &ModelId) -> LoadOptions {
    if model.is_guide() {
        return LoadOptions::default();
    }
    let set = state.settings.with_untracked(|settings| settings.load.clone());
    LoadOptions { kernels: variants::known(&set.kernels), ..set }
}

/// Loads a stored model, or the guide, in place of what is loaded.
pub async fn load(
    state: State,
    model: ModelId,
    options: LoadOptions,
    claim: Claim,
) -> Result<LoadedModel, ErrorReport> {
    client(state)?;
    dialogue::interrupt(state);
    cancel(state);
    let number = announce(state, &model);
    let pass = state.queue.get_value().pass().await;
    load_now(state, number, model, options, claim, pass).await
}

/// Shows that a load has been asked for, and gives it its number.
pub fn announce(state: State, model: &ModelId) -> u64 {
    let number = state.loads.try_update_value(|loads| {
        *loads += 1;
        *loads
    });
    let number = number.unwrap_or_default();
    state.load_progress.set(None);
    state.engine.set(Engine::Loading(Loading {
        number,
        request: None,
        model: model.clone(),
        name: name(state, model),
    }));
    number
}

/// Whether a load is still the one that is wanted.
fn is_current(state: State, number: u64) -> bool {
    state.engine.with_untracked(|engine| matches!(engine, Engine::Loading(loading) if loading.number == number))
}

/// Loads, as the one that has the engine now.
pub async fn load_now(
    state: State,
    number: u64,
    model: ModelId,
    options: LoadOptions,
    claim: Claim,
    pass: Pass,
) -> Result<LoadedModel, ErrorReport> {
    if !is_current(state, number) {
        return Err((&Error::new(ErrorKind::Cancelled, "the load was cancelled before it began")).into());
    }
    let forced = options.kernels.clone();
    let files = match intake::files_of(state, &model).await {
        Ok(files) => files,
        Err(error) => {
            arrive(state, model, &Err(error.clone()));
            return Err(error);
        }
    };
    let command = Command::Load { model: model.clone(), options, verified: recall(Key::Verified), claim };
    let events = client(state)?.send(command, &files);
    let request = events.id();
    state.engine.update(|engine| {
        if let Engine::Loading(loading) = engine {
            loading.request = Some(request);
        }
    });
    if !model.is_guide() {
        keep(Key::Loading, &model);
    }
    let answer = match finish(events, state.load_progress, &mut |_| ()).await {
        Ok(Event::Loaded { model, self_test, speeds }) => {
            remember(state, self_test, speeds);
            state.forced.set(forced);
            Ok(model)
        }
        Ok(other) => Err(unexpected(&other)),
        Err(error) => Err(error),
    };
    // What is remembered of the visitor's own models is not the guide's business.
    if !model.is_guide() {
        forget(Key::Loading);
    }
    // Another load may have taken the place of this one.
    if is_current(state, number) {
        arrive(state, model, &answer);
    }
    drop(pass);
    answer
}

/// Keeps what the checks before a load have shown, and what was measured of the kernels.
fn remember(state: State, report: SelfTestReport, speeds: Vec<KernelSpeed>) {
    let shown = Verified { speeds, ..report.verified() };
    keep(Key::Verified, &verified::merged(recall(Key::Verified), shown));
    state.replaced.set(report.failed);
}

/// Shows how a load has ended.
fn arrive(state: State, model: ModelId, answer: &Result<LoadedModel, ErrorReport>) {
    match answer {
        Ok(loaded) => {
            if !loaded.id.is_guide() {
                state.elsewhere.set(None);
                keep(Key::Model, &loaded.id);
                state.view.set(View::Chat);
            }
            state
                .announcement
                .set((state.language.get_untracked().strings().announce_loaded)(&name(state, &loaded.id)));
            state.engine.set(Engine::Ready(loaded.clone()));
        }
        Err(error) if is(error, ErrorKind::Cancelled) => state.engine.set(Engine::Idle),
        Err(error) if is(error, ErrorKind::OtherTab) => return tabs::give_away(state, Some(model)),
        Err(error) => state.engine.set(Engine::Failed { error: error.clone(), model: Some(model) }),
    }
    dialogue::proceed(state);
}

/// Stops loading at the visitor's wish: back to the guide.
pub fn cancel_load(state: State) {
    // It was meant for the model that does not come.
    dialogue::give_up(state, None);
    load_guide(state);
}

/// Stops a load; whoever calls this has another one to begin.
fn cancel(state: State) {
    let request = state.engine.with_untracked(|engine| match engine {
        Engine::Loading(loading) => loading.request,
        _ => None,
    });
    if let (Some(request), Some(client)) = (request, state.client()) {
        client.cancel(request);
    }
}

/// Takes the loaded model off the GPU; the guide comes in its place.
pub async fn unload(state: State) -> Result<(), ErrorReport> {
    dialogue::interrupt(state);
    let pass = state.queue.get_value().pass().await;
    match client(state)?.send(Command::Unload, &[]).last().await? {
        Event::Unloaded => {
            state.engine.set(Engine::Idle);
            drop(pass);
            load_guide(state);
            Ok(())
        }
        other => Err(unexpected(&other)),
    }
}
