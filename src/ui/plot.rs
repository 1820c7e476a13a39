//! One plot of the row: its curves over the visible steps, fitted vertically to what is visible.

use egui::{Ui, Vec2, Vec2b, vec2};
use egui_plot::{
    GridInput, GridMark, Line, LineStyle, Plot, PlotPoint, PlotPoints, PlotUi, Points, Text, VLine,
};

use super::curves::{CurvesView, PlotKind};
use super::lines::{FEW_POINTS, Lines};
use super::words::{explain, grouped};
use super::{Scene, theme};
use crate::language::{told, tr};
use crate::session::{Compared, Series, Session};

/// A plot draws no more curves than this.
const MOST_CURVES: usize = 64;

/// An axis never has more marks than this.
const MOST_MARKS: f64 = 200.0;

/// What the title above a plot takes.
const TITLE_HEIGHT: f32 = 20.0;

/// Marks of the vertical axis lie no nearer to each other than the first, in points; from the second on they
/// are drawn in full.
const MARKS_APART: egui::Rangef = egui::Rangef { min: 30.0, max: 31.0 };

/// Room around all that lies on a plane, as a share of it.
const PLANE_MARGIN: Vec2 = vec2(0.03, 0.06);

/// Draws a plot, title included, in `height` points.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut CurvesView,
    kind: &PlotKind,
    height: f32,
) {
    let session = scene.session;
    let names = names_of(scene, kind);
    legend(ui, kind, &names);
    let log = view.log;
    let last_step = scene.compared.iter().map(Compared::step).fold(session.step(), u64::max).max(1);
    let steps = view.steps.unwrap_or([0.0, last_step as f64]);
    let look = view.look(ui.available_width().max(16.0) as usize);
    let runs = runs_of(scene, &names);
    view.lines.resize_with(1 + scene.compared.len(), Lines::default);
    for (run, lines) in view.lines.iter_mut().enumerate().take(runs) {
        for name in &names {
            if let Some(series) = series_of(scene, run, name) {
                lines.update(name, series, look, last_step);
            }
        }
    }
    let limits = vertical_limits(&view.lines[..runs], &names);
    let height = (height - TITLE_HEIGHT).max(48.0);
    let pixel = (limits[1] - limits[0]) / f64::from(height * ui.pixels_per_point());
    for (run, lines) in view.lines.iter_mut().enumerate().take(runs) {
        for name in &names {
            if let Some(series) = series_of(scene, run, name) {
                lines.trace(name, series, pixel);
            }
        }
    }
    let shown = &*view;
    // Where curves have no colour of their own, faint lines would only blur them.
    let has_raw = names.len() <= theme::colours().curves.len();
    let response = Plot::new(kind.title)
        .height(height)
        .show_grid(Vec2b::new(false, true))
        .show_background(false)
        .allow_scroll(false)
        .allow_zoom(Vec2b::new(true, false))
        .allow_drag(Vec2b::new(true, false))
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .grid_spacing(MARKS_APART)
        .grid_color(theme::colours().grid)
        .y_grid_spacer(|input| marks_of(&input, 1.0, 0.0))
        .x_grid_spacer(|input| marks_of(&input, 2.5, 1.0))
        .y_axis_min_width(40.0)
        .y_axis_formatter(move |mark, _| label(mark, log))
        .x_axis_formatter(|mark, seen| {
            // There is no room for a number beyond the end.
            let end = seen.end() - 0.06 * (seen.end() - seen.start());
            let shown = (0.0..=end).contains(&mark.value);
            if shown { grouped(mark.value.round() as u64) } else { String::new() }
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
            // This run's curves lie on top.
            for run in (0..runs).rev() {
                for (index, name) in names.iter().enumerate() {
                    if series_of(scene, run, name).is_some() {
                        curve(plot, shown, run, name, theme::curve(index), has_raw);
                    }
                }
            }
            marks(plot, session, limits[1]);
            let zoomed = hovered && (wheel != 0.0 || (pinch - 1.0).abs() > f32::EPSILON);
            (plot.pointer_coordinate().filter(|_| hovered), zoomed)
        });
    let (pointer, zoomed) = response.inner;
    response.response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, true, tr!("Plot: {}", told(kind.title)))
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
        response.response.on_hover_ui_at_pointer(|ui| read_out(ui, scene, runs, &names, pointer.x));
    }
}

