//! What is under way or has failed: the transfer into storage, and the load onto the GPU.

use super::fault::{Fault, fault_title};
use super::row::CancelTransfer;
use crate::protocol::{Claim, ModelId, Stage};
use crate::ui::i18n::Strings;
use crate::ui::preferences::{Key, recall};
use crate::ui::state::{Cargo, Engine, Progress, State, Transfer, View, t};
use crate::ui::{format, library, loading, transfer};
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
            let what = StoredValue::new(what);
            let title = move || {
                let strings = state.strings();
                what.with_value(|what| match what {
                    Cargo::Download(wanted) => (strings.downloading)(&wanted.name),
                    Cargo::Import { name } => (strings.importing)(name),
                })
            };
            let resumable = what.with_value(|what| matches!(what, Cargo::Download(_)));
            Some(
                view! {
                    <Card title progress=state.transfer_progress>
                        {resumable.then(|| view! { <PauseTransfer /> })}
                        <CancelTransfer />
                    </Card>
                    <WaitLine />
                }
                .into_any(),
            )
        }
        Transfer::Failed { what, error } => Some(
            view! {
                <Fault error>
                    <Again what />
                    <button type="button" class="button" on:click=move |_| transfer::pause(state)>
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
            Some(
                view! {
                    <Card title progress=state.load_progress>
                        <button
                            type="button"
                            class="button button-small"
                            data-testid="cancel"
                            on:click=move |_| loading::cancel_load(state)
                        >
                            {t(|s| s.cancel)}
                        </button>
                    </Card>
                }
                .into_any(),
            )
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
        <OtherTab />
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
        Cargo::Download(wanted) => Some(view! {
            <button
                type="button"
                class="button button-primary"
                on:click=move |_| transfer::fetch(state, wanted.clone(), Claim::IfFree)
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

/// Stops the transfer, which can go on later.
#[component]
fn PauseTransfer() -> impl IntoView {
    let state = State::of_page();
    view! {
        <button
            type="button"
            class="button button-small"
            data-testid="pause"
            on:click=move |_| transfer::pause(state)
        >
            {t(|s| s.library.pause)}
        </button>
    }
}

/// Why the transfer waits, and for how long.
#[component]
fn WaitLine() -> impl IntoView {
    let state = State::of_page();
    let now = RwSignal::new(js_sys::Date::now());
    // Ended with this component.
    let ticking = gloo_timers::callback::Interval::new(1_000, move || {
        now.try_set(js_sys::Date::now());
    });
    let ticking = StoredValue::new_local(Some(ticking));
    on_cleanup(move || ticking.update_value(|ticking| drop(ticking.take())));
    move || {
        state.waiting.get().map(|pause| {
            let texts = &state.strings().library;
            let when = match pause.until {
                Some(until) => {
                    let seconds = ((until - now.get()) / 1000.0).max(0.0);
                    (texts.retry_in)(&(state.strings().duration)(seconds))
                }
                None => texts.retry_online.to_owned(),
            };
            view! {
                <div class="card wait-line" data-testid="waiting" data-code=pause.error.code.clone()>
                    <p class="wait-text" title=pause.error.message>
                        {fault_title(state, &pause.error.code)} " · " {when}
                    </p>
                    <button
                        type="button"
                        class="button button-small"
                        data-testid="try-now"
                        on:click=move |_| transfer::try_now(state)
                    >
                        {t(|s| s.library.try_now)}
                    </button>
                </div>
            }
        })
    }
}

/// The model that another tab runs.
#[component]
fn OtherTab() -> impl IntoView {
    let state = State::of_page();
    move || {
        state.elsewhere.get().map(|model| {
            let name = library::name(state, &model);
            view! {
                <section class="card other-tab" data-testid="other-tab">
                    <div>
                        <h2 class="activity-title">{move || (state.strings().library.other_tab)(&name)}</h2>
                        <p class="quiet">{t(|s| s.library.other_tab_lead)}</p>
                    </div>
                    <button
                        type="button"
                        class="button button-primary"
                        data-testid="use-here"
                        on:click=move |_| loading::take_over(state, model.clone())
                    >
                        {t(|s| s.library.use_here)}
                    </button>
                </section>
            }
        })
    }
}

/// A title, a bar, figures, and buttons.
#[component]
fn Card<T>(title: T, progress: RwSignal<Option<Progress>>, children: Children) -> impl IntoView
where
    T: Fn() -> String + Send + Clone + 'static,
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
                {children()}
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
        Stage::Download | Stage::Import | Stage::Verify | Stage::Upload | Stage::Prefill => {}
    }
    let done = format::bytes(progress.done);
    let mut parts = vec![progress.total.map_or(done.clone(), |total| (strings.of)(&done, &format::bytes(total)))];
    match progress.stage {
        Stage::Upload => parts.insert(0, strings.stage_upload.to_owned()),
        Stage::Verify => parts.insert(0, strings.library.checking.to_owned()),
        _ => {}
    }
    if let Some(rate) = progress.rate {
        parts.push((strings.per_second)(&format::bytes(rate as u64)));
    }
    if let Some(seconds) = progress.seconds_left() {
        parts.push((strings.left)(&(strings.duration)(seconds)));
    }
    parts.join(" · ")
}
