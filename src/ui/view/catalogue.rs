//! The official models: one row for each, with the file to propose; all its files are folded below.

use super::fit::{FitNote, MeasureLine, known};
use super::icon::{Drawing, Icon};
use crate::protocol::Claim;
use crate::source::catalogue::fit::{Fit, recommend};
use crate::source::catalogue::{self, Advice, Entry, Family, Quantisation, USUAL_CONTEXT};
use crate::ui::cargo::Wanted;
use crate::ui::format;
use crate::ui::i18n::{Quality, Size};
use crate::ui::shelf::Library;
use crate::ui::state::{Engine, Measured, State, t};
use crate::ui::transfer;
use leptos::prelude::*;
use std::iter::{once, repeat};

/// The section.
#[component]
pub fn Catalogue() -> impl IntoView {
    view! {
        <section class="section">
            <div class="section-head">
                <div>
                    <h2 class="section-title">{t(|s| s.catalogue_heading)}</h2>
                    <p class="section-lead">{t(|s| s.catalogue_lead)}</p>
                    <MeasureLine />
                    <FreeSpace />
                </div>
                <SourceMenu />
            </div>
            <ul class="rows">
                {catalogue::families()
                    .into_iter()
                    .zip(once(Place::First).chain(repeat(Place::Other)))
                    .map(|(family, place)| view! { <FamilyRow family place /> })
                    .collect_view()}
            </ul>
        </section>
    }
}

/// How much can be stored, where the browser tells.
#[component]
fn FreeSpace() -> impl IntoView {
    let state = State::of_page();
    let free = Memo::new(move |_| {
        let storage = state.library.with(Library::storage)?;
        // What was deleted makes way.
        Some(storage.quota.saturating_sub(storage.used).saturating_add(storage.removed))
    });
    move || {
        free.get().map(|free| {
            let said = move || (state.strings().library.free_here)(&format::bytes(free));
            view! { <p class="quiet" data-testid="free-space">{said}</p> }
        })
    }
}

/// The sites to download from, in the order in which they are tried.
#[component]
fn SourceMenu() -> impl IntoView {
    let state = State::of_page();
    let order = move || state.sources.with(|sources| sources.order().to_vec());
    view! {
        <div class="source" role="group" aria-label=t(|s| s.mirror) title=t(|s| s.library.sources_hint)>
            <span class="quiet">{t(|s| s.mirror)}</span>
            {move || {
                let sites = order().into_iter().enumerate().map(|(place, mirror)| {
                    let pressed = (place == 0).to_string();
                    view! {
                        <button
                            type="button"
                            class="source-site"
                            data-testid="source"
                            data-host=mirror.host()
                            aria-pressed=pressed
                            on:click=move |_| state.sources.update(|sources| *sources = sources.first(mirror))
                        >
                            {mirror.host()}
                        </button>
                    }
                });
                sites.collect_view()
            }}
        </div>
    }
}

/// The place of a row: the first is for who does not know which to take, as long as nothing is known of the GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Other,
}

/// How much a proposal stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// The one for this GPU.
    Best,
    /// The one to begin with.
    First,
    Other,
}

/// The weight of a proposal, by what is known of the GPU.
fn weight(state: State, entry: &'static Entry, place: Place) -> Memo<Weight> {
    Memo::new(move |_| {
        let best = state.measured.with(|measured| match measured {
            Measured::Done(report) => recommend(report),
            Measured::Not | Measured::Underway | Measured::Failed => None,
        });
        match best {
            Some(best) if best == entry => Weight::Best,
            // One that does not fit can be had, but nobody is led to it.
            None if place == Place::First && !matches!(known(state, entry), Some(Fit::TooLarge { .. })) => {
                Weight::First
            }
            _ => Weight::Other,
        }
    })
}

/// Whether all files of a model are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Files {
    Folded,
    Listed,
}

#[component]
fn FamilyRow(family: &'static Family, place: Place) -> impl IntoView {
    let state = State::of_page();
    let files = RwSignal::new(Files::Folded);
    let listed = move || files.get() == Files::Listed;
    let count = catalogue::entries_of(family).count();
    let proposed = catalogue::entries_of(family).find(|entry| entry.advice == Advice::Recommended);
    let proposed = proposed.map(|entry| (entry, weight(state, entry, place)));
    let usual = move |entry: &Entry| {
        let bytes = entry.gpu_bytes(USUAL_CONTEXT);
        (state.strings().gpu_memory)(&format::bytes(bytes + bytes / 10))
    };
    view! {
        <li class="family">
            <div class="family-text">
                <h3 class="family-name">
                    {family.name}
                    {proposed.map(|(_, weight)| move || {
                        (weight.get() == Weight::Best).then(|| view! {
                            <span class="tag tag-good" data-testid="recommended">{t(|s| s.fit.best)}</span>
                        })
                    })}
                </h3>
                <p class="family-note">{move || (state.strings().good_for)(size(family))}</p>
                <p class="family-facts">
                    {proposed.map(|(entry, _)| view! {
                        <span class="tag" title=move || format!("{} · {}", state.strings().recommended, hash(state, entry))>
                            {entry.quantisation.label()}
                        </span>
                        <span title=move || memory(state, entry)>{move || usual(entry)}</span>
                    })}
                    <span>{move || (state.strings().licence)(family.licence)}</span>
                    <button
                        type="button"
                        class="disclosure"
                        data-testid="all-files"
                        aria-expanded=move || listed().to_string()
                        on:click=move |_| {
                            files.update(|files| *files = if *files == Files::Folded { Files::Listed } else { Files::Folded });
                        }
                    >
                        {move || (state.strings().more_files)(&count.to_string())}
                        <Drawing icon=Icon::Chevron />
                    </button>
                </p>
            </div>
            {proposed.map(|(entry, weight)| view! { <Proposal entry weight /> })}
            {move || {
                listed().then(|| view! {
                    <ul class="files">
                        {catalogue::entries_of(family).map(|entry| view! { <FileRow entry /> }).collect_view()}
                    </ul>
                })
            }}
        </li>
    }
}

