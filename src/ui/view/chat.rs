//! The conversation: its messages, or a beginning where there are none, and the composer.

use super::activity::Activity;
use super::beginning::Beginning;
use super::composer::Composer;
use super::transcript::Transcript;
use crate::protocol::Stage;
use crate::ui::format;
use crate::ui::state::{Engine, State, View, t};
use crate::ui::turn::Outcome;
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
                    <NeedsModel empty />
                    <NearlyFull />
                    <Composer />
                    <Note />
                </div>
            </div>
        </main>
    }
}

/// How far the engine is, where that is no matter of its own; otherwise what to think of the answers. One quiet line in
/// one place, so that nothing moves when the guide is there.
#[component]
fn Note() -> impl IntoView {
    let state = State::of_page();
    let stage = Memo::new(move |_| state.load_progress.with(|progress| progress.as_ref().map(|p| p.stage)));
    let said = move || {
        let strings = state.strings();
        state.engine.with(|engine| match engine {
            Engine::Starting => strings.engine_starting,
            Engine::Loading(loading) if loading.model.is_guide() => match stage.get() {
                Some(Stage::SelfTest) => strings.check.underway,
                Some(Stage::Choice) => strings.kernels.comparing,
                _ => strings.guide.loading,
            },
            Engine::Ready(model) if model.id.is_guide() => strings.guide.note,
            _ => strings.composer_note,
        })
    };
    view! { <p class="note" data-testid="note">{said}</p> }
}

/// Leads to the models while none of the visitor's is loaded. An empty conversation with the guide does so itself.
#[component]
fn NeedsModel(empty: Memo<bool>) -> impl IntoView {
    let state = State::of_page();
    #[derive(Clone, Copy, PartialEq)]
    enum Need {
        None,
        Nobody,
        OnlyGuide,
    }
    let need = Memo::new(move |_| {
        let on_its_way = state.download.is_busy() || state.intake.is_busy();
        // Asked first, so that both are always followed.
        let guide = state.guide_attends();
        state.engine.with(|engine| match engine {
            _ if on_its_way => Need::None,
            Engine::Idle => Need::Nobody,
            // A fault has a button of its own.
            Engine::Failed { .. } | Engine::Unsupported(_) => Need::None,
            _ if guide && !empty.get() => Need::OnlyGuide,
            _ => Need::None,
        })
    });
    let said = move || match need.get() {
        Need::OnlyGuide => state.strings().guide.choose,
        Need::None | Need::Nobody => state.strings().composer_needs_model,
    };
    let shown = Memo::new(move |_| need.get() != Need::None);
    move || {
        shown.get().then(|| {
            view! {
                <div class="needs-model">
                    <span>{said}</span>
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
