//! Pictures on a device.

use super::gpu::Gpu;
use crate::engine::EngineError;

/// A texture that shaders write, egui draws and files are saved from.
pub(super) fn texture(gpu: &Gpu, [width, height]: [u32; 2]) -> Result<wgpu::Texture, EngineError> {
    let usage = wgpu::TextureUsages::TEXTURE_BINDING
        | wgpu::TextureUsages::STORAGE_BINDING
        | wgpu::TextureUsages::COPY_SRC
        | wgpu::TextureUsages::COPY_DST;
    gpu.checked("allocating the picture", || {
        gpu.device().create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage,
            view_formats: &[],
        })
    })
}

/// The texels row by row. Waits for the device: a sync point.
pub(super) fn read_texture(gpu: &Gpu, texture: &wgpu::Texture) -> Result<Vec<u8>, EngineError> {
    let row = texture.width() * 4;
    let padded_row = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let staging = gpu.staging(u64::from(padded_row) * u64::from(texture.height()))?;
    gpu.checked("copying the picture", || {
        let mut encoder = gpu.encoder();
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(padded_row),
            rows_per_image: None,
        };
        let target = wgpu::TexelCopyBufferInfo { buffer: &staging, layout };
        encoder.copy_texture_to_buffer(texture.as_image_copy(), target, texture.size());
        gpu.queue().submit([encoder.finish()]);
    })?;
    gpu.read(&staging, |rows| {
        let rows = rows.chunks_exact(padded_row as usize);
        rows.flat_map(|padded| &padded[..row as usize]).copied().collect()
    })
}
