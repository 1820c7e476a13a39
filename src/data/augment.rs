//! Training images made to vary: mirrored, turned, moved and coloured at random, within what a person allows.
//!
//! [`Augment::apply`] is the one way in; the single changes below it are pure functions of an image and a number.

mod colour;
mod geometry;

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

use crate::array::Array;
use crate::picture::ImageShape;
use crate::random::{Purpose, stream};

pub use colour::{ColourJitter, jitter_colour};
pub use geometry::{flip, rotate, shift};

/// How far training images may vary; [`Augment::NONE`] leaves them as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Whether half of the images are mirrored left to right. Wrong for writing: a mirrored 2 is none.
    pub flip: bool,
    /// How many pixels images move each way, both down and across; what comes in is a reflection.
    pub crop_px: usize,
    /// How many degrees images turn each way, 0 to 180.
    pub rotate_deg: f32,
    /// How much brightness, contrast and saturation vary, 0 to 1: their factors are from `[1 - colour, 1 + colour]`.
    /// Grey images keep their levels.
    pub colour: f32,
}

impl Augment {
    /// No change at all.
    pub const NONE: Self = Self { flip: false, crop_px: 0, rotate_deg: 0.0, colour: 0.0 };

    /// Varies a batch in place. A pure function of the images, `seed` and `step`; every image draws the same
    /// numbers whatever is switched on, so that one setting never changes what another does.
    ///
    /// # Shapes
    /// `images`: `[b, c, h, w]` in `[0, 1]`, and so afterwards.
    ///
    /// # Panics
    /// When `images` has not four axes.
    pub fn apply(&self, images: &mut Array, seed: u64, step: u64) {
        if *self == Self::NONE {
            return;
        }
        let shape = ImageShape::of_batch(images.shape());
        let mut rng = stream(seed, step, Purpose::Augment);
        for image in images.data_mut().chunks_exact_mut(shape.len()) {
            self.vary(image, shape, std::array::from_fn(|_| rng.random()));
        }
    }

    /// Varies one image by seven numbers from `[0, 1)`.
    fn vary(&self, image: &mut [f32], shape: ImageShape, draws: [f32; 7]) {
        let [mirror, turn, down, across, brightness, contrast, saturation] = draws;
        if self.rotate_deg > 0.0 {
            rotate(image, shape, self.rotate_deg * (2.0 * turn - 1.0));
        }
        if self.crop_px > 0 {
            shift(image, shape, self.offset(down), self.offset(across));
        }
        if self.flip && mirror < 0.5 {
            flip(image, shape);
        }
        let factor = |draw: f32| 1.0 + self.colour * (2.0 * draw - 1.0);
        if self.colour > 0.0 {
            let jitter = ColourJitter {
                brightness: factor(brightness),
                contrast: factor(contrast),
                saturation: factor(saturation),
            };
            jitter_colour(image, shape, jitter);
        }
    }

    /// A whole number from −`crop_px` to `crop_px`, each as likely.
    fn offset(&self, draw: f32) -> isize {
        let places = 2 * self.crop_px + 1;
        // A draw just under 1 may round up to the number of places.
        let place = ((f64::from(draw) * places as f64) as usize).min(places - 1);
        place.cast_signed() - self.crop_px.cast_signed()
    }
}
