//! A quiet bar below the header: a new build of the page is there, and comes in when the visitor says so.
//!
//! `static/renew.js` knows the builds and brings them in; it and this bar tell each other the rest with events of the
//! window, as that file lists them. The bar never takes the focus, and no answer is ever lost to it: the script waits
//! until this tab, and every other one, has said that it is idle.

use crate::ui::shelf::Check;
use crate::ui::state::{Engine, Measured, SelfTest, State, t};
use leptos::ev;
use leptos::prelude::*;
use web_sys::Event;

/// How far a new build is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Renewal {
    /// There is none, or the visitor does not want it now.
    None,
    /// It could come in.
    Ready,
    /// It will, when no tab is at work.
    Waiting,
}

impl Renewal {
    /// As `static/renew.js` has set it.
    fn of_document() -> Self {
        let state = document().document_element().and_then(|root| root.get_attribute("data-renewal"));
        match state.as_deref() {
            Some("ready") => Self::Ready,
            Some("waiting") => Self::Waiting,
            _ => Self::None,
        }
    }
}

/// The bar; empty while there is nothing to say, since only what changes within a status is read aloud.
#[component]
pub fn RenewalBar() -> impl IntoView {
    let state = State::of_page();
    let renewal = RwSignal::new(Renewal::of_document());
    window_event_listener(ev::Custom::new("inkstone:renewal"), move |_: Event| renewal.set(Renewal::of_document()));
    let busy = Memo::new(move |_| is_at_work(state));
    Effect::new(move |_| tell(if busy.get() { "inkstone:busy" } else { "inkstone:idle" }));

    let shown = Memo::new(move |_| renewal.get() != Renewal::None);
    let waiting = Memo::new(move |_| renewal.get() == Renewal::Waiting);
    let text = move || if waiting.get() { t(|s| s.renewal.waiting)() } else { t(|s| s.renewal.ready)() };
    let reload = move || if busy.get() { t(|s| s.renewal.reload_later)() } else { t(|s| s.renewal.reload)() };
    view! {
        <div class="renewal" role="status" data-testid="renewal">
            {move || {
                shown
                    .get()
                    .then(|| {
                        view! {
                            <p class="renewal-text">{text}</p>
                            <div class="renewal-actions">
                                <button
                                    type="button"
                                    class="button button-small"
                                    data-testid="renew"
                                    aria-disabled=move || waiting.get().to_string()
                                    on:click=move |_| tell("inkstone:renew")
                                >
                                    {reload}
                                </button>
                                <button
                                    type="button"
                                    class="button button-small button-quiet"
                                    data-testid="renew-later"
                                    on:click=move |_| tell("inkstone:later")
                                >
                                    {t(|s| s.renewal.later)}
                                </button>
                            </div>
                        }
                    })
            }}
        </div>
    }
}

/// Whether a reload would spoil something; and a dependency on that. A download is none of it: it goes on where it was.
fn is_at_work(state: State) -> bool {
    // Asked one and all, so that each is followed.
    let [engine, answer, intake, measurement, self_test, check] = [
        state.engine.with(|engine| matches!(engine, Engine::Starting | Engine::Loading(_))),
        state.answering.with(Option::is_some),
        state.intake.is_busy(),
        state.measured.with(|measured| *measured == Measured::Underway),
        state.self_test.with(|test| *test == SelfTest::Underway),
        state.check.with(|check| matches!(check, Check::Underway { .. })),
    ];
    engine || answer || intake || measurement || self_test || check
}

fn tell(what: &str) {
    // An event with such a name can always be made, and without a listener it is lost.
    if let Ok(event) = Event::new(what) {
        let _ = window().dispatch_event(&event);
    }
}
