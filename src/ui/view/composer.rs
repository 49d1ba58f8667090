//! Where a person writes: a box that grows with its text, and one button that sends or stops.
//!
//! Enter sends, Shift+Enter makes a line. Not while an input method is composing: there Enter chooses a word (Safari
//! ends the composition before the key, hence key code 229; WebKit bug 165004). On touch keyboards, which have no
//! Shift+Enter worth the name, Enter makes a line.

use super::icon::{Drawing, Icon};
use crate::ui::dialogue;
use crate::ui::state::{Engine, State};
use leptos::prelude::*;
use leptos::{ev, html};
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

/// Key code of keys that an input method has taken.
const TAKEN_BY_INPUT_METHOD: u32 = 229;
/// Higher than this the box scrolls.
const HIGHEST_PX: i32 = 240;

/// The box and its button.
#[component]
pub fn Composer() -> impl IntoView {
    let state = State::of_page();
    let node = NodeRef::<html::Textarea>::new();
    // Written from here only when it differs, so that the cursor and a composition stay where they are.
    Effect::new(move |_| {
        let text = state.draft.get();
        if let Some(area) = node.get() {
            if area.value() != text {
                area.set_value(&text);
                focus(&area);
            }
            fit(&area);
        }
    });
    // Ready to write as soon as somebody can be asked, unless the visitor is at something else by then.
    Effect::new(move |_| {
        let ready =
            state.engine.with(|engine| matches!(engine, Engine::Starting | Engine::Loading(_) | Engine::Ready(_)));
        if let Some(area) = node.get().filter(|_| ready && nothing_focused() && !touch_keyboard()) {
            focus(&area);
        }
    });
    let resized = window_event_listener(ev::resize, move |_| {
        if let Some(area) = node.get_untracked() {
            fit(&area);
        }
    });
    on_cleanup(move || resized.remove());

    let placeholder = move || {
        let strings = state.strings();
        match state.loaded() {
            Some(model) if !model.chat => strings.composer_base,
            _ if state.guide_attends() => strings.guide.composer,
            _ => strings.composer,
        }
    };
    let keydown = move |event: KeyboardEvent| {
        let sends = event.key() == "Enter"
            && !event.shift_key()
            && !event.is_composing()
            && event.key_code() != TAKEN_BY_INPUT_METHOD
            && !touch_keyboard();
        if sends {
            event.prevent_default();
            dialogue::send(state);
        }
    };
    view! {
        <form
            class="composer"
            on:submit=move |event| {
                event.prevent_default();
                if state.answering.with_untracked(Option::is_some) {
                    dialogue::stop(state);
                } else {
                    dialogue::send(state);
                }
            }
        >
            <textarea
                class="composer-text"
                data-testid="composer"
                rows="1"
                dir="auto"
                autocomplete="off"
                placeholder=placeholder
                aria-label=placeholder
                node_ref=node
                on:input=move |event| dialogue::set_draft(state, event_target_value(&event))
                on:keydown=keydown
            ></textarea>
            <SendOrStop />
        </form>
    }
}

/// One button in one place, so that nothing jumps and the focus stays when an answer begins or ends.
#[component]
fn SendOrStop() -> impl IntoView {
    let state = State::of_page();
    let answering = Memo::new(move |_| state.answering.with(Option::is_some));
    let blocked = Memo::new(move |_| !dialogue::ready(state) || state.draft.with(|draft| draft.trim().is_empty()));
    let label = move || if answering.get() { state.strings().stop } else { state.strings().send };
    let icon = move || if answering.get() { Icon::Square } else { Icon::ArrowUp };
    view! {
        <button
            type="submit"
            class=move || if answering.get() { "send send-stop" } else { "send" }
            data-testid=move || if answering.get() { "stop" } else { "send" }
            title=label
            aria-label=label
            disabled=move || !answering.get() && blocked.get()
        >
            {move || view! { <Drawing icon=icon() /> }}
        </button>
    }
}

fn focus(area: &HtmlTextAreaElement) {
    // A page that is not in front may be refused.
    let _ = area.focus();
}

fn nothing_focused() -> bool {
    document().active_element().is_none_or(|active| active.tag_name().eq_ignore_ascii_case("body"))
}

/// Makes the box as high as its text.
fn fit(area: &HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(area);
    // CSSOM, which a content security policy lets through; neither property nor value can be refused.
    let _ = style.set_property("height", "auto");
    let height = area.scroll_height().min(HIGHEST_PX);
    let _ = style.set_property("height", &format!("{height}px"));
}

/// Whether keys come from a keyboard on the screen.
fn touch_keyboard() -> bool {
    let query = window().match_media("(hover: none) and (pointer: coarse)").ok().flatten();
    query.is_some_and(|query| query.matches())
}
