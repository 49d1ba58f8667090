//! Subgroup operations: whether the device has them, and asking browsers for them, which wgpu 30 does not do.

/// Whether shaders of `device` may use subgroup operations.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn present(device: &wgpu::Device) -> bool {
    device.features().contains(wgpu::Features::SUBGROUP)
}

/// Whether shaders of `device` may use subgroup operations.
#[cfg(target_arch = "wasm32")]
pub(super) fn present(device: &wgpu::Device) -> bool {
    use wasm_bindgen::{JsCast, JsValue};
    let property = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &name.into()).ok();
    let features = device.as_webgpu().and_then(|device| property(device.as_ref(), "features"));
    let has = features.as_ref().and_then(|features| property(features, "has")?.dyn_into::<js_sys::Function>().ok());
    let (Some(features), Some(has)) = (features, has) else { return false };
    has.call1(&features, &"subgroups".into()).is_ok_and(|has| has.is_truthy())
}

/// Natively the device is asked for its features by name.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn ask() {}

/// Has the devices that are requested from now on asked for subgroup operations, where their adapter has them.
#[cfg(target_arch = "wasm32")]
pub(super) fn ask() {
    ask_for_subgroups();
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(inline_js = r"
export function ask_for_subgroups() {
  const prototype = globalThis.GPUAdapter?.prototype;
  const request = prototype?.requestDevice;
  if (!request || request.asksForSubgroups) return;
  prototype.requestDevice = function (descriptor = {}) {
    const features = new Set(descriptor.requiredFeatures ?? []);
    if (this.features.has('subgroups')) features.add('subgroups');
    return request.call(this, { ...descriptor, requiredFeatures: [...features] });
  };
  prototype.requestDevice.asksForSubgroups = true;
}
")]
extern "C" {
    fn ask_for_subgroups();
}
