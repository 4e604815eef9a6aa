//! The adapters of this machine, as Burn counts them.

use serde::Serialize;

use super::{ComputeDevice, DeviceError, DeviceKind};

/// A graphics adapter that can compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adapter {
    /// Its place in [`adapters`].
    pub index: usize,
    pub name: String,
    pub kind: AdapterKind,
    /// Its place among the adapters of its kind, which is Burn's address of it.
    pub nth_of_kind: usize,
    /// The graphics API.
    pub backend: String,
    pub driver: String,
    pub driver_info: String,
    /// Bytes that a kernel can be given in one piece.
    #[serde(skip)]
    pub largest_buffer: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    Discrete,
    Integrated,
    Virtual,
    /// A rasteriser on the CPU, such as Mesa's llvmpipe.
    Software,
    /// The driver does not say; Burn has no address for such adapters.
    Other,
}

impl AdapterKind {
    pub(crate) fn device_kind(self) -> DeviceKind {
        if self == Self::Software { DeviceKind::Software } else { DeviceKind::Hardware }
    }
}

/// All adapters of the graphics API that Burn settles on: the first with hardware, else the first with any adapter
/// (`cubecl-wgpu` 0.11.3, `runtime::settle`). The order is the driver's.
#[cfg(feature = "gpu")]
pub fn adapters() -> Vec<Adapter> {
    let apis: &[wgpu::Backend] = if cfg!(target_os = "macos") {
        &[wgpu::Backend::Metal]
    } else {
        &[wgpu::Backend::Vulkan, wgpu::Backend::Dx12, wgpu::Backend::Gl]
    };
    let mut software_only = Vec::new();
    for &api in apis.iter().filter(|&&api| can_be_asked(api)) {
        let found = adapters_of(api);
        if found.iter().any(|adapter| adapter.kind != AdapterKind::Software) {
            return found;
        }
        if software_only.is_empty() {
            software_only = found;
        }
    }
    software_only
}

#[cfg(not(feature = "gpu"))]
pub fn adapters() -> Vec<Adapter> {
    Vec::new()
}

/// Without a desktop session OpenGL has nothing but rasterisers to offer, and the display's library complains about it
/// on standard error.
#[cfg(feature = "gpu")]
fn can_be_asked(api: wgpu::Backend) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    api != wgpu::Backend::Gl || !cfg!(unix) || set("WAYLAND_DISPLAY") || set("DISPLAY")
}

#[cfg(feature = "gpu")]
fn adapters_of(api: wgpu::Backend) -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: api.into(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut listed: Vec<Adapter> = Vec::new();
    for (index, adapter) in ready(instance.enumerate_adapters(api.into())).iter().enumerate() {
        let info = adapter.get_info();
        let kind = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
            wgpu::DeviceType::Other => AdapterKind::Other,
        };
        let nth_of_kind = listed.iter().filter(|other| other.kind == kind).count();
        let backend = format!("{:?}", info.backend);
        let (driver, driver_info, limits) = (info.driver, info.driver_info, adapter.limits());
        let largest_buffer = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        let name = info.name;
        listed.push(Adapter { index, name, kind, nth_of_kind, backend, driver, driver_info, largest_buffer });
    }
    listed
}

/// Outside a browser this future of wgpu is ready when it is first asked.
#[cfg(feature = "gpu")]
fn ready<T>(future: impl Future<Output = Vec<T>>) -> Vec<T> {
    use std::task::{Context, Poll, Waker};
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => found,
        Poll::Pending => Vec::new(),
    }
}

/// Opens the adapter for Burn. One that is open already is shared.
#[cfg(feature = "gpu")]
pub fn open(adapter: &Adapter) -> Result<ComputeDevice, DeviceError> {
    use burn::tensor::wgpu::WgpuInitError;
    use burn::tensor::{Device, DeviceKind as Selector};

    let cannot = |reason: String| DeviceError::CannotOpen { name: adapter.name.clone(), reason };
    let selector = match adapter.kind {
        AdapterKind::Discrete => Selector::DiscreteGpu(adapter.nth_of_kind),
        AdapterKind::Integrated => Selector::IntegratedGpu(adapter.nth_of_kind),
        AdapterKind::Virtual => Selector::VirtualGpu(adapter.nth_of_kind),
        AdapterKind::Software if adapter.nth_of_kind == 0 => Selector::Cpu,
        AdapterKind::Software | AdapterKind::Other => return Err(cannot("Burn has no address for it".into())),
    };
    let burn = match Device::wgpu_options().device_kind(selector.clone()).init_with_setup() {
        Ok((device, setup)) => {
            let opened = setup.adapter.get_info().name;
            if opened != adapter.name {
                return Err(cannot(format!("the driver opened {opened} instead")));
            }
            device
        }
        // Opened earlier in this process.
        Err(WgpuInitError::Registration { .. }) => Device::wgpu(selector),
        Err(error) => return Err(cannot(error.to_string())),
    };
    let (name, kind) = (adapter.name.clone(), adapter.kind.device_kind());
    Ok(ComputeDevice { burn, name, kind, largest_buffer: Some(adapter.largest_buffer) })
}

#[cfg(not(feature = "gpu"))]
pub fn open(adapter: &Adapter) -> Result<ComputeDevice, DeviceError> {
    let reason = "this program was built without the feature gpu".to_owned();
    Err(DeviceError::CannotOpen { name: adapter.name.clone(), reason })
}
