//! Twin of `channel_sums.wgsl`.

use crate::engine::params::ChannelSumsParams;

/// The sums of planes over each part of the places, which are counted item by item.
///
/// # Shapes
/// `planes [b, c, n]`, `output [parts, c]`.
pub fn channel_sums(params: &ChannelSumsParams, planes: &[f32], output: &mut [f32]) {
    let [channels, plane] = [params.channels, params.plane].map(|len| len as usize);
    let [all, part_len] = [params.batch * params.plane, params.part_len].map(|len| len as usize);
    for (group, sum) in output.iter_mut().enumerate() {
        let (part, channel) = (group / channels, group % channels);
        let own = (part * part_len).min(all)..((part + 1) * part_len).min(all);
        let value = |place: usize| {
            let (item, at) = (place / plane, place % plane);
            f64::from(planes[(item * channels + channel) * plane + at])
        };
        *sum = own.map(value).sum::<f64>() as f32;
    }
}
