//! The models that the site has beside the page.

use super::icon::{Drawing, Icon};
use crate::protocol::Claim;
use crate::ui::beside::Beside;
use crate::ui::cargo::Wanted;
use crate::ui::state::{State, t};
use crate::ui::transfer::{fetch, id_of};
use crate::ui::{beside, format};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestInit, Response, Url};

/// The section; nothing at all where the site has none.
#[component]
pub fn FromThisSite() -> impl IntoView {
    let state = State::of_page();
    spawn_local(async move {
        if let Some(text) = read_list().await {
            let mut list = beside::parse(&text);
            list.iter_mut().for_each(|model| model.plan.urls.iter_mut().for_each(complete));
            state.beside.set(list);
        }
    });
    move || {
        let list = state.beside.get();
        (!list.is_empty()).then(|| {
            view! {
                <section class="section">
                    <h2 class="section-title">{t(|s| s.library.beside_heading)}</h2>
                    <ul class="rows">{list.into_iter().map(|model| view! { <Row model /> }).collect_view()}</ul>
                </section>
            }
        })
    }
}

/// The list, if the site has one and can be reached.
async fn read_list() -> Option<String> {
    let options = RequestInit::new();
    options.set_cache(RequestCache::NoStore);
    let answer = window().fetch_with_str_and_init(beside::LIST, &options);
    let response: Response = JsFuture::from(answer).await.ok()?.dyn_into().ok()?;
    if !response.ok() {
        return None;
    }
    JsFuture::from(response.text().ok()?).await.ok()?.as_string()
}

/// Makes an address whole: downloads are told apart by it.
fn complete(url: &mut String) {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    if let Ok(whole) = Url::new_with_base(url, &base) {
        *url = whole.href();
    }
}

#[component]
fn Row(model: Beside) -> impl IntoView {
    let state = State::of_page();
    let Beside { name, plan } = model;
    let file = plan.urls.first().map(|url| url.rsplit('/').next().unwrap_or_default().to_owned()).unwrap_or_default();
    let id = id_of(&file);
    let stored = Memo::new(move |_| state.library.with(|library| library.find(&id).is_some()));
    let size = plan.bytes.map(format::bytes);
    let pinned = plan.sha256.is_some();
    let wanted = Wanted { name: name.clone(), plan };
    let label = move || match &size {
        Some(size) => (state.strings().download)(size),
        None => state.strings().download_short.to_owned(),
    };
    let (wanted, label) = (StoredValue::new(wanted), StoredValue::new(label));
    let facts = move || {
        let texts = &state.strings().library;
        if pinned { texts.pinned } else { texts.not_pinned }
    };
    view! {
        <li class="row" data-testid="beside-entry" data-file=file>
            <div class="row-main">
                <span class="row-name">{name}</span>
                <span class="row-facts">{facts}</span>
            </div>
            <div class="row-tools">
                {move || {
                    if stored.get() {
                        view! { <span class="tag tag-good">{t(|s| s.stored_already)}</span> }.into_any()
                    } else {
                        view! {
                            <button
                                type="button"
                                class="button"
                                data-testid="download"
                                on:click=move |_| fetch(state, wanted.get_value(), Claim::IfFree)
                            >
                                <Drawing icon=Icon::Download />
                                {move || label.with_value(|label| label())}
                            </button>
                        }
                        .into_any()
                    }
                }}
            </div>
        </li>
    }
}
