//! The bar at the top: whose page this is, which model is at work, and the page's own controls.

use super::icon::{Drawing, Icon, Seal};
use crate::ui::dialogue;
use crate::ui::library;
use crate::ui::preferences::Theme;
use crate::ui::state::{Engine, Panel, State, View, t};
use leptos::html;
use leptos::prelude::*;

/// Left out of a model's name where there is little room.
const FAMILY: &str = "InternLM2.5 ";

/// The bar.
#[component]
pub fn Header() -> impl IntoView {
    let state = State::of_page();
    let label = t(|s| s.settings);
    let settings = NodeRef::<html::Button>::new();
    // Closing the settings gives the focus back to what opened them.
    Effect::new(move |before: Option<Panel>| {
        let panel = state.panel.get();
        if let (Some(Panel::Settings), Panel::Closed, Some(settings)) = (before, panel, settings.get_untracked()) {
            // A page that is not in front may be refused.
            let _ = settings.focus();
        }
        panel
    });
    view! {
        <header class="bar">
            <div class="brand">
                <Seal />
                <span class="brand-name">{t(|s| s.brand)}</span>
            </div>
            <ModelChip />
            <nav class="bar-tools">
                <button
                    type="button"
                    class="tool"
                    data-testid="new-chat"
                    title=t(|s| s.new_chat)
                    aria-label=t(|s| s.new_chat)
                    on:click=move |_| dialogue::begin_anew(state)
                >
                    <Drawing icon=Icon::Pencil />
                </button>
                <button
                    type="button"
                    class="tool"
                    data-testid="settings"
                    title=label
                    aria-label=label
                    node_ref=settings
                    aria-expanded=move || (state.panel.get() == Panel::Settings).to_string()
                    aria-controls="settings"
                    on:click=move |_| {
                        state
                            .panel
                            .update(|panel| {
                                *panel = match panel {
                                    Panel::Closed => Panel::Settings,
                                    Panel::Settings => Panel::Closed,
                                };
                            });
                    }
                >
                    <Drawing icon=Icon::Sliders />
                </button>
                <ThemeButton />
                <button
                    type="button"
                    class="tool tool-text"
                    data-testid="language"
                    lang=move || state.language.get().other().tag()
                    title=t(|s| s.switch_language)
                    aria-label=t(|s| s.switch_language)
                    on:click=move |_| state.language.update(|language| *language = language.other())
                >
                    {t(|s| s.other_language)}
                </button>
            </nav>
        </header>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let state = State::of_page();
    let label = move || {
        let strings = state.strings();
        match state.theme.get() {
            Theme::System => strings.theme_system,
            Theme::Light => strings.theme_light,
            Theme::Dark => strings.theme_dark,
        }
    };
    let icon = move || match state.theme.get() {
        Theme::System => Icon::System,
        Theme::Light => Icon::Sun,
        Theme::Dark => Icon::Moon,
    };
    view! {
        <button
            type="button"
            class="tool"
            data-testid="theme"
            data-theme-choice=move || state.theme.get().name()
            title=label
            aria-label=label
            on:click=move |_| state.theme.update(|theme| *theme = theme.next())
        >
            {move || view! { <Drawing icon=icon() /> }}
        </button>
    }
}

/// Which model is at work, and how it is; leads to the models and back.
#[component]
fn ModelChip() -> impl IntoView {
    let state = State::of_page();
    let guide = Memo::new(move |_| {
        state.engine.with(|engine| match engine {
            Engine::Ready(model) => model.id.is_guide(),
            Engine::Loading(loading) => loading.model.is_guide(),
            _ => false,
        })
    });
    let name = Memo::new(move |_| {
        if guide.get() {
            return Some(state.strings().guide.name.to_owned());
        }
        state.engine.with(|engine| match engine {
            Engine::Ready(model) => Some(
                state
                    .library
                    .with(|library| library.find(&model.id).map_or_else(|| model.name.clone(), library::title)),
            ),
            Engine::Loading(loading) => Some(loading.name.clone()),
            _ => None,
        })
    });
    let condition = move || {
        let strings = state.strings();
        match state.engine_state() {
            "starting" => strings.state_starting,
            "unsupported" => strings.state_unsupported,
            "idle" => strings.state_idle,
            "loading" => strings.state_loading,
            "ready" => strings.state_ready,
            "generating" => strings.state_generating,
            _ => strings.state_failed,
        }
    };
    let there = move || state.view.get() == View::Models;
    view! {
        <button
            type="button"
            class="chip"
            data-testid="engine-state"
            data-state=move || state.engine_state()
            title=move || {
                let strings = state.strings();
                let leads_to = if there() { strings.back_to_chat } else { strings.models };
                if guide.get() { format!("{}\n{leads_to}", strings.guide.built_in_hint) } else { leads_to.to_owned() }
            }
            aria-expanded=move || there().to_string()
            disabled=move || matches!(state.engine.get(), Engine::Unsupported(_))
            on:click=move |_| {
                state.view.update(|view| *view = if *view == View::Models { View::Chat } else { View::Models });
            }
        >
            <span class="chip-dot"></span>
            {move || {
                name.get()
                    .map(|name| {
                        let (family, rest) = name.split_at(if name.starts_with(FAMILY) { FAMILY.len() } else { 0 });
                        view! {
                            <span class="chip-name">
                                <span class="chip-family">{family.to_owned()}</span>
                                {rest.to_owned()}
                            </span>
                            <span class="visually-hidden">{condition}</span>
                        }
                    })
            }}
            {move || guide.get().then(|| view! { <span class="chip-note">{t(|s| s.guide.built_in)}</span> })}
            {move || name.get().is_none().then(|| view! { <span class="chip-name">{condition}</span> })}
            <Drawing icon=Icon::Chevron />
        </button>
    }
}
