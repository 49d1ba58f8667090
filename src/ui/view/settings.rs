//! The settings: instructions, sampling, and what takes effect when the model is loaded again.

use super::checkup::{SelfTestButton, SelfTestResult};
use super::copy::write;
use super::icon::{Drawing, Icon};
use super::kernels::KernelSettings;
use super::setting::{NumberSetting, Range, Slider};
use crate::protocol::{Command, Event, GenerateOptions, KvType};
use crate::ui::preferences::{INTERNLM_SYSTEM_PROMPT, Settings};
use crate::ui::state::{Panel, SelfTest, State, t};
use crate::ui::{library, loading, variants};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// A change of one number of the sampling.
type Change = fn(&mut GenerateOptions, Option<f64>);

/// In the order of [`Strings::kv_types`](crate::ui::i18n::Strings::kv_types).
const KV_TYPES: [(KvType, &str); 4] =
    [(KvType::F32, "f32"), (KvType::F16, "f16"), (KvType::Q8_0, "q8_0"), (KvType::Q4_0, "q4_0")];

/// The panel; not in the document while it is closed.
#[component]
pub fn SettingsPanel() -> impl IntoView {
    let state = State::of_page();
    move || (state.panel.get() == Panel::Settings).then(|| view! { <Opened /> })
}

#[component]
fn Opened() -> impl IntoView {
    let state = State::of_page();
    let close = NodeRef::<html::Button>::new();
    Effect::new(move |_| {
        if let Some(close) = close.get() {
            // A page that is not in front may be refused.
            let _ = close.focus();
        }
    });
    view! {
        <aside class="settings" id="settings" aria-label=t(|s| s.settings)>
            <div class="settings-head">
                <h2>{t(|s| s.settings)}</h2>
                <button
                    type="button"
                    class="tool"
                    data-testid="close-settings"
                    title=t(|s| s.close)
                    aria-label=t(|s| s.close)
                    node_ref=close
                    on:click=move |_| state.panel.set(Panel::Closed)
                >
                    <Drawing icon=Icon::Close />
                </button>
            </div>
            <NotForGuide />
            <SystemPrompt />
            <Sampling />
            <Memory />
            <KernelSettings />
            <Reload />
            <div class="settings-foot">
                <button
                    type="button"
                    class="button"
                    data-testid="reset-settings"
                    on:click=move |_| state.settings.set(Settings::default())
                >
                    {t(|s| s.reset)}
                </button>
                <button type="button" class="button" data-testid="diagnostics" on:click=move |_| copy_diagnostics(state)>
                    {t(|s| s.diagnostics)}
                </button>
                <SelfTestButton />
            </div>
            <SelfTestResult />
        </aside>
    }
}

/// Says that the guide answers in its own way.
#[component]
fn NotForGuide() -> impl IntoView {
    let state = State::of_page();
    let guide = Memo::new(move |_| state.loaded().is_some_and(|model| model.id.is_guide()));
    move || {
        guide.get().then(|| {
            view! { <p class="setting-hint settings-note" data-testid="guide-settings">{t(|s| s.guide.settings)}</p> }
        })
    }
}

#[component]
fn SystemPrompt() -> impl IntoView {
    let state = State::of_page();
    let text = move || state.settings.with(|settings| settings.system_prompt.clone());
    let set = move |text: String| state.settings.update(|settings| settings.system_prompt = text);
    // Written only when it differs, so that the cursor and a composition stay where they are.
    let area = NodeRef::<html::Textarea>::new();
    Effect::new(move |_| {
        let text = text();
        if let Some(area) = area.get().filter(|area| area.value() != text) {
            area.set_value(&text);
        }
    });
    view! {
        <section class="setting">
            <label for="system-prompt">{t(|s| s.system_prompt.label)}</label>
            <p class="setting-hint" id="system-prompt-hint">{t(|s| s.system_prompt.hint)}</p>
            <textarea
                id="system-prompt"
                class="setting-text"
                data-testid="system-prompt"
                rows="5"
                dir="auto"
                aria-describedby="system-prompt-hint"
                placeholder=INTERNLM_SYSTEM_PROMPT
                node_ref=area
                on:input=move |event| set(event_target_value(&event))
            ></textarea>
            <div class="actions">
                <button
                    type="button"
                    class="button button-small"
                    data-testid="system-prompt-preset"
                    on:click=move |_| set(INTERNLM_SYSTEM_PROMPT.to_owned())
                >
                    {t(|s| s.system_prompt_preset)}
                </button>
                <button
                    type="button"
                    class="button button-small"
                    data-testid="system-prompt-clear"
                    disabled=move || text().is_empty()
                    on:click=move |_| set(String::new())
                >
                    {t(|s| s.system_prompt_clear)}
                </button>
            </div>
        </section>
    }
}

