//! The curves: every point is kept, and drawn as its extremes in each pixel column.

use std::collections::BTreeMap;

use egui::{Ui, Vec2b};
use egui_plot::{Legend, Line, Plot, PlotBounds, PlotPoint, PlotPoints, Text, VLine};

use super::words::{explain, grouped};
use super::{Command, Scene, theme};
use crate::session::{Ema, Series, Session, decimate};

/// How curves are drawn, and buffers that are kept so that a frame allocates next to nothing.
#[derive(Clone, Debug)]
pub struct CurvesView {
    /// The share of the past in the smoothed line, in `[0, 1)`.
    pub smoothing: f64,
    /// Whether the vertical axis is logarithmic (base 10).
    pub log: bool,
    /// Whether outliers are left out of the vertical range.
    pub robust: bool,
    /// Curves that are hidden.
    pub hidden: Vec<String>,
    averages: BTreeMap<String, Ema>,
    raw: BTreeMap<String, Vec<PlotPoint>>,
    smooth: BTreeMap<String, Vec<PlotPoint>>,
}

impl Default for CurvesView {
    fn default() -> Self {
        Self {
            smoothing: 0.9,
            log: false,
            robust: true,
            hidden: Vec::new(),
            averages: BTreeMap::new(),
            raw: BTreeMap::new(),
            smooth: BTreeMap::new(),
        }
    }
}

/// The plots of the row: a title and which curves belong to it.
const PLOTS: [(&str, fn(&str) -> bool); 4] = [
    ("Losses / nats", |name| {
        matches!(name, "loss" | "reconstruction" | "kl") || name == "eval/loss"
    }),
    ("Held out", |name| matches!(name, "eval/elbo_nats" | "eval/psnr_db" | "eval/active_units")),
    ("KL per dimension / nats", |name| {
        name.strip_prefix("kl_").is_some_and(|rest| rest.parse::<usize>().is_ok())
    }),
    ("Schedule", |name| matches!(name, "lr" | "beta" | "sigma")),
];

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut CurvesView, out: &mut Vec<Command>) {
    toolbar(ui, view, out);
    if scene.session.series().all(|(_, series)| series.is_empty()) {
        ui.add_space(8.0);
        ui.label(theme::muted("Losses, KL of every dimension, held-out measures and the schedule will be drawn here while a model trains."));
        return;
    }
    let width = (ui.available_width() - 3.0 * 8.0) / PLOTS.len() as f32;
    let height = ui.available_height();
    ui.horizontal(|ui| {
        for (title, belongs) in PLOTS {
            ui.vertical(|ui| {
                ui.set_width(width);
                plot(ui, scene.session, view, title, belongs, height);
            });
        }
    });
}

fn toolbar(ui: &mut Ui, view: &mut CurvesView, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(theme::heading("Curves"));
        ui.spacing_mut().slider_width = 90.0;
        let slider = egui::Slider::new(&mut view.smoothing, 0.0..=0.999).text("smoothing").max_decimals(3);
        ui.add(slider).on_hover_text(
            "Share of the past in the bold line, corrected at the start so that it does not lean on zero. 0 shows every point; the raw line stays behind.",
        );
        ui.checkbox(&mut view.log, "log10").on_hover_text("Logarithmic vertical axis; points at or below zero are left out.");
        ui.checkbox(&mut view.robust, "robust range").on_hover_text("Leave the outermost 1 % at either end out of the vertical range.");
        if ui.button("Save CSV…").on_hover_text("Save every point of every curve.").clicked() {
            out.push(Command::SaveCurves(None));
        }
        ui.label(theme::muted("drag to move, Ctrl+wheel to zoom, double-click to fit").small());
    });
}

