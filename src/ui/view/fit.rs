//! What fits this GPU: measured once when the models are first looked at, and shown beside every file.

use super::icon::{Drawing, Icon};
use crate::protocol::{Measurement, Processor};
use crate::source::catalogue::fit::{Fit, bytes_per_token, fit};
use crate::source::catalogue::{self, Advice, Entry};
use crate::ui::state::{Engine, Measured, State, t};
use crate::ui::{checkup, format};
use leptos::prelude::*;

/// Measures once in a session, as soon as there is time for it.
pub fn measure_once(state: State) {
    Effect::new(move |_| {
        let first = state.measured.with(|measured| *measured == Measured::Not);
        let ready = state.engine.with(|engine| matches!(engine, Engine::Ready(_)));
        if first && ready && checkup::possible(state) {
            checkup::start_measuring(state);
        }
    });
}

/// What is known of `entry` on this GPU; `None` before the measurement.
pub fn known(state: State, entry: &Entry) -> Option<Fit> {
    state.measured.with(|measured| match measured {
        Measured::Done(report) => Some(fit(entry, report)),
        Measured::Not | Measured::Underway | Measured::Failed => None,
    })
}

/// Whether `entry` fits, with how much context and how fast; nothing before the measurement.
#[component]
pub fn FitNote(
    /// The file.
    entry: &'static Entry,
) -> impl IntoView {
    let state = State::of_page();
    move || {
        known(state, entry).map(|fit| {
            let strings = state.strings();
            let (fits, icon, said) = match fit {
                Fit::Fits { context, tok_s } => {
                    let (context, rate) = (format::count(context.into()), format::expected_rate(tok_s));
                    ("yes", Icon::Check, (strings.fit.fits)(&context, &rate))
                }
                Fit::TooLarge { needed, free } => {
                    ("no", Icon::Alert, (strings.fit.too_large)(&format::bytes(needed), &format::bytes(free)))
                }
            };
            view! {
                <span class="fit" data-testid="fit" data-fits=fits>
                    <Drawing icon />
                    <span>{said}</span>
                </span>
            }
        })
    }
}

/// How far the measurement is, a button to make it again, and the way to the page that measures models.
#[component]
pub fn MeasureLine() -> impl IntoView {
    let state = State::of_page();
    let said = move || {
        let strings = state.strings();
        state.measured.with(|measured| match measured {
            Measured::Not => None,
            Measured::Underway => Some(strings.fit.measuring.to_owned()),
            Measured::Done(report) => Some((strings.fit.measured)(&report.adapter)),
            Measured::Failed => Some(strings.fit.failed.to_owned()),
        })
    };
    let again =
        Memo::new(move |_| state.measured.with(|measured| matches!(measured, Measured::Done(_) | Measured::Failed)));
    view! {
        <p class="measured quiet" data-testid="measured">
            <span role="status">{said}</span>
            {move || {
                again.get().then(|| view! {
                    <button
                        type="button"
                        class="disclosure"
                        data-testid="measure-again"
                        disabled=move || !checkup::possible(state)
                        on:click=move |_| checkup::start_measuring(state)
                    >
                        {t(|s| s.fit.again)}
                    </button>
                })
            }}
            <a class="disclosure" data-testid="measure-speed" href="./bench.html">{t(|s| s.fit.bench)}</a>
        </p>
    }
}

/// Says that there is only a software GPU, how slow that is, and what to do.
#[component]
pub fn SoftwareNotice() -> impl IntoView {
    let state = State::of_page();
    let speed = move || {
        state.measured.with(|measured| match measured {
            Measured::Done(report) if report.processor == Processor::Software => smallest(report),
            _ => None,
        })
    };
    move || {
        speed().map(|(name, tok_s)| {
            let said = move || (state.strings().fit.software_speed)(name, &format::expected_rate(tok_s));
            view! {
                <section class="card notice" data-testid="software-gpu">
                    <Drawing icon=Icon::Alert />
                    <div>
                        <h2 class="notice-title">{t(|s| s.fit.software_title)}</h2>
                        <p>{said}</p>
                        <p>{t(|s| s.fit.software_advice)}</p>
                    </div>
                </section>
            }
        })
    }
}

/// The usual file of the smallest model, and how fast it would be whether it fits or not.
fn smallest(measured: &Measurement) -> Option<(&'static str, f64)> {
    let entry = catalogue::entries().iter().find(|entry| entry.advice == Advice::Recommended)?;
    let bytes = bytes_per_token(entry);
    let tok_s = measured.decode_tok_s(entry.family.layers, bytes.iter().map(|(name, bytes)| (*name, *bytes)));
    Some((entry.family.name, tok_s))
}
