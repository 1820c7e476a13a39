//! A device with its queue, its pipelines, and errors as values.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::EngineError;
use crate::engine::dispatch::{Lanes, Tile};
use crate::engine::shader::{Shader, WeightStorage};
use crate::graph::MAX_VALUES;

/// A graphics device that runs shaders. Clones share it.
#[derive(Clone, Debug)]
pub struct Gpu {
    inner: Arc<Inner>,
    /// The most values of a buffer, if that is to be fewer than the device has.
    most_values: usize,
    weights: WeightStorage,
    lanes: Lanes,
}

/// What a pipeline is made of.
type Source = (Shader, Option<Tile>, WeightStorage);

#[derive(Debug)]
struct Inner {
    info: wgpu::AdapterInfo,
    device: wgpu::Device,
    queue: wgpu::Queue,
    pipelines: Mutex<BTreeMap<Source, wgpu::ComputePipeline>>,
}

impl Gpu {
    /// Wraps a device that exists already, for example the window's.
    pub fn new(info: wgpu::AdapterInfo, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let lanes = lanes_of(&info, device.features());
        let inner = Arc::new(Inner { info, device, queue, pipelines: Mutex::default() });
        Self { inner, most_values: MAX_VALUES, weights: WeightStorage::Single, lanes }
    }

    /// The same device with smaller buffers: activations have at most so many values.
    pub fn limited_to(&self, values: usize) -> Self {
        Self { most_values: values.min(self.most_values), ..self.clone() }
    }

    /// The same device for networks whose weights are stored one way or the other.
    pub fn with_weights(&self, weights: WeightStorage) -> Self {
        Self { weights, ..self.clone() }
    }

    /// The same device with the shaders that suit another.
    pub fn with_lanes(&self, lanes: Lanes) -> Self {
        Self { lanes, ..self.clone() }
    }

    /// How its lanes work together.
    pub fn lanes(&self) -> Lanes {
        self.lanes
    }

    /// How it stores the weights of networks.
    pub fn weights(&self) -> WeightStorage {
        self.weights
    }

    /// What runs on it and how, for a person to read.
    pub fn describe(&self) -> String {
        let halves = match self.weights {
            WeightStorage::Single => "",
            WeightStorage::Half => ", weights in half precision",
        };
        format!("WGSL on {}{halves}", self.name())
    }

    /// What its maker calls it.
    pub fn name(&self) -> &str {
        &self.inner.info.name
    }

    /// Whether a processor imitates it.
    pub fn is_software(&self) -> bool {
        self.inner.info.device_type == wgpu::DeviceType::Cpu
    }

    /// The device.
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    /// Its queue.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    /// The most `f32` values that one buffer can hold and a shader can bind.
    pub fn max_buffer_values(&self) -> usize {
        let limits = self.device().limits();
        let bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        usize::try_from(bytes / 4).unwrap_or(MAX_VALUES).min(self.most_values)
    }

