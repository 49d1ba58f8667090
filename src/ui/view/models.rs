//! The models: what is on this device, what can be downloaded, and the way in for a file.

use super::activity::Activity;
use super::beside::FromThisSite;
use super::catalogue::Catalogue;
use super::file::FileCard;
use super::fit::{SoftwareNotice, measure_once};
use super::stored::Stored;
use crate::ui::state::{State, t};
use leptos::prelude::*;

/// The view.
#[component]
pub fn Models() -> impl IntoView {
    measure_once(State::of_page());
    view! {
        <main class="view">
            <div class="page">
                <h1 class="visually-hidden">{t(|s| s.models)}</h1>
                <Activity />
                <SoftwareNotice />
                <Stored />
                <FromThisSite />
                <Catalogue />
                <FileCard />
            </div>
        </main>
    }
}
