//! The engine's worker: see `inkstone::engine::serve`.

use wasm_bindgen::prelude::*;

unsafe extern "C" {
    /// Made by the linker: runs the constructors that burn's crates register.
    safe fn __wasm_call_ctors();
}

/// Runs once when the worker has loaded this module.
#[wasm_bindgen(start)]
pub fn start() -> Result<(), JsValue> {
    // Called nowhere, the linker would have every export run all constructors at every call from JavaScript, and each
    // call to the GPU would take milliseconds.
    __wasm_call_ctors();
    console_error_panic_hook::set_once();
    inkstone::engine::serve().map_err(|error| JsValue::from_str(&error.to_string()))
}

fn main() {}
