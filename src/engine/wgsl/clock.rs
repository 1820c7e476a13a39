//! How long steps take, by the device's own clock.

use super::gpu::Gpu;
use super::step::{Step, encode_timed};
use crate::engine::EngineError;

/// Steps whose times are noted together: a set of queries holds two for each and 4096 at most.
const AT_ONCE: usize = 1024;

/// The seconds that each step takes, one after the other, on a device that has a clock. A sync point.
pub(super) fn secs(gpu: &Gpu, steps: &[Step]) -> Result<Vec<f64>, EngineError> {
    let mut secs = Vec::with_capacity(steps.len());
    for steps in steps.chunks(AT_ONCE) {
        secs.extend(secs_of_some(gpu, steps)?);
    }
    Ok(secs)
}

fn secs_of_some(gpu: &Gpu, steps: &[Step]) -> Result<Vec<f64>, EngineError> {
    let count = 2 * steps.len() as u32;
    let bytes = u64::from(count) * u64::from(wgpu::QUERY_SIZE);
    let staging = gpu.staging(bytes)?;
    gpu.checked("timing the network", || {
        let device = gpu.device();
        let queries = device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("times"),
            ty: wgpu::QueryType::Timestamp,
            count,
        });
        let resolved = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("times"),
            size: bytes,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let mut encoder = gpu.encoder();
        for (first, step) in (0..count).step_by(2).zip(steps) {
            let times = wgpu::ComputePassTimestampWrites {
                query_set: &queries,
                beginning_of_pass_write_index: Some(first),
                end_of_pass_write_index: Some(first + 1),
            };
            encode_timed(&mut encoder, [step], Some(times));
        }
        encoder.resolve_query_set(&queries, 0..count, &resolved, 0);
        encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, bytes);
        gpu.queue().submit([encoder.finish()]);
    })?;
    let ticks: Vec<u64> = gpu.read(&staging, bytemuck::pod_collect_to_vec)?;
    let period = f64::from(gpu.queue().get_timestamp_period()) * 1e-9;
    // Some clocks are set back between passes: no time then.
    let secs = |pair: &[u64]| pair[1].saturating_sub(pair[0]) as f64 * period;
    Ok(ticks.chunks_exact(2).map(secs).collect())
}
