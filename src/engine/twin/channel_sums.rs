//! Twin of `channel_sums.wgsl`.

use crate::engine::params::ChannelSumsParams;

/// The sums of planes over all items.
///
/// # Shapes
/// `planes [b, c, n]`, `output [c]`.
pub fn channel_sums(params: &ChannelSumsParams, planes: &[f32], output: &mut [f32]) {
    let [channels, plane] = [params.channels, params.plane].map(|len| len as usize);
    for (channel, sum) in output.iter_mut().enumerate() {
        let own = (0..params.batch as usize).flat_map(|item| {
            let first = (item * channels + channel) * plane;
            &planes[first..first + plane]
        });
        *sum = own.map(|&value| f64::from(value)).sum::<f64>() as f32;
    }
}
