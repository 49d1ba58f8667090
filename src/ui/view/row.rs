//! A stored model: what it is, whether it is right, and what can be done with it.

use super::fault::fault_title;
use super::icon::{Drawing, Icon};
use crate::protocol::{Integrity, Place, StoredModel, Verdict};
use crate::ui::i18n::{Strings, moment};
use crate::ui::shelf::Check;
use crate::ui::state::{Engine, State, t};
use crate::ui::{export, format, intake, library, loading};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The row.
#[component]
pub fn Row(model: StoredModel) -> impl IntoView {
    let state = State::of_page();
    let shape = model.shape;
    let (stored_at, last_used) = (model.stored_at, model.last_used);
    // Of a file of the user's the name says enough.
    let host = model.origin.split_once("://").and_then(|(_, rest)| rest.split('/').next()).map(str::to_owned);
    let id = model.id.clone();
    let lost = Memo::new(move |_| state.lost.with(|lost| lost.contains(&id)));
    let facts = move || {
        let strings = state.strings();
        let language = state.language.get();
        let time = match last_used {
            Some(at) => (strings.library.last_used)(&moment(language, at)),
            None => (strings.library.stored_at)(&moment(language, stored_at)),
        };
        let context = (strings.trained_context)(&format::count(shape.trained_context.into()));
        let facts = [(strings.weights)(shape.parameters), context, time];
        facts.into_iter().chain(host.clone()).collect::<Vec<_>>().join(" · ")
    };
    view! {
        <li class="row" data-testid="stored-model" data-model=model.id.0.clone()>
            <div class="row-main">
                <span class="row-name" title=model.origin.clone()>{library::title(&model)}</span>
                <span class="tag">{model.quantisation.clone()}</span>
                <span class="row-size">{format::bytes(model.bytes)}</span>
                <Proof model=model.clone() />
                <span class="row-facts">{facts}</span>
                {move || lost.get().then(|| view! { <span class="row-facts" data-testid="lost">{t(|s| s.library.lost)}</span> })}
            </div>
            <div class="row-tools">
                <Tools model=model.clone() />
            </div>
            <CheckLine model=model.clone() />
        </li>
    }
}

/// Whether it is the right file, and where it is.
#[component]
fn Proof(model: StoredModel) -> impl IntoView {
    let state = State::of_page();
    let disk = (model.place == Place::Disk).then(|| {
        view! {
            <span class="tag tag-plain" title=t(|s| s.library.on_disk_hint)>{t(|s| s.library.on_disk)}</span>
        }
    });
    let integrity = StoredValue::new(model.integrity);
    let class = integrity.with_value(|integrity| match integrity {
        Integrity::Published { .. } => "tag tag-good",
        Integrity::Recorded { .. } | Integrity::Unknown => "tag tag-plain",
    });
    let text = move || {
        let texts = &state.strings().library;
        integrity.with_value(|integrity| match integrity {
            Integrity::Published { sha256 } => (texts.published, (texts.published_hint)(sha256)),
            Integrity::Recorded { sha256 } => (texts.recorded, (texts.recorded_hint)(sha256)),
            Integrity::Unknown => (texts.unchecked, texts.unchecked_hint.to_owned()),
        })
    };
    view! {
        {disk}
        <span class=class data-testid="integrity" title=move || text().1>{move || text().0}</span>
    }
}

#[component]
fn Tools(model: StoredModel) -> impl IntoView {
    let state = State::of_page();
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
    let checking = Memo::new(move |_| state.check.with(|check| matches!(check, Check::Underway { .. })));
    let lost = Memo::new(move |_| state.lost.with(|lost| id.with_value(|id| lost.contains(id))));
    let keep = match model.place {
        Place::Browser { path } => {
            let name = format!("{}.gguf", model.id.0);
            let click = move |_| {
                let (path, name) = (path.clone(), name.clone());
                spawn_local(async move {
                    if let Err(error) = export::save(&path, &name).await {
                        state.library_fault.set(Some(error));
                    }
                });
            };
            view! { <Tool icon=Icon::Save label=|s| s.library.export id="export-model" click /> }.into_any()
        }
        Place::Disk => {
            let click = move |_| intake::bring_in(state, id.get_value());
            view! { <Tool icon=Icon::Drive label=|s| s.library.bring_in id="bring-in" click /> }.into_any()
        }
    };
    let verify = move |_| {
        if !checking.get_untracked() {
            spawn_local(async move {
                let _ = library::verify(state, id.get_value()).await;
            });
        }
    };
    let remove = move |_| {
        spawn_local(async move {
            let _ = library::remove(state, id.get_value()).await;
        });
    };
    view! {
        {move || if lost.get() {
            view! {
                <button
                    type="button"
                    class="button button-primary"
                    data-testid="pick-again"
                    on:click=move |_| intake::pick(state)
                >
                    {t(|s| s.library.pick_again)}
                </button>
            }
            .into_any()
        } else if loaded.get() {
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
        <Tool icon=Icon::Shield label=|s| s.library.verify id="verify-model" click=verify />
        {keep}
        <Tool icon=Icon::Trash label=|s| s.delete id="delete-model" click=remove />
    }
}

/// A button with a drawing only.
#[component]
fn Tool<C>(icon: Icon, label: fn(&'static Strings) -> &'static str, id: &'static str, click: C) -> impl IntoView
where
    C: Fn(leptos::ev::MouseEvent) + 'static,
{
    view! {
        <button type="button" class="tool" data-testid=id title=t(label) aria-label=t(label) on:click=click>
            <Drawing icon />
        </button>
    }
}

/// How the check of this model is going, or what it has found.
#[component]
fn CheckLine(model: StoredModel) -> impl IntoView {
    let state = State::of_page();
    let id = StoredValue::new(model.id);
    let (bytes, on_disk) = (model.bytes, model.place == Place::Disk);
    move || {
        let texts = &state.strings().library;
        let line = match state.check.get() {
            Check::Underway { model, .. } if id.with_value(|id| *id == model) => {
                let done = move || state.check_progress.get().map_or(0, |progress| progress.done);
                view! {
                    <progress
                        class="bar-line bar-thin"
                        aria-label=texts.checking
                        value=move || done().to_string()
                        max=bytes.to_string()
                    ></progress>
                    <button type="button" class="button button-small" on:click=move |_| stop(state)>
                        {t(|s| s.cancel)}
                    </button>
                }
                .into_any()
            }
            Check::Done(report) if id.with_value(|id| *id == report.model) => {
                let text = match report.verdict {
                    Verdict::Published => texts.verdict_published.to_owned(),
                    Verdict::Unchanged => texts.verdict_unchanged.to_owned(),
                    Verdict::FirstHash => texts.verdict_first.to_owned(),
                    Verdict::Damaged { .. } if on_disk => texts.lost.to_owned(),
                    Verdict::Damaged { bytes } => (texts.verdict_damaged)(&format::bytes(bytes)),
                };
                view! { <span data-testid="verdict" title=report.sha256>{text}</span> }.into_any()
            }
            Check::Failed { model, error } if id.with_value(|id| *id == model) => {
                let title = fault_title(state, &error.code);
                view! { <span data-testid="verdict" title=error.message>{title}</span> }.into_any()
            }
            _ => return None,
        };
        Some(view! { <div class="row-check" role="status">{line}</div> })
    }
}

fn stop(state: State) {
    if let (Check::Underway { request, .. }, Some(client)) = (state.check.get_untracked(), state.client()) {
        client.cancel(request);
    }
}
