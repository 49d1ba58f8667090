//! One click back to the model of last time, where it could not be loaded by itself.

use crate::protocol::{ModelId, Place};
use crate::ui::preferences::{Key, recall};
use crate::ui::state::{Engine, State, View, last_load_crashed, t};
use crate::ui::{library, loading};
use leptos::prelude::*;

/// The card. In the conversation only for a file on the user's disk, which the browser wants a click for; above the models
/// for any.
#[component]
pub fn Continue() -> impl IntoView {
    let state = State::of_page();
    let last = move || {
        let free = state.engine.with(|engine| matches!(engine, Engine::Idle)) || state.guide_attends();
        let free = free && state.elsewhere.with(Option::is_none);
        let last: ModelId = free.then(|| recall(Key::Loading).or_else(|| recall(Key::Model)))??;
        let model = state.library.with(|library| library.find(&last).cloned())?;
        let asks = model.place == Place::Disk && state.lost.with(|lost| !lost.contains(&model.id));
        (asks || state.view.get() == View::Models).then_some(model)
    };
    move || {
        last().map(|model| {
            let name = library::title(&model);
            let crashed = last_load_crashed();
            view! {
                <div class="card continue">
                    {crashed.then(|| view! { <p>{t(|s| s.continue_after_crash)}</p> })}
                    <button
                        type="button"
                        class="button button-primary button-wide"
                        data-testid="continue"
                        on:click=move |_| loading::load_as_set(state, model.id.clone())
                    >
                        {move || (state.strings().continue_with)(&name)}
                    </button>
                </div>
            }
        })
    }
}
