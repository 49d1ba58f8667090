//! A deleted model, which can come back until its space is needed.

use crate::protocol::StoredModel;
use crate::ui::state::{State, t};
use crate::ui::{format, library};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The row.
#[component]
pub fn Removed(
    /// Which one.
    model: StoredModel,
) -> impl IntoView {
    let state = State::of_page();
    let name = library::title(&model);
    let id = StoredValue::new(model.id.clone());
    let restore = move |_| {
        spawn_local(async move {
            let _ = library::restore(state, id.get_value()).await;
        });
    };
    let free = move |_| {
        spawn_local(async move {
            let _ = library::remove_for_good(state, id.get_value()).await;
        });
    };
    view! {
        <li class="row row-quiet" data-testid="removed-model" data-model=model.id.0>
            <div class="row-main">
                <span class="row-name">{move || (state.strings().library.removed)(&name)}</span>
                <span class="row-size">{format::bytes(model.bytes)}</span>
                <span class="row-facts">{t(|s| s.library.removed_hint)}</span>
            </div>
            <div class="row-tools">
                <button type="button" class="button" data-testid="undo-delete" on:click=restore>
                    {t(|s| s.library.undo)}
                </button>
                <button type="button" class="button" data-testid="free-now" on:click=free>
                    {t(|s| s.library.free_now)}
                </button>
            </div>
        </li>
    }
}