/// The file to propose: one button.
#[component]
fn Proposal(entry: &'static Entry, weight: Memo<Weight>) -> impl IntoView {
    let state = State::of_page();
    let stored = stored(state, entry);
    let blocked = blocked(state);
    let class = move || match weight.get() {
        Weight::Best | Weight::First => "button button-primary",
        Weight::Other => "button",
    };
    view! {
        <div class="proposal" data-testid="catalogue-entry" data-file=entry.file_name()>
            {move || {
                if stored.get() {
                    view! { <span class="tag tag-good">{t(|s| s.stored_already)}</span> }.into_any()
                } else {
                    view! {
                        <button
                            type="button"
                            class=class
                            data-testid="download"
                            disabled=move || blocked.get()
                            on:click=move |_| fetch(state, entry)
                        >
                            <Drawing icon=Icon::Download />
                            {move || (state.strings().download)(&format::bytes(entry.size.bytes()))}
                        </button>
                    }
                    .into_any()
                }
            }}
            <FitNote entry />
        </div>
    }
}

#[component]
fn FileRow(entry: &'static Entry) -> impl IntoView {
    let state = State::of_page();
    let stored = stored(state, entry);
    let blocked = blocked(state);
    let name = entry.quantisation.label();
    view! {
        <li class="file" data-testid="catalogue-entry" data-file=entry.file_name()>
            <span class="tag">{name}</span>
            <span class="file-quality quiet">
                {move || (state.strings().quality)(quality(entry.quantisation))}
                {(entry.advice == Advice::Recommended).then(|| view! { " · " {t(|s| s.recommended)} })}
                " · "
                {move || hash(state, entry)}
                <span class="file-memory">{move || memory(state, entry)}</span>
                <FitNote entry />
            </span>
            <span class="file-size">{format::bytes(entry.size.bytes())}</span>
            {move || {
                if stored.get() {
                    view! {
                        <span class="file-stored" title=t(|s| s.stored_already)>
                            <Drawing icon=Icon::Check />
                            <span class="visually-hidden">{t(|s| s.stored_already)}</span>
                        </span>
                    }
                    .into_any()
                } else {
                    let label = move || format!("{} {name}", state.strings().download_short);
                    view! {
                        <button
                            type="button"
                            class="tool tool-small"
                            data-testid="download"
                            title=label
                            aria-label=label
                            disabled=move || blocked.get()
                            on:click=move |_| fetch(state, entry)
                        >
                            <Drawing icon=Icon::Download />
                        </button>
                    }
                    .into_any()
                }
            }}
        </li>
    }
}

fn fetch(state: State, entry: &Entry) {
    let name = format!("{} {}", entry.family.name, entry.quantisation.label());
    let plan = state.sources.with_untracked(|sources| entry.plan(sources.order()));
    transfer::fetch(state, Wanted { name, plan }, Claim::IfFree);
}

/// Whether the file is on this device.
fn stored(state: State, entry: &'static Entry) -> Memo<bool> {
    // Storage names a model as its file, without the ending.
    let id = entry.file_name().trim_end_matches(".gguf").to_owned();
    Memo::new(move |_| state.library.with(|library| library.models().iter().any(|model| model.id.0 == id)))
}

/// Whether a download cannot be asked for now; while another is under way it waits for its turn.
fn blocked(state: State) -> Memo<bool> {
    Memo::new(move |_| state.engine.with(|engine| matches!(engine, Engine::Starting)))
}

/// Whether there is a hash to compare with.
fn hash(state: State, entry: &Entry) -> &'static str {
    let texts = &state.strings().library;
    if entry.sha256.is_some() { texts.pinned } else { texts.looked_up }
}

/// GPU memory at three lengths of context.
fn memory(state: State, entry: &Entry) -> String {
    let at = |context| {
        let bytes = entry.gpu_bytes(context);
        format::bytes(bytes + bytes / 10)
    };
    (state.strings().library.memory)(&at(4_096), &at(8_192), &at(32_768))
}

fn size(family: &Family) -> Size {
    match (family.parameters, family.trained_context) {
        (0..3_000_000_000, _) => Size::Small,
        (3_000_000_000..12_000_000_000, 0..100_000) => Size::Medium,
        (3_000_000_000..12_000_000_000, _) => Size::MediumLong,
        _ => Size::Large,
    }
}

const fn quality(quantisation: Quantisation) -> Quality {
    use Quantisation as Q;
    match quantisation {
        Q::Q2_K => Quality::Poor,
        Q::Q3_K_M => Quality::Fair,
        Q::Q4_0 | Q::Q4_K_M => Quality::Good,
        Q::Q5_0 | Q::Q5_K_M | Q::Q6_K => Quality::Better,
        Q::Q8_0 => Quality::NearlyLossless,
        Q::F16 => Quality::Original,
    }
}
