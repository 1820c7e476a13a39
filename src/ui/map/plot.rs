//! The points themselves, and what a hand does on them.

use egui::{
    Key, Modifiers, PointerButton, Pos2, Rect, Response, Role, Stroke, Ui, Vec2, WidgetInfo, vec2,
};
use egui_plot::{PlotPoint, PlotTransform};

use super::tell::tell;
use super::{MapMode, MapScene, MapView, Sight, legend};
use crate::language::{tr, tr_later};
use crate::session::map::{Ask, Placed, Projection};
use crate::ui::plot::{plane, zoom_by_wheel};
use crate::ui::words::measure;
use crate::ui::{Command, Scene, keys, theme};

/// Its keys.
pub(in crate::ui) const KEYS: &[keys::Listed] = &[
    (tr_later!("Arrows"), tr_later!("Lead from point to point")),
    ("Enter", tr_later!("Go to the point that the arrows led to")),
    ("Escape", tr_later!("Let the selected points go")),
];

/// The pointer is over a point that is no farther than this, in points of the screen.
const REACH: f32 = 8.0;
/// A lower map has no room for axes.
const LEAST_WITH_AXES: f32 = 130.0;
/// The radius of a dot in points of the screen, from the most points in view to the fewest.
const RADIUS_PTS: [f32; 2] = [1.2, 4.0];
const RADIUS_STEP_PTS: f32 = 0.4;
/// With no more points in view their images are shown.
const MOST_IMAGES: usize = 240;
/// The side of such an image in points of the screen.
const IMAGE: f32 = 28.0;
/// A line drawn by hand has a corner wherever it went so far, in points of the screen.
const CORNER: f32 = 3.0;

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut MapView,
    room: Vec2,
    out: &mut Vec<Command>,
) {
    let map = scene.map;
    let Some(placed) = map.state.placed() else {
        let (rect, _) = ui.allocate_exact_size(room, egui::Sense::hover());
        let font = egui::TextStyle::Body.resolve(ui.style());
        let text = tr!("The points will be here as soon as they are placed");
        let middle = egui::Align2::CENTER_CENTER;
        ui.painter().text(rect.center(), middle, text, font, theme::colours().muted);
        return;
    };
    let [lo, hi] = extent(&placed.places);
    let has_axes = room.y >= LEAST_WITH_AXES && placed.chart.is_some();
    let [x_name, y_name] = axis_names(placed);
    let kind = (placed.projection.name(), placed.layout, view.fits);
    let pans = view.mode == MapMode::Pan;
    let drawn = plane(("map", kind), room, [lo, hi])
        .show_axes(has_axes)
        .show_grid(placed.chart.is_some())
        .pan_pointer_button(if pans { PointerButton::Primary } else { PointerButton::Secondary })
        .x_axis_label(x_name)
        .y_axis_label(y_name)
        .show(ui, zoom_by_wheel);
    let (response, transform) = (drawn.response, drawn.transform);
    let rect = *transform.frame();
    let seen = [transform.bounds().min(), transform.bounds().max()];
    view.has_moved |= view.seen.is_some_and(|before| before != seen);
    (view.seen, view.rect) = (Some(seen), Some(rect));
    let drawing = Drawing { map, placed, transform, rect };
    let in_view = drawing.in_view();
    let radius = radius_of(in_view.len(), rect);
    if let Some(canvas) = map.canvas {
        let sight = Sight::new(rect, seen, radius, ui.pixels_per_point());
        ui.painter_at(rect).add(canvas.shape(rect, sight));
    }
    if view.shows_images && in_view.len() <= MOST_IMAGES {
        drawing.images(ui, view, &in_view);
    }
    drawing.hand(ui, scene, view, &response, out);
    drawing.marks(ui, scene, view, &response, radius);
    keys::focus_ring(ui, &response, rect);
    legend::show(ui, map, rect, out);
    drawing.hover(ui, view, &response);
}