/// The plot's title, and the names of its curves in their colours where there are few.
fn legend(ui: &mut Ui, kind: &PlotKind, names: &[&str]) {
    ui.horizontal(|ui| {
        ui.label(theme::muted(told(kind.title)).small()).on_hover_text(told(kind.hint));
        for (index, name) in names.iter().enumerate().filter(|_| (2..=4).contains(&names.len())) {
            let text = egui::RichText::new(*name).small().color(theme::curve(index));
            let label = egui::Label::new(text).truncate();
            // A name that is cut off tells less than none.
            let font = egui::TextStyle::Small.resolve(ui.style());
            let size = ui
                .painter()
                .layout_no_wrap((*name).to_owned(), font, theme::colours().muted)
                .size();
            // The next plot's title begins where this one ends.
            if size.x + 8.0 <= ui.available_width() {
                ui.add(label).on_hover_text(explain(name));
            }
        }
    });
}

/// The line of a compared run, `run` counted from 1.
pub(super) fn style(run: usize) -> LineStyle {
    match run {
        1 => LineStyle::Dashed { length: 8.0 },
        2 => LineStyle::Dotted { spacing: 4.0 },
        _ => LineStyle::Dashed { length: 3.0 },
    }
}

/// The raw line, faint behind the smoothed one where there is one; broken where a value is not a number. Of a compared
/// run only one of the two.
fn curve<'a>(
    plot: &mut PlotUi<'a>,
    view: &'a CurvesView,
    run: usize,
    name: &str,
    colour: egui::Color32,
    has_raw: bool,
) {
    let Some(drawn) = view.lines.get(run).and_then(|lines| lines.get(name)) else { return };
    let smoothed = view.smoothing > 0.0;
    let few = drawn.len < FEW_POINTS;
    if few {
        let dots =
            Points::new(name, PlotPoints::Borrowed(&drawn.raw.points)).color(colour).radius(2.0);
        plot.points(dots);
    }
    let is_smooth = smoothed && !few;
    let mut lines = |is_smooth: bool, line: &dyn Fn(Line<'a>) -> Line<'a>| {
        let shown = if is_smooth { &drawn.smooth } else { &drawn.raw };
        let parts = shown.points.split(|point| point.y.is_nan());
        for part in parts.filter(|part| part.len() > 1) {
            let whole = Line::new(name, PlotPoints::Borrowed(part)).allow_band(shown.is_band);
            plot.line(line(whole.color(colour)));
        }
    };
    if run > 0 {
        return lines(is_smooth, &|line| line.style(style(run)).width(1.2));
    }
    if !is_smooth {
        return lines(false, &|line| line.width(1.0));
    }
    if has_raw {
        let faint = colour.gamma_multiply(0.25);
        lines(false, &|line| line.color(faint).width(1.0));
    }
    lines(true, &|line| line.width(1.6));
}

/// What was changed while training: a line each, and its text where there is room before the next line.
fn marks(plot: &mut PlotUi<'_>, session: &Session, top: f64) {
    let x_of = |plot: &PlotUi<'_>, step| plot.screen_from_plot(PlotPoint::new(step, top)).x;
    let right = plot.response().rect.right();
    let marks = session.marks();
    for (index, mark) in marks.iter().enumerate() {
        let at = mark.step as f64;
        plot.vline(VLine::new(mark.text.clone(), at).color(theme::colours().muted).width(1.0));
        let end = marks.get(index + 1).map_or(right, |next| x_of(plot, next.step as f64));
        let room = end.min(right) - x_of(plot, at) - 4.0;
        if let Some(text) = fitted(plot.ctx(), told(&mark.text), room) {
            let text = egui::RichText::new(text).small().color(theme::colours().muted);
            let place = PlotPoint::new(at, top);
            plot.text(Text::new(mark.text.clone(), place, text).anchor(egui::Align2::LEFT_TOP));
        }
    }
}

/// The beginning of a text that takes at most `room` points; nothing where that would say nothing.
fn fitted(ctx: &egui::Context, text: &str, room: f32) -> Option<String> {
    const LEAST: usize = 6;
    let font = egui::TextStyle::Small.resolve(&ctx.global_style());
    let width = |text: String| {
        ctx.fonts_mut(|fonts| {
            fonts.layout_no_wrap(text, font.clone(), theme::colours().muted).size().x
        })
    };
    if width(text.to_owned()) <= room {
        return Some(text.to_owned());
    }
    let letters: Vec<char> = text.chars().collect();
    let begun = |len: usize| format!("{}…", letters[..len].iter().collect::<String>().trim_end());
    let fits = |len: &usize| width(begun(*len)) <= room;
    (LEAST..letters.len()).rev().find(fits).map(begun)
}

/// The values of every curve of every run at the step nearest to the pointer.
fn read_out(ui: &mut Ui, scene: &Scene<'_>, runs: usize, names: &[&str], step: f64) {
    let near = |run, name: &str| series_of(scene, run, name)?.nearest(step);
    let known = |name: &&&str| (0..runs).any(|run| near(run, name).is_some());
    let first = names.iter().find_map(|name| (0..runs).find_map(|run| near(run, name)));
    if let Some((step, _)) = first {
        ui.label(tr!("step {}", grouped(step)));
    }
    egui::Grid::new("read-out").num_columns(1 + runs).show(ui, |ui| {
        if runs > 1 {
            ui.label("");
            ui.label(theme::muted(tr!("this run")));
            for compared in &scene.compared[..runs - 1] {
                ui.label(theme::muted(compared.name()));
            }
            ui.end_row();
        }
        for (index, name) in names.iter().enumerate().filter(|(_, name)| known(name)).take(24) {
            ui.colored_label(theme::curve(index), *name);
            for run in 0..runs {
                let value = near(run, name).map(|(_, value)| format!("{value:.5}"));
                ui.label(theme::number(value.unwrap_or_default()));
            }
            ui.end_row();
        }
    });
    if let [name] = names {
        ui.label(theme::muted(explain(name)));
    }
    if let Some(mark) = scene.session.marks().iter().rfind(|mark| mark.step as f64 <= step) {
        ui.label(theme::muted(tr!("since step {}: {}", grouped(mark.step), told(&mark.text))));
    }
}

/// A curve of a run: 0 is this one, then come those that it is compared with.
fn series_of<'a>(scene: &Scene<'a>, run: usize, name: &str) -> Option<&'a Series> {
    match run.checked_sub(1) {
        None => scene.session.series_by_name(name),
        Some(compared) => scene.compared.get(compared)?.series_by_name(name),
    }
}

