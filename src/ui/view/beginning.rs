//! An empty conversation: with a model of the visitor's, prompts to begin with; with the guide, the first screen.

use super::hero::Welcome;
use super::icon::Seal;
use crate::ui::state::{State, t};
use crate::ui::{dialogue, library};
use leptos::prelude::*;

/// In place of the messages.
#[component]
pub fn Beginning() -> impl IntoView {
    let state = State::of_page();
    let guide = Memo::new(move |_| state.guide_attends());
    move || if guide.get() { view! { <Welcome /> }.into_any() } else { view! { <Prompts /> }.into_any() }
}

#[component]
fn Prompts() -> impl IntoView {
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
                        on:click=move |_| dialogue::suggest(state, suggestion.prompt)
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
