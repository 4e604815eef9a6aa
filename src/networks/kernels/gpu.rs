//! A wgpu device for compute kernels, and the few calls they need.

use std::sync::{Arc, Mutex};

use super::KernelError;

/// An opened adapter.
pub(super) struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// The first error that no call returned: wgpu would end the program over it.
    stray_error: Arc<Mutex<Option<String>>>,
}

impl Gpu {
    /// The adapter at `index` of a graphics API, as `device::adapters` counts them.
    pub fn open(backend: &str, index: usize) -> Result<Self, KernelError> {
        let cannot = |reason: String| KernelError::Open { backend: backend.to_owned(), index, reason };
        // Only this one is opened: another could complain about a display that is not there.
        let named = |api: &&wgpu::Backend| format!("{api:?}") == backend;
        let api = wgpu::Backend::ALL.iter().find(named).ok_or_else(|| cannot("no such graphics API".to_owned()))?;
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: (*api).into(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let all = now(instance.enumerate_adapters((*api).into())).unwrap_or_default();
        let adapter = all.into_iter().nth(index).ok_or_else(|| cannot("it is gone".to_owned()))?;
        let wanted = wgpu::DeviceDescriptor { required_limits: adapter.limits(), ..Default::default() };
        let (device, queue) = now(adapter.request_device(&wanted))
            .ok_or_else(|| cannot("the driver did not answer".to_owned()))?
            .map_err(|error| cannot(error.to_string()))?;
        let stray_error = Arc::new(Mutex::new(None));
        let kept = stray_error.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(error.to_string());
        }));
        Ok(Self { device, queue, stray_error })
    }

    /// A buffer that shaders read, or copy from, holding `bytes`.
    pub fn filled(&self, bytes: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let buffer = self.empty(bytes.len() as u64, usage | wgpu::BufferUsages::COPY_DST);
        self.queue.write_buffer(&buffer, 0, bytes);
        buffer
    }

    pub fn empty(&self, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    }

    /// Sends what `record` wrote to the adapter and waits until it is done.
    pub fn run(&self, record: impl FnOnce(&mut wgpu::CommandEncoder)) -> Result<(), KernelError> {
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        record(&mut encoder);
        self.queue.submit([encoder.finish()]);
        self.wait()
    }

    /// What a buffer with the usage `MAP_READ` holds.
    pub fn read(&self, buffer: &wgpu::Buffer) -> Result<Vec<u32>, KernelError> {
        let (told, answer) = crossbeam_channel::bounded(1);
        buffer.map_async(wgpu::MapMode::Read, .., move |mapped| {
            // Nobody listens any more when waiting failed, and that error is the one to tell.
            let _ = told.send(mapped);
        });
        self.wait()?;
        answer
            .recv()
            .map_err(|error| KernelError::Device(error.to_string()))?
            .map_err(|error| KernelError::Device(error.to_string()))?;
        let values = {
            let bytes = buffer.get_mapped_range(..).map_err(|error| KernelError::Device(error.to_string()))?;
            bytes.as_chunks::<4>().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect()
        };
        buffer.unmap();
        Ok(values)
    }

    fn wait(&self) -> Result<(), KernelError> {
        let waited = self.device.poll(wgpu::PollType::wait_indefinitely());
        if let Some(error) = self.stray_error.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take() {
            return Err(KernelError::Device(error));
        }
        waited.map(drop).map_err(|error| KernelError::Device(error.to_string()))
    }
}

/// Outside a browser these futures of wgpu are ready when they are first asked.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    use std::task::{Context, Poll, Waker};
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(found) => Some(found),
        Poll::Pending => None,
    }
}
