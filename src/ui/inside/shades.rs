//! Values of a network as colours.

use egui::{Color32, ColorImage};

use crate::array::Array;
use crate::metrics::Spread;
use crate::session::inside::{Judged, SeenNode, plane};
use crate::ui::theme;

/// What fills the range of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scaling {
    /// The values of each channel for itself.
    #[default]
    Channel,
    /// The values of all channels.
    Node,
    /// A range that stays.
    Fixed,
}

/// The colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// One colour below zero and another above.
    #[default]
    Diverging,
    /// From black to white.
    Grey,
}

/// How values become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// What fills the range.
    pub scaling: Scaling,
    /// Half of the fixed range, around zero.
    pub reach: f32,
    /// Amplification in decibels, 20 for a factor of ten.
    pub gain_db: f32,
    /// The colours.
    pub colours: Colours,
}

impl Default for Look {
    fn default() -> Self {
        Self { scaling: Scaling::default(), reach: 1.0, gain_db: 0.0, colours: Colours::default() }
    }
}

impl Look {
    /// The lowest and the highest value that colours tell apart, for values of `channel` in a node of `all`.
    pub fn window(self, channel: &Spread, all: &Spread) -> [f32; 2] {
        let of = |spread: &Spread| match self.colours {
            Colours::Diverging => [-spread.magnitude(), spread.magnitude()],
            Colours::Grey => [spread.min, spread.max],
        };
        let [low, high] = match self.scaling {
            Scaling::Channel => of(channel),
            Scaling::Node => of(all),
            Scaling::Fixed => [-self.reach, self.reach],
        };
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let half = half / 10f32.powf(self.gain_db / 20.0);
        [middle - half, middle + half]
    }

    /// The colour of a value in such a window.
    pub fn colour(self, value: f32, [low, high]: [f32; 2]) -> Color32 {
        if !value.is_finite() {
            return theme::colours().error;
        }
        // Values that are all the same lie in the middle.
        let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        match self.colours {
            Colours::Diverging => theme::diverging(2.0 * share - 1.0),
            Colours::Grey => theme::grey(share),
        }
    }
}

/// What all channels of a node hold together.
pub fn whole_spread(spreads: &[Spread]) -> Spread {
    let lowest = spreads.iter().map(|spread| spread.min).fold(f32::INFINITY, f32::min);
    let highest = spreads.iter().map(|spread| spread.max).fold(f32::NEG_INFINITY, f32::max);
    Spread { min: lowest, max: highest, ..Spread::default() }
}

/// Channels `first..first + count` as tiles of `tile` texels, width and height, in rows of `columns` without gaps.
/// Tiles smaller than the planes show the means of the values that fall into a texel.
pub fn sheet(
    node: &SeenNode,
    look: Look,
    [first, count]: [usize; 2],
    columns: usize,
    tile: [usize; 2],
) -> ColorImage {
    let columns = columns.clamp(1, count.max(1));
    let size = [columns * tile[0], count.div_ceil(columns).max(1) * tile[1]];
    let mut image = ColorImage::filled(size, Color32::TRANSPARENT);
    let ([h, w], all) = (plane(node.values.shape()), whole_spread(&node.spreads));
    let planes = node.values.data().chunks_exact((h * w).max(1));
    let shown = planes.zip(&node.spreads).skip(first).take(count);
    for (place, (values, spread)) in shown.enumerate() {
        let window = look.window(spread, &all);
        let corner = [place % columns * tile[0], place / columns * tile[1]];
        for y in 0..tile[1] {
            let row = (corner[1] + y) * size[0] + corner[0];
            for (x, pixel) in image.pixels[row..row + tile[0]].iter_mut().enumerate() {
                let value = mean_at(values, [h, w], [x, y], tile);
                *pixel = look.colour(value, window);
            }
        }
    }
    image
}

/// What a discriminator says of every patch, without and with changes, in colours of one range; nothing for a score
/// alone.
pub fn maps(judged: &Judged) -> Option<[ColorImage; 2]> {
    let [h, w] = judged.map()?;
    let after = judged.after.as_ref().unwrap_or(&judged.before);
    let both = [&judged.before, after];
    let reach = both.map(|map| Spread::of(map.data()).magnitude());
    let reach = reach[0].max(reach[1]);
    let coloured = |map: &Array| {
        let colour = |value: &f32| Look::default().colour(*value, [-reach, reach]);
        ColorImage::new([w, h], map.data().iter().map(colour).collect())
    };
    Some(both.map(coloured))
}

/// The mean of the values of a plane that fall into a texel.
fn mean_at(values: &[f32], [h, w]: [usize; 2], [x, y]: [usize; 2], tile: [usize; 2]) -> f32 {
    let part = |index: usize, extent: usize, texels: usize| {
        let start = index * extent / texels;
        start..((index + 1) * extent / texels).clamp(start + 1, extent.max(start + 1))
    };
    let (columns, rows) = (part(x, w, tile[0]), part(y, h, tile[1]));
    let count = (columns.len() * rows.len()) as f32;
    let sum: f32 = rows.map(|row| values[row * w..][columns.clone()].iter().sum::<f32>()).sum();
    sum / count
}
