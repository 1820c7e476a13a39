//! Structural similarity over several scales.

use zscope::metrics::{ms_ssim, ms_ssim_scales, per_row, ssim};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, uniforms};

use super::{close, oracle, to_f32};
use crate::common::{Tolerance, assert_close, first_difference};

#[test]
fn as_many_scales_as_fit() {
    for (side, scales) in
        [(1, 1), (11, 1), (21, 1), (22, 2), (28, 2), (43, 2), (44, 3), (64, 3), (175, 4), (176, 5)]
    {
        assert_eq!(ms_ssim_scales(ImageShape::new(3, side, side + 9)), scales, "{side} pixels");
        assert_eq!(ms_ssim_scales(ImageShape::new(1, 900, side)), scales, "the smaller side");
    }
    assert_eq!(ms_ssim_scales(ImageShape::new(1, 4096, 4096)), 5, "and no more");
}

#[test]
fn ms_ssim_by_hand() {
    // Flat images have no contrast to lose: only the luminance of the second scale is left.
    let shape = ImageShape::new(2, 28, 30);
    let (a, b) = (vec![0.25; shape.len()], vec![0.5; shape.len()]);
    let luminance: f64 = (2.0 * 0.125 + 1e-4) / (0.0625 + 0.25 + 1e-4);
    let expected = luminance.powf(0.2856 / (0.0448 + 0.2856));
    let found = ms_ssim(&a, &b, shape);
    assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    // One scale is SSIM itself.
    let shape = ImageShape::new(1, 13, 17);
    let image = uniforms(1, 0, Purpose::Evaluate, shape.len(), 0.0, 1.0);
    let near: Vec<f32> = image.iter().map(|value| 0.8 * value).collect();
    assert!(close(ms_ssim(&image, &near, shape), ssim(&image, &near, shape)), "one scale");
    for shape in [ImageShape::new(3, 23, 45), ImageShape::new(1, 180, 177)] {
        let image = uniforms(2, 0, Purpose::Evaluate, shape.len(), 0.0, 1.0);
        let inverse: Vec<f32> = image.iter().map(|value| 1.0 - value).collect();
        assert!((ms_ssim(&image, &image, shape) - 1.0).abs() < 1e-9, "an image is like itself");
        assert!(ms_ssim(&image, &inverse, shape) == 0.0, "nothing is left of one that is inverse");
        let mut broken = image.clone();
        broken[0] = f32::NAN;
        assert!(ms_ssim(&image, &broken, shape).is_nan(), "NaN is not hidden");
    }
}

/// torchmetrics does not renormalise the weights, and takes its last mean over the mirrored border too; both
/// are undone here.
#[test]
fn ms_ssim_matches_the_reference() {
    const WEIGHTS: [f64; 3] = [0.0448, 0.2856, 0.3001];
    let Some(file) = oracle("metrics_ssim_psnr") else { return };
    let array = |name: &str| file.array(&format!("rgb64.{name}")).expect(name);
    let (a, b) = (array("a"), array("b"));
    let shape = ImageShape::new(3, 64, 64);
    let in_their_way = |a: &[f32], b: &[f32]| {
        let last = ImageShape::new(3, 16, 16);
        let (small_a, small_b) = (quartered(a, shape), quartered(b, shape));
        let whole = ssim(&mirrored(&small_a, last), &mirrored(&small_b, last), padded(last));
        let border = whole / ssim(&small_a, &small_b, last);
        ms_ssim(a, b, shape).powf(WEIGHTS.iter().sum()) * border.powf(WEIGHTS[2])
    };
    let found = to_f32(per_row(&a, &b, in_their_way));
    let tolerance = Tolerance { abs: 1e-6, rel: 0.0 }; // blocks are averaged in f32
    assert_close(&found, array("torchmetrics_msssim3").data(), tolerance);
    let plain = to_f32(per_row(&a, &b, |a, b| ms_ssim(a, b, shape)));
    assert!(first_difference(&plain, &found, tolerance).is_some(), "the ways differ");
}

const BORDER: usize = 5;

fn padded(shape: ImageShape) -> ImageShape {
    ImageShape::new(shape.channels, shape.height + 2 * BORDER, shape.width + 2 * BORDER)
}

/// An image with a border that mirrors it, its edge not repeated.
fn mirrored(image: &[f32], shape: ImageShape) -> Vec<f32> {
    let inner = |place: usize, len: usize| {
        let place = place.abs_diff(BORDER);
        place.min(2 * (len - 1) - place)
    };
    let (h, w) = (shape.height, shape.width);
    let large = padded(shape);
    let pixel = |i: usize| {
        let (x, y, c) =
            (i % large.width, i / large.width % large.height, i / large.width / large.height);
        image[(c * h + inner(y, h)) * w + inner(x, w)]
    };
    (0..large.len()).map(pixel).collect()
}

/// The means over blocks of 4×4 pixels.
fn quartered(image: &[f32], shape: ImageShape) -> Vec<f32> {
    let (h, w) = (shape.height / 4, shape.width / 4);
    let mean = |i: usize| {
        let (x, y, c) = (i % w, i / w % h, i / w / h);
        let block = (0..16).map(|j| {
            f64::from(image[(c * shape.height + 4 * y + j / 4) * shape.width + 4 * x + j % 4])
        });
        (block.sum::<f64>() / 16.0) as f32
    };
    (0..shape.channels * h * w).map(mean).collect()
}
