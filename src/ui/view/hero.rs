//! What this is, for who comes here for the first time.

use super::icon::{Drawing, Icon, Seal};
use crate::ui::i18n::{Setting, Strings};
use crate::ui::state::{State, t};
use leptos::prelude::*;

/// Heading, lead and three facts.
#[component]
pub fn Hero() -> impl IntoView {
    view! {
        <section class="hero">
            <Seal />
            <h1 class="hero-title">{t(|s| s.hero_title)}</h1>
            <p class="hero-lead">{t(|s| s.hero_lead)}</p>
            <ul class="facts">
                <Fact icon=Icon::Lock pick=|s| s.fact_private />
                <Fact icon=Icon::Drive pick=|s| s.fact_kept />
                <Fact icon=Icon::Chip pick=|s| s.fact_gpu />
            </ul>
        </section>
    }
}

#[component]
fn Fact(icon: Icon, pick: fn(&Strings) -> Setting) -> impl IntoView {
    let state = State::of_page();
    view! {
        <li class="fact">
            <Drawing icon />
            <div>
                <strong>{move || pick(state.strings()).label}</strong>
                <span>{move || pick(state.strings()).hint}</span>
            </div>
        </li>
    }
}
