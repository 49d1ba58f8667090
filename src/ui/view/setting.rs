//! A number that can be set: a label, a field, where it helps a slider, and a line on what it does.
//!
//! What is typed takes effect when it is a number in the range; anything else is marked and changes nothing.

use crate::ui::i18n::{Setting, Strings};
use crate::ui::state::State;
use leptos::html;
use leptos::prelude::*;

/// Bounds of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Of the slider and of the arrow keys.
    pub step: f64,
}

impl Range {
    /// The number that `text` is, if it is one of these.
    fn read(self, text: &str) -> Option<f64> {
        let number: f64 = text.trim().parse().ok()?;
        let whole = self.step < 1.0 || number.fract() == 0.0;
        (number >= self.min && number <= self.max && whole).then_some(number)
    }
}

/// Whether a slider stands beside the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slider {
    /// It does.
    Shown,
    /// It does not.
    Absent,
}

/// Whether what is typed makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typed {
    Fine,
    Wrong,
}

/// The control. An empty field is `None`; where there must be a number, `set` ignores that and the old one comes back.
#[component]
pub fn NumberSetting(
    /// For tests.
    testid: &'static str,
    /// Label and hint.
    pick: fn(&Strings) -> Setting,
    /// Bounds.
    range: Range,
    /// Whether to show a slider.
    #[prop(default = Slider::Absent)]
    slider: Slider,
    /// Shown in an empty field.
    #[prop(default = |_| "")]
    placeholder: fn(&Strings) -> &'static str,
    /// The number as it stands.
    #[prop(into)]
    value: Signal<Option<f64>>,
    /// Takes a number in the range, or nothing for an empty field.
    set: impl Fn(Option<f64>) + Copy + Send + 'static,
) -> impl IntoView {
    let state = State::of_page();
    let typed = RwSignal::new(Typed::Fine);
    let shown = move || value.get().map(write).unwrap_or_default();
    let input = move |text: String| {
        let number = range.read(&text);
        let empty = text.trim().is_empty();
        typed.set(if number.is_some() || empty { Typed::Fine } else { Typed::Wrong });
        if number.is_some() || empty {
            set(number);
        }
    };
    // Never while somebody types in it: "0." is on its way to "0.5".
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        let text = shown();
        if let Some(field) = field.get() {
            let focused = document().active_element().is_some_and(|active| active == **field);
            if !focused && field.value() != text {
                field.set_value(&text);
            }
        }
    });
    let hint_id = format!("{testid}-hint");
    view! {
        <div class="setting">
            <div class="setting-line">
                <label for=testid>{move || pick(state.strings()).label}</label>
                <input
                    id=testid
                    class="setting-number"
                    type="text"
                    inputmode=if range.step < 1.0 { "decimal" } else { "numeric" }
                    autocomplete="off"
                    data-testid=testid
                    aria-describedby=hint_id.clone()
                    aria-invalid=move || (typed.get() == Typed::Wrong).to_string()
                    placeholder=move || placeholder(state.strings())
                    node_ref=field
                    on:input=move |event| input(event_target_value(&event))
                    on:blur=move |event| {
                        typed.set(Typed::Fine);
                        event_target::<web_sys::HtmlInputElement>(&event).set_value(&untrack(shown));
                    }
                />
            </div>
            {(slider == Slider::Shown).then(|| view! {
                <input
                    class="slider"
                    type="range"
                    min=range.min.to_string()
                    max=range.max.to_string()
                    step=range.step.to_string()
                    aria-label=move || pick(state.strings()).label
                    prop:value=shown
                    on:input=move |event| input(event_target_value(&event))
                />
            })}
            <p class="setting-hint" id=hint_id>{move || pick(state.strings()).hint}</p>
        </div>
    }
}

/// As a person writes it: no more than three decimals, no trailing zeros.
fn write(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
