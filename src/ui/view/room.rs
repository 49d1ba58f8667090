//! What can be deleted where storage is full, the largest first.

use crate::protocol::{ModelId, Place, Unfinished};
use crate::ui::cargo::Wanted;
use crate::ui::state::{State, t};
use crate::ui::{format, library};
use leptos::prelude::*;
use leptos::task::spawn_local;

/// The list; nothing where there is nothing to delete.
#[component]
pub fn MakeRoom(
    /// What room is made for.
    wanted: Option<Wanted>,
) -> impl IntoView {
    let state = State::of_page();
    let items = move || {
        state.library.with(|library| {
            // What is on the user's disk takes no space here.
            let whole = library.models().iter().filter(|model| model.place != Place::Disk);
            let whole = whole.map(|model| (model.id.clone(), model.bytes));
            let other =
                |item: &&Unfinished| wanted.as_ref().is_none_or(|wanted| !wanted.is_same(&Wanted::rest_of(item)));
            let begun = library.unfinished().iter().filter(other).map(|item| (item.id.clone(), item.received));
            let mut items: Vec<(ModelId, u64)> = whole.chain(begun).filter(|item| item.1 > 0).collect();
            items.sort_by_key(|item| std::cmp::Reverse(item.1));
            items
        })
    };
    move || {
        let items = items();
        (!items.is_empty()).then(|| {
            let rows = items.into_iter().map(|(id, bytes)| {
                let name = library::title_of_file(&id);
                let remove = move |_| {
                    let id = id.clone();
                    spawn_local(async move {
                        // What was deleted makes way by itself for what comes.
                        let _ = library::remove(state, id).await;
                    });
                };
                view! {
                    <li class="room-row">
                        <span class="room-name">{name}</span>
                        <span class="file-size">{format::bytes(bytes)}</span>
                        <button type="button" class="button button-small" data-testid="make-room" on:click=remove>
                            {t(|s| s.delete)}
                        </button>
                    </li>
                }
            });
            view! { <ul class="room">{rows.collect_view()}</ul> }
        })
    }
}
