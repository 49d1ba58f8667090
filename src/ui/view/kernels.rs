//! The choice of kernel variants: the fastest, or one that the visitor names; and which are in use.

use crate::ui::i18n::{KernelStrings, Setting};
use crate::ui::state::{State, t};
use crate::ui::variants::Job;
use leptos::prelude::*;

/// The part of the settings.
#[component]
pub fn KernelSettings() -> impl IntoView {
    let state = State::of_page();
    let in_use = move || {
        let model = state.loaded().filter(|model| !model.kernels.is_empty())?;
        let said = (state.strings().kernels.in_use)(&model.kernels.join(" · "));
        Some(view! { <p class="setting-hint setting-names" data-testid="kernels-in-use">{said}</p> })
    };
    view! {
        <section class="settings-group">
            <h3>{t(|s| s.kernels.title)}</h3>
            <p class="setting-hint">{t(|s| s.kernels.lead)}</p>
            <Choice job=Job::Decode />
            <Choice job=Job::Prompt />
            {in_use}
        </section>
    }
}

/// The variants for a job, and the one that is forced.
#[component]
fn Choice(job: Job) -> impl IntoView {
    let state = State::of_page();
    let (id, pick): (&'static str, fn(&KernelStrings) -> Setting) = match job {
        Job::Decode => ("decode-kernel", |strings| strings.decode),
        Job::Prompt => ("prompt-kernel", |strings| strings.prompt),
    };
    let hint_id = format!("{id}-hint");
    let forced = Memo::new(move |_| state.settings.with(|settings| job.forced(&settings.load.kernels)));
    let options = job.variants().iter().copied().map(|name| {
        view! { <option value=name prop:selected=move || forced.get() == Some(name)>{name}</option> }
    });
    view! {
        <div class="setting">
            <div class="setting-line">
                <label for=id>{move || pick(&state.strings().kernels).label}</label>
                <select
                    id=id
                    data-testid=id
                    aria-describedby=hint_id.clone()
                    on:change=move |event| {
                        let choice = event_target_value(&event);
                        state
                            .settings
                            .update(|settings| {
                                settings.load.kernels = job.force(&settings.load.kernels, &choice);
                            });
                    }
                >
                    <option value="" prop:selected=move || forced.get().is_none()>
                        {t(|s| s.kernels.automatic)}
                    </option>
                    {options.collect_view()}
                </select>
            </div>
            <p class="setting-hint" id=hint_id>{move || pick(&state.strings().kernels).hint}</p>
        </div>
    }
}
