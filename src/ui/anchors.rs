//! Points that have names: what they look like, and menus of them.

use egui::{
    Align2, Atom, Button, Rect, Response, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, vec2,
};

use super::{Picture, Scene, keys, picture, theme};
use crate::language::{told, tr};
use crate::session::anchor::{Anchor, Anchors};
use crate::session::sheets::{SheetName, SheetPoints};

/// The side of a watched image in a menu, and the height of its number below it, in points.
const TILE: f32 = 36.0;
const NUMBER: f32 = 12.0;
/// Watched images in a row.
const COLUMNS: usize = 8;
const GAP: f32 = 4.0;
/// The side of a picture before a name, and on the button of a menu.
const BESIDE: f32 = 24.0;
const ON_BUTTON: f32 = 14.0;
/// A menu is no higher.
const HIGHEST: f32 = 360.0;

/// What a point is called.
pub(crate) fn name(anchors: &Anchors<'_>, anchor: Anchor) -> String {
    match anchor {
        Anchor::Image(index) => tr!("image {}", index + 1),
        Anchor::MapSelection => tr!("selection on the map ({})", anchors.map.selected().len()),
        Anchor::Bookmark(_) => anchors.name(anchor),
        Anchor::Point | Anchor::Origin | Anchor::OwnPicture | Anchor::MapPoint => {
            told(&anchors.name(anchor)).to_owned()
        }
    }
}

/// The pictures of bookmarks are to be there for the next frame.
pub(super) fn want_bookmarks(scene: &Scene<'_>, sheets: &mut SheetPoints) {
    let points = scene.bookmarks.iter().map(|mark| scene.explore.point_of(&mark.place));
    sheets.entry(SheetName::Bookmarks).or_insert_with(|| points.collect());
}

/// What a point looks like, as a part of a texture; nothing where there is no picture of it.
fn look(scene: &Scene<'_>, anchor: Anchor) -> Option<(Picture, Rect)> {
    let pictures = scene.pictures;
    let whole =
        |picture: Picture| (picture, Rect::from_min_size(egui::Pos2::ZERO, Vec2::splat(1.0)));
    match anchor {
        Anchor::Point => pictures.main.map(whole),
        Anchor::Origin | Anchor::MapSelection => None,
        Anchor::OwnPicture => pictures.own.map(whole),
        Anchor::MapPoint => scene.map.thumbs.tile(scene.map.state.chosen()?),
        Anchor::Bookmark(index) => {
            let sheet = pictures.sheets.get(&SheetName::Bookmarks)?;
            Some((sheet.picture, sheet.part(index)?))
        }
        Anchor::Image(index) => pictures.probe.as_ref()?.tile(0, index),
    }
}

/// Draws what a point looks like as large as it fits a square.
fn paint(ui: &Ui, shown: Option<(Picture, Rect)>, square: Rect) {
    ui.painter().rect_filled(square, 0.0, theme::colours().empty);
    if let Some((picture, part)) = shown {
        let size = picture.size * part.size();
        let size = size * (square.size() / size.max(Vec2::splat(1.0))).min_elem();
        picture::paint_part(ui, picture, Rect::from_center_size(square.center(), size), part);
    }
}

/// A picture in the line of a text.
fn beside<'a>(shown: Option<(Picture, Rect)>, side: f32) -> Atom<'a> {
    Atom::paint(Vec2::splat(side), move |ui, at| {
        if shown.is_some() {
            paint(ui, shown, at.rect);
        }
    })
}

/// A menu of all points that have names, for what the chosen one is; whether another one was chosen.
pub(super) fn pick(
    ui: &mut Ui,
    what: &str,
    scene: &Scene<'_>,
    sheets: &mut SheetPoints,
    chosen: &mut Anchor,
) -> bool {
    let offered: Vec<Anchor> = scene.anchors().all().collect();
    pick_of(ui, what, scene, sheets, &offered, chosen)
}

