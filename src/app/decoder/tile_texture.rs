//! A texture of equal tiles on the window's device, which are copied into it one by one.

use eframe::egui::vec2;
use eframe::egui_wgpu::RenderState;

use crate::engine::EngineError;
use crate::ui::Picture;

/// Tiles in rows, each as large as a picture that shaders draw.
pub(super) struct TileTexture {
    texture: wgpu::Texture,
    picture: Picture,
    tile_px: [u32; 2],
    sides: [usize; 2],
    state: RenderState,
}

impl TileTexture {
    /// An empty one with `sides` columns and rows of tiles as large as `tile`.
    pub(super) fn new(
        state: &RenderState,
        tile: &wgpu::Texture,
        sides: [usize; 2],
    ) -> Result<Self, EngineError> {
        let tile_px = [tile.width(), tile.height()];
        let [width, height] = [0, 1].map(|axis: usize| tile_px[axis] * sides[axis] as u32);
        let limit = state.device.limits().max_texture_dimension_2d;
        if width.max(height) > limit {
            return Err(EngineError::TooLarge {
                what: "side of the tiles together in pixels".to_owned(),
                found: width.max(height).into(),
                limit: limit.into(),
            });
        }
        let texture = state.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("tiles"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: tile.format(),
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let id = state.renderer.write().register_native_texture(
            &state.device,
            &view,
            wgpu::FilterMode::Linear,
        );
        let picture = Picture { id, size: vec2(width as f32, height as f32) };
        Ok(Self { texture, picture, tile_px, sides, state: state.clone() })
    }

    /// Copies the first pictures of a strip, which lie side by side, to the tiles of these numbers.
    pub(super) fn copy(&self, strip: &wgpu::Texture, tiles: &[usize]) {
        let mut encoder =
            self.state.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let [width, height] = self.tile_px;
        let [columns, rows] = self.sides;
        for (index, &tile) in (0..).zip(tiles) {
            if tile >= columns * rows {
                continue;
            }
            let place = |texture, column: u32, row: u32| wgpu::TexelCopyTextureInfo {
                texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: column * width, y: row * height, z: 0 },
                aspect: wgpu::TextureAspect::All,
            };
            let [column, row] = [tile % columns, tile / columns].map(|index| index as u32);
            encoder.copy_texture_to_texture(
                place(strip, index, 0),
                place(&self.texture, column, row),
                wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            );
        }
        self.state.queue.submit([encoder.finish()]);
    }

    pub(super) fn picture(&self) -> Picture {
        self.picture
    }

    /// Columns and rows.
    pub(super) fn sides(&self) -> [usize; 2] {
        self.sides
    }
}

impl Drop for TileTexture {
    fn drop(&mut self) {
        self.state.renderer.write().free_texture(&self.picture.id);
    }
}