/// A number of the sampling, read and changed in the settings.
fn generate(
    state: State,
    read: fn(&GenerateOptions) -> Option<f64>,
    change: Change,
) -> (Signal<Option<f64>>, impl Fn(Option<f64>) + Copy + Send + 'static) {
    let value = Signal::derive(move || state.settings.with(|settings| read(&settings.generate)));
    (value, move |number| state.settings.update(|settings| change(&mut settings.generate, number)))
}

#[component]
fn Sampling() -> impl IntoView {
    let state = State::of_page();
    let (temperature, set_temperature) =
        generate(state, |o| Some(o.temperature.into()), |o, n| o.temperature = n.map_or(o.temperature, |n| n as f32));
    let (top_p, set_top_p) =
        generate(state, |o| Some(o.top_p.into()), |o, n| o.top_p = n.map_or(o.top_p, |n| n as f32));
    let (top_k, set_top_k) =
        generate(state, |o| Some(o.top_k.into()), |o, n| o.top_k = n.map_or(o.top_k, |n| n as u32));
    let (min_p, set_min_p) =
        generate(state, |o| Some(o.min_p.into()), |o, n| o.min_p = n.map_or(o.min_p, |n| n as f32));
    let (repetition, set_repetition) = generate(
        state,
        |o| Some(o.repetition_penalty.into()),
        |o, n| o.repetition_penalty = n.map_or(o.repetition_penalty, |n| n as f32),
    );
    let (max_tokens, set_max_tokens) =
        generate(state, |o| o.max_tokens.map(f64::from), |o, n| o.max_tokens = n.map(|n| n as u32));
    let (seed, set_seed) = generate(state, |o| o.seed.map(|s| s as f64), |o, n| o.seed = n.map(|n| n as u64));
    let fraction = Range { min: 0.0, max: 1.0, step: 0.05 };
    view! {
        <section class="settings-group">
            <h3>{t(|s| s.sampling)}</h3>
            <NumberSetting
                testid="temperature"
                pick=|s| s.temperature
                range=Range { min: 0.0, max: 2.0, step: 0.05 }
                slider=Slider::Shown
                value=temperature
                set=set_temperature
            />
            <NumberSetting testid="top-p" pick=|s| s.top_p range=fraction slider=Slider::Shown value=top_p set=set_top_p />
            <NumberSetting testid="top-k" pick=|s| s.top_k range=Range { min: 0.0, max: 1000.0, step: 1.0 } value=top_k set=set_top_k />
            <NumberSetting testid="min-p" pick=|s| s.min_p range=fraction value=min_p set=set_min_p />
            <NumberSetting
                testid="repetition-penalty"
                pick=|s| s.repetition
                range=Range { min: 0.5, max: 2.0, step: 0.005 }
                value=repetition
                set=set_repetition
            />
            <NumberSetting
                testid="max-tokens"
                pick=|s| s.max_tokens
                placeholder=|s| s.max_tokens_none
                range=Range { min: 1.0, max: 1_048_576.0, step: 1.0 }
                value=max_tokens
                set=set_max_tokens
            />
            <NumberSetting
                testid="seed"
                pick=|s| s.seed
                placeholder=|s| s.seed_none
                // Whole numbers that a 64-bit float, and so JavaScript, holds exactly.
                range=Range { min: 0.0, max: 9_007_199_254_740_991.0, step: 1.0 }
                value=seed
                set=set_seed
            />
        </section>
    }
}

