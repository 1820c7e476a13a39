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
    /// Paints what a point looks like, or an empty tile while that is not known.
    pub(super) fn paint(&self, ui: &Ui, point: u32, rect: Rect) {
        match (self.picture, self.tiles.get(&point)) {
            (Some(texture), Some(&tile)) => {
                let share = 1.0 / self.side.max(1) as f32;
                let [column, row] = [tile % self.side.max(1), tile / self.side.max(1)];
                let corner = pos2(column as f32 * share, row as f32 * share);
                let part = Rect::from_min_size(corner, vec2(share, share));
                picture::paint_part(ui, texture, rect, part);
            }
            _ => {
                ui.painter().rect_filled(rect, 0.0, theme::EMPTY);
            }
        }
    }
}
