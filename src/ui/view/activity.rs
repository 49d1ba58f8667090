//! What is under way or has failed: the transfers into storage, and the load onto the GPU.

use super::fault::Fault;
use super::progress::Card;
use super::resume::Continue;
use super::tabs::OtherTab;
use super::transfer::{MissingParts, TransferCard};
use crate::protocol::ModelId;
use crate::ui::i18n::Strings;
use crate::ui::preferences::{Key, recall};
use crate::ui::state::{Engine, State, View, t};
use crate::ui::{intake, library, loading};
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
        <Continue />
        <MissingParts />
        <TransferCard lane=state.download />
        <TransferCard lane=state.intake />
        {load}
        {fault}
    }
}

/// Loads again; where the file on the user's disk is not to be had any more, it has to be picked first.
#[component]
fn LoadAgain(model: Option<ModelId>) -> impl IntoView {
    let state = State::of_page();
    let model = StoredValue::new(model?);
    let lost = Memo::new(move |_| state.lost.with(|lost| model.with_value(|model| lost.contains(model))));
    let again = move |_| {
        if lost.get_untracked() { intake::pick(state) } else { loading::load_as_set(state, model.get_value()) }
    };
    let label = move || {
        let strings = state.strings();
        if lost.get() { strings.library.pick_again } else { strings.load_again }
    };
    Some(view! {
        <button type="button" class="button button-primary" data-testid="load-again" on:click=again>
            {label}
        </button>
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
