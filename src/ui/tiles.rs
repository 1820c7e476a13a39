//! Small pictures of a sheet.

use egui::{Rect, Ui};

use super::{Scene, picture, theme};
use crate::session::sheets::SheetName;

/// Draws a picture of a sheet, or an empty place until it has come.
pub(super) fn paint(ui: &Ui, scene: &Scene<'_>, sheet: SheetName, number: usize, rect: Rect) {
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    let sheet = scene.pictures.sheets.get(&sheet);
    if let Some((sheet, part)) = sheet.and_then(|sheet| Some((sheet, sheet.part(number)?))) {
        picture::paint_part(ui, sheet.picture, rect, part);
    }
}