/// What the axes are.
fn axis_names(placed: &Placed) -> [egui::RichText; 2] {
    let name = |axis: usize| match (placed.projection, placed.shares) {
        (Projection::Dims(dims), _) => format!("z{}", dims[axis]),
        (_, Some(shares)) => {
            format!("PC {}, {} %", axis + 1, measure(shares[axis] as f32 * 100.0))
        }
        _ => String::new(),
    };
    [0, 1].map(|axis| egui::RichText::new(name(axis)).small().color(theme::colours().muted))
}

/// The corners of what all points lie in.
fn extent(places: &[[f32; 2]]) -> [[f64; 2]; 2] {
    let mut corners = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
    for place in places.iter().filter(|place| place.iter().all(|value| value.is_finite())) {
        let [lo, hi] = &mut corners;
        for ((lo, hi), at) in lo.iter_mut().zip(hi).zip(place) {
            *lo = lo.min(f64::from(*at));
            *hi = hi.max(f64::from(*at));
        }
    }
    let [lo, hi] = corners;
    if lo[0] < hi[0] || lo[1] < hi[1] { corners } else { [[-1.0; 2], [1.0; 2]] }
}

/// The fewer points are in view, the larger they are; in steps, as another radius is another picture.
fn radius_of(in_view: usize, rect: Rect) -> f32 {
    let room = (rect.area() / in_view.max(1) as f32).sqrt();
    let radius = (0.22 * room / RADIUS_STEP_PTS).round() * RADIUS_STEP_PTS;
    radius.clamp(RADIUS_PTS[0], RADIUS_PTS[1])
}

/// The map as it lies on the screen.
struct Drawing<'a> {
    map: MapScene<'a>,
    placed: &'a Placed,
    transform: PlotTransform,
    rect: Rect,
}

