//! A network's pictures in a texture: what a slider drag runs.

use super::gpu::Gpu;
use super::network::{Network, Passes};
use super::step::{Step, encode};
use super::texture::{read_texture, texture};
use crate::array::Array;
use crate::engine::dispatch::Dispatch;
use crate::engine::params::{LatentMixParams, PixelsParams};
use crate::engine::shader::Shader;
use crate::engine::{EngineError, Mix, plan};
use crate::picture::ValueRange;

/// A fixed number of latents, decoded and tiled into one texture.
///
/// Everything is allocated when it is made; a drawing writes a few numbers, submits once and never waits.
#[derive(Debug)]
pub struct Screen {
    gpu: Gpu,
    passes: Passes,
    /// The values of one latent.
    dim: usize,
    corners: wgpu::Buffer,
    positions: wgpu::Buffer,
    mix: Step,
    pixels: Step,
    texture: wgpu::Texture,
    view: wgpu::TextureView,
}

impl Screen {
    /// Prepares `batch` pictures of one output, `columns` in a row, the first at the top left.
    ///
    /// `range` says which of the output's values are black and white. Until corners are set they are zeros.
    ///
    /// # Errors
    /// When there is no such output, when it is no picture, or when something does not fit on the device.
    pub fn new(
        network: &Network,
        output: &str,
        range: ValueRange,
        batch: usize,
        columns: usize,
    ) -> Result<Self, EngineError> {
        let pixels = pixels_params(network, output, range, batch, columns)?;
        let texture = texture(network.gpu(), pixels.size_px())?;
        Self::drawing_into(texture, network, output, pixels)
    }

    /// Prepares as many pictures of another network's output, drawn into the texture of this screen: whichever of
    /// the two draws last is what it shows.
    ///
    /// # Errors
    /// As [`Screen::new`], and when the pictures have another size.
    pub fn sharing(
        &self,
        network: &Network,
        output: &str,
        range: ValueRange,
    ) -> Result<Self, EngineError> {
        let width = network.graph().output_shape(output).and_then(<[usize]>::last);
        let columns = self.size_px()[0] / width.copied().unwrap_or(1).max(1);
        let pixels = pixels_params(network, output, range, self.batch(), columns)?;
        let found = pixels.size_px().map(|side| side as usize);
        check_len("texels in a row", found[0], self.size_px()[0])?;
        check_len("rows of texels", found[1], self.size_px()[1])?;
        Self::drawing_into(self.texture.clone(), network, output, pixels)
    }

    fn drawing_into(
        texture: wgpu::Texture,
        network: &Network,
        output: &str,
        pixels: PixelsParams,
    ) -> Result<Self, EngineError> {
        let gpu = network.gpu().clone();
        let graph = network.graph();
        let batch = pixels.items as usize;
        let largest = plan::largest_batch(graph, gpu.max_buffer_values(), usize::MAX)?;
        if batch > largest {
            let what = "pictures decoded at once".to_owned();
            return Err(EngineError::TooLarge { what, found: batch as u64, limit: largest as u64 });
        }
        let passes = Passes::new(network, batch)?;
        let dim = graph.nodes()[0].num_values();
        let corners = gpu.filled_storage("corners", &vec![0.0; 4 * dim])?;
        let positions = gpu.filled_storage("positions", &vec![0.0; 2 * batch])?;
        let mix = mix_params(batch, dim, Mix::Slerp);
        let bound = [&positions, &corners, passes.input()].map(wgpu::Buffer::as_entire_binding);
        let mix = Step::new(
            &gpu,
            Dispatch::new(Shader::LatentMix, mix.invocations()),
            bytemuck::bytes_of(&mix),
            &bound,
        )?;
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let planned = passes.plan.outputs.iter().find(|planned| planned.name == output);
        let image = &passes.buffers[planned.map_or(0, |planned| planned.buffer)];
        let bound = [image.as_entire_binding(), wgpu::BindingResource::TextureView(&view)];
        let pixels = Step::new(
            &gpu,
            Dispatch::new(Shader::Pixels, pixels.invocations()),
            bytemuck::bytes_of(&pixels),
            &bound,
        )?;
        Ok(Self { gpu, passes, dim, corners, positions, mix, pixels, texture, view })
    }

    /// The texture that is drawn into, `Rgba8Unorm`; it stays the same.
    pub fn texture(&self) -> &wgpu::Texture {
        &self.texture
    }

    /// The view of the texture, to be registered once.
    pub fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    /// Width and height of the texture.
    pub fn size_px(&self) -> [usize; 2] {
        [self.texture.width() as usize, self.texture.height() as usize]
    }

