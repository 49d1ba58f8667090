//! Opening the GPU: adapter, device with the adapter's full limits, and burn's client on top of it.
//!
//! A device that is lost stays lost: whoever holds it drops it and opens another.

use crate::error::{Error, ErrorKind, Result};
use burn_wgpu::{MemoryConfiguration, RuntimeOptions, WgpuDevice, WgpuSetup, try_init_device};
use cubecl::client::Client;
use cubecl::server::ServerError;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

/// Launches that burn gathers into one submission. A decoded token is one submission: 48 layers × 14 launches fit.
const LAUNCHES_PER_SUBMISSION: usize = 1024;

/// What a caller may ask of the device.
#[derive(Debug, Clone, Default)]
pub struct GpuOptions {
    /// Pretend that a storage binding may not be larger than this many bytes: for testing how tensors are split.
    pub max_binding_bytes: Option<u64>,
    /// Names of kernels that compute nothing: for testing that the self-test notices.
    pub broken: Vec<String>,
}

/// The limits that decide what fits and how it is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest buffer that a kernel can bind, in bytes.
    pub max_binding_bytes: u64,
    /// Workgroups along one dimension of a dispatch.
    pub max_workgroups: u32,
    /// Invocations of one workgroup.
    pub max_invocations: u32,
    /// Bytes of workgroup memory.
    pub max_workgroup_bytes: u32,
    /// Whether shaders may use subgroup operations.
    pub subgroups: bool,
}

/// What kind of processor runs the shaders; kernels differ in what is fast there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceClass {
    /// A graphics processor: many lanes, cheap barriers, wants neighbouring lanes to read neighbouring bytes.
    Gpu,
    /// A software adapter on the CPU: few lanes, dear barriers, caches that like long runs per lane.
    Software,
}

/// An open GPU: burn's client, the wgpu handles below it, and what the adapter can do.
pub struct Gpu {
    pub(super) client: Client,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    name: String,
    class: DeviceClass,
    limits: Limits,
    /// The first error that no error scope caught; reported by the next [`Gpu::check`].
    fault: Arc<Mutex<Option<Error>>>,
    pub(super) broken: Vec<String>,
    pub(super) counters: Arc<super::counters::Counters>,
    /// What becomes of launches.
    pub(super) mode: RefCell<super::recording::Mode>,
}

