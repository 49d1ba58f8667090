//! A fault, told to a person: what happened, what to do, and the raw message for who wants it.

use super::copy::CopyButton;
use super::icon::{Drawing, Icon};
use crate::error::ErrorKind;
use crate::protocol::ErrorReport;
use crate::ui::state::{State, t};
use leptos::prelude::*;

/// The card. Its children are the buttons that help.
#[component]
pub fn Fault(
    /// What failed.
    error: ErrorReport,
    /// Buttons.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let state = State::of_page();
    let kind = ErrorKind::from_code(&error.code).unwrap_or(ErrorKind::Internal);
    let title = move || state.language.get().error(kind).title;
    let advice = move || state.language.get().error(kind).advice;
    view! {
        <section class="card fault" role="alert" data-testid="error">
            <Drawing icon=Icon::Alert />
            <div class="fault-body">
                <h2 class="fault-title">{title}</h2>
                <p>{advice}</p>
                <Details error />
                {children.map(|children| view! { <div class="actions">{children()}</div> })}
            </div>
        </section>
    }
}

/// What happened, in the page's language, by the code of an error; and a dependency on that language.
pub fn fault_title(state: State, code: &str) -> &'static str {
    let kind = ErrorKind::from_code(code).unwrap_or(ErrorKind::Internal);
    state.language.get().error(kind).title
}

/// The code and the raw message, folded away.
#[component]
pub fn Details(
    /// What failed.
    error: ErrorReport,
) -> impl IntoView {
    let ErrorReport { code, message } = error;
    let copied = format!("{code}: {message}");
    view! {
        <details class="details">
            <summary>
                <span>{t(|s| s.details)}</span>
                <code data-testid="error-code" data-code=code.clone()>{code.clone()}</code>
            </summary>
            <pre class="details-message">{message}</pre>
            <CopyButton text=move || copied.clone() label=Signal::derive(t(|s| s.copy_details)) />
        </details>
    }
}