    /// The pipeline of a shader, made when it is first asked for.
    pub(super) fn pipeline(
        &self,
        shader: Shader,
        tile: Option<Tile>,
    ) -> Result<wgpu::ComputePipeline, EngineError> {
        let mut pipelines = self.inner.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (shader, tile, self.weights);
        if let Some(pipeline) = pipelines.get(&key) {
            return Ok(pipeline.clone());
        }
        let source = shader.source(self.weights, tile)?;
        let label = Some(shader.stem());
        let pipeline = self.checked(&format!("compiling shader {}", shader.stem()), || {
            let source = wgpu::ShaderSource::Wgsl(source.into());
            let module = self.module(wgpu::ShaderModuleDescriptor { label, source });
            self.device().create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label,
                layout: None,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // What a workgroup shares it writes before it reads.
                    zero_initialize_workgroup_memory: false,
                    ..wgpu::PipelineCompilationOptions::default()
                },
                cache: None,
            })
        })?;
        pipelines.insert(key, pipeline.clone());
        Ok(pipeline)
    }

    /// A shader without counters in its loops, which would end those that never end.
    #[expect(unsafe_code, reason = "wgpu cannot know that every loop of ours ends")]
    fn module(&self, source: wgpu::ShaderModuleDescriptor<'_>) -> wgpu::ShaderModule {
        let checks = wgpu::ShaderRuntimeChecks {
            force_loop_bounding: false,
            ..wgpu::ShaderRuntimeChecks::checked()
        };
        // SAFETY: what is read and written stays checked; the loops of `shaders` count up to sizes of networks.
        unsafe { self.device().create_shader_module_trusted(source, checks) }
    }

    /// Does `work` and returns what it made, or the first error that the device reported meanwhile.
    ///
    /// Without this wgpu would panic on errors. Scopes belong to a thread, so that others are not disturbed.
    pub(super) fn checked<T>(
        &self,
        what: &str,
        work: impl FnOnce() -> T,
    ) -> Result<T, EngineError> {
        let filters = [
            wgpu::ErrorFilter::Internal,
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Validation,
        ];
        let scopes = filters.map(|filter| self.device().push_error_scope(filter));
        let made = work();
        // Native errors are known at once: nothing waits here.
        let errors = scopes.into_iter().rev().filter_map(|scope| pollster::block_on(scope.pop()));
        match errors.reduce(|first, _| first) {
            None => Ok(made),
            Some(error) => {
                Err(EngineError::Backend { what: what.to_owned(), message: error.to_string() })
            }
        }
    }

    /// A buffer of `values` numbers that shaders read and write.
    pub(super) fn storage(&self, label: &str, values: usize) -> Result<wgpu::Buffer, EngineError> {
        let usage = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_DST
            | wgpu::BufferUsages::COPY_SRC;
        self.buffer(label, values as u64 * 4, usage)
    }

    /// A buffer that shaders read and write, with what it holds at first: `f32`, or words of another meaning.
    pub(super) fn filled_storage<T: bytemuck::Pod>(
        &self,
        label: &str,
        values: &[T],
    ) -> Result<wgpu::Buffer, EngineError> {
        let bytes = bytemuck::cast_slice(values);
        let buffer = self.storage(label, bytes.len().div_ceil(4))?;
        self.checked(label, || self.queue().write_buffer(&buffer, 0, bytes))?;
        Ok(buffer)
    }

    /// A buffer of parameters.
    pub(super) fn uniform(&self, label: &str, bytes: &[u8]) -> Result<wgpu::Buffer, EngineError> {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let buffer = self.buffer(label, bytes.len() as u64, usage)?;
        self.checked(label, || self.queue().write_buffer(&buffer, 0, bytes))?;
        Ok(buffer)
    }

    /// A buffer that the processor reads.
    pub(super) fn staging(&self, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        self.buffer("read-back", bytes, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)
    }

    fn buffer(
        &self,
        label: &str,
        size: u64,
        usage: wgpu::BufferUsages,
    ) -> Result<wgpu::Buffer, EngineError> {
        let limits = self.device().limits();
        let limit = if usage.contains(wgpu::BufferUsages::STORAGE) {
            let binding_limit = limits.max_storage_buffer_binding_size;
            binding_limit.min(limits.max_buffer_size)
        } else {
            limits.max_buffer_size
        };
        if size > limit {
            return Err(EngineError::TooLarge {
                what: format!("bytes of {label}"),
                found: size,
                limit,
            });
        }
        let descriptor =
            wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
        self.checked(&format!("allocating {label} ({size} bytes)"), || {
            self.device().create_buffer(&descriptor)
        })
    }

    /// Something to record commands with.
    pub(super) fn encoder(&self) -> wgpu::CommandEncoder {
        self.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// Whether it tells when a pass began and ended.
    pub(super) fn has_clock(&self) -> bool {
        self.device().features().contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Waits until the device has done what it was given: a sync point.
    pub(super) fn wait(&self) -> Result<(), EngineError> {
        let waited = self.device().poll(wgpu::PollType::wait_indefinitely());
        waited.map(|_status| ()).map_err(|error| EngineError::Backend {
            what: "waiting for the device".to_owned(),
            message: error.to_string(),
        })
    }

    /// Waits for the device and has a staging buffer read: a sync point.
    pub(super) fn read<T>(
        &self,
        staging: &wgpu::Buffer,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, EngineError> {
        let failed =
            |message: String| EngineError::Backend { what: "reading back".to_owned(), message };
        let read = self.checked("reading back", || {
            // A failure to map shows below, when there is nothing to read.
            staging.map_async(wgpu::MapMode::Read, .., |_mapped| {});
            self.device()
                .poll(wgpu::PollType::wait_indefinitely())
                .map_err(|error| failed(error.to_string()))?;
            let bytes = staging.get_mapped_range(..).map_err(|error| failed(error.to_string()))?;
            let taken = take(&bytes);
            drop(bytes);
            staging.unmap();
            Ok(taken)
        });
        read.flatten()
    }
}

/// How the lanes of a device work together that has these features.
fn lanes_of(info: &wgpu::AdapterInfo, features: wgpu::Features) -> Lanes {
    let is_of_eight = info.subgroup_min_size == 8 && info.subgroup_max_size == 8;
    match info.device_type {
        wgpu::DeviceType::Cpu if is_of_eight && features.contains(wgpu::Features::SUBGROUP) => {
            Lanes::Neighbours
        }
        wgpu::DeviceType::Cpu => Lanes::Alone,
        _ => Lanes::Workgroups,
    }
}

/// Features that are used where an adapter has them.
pub fn optional_features() -> wgpu::Features {
    wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::SUBGROUP
}

/// A device without a window, with its adapter's own limits: the best real one, or with `prefer_software` a
/// processor's imitation of one, as tests want it; the other sort where there is no such.
///
/// # Errors
/// When there is no adapter at all, or it gives no device.
pub fn headless(prefer_software: bool) -> Result<Gpu, EngineError> {
    let rank = |adapter: &wgpu::Adapter| {
        let rank = speed_rank(adapter.get_info().device_type);
        if prefer_software { 4 - rank } else { rank }
    };
    let adapter = adapters().into_iter().min_by_key(rank).ok_or(EngineError::NoAdapter)?;
    open(&adapter)
}

/// The best real device without a window, if there is one.
pub fn headless_hardware() -> Option<Gpu> {
    if !may_have_hardware() {
        return None;
    }
    let real = |adapter: &wgpu::Adapter| adapter.get_info().device_type != wgpu::DeviceType::Cpu;
    let adapter = adapters()
        .into_iter()
        .filter(real)
        .min_by_key(|adapter| speed_rank(adapter.get_info().device_type))?;
    open(&adapter).inspect_err(|error| log::warn!("the graphics device is not used: {error}")).ok()
}

/// Whether asking the drivers is worth their start-up: Linux shows every graphics device as a file.
fn may_have_hardware() -> bool {
    let device_files = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg", "/dev/kfd"];
    !cfg!(target_os = "linux")
        || device_files.iter().any(|file| std::path::Path::new(file).exists())
}

fn adapters() -> Vec<wgpu::Adapter> {
    // OpenGL's compute shaders are too weak to be worth its start-up.
    let backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    pollster::block_on(instance.enumerate_adapters(backends))
}

/// The faster sort first.
fn speed_rank(device_type: wgpu::DeviceType) -> u32 {
    match device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}

fn open(adapter: &wgpu::Adapter) -> Result<Gpu, EngineError> {
    let descriptor = wgpu::DeviceDescriptor {
        label: Some("zscope headless"),
        required_features: adapter.features() & optional_features(),
        required_limits: adapter.limits(),
        ..wgpu::DeviceDescriptor::default()
    };
    let opened = pollster::block_on(adapter.request_device(&descriptor));
    let (device, queue) = opened.map_err(|error| EngineError::Backend {
        what: format!("opening {}", adapter.get_info().name),
        message: error.to_string(),
    })?;
    Ok(Gpu::new(adapter.get_info(), device, queue))
}