    /// The number of pictures.
    pub fn batch(&self) -> usize {
        self.passes.plan.batch
    }

    /// Sets the latents that positions lie between, and how they are mixed.
    ///
    /// # Shapes
    /// `corners [4, d]`: top left, top right, bottom left, bottom right; `d` values as one input item has.
    ///
    /// # Errors
    /// When `corners` has another number of values, or when the device fails.
    pub fn set_corners(&mut self, corners: &Array, mix: Mix) -> Result<(), EngineError> {
        check_len("corner latents", corners.data().len(), 4 * self.dim)?;
        let params = mix_params(self.batch(), self.dim, mix);
        self.gpu.checked("setting corners", || {
            self.gpu.queue().write_buffer(&self.corners, 0, bytemuck::cast_slice(corners.data()));
            self.gpu.queue().write_buffer(self.mix.params(), 0, bytemuck::bytes_of(&params));
        })
    }

    /// Draws the mixture of the corners at each position.
    ///
    /// # Units
    /// One (`u` right, `v` down) in `[0, 1]` for every picture.
    ///
    /// # Errors
    /// When the number of positions is not the number of pictures, or when the device fails.
    pub fn render_positions(&mut self, positions: &[[f32; 2]]) -> Result<(), EngineError> {
        check_len("positions", positions.len(), self.batch())?;
        self.render(&self.positions, bytemuck::cast_slice(positions), Some(&self.mix))
    }

    /// Draws latents as they are.
    ///
    /// # Shapes
    /// `latents [batch, d]`, flat.
    ///
    /// # Errors
    /// When the number of values is another, or when the device fails.
    pub fn render_latents(&mut self, latents: &[f32]) -> Result<(), EngineError> {
        check_len("latents", latents.len(), self.batch() * self.dim)?;
        self.render(self.passes.input(), bytemuck::cast_slice(latents), None)
    }

    fn render(
        &self,
        target: &wgpu::Buffer,
        bytes: &[u8],
        mix: Option<&Step>,
    ) -> Result<(), EngineError> {
        self.gpu.checked("drawing", || {
            self.gpu.queue().write_buffer(target, 0, bytes);
            let mut encoder = self.gpu.encoder();
            encode(&mut encoder, mix.into_iter().chain(&self.passes.steps).chain([&self.pixels]));
            self.gpu.queue().submit([encoder.finish()]);
        })
    }

    /// The picture as RGBA rows, to save it. Waits for the device: a sync point.
    ///
    /// # Errors
    /// When the device fails.
    pub fn read_back(&self) -> Result<Vec<u8>, EngineError> {
        read_texture(&self.gpu, &self.texture)
    }
}

fn check_len(what: &str, found: usize, expected: usize) -> Result<(), EngineError> {
    if found == expected {
        Ok(())
    } else {
        Err(EngineError::Length { what: what.to_owned(), found, expected })
    }
}

fn mix_params(batch: usize, dim: usize, mix: Mix) -> LatentMixParams {
    LatentMixParams {
        items: batch as u32,
        dim: dim as u32,
        spherical: u32::from(mix == Mix::Slerp),
        pad0: 0,
    }
}

/// How the output becomes pixels, if it can.
fn pixels_params(
    network: &Network,
    output: &str,
    range: ValueRange,
    batch: usize,
    columns: usize,
) -> Result<PixelsParams, EngineError> {
    let graph = network.graph();
    let shape = graph.output_shape(output).ok_or_else(|| EngineError::UnknownOutput {
        found: output.to_owned(),
        expected: graph.outputs().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
    })?;
    let &[channels @ (1 | 3), height, width] = shape else {
        return Err(EngineError::NotAPicture { output: output.to_owned(), found: shape.to_vec() });
    };
    if batch == 0 || columns == 0 {
        return Err(EngineError::Length {
            what: "pictures or columns".to_owned(),
            found: 0,
            expected: 1,
        });
    }
    let scale = 1.0 / (range.hi - range.lo);
    if range.lo >= range.hi || !scale.is_finite() {
        return Err(EngineError::Range { range });
    }
    let limit = u64::from(network.gpu().device().limits().max_texture_dimension_2d);
    let rows = batch.div_ceil(columns) as u64;
    let found =
        (columns as u64).saturating_mul(width as u64).max(rows.saturating_mul(height as u64));
    if found > limit {
        return Err(EngineError::TooLarge {
            what: "side of the picture in pixels".to_owned(),
            found,
            limit,
        });
    }
    Ok(PixelsParams {
        items: batch as u32,
        channels: channels as u32,
        height: height as u32,
        width: width as u32,
        columns: columns as u32,
        lo: range.lo,
        scale,
        pad0: 0,
    })
}
