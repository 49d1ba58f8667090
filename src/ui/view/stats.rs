//! What an answer took, in one quiet line.

use crate::protocol::GenerationStats;
use crate::ui::format;
use crate::ui::state::State;
use leptos::prelude::*;

/// Speed, time to the first token, and the context in use. Nothing for an answer that never began.
#[component]
pub fn Stats(
    /// As the engine told them.
    stats: GenerationStats,
    /// Context length of the model.
    context_length: u32,
) -> impl IntoView {
    let state = State::of_page();
    (stats.context_used > 0).then(|| {
        let speed = move || {
            // One token has no rate.
            (stats.decode_tok_s > 0.0).then(|| {
                view! { <span>{(state.strings().speed)(&format::significant(stats.decode_tok_s))}</span> }
            })
        };
        let first = move || (state.strings().first_token)(&format::short_wait(stats.first_token_ms));
        let used = move || {
            let (used, total) = (format::count(stats.context_used.into()), format::count(context_length.into()));
            (state.strings().context_use)(&used, &total)
        };
        view! {
            <span
                class="stats"
                data-testid="stats"
                data-generated=stats.generated_tokens
                data-prompt=stats.prompt_tokens
                data-cached=stats.cached_tokens
                data-seed=stats.seed.to_string()
            >
                {speed}
                <span>{first}</span>
                <span title=move || state.strings().context_use_hint>{used}</span>
            </span>
        }
    })
}
