//! What egui draws, painted where a processor imitates the graphics device.
//!
//! egui's own shader can also mix texels by hand, for tests that want the same picture everywhere. Mesa's software Vulkan
//! works out both sides of that branch for every pixel, which is most of what a frame takes it.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui::epaint::{ClippedPrimitive, ClippedShape, Primitive, Vertex};
use eframe::egui::{self, Context, FullOutput, PaintCallbackInfo, Rect, Shape};
use eframe::egui_wgpu::{
    Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor,
};

/// Paints all that egui draws, in its place.
pub(super) struct Painter {
    device: Arc<Painted>,
}

/// The pipeline, and what it draws from.
struct Painted {
    state: RenderState,
    pipeline: wgpu::RenderPipeline,
    screen: wgpu::Buffer,
    screen_bindings: wgpu::BindGroup,
    corners: Mutex<Corners>,
}

/// Buffers that grow with what is drawn.
struct Corners {
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
}

/// Triangles of one frame with the same texture and the same clip.
struct Surface {
    clip: Rect,
    texture: wgpu::BindGroup,
    indices: Range<u32>,
}

/// All triangles of a frame.
#[derive(Default)]
struct Triangles {
    vertices: Vec<Vertex>,
    indices: Vec<u32>,
}

/// Surfaces that follow one another without anything else between.
struct Layer {
    device: Arc<Painted>,
    /// Triangles of the whole frame, of which the first layer brings them to the device.
    triangles: Option<Arc<Triangles>>,
    surfaces: Vec<Surface>,
}

impl Painter {
    /// For a window on a processor; nothing for others, and for those whose colours are linear.
    pub(super) fn new(state: &RenderState) -> Option<Self> {
        let is_software = state.adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let suits = is_software && !state.target_format.is_srgb();
        suits.then(|| Self { device: Arc::new(Painted::new(state)) })
    }
}

impl egui::Plugin for Painter {
    fn debug_name(&self) -> &'static str {
        "painter"
    }

    fn output_hook(&mut self, ctx: &Context, output: &mut FullOutput) {
        self.device.take_textures(output);
        let renderer = self.device.state.renderer.read();
        let shapes = std::mem::take(&mut output.shapes);
        let mut triangles = Triangles::default();
        let mut layers = Vec::new();
        let mut surfaces = Vec::new();
        for ClippedPrimitive { clip_rect, primitive } in
            ctx.tessellate(shapes, output.pixels_per_point)
        {
            match primitive {
                Primitive::Mesh(mesh) => {
                    // A texture that is gone has nothing to show.
                    let Some(texture) = renderer.texture(&mesh.texture_id) else { continue };
                    let first = triangles.indices.len() as u32;
                    let before = triangles.vertices.len() as u32;
                    triangles.indices.extend(mesh.indices.iter().map(|index| before + index));
                    triangles.vertices.extend_from_slice(&mesh.vertices);
                    surfaces.push(Surface {
                        clip: clip_rect,
                        texture: texture.bind_group.clone(),
                        indices: first..triangles.indices.len() as u32,
                    });
                }
                Primitive::Callback(callback) => {
                    layers.push((std::mem::take(&mut surfaces), Some((clip_rect, callback))));
                }
            }
        }
        layers.push((surfaces, None));
        let window = ctx.viewport_rect();
        let mut triangles = Some(Arc::new(triangles));
        for (surfaces, callback) in layers {
            if !surfaces.is_empty() {
                let device = Arc::clone(&self.device);
                let layer = Layer { device, triangles: triangles.take(), surfaces };
                let shape = Shape::Callback(Callback::new_paint_callback(window, layer));
                output.shapes.push(ClippedShape::new(window, shape));
            }
            if let Some((clip_rect, callback)) = callback {
                output.shapes.push(ClippedShape::new(clip_rect, Shape::Callback(callback)));
            }
        }
    }
}

impl CallbackTrait for Layer {
    fn prepare(
        &self,
        _device: &wgpu::Device,
        _queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        _resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(triangles) = &self.triangles {
            self.device.upload(triangles, screen);
        }
        Vec::new()
    }

    fn paint(
        &self,
        info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _resources: &CallbackResources,
    ) {
        let [width, height] = info.screen_size_px;
        let corners = self.device.corners.lock().unwrap_or_else(PoisonError::into_inner);
        pass.set_viewport(0.0, 0.0, width as f32, height as f32, 0.0, 1.0);
        pass.set_pipeline(&self.device.pipeline);
        pass.set_bind_group(0, &self.device.screen_bindings, &[]);
        pass.set_vertex_buffer(0, corners.vertices.slice(..));
        pass.set_index_buffer(corners.indices.slice(..), wgpu::IndexFormat::Uint32);
        for surface in &self.surfaces {
            let [[left, right], [top, bottom]] = pixels(surface.clip, &info);
            if left < right && top < bottom {
                pass.set_scissor_rect(left, top, right - left, bottom - top);
                pass.set_bind_group(1, &surface.texture, &[]);
                pass.draw_indexed(surface.indices.clone(), 0, 0..1);
            }
        }
    }
}

