//! The page that stands in place of everything else when nothing can work here.

use super::fault::Details;
use super::icon::Seal;
use crate::protocol::ErrorReport;
use crate::ui::i18n::{ErrorText, Strings};
use crate::ui::state::{Obstacle, State, t};
use leptos::prelude::*;

/// The page for an obstacle.
#[component]
pub fn ObstaclePage(
    /// Which one.
    obstacle: Obstacle,
) -> impl IntoView {
    let state = State::of_page();
    let code = obstacle.code().to_owned();
    let pick: fn(&Strings) -> ErrorText = match obstacle {
        Obstacle::NoWebGpu => |s| s.no_webgpu,
        Obstacle::Insecure => |s| s.insecure,
        Obstacle::NotStarted(_) => |s| s.worker_failed,
        Obstacle::Died(_) => |s| s.worker_died,
        Obstacle::Slow => |s| s.worker_slow,
        Obstacle::VersionMismatch(_) => |s| s.version_mismatch,
    };
    let browsers = (obstacle == Obstacle::NoWebGpu).then(|| {
        let line = |i: usize| move || state.strings().no_webgpu_browsers.get(i).copied().unwrap_or_default();
        view! { <ul class="obstacle-list">{(0..4).map(|i| view! { <li>{line(i)}</li> }).collect_view()}</ul> }
    });
    let error = match obstacle {
        Obstacle::NotStarted(error) | Obstacle::Died(error) | Obstacle::VersionMismatch(error) => error,
        Obstacle::NoWebGpu => ErrorReport { code, message: "navigator.gpu is not there".into() },
        Obstacle::Insecure => ErrorReport { code, message: "this page is not a secure context".into() },
        Obstacle::Slow => ErrorReport { code, message: "the worker has not said that it is ready".into() },
    };
    view! {
        <main class="view">
            <section class="obstacle" role="alert" data-testid="error">
                <Seal />
                <h1>{move || pick(state.strings()).title}</h1>
                <p>{move || pick(state.strings()).advice}</p>
                {browsers}
                <div class="actions">
                    <button type="button" class="button button-primary" on:click=|_| reload()>
                        {t(|s| s.reload_page)}
                    </button>
                </div>
                <Details error />
            </section>
        </main>
    }
}

fn reload() {
    if let Err(error) = window().location().reload() {
        leptos::logging::warn!("the page does not reload: {error:?}");
    }
}