impl Gpu {
    /// Opens the best adapter with all of its limits and features.
    ///
    /// # Errors
    /// `NoWebGpu` where there is no WebGPU at all, `NoAdapter` where no adapter answers, `Gpu` if the device is refused.
    pub async fn open(options: GpuOptions) -> Result<Self> {
        let backends =
            if cfg!(target_arch = "wasm32") { wgpu::Backends::BROWSER_WEBGPU } else { wgpu::Backends::PRIMARY };
        let descriptor =
            wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() };
        if !has_webgpu() {
            return Err(Error::new(
                ErrorKind::NoWebGpu,
                "this browser has no WebGPU; use a current Chrome, Edge, Safari or Firefox",
            ));
        }
        super::subgroups::ask();
        let instance = wgpu::Instance::new(descriptor);
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                ..Default::default()
            })
            .await
            .map_err(|error| {
                let message = format!(
                    "no GPU adapter was found: {error}; switch on hardware acceleration in the browser's settings, or \
                     install the graphics driver"
                );
                Error::new(ErrorKind::NoAdapter, message)
            })?;
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("inkstone"),
                required_features: adapter.features() & wanted_features(),
                required_limits: adapter.limits(),
                memory_hints: wgpu::MemoryHints::MemoryUsage,
                ..Default::default()
            })
            .await
            .map_err(|error| Error::new(ErrorKind::Gpu, format!("the GPU device was refused: {error}")))?;
        let info = adapter.get_info();
        let granted = device.limits();
        let limits = Limits {
            max_binding_bytes: granted
                .max_storage_buffer_binding_size
                .min(granted.max_buffer_size)
                .min(options.max_binding_bytes.unwrap_or(u64::MAX)),
            max_workgroups: granted.max_compute_workgroups_per_dimension,
            max_invocations: granted.max_compute_invocations_per_workgroup,
            max_workgroup_bytes: granted.max_compute_workgroup_storage_size,
            subgroups: super::subgroups::present(&device),
        };
        let name = describe(&device, &info);
        let software = info.device_type == wgpu::DeviceType::Cpu || is_software(&name);
        let class = if software { DeviceClass::Software } else { DeviceClass::Gpu };
        let setup =
            WgpuSetup { instance, adapter, device: device.clone(), queue: queue.clone(), backend: info.backend };
        // Natively burn would put many tensors into one buffer, and WebGPU forbids to read and to write one buffer in
        // the same dispatch; so every tensor gets a buffer of its own, as in browsers.
        let runtime =
            RuntimeOptions { tasks_max: LAUNCHES_PER_SUBMISSION, memory_config: MemoryConfiguration::ExclusivePages };
        let wgpu_device: WgpuDevice = try_init_device(setup, runtime)
            .map_err(|error| Error::new(ErrorKind::Gpu, format!("burn refused the device: {error}")))?;
        let client = cubecl::Device::Wgpu(wgpu_device).client();
        let fault = Arc::new(Mutex::new(None));
        let recorded = fault.clone();
        // burn's own handler panics; here a fault becomes an error of the request that met it.
        device.on_uncaptured_error(Arc::new(move |error| {
            let kind = match error {
                wgpu::Error::OutOfMemory { .. } => ErrorKind::GpuOutOfMemory,
                _ => ErrorKind::Gpu,
            };
            let mut slot = recorded.lock().unwrap_or_else(PoisonError::into_inner);
            slot.get_or_insert_with(|| Error::new(kind, format!("the GPU reported: {error}")));
        }));
        Ok(Self {
            client,
            device,
            queue,
            name,
            class,
            limits,
            fault,
            broken: options.broken,
            counters: Default::default(),
            mode: Default::default(),
        })
    }

    /// The adapter's name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of processor this is.
    pub fn class(&self) -> DeviceClass {
        self.class
    }

    /// What fits.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Features of the device, by name.
    pub fn features(&self) -> Vec<String> {
        self.device.features().iter_names().map(|(name, _)| name.to_owned()).collect()
    }

    /// Submits everything and waits until the GPU has done it.
    ///
    /// # Errors
    /// `GpuLost`, `GpuOutOfMemory` or `Gpu`, whatever happened since the last check.
    pub async fn finish(&self) -> Result<()> {
        self.counters.submitted();
        let done = self.client.sync().await;
        self.check()?;
        done.map_err(|error| device_error("waiting for the GPU", &error))
    }

    /// Submits what has been launched without waiting for it.
    pub fn submit(&self) -> Result<()> {
        self.counters.submitted();
        self.client.flush().map_err(|error| device_error("submitting to the GPU", &error))
    }

    /// Reports a fault that the GPU has announced since the last check.
    pub fn check(&self) -> Result<()> {
        match self.fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// An error of burn's server as one of ours; a poisoned device is a lost one.
pub(super) fn device_error(place: &str, error: &ServerError) -> Error {
    let text = format!("{error:?}");
    let kind = if error.is_device_poisoned() { ErrorKind::GpuLost } else { ErrorKind::Gpu };
    // burn names every buffer that a fault has spoilt and last the fault itself.
    let cause = text.rsplit("Caused by:").next().unwrap_or(&text).split("Backtrace:").next().unwrap_or(&text);
    let text: String = cause.trim().chars().take(600).collect();
    Error::new(kind, text).context(place)
}

/// Whether the browser has WebGPU at all; natively wgpu brings its own.
fn has_webgpu() -> bool {
    #[cfg(target_arch = "wasm32")]
    {
        let property = |object: &wasm_bindgen::JsValue, name: &str| js_sys::Reflect::get(object, &name.into());
        let gpu = property(&js_sys::global(), "navigator").and_then(|navigator| property(&navigator, "gpu"));
        gpu.is_ok_and(|gpu| gpu.is_object())
    }
    #[cfg(not(target_arch = "wasm32"))]
    true
}

/// Features that kernels or burn use where they are present.
fn wanted_features() -> wgpu::Features {
    wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP | wgpu::Features::TIMESTAMP_QUERY
}

/// Not every browser says that an adapter is software, but its name does.
fn is_software(name: &str) -> bool {
    let name = name.to_lowercase();
    ["swiftshader", "llvmpipe", "lavapipe", "basic render"].iter().any(|software| name.contains(software))
}

/// A readable name, of whatever is told.
fn describe(device: &wgpu::Device, info: &wgpu::AdapterInfo) -> String {
    let mut parts = vec![info.name.clone(), info.driver.clone(), info.driver_info.clone()];
    parts.extend(browser_names(device));
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { format!("unnamed adapter ({:?})", info.backend) } else { parts.join(", ") }
}

/// What the browser tells of the adapter beyond its description, which most leave empty.
#[cfg(target_arch = "wasm32")]
fn browser_names(device: &wgpu::Device) -> Vec<String> {
    let property = |object: &wasm_bindgen::JsValue, name: &str| js_sys::Reflect::get(object, &name.into()).ok();
    let info = device.as_webgpu().and_then(|device| property(device.as_ref(), "adapterInfo"));
    let Some(info) = info.filter(wasm_bindgen::JsValue::is_object) else { return Vec::new() };
    ["vendor", "architecture"].iter().filter_map(|name| property(&info, name)?.as_string()).collect()
}

/// Natively wgpu tells all.
#[cfg(not(target_arch = "wasm32"))]
fn browser_names(_: &wgpu::Device) -> Vec<String> {
    Vec::new()
}
