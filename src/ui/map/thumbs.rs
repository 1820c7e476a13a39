//! What points look like: tiles of one texture, of which each point that is shown has one.

use std::collections::BTreeMap;

use egui::{Rect, Ui, pos2, vec2};

use crate::ui::{Picture, picture, theme};

/// The tiles, filled by the app.
#[derive(Clone, Debug, Default)]
pub struct Thumbs {
    /// The texture.
    pub picture: Option<Picture>,
    /// Tiles in a row, and in a column.
    pub side: usize,
    /// The tile of each point that has one, row by row.
    pub tiles: BTreeMap<u32, usize>,
}

impl Thumbs {
    /// What a point looks like, as a part of the texture; nothing while that is not known.
    pub(in crate::ui) fn tile(&self, point: u32) -> Option<(Picture, Rect)> {
        let (texture, &tile) = self.picture.zip(self.tiles.get(&point))?;
        let side = self.side.max(1);
        let share = 1.0 / side as f32;
        let corner = pos2((tile % side) as f32 * share, (tile / side) as f32 * share);
        Some((texture, Rect::from_min_size(corner, vec2(share, share))))
    }

    /// Paints what a point looks like, or an empty tile while that is not known.
    pub(super) fn paint(&self, ui: &Ui, point: u32, rect: Rect) {
        match self.tile(point) {
            Some((texture, part)) => picture::paint_part(ui, texture, rect, part),
            None => drop(ui.painter().rect_filled(rect, 0.0, theme::colours().empty)),
        }
    }
}
