//! The models: what is on this device, what can be downloaded, and the way in for a file.

use super::activity::Activity;
use super::catalogue::Catalogue;
use super::file::FileCard;
use super::hero::Hero;
use super::stored::Stored;
use crate::ui::state::{Library, State};
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
                {move || newcomer.get().then(|| view! { <Hero /> })}
                <Activity />
                <Stored />
                <Catalogue />
                <FileCard />
            </div>
        </main>
    }
}
