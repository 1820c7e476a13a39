//! Twin of `pixels.wgsl`.

use super::offset4;
use crate::engine::params::PixelsParams;
use crate::picture::level_from_unit;

/// Images tiled into one RGBA picture: grey or RGB, clamped, rounded to 8 bits; the rest is transparent.
///
/// # Shapes
/// `input [items, channels, height, width]`, `output` four levels for each of [`PixelsParams::size_px`].
pub fn pixels(params: &PixelsParams, input: &[f32], output: &mut [u8]) {
    let shape = [params.items, params.channels, params.height, params.width];
    let [width_px, height_px] = params.size_px();
    for y in 0..height_px {
        for x in 0..width_px {
            let item = y / params.height * params.columns + x / params.width;
            let mut rgba = [0; 4];
            if item < params.items {
                rgba[3] = 255;
                for (channel, level) in (0..3).zip(&mut rgba) {
                    let channel = channel.min(params.channels - 1);
                    let value =
                        input[offset4(shape, [item, channel, y % params.height, x % params.width])];
                    *level = level_from_unit((value - params.lo) * params.scale);
                }
            }
            let place = ((y * width_px + x) * 4) as usize;
            output[place..place + 4].copy_from_slice(&rgba);
        }
    }
}
