//! The models on this device: whole ones, downloads that stand still, deleted ones that can come back.

use super::icon::{Drawing, Icon};
use super::meter::Meter;
use super::row::Row;
use super::unfinished::Rest;
use crate::protocol::{ModelId, StoredModel};
use crate::ui::preferences::{Key, recall};
use crate::ui::state::{Engine, State, last_load_crashed, t};
use crate::ui::transfer::{Wanted, is_fetching, leave_line};
use crate::ui::{library, loading};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The section; nothing at all while nothing is stored.
#[component]
pub fn Stored() -> impl IntoView {
    let state = State::of_page();
    let some = Memo::new(move |_| {
        let line = state.line.with(|line| !line.is_empty());
        line || state.library.with(|library| {
            !library.models().is_empty() || !library.unfinished().is_empty() || !library.removed().is_empty()
        })
    });
    let unfinished = move || {
        let items = state.library.with(|library| library.unfinished().to_vec());
        items.into_iter().filter(|item| !is_fetching(state, item)).collect::<Vec<_>>()
    };
    let removed = move || state.library.with(|library| library.removed().to_vec());
    move || {
        some.get().then(|| {
            view! {
                <section class="section">
                    <h2 class="section-title">{t(|s| s.stored_heading)}</h2>
                    <Continue />
                    <ul class="rows">
                        <For
                            each=move || state.library.with(|library| library.models().to_vec())
                            key=|model| (model.id.clone(), model.bytes, format!("{:?}{:?}", model.integrity, model.last_used))
                            children=|model| view! { <Row model /> }
                        />
                        {move || unfinished().into_iter().map(|item| view! { <Rest item /> }).collect_view()}
                        {move || {
                            state.line.get().into_iter().map(|wanted| view! { <InLine wanted /> }).collect_view()
                        }}
                        {move || removed().into_iter().map(|model| view! { <Removed model /> }).collect_view()}
                    </ul>
                    <Meter />
                </section>
            }
        })
    }
}

/// One click back to the model of last time, when it has not been loaded by itself.
#[component]
fn Continue() -> impl IntoView {
    let state = State::of_page();
    let last = move || {
        let free = state.engine.with(|engine| matches!(engine, Engine::Idle)) || state.guide_attends();
        let last: ModelId = free.then(|| recall(Key::Loading).or_else(|| recall(Key::Model)))??;
        state.library.with(|library| library.find(&last).cloned())
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

/// A download that waits for its turn.
#[component]
fn InLine(wanted: Wanted) -> impl IntoView {
    let state = State::of_page();
    let name = wanted.name.clone();
    view! {
        <li class="row row-quiet" data-testid="in-line">
            <div class="row-main">
                <span class="row-name">{move || (state.strings().library.in_line)(&name)}</span>
            </div>
            <div class="row-tools">
                <button
                    type="button"
                    class="button button-small"
                    data-testid="leave-line"
                    on:click=move |_| leave_line(state, &wanted)
                >
                    {t(|s| s.library.leave_line)}
                </button>
            </div>
        </li>
    }
}

/// A deleted model.
#[component]
fn Removed(model: StoredModel) -> impl IntoView {
    let state = State::of_page();
    let name = library::title(&model);
    let id = StoredValue::new(model.id.clone());
    let restore = move |_| {
        spawn_local(async move {
            let _ = library::restore(state, id.get_value()).await;
        });
    };
    let purge = move |_| {
        spawn_local(async move {
            let _ = library::purge(state).await;
        });
    };
    view! {
        <li class="row row-quiet" data-testid="removed-model" data-model=model.id.0>
            <div class="row-main">
                <span class="row-name">{move || (state.strings().library.removed)(&name)}</span>
                <span class="row-facts">{t(|s| s.library.removed_hint)}</span>
            </div>
            <div class="row-tools">
                <button type="button" class="button" data-testid="undo-delete" on:click=restore>
                    {t(|s| s.library.undo)}
                </button>
                <button
                    type="button"
                    class="tool"
                    data-testid="free-now"
                    title=t(|s| s.library.free_now)
                    aria-label=t(|s| s.library.free_now)
                    on:click=purge
                >
                    <Drawing icon=Icon::Trash />
                </button>
            </div>
        </li>
    }
}
