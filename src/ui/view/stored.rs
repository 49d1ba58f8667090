//! The models on this device: whole ones, downloads that stand still, deleted ones that can come back.

use super::in_line::InLine;
use super::meter::Meter;
use super::removed::Removed;
use super::row::Row;
use super::unfinished::Rest;
use crate::protocol::Unfinished;
use crate::ui::cargo::Wanted;
use crate::ui::state::{State, t};
use leptos::prelude::*;

/// The section; nothing at all while nothing is stored or on its way.
#[component]
pub fn Stored() -> impl IntoView {
    let state = State::of_page();
    let some = Memo::new(move |_| {
        let stored = state.library.with(|library| {
            !library.models().is_empty() || !library.unfinished().is_empty() || !library.removed().is_empty()
        });
        // Asked first, so that it is always followed.
        let line = state.line.with(|line| !line.is_empty());
        stored || line
    });
    // What is being fetched has a card of its own.
    let unfinished = move || {
        let items = state.library.with(|library| library.unfinished().to_vec());
        let still = |item: &Unfinished| !state.download.carries(&Wanted::rest_of(item));
        items.into_iter().filter(still).map(|item| view! { <Rest item /> }).collect_view()
    };
    // What has begun has a row that says how far it is.
    let line = move || {
        let begun: Vec<Wanted> =
            state.library.with(|library| library.unfinished().iter().map(Wanted::rest_of).collect());
        let fresh = |wanted: &Wanted| !begun.iter().any(|other| other.is_same(wanted));
        state.line.get().into_iter().filter(fresh).map(|wanted| view! { <InLine wanted /> }).collect_view()
    };
    let removed = move || {
        let models = state.library.with(|library| library.removed().to_vec());
        models.into_iter().map(|model| view! { <Removed model /> }).collect_view()
    };
    move || {
        some.get().then(|| {
            view! {
                <section class="section">
                    <h2 class="section-title">{t(|s| s.stored_heading)}</h2>
                    <ul class="rows">
                        <For
                            each=move || state.library.with(|library| library.models().to_vec())
                            key=|model| (model.id.clone(), format!("{:?}{:?}{:?}", model.place, model.integrity, model.last_used))
                            children=|model| view! { <Row model /> }
                        />
                        {unfinished}
                        {line}
                        {removed}
                    </ul>
                    <Meter />
                </section>
            }
        })
    }
}
