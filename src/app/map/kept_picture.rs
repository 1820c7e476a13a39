//! Points drawn apart from the window, some of them in every frame, and kept: moved and scaled while a hand moves the
//! map, and drawn anew behind that until they are sharp again.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use eframe::egui::Context;
use eframe::egui_wgpu::RenderState;

use super::canvas::{Dots, bind, pipeline};
use crate::ui::Sight;

/// How many points are drawn in one frame: a few milliseconds of two processor cores.
const AT_ONCE: u32 = 10_000;
/// What is drawn beyond each edge, as a share of a side: a hand that pans sees no empty edge before the next picture.
const MARGIN: f64 = 0.25;
/// A picture that shows less of what is seen is of no use: the next one is drawn at once.
const LEAST_SHARE: f64 = 0.5;

/// As `KeptPictureParams` in `shaders/kept_picture.wgsl`: left, bottom, right, top.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct KeptPictureParams([f32; 4]);

/// The picture that is shown, and the one that will be.
pub(super) struct KeptPicture {
    state: RenderState,
    ctx: Context,
    pipeline: wgpu::RenderPipeline,
    params: wgpu::Buffer,
    sampler: wgpu::Sampler,
    shown: Option<Picture>,
    next: Option<Picture>,
    /// What was shown before: another one of its size is drawn over it.
    spare: Option<wgpu::Texture>,
}

/// A picture of points.
struct Picture {
    dots: Arc<Dots>,
    /// How many of them are drawn.
    drawn: u32,
    /// What was to be seen, and what is, with a margin.
    asked: Sight,
    sight: Sight,
    texture: wgpu::Texture,
    bindings: wgpu::BindGroup,
}

impl Picture {
    /// Whether it shows what is to be seen.
    fn fits(&self, dots: &Arc<Dots>, sight: &Sight) -> bool {
        Arc::ptr_eq(&self.dots, dots) && (self.asked == *sight || self.sight.looks_as(sight))
    }

    /// Whether it shows enough of that to stand in for it.
    fn stands_in(&self, dots: &Arc<Dots>, sight: &Sight) -> bool {
        Arc::ptr_eq(&self.dots, dots) && self.sight.share_of(sight) >= LEAST_SHARE
    }
}

impl KeptPicture {
    pub(super) fn new(state: &RenderState, ctx: &Context) -> Self {
        let source = include_str!("../../../shaders/kept_picture.wgsl");
        let names = ["corner_of_picture", "colour_of_picture"];
        Self {
            state: state.clone(),
            ctx: ctx.clone(),
            pipeline: pipeline(state, "kept picture", source, names),
            params: state.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("kept picture params"),
                size: size_of::<KeptPictureParams>() as u64,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            sampler: state.device.create_sampler(&wgpu::SamplerDescriptor {
                label: Some("kept picture"),
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                ..Default::default()
            }),
            shown: None,
            next: None,
            spare: None,
        }
    }

    /// Before a frame: draws some more points where what is kept is not what is to be seen.
    pub(super) fn draw_on(
        &mut self,
        dots: &Arc<Dots>,
        sight: Sight,
        queue: &wgpu::Queue,
        encoder: &mut wgpu::CommandEncoder,
    ) {
        let stands_in = self.shown.as_ref().is_some_and(|shown| shown.stands_in(dots, &sight));
        if !stands_in {
            self.next = None;
        }
        let fits = |shown: &Picture| shown.fits(dots, &sight);
        if self.next.is_none() && !self.shown.as_ref().is_some_and(fits) {
            self.next = Some(self.begin(dots, sight));
        }
        if let Some(mut next) = self.next.take() {
            let number = if stands_in { AT_ONCE } else { u32::MAX };
            next.draw(number, queue, encoder);
            if next.drawn < next.dots.number {
                self.next = Some(next);
            } else {
                self.spare = self.shown.replace(next).map(|old| old.texture);
            }
        }
        if let Some(shown) = &self.shown {
            let params = KeptPictureParams(shown.sight.within(&sight));
            queue.write_buffer(&self.params, 0, bytemuck::bytes_of(&params));
            if !shown.fits(dots, &sight) {
                self.ctx.request_repaint();
            }
        }
    }

    /// Puts the picture into the window.
    pub(super) fn paint(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(shown) = &self.shown {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &shown.bindings, &[]);
            pass.draw(0..6, 0..1);
        }
    }

    /// An empty picture.
    fn begin(&mut self, dots: &Arc<Dots>, asked: Sight) -> Picture {
        let device = &self.state.device;
        let sight = asked.with_margin(MARGIN, device.limits().max_texture_dimension_2d);
        let [width, height] = sight.size;
        let is_of_size = |old: &wgpu::Texture| [old.width(), old.height()] == sight.size;
        let texture = self.spare.take().filter(is_of_size).unwrap_or_else(|| {
            device.create_texture(&wgpu::TextureDescriptor {
                label: Some("kept picture"),
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: self.state.target_format,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                    | wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            })
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let resources = [
            self.params.as_entire_binding(),
            wgpu::BindingResource::TextureView(&view),
            wgpu::BindingResource::Sampler(&self.sampler),
        ];
        let bindings = bind(&self.state, &self.pipeline, &resources);
        Picture { dots: Arc::clone(dots), drawn: 0, asked, sight, texture, bindings }
    }
}

impl Picture {
    /// Draws the next points, at most `number`.
    fn draw(&mut self, number: u32, queue: &wgpu::Queue, encoder: &mut wgpu::CommandEncoder) {
        self.dots.look(queue, &self.sight);
        let clear = wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT);
        let view = self.texture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("kept picture"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: if self.drawn == 0 { clear } else { wgpu::LoadOp::Load },
                    store: wgpu::StoreOp::Store,
                },
            })],
            depth_stencil_attachment: None,
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        });
        let end = self.drawn.saturating_add(number).min(self.dots.number);
        self.dots.draw(&mut pass, self.drawn..end);
        self.drawn = end;
    }
}