#[component]
fn Memory() -> impl IntoView {
    let state = State::of_page();
    let context = Signal::derive(move || state.settings.with(|settings| settings.load.context_length.map(f64::from)));
    let set_context = move |number: Option<f64>| {
        state.settings.update(|settings| settings.load.context_length = number.map(|number| number as u32));
    };
    view! {
        <section class="settings-group">
            <h3>{t(|s| s.memory)}</h3>
            <p class="setting-hint">{t(|s| s.memory_lead)}</p>
            <NumberSetting
                testid="context-length"
                pick=|s| s.context_length
                placeholder=|s| s.context_length_none
                range=Range { min: 64.0, max: 1_048_576.0, step: 1.0 }
                value=context
                set=set_context
            />
            <div class="setting">
                <div class="setting-line">
                    <label for="kv-type">{t(|s| s.kv_type.label)}</label>
                    <select
                        id="kv-type"
                        data-testid="kv-type"
                        aria-describedby="kv-type-hint"
                        on:change=move |event| {
                            let name = event_target_value(&event);
                            if let Some((kind, _)) = KV_TYPES.into_iter().find(|(_, known)| *known == name) {
                                state.settings.update(|settings| settings.load.kv_type = kind);
                            }
                        }
                    >
                        {KV_TYPES
                            .into_iter()
                            .enumerate()
                            .map(|(i, (kind, name))| {
                                let chosen = move || state.settings.with(|settings| settings.load.kv_type == kind);
                                let said = move || state.strings().kv_types.get(i).copied().unwrap_or(name);
                                view! { <option value=name selected=chosen>{said}</option> }
                            })
                            .collect_view()}
                    </select>
                </div>
                <p class="setting-hint" id="kv-type-hint">{t(|s| s.kv_type.hint)}</p>
            </div>
        </section>
    }
}

/// Loads the model again where it has not what is asked for.
#[component]
fn Reload() -> impl IntoView {
    let state = State::of_page();
    let outdated = Memo::new(move |_| {
        let model = state.loaded().filter(|model| !model.id.is_guide())?;
        let asked = state.settings.with(|settings| settings.load.clone());
        let differs = asked.kv_type != model.kv_type
            || asked.context_length.is_some_and(|length| length != model.context_length)
            || state.forced.with(|forced| *forced != variants::known(&asked.kernels));
        differs.then_some(model.id)
    });
    move || {
        outdated.get().map(|model| {
            view! {
                <button
                    type="button"
                    class="button button-primary button-wide"
                    data-testid="reload-model"
                    on:click=move |_| loading::load_as_set(state, model.clone())
                >
                    {t(|s| s.reload_model)}
                </button>
            }
        })
    }
}

/// Copies what the engine says of itself, and which browser this is.
fn copy_diagnostics(state: State) {
    spawn_local(async move {
        let told = match library::client(state) {
            Ok(client) => client.send(Command::Diagnose, &[]).last().await,
            Err(error) => Err(error),
        };
        let engine = match &told {
            Ok(Event::Diagnostics { report }) => serde_json::to_string_pretty(report).unwrap_or_default(),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{}: {}", error.code, error.message),
        };
        let browser = window().navigator().user_agent().unwrap_or_default();
        let mut faults = state.replaced.get_untracked();
        if let SelfTest::Done(report) = state.self_test.get_untracked() {
            faults.extend(report.failed);
        }
        let faults: String = faults.iter().map(|fault| format!("self-test: {fault}\n")).collect();
        if write(&format!("{browser}\n{engine}\n{faults}")).await {
            state.announcement.set(state.language.get_untracked().strings().copied.to_owned());
        }
    });
}
