//! One plot of the row: its curves over the visible steps, fitted vertically to what is visible.

use egui::{Ui, Vec2b};
use egui_plot::{GridMark, Line, Plot, PlotPoint, PlotPoints, PlotUi, Points, Text, VLine};

use super::curves::{CurvesView, PlotKind};
use super::theme;
use super::words::{explain, grouped};
use crate::session::{Series, Session};

/// Curves with fewer points than this show each of them as a dot.
const FEW_POINTS: usize = 40;

/// A plot draws no more curves than this.
const MOST_CURVES: usize = 64;

/// What the title above a plot takes.
const TITLE_HEIGHT: f32 = 20.0;

/// Draws a plot, title included, in `height` points.
pub(super) fn show(
    ui: &mut Ui,
    session: &Session,
    view: &mut CurvesView,
    kind: &PlotKind,
    height: f32,
) {
    let curves = curves_of(session, kind);
    let names: Vec<&str> = curves.iter().map(|(name, _)| *name).collect();
    legend(ui, kind, &names);
    let log = view.log;
    let steps = view.steps.unwrap_or([0.0, session.step().max(1) as f64]);
    let look = view.look(ui.available_width().max(16.0) as usize);
    for (name, series) in &curves {
        view.lines.update(name, series, look, session.step());
    }
    let limits = vertical_limits(view, &names);
    let shown = &*view;
    let response = Plot::new(kind.title)
        .height((height - TITLE_HEIGHT).max(48.0))
        .show_grid(Vec2b::new(false, true))
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(Vec2b::new(true, false))
        .allow_drag(Vec2b::new(true, false))
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .y_axis_min_width(40.0)
        .y_axis_formatter(move |mark, _| label(mark, log))
        .x_axis_formatter(|mark, _| {
            if mark.value < 0.0 { String::new() } else { grouped(mark.value.round() as u64) }
        })
        .show(ui, |plot| {
            plot.set_plot_bounds_x(steps[0]..=steps[1]);
            plot.set_plot_bounds_y(limits[0]..=limits[1]);
            let hovered = plot.response().hovered();
            let (wheel, pinch) =
                plot.ctx().input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
            if hovered && wheel != 0.0 {
                plot.zoom_bounds_around_hovered(egui::vec2((wheel / 200.0).exp(), 1.0));
            }
            for (index, name) in names.iter().enumerate() {
                curve(plot, shown, name, theme::curve(index));
            }
            marks(plot, session, limits[1]);
            let zoomed = hovered && (wheel != 0.0 || (pinch - 1.0).abs() > f32::EPSILON);
            (plot.pointer_coordinate().filter(|_| hovered), zoomed)
        });
    let (pointer, zoomed) = response.inner;
    response.response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, true, format!("Plot: {}", kind.title))
    });
    let seen = response.transform.bounds();
    let (first, last) = (seen.min()[0], seen.max()[0]);
    if response.response.double_clicked() {
        view.steps = None;
    } else if response.response.dragged() || zoomed {
        // A step is the finest that there is.
        view.steps = Some([first, last.max(first + 1.0)]);
    }
    if let Some(pointer) = pointer {
        response.response.on_hover_ui_at_pointer(|ui| read_out(ui, session, &names, pointer.x));
    }
}

/// The plot's title, and the names of its curves in their colours where there are few.
fn legend(ui: &mut Ui, kind: &PlotKind, names: &[&str]) {
    ui.horizontal(|ui| {
        ui.label(theme::muted(kind.title).small()).on_hover_text(kind.hint);
        if (2..=4).contains(&names.len()) && ui.available_width() > 130.0 {
            for (index, name) in names.iter().enumerate() {
                ui.label(egui::RichText::new(*name).small().color(theme::curve(index)))
                    .on_hover_text(explain(name));
            }
        }
    });
}

