//! What is on its way into storage, with what can be done about it; or why it did not arrive.

use super::fault::{Fault, fault_title};
use super::icon::{Drawing, Icon};
use super::progress::Card;
use super::room::MakeRoom;
use crate::error::ErrorKind;
use crate::protocol::Claim;
use crate::ui::cargo::{Cargo, Ending, Lane, Transfer};
use crate::ui::i18n::Strings;
use crate::ui::library;
use crate::ui::split::Missing;
use crate::ui::state::{State, t};
use crate::ui::transfer;
use leptos::prelude::*;

/// The card of a lane, where there is something in it.
#[component]
pub fn TransferCard(
    /// Which one.
    lane: Lane,
) -> impl IntoView {
    let state = State::of_page();
    // Not of how it is to end: that only switches the buttons off.
    let shown = Memo::new(move |_| match lane.transfer.get() {
        Transfer::Running { request, what, .. } => Transfer::Running { request, what, ending: Ending::Open },
        other => other,
    });
    move || match shown.get() {
        Transfer::None => None,
        Transfer::Running { what, .. } => Some(view! { <Running lane what /> }.into_any()),
        Transfer::Failed { what, error } => {
            let full = library::is(&error, ErrorKind::StorageFull);
            let wanted = match &what {
                Cargo::Download(wanted) => Some(wanted.clone()),
                Cargo::Import { .. } => None,
            };
            Some(
                view! {
                    <Fault error>
                        {full.then(|| view! { <MakeRoom wanted /> })}
                        <Again what />
                        <button
                            type="button"
                            class="button"
                            data-testid="dismiss"
                            on:click=move |_| transfer::dismiss(state, lane)
                        >
                            {t(|s| s.dismiss)}
                        </button>
                    </Fault>
                }
                .into_any(),
            )
        }
    }
}

#[component]
fn Running(lane: Lane, what: Cargo) -> impl IntoView {
    let state = State::of_page();
    let resumable = matches!(what, Cargo::Download(_));
    let title = move || {
        let strings = state.strings();
        match &what {
            Cargo::Download(wanted) => (strings.downloading)(&wanted.name),
            Cargo::Import { name } => (strings.importing)(name),
        }
    };
    view! {
        <Card title progress=lane.progress below=view! { <WaitLine lane /> }.into_any()>
            {resumable.then(|| view! { <Stop lane how=Ending::Pause label=|s| (s.library.pause, s.library.pause_hint) id="pause" /> })}
            <Stop lane how=Ending::Discard label=|s| (s.library.discard, s.library.discard_hint) id="cancel" />
        </Card>
    }
}

/// Ends what is in a lane in one way or another.
#[component]
fn Stop(
    lane: Lane,
    how: Ending,
    label: fn(&'static Strings) -> (&'static str, &'static str),
    id: &'static str,
) -> impl IntoView {
    let state = State::of_page();
    let stopping = move || {
        lane.transfer.with(|transfer| matches!(transfer, Transfer::Running { ending, .. } if *ending != Ending::Open))
    };
    view! {
        <button
            type="button"
            class="button button-small"
            data-testid=id
            title=move || label(state.strings()).1
            disabled=stopping
            on:click=move |_| transfer::stop(state, lane, how)
        >
            {move || label(state.strings()).0}
        </button>
    }
}

/// Downloads again; a file of the user's has to be picked again.
#[component]
fn Again(what: Cargo) -> impl IntoView {
    let state = State::of_page();
    match what {
        Cargo::Import { .. } => None,
        Cargo::Download(wanted) => Some(view! {
            <button
                type="button"
                class="button button-primary"
                on:click=move |_| transfer::fetch(state, wanted.clone(), Claim::IfFree)
            >
                {t(|s| s.try_again)}
            </button>
        }),
    }
}

/// Why the transfer waits, and for how long.
#[component]
fn WaitLine(lane: Lane) -> impl IntoView {
    let state = State::of_page();
    let now = RwSignal::new(js_sys::Date::now());
    // Ended with this component.
    let ticking = gloo_timers::callback::Interval::new(1_000, move || {
        now.try_set(js_sys::Date::now());
    });
    let ticking = StoredValue::new_local(Some(ticking));
    on_cleanup(move || ticking.update_value(|ticking| drop(ticking.take())));
    move || {
        lane.waiting.get().map(|pause| {
            let texts = &state.strings().library;
            let when = match pause.until {
                Some(until) => {
                    let seconds = (until - now.get()) / 1000.0;
                    if seconds > 0.5 {
                        (texts.retry_in)(&(state.strings().duration)(seconds))
                    } else {
                        texts.retrying.to_owned()
                    }
                }
                None => texts.retry_online.to_owned(),
            };
            view! {
                <div class="wait-line" role="status" data-testid="waiting" data-code=pause.error.code.clone()>
                    <p class="wait-text" title=pause.error.message>
                        {fault_title(state, &pause.error.code)} " · " {when}
                    </p>
                    <button
                        type="button"
                        class="button button-small"
                        data-testid="try-now"
                        on:click=move |_| transfer::try_now(state)
                    >
                        {t(|s| s.library.try_now)}
                    </button>
                </div>
            }
        })
    }
}

/// Says that parts of a split model are missing.
#[component]
pub fn MissingParts() -> impl IntoView {
    let state = State::of_page();
    move || {
        state.missing.get().map(|Missing { given, all }| {
            let said = move || (state.strings().library.split_missing)(&given.to_string(), &all.to_string());
            view! {
                <section class="card aside" role="alert" data-testid="split-missing">
                    <p class="aside-text">{said}</p>
                    <button
                        type="button"
                        class="tool"
                        title=t(|s| s.dismiss)
                        aria-label=t(|s| s.dismiss)
                        on:click=move |_| state.missing.set(None)
                    >
                        <Drawing icon=Icon::Close />
                    </button>
                </section>
            }
        })
    }
}
