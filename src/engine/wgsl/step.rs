//! One dispatch, ready to be encoded again and again.

use super::gpu::Gpu;
use crate::engine::EngineError;
use crate::engine::dispatch::Dispatch;

/// A pipeline with everything it binds.
#[derive(Debug)]
pub(super) struct Step {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    workgroups: [u32; 2],
    params: wgpu::Buffer,
}

impl Step {
    /// Binds `params` at 0 and `resources` from 1 on.
    pub(super) fn new(
        gpu: &Gpu,
        dispatch: Dispatch,
        params: &[u8],
        resources: &[wgpu::BindingResource<'_>],
    ) -> Result<Self, EngineError> {
        let Dispatch { shader, tile, .. } = dispatch;
        let pipeline = gpu.pipeline(shader, tile)?;
        let params = gpu.uniform(shader.stem(), params)?;
        let bind_group = gpu.checked(&format!("binding {}", shader.stem()), || {
            let bound =
                std::iter::once(params.as_entire_binding()).chain(resources.iter().cloned());
            let entry = |(binding, resource)| wgpu::BindGroupEntry { binding, resource };
            gpu.device().create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(shader.stem()),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &(0..).zip(bound).map(entry).collect::<Vec<_>>(),
            })
        })?;
        let limit = gpu.device().limits().max_compute_workgroups_per_dimension;
        Ok(Self { pipeline, bind_group, workgroups: dispatch.rows(limit), params })
    }

    /// The buffer of its parameters.
    pub(super) fn params(&self) -> &wgpu::Buffer {
        &self.params
    }
}

/// Encodes steps one after the other; the device sees to it that each finds what the one before wrote.
pub(super) fn encode<'a>(
    encoder: &mut wgpu::CommandEncoder,
    steps: impl IntoIterator<Item = &'a Step>,
) {
    encode_timed(encoder, steps, None);
}

/// [`encode`], which notes by the device's clock when the steps began and ended.
pub(super) fn encode_timed<'a>(
    encoder: &mut wgpu::CommandEncoder,
    steps: impl IntoIterator<Item = &'a Step>,
    times: Option<wgpu::ComputePassTimestampWrites<'_>>,
) {
    let descriptor = wgpu::ComputePassDescriptor { label: None, timestamp_writes: times };
    let mut pass = encoder.begin_compute_pass(&descriptor);
    for step in steps {
        pass.set_pipeline(&step.pipeline);
        pass.set_bind_group(0, &step.bind_group, &[]);
        let [x, y] = step.workgroups;
        pass.dispatch_workgroups(x, y, 1);
    }
}
