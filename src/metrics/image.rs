//! How alike two images are: squared error, PSNR, SSIM at one scale and at several. All on pixels in [0, 1].

mod ms_ssim;

use crate::picture::ImageShape;

pub use ms_ssim::{ms_ssim, ms_ssim_scales};

/// The PSNR of images whose mean squared error is under 1e-10, identical ones included, in dB.
///
/// Their true value is infinite or rounding noise of `f32`; a cap keeps a mean over images finite.
pub const PSNR_CAP_DB: f64 = 100.0;

/// The standard deviation of SSIM's window, in pixels.
const SIGMA_PX: f64 = 1.5;
/// Half of SSIM's window, its middle left out: 11 pixels in all.
const RADIUS_PX: usize = 5;
/// What keeps SSIM's luminance quotient from 0/0: (K1 · data range)² with K1 = 0.01 and range 1.
const C1: f64 = 0.01 * 0.01;
/// What keeps SSIM's contrast quotient from 0/0: (K2 · data range)² with K2 = 0.03 and range 1.
const C2: f64 = 0.03 * 0.03;

/// The mean squared error over all values of an image.
pub fn mse(a: &[f32], b: &[f32]) -> f64 {
    debug_assert_eq!(a.len(), b.len(), "images of one shape");
    let squares = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    squares.sum::<f64>() / a.len() as f64
}

/// The peak signal-to-noise ratio of an image in dB, for pixels in [0, 1]; at most [`PSNR_CAP_DB`].
pub fn psnr_db(a: &[f32], b: &[f32]) -> f64 {
    psnr_db_from_mse(mse(a, b))
}

/// The peak signal-to-noise ratio in dB of a mean squared error of pixels in [0, 1]; at most [`PSNR_CAP_DB`].
/// NaN only where the error itself is NaN.
pub fn psnr_db_from_mse(mse: f64) -> f64 {
    // `clamp` keeps a NaN, which `min` would turn into a perfect score.
    (-10.0 * mse.log10()).clamp(f64::NEG_INFINITY, PSNR_CAP_DB)
}

/// The structural similarity of two images `[c, h, w]` with pixels in [0, 1]: 1 for identical ones.
///
/// Gaussian window of 11×11 pixels with σ 1.5, population covariance, mean over channels and over the
/// valid region (where the whole window fits). Along a side shorter than 11 pixels the window shrinks to
/// the largest odd length that fits, with its weights renormalised.
///
/// # Source
/// Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity", eq. 13
/// with the window of section III-B; equal to scikit-image with `gaussian_weights`, `sigma=1.5`,
/// `use_sample_covariance=False`, per channel.
pub fn ssim(a: &[f32], b: &[f32], shape: ImageShape) -> f64 {
    debug_assert_eq!(a.len(), shape.len(), "an image of the given shape");
    debug_assert_eq!(b.len(), shape.len(), "an image of the given shape");
    mean_similarity(a, b, shape).whole
}

/// The structural similarity of two images and a factor of it, means over channels and the valid region.
#[derive(Clone, Copy, Default)]
struct Similarity {
    /// Luminance, contrast and structure: SSIM itself.
    whole: f64,
    /// Contrast and structure without the luminance.
    contrast: f64,
}

fn mean_similarity(a: &[f32], b: &[f32], shape: ImageShape) -> Similarity {
    let (h, w) = (shape.height, shape.width);
    let window = Window { h, w, down: gaussian(h), across: gaussian(w) };
    let mut mean = Similarity::default();
    for (a, b) in a.chunks_exact(h * w).zip(b.chunks_exact(h * w)) {
        let plane = plane_similarity(a, b, &window);
        mean.whole += plane.whole / shape.channels as f64;
        mean.contrast += plane.contrast / shape.channels as f64;
    }
    mean
}

/// The mean structural similarity of two planes.
fn plane_similarity(a: &[f32], b: &[f32], window: &Window) -> Similarity {
    let mean_of = |f: &dyn Fn(f64, f64) -> f64| {
        let values: Vec<f64> = a.iter().zip(b).map(|(&a, &b)| f(a.into(), b.into())).collect();
        window.means(&values)
    };
    let (mean_a, mean_b) = (mean_of(&|a, _| a), mean_of(&|_, b| b));
    let (aa, bb, ab) = (mean_of(&|a, _| a * a), mean_of(&|_, b| b * b), mean_of(&|a, b| a * b));
    let mut sum = Similarity::default();
    for i in 0..mean_a.len() {
        let (ma, mb) = (mean_a[i], mean_b[i]);
        let (var_a, var_b, covar) = (aa[i] - ma * ma, bb[i] - mb * mb, ab[i] - ma * mb);
        let luminance = (2.0 * ma * mb + C1) / (ma * ma + mb * mb + C1);
        let contrast = (2.0 * covar + C2) / (var_a + var_b + C2);
        sum.whole += luminance * contrast;
        sum.contrast += contrast;
    }
    let positions = mean_a.len() as f64;
    Similarity { whole: sum.whole / positions, contrast: sum.contrast / positions }
}

/// A separable window over planes of `h` rows and `w` columns.
struct Window {
    h: usize,
    w: usize,
    down: Vec<f64>,
    across: Vec<f64>,
}

impl Window {
    /// The weighted mean under the window at every place where it fits.
    fn means(&self, plane: &[f64]) -> Vec<f64> {
        let (rows, columns) = (self.h + 1 - self.down.len(), self.w + 1 - self.across.len());
        let mut below = vec![0.0; rows * self.w]; // [rows, w]
        for (y, out) in below.chunks_exact_mut(self.w).enumerate() {
            for (dy, weight) in self.down.iter().enumerate() {
                let row = &plane[(y + dy) * self.w..(y + dy + 1) * self.w];
                out.iter_mut().zip(row).for_each(|(out, value)| *out += weight * value);
            }
        }
        let mut means = Vec::with_capacity(rows * columns); // [rows, columns]
        for row in below.chunks_exact(self.w) {
            means.extend(row.windows(self.across.len()).map(|under| -> f64 {
                under.iter().zip(&self.across).map(|(value, weight)| value * weight).sum()
            }));
        }
        means
    }
}

/// The window's weights along a side of `len` pixels; they sum to 1.
fn gaussian(len: usize) -> Vec<f64> {
    let radius = RADIUS_PX.min(len.saturating_sub(1) / 2);
    let weight = |i: usize| (-0.5 * ((i as f64 - radius as f64) / SIGMA_PX).powi(2)).exp();
    let weights: Vec<f64> = (0..=2 * radius).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}