/// How many runs a plot of these curves shows: where curves have no colour of their own, only this one.
fn runs_of(scene: &Scene<'_>, names: &[&str]) -> usize {
    if names.len() > theme::colours().curves.len() { 1 } else { 1 + scene.compared.len() }
}

/// The curves of a plot, those of this run first; where there are very many, those with the greatest newest
/// values.
fn names_of<'a>(scene: &Scene<'a>, kind: &PlotKind) -> Vec<&'a str> {
    let mut names = own_names(scene.session, kind);
    let others = scene.compared.iter().flat_map(Compared::series);
    for (name, _) in others.filter(|(name, _)| (kind.belongs)(name)) {
        if names.len() < MOST_CURVES && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn own_names<'a>(session: &'a Session, kind: &PlotKind) -> Vec<&'a str> {
    let mut curves: Vec<_> =
        session.series().filter(|(name, _)| (kind.belongs)(name)).enumerate().collect();
    if curves.len() > MOST_CURVES {
        let newest = |series: &Series| series.last().map_or(f32::NEG_INFINITY, |(_, value)| value);
        curves.sort_by(|(_, (_, a)), (_, (_, b))| newest(b).total_cmp(&newest(a)));
        curves.truncate(MOST_CURVES);
        curves.sort_by_key(|(index, _)| *index);
    }
    curves.into_iter().map(|(_, (name, _))| name).collect()
}

