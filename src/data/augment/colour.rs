//! How colours vary: brightness, contrast and saturation.

use crate::picture::{ImageShape, luminance};

/// Factors of an image's colours; 1 leaves them as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColourJitter {
    /// Of every value: 0 is black.
    pub brightness: f32,
    /// Of every value's distance from the mean luminance: 0 is one grey.
    pub contrast: f32,
    /// Of every value's distance from its pixel's luminance: 0 is a grey image.
    pub saturation: f32,
}

/// Changes the colours of an RGB image `[3, h, w]`, brightness first and saturation last, each kept within
/// `[0, 1]`; images of another number of channels stay as they are.
pub fn jitter_colour(image: &mut [f32], shape: ImageShape, jitter: ColourJitter) {
    debug_assert_eq!(image.len(), shape.len(), "an image of the given shape");
    if shape.channels != 3 {
        return;
    }
    let (red, rest) = image.split_at_mut(shape.height * shape.width);
    let (green, blue) = rest.split_at_mut(red.len());
    let mut for_each_pixel = |change: &mut dyn FnMut([f32; 3]) -> [f32; 3]| {
        for ((r, g), b) in red.iter_mut().zip(green.iter_mut()).zip(blue.iter_mut()) {
            [*r, *g, *b] = change([*r, *g, *b]);
        }
    };
    let mut sum = 0.0;
    for_each_pixel(&mut |pixel| {
        let pixel = pixel.map(|value| (jitter.brightness * value).clamp(0.0, 1.0));
        sum += f64::from(luminance(pixel));
        pixel
    });
    let grey = (sum / (shape.height * shape.width) as f64) as f32;
    for_each_pixel(&mut |pixel| {
        let pixel = away_from(grey, pixel, jitter.contrast);
        away_from(luminance(pixel), pixel, jitter.saturation)
    });
}

/// The values of a pixel `factor` times as far from a grey.
fn away_from(grey: f32, pixel: [f32; 3], factor: f32) -> [f32; 3] {
    // Written so that a factor of 1 changes nothing, not even by rounding.
    pixel.map(|value| (value + (factor - 1.0) * (value - grey)).clamp(0.0, 1.0))
}
