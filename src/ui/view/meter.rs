//! How much of the browser's storage is in use, by what, and whether the browser keeps it.

use crate::protocol::StorageUse;
use crate::ui::state::{Library, State, t};
use crate::ui::{format, transfer};
use leptos::prelude::*;

/// The meter; nothing where the browser tells nothing.
#[component]
pub fn Meter() -> impl IntoView {
    let state = State::of_page();
    let storage = move || {
        state.library.with(|library| match library {
            Library::Known { storage, .. } if storage.quota > 0 => Some(*storage),
            _ => None,
        })
    };
    move || {
        storage().map(|StorageUse { used, quota, models, removed, persisted }| {
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
                    view! { <span class="quiet" data-testid="persisted">{t(|s| s.library.kept)}</span> }.into_any()
                } else {
                    view! {
                        <span class="quiet" data-testid="persisted">{t(|s| s.library.not_kept)}</span>
                        <button
                            type="button"
                            class="button button-small"
                            data-testid="ask-to-keep"
                            on:click=move |_| transfer::ask_to_keep(state)
                        >
                            {t(|s| s.library.ask_to_keep)}
                        </button>
                    }
                    .into_any()
                }
            });
            view! {
                <div class="meter" data-testid="storage">
                    <progress class="bar-line bar-thin" aria-label=label value=used.to_string() max=quota.to_string()>
                    </progress>
                    <span class="quiet" title=label>{parts}</span>
                    {kept}
                </div>
            }
        })
    }
}