/// The columns and the rows of the window that a rectangle covers.
fn pixels(rect: Rect, info: &PaintCallbackInfo) -> [[u32; 2]; 2] {
    let [width, height] = info.screen_size_px;
    let at = |points: f32, most: u32| {
        ((points * info.pixels_per_point).round().max(0.0) as u32).min(most)
    };
    [
        [at(rect.min.x, width), at(rect.max.x, width)],
        [at(rect.min.y, height), at(rect.max.y, height)],
    ]
}

impl Painted {
    fn new(state: &RenderState) -> Self {
        let device = &state.device;
        let screen = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("screen"),
            size: 16,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let of_screen = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("screen"),
            entries: &[entry(0, wgpu::ShaderStages::VERTEX, uniform())],
        });
        // As egui binds its textures: the last one tells how to mix texels by hand.
        let of_texture = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("texture of egui"),
            entries: &[
                entry(
                    0,
                    wgpu::ShaderStages::FRAGMENT,
                    wgpu::BindingType::Texture {
                        sample_type: wgpu::TextureSampleType::Float { filterable: true },
                        view_dimension: wgpu::TextureViewDimension::D2,
                        multisampled: false,
                    },
                ),
                entry(
                    1,
                    wgpu::ShaderStages::FRAGMENT,
                    wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                ),
                entry(2, wgpu::ShaderStages::FRAGMENT, uniform()),
            ],
        });
        let screen_bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("screen"),
            layout: &of_screen,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: screen.as_entire_binding() }],
        });
        let pipeline = pipeline(state, &[Some(&of_screen), Some(&of_texture)]);
        let corners = Corners {
            vertices: buffer(device, wgpu::BufferUsages::VERTEX, 1 << 16),
            indices: buffer(device, wgpu::BufferUsages::INDEX, 1 << 16),
        };
        let corners = Mutex::new(corners);
        Self { state: state.clone(), pipeline, screen, screen_bindings, corners }
    }

    /// Brings textures to the device at once: egui's renderer does so after it was told what to draw.
    #[expect(clippy::iter_over_hash_type, reason = "textures know nothing of one another")]
    fn take_textures(&self, output: &mut FullOutput) {
        let mut renderer = self.state.renderer.write();
        for (id, deltas) in output.textures_delta.set.drain() {
            for delta in deltas {
                renderer.update_texture(&self.state.device, &self.state.queue, id, &delta);
            }
        }
    }

    /// Brings a frame's triangles to the device.
    fn upload(&self, triangles: &Triangles, screen: &ScreenDescriptor) {
        let [width, height] =
            screen.size_in_pixels.map(|side| side as f32 / screen.pixels_per_point);
        let queue = &self.state.queue;
        queue.write_buffer(&self.screen, 0, bytemuck::bytes_of(&[width, height, 0.0, 0.0]));
        let mut corners = self.corners.lock().unwrap_or_else(PoisonError::into_inner);
        let Corners { vertices, indices } = &mut *corners;
        for (held, bytes, usage) in [
            (vertices, bytemuck::cast_slice(&triangles.vertices), wgpu::BufferUsages::VERTEX),
            (indices, bytemuck::cast_slice(&triangles.indices), wgpu::BufferUsages::INDEX),
        ] {
            let bytes: &[u8] = bytes;
            if held.size() < bytes.len() as u64 {
                *held = buffer(&self.state.device, usage, bytes.len().next_power_of_two() as u64);
            }
            queue.write_buffer(held, 0, bytes);
        }
    }
}

fn buffer(device: &wgpu::Device, usage: wgpu::BufferUsages, size: u64) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("surfaces"),
        size,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

fn entry(
    binding: u32,
    visibility: wgpu::ShaderStages,
    ty: wgpu::BindingType,
) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

/// Four words.
fn uniform() -> wgpu::BindingType {
    wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: NonZeroU64::new(16),
    }
}

fn pipeline(
    state: &RenderState,
    layouts: &[Option<&wgpu::BindGroupLayout>],
) -> wgpu::RenderPipeline {
    let device = &state.device;
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("surfaces"),
        source: wgpu::ShaderSource::Wgsl(include_str!("../../shaders/surfaces.wgsl").into()),
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("surfaces"),
        bind_group_layouts: layouts,
        ..Default::default()
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("surfaces"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("corner_of_surface"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[Some(wgpu::VertexBufferLayout {
                array_stride: size_of::<Vertex>() as u64,
                step_mode: wgpu::VertexStepMode::Vertex,
                attributes: &wgpu::vertex_attr_array![
                    0 => Float32x2, 1 => Float32x2, 2 => Unorm8x4
                ],
            })],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("colour_of_surface"),
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
