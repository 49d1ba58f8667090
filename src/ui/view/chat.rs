//! The conversation: its messages, or a beginning where there are none, and the composer.

use super::activity::Activity;
use super::composer::Composer;
use super::icon::Seal;
use super::transcript::Transcript;
use crate::ui::library;
use crate::ui::state::{Engine, Outcome, State, Transfer, View, t};
use crate::ui::{dialogue, format};
use leptos::prelude::*;

/// The share of the context from which on its end is announced, in percent.
const NEARLY_FULL: u64 = 80;

/// The view.
#[component]
pub fn Chat() -> impl IntoView {
    let state = State::of_page();
    let empty = Memo::new(move |_| state.turns.with(Vec::is_empty) && state.answer_fault.with(Option::is_none));
    view! {
        <main class="view chat">
            {move || if empty.get() { view! { <Beginning /> }.into_any() } else { view! { <Transcript /> }.into_any() }}
            <div class="dock">
                <div class="column">
                    <Activity />
                    <NeedsModel />
                    <NearlyFull />
                    <Composer />
                    <p class="note">{t(|s| s.composer_note)}</p>
                </div>
            </div>
        </main>
    }
}

/// An empty conversation.
#[component]
fn Beginning() -> impl IntoView {
    let state = State::of_page();
    let lead = move || {
        let model = state.loaded()?;
        let strings = state.strings();
        let name = state.library.with(|library| library.find(&model.id).map_or(model.name.clone(), library::title));
        Some(if model.chat { (strings.empty_lead)(&name, &model.adapter) } else { (strings.empty_lead_base)(&name) })
    };
    let suggestions = move || {
        let chat = state.loaded().is_none_or(|model| model.chat);
        chat.then(|| {
            let buttons = state.strings().suggestions.into_iter().map(|suggestion| {
                view! {
                    <button
                        type="button"
                        class="suggestion"
                        data-testid="suggestion"
                        on:click=move |_| dialogue::set_draft(state, suggestion.prompt.to_owned())
                    >
                        <strong>{suggestion.title}</strong>
                        <span>{suggestion.prompt}</span>
                    </button>
                }
            });
            view! { <div class="suggestions">{buttons.collect_view()}</div> }
        })
    };
    view! {
        <div class="beginning">
            <div class="column">
                <Seal />
                <h1>{t(|s| s.empty_heading)}</h1>
                <p class="quiet">{lead}</p>
                {suggestions}
            </div>
        </div>
    }
}

/// Leads to the models when none is loaded.
#[component]
fn NeedsModel() -> impl IntoView {
    let state = State::of_page();
    let needed = Memo::new(move |_| {
        state.engine.with(|engine| matches!(engine, Engine::Idle))
            && state.transfer.with(|transfer| !matches!(transfer, Transfer::Running { .. }))
    });
    move || {
        needed.get().then(|| {
            view! {
                <div class="needs-model">
                    <span>{t(|s| s.composer_needs_model)}</span>
                    <button
                        type="button"
                        class="button button-primary"
                        data-testid="choose-model"
                        on:click=move |_| state.view.set(View::Models)
                    >
                        {t(|s| s.choose_model)}
                    </button>
                </div>
            }
        })
    }
}

/// Says in time that the context is coming to its end.
#[component]
fn NearlyFull() -> impl IntoView {
    let state = State::of_page();
    let used = Memo::new(move |_| {
        let outcome = state.turns.with(|turns| turns.last().map(|turn| turn.outcome.clone()))?;
        match outcome.get() {
            Outcome::Ended { stats, context_length, .. } => {
                let (used, total) = (u64::from(stats.context_used), u64::from(context_length));
                (used * 100 >= total * NEARLY_FULL).then(|| format::percent(used, total))
            }
            _ => None,
        }
    });
    move || {
        used.get().map(|share| {
            view! {
                <p class="nearly-full" data-testid="context-nearly-full">
                    {move || (state.strings().context_nearly_full)(&share)}
                </p>
            }
        })
    }
}
