//! The frame of the page: starts the engine, holds the header, one view and the settings, and listens for what
//! concerns the page as a whole.

use super::chat::Chat;
use super::file::DropAnywhere;
use super::header::Header;
use super::models::Models;
use super::obstacle::ObstaclePage;
use super::renewal::RenewalBar;
use super::settings::SettingsPanel;
use crate::ui::engine::{Client, Notice};
use crate::ui::preferences::{Key, forget, keep};
use crate::ui::state::{Engine, Obstacle, Panel, State, View};
use crate::ui::{api, dialogue, loading, saved, tabs};
use js_sys::Reflect;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::{ev, mount};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// The element of `index.html` that the page takes over; it holds a text for until then.
const ROOT: &str = "app";

/// Shows the page.
pub fn mount() {
    let Some(root) = document().get_element_by_id(ROOT).and_then(|root| root.dyn_into::<HtmlElement>().ok()) else {
        leptos::logging::error!("index.html has no element #{ROOT}");
        return;
    };
    root.set_text_content(None);
    mount::mount_to(root, App).forget();
}

#[component]
fn App() -> impl IntoView {
    let state = State::new();
    provide_context(state);
    state.turns.set(saved::restore());
    start_engine(state);
    if let Err(error) = api::install(state) {
        leptos::logging::error!("no globalThis.inkstone: {error:?}");
    }
    reflect_preferences(state);
    listen(state);
    tabs::watch(state);

    let obstacle = Memo::new(move |_| {
        state.engine.with(|engine| match engine {
            Engine::Unsupported(obstacle) => Some(obstacle.clone()),
            _ => None,
        })
    });
    view! {
        <Header />
        <RenewalBar />
        <div class="desk">
            {move || match (obstacle.get(), state.view.get()) {
                (Some(obstacle), _) => view! { <ObstaclePage obstacle /> }.into_any(),
                (None, View::Chat) => view! { <Chat /> }.into_any(),
                (None, View::Models) => view! { <Models /> }.into_any(),
            }}
            <SettingsPanel />
        </div>
        <DropAnywhere />
        <div class="visually-hidden" role="status">{move || state.announcement.get()}</div>
    }
}

/// Starts the worker unless the browser has no WebGPU. The page is on the screen before this does anything.
fn start_engine(state: State) {
    if !has_webgpu() {
        let secure = window().is_secure_context();
        let obstacle = if secure { Obstacle::NoWebGpu } else { Obstacle::Insecure };
        state.engine.set(Engine::Unsupported(obstacle));
        return;
    }
    match Client::start(move |notice| hear(state, notice)) {
        Ok(client) => state.client.set_value(Some(client)),
        Err(error) => state.engine.set(Engine::Unsupported(Obstacle::NotStarted((&error).into()))),
    }
}

fn has_webgpu() -> bool {
    let gpu = Reflect::get(&window().navigator(), &JsValue::from_str("gpu")).unwrap_or(JsValue::UNDEFINED);
    !gpu.is_undefined() && !gpu.is_null()
}

/// What the worker tells of itself.
fn hear(state: State, notice: Notice) {
    let stop_at = |obstacle: Obstacle| state.engine.set(Engine::Unsupported(obstacle));
    match notice {
        Notice::Ready => {
            state.engine.update(|engine| {
                if *engine == Engine::Unsupported(Obstacle::Slow) {
                    *engine = Engine::Starting;
                }
            });
            spawn_local(loading::open(state));
        }
        Notice::Slow => {
            if state.engine.with_untracked(|engine| *engine == Engine::Starting) {
                stop_at(Obstacle::Slow);
            }
        }
        Notice::VersionMismatch(error) => stop_at(Obstacle::VersionMismatch(error)),
        Notice::NotStarted(error) => stop_at(Obstacle::NotStarted(error)),
        Notice::Died(error) => stop_at(Obstacle::Died(error)),
        Notice::Told(event) => tabs::hear(state, *event),
        Notice::GpuLost(error) => {
            let model = untrack(|| state.loaded()).map(|model| model.id);
            // While a model is being loaded, that request's own failure tells more.
            if state.engine.with_untracked(|engine| !matches!(engine, Engine::Loading(_))) {
                state.engine.set(Engine::Failed { error, model });
            }
        }
    }
    dialogue::proceed(state);
}

/// Keeps preferences, and shows them where the style sheet looks: on the document.
fn reflect_preferences(state: State) {
    Effect::new(move |before: Option<()>| {
        let (language, theme) = (state.language.get(), state.theme.get());
        document().set_title(language.strings().page_title);
        if let Some(root) = document().document_element() {
            // Neither name nor value can be refused.
            let _ = root.set_attribute("lang", language.tag());
            let _ = root.set_attribute("data-theme", theme.name());
        }
        // Not on the first visit: what the visitor has not chosen goes on following the browser.
        if before.is_some() {
            keep(Key::Language, &language);
            keep(Key::Theme, &theme);
        }
    });
    keep_changes(Key::Settings, state.settings);
    keep_changes(Key::Source, state.sources);
}

/// Keeps what is changed; defaults are not kept, so that better ones can take their place.
fn keep_changes<T: Serialize + Clone + Send + Sync + 'static>(key: Key, signal: RwSignal<T>) {
    Effect::new(move |before: Option<()>| {
        let value = signal.get();
        if before.is_some() {
            keep(key, &value);
        }
    });
}

fn listen(state: State) {
    window_event_listener(ev::keydown, move |event| {
        let command = event.ctrl_key() || event.meta_key();
        if event.key() == "Escape" && !event.is_composing() && !event.default_prevented() {
            if state.panel.get_untracked() == Panel::Settings {
                state.panel.set(Panel::Closed);
            } else {
                dialogue::stop(state);
            }
        } else if command && event.shift_key() && event.key().eq_ignore_ascii_case("o") {
            event.prevent_default();
            dialogue::begin_anew(state);
        }
    });
    window_event_listener(ev::pagehide, move |_| {
        saved::leave(state);
        // Leaving in the middle is no crash.
        let own = |engine: &Engine| matches!(engine, Engine::Loading(loading) if !loading.model.is_guide());
        if state.engine.with_untracked(own) {
            forget(Key::Loading);
        }
    });
}
