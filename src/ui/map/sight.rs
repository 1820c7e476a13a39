//! What is seen of a plane, in pixels: what a picture that was drawn before is still good for.

use egui::Rect;

/// A part of a plane on a rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// The lower left and the upper right corner of what is seen.
    pub seen: [[f64; 2]; 2],
    /// Pixels across and down, at least 1.
    pub size: [u32; 2],
    /// The radius of a dot in pixels.
    pub radius: f32,
}

impl Sight {
    /// What is seen in a rectangle of the window; its place, and the radius of a dot, in points.
    pub(super) fn new(
        rect: Rect,
        seen: [[f64; 2]; 2],
        radius_pts: f32,
        pixels_per_point: f32,
    ) -> Self {
        // As the window's painter rounds.
        let side = |lo: f32, hi: f32| {
            let [lo, hi] = [lo, hi].map(|end| (end * pixels_per_point).round());
            (hi - lo).max(1.0) as u32
        };
        let size = [side(rect.left(), rect.right()), side(rect.top(), rect.bottom())];
        Self { seen, size, radius: (radius_pts * pixels_per_point).max(0.5) }
    }

    /// Pixels a unit of the plane, along both axes.
    pub fn scale(&self) -> [f64; 2] {
        let [lo, hi] = self.seen;
        [0, 1].map(|axis| f64::from(self.size[axis]) / (hi[axis] - lo[axis]).max(f64::MIN_POSITIVE))
    }

    /// The same with more around it: `share` of a side at either end, as far as a side has no more than `most` pixels.
    pub fn with_margin(&self, share: f64, most: u32) -> Self {
        let scale = self.scale();
        let margin = self.size.map(|side| {
            let room = most.saturating_sub(side) / 2;
            room.min((share * f64::from(side)).ceil() as u32)
        });
        let [lo, hi] = self.seen;
        let units = [0, 1].map(|axis| f64::from(margin[axis]) / scale[axis]);
        Self {
            seen: [[lo[0] - units[0], lo[1] - units[1]], [hi[0] + units[0], hi[1] + units[1]]],
            size: [0, 1].map(|axis| self.size[axis] + 2 * margin[axis]),
            radius: self.radius,
        }
    }

    /// Whether what was drawn for this looks, moved by whole pixels, as if it had been drawn for `other`.
    pub fn looks_as(&self, other: &Self) -> bool {
        let scale = other.scale();
        let reaches = |axis: usize| {
            let pixel = 1.0 / scale[axis];
            self.seen[0][axis] <= other.seen[0][axis] + pixel
                && self.seen[1][axis] >= other.seen[1][axis] - pixel
        };
        let has_radius = self.radius.to_bits() == other.radius.to_bits();
        has_radius && self.has_scale_of(other) && reaches(0) && reaches(1)
    }

    /// Whether a pixel is as long as in `other`: over all of this, they get apart by less than half of one.
    fn has_scale_of(&self, other: &Self) -> bool {
        let (own, others) = (self.scale(), other.scale());
        (0..2)
            .all(|axis| ((own[axis] / others[axis] - 1.0) * f64::from(self.size[axis])).abs() < 0.5)
    }

    /// The share of what `other` sees that is seen here, too: 0 to 1.
    pub fn share_of(&self, other: &Self) -> f64 {
        let shared = |axis: usize| {
            let [lo, hi] = other.seen.map(|corner| corner[axis]);
            let both = hi.min(self.seen[1][axis]) - lo.max(self.seen[0][axis]);
            (both / (hi - lo).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
        };
        shared(0) * shared(1)
    }

    /// Where this lies in `other`, in clip space: left, bottom, right, top. At the same scale the pixels of both fall
    /// together.
    pub fn within(&self, other: &Self) -> [f32; 4] {
        let scale = other.scale();
        let pixels =
            |end: usize, axis: usize| (self.seen[end][axis] - other.seen[0][axis]) * scale[axis];
        let snaps = self.has_scale_of(other);
        let ends = |axis: usize| {
            let lo = pixels(0, axis);
            if snaps {
                [lo.round(), lo.round() + f64::from(self.size[axis])]
            } else {
                [lo, pixels(1, axis)]
            }
        };
        let clip = |axis: usize| {
            ends(axis).map(|end| (2.0 * end / f64::from(other.size[axis]) - 1.0) as f32)
        };
        let ([left, right], [bottom, top]) = (clip(0), clip(1));
        [left, bottom, right, top]
    }
}
