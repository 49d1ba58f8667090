//! The check of the GPU: a button, what it has shown, and a quiet word if a kernel had to be replaced.

use super::fault::Fault;
use crate::protocol::{SelfTestFault, SelfTestReport};
use crate::ui::checkup;
use crate::ui::format;
use crate::ui::i18n::CheckStrings;
use crate::ui::state::{SelfTest, State, t};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Starts the self-test.
#[component]
pub fn SelfTestButton() -> impl IntoView {
    let state = State::of_page();
    let underway = Memo::new(move |_| state.self_test.with(|test| *test == SelfTest::Underway));
    view! {
        <button
            type="button"
            class="button"
            data-testid="self-test"
            aria-busy=move || underway.get().to_string()
            disabled=move || !checkup::possible(state)
            on:click=move |_| spawn_local(async move {
                let _ = checkup::self_test(state).await;
            })
        >
            {move || if underway.get() { state.strings().check.underway } else { state.strings().check.start }}
        </button>
    }
}

/// What the self-test has shown, and what the checks before the load have.
#[component]
pub fn SelfTestResult() -> impl IntoView {
    let state = State::of_page();
    let result = move || match state.self_test.get() {
        SelfTest::Not | SelfTest::Underway => None,
        SelfTest::Done(report) if report.is_clean() => Some(view! { <Passed report /> }.into_any()),
        SelfTest::Done(report) => Some(view! { <Wrong report /> }.into_any()),
        SelfTest::Failed(error) => Some(
            view! {
                <div data-testid="self-test-result" data-state="failed">
                    <Fault error />
                </div>
            }
            .into_any(),
        ),
    };
    let replaced = move || {
        state.replaced.with(|faults| !faults.is_empty()).then(|| {
            view! { <p class="setting-hint" data-testid="kernel-replaced">{t(|s| s.check.replaced)}</p> }
        })
    };
    view! {
        <div class="checkup" aria-live="polite">{result}</div>
        {replaced}
    }
}

#[component]
fn Passed(report: SelfTestReport) -> impl IntoView {
    let state = State::of_page();
    let said = move || {
        let count = report.passed.len() + usize::from(report.answer.is_some());
        let time = format::brief(report.milliseconds);
        (state.strings().check.passed)(&format::count(count as u64), &report.adapter, &time)
    };
    view! { <p class="checkup-passed" data-testid="self-test-result" data-state="passed">{said}</p> }
}

#[component]
fn Wrong(report: SelfTestReport) -> impl IntoView {
    let state = State::of_page();
    let answer = report.answer.filter(|answer| !answer.is_right());
    let wrong = report.failed.len() + usize::from(answer.is_some());
    let all = report.passed.len() + wrong;
    let title = move || (state.strings().check.failed)(&format::count(wrong as u64), &format::count(all as u64));
    let lines = move || {
        let strings = &state.strings().check;
        let mut lines: Vec<(String, String)> =
            report.failed.iter().map(|fault| (fault.check.clone(), finding(strings, fault))).collect();
        if let Some(answer) = &answer {
            lines.push((strings.answer.to_owned(), (strings.found)(&quoted(&answer.expected), &quoted(&answer.found))));
        }
        let items = lines.into_iter().map(|(name, found)| view! { <li><code>{name}</code> " " {found}</li> });
        items.collect_view()
    };
    view! {
        <div class="checkup-failed" data-testid="self-test-result" data-state="failed">
            <p><strong>{title}</strong></p>
            <p>{t(|s| s.check.advice)}</p>
            <ul class="checkup-list">{lines}</ul>
        </div>
    }
}

/// What was expected and what was found.
fn finding(strings: &CheckStrings, fault: &SelfTestFault) -> String {
    let expected = fault.expected.to_string();
    match (&fault.error, fault.found) {
        (Some(error), _) => error.clone(),
        (None, Some(found)) => (strings.found)(&expected, &found.to_string()),
        (None, None) => (strings.found_nothing)(&expected),
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
