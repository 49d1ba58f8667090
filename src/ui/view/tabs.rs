//! What other tabs have: the card of a model that runs in another one.

use super::icon::{Drawing, Icon};
use crate::ui::state::{State, t};
use crate::ui::{library, loading};
use leptos::prelude::*;

/// The model that another tab runs in place of this one.
#[component]
pub fn OtherTab() -> impl IntoView {
    let state = State::of_page();
    move || {
        state.elsewhere.get().map(|model| {
            let name = library::name(state, &model);
            let id = model.0.clone();
            view! {
                <section class="card aside" data-testid="other-tab" data-model=id>
                    <div class="aside-text">
                        <h2 class="activity-title">{t(|s| s.library.other_tab)}</h2>
                        <p class="quiet">{t(|s| s.library.other_tab_lead)}</p>
                    </div>
                    <button
                        type="button"
                        class="button button-primary"
                        data-testid="use-here"
                        on:click=move |_| loading::take_over(state, model.clone())
                    >
                        {move || (state.strings().library.use_here)(&name)}
                    </button>
                    <button
                        type="button"
                        class="tool"
                        data-testid="leave-there"
                        title=t(|s| s.dismiss)
                        aria-label=t(|s| s.dismiss)
                        on:click=move |_| state.elsewhere.set(None)
                    >
                        <Drawing icon=Icon::Close />
                    </button>
                </section>
            }
        })
    }
}
