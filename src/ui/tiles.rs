//! Small pictures of a sheet, and menus of points that they show.

use egui::{Rect, Role, ScrollArea, Ui, WidgetInfo};

use super::{Scene, picture, theme};
use crate::language::{told, tr};
use crate::session::anchor::{Anchor, Anchors};
use crate::session::sheets::SheetName;

/// Draws a picture of a sheet, or an empty place until it has come.
pub(super) fn paint(ui: &Ui, scene: &Scene<'_>, sheet: SheetName, number: usize, rect: Rect) {
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    let sheet = scene.pictures.sheets.get(&sheet);
    if let Some((sheet, part)) = sheet.and_then(|sheet| Some((sheet, sheet.part(number)?))) {
        picture::paint_part(ui, sheet.picture, rect, part);
    }
}

/// What a point is called.
pub(crate) fn anchor_name(anchors: &Anchors<'_>, anchor: Anchor) -> String {
    match anchor {
        Anchor::Image(index) => tr!("image {}", index + 1),
        Anchor::Bookmark(_) => anchors.name(anchor),
        Anchor::Point | Anchor::Origin => told(&anchors.name(anchor)).to_owned(),
    }
}

/// A menu of all points that have names, for what the chosen one is; whether another one was chosen.
pub(super) fn pick_anchor(
    ui: &mut Ui,
    what: &str,
    anchors: &Anchors<'_>,
    chosen: &mut Anchor,
) -> bool {
    let before = *chosen;
    let menu = ui.menu_button(anchor_name(anchors, before), |ui| {
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for anchor in anchors.all() {
                if ui.selectable_label(anchor == before, anchor_name(anchors, anchor)).clicked() {
                    *chosen = anchor;
                    ui.close();
                }
            }
        });
    });
    let label = tr!("{}: {}", what, anchor_name(anchors, before));
    menu.response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    menu.response.on_hover_text(what);
    *chosen != before
}
