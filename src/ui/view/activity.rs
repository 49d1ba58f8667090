//! What is under way or has failed: the transfer into storage, and the load onto the GPU.

use super::fault::Fault;
use crate::protocol::{ModelId, Stage};
use crate::ui::i18n::Strings;
use crate::ui::preferences::{Key, recall};
use crate::ui::state::{Cargo, Engine, Progress, State, Transfer, View, t};
use crate::ui::{format, library, loading};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Cards for both, where there is something to show.
#[component]
pub fn Activity() -> impl IntoView {
    let state = State::of_page();
    let in_chat = move || state.view.get() == View::Chat;
    let quiet = move |pick: fn(&Strings) -> &'static str| {
        view! { <p class="quiet starting">{move || pick(state.strings())}</p> }
    };
    let transfer = move || match state.transfer.get() {
        Transfer::None => None,
        Transfer::Running { what, .. } => {
            let title = move || {
                let strings = state.strings();
                match &what {
                    Cargo::Download { name, .. } => (strings.downloading)(name),
                    Cargo::Import { name } => (strings.importing)(name),
                }
            };
            let cancel = move || library::end_transfer(state);
            Some(view! { <Card title cancel progress=state.transfer_progress /> }.into_any())
        }
        Transfer::Failed { what, error } => Some(
            view! {
                <Fault error>
                    <Again what />
                    <button type="button" class="button" on:click=move |_| library::end_transfer(state)>
                        {t(|s| s.dismiss)}
                    </button>
                </Fault>
            }
            .into_any(),
        ),
    };
    let load = move || match state.engine.get() {
        // Below the composer there is a line for these.
        Engine::Starting => (!in_chat()).then(|| quiet(|s| s.engine_starting).into_any()),
        Engine::Loading(loading) if loading.model.is_guide() => {
            (!in_chat()).then(|| quiet(|s| s.guide.loading).into_any())
        }
        Engine::Loading(loading) => {
            let title = move || (state.strings().loading)(&loading.name);
            let cancel = move || loading::cancel_load(state);
            Some(view! { <Card title cancel progress=state.load_progress /> }.into_any())
        }
        Engine::Failed { error, model } => Some(
            view! {
                <Fault error>
                    <LoadAgain model=model.clone() />
                    <ChooseAnother />
                    <AskGuide instead_of=model />
                </Fault>
            }
            .into_any(),
        ),
        Engine::Unsupported(_) | Engine::Idle | Engine::Ready(_) => None,
    };
    let fault = move || {
        // Who has no model yet and talks to the guide need not know what storage there is.
        let concerns = !in_chat() || recall::<ModelId>(Key::Model).is_some();
        state.library_fault.get().filter(|_| concerns).map(|error| {
            view! {
                <Fault error>
                    <button
                        type="button"
                        class="button"
                        on:click=move |_| spawn_local(async move {
                            let _ = library::refresh(state).await;
                        })
                    >
                        {t(|s| s.try_again)}
                    </button>
                </Fault>
            }
        })
    };
    view! {
        {transfer}
        {load}
        {fault}
    }
}

/// Downloads again; a file of the user's has to be picked again.
#[component]
fn Again(what: Cargo) -> impl IntoView {
    let state = State::of_page();
    match what {
        Cargo::Import { .. } => None,
        Cargo::Download { name, url } => Some(view! {
            <button
                type="button"
                class="button button-primary"
                on:click=move |_| {
                    library::then_load(state, library::download(state, name.clone(), url.clone()));
                }
            >
                {t(|s| s.try_again)}
            </button>
        }),
    }
}

#[component]
fn LoadAgain(model: Option<ModelId>) -> impl IntoView {
    let state = State::of_page();
    model.map(|model| {
        view! {
            <button
                type="button"
                class="button button-primary"
                on:click=move |_| loading::load_as_set(state, model.clone())
            >
                {t(|s| s.load_again)}
            </button>
        }
    })
}

/// Leads from the conversation to the models.
#[component]
fn ChooseAnother() -> impl IntoView {
    let state = State::of_page();
    move || {
        (state.view.get() == View::Chat).then(|| {
            view! {
                <button
                    type="button"
                    class="button"
                    data-testid="choose-model"
                    on:click=move |_| state.view.set(View::Models)
                >
                    {t(|s| s.choose_model)}
                </button>
            }
        })
    }
}

/// Goes back to the guide, unless it is the guide itself that could not be loaded.
#[component]
fn AskGuide(instead_of: Option<ModelId>) -> impl IntoView {
    let state = State::of_page();
    let other = instead_of.is_none_or(|model| !model.is_guide());
    other.then(|| {
        view! {
            <button
                type="button"
                class="button"
                data-testid="ask-guide"
                on:click=move |_| {
                    state.view.set(View::Chat);
                    loading::load_guide(state);
                }
            >
                {t(|s| s.guide.ask)}
            </button>
        }
    })
}

/// A title, a bar, figures and Cancel.
#[component]
fn Card<T, C>(title: T, cancel: C, progress: RwSignal<Option<Progress>>) -> impl IntoView
where
    T: Fn() -> String + Send + Clone + 'static,
    C: Fn() + 'static,
{
    let state = State::of_page();
    let figures = move || figures(state, progress.get());
    let label = title.clone();
    let counted = Memo::new(move |_| progress.get().is_some_and(|p| p.total.is_some()));
    view! {
        <section class="card activity" data-testid="progress">
            <div class="activity-head">
                <h2 class="activity-title">{title}</h2>
                <span class="activity-percent">{move || progress.get().and_then(|p| p.percent())}</span>
                <button type="button" class="button button-small" data-testid="cancel" on:click=move |_| cancel()>
                    {t(|s| s.cancel)}
                </button>
            </div>
            {move || {
                let label = label.clone();
                if counted.get() {
                    let value = move || progress.get().map(|p| p.done.to_string());
                    let max = move || progress.get().and_then(|p| p.total).map(|total| total.max(1).to_string());
                    view! { <progress class="bar-line" aria-label=label value=value max=max></progress> }.into_any()
                } else {
                    view! { <progress class="bar-line" aria-label=label></progress> }.into_any()
                }
            }}
            <p class="activity-figures">{figures}</p>
        </section>
    }
}

/// "2.10 GB of 4.71 GB · 38.2 MB/s · 1 min 8 s left".
fn figures(state: State, progress: Option<Progress>) -> String {
    let strings = state.strings();
    let Some(progress) = progress else { return strings.stage_waiting.to_owned() };
    match progress.stage {
        Stage::Prepare => return strings.stage_prepare.to_owned(),
        Stage::SelfTest => return strings.check.underway.to_owned(),
        Stage::Choice => return strings.kernels.comparing.to_owned(),
        Stage::Download | Stage::Import | Stage::Upload | Stage::Prefill => {}
    }
    let done = format::bytes(progress.done);
    let mut parts = vec![progress.total.map_or(done.clone(), |total| (strings.of)(&done, &format::bytes(total)))];
    if progress.stage == Stage::Upload {
        parts.insert(0, strings.stage_upload.to_owned());
    }
    if let Some(rate) = progress.rate {
        parts.push((strings.per_second)(&format::bytes(rate as u64)));
    }
    if let Some(seconds) = progress.seconds_left() {
        parts.push((strings.left)(&(strings.duration)(seconds)));
    }
    parts.join(" · ")
}
