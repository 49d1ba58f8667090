//! The models on this device: load, delete, and the room they take.

use super::icon::{Drawing, Icon};
use crate::protocol::{ModelId, StorageUse, StoredModel};
use crate::ui::preferences::{Key, recall};
use crate::ui::state::{Engine, Library, State, last_load_crashed, t};
use crate::ui::{format, library, loading};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The section; nothing at all while nothing is stored.
#[component]
pub fn Stored() -> impl IntoView {
    let state = State::of_page();
    let some = Memo::new(move |_| state.library.with(|library| !library.models().is_empty()));
    move || {
        some.get().then(|| {
            view! {
                <section class="section">
                    <h2 class="section-title">{t(|s| s.stored_heading)}</h2>
                    <Continue />
                    <ul class="rows">
                        <For
                            each=move || state.library.with(|library| library.models().to_vec())
                            key=|model| (model.id.clone(), model.bytes)
                            children=|model| view! { <Row model /> }
                        />
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

#[derive(Debug, Clone, Copy, PartialEq)]
enum Deletion {
    NotAsked,
    Asked,
    Underway,
}

#[component]
fn Row(model: StoredModel) -> impl IntoView {
    let state = State::of_page();
    let deletion = RwSignal::new(Deletion::NotAsked);
    let id = StoredValue::new(model.id.clone());
    let loaded = Memo::new(move |_| {
        state.engine.with(|engine| matches!(engine, Engine::Ready(loaded) if id.with_value(|id| *id == loaded.id)))
    });
    // The guide gives way at any time.
    let busy = Memo::new(move |_| {
        state.engine.with(|engine| match engine {
            Engine::Starting => true,
            Engine::Loading(loading) => !loading.model.is_guide(),
            _ => false,
        })
    });
    let shape = model.shape;
    let facts = move || {
        let strings = state.strings();
        [
            (strings.weights)(shape.parameters),
            (strings.layers)(&format::count(shape.layers.into())),
            (strings.width)(&format::count(shape.hidden.into())),
            (strings.trained_context)(&format::count(shape.trained_context.into())),
        ]
        .join(" · ")
    };
    let remove = move |_| {
        deletion.set(Deletion::Underway);
        spawn_local(async move {
            let _ = library::remove(state, id.get_value()).await;
            deletion.try_set(Deletion::NotAsked);
        });
    };
    view! {
        <li class="row" data-testid="stored-model" data-model=model.id.0.clone()>
            <div class="row-main">
                <span class="row-name" title=model.origin.clone()>{library::title(&model)}</span>
                <span class="tag">{model.quantisation.clone()}</span>
                <span class="row-size">{format::bytes(model.bytes)}</span>
                <span class="row-facts">{facts}</span>
            </div>
            <div class="row-tools">
                {move || match (deletion.get(), loaded.get()) {
                    (Deletion::NotAsked, loaded) => view! {
                        {if loaded {
                            view! {
                                <span class="tag tag-good">{t(|s| s.loaded)}</span>
                                <button
                                    type="button"
                                    class="button"
                                    data-testid="unload-model"
                                    on:click=move |_| spawn_local(async move {
                                        let _ = loading::unload(state).await;
                                    })
                                >
                                    {t(|s| s.unload)}
                                </button>
                            }
                            .into_any()
                        } else {
                            view! {
                                <button
                                    type="button"
                                    class="button button-primary"
                                    data-testid="load-model"
                                    disabled=move || busy.get()
                                    on:click=move |_| loading::load_as_set(state, id.get_value())
                                >
                                    {t(|s| s.load)}
                                </button>
                            }
                            .into_any()
                        }}
                        <button
                            type="button"
                            class="tool"
                            data-testid="delete-model"
                            title=t(|s| s.delete)
                            aria-label=t(|s| s.delete)
                            on:click=move |_| deletion.set(Deletion::Asked)
                        >
                            <Drawing icon=Icon::Trash />
                        </button>
                    }
                    .into_any(),
                    (now, _) => view! {
                        <span class="row-question" role="alert">{t(|s| s.delete_confirm)}</span>
                        <button
                            type="button"
                            class="button button-danger"
                            data-testid="confirm-delete"
                            disabled=now == Deletion::Underway
                            on:click=remove
                        >
                            {t(|s| s.delete)}
                        </button>
                        <button
                            type="button"
                            class="button"
                            data-testid="keep-model"
                            disabled=now == Deletion::Underway
                            on:click=move |_| deletion.set(Deletion::NotAsked)
                        >
                            {t(|s| s.keep)}
                        </button>
                    }
                    .into_any(),
                }}
            </div>
        </li>
    }
}

/// How much of the browser's storage is in use.
#[component]
fn Meter() -> impl IntoView {
    let state = State::of_page();
    let storage = move || {
        state.library.with(|library| match library {
            Library::Known { storage, .. } if storage.quota > 0 => Some(*storage),
            _ => None,
        })
    };
    move || {
        storage().map(|StorageUse { used, quota }| {
            let label = move || (state.strings().storage_used)(&format::bytes(used), &format::bytes(quota));
            view! {
                <div class="meter" data-testid="storage">
                    <progress class="bar-line bar-thin" aria-label=label value=used.to_string() max=quota.to_string()>
                    </progress>
                    <span class="quiet">{label}</span>
                </div>
            }
        })
    }
}