/// The vertical range of what is visible, with a margin.
fn vertical_limits(runs: &[Lines], names: &[&str]) -> [f64; 2] {
    let of =
        |lines: &Lines| names.iter().filter_map(|name| lines.get(name)?.range).collect::<Vec<_>>();
    let ranges = runs.iter().flat_map(of);
    let limits = ranges.reduce(|[a, b], [lo, hi]| [a.min(lo), b.max(hi)]);
    let [lo, hi] = limits.unwrap_or([0.0, 1.0]);
    let span = hi - lo;
    let size = hi.abs().max(lo.abs());
    // A flat line lies in the middle of a range that shows its size.
    let margin = if span > size * 1e-4 { span * 0.06 } else { (size * 0.5).max(1e-9) };
    [lo - margin, hi + margin]
}

/// Evenly spaced marks on round numbers (1, 2 or 5 times a power of ten), as many as have room when each takes
/// `widths` times the least; no finer than `least`.
fn marks_of(input: &GridInput, widths: f64, least: f64) -> Vec<GridMark> {
    let finest = (input.base_step_size * widths).max(least);
    if !finest.is_normal() {
        return Vec::new();
    }
    let power = 10f64.powf(finest.log10().floor());
    let rounds = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step_size = rounds.into_iter().find(|&step| step >= finest * 0.999).unwrap_or(finest);
    let (lo, hi) = input.bounds;
    let [first, last] = [(lo / step_size).ceil(), (hi / step_size).floor()];
    let number = (last - first).clamp(0.0, MOST_MARKS) as usize;
    let mark = |index: usize| GridMark { value: (first + index as f64) * step_size, step_size };
    (0..=number).map(mark).filter(|mark| mark.value <= hi).collect()
}

/// A number for an axis, with as many places as tell neighbours apart.
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

/// A plane on which places lie, as far along both axes; the corners `lo` and `hi` of what is on it are in view at first.
pub(super) fn plane<'a>(id: impl egui::AsIdSalt, room: Vec2, [lo, hi]: [[f64; 2]; 2]) -> Plot<'a> {
    Plot::new(id)
        .width(room.x)
        .height(room.y)
        .data_aspect(1.0)
        .include_x(lo[0])
        .include_x(hi[0])
        .include_y(lo[1])
        .include_y(hi[1])
        .set_margin_fraction(PLANE_MARGIN)
        .show_background(false)
        .show_crosshair(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .grid_color(theme::colours().grid)
        .grid_spacing(MARKS_APART)
        .x_grid_spacer(|input| marks_of(&input, 2.0, 0.0))
        .y_grid_spacer(|input| marks_of(&input, 1.0, 0.0))
        .x_axis_formatter(|mark, _| label(mark, false))
        .y_axis_formatter(|mark, _| label(mark, false))
}

/// Lets the wheel alone bring a plane nearer, around the pointer.
pub(super) fn zoom_by_wheel(plot: &mut PlotUi<'_>) {
    let wheel = plot.ctx().input(|input| input.smooth_scroll_delta().y);
    if plot.response().hovered() && wheel != 0.0 {
        plot.zoom_bounds_around_hovered(Vec2::splat((wheel / 200.0).exp()));
    }
}
