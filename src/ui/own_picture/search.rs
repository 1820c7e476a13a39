//! The search for a picture's point: how, how far, and how well.

use std::num::NonZeroUsize;

use egui::{DragValue, ProgressBar, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::language::tr;
use crate::measure::invert::InvertOptions;
use crate::ui::words::measure;
use crate::ui::{Command, Scene, sliders, theme};

/// How a point would be searched for.
#[derive(Clone, Debug, PartialEq)]
pub struct InvertForm {
    /// Steps, lengths, starts.
    pub options: InvertOptions,
    /// Whether the first start is the point of the explorer, and not that of the encoder.
    pub from_here: bool,
}

impl Default for InvertForm {
    fn default() -> Self {
        let count = |count| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        let options = InvertOptions {
            steps: count(300),
            rate: 0.05,
            prior_weight: 0.001,
            starts: count(4),
            seed: 0,
        };
        Self { options, from_here: false }
    }
}

/// What begins and ends a search.
pub(super) fn controls(
    ui: &mut Ui,
    scene: &Scene<'_>,
    form: &mut InvertForm,
    out: &mut Vec<Command>,
) {
    let running = scene.own.search().is_some_and(|search| search.is_running);
    if running {
        let hint = tr!("End the search; the best point so far stays.");
        if ui.button(tr!("Stop the search")).on_hover_text(hint).clicked() {
            out.push(Command::StopInverting);
        }
        return;
    }
    let has_codes = scene.codebook.is_some();
    let has_encoder = scene.own.found().is_some_and(|found| found.latent.is_some());
    let name = if has_encoder { tr!("Refine the point") } else { tr!("Search for the point") };
    let hint = if has_codes {
        tr!(
            "A choice among codes has no slope: there is no search by gradient descent for models with a codebook."
        )
    } else {
        tr!(
            "Gradient descent on the latent until the decoder's picture is like this one. The explorer follows."
        )
    };
    let is_ready = !has_codes && scene.own.found().is_some();
    if sliders::enabled(ui, is_ready, name, hint) {
        out.push(Command::Invert(Box::new(form.clone())));
    }
    if has_codes {
        return;
    }
    let menu = ui.menu_button(tr!("How…"), |ui| settings(ui, form));
    menu.response.on_hover_text(tr!("Steps, starts and what the prior weighs."));
}

fn settings(ui: &mut Ui, form: &mut InvertForm) {
    let options = &mut form.options;
    egui::Grid::new("how to search").num_columns(2).show(ui, |ui| {
        let mut steps = options.steps.get();
        let drag = DragValue::new(&mut steps).range(1..=10_000);
        number(ui, tr!("Steps"), tr!("How many steps each start takes."), drag);
        let mut starts = options.starts.get();
        let drag = DragValue::new(&mut starts).range(1..=64);
        let hint = tr!(
            "Points that are moved at once: the encoder's or the explorer's, then draws from the prior. The best one counts."
        );
        number(ui, tr!("Starts"), hint, drag);
        let drag = DragValue::new(&mut options.rate).range(1e-4..=1.0).speed(0.001);
        let hint = tr!("In deviations of the prior; steps become shorter at the end.");
        number(ui, tr!("Step length"), hint, drag);
        let drag = DragValue::new(&mut options.prior_weight).range(0.0..=1.0).speed(0.0001);
        let hint = tr!(
            "What the mean square of the latent costs, against the mean squared error of pixels. More keeps the point where draws lie."
        );
        number(ui, tr!("Weight of the prior"), hint, drag.max_decimals(5));
        let drag = DragValue::new(&mut options.seed);
        number(ui, tr!("Seed"), tr!("Of the draws; the same seed gives the same search."), drag);
        options.steps = NonZeroUsize::new(steps).unwrap_or(options.steps);
        options.starts = NonZeroUsize::new(starts).unwrap_or(options.starts);
    });
    let hint = tr!(
        "Let the first start be the explorer's point; otherwise it is where the encoder puts the picture, or a draw."
    );
    ui.checkbox(&mut form.from_here, tr!("Begin where I am")).on_hover_text(hint);
    if ui.button(tr!("Reset")).on_hover_text(tr!("Settings as they were at first.")).clicked() {
        *form = InvertForm::default();
    }
}

fn number(ui: &mut Ui, name: &str, hint: &str, drag: DragValue<'_>) {
    let label = ui.label(name).on_hover_text(hint).id;
    ui.add(drag).labelled_by(label).on_hover_text(hint);
    ui.end_row();
}

/// How far a search is, and how the error falls.
pub(super) fn progress(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(search) = scene.own.search() else { return };
    let [step, steps] = search.steps;
    if search.is_running {
        let share = step as f32 / steps.max(1) as f32;
        let width = ui.available_width().min(240.0);
        let bar = ProgressBar::new(share).desired_width(width).text(format!("{step} / {steps}"));
        ui.add(bar).on_hover_text(tr!("Steps of the search."));
    } else {
        ui.label(theme::muted(tr!("The best of {} steps", step)).small());
    }
    let psnr = crate::metrics::psnr_db_from_mse(f64::from(search.error));
    let text = format!("MSE {}  PSNR {psnr:.1} dB", measure(search.error));
    let label = egui::Label::new(theme::number(text)).truncate();
    ui.add(label).on_hover_text(tr!("Of the best point's picture."));
    curve(ui, &search.errors);
}

/// The error step by step, on a scale of its logarithm.
fn curve(ui: &mut Ui, errors: &[f32]) {
    let size = vec2(ui.available_width().clamp(40.0, 220.0), 18.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, tr!("Error of the search, step by step"))
    });
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    let logs: Vec<f32> = errors.iter().map(|error| error.max(1e-12).log10()).collect();
    let low = logs.iter().copied().fold(f32::INFINITY, f32::min);
    let high = logs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let span = (high - low).max(1e-3);
    let columns = logs.len().saturating_sub(1).max(1) as f32;
    let at = |(index, log): (usize, &f32)| {
        let (x, y) = (index as f32 / columns, (high - log) / span);
        pos2(rect.left() + x * rect.width(), rect.top() + 1.0 + y * (rect.height() - 2.0))
    };
    if logs.len() > 1 {
        let points = logs.iter().enumerate().map(at).collect();
        ui.painter().line(points, (1.5, theme::colours().accent));
    }
    response.on_hover_text(tr!(
        "Mean squared error of the best start, step by step, on a logarithmic scale."
    ));
}
