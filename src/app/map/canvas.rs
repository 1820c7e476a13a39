//! Points on the graphics device: uploaded when they change, drawn by a paint callback of the window.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use eframe::egui::{Color32, Rect, Shape};
use eframe::egui_wgpu::{
    Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor,
};
use wgpu::util::DeviceExt as _;

use crate::ui::Canvas;

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
    shown: Option<Canvas>,
    versions: [u64; 2],
}

impl PointCanvas {
    /// Prepares a device.
    pub(super) fn new(state: &RenderState) -> Self {
        let device = &state.device;
        let shader = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("points"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../../shaders/points.wgsl").into()),
        });
        let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("points"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &shader,
                entry_point: Some("corner_of_dot"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &shader,
                entry_point: Some("colour_of_dot"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: state.target_format,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        });
        let params = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("points params"),
            size: size_of::<PointsParams>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { state: state.clone(), pipeline, params, shown: None, versions: [u64::MAX; 2] }
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
        let buffers = [&self.params, &places, &colours];
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("points"),
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let points = Arc::new(OnDevice {
            pipeline: self.pipeline.clone(),
            params: self.params.clone(),
            bindings,
            vertices: 3 * number as u32,
            to_linear: u32::from(self.state.target_format.is_srgb()),
        });
        self.shown = Some(Canvas::new(move |rect, seen, radius_pts| {
            let drawing = Drawing { points: Arc::clone(&points), rect, seen, radius_pts };
            Shape::Callback(Callback::new_paint_callback(rect, drawing))
        }));
    }
}

struct OnDevice {
    pipeline: wgpu::RenderPipeline,
    params: wgpu::Buffer,
    bindings: wgpu::BindGroup,
    vertices: u32,
    to_linear: u32,
}

/// The points as they are seen in one frame.
struct Drawing {
    points: Arc<OnDevice>,
    rect: Rect,
    seen: [[f64; 2]; 2],
    radius_pts: f32,
}

impl Drawing {
    fn params(&self, pixels_per_point: f32) -> PointsParams {
        let [lo, hi] = self.seen;
        // Clip space is 2 wide and 2 high, around 0.
        let [scale_x, scale_y] =
            [0, 1].map(|axis: usize| 2.0 / (hi[axis] - lo[axis]).max(f64::MIN_POSITIVE));
        let [width, height] = [self.rect.width(), self.rect.height()].map(|side| side.max(1.0));
        PointsParams {
            scale_x: scale_x as f32,
            scale_y: scale_y as f32,
            shift_x: (-1.0 - lo[0] * scale_x) as f32,
            shift_y: (-1.0 - lo[1] * scale_y) as f32,
            radius_x: 2.0 * self.radius_pts / width,
            radius_y: 2.0 * self.radius_pts / height,
            radius_px: (self.radius_pts * pixels_per_point).max(0.5),
            to_linear: self.points.to_linear,
        }
    }
}

impl CallbackTrait for Drawing {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let params = self.params(screen.pixels_per_point);
        queue.write_buffer(&self.points.params, 0, bytemuck::bytes_of(&params));
        Vec::new()
    }

    fn paint(
        &self,
        _info: eframe::egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _resources: &CallbackResources,
    ) {
        pass.set_pipeline(&self.points.pipeline);
        pass.set_bind_group(0, &self.points.bindings, &[]);
        pass.draw(0..self.points.vertices, 0..1);
    }
}