/// The same of some of them.
pub(super) fn pick_of(
    ui: &mut Ui,
    what: &str,
    scene: &Scene<'_>,
    sheets: &mut SheetPoints,
    offered: &[Anchor],
    chosen: &mut Anchor,
) -> bool {
    let before = *chosen;
    let called = name(&scene.anchors(), before);
    // Pictures of bookmarks are drawn only while they are looked at.
    let shown = look(scene, before).filter(|_| !matches!(before, Anchor::Bookmark(_)));
    let label = tr!("{}: {}", what, called);
    let add = |ui: &mut Ui| list(ui, scene, sheets, offered, Some(before));
    let menu = match shown {
        Some(_) => ui.menu_button((beside(shown, ON_BUTTON), called), add),
        None => ui.menu_button(called, add),
    };
    menu.response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    menu.response.on_hover_text(what);
    if let Some(anchor) = menu.inner.flatten() {
        *chosen = anchor;
    }
    *chosen != before
}

/// Points to choose from, in a menu: names with pictures, and watched images side by side; closes the menu and tells which
/// one was chosen.
pub(super) fn list(
    ui: &mut Ui,
    scene: &Scene<'_>,
    sheets: &mut SheetPoints,
    offered: &[Anchor],
    chosen: Option<Anchor>,
) -> Option<Anchor> {
    list_as(ui, scene, sheets, offered, chosen, |name| name)
}

/// The same, each called by what is made of its name.
pub(super) fn list_as(
    ui: &mut Ui,
    scene: &Scene<'_>,
    sheets: &mut SheetPoints,
    offered: &[Anchor],
    chosen: Option<Anchor>,
    called: impl Fn(String) -> String,
) -> Option<Anchor> {
    let anchors = scene.anchors();
    let is_image = |anchor: &&Anchor| matches!(anchor, Anchor::Image(_));
    let images: Vec<Anchor> = offered.iter().filter(is_image).copied().collect();
    if offered.iter().any(|anchor| matches!(anchor, Anchor::Bookmark(_))) {
        want_bookmarks(scene, sheets);
    }
    let rows = offered.iter().filter(|anchor| !is_image(anchor)).copied();
    let order: Vec<Anchor> = rows.chain(images.iter().copied()).collect();
    let mut shown: Vec<Response> = Vec::with_capacity(order.len());
    ScrollArea::vertical().max_height(HIGHEST).show(ui, |ui| {
        for &anchor in &order[..order.len() - images.len()] {
            let text = called(name(&anchors, anchor));
            let picture = beside(look(scene, anchor), BESIDE);
            shown.push(ui.add(Button::selectable(chosen == Some(anchor), (picture, text))));
        }
        if !images.is_empty() && images.len() < offered.len() {
            ui.separator();
        }
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        for images in images.chunks(COLUMNS) {
            ui.horizontal(|ui| {
                for &anchor in images {
                    let label = called(name(&anchors, anchor));
                    let tile = image(ui, scene, anchor, &label, chosen == Some(anchor));
                    shown.push(tile.on_hover_text(label));
                }
            });
        }
        lead(ui, &shown, images.len());
    });
    let pressed = shown.iter().position(Response::clicked)?;
    ui.close();
    Some(order[pressed])
}

/// The arrow keys lead through rows, and then through images side by side; what they come to scrolls into view.
fn lead(ui: &Ui, shown: &[Response], images: usize) {
    let rows = shown.len() - images;
    let Some(at) = shown.iter().position(Response::has_focus) else { return };
    if shown[at].gained_focus() {
        shown[at].scroll_to_me(None);
    }
    let [right, down] = keys::arrows(ui, &shown[at]);
    let to = match at.checked_sub(rows) {
        None => at.saturating_add_signed(down).min(shown.len() - 1),
        Some(place) if place < COLUMNS && down < 0 && rows > 0 => rows - 1,
        Some(place) => rows + keys::walk(place, [right, down], COLUMNS, images),
    };
    if to != at {
        shown[to].request_focus();
    }
}

/// A watched image with its number below it.
fn image(ui: &mut Ui, scene: &Scene<'_>, anchor: Anchor, label: &str, is_chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(TILE, TILE + NUMBER), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, label));
    let square = Rect::from_min_size(rect.min, Vec2::splat(TILE));
    paint(ui, look(scene, anchor), square);
    if is_chosen || response.hovered() {
        theme::frame_around(ui, square.shrink(2.0));
    }
    keys::focus_ring(ui, &response, square.shrink(2.0));
    if let Anchor::Image(index) = anchor {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let colours = theme::colours();
        let colour = if is_chosen { colours.text } else { colours.muted };
        let at = square.center_bottom() + vec2(0.0, 1.0);
        ui.painter().text(at, Align2::CENTER_TOP, (index + 1).to_string(), font, colour);
    }
    response
}
