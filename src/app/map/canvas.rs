//! Points on the graphics device: uploaded when they change, drawn by a paint callback of the window.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytemuck::{Pod, Zeroable};
use eframe::egui::{Color32, Context, Shape};
use eframe::egui_wgpu::{
    Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor,
};
use wgpu::util::DeviceExt as _;

use super::kept_picture::KeptPicture;
use crate::ui::{Canvas, Sight};

/// As `PointsParams` in `shaders/points.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct PointsParams {
    scale_x: f32,
    scale_y: f32,
    shift_x: f32,
    shift_y: f32,
    radius_x: f32,
    radius_y: f32,
    radius_px: f32,
    to_linear: u32,
}

/// The pipeline, and the points that are on the device.
pub(super) struct PointCanvas {
    state: RenderState,
    pipeline: wgpu::RenderPipeline,
    params: wgpu::Buffer,
    /// Where the processor draws, points are drawn apart and kept; a real device draws all of them in every frame.
    kept: Option<Arc<Mutex<KeptPicture>>>,
    shown: Option<Canvas>,
    versions: [u64; 2],
}

impl PointCanvas {
    /// Prepares a device; `ctx` is asked for another frame where one is not enough.
    pub(super) fn new(state: &RenderState, ctx: &Context) -> Self {
        let device = &state.device;
        let source = include_str!("../../../shaders/points.wgsl");
        let pipeline = pipeline(state, "points", source, ["corner_of_dot", "colour_of_dot"]);
        let params = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("points params"),
            size: size_of::<PointsParams>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let is_software = state.adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let kept = || Arc::new(Mutex::new(KeptPicture::new(state, ctx)));
        Self {
            state: state.clone(),
            pipeline,
            params,
            kept: is_software.then(kept),
            shown: None,
            versions: [u64::MAX; 2],
        }
    }

    /// What draws the points that are on the device.
    pub(super) fn shown(&self) -> Option<&Canvas> {
        self.shown.as_ref()
    }

    /// Whether other places or colours are to be uploaded.
    pub(super) fn is_older_than(&self, places: u64, look: u64) -> bool {
        self.versions != [places, look]
    }

    /// Uploads points.
    pub(super) fn update(&mut self, places: &[[f32; 2]], colours: &[Color32], versions: [u64; 2]) {
        self.versions = versions;
        self.shown = None;
        let number = places.len().min(colours.len());
        if number == 0 {
            return;
        }
        // Points that lie nowhere are clear; a shader is given no numbers that are none.
        let finite = |place: &[f32; 2]| {
            if place.iter().all(|at| at.is_finite()) { *place } else { [0.0; 2] }
        };
        let places: Vec<[f32; 2]> = places.iter().map(finite).collect();
        let colours: Vec<[u8; 4]> = colours.iter().map(Color32::to_array).collect();
        let device = &self.state.device;
        let buffer = |label, contents: &[u8]| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some(label),
                contents,
                usage: wgpu::BufferUsages::STORAGE,
            })
        };
        let places = buffer("places of points", bytemuck::cast_slice(&places[..number]));
        let colours = buffer("colours of points", bytemuck::cast_slice(&colours[..number]));
        let bindings = [&self.params, &places, &colours].map(wgpu::Buffer::as_entire_binding);
        let points = Arc::new(Dots {
            bindings: bind(&self.state, &self.pipeline, &bindings),
            pipeline: self.pipeline.clone(),
            params: self.params.clone(),
            number: number as u32,
            to_linear: u32::from(self.state.target_format.is_srgb()),
        });
        let kept = self.kept.clone();
        self.shown = Some(Canvas::new(move |rect, sight| {
            let drawing = Drawing { dots: Arc::clone(&points), sight, kept: kept.clone() };
            Shape::Callback(Callback::new_paint_callback(rect, drawing))
        }));
    }
}

/// A pipeline that blends onto the window without vertex buffers: the names are those of its vertex and its fragment
/// shader.
pub(super) fn pipeline(
    state: &RenderState,
    label: &str,
    source: &str,
    [vertex, fragment]: [&str; 2],
) -> wgpu::RenderPipeline {
    let module = state.device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(label),
        source: wgpu::ShaderSource::Wgsl(source.into()),
    });
    state.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(label),
        layout: None,
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some(vertex),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some(fragment),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format: state.target_format,
                blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// Binds what a pipeline reads, in order.
pub(super) fn bind(
    state: &RenderState,
    pipeline: &wgpu::RenderPipeline,
    resources: &[wgpu::BindingResource<'_>],
) -> wgpu::BindGroup {
    let entries: Vec<_> = (0..)
        .zip(resources)
        .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource: resource.clone() })
        .collect();
    state.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &entries,
    })
}

/// Points on the device.
pub(super) struct Dots {
    pipeline: wgpu::RenderPipeline,
    params: wgpu::Buffer,
    bindings: wgpu::BindGroup,
    /// How many.
    pub(super) number: u32,
    to_linear: u32,
}

impl Dots {
    /// Says how they are looked at in this frame.
    pub(super) fn look(&self, queue: &wgpu::Queue, sight: &Sight) {
        let [lo, _] = sight.seen;
        let [width, height] = sight.size.map(|side| side as f32);
        let scale = sight.scale();
        // Clip space is 2 wide and 2 high, around 0.
        let [scale_x, scale_y] = [0, 1].map(|axis| 2.0 * scale[axis] / f64::from(sight.size[axis]));
        let params = PointsParams {
            scale_x: scale_x as f32,
            scale_y: scale_y as f32,
            shift_x: (-1.0 - lo[0] * scale_x) as f32,
            shift_y: (-1.0 - lo[1] * scale_y) as f32,
            radius_x: 2.0 * sight.radius / width,
            radius_y: 2.0 * sight.radius / height,
            radius_px: sight.radius,
            to_linear: self.to_linear,
        };
        queue.write_buffer(&self.params, 0, bytemuck::bytes_of(&params));
    }

    /// Draws some of them.
    pub(super) fn draw(&self, pass: &mut wgpu::RenderPass<'_>, which: Range<u32>) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.draw(3 * which.start..3 * which.end, 0..1);
    }
}

/// The points as they are seen in one frame.
struct Drawing {
    dots: Arc<Dots>,
    sight: Sight,
    /// The picture of them that is kept; all are drawn at once where there is none.
    kept: Option<Arc<Mutex<KeptPicture>>>,
}

impl Drawing {
    fn kept(&self) -> Option<MutexGuard<'_, KeptPicture>> {
        self.kept.as_ref().map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl CallbackTrait for Drawing {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        queue: &wgpu::Queue,
        _screen: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        match self.kept() {
            Some(mut kept) => kept.draw_on(&self.dots, self.sight, queue, encoder),
            None => self.dots.look(queue, &self.sight),
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: eframe::egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _resources: &CallbackResources,
    ) {
        match self.kept() {
            Some(kept) => kept.paint(pass),
            None => self.dots.draw(pass, 0..self.dots.number),
        }
    }
}
