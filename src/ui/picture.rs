//! Pictures at whole-pixel scale, and the one that is walked on.

use egui::{
    Color32, Image, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, load::SizedTexture, pos2,
};

use super::code_map::light;
use super::{Command, Picture, Scene, keys, theme};
use crate::language::{tr, tr_later};
use crate::session::explore::Explore;

/// How far a drag over the whole picture moves, in the latent's own units (deviations of the prior).
const WALK_SPAN: f32 = 4.0;

/// Its keys.
pub(super) const KEYS: &[keys::Listed] = &[
    (tr_later!("Arrows"), tr_later!("Walk along its two dimensions")),
    (tr_later!("Shift+Arrows"), tr_later!("Walk in smaller steps")),
];

/// What walks on the picture move along.
pub(super) fn along(explore: &Explore) -> String {
    match explore.plane_dims() {
        None => tr!("Random directions").to_owned(),
        Some([u, v]) if u == v => tr!("Along z{}", u),
        Some([u, v]) => tr!("Along z{} × z{}", u, v),
    }
}

/// The largest whole factor at which a picture fits a width, at least 1 pixel a texel where there is room;
/// larger pictures are shrunk.
pub(super) fn scale_to_fit(texels: Vec2, room: Vec2) -> f32 {
    let scale = (room.x / texels.x).min(room.y / texels.y);
    if scale >= 1.0 { scale.floor() } else { scale.max(0.0) }
}

/// Draws a texture into a rectangle.
pub(super) fn paint(ui: &Ui, picture: Picture, rect: Rect) {
    paint_part(ui, picture, rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)));
}

/// Draws a part of a texture, in shares of its width and height, into a rectangle.
pub(super) fn paint_part(ui: &Ui, picture: Picture, rect: Rect, part: Rect) {
    ui.painter().image(picture.id, rect, part, Color32::WHITE);
}

/// A picture as large as it fits, with an accessible name.
pub(super) fn fitted(ui: &mut Ui, picture: Picture, room: Vec2, name: &str) -> Response {
    let scale = scale_to_fit(picture.size, room);
    let response = ui.add(Image::new(SizedTexture::new(picture.id, picture.size * scale)));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    response
}

/// The decoded point; dragging on it walks. `lit` is the code whose cells are shown on it.
pub(super) fn walkable(
    ui: &mut Ui,
    scene: &Scene<'_>,
    side: f32,
    lit: Option<usize>,
    out: &mut Vec<Command>,
) {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click_and_drag());
    let response = response.on_hover_cursor(egui::CursorIcon::Move);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, tr!("Decoded picture"));
        info.current_text_value = Some(along(scene.explore));
        info
    });
    if let Some(picture) = scene.pictures.main {
        let size = picture.size * scale_to_fit(picture.size, rect.size());
        let shown = Rect::from_center_size(rect.center(), size);
        paint(ui, picture, shown);
        if let (Some(code), Some(map)) = (lit, scene.code_map)
            && map.codes.contains(&(code as u32))
        {
            light(ui, shown, [map.shape[0] / map.grids.max(1), map.shape[1]], &map.codes, code);
        }
    } else {
        ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
        let font = egui::TextStyle::Body.resolve(ui.style());
        let text = tr!("The picture of the point will be here");
        ui.painter().text(
            rect.center(),
            egui::Align2::CENTER_CENTER,
            text,
            font,
            theme::colours().muted,
        );
    }
    keys::focus_ring(ui, &response, rect);
    if response.drag_started() {
        out.push(Command::BeginWalk);
    }
    if let Some(moved) = response.total_drag_delta().filter(|_| response.dragged()) {
        out.push(Command::Walk([moved.x / side * WALK_SPAN, moved.y / side * WALK_SPAN]));
    }
    if let Some(way) = keys::strides(ui, &response) {
        out.extend([Command::BeginWalk, Command::Walk(way.map(|share| share * WALK_SPAN))]);
    }
}
