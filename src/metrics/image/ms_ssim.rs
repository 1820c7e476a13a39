//! Structural similarity over several scales.

use super::{RADIUS_PX, Similarity, mean_similarity};
use crate::picture::ImageShape;

/// The weight of each scale, finest first; they sum to 1.
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// The number of scales, 1 to 5, at which the whole window of 11 pixels fits into an image.
pub fn ms_ssim_scales(shape: ImageShape) -> usize {
    let side = shape.height.min(shape.width);
    let fits = |scale: &usize| side >> scale > 2 * RADIUS_PX;
    (1..WEIGHTS.len()).take_while(fits).count() + 1
}

/// The multi-scale structural similarity of two images `[c, h, w]` with pixels in [0, 1]: 1 for identical ones,
/// 0 for those that vary against each other.
///
/// The product of each scale's contrast and structure and of the coarsest one's luminance, each to the power of
/// its scale's weight; each scale is the 2×2 mean of the one before, without an odd last row or column. Images
/// with a side under 176 pixels have room for fewer than five scales ([`ms_ssim_scales`]: 2 at 28 pixels, 3 at
/// 64): the weights of those that fit are renormalised to sum to 1, so numbers compare only between images of
/// one size. A scale whose mean is negative counts as 0, as its power is no number.
///
/// # Source
/// Wang et al. 2003, "Multi-scale structural similarity for image quality assessment", eq. 7; means over positions
/// and channels are taken at each scale before the product, as in its reference implementation.
pub fn ms_ssim(a: &[f32], b: &[f32], shape: ImageShape) -> f64 {
    debug_assert_eq!(a.len(), shape.len(), "an image of the given shape");
    debug_assert_eq!(b.len(), shape.len(), "an image of the given shape");
    let weights = &WEIGHTS[..ms_ssim_scales(shape)];
    let sum: f64 = weights.iter().sum();
    let (mut a, mut b, mut shape) = (a.to_vec(), b.to_vec(), shape);
    let mut product = 1.0;
    for (scale, weight) in weights.iter().enumerate() {
        let Similarity { whole, contrast } = mean_similarity(&a, &b, shape);
        let is_last = scale + 1 == weights.len();
        let value = if is_last { whole } else { contrast };
        // `clamp` keeps a NaN.
        product *= value.clamp(0.0, f64::INFINITY).powf(weight / sum);
        if !is_last {
            (a, b) = (halved(&a, shape), halved(&b, shape));
            shape = ImageShape::new(shape.channels, shape.height / 2, shape.width / 2);
        }
    }
    product
}

/// The means over blocks of 2×2 pixels.
fn halved(image: &[f32], shape: ImageShape) -> Vec<f32> {
    let (h, w) = (shape.height, shape.width);
    let mut half = Vec::with_capacity(shape.channels * (h / 2) * (w / 2));
    for plane in image.chunks_exact(h * w) {
        for y in 0..h / 2 {
            let (upper, lower) = (&plane[2 * y * w..], &plane[(2 * y + 1) * w..]);
            half.extend((0..w / 2).map(|x| {
                0.25 * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1])
            }));
        }
    }
    half
}
