//! How sharp images are: blur is what a model does first when it is unsure.

use super::SampleError;
use super::samples::Set;
use crate::array::Array;
use crate::picture::{ImageShape, luminance};

const ACTION: &str = "measure sharpness";
/// The side of the Laplacian's kernel, in pixels: a smaller image has no sharpness.
pub const SHARPNESS_LEAST_PX: usize = 3;

/// The variance of an image's Laplacian: 0 for one colour or an even slope, larger the more and the sharper the
/// edges. Noise counts as sharp.
///
/// The 4-neighbour kernel (0 1 0, 1 −4 1, 0 1 0) on the luminance, where it fits whole.
///
/// # Shapes
/// `image`: `[c, h, w]`, h and w at least 3; three channels are RGB, of any other number the mean is taken.
///
/// # Source
/// Pech-Pacheco et al. 2000, "Diatom autofocusing in brightfield microscopy: a comparative study".
pub fn laplacian_variance(image: &[f32], shape: ImageShape) -> f64 {
    debug_assert_eq!(image.len(), shape.len(), "an image of the given shape");
    let (h, w) = (shape.height, shape.width);
    debug_assert!(h.min(w) >= SHARPNESS_LEAST_PX, "room for the kernel");
    let grey = luminance_plane(image, shape);
    let at = |y: usize, x: usize| grey[y * w + x];
    let (mut sum, mut squares) = (0.0, 0.0);
    for y in 1..h - 1 {
        for x in 1..w - 1 {
            let around = at(y - 1, x) + at(y + 1, x) + at(y, x - 1) + at(y, x + 1);
            let value = around - 4.0 * at(y, x);
            sum += value;
            squares += value * value;
        }
    }
    let count = ((h - 2) * (w - 2)) as f64;
    let mean = sum / count;
    (squares / count - mean * mean).max(0.0)
}

/// The luminance of every pixel.
fn luminance_plane(image: &[f32], shape: ImageShape) -> Vec<f64> {
    let plane = shape.height * shape.width;
    let channels = |pixel: usize| (0..shape.channels).map(move |c| image[c * plane + pixel]);
    let grey = |pixel: usize| match shape.channels {
        3 => luminance([image[pixel], image[plane + pixel], image[2 * plane + pixel]]).into(),
        c => channels(pixel).map(f64::from).sum::<f64>() / c as f64,
    };
    (0..plane).map(grey).collect()
}

/// The mean [`laplacian_variance`] of images.
///
/// # Shapes
/// `images`: `[b, c, h, w]` in [0, 1], b at least 1, h and w at least 3.
///
/// # Errors
/// When there is no image, they are no images or too small ones, or a value is no number.
pub fn mean_sharpness(images: &Array) -> Result<f64, SampleError> {
    of_set("image", images)
}

/// How sharp generated images are, as a ratio to the data: 1 as sharp, below 1 blurred, above 1 noisy.
///
/// # Shapes
/// `generated`: `[m, c, h, w]`, `data`: `[n, c, h, w]`, in one range.
///
/// # Errors
/// As [`mean_sharpness`], when images differ in size, or the data has no edge at all.
pub fn sharpness_ratio(generated: &Array, data: &Array) -> Result<f64, SampleError> {
    let data_set = Set::new(ACTION, "data", data, 1)?;
    Set::new(ACTION, "generated", generated, 1)?.as_long_as(data_set)?;
    let of_data = of_set("data", data)?;
    if of_data == 0.0 {
        return Err(SampleError::Flat { action: ACTION, set: "data" });
    }
    Ok(of_set("generated", generated)? / of_data)
}

fn of_set(name: &'static str, images: &Array) -> Result<f64, SampleError> {
    let shape = Set::new(ACTION, name, images, 1)?.images(SHARPNESS_LEAST_PX)?;
    let variances = images.data().chunks_exact(shape.len());
    let sum: f64 = variances.map(|image| laplacian_variance(image, shape)).sum();
    Ok(sum / images.num_rows() as f64)
}
