//! The use of one code over time, with what happened to it, and its vector as bars.

use egui::{
    Align2, FontId, Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::theme;
use super::words::{grouped, measure};
use crate::language::tr;
use crate::metrics::code_use::{CodeEvent, CodeEventKind, CodeUse, Snapshot};

const PLOT_HEIGHT: f32 = 48.0;
const BARS_HEIGHT: f32 = 40.0;
/// Below the plot, for the marks of births and deaths.
const MARKS_HEIGHT: f32 = 9.0;

/// How much of all vectors chose a code, through training, with its births and deaths.
pub(super) fn show(ui: &mut Ui, history: &CodeUse, code: usize) {
    ui.add_space(4.0);
    let snapshots = history.snapshots();
    let share = |snapshot: &Snapshot| snapshot.shares.get(code).copied().unwrap_or(0.0);
    let most = snapshots.iter().map(share).fold(0.0, f32::max);
    let text = match snapshots.len() {
        0 | 1 => tr!("Use over time will be drawn here.").to_owned(),
        _ if most == 0.0 => tr!("Use over time: none").to_owned(),
        _ => tr!("Use over time, up to {} % of all vectors", measure(most * 100.0)),
    };
    ui.label(theme::muted(text).small()).on_hover_text(tr!(
        "The share of all vectors that chose it. Below: hollow where it died, filled where it came back or was put somewhere."
    ));
    if snapshots.len() >= 2 {
        plot(ui, history, code, most);
    }
    events(ui, history.events(code));
}

fn plot(ui: &mut Ui, history: &CodeUse, code: usize, most: f32) {
    let size = vec2(ui.available_width(), PLOT_HEIGHT + MARKS_HEIGHT);
    let (area, response) = ui.allocate_exact_size(size, Sense::hover());
    let rect = Rect::from_min_size(area.min, vec2(area.width(), PLOT_HEIGHT));
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, theme::colours().empty);
    let last_step = history.step().max(1) as f32;
    let share = |snapshot: &Snapshot| snapshot.shares.get(code).copied().unwrap_or(0.0);
    let x_of = |step: u64| rect.left() + rect.width() * step as f32 / last_step;
    let height = rect.height() - 4.0;
    let y_of = |share: f32| rect.bottom() - 1.0 - height * share / most.max(f32::MIN_POSITIVE);
    let points = history.snapshots().iter();
    let points: Vec<Pos2> =
        points.map(|snapshot| pos2(x_of(snapshot.step), y_of(share(snapshot)))).collect();
    painter.add(Shape::line(points, Stroke::new(1.5, theme::colours().accent)));
    for event in history.events(code) {
        let is_death = event.kind == CodeEventKind::Died;
        let top = rect.bottom() + 2.0;
        let [tip, base] = if is_death { [top + 6.0, top] } else { [top, top + 6.0] };
        let colour = if is_death { theme::colours().error } else { theme::colours().accent };
        for step in [event.first_step, event.last_step] {
            let x = x_of(step).clamp(rect.left() + 4.0, rect.right() - 4.0);
            let corners = vec![pos2(x, tip), pos2(x - 4.0, base), pos2(x + 4.0, base)];
            // Hollow where it ended, filled where it began.
            painter.add(if is_death {
                Shape::closed_line(corners, Stroke::new(1.0, colour))
            } else {
                Shape::convex_polygon(corners, colour, Stroke::NONE)
            });
            let line = [pos2(x, rect.top()), pos2(x, rect.bottom())];
            painter.line_segment(line, Stroke::new(1.0, colour.gamma_multiply(0.4)));
        }
    }
    let name = tr!("Use of code {} over time", code);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let Some(pointer) = response.hover_pos() else { return };
    let step = (pointer.x - rect.left()) / rect.width() * last_step;
    let far = |snapshot: &&Snapshot| (snapshot.step as f32 - step).abs();
    let nearest = history.snapshots().iter().min_by(|a, b| far(a).total_cmp(&far(b)));
    if let Some(snapshot) = nearest {
        let (step, share) = (grouped(snapshot.step), measure(share(snapshot) * 100.0));
        response.on_hover_text(tr!("step {}: {} % of all vectors", step, share));
    }
}

/// What happened, newest first.
fn events(ui: &mut Ui, events: &[CodeEvent]) {
    for (index, event) in events.iter().enumerate().rev() {
        let before = index.checked_sub(1).map(|before| events[before]);
        ui.label(theme::muted(in_words(*event, before)).small());
    }
}

/// An event in words; `before` is the one before it.
fn in_words(event: CodeEvent, before: Option<CodeEvent>) -> String {
    let (first, last) = (grouped(event.first_step), grouped(event.last_step));
    let verb = match event.kind {
        CodeEventKind::Died if event.last_step == 0 => return tr!("never used").to_owned(),
        CodeEventKind::Died if before.is_some_and(|before| before.last_step == event.last_step) => {
            return tr!("died again: no use after step {}", last);
        }
        CodeEventKind::Died => return tr!("died at step {} (last use)", last),
        CodeEventKind::Returned => tr!("came back by itself"),
        CodeEventKind::Restarted => tr!("restarted"),
        CodeEventKind::Revived => tr!("revived by hand"),
    };
    match event.times {
        1 => tr!("{} at step {}", verb, last),
        times => tr!("{} {} times, steps {} to {}", verb, grouped(times), first, last),
    }
}

/// A vector as bars from zero.
pub(super) fn bars(ui: &mut Ui, vector: &[f32]) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), BARS_HEIGHT), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    let largest =
        vector.iter().filter(|value| value.is_finite()).fold(0.0f32, |m, v| m.max(v.abs()));
    let width = rect.width() / vector.len().max(1) as f32;
    let gap = if width >= 3.0 { 1.0 } else { 0.0 };
    let middle = rect.center().y;
    let reach = (rect.height() / 2.0 - 2.0) / largest.max(f32::MIN_POSITIVE);
    let mut mesh = Mesh::default();
    for (dim, value) in vector.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let left = rect.left() + dim as f32 * width;
        let tip = middle - value * reach;
        let bar = Rect::from_two_pos(pos2(left, middle), pos2(left + width - gap, tip));
        mesh.add_colored_rect(bar, theme::colours().accent);
    }
    ui.painter().add(Shape::mesh(mesh));
    if vector.is_empty() {
        let font = FontId::proportional(11.0);
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            tr!("no values"),
            font,
            theme::colours().muted,
        );
    }
    let name = tr!("{} values of the vector", vector.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    let Some(pointer) = response.hover_pos() else { return };
    let dim = ((pointer.x - rect.left()) / width) as usize;
    if let Some(value) = vector.get(dim) {
        response.on_hover_text(tr!("value {}: {}", dim, value));
    }
}
