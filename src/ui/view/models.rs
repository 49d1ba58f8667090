//! The models: what is on this device, what can be downloaded, and the way in for a file.

use super::activity::Activity;
use super::catalogue::Catalogue;
use super::file::FileCard;
use super::hero::Hero;
use super::stored::Stored;
use crate::ui::state::{Library, State, t};
use leptos::prelude::*;

/// The view. Who has no model yet sees first what this is.
#[component]
pub fn Models() -> impl IntoView {
    let state = State::of_page();
    let newcomer = Memo::new(move |_| {
        state.library.with(|library| match library {
            Library::Unknown => true,
            Library::Known { models, .. } => models.is_empty(),
        })
    });
    view! {
        <main class="view">
            <div class="page">
                {move || {
                    if newcomer.get() {
                        view! { <Hero /> }.into_any()
                    } else {
                        view! { <h1 class="visually-hidden">{t(|s| s.models)}</h1> }.into_any()
                    }
                }}
                <Activity />
                <Stored />
                <Catalogue />
                <FileCard />
            </div>
        </main>
    }
}
