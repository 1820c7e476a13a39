//! One pass on its own, read back: what compares a shader with its twin.

use super::gpu::Gpu;
use super::step::{Step, encode};
use super::texture::{read_texture, texture};
use crate::engine::EngineError;
use crate::engine::dispatch::Dispatch;
use crate::engine::params::PixelsParams;
use crate::engine::shader::Shader;

/// A pass and everything it reads.
#[derive(Clone, Copy, Debug)]
pub struct SinglePass<'a> {
    /// What runs.
    pub dispatch: Dispatch,
    /// Its parameters as they lie in memory.
    pub params: &'a [u8],
    /// What it reads, in the order of its bindings.
    pub inputs: &'a [&'a [f32]],
}

/// What the output buffer holds after the pass, having held `output` before.
///
/// # Errors
/// When something does not fit on the device, or when it fails.
pub fn run_single(
    gpu: &Gpu,
    pass: SinglePass<'_>,
    output: &[f32],
) -> Result<Vec<f32>, EngineError> {
    let [output] = run_single_into(gpu, pass, [output])?;
    Ok(output)
}

/// What the output buffers hold after the pass, having held `outputs` before.
///
/// # Errors
/// When something does not fit on the device, or when it fails.
pub fn run_single_into<const N: usize>(
    gpu: &Gpu,
    pass: SinglePass<'_>,
    outputs: [&[f32]; N],
) -> Result<[Vec<f32>; N], EngineError> {
    let fill = |values: &&[f32]| gpu.filled_storage("input", values);
    let inputs = pass.inputs.iter().map(fill).collect::<Result<Vec<_>, _>>()?;
    let fill = |values: &&[f32]| gpu.filled_storage("output", values);
    let targets = outputs.iter().map(fill).collect::<Result<Vec<_>, _>>()?;
    let bound: Vec<_> =
        inputs.iter().chain(&targets).map(wgpu::Buffer::as_entire_binding).collect();
    let step = Step::new(gpu, pass.dispatch, pass.params, &bound)?;
    let staged = targets.iter().map(|target| gpu.staging(target.size()));
    let staged = staged.collect::<Result<Vec<_>, _>>()?;
    gpu.checked("running one pass", || {
        let mut encoder = gpu.encoder();
        encode(&mut encoder, [&step]);
        for (target, staging) in targets.iter().zip(&staged) {
            encoder.copy_buffer_to_buffer(target, 0, staging, 0, target.size());
        }
        gpu.queue().submit([encoder.finish()]);
    })?;
    let mut found = outputs.map(|_| Vec::new());
    for (found, staging) in found.iter_mut().zip(&staged) {
        *found = gpu.read(staging, bytemuck::pod_collect_to_vec)?;
    }
    Ok(found)
}

/// The RGBA rows that `pixels` draws over a picture filled with `before`.
///
/// # Errors
/// When something does not fit on the device, or when it fails.
pub fn run_pixels(
    gpu: &Gpu,
    params: &PixelsParams,
    input: &[f32],
    before: [u8; 4],
) -> Result<Vec<u8>, EngineError> {
    let input = gpu.filled_storage("input", input)?;
    let target = texture(gpu, params.size_px())?;
    let view = target.create_view(&wgpu::TextureViewDescriptor::default());
    let bound = [input.as_entire_binding(), wgpu::BindingResource::TextureView(&view)];
    let dispatch = Dispatch::new(Shader::Pixels, params.invocations());
    let step = Step::new(gpu, dispatch, bytemuck::bytes_of(params), &bound)?;
    gpu.checked("running pixels", || {
        let texels = before.repeat((target.width() * target.height()) as usize);
        let row = Some(target.width() * 4);
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: row, rows_per_image: None };
        gpu.queue().write_texture(target.as_image_copy(), &texels, layout, target.size());
        let mut encoder = gpu.encoder();
        encode(&mut encoder, [&step]);
        gpu.queue().submit([encoder.finish()]);
    })?;
    read_texture(gpu, &target)
}
