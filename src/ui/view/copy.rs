//! A button that copies a text and says so for two seconds.

use super::icon::{Drawing, Icon};
use crate::ui::state::State;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// How long it says so.
const THANKS_MS: u32 = 2000;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Copied {
    No,
    Yes,
}

/// The button: an icon, or an icon with a text.
#[component]
pub fn CopyButton<F>(
    /// Makes the text when it is wanted.
    text: F,
    /// Shown beside the icon; without it the icon stands alone.
    #[prop(optional, into)]
    label: Option<Signal<&'static str>>,
) -> impl IntoView
where
    F: Fn() -> String + Send + Sync + 'static,
{
    let state = State::of_page();
    let copied = RwSignal::new(Copied::No);
    let copy = move |_| {
        let text = text();
        spawn_local(async move {
            if write(&text).await {
                copied.set(Copied::Yes);
                TimeoutFuture::new(THANKS_MS).await;
                copied.try_set(Copied::No);
            }
        });
    };
    let said = move || match (copied.get(), label) {
        (Copied::Yes, _) => state.strings().copied,
        (Copied::No, Some(label)) => label.get(),
        (Copied::No, None) => state.strings().copy,
    };
    let icon = move || if copied.get() == Copied::Yes { Icon::Check } else { Icon::Copy };
    view! {
        <button
            type="button"
            class=if label.is_some() { "button button-quiet" } else { "tool tool-small" }
            data-testid="copy"
            title=said
            aria-label=said
            on:click=copy
        >
            {move || view! { <Drawing icon=icon() /> }}
            {label.map(|_| view! { <span>{said}</span> })}
        </button>
    }
}

/// Puts a text into the clipboard. Browsers refuse that to pages without focus or https.
pub async fn write(text: &str) -> bool {
    let done = JsFuture::from(window().navigator().clipboard().write_text(text)).await;
    if let Err(error) = &done {
        leptos::logging::warn!("the clipboard is not to be had: {error:?}");
    }
    done.is_ok()
}
