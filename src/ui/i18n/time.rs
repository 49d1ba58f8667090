//! Points in time as a language writes them, by the browser's own rules.

use super::Language;
use js_sys::{Array, Date, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

/// A day and a time, such as "27 Nov, 10:15".
pub fn moment(language: Language, milliseconds: f64) -> String {
    let options = Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", "short")] {
        // A plain object refuses no property.
        let _ = Reflect::set(&options, &name.into(), &value.into());
    }
    let format = Intl::DateTimeFormat::new(&Array::of1(&language.tag().into()), &options);
    let date = Date::new(&JsValue::from_f64(milliseconds));
    format.format().call1(&JsValue::UNDEFINED, &date).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
