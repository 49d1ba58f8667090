//! The first screen: what this is, and the guide with questions to begin with. It can be asked before it is there.

use super::icon::{Drawing, Icon, Seal};
use crate::ui::dialogue;
use crate::ui::i18n::{Setting, Strings};
use crate::ui::state::{Engine, State, View, t};
use leptos::prelude::*;

/// An empty conversation with the guide.
#[component]
pub fn Welcome() -> impl IntoView {
    let state = State::of_page();
    // A fault has a button of its own to the models.
    let failed = Memo::new(move |_| state.engine.with(|engine| matches!(engine, Engine::Failed { .. })));
    let questions = move || {
        let asked = state.strings().guide.questions.into_iter().map(|question| {
            view! {
                <button
                    type="button"
                    class="question"
                    data-testid="suggestion"
                    on:click=move |_| dialogue::suggest(state, question)
                >
                    {question}
                </button>
            }
        });
        asked.collect_view()
    };
    view! {
        <div class="beginning">
            <div class="column welcome">
                <Seal />
                <h1>{t(|s| s.hero_title)}</h1>
                <p class="welcome-lead">{t(|s| s.hero_lead)}</p>
                <ul class="facts">
                    <Fact icon=Icon::Lock pick=|s| s.fact_private />
                    <Fact icon=Icon::Drive pick=|s| s.fact_kept />
                    <Fact icon=Icon::Chip pick=|s| s.fact_gpu />
                </ul>
                <p class="introduction">{t(|s| s.guide.introduction)}</p>
                <div class="questions">{questions}</div>
                {move || {
                    (!failed.get()).then(|| view! {
                        <button
                            type="button"
                            class="button button-primary"
                            data-testid="choose-model"
                            on:click=move |_| state.view.set(View::Models)
                        >
                            {t(|s| s.choose_model)}
                        </button>
                    })
                }}
            </div>
        </div>
    }
}

#[component]
fn Fact(icon: Icon, pick: fn(&Strings) -> Setting) -> impl IntoView {
    let state = State::of_page();
    view! {
        <li class="fact">
            <Drawing icon />
            <span>{move || pick(state.strings()).hint}</span>
        </li>
    }
}
