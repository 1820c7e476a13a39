//! The codes as dots on the plane of their two first principal components.

use egui::{Painter, Pos2, Stroke, Ui, Vec2};
use egui_plot::{PlotPoint, PlotTransform};

use super::codebook_panel::{keys_and_clicks, named, tell_code};
use super::codebook_view::CodebookView;
use super::plot::{self, zoom_by_wheel};
use super::scatter::{self, Seen};
use super::words::measure;
use super::{Command, Scene, keys, picture, theme};
use crate::language::tr;
use crate::latent::PrincipalPlane;
use crate::session::codebook::Codebook;

/// The pointer is over a dot that is no farther than this, in points.
const REACH: f32 = 8.0;
/// A lower plane has no room for axes.
const LEAST_WITH_AXES: f32 = 110.0;

/// The plane, as large as the room.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    plane: &PrincipalPlane,
    view: &mut CodebookView,
    room: Vec2,
    out: &mut Vec<Command>,
) {
    let [lo, hi] = extent(plane);
    let name = |axis: usize| {
        let percent = measure(plane.shares[axis] as f32 * 100.0);
        egui::RichText::new(format!("PC {}, {percent} %", axis + 1))
            .small()
            .color(theme::colours().muted)
    };
    // Another codebook is seen whole at first.
    let drawn = plot::plane(("plane of codes", codebook.codes.shape()), room, [lo, hi])
        .show_axes(room.y >= LEAST_WITH_AXES)
        .x_axis_label(name(0))
        .y_axis_label(name(1))
        .show(ui, zoom_by_wheel);
    let (response, transform) = (drawn.response, drawn.transform);
    let rect = *transform.frame();
    let scale = ui.pixels_per_point();
    let bounds = [transform.bounds().min(), transform.bounds().max()];
    let seen = Seen::new(bounds, rect.size().into(), scale, codebook.size());
    view.seen = Some(seen);
    // A pixel of the picture is a pixel of the screen.
    let rect = egui::Rect::from_min_size(
        (rect.min * scale).round() / scale,
        Vec2::from(seen.size_px.map(|px| px as f32 / scale)),
    );
    if let Some(texture) = scene.pictures.codes {
        picture::paint(ui, texture, rect);
    }
    let code_at = |at: Pos2| {
        let px = ((at - rect.min) * scale).into();
        rect.contains(at).then(|| seen.code_at(&plane.places, px, REACH * scale)).flatten()
    };
    let clicked = response.interact_pointer_pos().map_or(Some(view.cursor), code_at);
    let next = |view: &CodebookView, way| scatter::next(&plane.places, view.cursor, way);
    keys_and_clicks(ui, scene, &response, view, clicked, next, out);
    let marks =
        Marks { painter: ui.painter_at(rect), plane, transform, radius: seen.radius_px / scale };
    marks.show(codebook, view, response.has_focus());
    keys::focus_ring(ui, &response, rect);
    named(&response, view, tr!("Codes by PCA"));
    if let Some(code) = response.hover_pos().and_then(code_at) {
        view.hover(code);
        response.on_hover_ui_at_pointer(|ui| tell_code(ui, codebook, view, code));
    }
}

/// The corners of what all dots lie in.
fn extent(plane: &PrincipalPlane) -> [[f64; 2]; 2] {
    let places = plane.places.iter().flatten();
    let none = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
    let [lo, hi] = places.fold(none, |[lo, hi], place| {
        let both =
            |with: fn(f64, f64) -> f64, a: [f64; 2]| [0, 1].map(|at: usize| with(a[at], place[at]));
        [both(f64::min, lo), both(f64::max, hi)]
    });
    if lo[0] < hi[0] || lo[1] < hi[1] { [lo, hi] } else { [[-1.0; 2], [1.0; 2]] }
}

/// Rings around the dots that are meant.
struct Marks<'a> {
    painter: Painter,
    plane: &'a PrincipalPlane,
    transform: PlotTransform,
    /// Of a dot, in points.
    radius: f32,
}

impl Marks<'_> {
    fn show(&self, codebook: &Codebook, view: &mut CodebookView, has_focus: bool) {
        if let Some(code) = view.selected {
            let near = view.details(codebook, code).neighbours.iter().map(|near| near.code);
            near.for_each(|code| self.ring(code, 2.0, 1.0));
        }
        if has_focus || view.selected.is_some() {
            self.ring(view.cursor, 3.0, 2.0);
        }
        if let Some(code) = view.hovered() {
            self.ring(code, 1.0, 1.0);
        }
    }

    /// A ring so far around a dot and so wide, to be seen on any ground.
    fn ring(&self, code: usize, gap: f32, width: f32) {
        let Some(&Some([x, y])) = self.plane.places.get(code) else { return };
        let middle = self.transform.position_from_point(&PlotPoint::new(x, y));
        let radius = self.radius + gap;
        self.painter.circle_stroke(
            middle,
            radius,
            Stroke::new(width + 2.0, theme::colours().stage),
        );
        self.painter.circle_stroke(middle, radius, Stroke::new(width, theme::colours().lit));
    }
}
