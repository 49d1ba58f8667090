//! The messages, in a box that scrolls and follows the newest text.
//!
//! It is a log, but not a live one: a screen reader would read out every token. What is to be announced is announced
//! by the status of the page.

use super::fault::Fault;
use super::icon::{Drawing, Icon};
use super::message::MessageView;
use super::scroll::{Follow, Hold};
use crate::ui::state::{State, t};
use leptos::html;
use leptos::prelude::*;

/// The box.
#[component]
pub fn Transcript() -> impl IntoView {
    let state = State::of_page();
    let follow = Follow::new();
    Effect::new(move |_| {
        state.written.track();
        state.turns.track();
        state.answer_fault.track();
        follow.settle();
    });
    // A new message is the reader's own doing: it is shown wherever the reader was.
    Effect::new(move |before: Option<usize>| {
        let count = state.turns.with(Vec::len);
        if before.is_none_or(|before| count > before) {
            follow.jump();
        }
        count
    });
    let node: NodeRef<html::Div> = follow.node;
    view! {
        <div class="transcript-frame">
            <div
                class="transcript"
                role="log"
                aria-live="off"
                aria-label=t(|s| s.transcript)
                tabindex="0"
                data-testid="transcript"
                node_ref=node
                on:scroll=move |_| follow.scrolled()
                on:wheel=move |event| {
                    if event.delta_y() < 0.0 {
                        follow.release();
                    }
                }
                on:keydown=move |event| {
                    if matches!(event.key().as_str(), "PageUp" | "ArrowUp" | "Home") {
                        follow.release();
                    }
                }
            >
                <div class="column">
                    <h1 class="visually-hidden">{t(|s| s.transcript)}</h1>
                    <For each=move || state.turns.get() key=|turn| turn.key children=|turn| view! { <MessageView turn /> } />
                    {move || {
                        state.answer_fault.get().map(|error| {
                            view! {
                                <Fault error>
                                    <button type="button" class="button" on:click=move |_| state.answer_fault.set(None)>
                                        {t(|s| s.dismiss)}
                                    </button>
                                </Fault>
                            }
                        })
                    }}
                </div>
            </div>
            {move || {
                (follow.hold.get() == Hold::Free).then(|| view! {
                    <button
                        type="button"
                        class="jump"
                        data-testid="jump"
                        title=t(|s| s.jump)
                        aria-label=t(|s| s.jump)
                        on:click=move |_| follow.jump()
                    >
                        <Drawing icon=Icon::ArrowDown />
                    </button>
                })
            }}
        </div>
    }
}
