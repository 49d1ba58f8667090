//! How much of the browser's storage is in use, by what, and whether the browser keeps it.

use crate::protocol::StorageUse;
use crate::ui::shelf::Library;
use crate::ui::state::{State, t};
use crate::ui::{format, transfer};
use leptos::prelude::*;

/// The meter; nothing where the browser tells nothing.
#[component]
pub fn Meter() -> impl IntoView {
    let state = State::of_page();
    let storage = Memo::new(move |_| state.library.with(Library::storage));
    move || {
        storage.get().map(|StorageUse { used, quota, models, removed, persisted }| {
            let label = move || (state.strings().storage_used)(&format::bytes(used), &format::bytes(quota));
            let parts = move || {
                let texts = &state.strings().library;
                // The browser's sum is an estimate, and may lag behind the files.
                let other = used.saturating_sub(models);
                let mut parts = vec![(texts.meter_models)(&format::bytes(models.saturating_sub(removed)))];
                if removed > 0 {
                    parts.push((texts.meter_removed)(&format::bytes(removed)));
                }
                parts.push((texts.meter_other)(&format::bytes(other)));
                parts.push((texts.meter_free)(&format::bytes(quota.saturating_sub(used))));
                parts.join(" · ")
            };
            let kept = persisted.map(|kept| {
                if kept {
                    view! { <span data-testid="persisted">{t(|s| s.library.kept)}</span> }.into_any()
                } else {
                    view! {
                        <span class="meter-kept">
                        <span data-testid="persisted">{t(|s| s.library.not_kept)}</span>
                        <button
                            type="button"
                            class="button button-small"
                            data-testid="ask-to-keep"
                            on:click=move |_| transfer::ask_to_keep(state)
                        >
                            {t(|s| s.library.ask_to_keep)}
                        </button>
                        </span>
                    }
                    .into_any()
                }
            });
            view! {
                <div class="meter" data-testid="storage">
                    <Bar label parts=[models.saturating_sub(removed), removed, used.saturating_sub(models)] of=quota />
                    <p class="meter-text quiet">
                        <span title=label>{parts}</span>
                        {kept}
                    </p>
                </div>
            }
        })
    }
}

/// Models, deleted ones and the rest, side by side.
#[component]
fn Bar<L>(label: L, parts: [u64; 3], of: u64) -> impl IntoView
where
    L: Fn() -> String + Send + 'static,
{
    let mut start = 0.0;
    let parts = parts.into_iter().zip(["meter-models", "meter-removed", "meter-other"]).map(|(bytes, class)| {
        let (x, width) = (start, 100.0 * bytes as f64 / of as f64);
        start += width;
        view! { <rect class=class x=x.to_string() width=width.to_string() height="1" /> }
    });
    view! {
        <svg class="meter-bar" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label=label>
            {parts.collect_view()}
        </svg>
    }
}