/// The raw line, faint behind the smoothed one; broken where a value is not a number.
fn curve<'a>(plot: &mut PlotUi<'a>, view: &'a CurvesView, name: &str, colour: egui::Color32) {
    let Some(drawn) = view.lines.get(name) else { return };
    let smoothed = view.smoothing > 0.0;
    let few = drawn.len < FEW_POINTS;
    if few {
        let dots = Points::new(name, PlotPoints::Borrowed(&drawn.raw)).color(colour).radius(2.0);
        plot.points(dots);
    }
    let faint = if smoothed && !few { 0.25 } else { 1.0 };
    let mut lines = |points: &'a [PlotPoint], colour, width| {
        for part in points.split(|point| point.y.is_nan()).filter(|part| part.len() > 1) {
            plot.line(Line::new(name, PlotPoints::Borrowed(part)).color(colour).width(width));
        }
    };
    lines(&drawn.raw, colour.gamma_multiply(faint), 1.0);
    if smoothed && !few {
        lines(&drawn.smooth, colour, 1.6);
    }
}

/// What was changed while training.
fn marks(plot: &mut PlotUi<'_>, session: &Session, top: f64) {
    for mark in session.marks() {
        let at = mark.step as f64;
        plot.vline(VLine::new(mark.text.clone(), at).color(theme::MUTED).width(1.0));
        let text = egui::RichText::new(&mark.text).small().color(theme::MUTED);
        let place = PlotPoint::new(at, top);
        let bounds = plot.plot_bounds();
        let is_late = at > f64::midpoint(bounds.min()[0], bounds.max()[0]);
        let side = if is_late { egui::Align2::RIGHT_TOP } else { egui::Align2::LEFT_TOP };
        plot.text(Text::new(mark.text.clone(), place, text).anchor(side));
    }
}

/// The values of every curve at the step nearest to the pointer.
fn read_out(ui: &mut Ui, session: &Session, names: &[&str], step: f64) {
    let told: Vec<(&str, u64, f32)> = names
        .iter()
        .filter_map(|name| {
            let (step, value) = session.series_by_name(name)?.nearest(step)?;
            Some((*name, step, value))
        })
        .collect();
    if let Some((_, step, _)) = told.first() {
        ui.label(format!("step {}", grouped(*step)));
    }
    egui::Grid::new("read-out").num_columns(2).show(ui, |ui| {
        for (index, (name, _, value)) in told.iter().enumerate().take(24) {
            ui.colored_label(theme::curve(index), *name);
            ui.label(theme::number(format!("{value:.5}")));
            ui.end_row();
        }
    });
    if let [(name, _, _)] = told[..] {
        ui.label(theme::muted(explain(name)));
    }
}

/// The curves of a plot; where there are very many, those with the greatest newest values.
fn curves_of<'a>(session: &'a Session, kind: &PlotKind) -> Vec<(&'a str, &'a Series)> {
    let mut curves: Vec<_> =
        session.series().filter(|(name, _)| (kind.belongs)(name)).enumerate().collect();
    if curves.len() > MOST_CURVES {
        let newest = |series: &Series| series.last().map_or(f32::NEG_INFINITY, |(_, value)| value);
        curves.sort_by(|(_, (_, a)), (_, (_, b))| newest(b).total_cmp(&newest(a)));
        curves.truncate(MOST_CURVES);
        curves.sort_by_key(|(index, _)| *index);
    }
    curves.into_iter().map(|(_, curve)| curve).collect()
}

/// The vertical range of what is visible, with a margin.
fn vertical_limits(view: &CurvesView, names: &[&str]) -> [f64; 2] {
    let ranges = names.iter().filter_map(|name| view.lines.get(name)?.range);
    let limits = ranges.reduce(|[a, b], [lo, hi]| [a.min(lo), b.max(hi)]);
    let [lo, hi] = limits.unwrap_or([0.0, 1.0]);
    let span = hi - lo;
    let size = hi.abs().max(lo.abs());
    // A flat line lies in the middle of a range that shows its size.
    let margin = if span > size * 1e-4 { span * 0.06 } else { (size * 0.5).max(1e-9) };
    [lo - margin, hi + margin]
}

/// A number for the vertical axis, with as many places as tell neighbours apart.
fn label(mark: GridMark, log: bool) -> String {
    if log {
        return format!("{:.1e}", 10f64.powf(mark.value));
    }
    let size = mark.value.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        return format!("{:.1e}", mark.value);
    }
    let places = (-mark.step_size.log10()).ceil().clamp(0.0, 6.0) as usize;
    format!("{:.places$}", mark.value)
}