impl Drawing<'_> {
    fn on_screen(&self, [x, y]: [f32; 2]) -> Pos2 {
        self.transform.position_from_point(&PlotPoint::new(x, y))
    }

    fn on_map(&self, at: Pos2) -> [f32; 2] {
        let point = self.transform.value_from_position(at);
        [point.x as f32, point.y as f32]
    }

    /// The points that are seen.
    fn in_view(&self) -> Vec<u32> {
        let bounds = self.transform.bounds();
        let (lo, hi) = (bounds.min(), bounds.max());
        let is_seen = |place: &[f32; 2]| {
            (0..2).all(|axis| (lo[axis]..=hi[axis]).contains(&f64::from(place[axis])))
        };
        (0..)
            .zip(self.placed.places.iter())
            .filter(|(_, at)| is_seen(at))
            .map(|(at, _)| at)
            .collect()
    }

    /// The point under the pointer.
    fn point_at(&self, at: Pos2) -> Option<u32> {
        let point = self.map.state.nearest(self.on_map(at))?;
        let far = self.on_screen(self.placed.places[point as usize]).distance(at);
        (far <= REACH && self.rect.contains(at)).then_some(point)
    }

    fn images(&self, ui: &Ui, view: &mut MapView, in_view: &[u32]) {
        let painter = ui.painter_at(self.rect);
        let ui_clip = ui.clip_rect();
        for &point in in_view {
            let middle = self.on_screen(self.placed.places[point as usize]);
            let rect = Rect::from_center_size(middle, Vec2::splat(IMAGE));
            if !ui_clip.intersects(rect) || !self.rect.contains_rect(rect) {
                continue;
            }
            view.want(point);
            self.map.thumbs.paint(ui, point, rect);
            let stroke = Stroke::new(
                1.5,
                self.map.colours.get(point as usize).copied().unwrap_or(theme::colours().lit),
            );
            painter.rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Outside);
        }
    }

    /// What a hand does.
    fn hand(
        &self,
        ui: &Ui,
        scene: &Scene<'_>,
        view: &mut MapView,
        response: &Response,
        out: &mut Vec<Command>,
    ) {
        let pointer = response.interact_pointer_pos();
        if response.clicked() {
            response.request_focus();
            // Enter and Space click too, without a pointer.
            let point = match pointer {
                Some(at) if view.mode == MapMode::Walk => self.map.state.nearest(self.on_map(at)),
                Some(at) => self.point_at(at),
                None => view.cursor,
            };
            match point {
                Some(point) => self.go_to(view, point, out),
                None => out.push(Command::Map(Ask::Choose(None))),
            }
        }
        match view.mode {
            MapMode::Walk => self.walk(scene, view, response, out),
            MapMode::Pan => {}
            MapMode::Box | MapMode::Lasso => self.draw_line(ui, view, response, out),
        }
        let way = keys::arrows(ui, response);
        if way != [0, 0] {
            let from = view.cursor.or_else(|| self.map.state.nearest(self.middle()));
            view.cursor = from.map(|from| next(&self.placed.places, from, way).unwrap_or(from));
        }
        let escapes = || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        let has_selected = !self.map.state.selected().is_empty();
        if response.has_focus() && has_selected && escapes() {
            out.push(Command::Map(Ask::Deselect));
        }
    }

    fn middle(&self) -> [f32; 2] {
        self.on_map(self.rect.center())
    }

    /// The explorer goes to a point.
    fn go_to(&self, view: &mut MapView, point: u32, out: &mut Vec<Command>) {
        view.cursor = Some(point);
        if let Some(latent) = self.map.state.latent(point) {
            out.push(Command::BeginEdit);
            out.push(Command::SetLatent(latent.to_vec()));
            out.push(Command::Map(Ask::Choose(Some(point))));
        }
    }

    /// The explorer's point goes where the pointer is.
    fn walk(
        &self,
        scene: &Scene<'_>,
        view: &mut MapView,
        response: &Response,
        out: &mut Vec<Command>,
    ) {
        if response.drag_started_by(PointerButton::Primary) {
            // From the point that was taken hold of, or from the explorer's where there is none.
            let taken = response.interact_pointer_pos().and_then(|at| self.point_at(at));
            let latent = taken.and_then(|point| self.map.state.latent(point));
            view.walk = Some(latent.unwrap_or(scene.explore.latent()).to_vec());
            out.push(Command::BeginEdit);
        }
        if response.dragged_by(PointerButton::Primary)
            && let (Some(at), Some(from)) = (response.interact_pointer_pos(), &view.walk)
            && response.drag_delta() != Vec2::ZERO
            && let Some(latent) = self.map.state.latent_at(self.on_map(at), from)
        {
            out.push(Command::SetLatent(latent));
        }
        if response.drag_stopped() {
            view.walk = None;
        }
    }

    /// Draws the line around what is to be selected.
    fn draw_line(&self, ui: &Ui, view: &mut MapView, response: &Response, out: &mut Vec<Command>) {
        let button = PointerButton::Primary;
        let is_box = view.mode == MapMode::Box;
        if response.drag_started_by(button) {
            let from = ui.input(|input| input.pointer.press_origin());
            view.line = from.map(|at| self.on_map(at)).into_iter().collect();
        }
        if response.dragged_by(button)
            && let Some(at) = response.interact_pointer_pos()
        {
            let to = self.on_map(at);
            let last = view.line.last().map(|last| self.on_screen(*last));
            if let Some([x, y]) = view.line.first().copied().filter(|_| is_box) {
                view.line = vec![[x, y], [to[0], y], to, [x, to[1]]];
            } else if last.is_none_or(|last| last.distance(at) >= CORNER) {
                view.line.push(to);
            }
        }
        if response.drag_stopped_by(button) {
            let line = std::mem::take(&mut view.line);
            let adds = ui.input(|input| input.modifiers.shift);
            if line.len() >= 3 {
                out.push(Command::Map(Ask::SelectWithin { line, adds }));
            }
        }
    }

    /// What is meant among the points.
    fn marks(&self, ui: &Ui, scene: &Scene<'_>, view: &MapView, response: &Response, radius: f32) {
        let painter = ui.painter_at(self.rect);
        let ring = |middle: Pos2, radius: f32, width: f32| {
            painter.circle_stroke(middle, radius, Stroke::new(width + 2.0, theme::colours().stage));
            painter.circle_stroke(middle, radius, Stroke::new(width, theme::colours().lit));
        };
        let of_point =
            |point: u32| self.placed.places.get(point as usize).map(|at| self.on_screen(*at));
        let near = self.map.state.near().map_or(&[][..], |near| &near.points);
        for middle in near.iter().filter_map(|(point, _)| of_point(*point)) {
            ring(middle, radius + 2.0, 1.0);
        }
        if let Some(middle) = self.map.state.chosen().and_then(of_point) {
            ring(middle, radius + 4.0, 2.0);
        }
        if let Some(middle) = view.cursor.filter(|_| response.has_focus()).and_then(of_point) {
            ring(middle, radius + 3.0, 1.0);
        }
        if let Some(place) = self.map.state.place_of_explorer(scene.explore.latent()) {
            here(&painter, self.on_screen(place), self.rect);
        }
        if view.line.len() >= 2 {
            let line: Vec<Pos2> = view.line.iter().map(|at| self.on_screen(*at)).collect();
            painter.add(egui::Shape::closed_line(line, Stroke::new(1.5, theme::colours().lit)));
        }
        let told = view.cursor.map(|point| self.map.name_of(point)).unwrap_or_default();
        let name = tr!("Map by {}", self.placed.projection.name());
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Image, true, &name);
            info.current_text_value = Some(told.clone());
            info
        });
    }

    fn hover(&self, ui: &Ui, view: &mut MapView, response: &Response) {
        if response.dragged() {
            return;
        }
        let Some(point) = response.hover_pos().and_then(|at| self.point_at(at)) else { return };
        view.want(point);
        let middle = self.on_screen(self.placed.places[point as usize]);
        let stroke = Stroke::new(1.5, theme::colours().lit);
        ui.painter_at(self.rect).circle_stroke(middle, RADIUS_PTS[1] + 1.0, stroke);
        response.clone().on_hover_ui_at_pointer(|ui| tell(ui, self.map, point));
    }
}

