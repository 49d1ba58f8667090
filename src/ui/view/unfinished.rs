//! A download that stands still: how much of it is there, why, and how to go on.

use super::icon::{Drawing, Icon};
use crate::protocol::{Claim, Halt, Unfinished};
use crate::ui::cargo::Wanted;
use crate::ui::state::{State, t};
use crate::ui::transfer::fetch;
use crate::ui::{format, library};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The row.
#[component]
pub fn Rest(item: Unfinished) -> impl IntoView {
    let state = State::of_page();
    let wanted = Wanted::rest_of(&item);
    let (halt, received, total) = (item.halt, item.received, item.total.unwrap_or(item.received));
    let can_fetch = !item.plan.urls.is_empty();
    let id = StoredValue::new(item.id.clone());
    // Of another tab's download only that tab knows how far it is.
    let done = move || match state.remote.get() {
        Some((model, done, _)) if halt == Halt::Elsewhere && id.with_value(|id| *id == model) => done,
        _ => received,
    };
    let another =
        move || state.remote.with(|told| matches!(told, Some((model, ..)) if id.with_value(|id| id != model)));
    let queued = {
        let wanted = wanted.clone();
        Memo::new(move |_| {
            state.download.is_busy() && state.line.with(|line| line.iter().any(|other| other.is_same(&wanted)))
        })
    };
    let text = move || {
        let texts = &state.strings().library;
        let (done, all) = (format::bytes(done()), format::bytes(total));
        match halt {
            _ if queued.get() => (texts.queued)(&done, &all),
            Halt::Paused => (texts.paused)(&done, &all),
            Halt::Interrupted => (texts.interrupted)(&done, &all),
            Halt::Elsewhere if another() => (texts.queued)(&done, &all),
            Halt::Elsewhere => (texts.elsewhere)(&done, &all),
            Halt::Damaged if can_fetch => (texts.damaged)(&done, &all),
            Halt::Damaged => texts.damaged_file.to_owned(),
        }
    };
    let label = move || {
        let texts = &state.strings().library;
        match halt {
            Halt::Paused | Halt::Interrupted => texts.resume.to_owned(),
            Halt::Elsewhere => texts.fetch_here.to_owned(),
            Halt::Damaged => (texts.heal)(&format::bytes(total.saturating_sub(received))),
        }
    };
    let name = wanted.name.clone();
    let go_on = can_fetch.then(|| {
        let claim = if halt == Halt::Elsewhere { Claim::TakeOver } else { Claim::IfFree };
        view! {
            <button
                type="button"
                class="button button-primary"
                data-testid="resume"
                disabled=move || queued.get()
                on:click=move |_| fetch(state, wanted.clone(), claim)
            >
                {label}
            </button>
        }
    });
    let discard = (halt != Halt::Elsewhere).then(|| {
        let remove = move |_| {
            spawn_local(async move {
                let _ = library::remove(state, id.get_value()).await;
            });
        };
        view! {
            <button
                type="button"
                class="tool"
                data-testid="discard"
                title=t(|s| s.delete)
                aria-label=t(|s| s.delete)
                on:click=remove
            >
                <Drawing icon=Icon::Trash />
            </button>
        }
    });
    view! {
        <li class="row" data-testid="unfinished" data-model=item.id.0 data-halt=format!("{halt:?}").to_lowercase()>
            <div class="row-main">
                <span class="row-name">{name.clone()}</span>
                <span class="row-facts">{text}</span>
                <progress
                    class="bar-line bar-thin row-bar"
                    aria-label=name
                    value=move || done().to_string()
                    max=total.max(1).to_string()
                ></progress>
            </div>
            <div class="row-tools">
                {go_on}
                {discard}
            </div>
        </li>
    }
}
