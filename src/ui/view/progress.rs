//! How far something is: a card with a bar and figures.

use crate::protocol::Stage;
use crate::ui::cargo::Progress;
use crate::ui::format;
use crate::ui::state::State;
use leptos::prelude::*;

/// A title, a bar, figures, and buttons.
#[component]
pub fn Card<T>(
    /// What is under way.
    title: T,
    /// How far it is.
    progress: RwSignal<Option<Progress>>,
    /// What there is to say besides.
    #[prop(optional)]
    below: Option<AnyView>,
    /// Buttons.
    children: Children,
) -> impl IntoView
where
    T: Fn() -> String + Send + Clone + 'static,
{
    let state = State::of_page();
    let figures = move || figures(state, progress.get());
    let label = title.clone();
    let counted = Memo::new(move |_| progress.get().is_some_and(|p| p.total.is_some()));
    view! {
        <section class="card activity" data-testid="progress">
            <div class="activity-head">
                <h2 class="activity-title">{title}</h2>
                <span class="activity-percent">{move || progress.get().and_then(|p| p.percent())}</span>
                {children()}
            </div>
            {move || {
                let label = label.clone();
                if counted.get() {
                    let value = move || progress.get().map(|p| p.done.to_string());
                    let max = move || progress.get().and_then(|p| p.total).map(|total| total.max(1).to_string());
                    view! { <progress class="bar-line" aria-label=label value=value max=max></progress> }.into_any()
                } else {
                    view! { <progress class="bar-line" aria-label=label></progress> }.into_any()
                }
            }}
            <p class="activity-figures">{figures}</p>
            {below}
        </section>
    }
}

/// "2.10 GB of 4.71 GB · 38.2 MB/s · 1 min 8 s left".
fn figures(state: State, progress: Option<Progress>) -> String {
    let strings = state.strings();
    let Some(progress) = progress else { return strings.stage_waiting.to_owned() };
    match progress.stage {
        Stage::Prepare => return strings.stage_prepare.to_owned(),
        Stage::SelfTest => return strings.check.underway.to_owned(),
        Stage::Choice => return strings.kernels.comparing.to_owned(),
        Stage::Download | Stage::Import | Stage::Verify | Stage::Upload | Stage::Prefill => {}
    }
    if (progress.done, progress.total) == (0, None) {
        return strings.stage_waiting.to_owned();
    }
    let done = format::bytes(progress.done);
    let mut parts = vec![progress.total.map_or(done.clone(), |total| (strings.of)(&done, &format::bytes(total)))];
    match progress.stage {
        Stage::Upload => parts.insert(0, strings.stage_upload.to_owned()),
        Stage::Verify => parts.insert(0, strings.library.checking.to_owned()),
        _ => {}
    }
    if let Some(rate) = progress.rate {
        parts.push((strings.per_second)(&format::bytes(rate as u64)));
    }
    if let Some(seconds) = progress.seconds_left() {
        parts.push((strings.left)(&(strings.duration)(seconds)));
    }
    parts.join(" · ")
}