/// The explorer's point: a cross that can be seen on any ground; at the rim where it is out of view.
fn here(painter: &egui::Painter, at: Pos2, rect: Rect) {
    let inside = rect.shrink(8.0);
    let is_in_view = inside.contains(at);
    let at = inside.clamp(at);
    for (width, colour) in [(4.0, theme::colours().stage), (1.5, theme::colours().here)] {
        let stroke = Stroke::new(width, colour);
        if is_in_view {
            painter.line_segment([at - vec2(9.0, 0.0), at + vec2(9.0, 0.0)], stroke);
            painter.line_segment([at - vec2(0.0, 9.0), at + vec2(0.0, 9.0)], stroke);
        }
        painter.circle_stroke(at, 5.0, stroke);
    }
}

/// The point next to another one, right or left, down or up: the nearest among those that lie more in that direction
/// than across it.
fn next(places: &[[f32; 2]], from: u32, [right, down]: [isize; 2]) -> Option<u32> {
    let [x, y] = *places.get(from as usize)?;
    let step = |(point, place): (u32, &[f32; 2])| {
        let [dx, dy] = [place[0] - x, y - place[1]];
        let along = dx * right as f32 + dy * down as f32;
        let across = dx * down as f32 - dy * right as f32;
        (along > 0.0 && across.abs() <= along).then_some((dx.hypot(dy), point))
    };
    let ahead = (0..).zip(places).filter_map(step);
    ahead.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, point)| point)
}
