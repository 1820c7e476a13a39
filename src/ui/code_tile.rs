//! A code as a small picture: what it decodes to where that is known, else its colour.

use egui::{Align2, Button, FontId, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};

use super::{Scene, icons, picture, theme, words};
use crate::language::{self, tr};
use crate::metrics::code_use::CodeState;
use crate::session::codebook::Codebook;

/// The smallest digits that can be read.
const LEAST_DIGITS: f32 = 7.0;
/// Marks of use need a tile of so many points.
const WITH_MARKS: f32 = 10.0;

/// Draws a code into a square, its number over it where it has no picture; dead and dying ones are marked by form.
pub(super) fn paint(
    ui: &Ui,
    scene: &Scene<'_>,
    square: Rect,
    code: usize,
    state: Option<CodeState>,
) {
    if let Some((sheet, part)) = scene.pictures.palette.tile(code) {
        picture::paint_part(ui, sheet, square, part);
    } else {
        let ground = theme::code_colour(code as u32);
        ui.painter().rect_filled(square, 0.0, ground);
        let text = code.to_string();
        let size = square.width() / (0.62 * text.len() as f32 + 0.7);
        if size >= LEAST_DIGITS {
            let (font, ink) = (FontId::monospace(size.min(12.0)), theme::ink_on(ground));
            ui.painter().text(square.center(), Align2::CENTER_CENTER, text, font, ink);
        }
    }
    if square.width() >= WITH_MARKS {
        match state {
            Some(CodeState::Dead) => icons::cross(ui.painter(), square, theme::colours().dead),
            Some(CodeState::Dying) => icons::hatch(ui.painter(), square, theme::colours().hatch),
            Some(CodeState::Used) | None => {}
        }
    }
}

/// A code that can be pressed, called `name`; framed where it is chosen.
pub(super) fn button(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    code: usize,
    side: f32,
    name: &str,
    is_chosen: bool,
) -> Response {
    let (square, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    paint(ui, scene, square, code, codebook.state(code));
    if is_chosen {
        theme::frame_around(ui, square.shrink(2.0));
    } else if response.hovered() || response.has_focus() {
        let stroke = egui::Stroke::new(1.0, theme::colours().lit);
        ui.painter().rect_stroke(square, 0.0, stroke, egui::StrokeKind::Inside);
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Button, true, name);
        info.selected = Some(is_chosen);
        info
    });
    response
}

/// What is said of a code in a line: its number and where it stands.
pub(super) fn told(codebook: &Codebook, code: usize) -> String {
    tr!("Code {}, {}", code, language::told(words::state(codebook.state(code))))
}

/// A button that is in use or not, with a name that a screen reader says.
pub(super) fn named_button(ui: &mut Ui, text: &str, name: &str, hint: &str, enabled: bool) -> bool {
    let response = ui.add_enabled(enabled, Button::new(text));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    response.on_hover_text(hint).on_disabled_hover_text(hint).clicked()
}