fn plot(
    ui: &mut Ui,
    session: &Session,
    view: &mut CurvesView,
    title: &str,
    belongs: fn(&str) -> bool,
    height: f32,
) {
    let names: Vec<&str> =
        session.series().map(|(name, _)| name).filter(|name| belongs(name)).collect();
    ui.label(theme::muted(title).small());
    let columns = ui.available_width().max(16.0) as usize;
    let log = view.log;
    let memory = ui.scope_id().with(title);
    // What was visible in the last frame decides which points are drawn in this one.
    let seen = ui.data(|data| data.get_temp::<PlotBounds>(memory));
    let whole = [0.0, session.step().max(1) as f64];
    let range = seen.map_or(whole, |bounds| [bounds.min()[0], bounds.max()[0]]);
    fill(session, view, &names, range, columns);
    let view = &*view;
    let limits = vertical_limits(session, view, &names, range);
    let response = Plot::new(title)
        .height((height - 18.0).max(60.0))
        .legend(Legend::default().text_style(egui::TextStyle::Small).background_alpha(0.6))
        .show_grid(Vec2b::new(false, true))
        .allow_scroll(false)
        .set_margin_fraction(egui::vec2(0.0, 0.04))
        .y_axis_min_width(36.0)
        .y_axis_formatter(
            move |mark, _| if log { short(10f64.powf(mark.value)) } else { short(mark.value) },
        )
        .x_axis_formatter(|mark, _| {
            if mark.value < 0.0 { String::new() } else { grouped(mark.value.round() as u64) }
        })
        .link_axis(egui::Id::unique("steps"), Vec2b::new(true, false))
        .show(ui, |plot| {
            if plot.auto_bounds().y
                && let Some([lo, hi]) = limits
            {
                plot.set_plot_bounds_y(lo..=hi);
            }
            for (index, name) in names.iter().enumerate() {
                let colour = theme::curve(index);
                let faint = if view.smoothing > 0.0 { 0.25 } else { 1.0 };
                if let Some(points) = view.raw.get(*name) {
                    let line = Line::new(*name, PlotPoints::Borrowed(points))
                        .color(colour.gamma_multiply(faint));
                    plot.line(line.width(1.0));
                }
                if let Some(points) = view.smooth.get(*name).filter(|_| view.smoothing > 0.0) {
                    plot.line(
                        Line::new(*name, PlotPoints::Borrowed(points)).color(colour).width(1.6),
                    );
                }
            }
            for mark in session.marks() {
                plot.vline(
                    VLine::new(mark.text.clone(), mark.step as f64).color(theme::MUTED).width(1.0),
                );
                let top = plot.plot_bounds().max()[1];
                let at = PlotPoint::new(mark.step as f64, top);
                let text = egui::RichText::new(&mark.text).small().color(theme::MUTED);
                plot.text(Text::new("", at, text).anchor(egui::Align2::LEFT_TOP));
            }
            (plot.plot_bounds(), plot.pointer_coordinate().filter(|_| plot.response().hovered()))
        });
    let (bounds, pointer) = response.inner;
    ui.data_mut(|data| data.insert_temp(memory, bounds));
    if let Some(pointer) = pointer {
        response.response.on_hover_ui_at_pointer(|ui| read_out(ui, session, &names, pointer.x));
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
        for (index, (name, _, value)) in told.iter().enumerate().take(12) {
            ui.colored_label(theme::curve(index), *name);
            ui.label(theme::number(format!("{value:.5}")));
            ui.end_row();
        }
    });
    if let [(name, _, _)] = told[..] {
        ui.label(theme::muted(explain(name)));
    }
}

/// Refills the point buffers with what is visible.
fn fill(session: &Session, view: &mut CurvesView, names: &[&str], range: [f64; 2], columns: usize) {
    let log = view.log;
    for name in names {
        let Some(series) = session.series_by_name(name) else { continue };
        let raw = view.raw.entry((*name).to_owned()).or_default();
        refill(raw, series, series.values(), range, columns, log);
        let average = view.averages.entry((*name).to_owned()).or_default();
        let values = average.update(series, view.smoothing);
        let smooth = view.smooth.entry((*name).to_owned()).or_default();
        refill(smooth, series, values, range, columns, log);
    }
}

fn refill(
    points: &mut Vec<PlotPoint>,
    series: &Series,
    values: &[f32],
    range: [f64; 2],
    columns: usize,
    log: bool,
) {
    points.clear();
    decimate(series.steps(), values, range, columns, |x, y| {
        let y = if log { y.log10() } else { y };
        points.push(PlotPoint::new(x, if y.is_finite() { y } else { f64::NAN }));
    });
}

/// The vertical range of what is visible.
fn vertical_limits(
    session: &Session,
    view: &CurvesView,
    names: &[&str],
    range: [f64; 2],
) -> Option<[f64; 2]> {
    let mut limits: Option<[f64; 2]> = None;
    let mut widen = |lo: f64, hi: f64| {
        let [low, high] = limits.unwrap_or([lo, hi]);
        limits = Some([low.min(lo), high.max(hi)]);
    };
    for name in names {
        if view.robust {
            let found = session
                .series_by_name(name)
                .and_then(|series| series.robust_range(range[0], range[1]));
            if let Some((lo, hi)) = found {
                let scale =
                    |value: f32| if view.log { f64::from(value).log10() } else { f64::from(value) };
                if scale(lo).is_finite() && scale(hi).is_finite() {
                    widen(scale(lo), scale(hi));
                }
            }
        } else if let Some(points) = view.raw.get(*name) {
            for point in points.iter().filter(|point| point.y.is_finite()) {
                widen(point.y, point.y);
            }
        }
    }
    let [lo, hi] = limits?;
    let margin = ((hi - lo) * 0.06).max(hi.abs().max(lo.abs()) * 1e-3).max(1e-9);
    Some([lo - margin, hi + margin])
}

/// A number for an axis, in few letters.
fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if size >= 1e5 || size < 1e-3 {
        format!("{value:.0e}")
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}
