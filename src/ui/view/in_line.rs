//! A download that waits for its turn.

use crate::protocol::{Claim, Halt};
use crate::ui::cargo::Wanted;
use crate::ui::state::{State, t};
use crate::ui::transfer;
use leptos::prelude::*;

/// The row.
#[component]
pub fn InLine(
    /// What is wanted.
    wanted: Wanted,
) -> impl IntoView {
    let state = State::of_page();
    let wanted = StoredValue::new(wanted);
    let elsewhere = Memo::new(move |_| is_elsewhere(state));
    let text = move || {
        let texts = &state.strings().library;
        let say = if elsewhere.get() { texts.in_line_elsewhere } else { texts.in_line };
        wanted.with_value(|wanted| say(&wanted.name))
    };
    // While this tab downloads something else there is nothing to hurry.
    let begin = move || {
        (!state.download.is_busy()).then(|| {
            let claim = if elsewhere.get() { Claim::TakeOver } else { Claim::IfFree };
            view! {
                <button
                    type="button"
                    class="button"
                    data-testid="begin-now"
                    on:click=move |_| transfer::fetch(state, wanted.get_value(), claim)
                >
                    {move || {
                        let texts = &state.strings().library;
                        if elsewhere.get() { texts.fetch_here } else { texts.begin_now }
                    }}
                </button>
            }
        })
    };
    view! {
        <li class="row row-quiet" data-testid="in-line">
            <div class="row-main">
                <span class="row-name">{text}</span>
            </div>
            <div class="row-tools">
                {begin}
                <button
                    type="button"
                    class="button"
                    data-testid="leave-line"
                    on:click=move |_| wanted.with_value(|wanted| transfer::leave_line(state, wanted))
                >
                    {t(|s| s.library.leave_line)}
                </button>
            </div>
        </li>
    }
}

/// Whether another tab is downloading; and a dependency on that.
fn is_elsewhere(state: State) -> bool {
    let told = state.remote.with(Option::is_some);
    told || state.library.with(|library| library.unfinished().iter().any(|item| item.halt == Halt::Elsewhere))
}
