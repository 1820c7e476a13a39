//! The curves: every point is kept, and drawn as its extremes in each pixel column.

mod kept;

use egui::{Ui, Vec2, vec2};

pub use kept::KeptCurves;

use super::lines::{Lines, Look};
use super::{Command, Scene, compare, plot, save, theme};
use crate::language::{told, tr, tr_later};
use crate::session::Compared;

/// The least and the greatest share of the past.
const SMOOTHING: std::ops::RangeInclusive<f64> = 0.0..=0.999;

/// How curves are drawn, and buffers that are kept so that a frame allocates next to nothing.
#[derive(Clone, Debug)]
pub struct CurvesView {
    /// The share of the past in the smoothed line, in `[0, 1)`.
    pub smoothing: f64,
    /// Whether the vertical axis is logarithmic (base 10).
    pub log: bool,
    /// Whether outliers are left out of the vertical range.
    pub robust: bool,
    /// Which plots are shown.
    pub shown: Vec<bool>,
    /// The path that is typed to save the curves.
    pub save_path: String,
    /// The steps that are looked at; all of them, also those to come, while nobody has zoomed.
    pub steps: Option<[f64; 2]>,
    /// Where the plots are, in points.
    rect: Option<egui::Rect>,
    /// The path that is typed to compare another run.
    pub compare_path: String,
    /// Those of this run, then those of every run that it is compared with.
    pub(super) lines: Vec<Lines>,
}

impl Default for CurvesView {
    fn default() -> Self {
        Self {
            smoothing: 0.9,
            log: false,
            robust: true,
            shown: PLOTS.iter().map(|plot| !LATER.contains(&plot.title)).collect(),
            save_path: String::new(),
            steps: None,
            rect: None,
            compare_path: String::new(),
            lines: Vec::new(),
        }
    }
}

impl CurvesView {
    /// Where the plots were drawn, in points.
    pub fn rect(&self) -> Option<egui::Rect> {
        self.rect
    }

    /// How a plot of that many pixel columns looks at its curves.
    pub(super) fn look(&self, columns: usize) -> Look {
        Look {
            zoom: self.steps,
            columns,
            log: self.log,
            robust: self.robust,
            smoothing: self.smoothing,
        }
    }
}

/// A plot of the row.
pub(super) struct PlotKind {
    /// What it is called, with its unit.
    pub(super) title: &'static str,
    /// Which curves belong to it.
    pub(super) belongs: fn(&str) -> bool,
    /// What it tells.
    pub(super) hint: &'static str,
}

const PLOTS: &[PlotKind] = &[
    PlotKind {
        title: tr_later!("Losses"),
        belongs: |name| {
            let adversarial = ["d_loss", "g_loss", "penalty", "adversarial", "features"];
            let own = ["loss", "reconstruction", "kl", "commitment", "codebook", "perceptual"];
            let of_texts = ["image_of_text", "contrastive"];
            own.contains(&name) || adversarial.contains(&name) || of_texts.contains(&name)
        },
        hint: tr_later!(
            "What training minimises, and its terms, a batch. In nats an image for models with a likelihood."
        ),
    },
    PlotKind {
        title: tr_later!("Held-out ELBO / nats"),
        belongs: |name| name == "eval/elbo_nats",
        hint: tr_later!("Evidence lower bound on held-out images, a checkpoint. Higher is better."),
    },
    PlotKind {
        title: tr_later!("Bits per code"),
        belongs: |name| {
            matches!(
                name,
                "bits_per_code" | "bits_per_token" | "eval/bits_per_code" | "eval/unigram_bits"
            )
        },
        hint: tr_later!(
            "What a code takes where the prior tells how probable it is, of training images a batch and of held-out ones a checkpoint; beside it what it takes by how often it comes alone. Lower is better."
        ),
    },
    PlotKind {
        title: tr_later!("Bits of texts"),
        belongs: |name| {
            let name = name.strip_prefix("eval/").unwrap_or(name);
            matches!(name, "bits_per_text_token_of_image" | "bits_per_code_of_text")
                || name == "bits_per_text_token"
        },
        hint: tr_later!(
            "What a token of a text takes behind its own codes and behind those of its image, and what a code of an image takes given its text. Lower is better."
        ),
    },
    PlotKind {
        title: tr_later!("Scores"),
        belongs: |name| matches!(name, "d_real" | "d_fake" | "d_gap"),
        hint: tr_later!(
            "Mean score that the discriminator gives images of the data and made ones, and the gap between the two. A gap that only grows: the discriminator wins."
        ),
    },
    PlotKind {
        title: tr_later!("Adaptive weight"),
        belongs: |name| name == "adaptive_weight",
        hint: tr_later!(
            "How much shorter the adversary's gradient at the decoder's last layer is than the reconstruction's: its term is weighed by that. Zero until the discriminator has a say."
        ),
    },
    PlotKind {
        title: tr_later!("Fréchet distance"),
        belongs: |name| name == "eval/frechet",
        hint: tr_later!(
            "Between made and held-out images, on pooled pixels, a checkpoint. Lower is better."
        ),
    },
    PlotKind {
        title: tr_later!("Variety"),
        belongs: |name| matches!(name, "eval/diversity" | "eval/coverage" | "eval/sharpness"),
        hint: tr_later!(
            "Made images beside held-out ones: how far two lie apart (as a share of the data's), the share of the data that has a made image near it, and sharpness (as a share of the data's). Diversity near zero: the generator always makes the same."
        ),
    },
    PlotKind {
        title: tr_later!("Accuracy"),
        belongs: |name| matches!(name, "accuracy" | "eval/accuracy"),
        hint: tr_later!(
            "Share of images whose class is told right: in the last batch, and of held-out ones."
        ),
    },
    PlotKind {
        title: tr_later!("Perplexity / codes"),
        belongs: |name| matches!(name, "perplexity" | "perplexity_window"),
        hint: tr_later!(
            "How many codes, used evenly, would say as much: in the last batch, and over the rolling window of an epoch. A batch has too few vectors to tell by."
        ),
    },
    PlotKind {
        title: tr_later!("Codes used"),
        belongs: |name| matches!(name, "codes_used" | "codes_used_window"),
        hint: tr_later!(
            "Codes that at least one vector chose: in the last batch, and over the rolling window of an epoch."
        ),
    },
    PlotKind {
        title: tr_later!("KL per dimension / nats"),
        belongs: |name| name.strip_prefix("kl_").is_some_and(|dim| dim.parse::<usize>().is_ok()),
        hint: tr_later!(
            "What every latent dimension says about the image; the 64 that say most. Near zero it is dead."
        ),
    },
    PlotKind {
        title: tr_later!("Restarts"),
        belongs: |name| name == "restarts",
        hint: tr_later!(
            "Codes that were put onto a random vector of the batch, as too few vectors chose them."
        ),
    },
    PlotKind {
        title: tr_later!("Learning rate"),
        belongs: |name| matches!(name, "lr" | "d_lr"),
        hint: tr_later!("The length of the optimizer's steps."),
    },
    PlotKind {
        title: tr_later!("Gradient norms"),
        belongs: |name| matches!(name, "d_grad_norm" | "g_grad_norm"),
        hint: tr_later!(
            "Length of the gradient of all weights together, of the discriminator and of the generator."
        ),
    },
    PlotKind {
        title: tr_later!("Images / s"),
        belongs: |name| name == "images_per_s",
        hint: tr_later!("Training images a second, a block of steps."),
    },
    PlotKind {
        title: "β",
        belongs: |name| name == "beta",
        hint: tr_later!("The weight of the KL term."),
    },
    PlotKind {
        title: tr_later!("Held-out PSNR / dB"),
        belongs: |name| matches!(name, "eval/psnr_db" | "eval/corrupted_psnr_db"),
        hint: tr_later!(
            "Peak signal-to-noise ratio of held-out reconstructions, and of the images before they were mended. Higher is better."
        ),
    },
    PlotKind {
        title: "σ",
        belongs: |name| name == "sigma",
        hint: tr_later!("Learned deviation of a pixel, of the pixel range."),
    },
];

/// A plot that is narrower tells too little: with more plots the row is scrolled along.
const LEAST_WIDTH: f32 = 168.0;

/// What is shown only when it is asked for.
const LATER: [&str; 5] = ["β", "Held-out PSNR / dB", "σ", "Restarts", "Gradient norms"];

/// The names of the curves that there is something of: this run's and those that it is compared with.
fn drawn<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a str> {
    let own = scene.session.series();
    let all = own.chain(scene.compared.iter().flat_map(Compared::series));
    all.filter(|(_, series)| !series.is_empty()).map(|(name, _)| name)
}

/// What stands where curves will be.
const NONE_YET: &str = tr_later!(
    "Losses, KL of every dimension, held-out measures and the schedule will be drawn here while a model trains."
);

/// Whether there is nothing to draw, and no run that will give something at once.
pub(super) fn are_empty(scene: &Scene<'_>) -> bool {
    scene.session.run().is_none() && drawn(scene).next().is_none()
}

/// A line in place of the curves while there are none.
pub(super) fn show_none(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut CurvesView,
    out: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.label(theme::heading(tr!("Curves")));
        compare::menu(ui, scene, &mut view.compare_path, out);
        compare::list(ui, scene.compared, out);
        ui.add(egui::Label::new(theme::muted(told(NONE_YET))).truncate());
    });
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut CurvesView, out: &mut Vec<Command>) {
    toolbar(ui, scene, view, out);
    // The row takes the room that there is and no more, whatever is in it.
    let (rect, _) = ui.allocate_exact_size(ui.available_size(), egui::Sense::hover());
    view.rect = Some(rect);
    let mut row = ui.new_child(
        egui::UiBuilder::new().max_rect(rect).layout(egui::Layout::left_to_right(egui::Align::Min)),
    );
    let row = &mut row;
    let drawn: Vec<&str> = drawn(scene).collect();
    if drawn.is_empty() {
        row.label(theme::muted(told(NONE_YET)));
        return;
    }
    let is_drawn = |plot: &PlotKind| drawn.iter().any(|name| (plot.belongs)(name));
    let shown: Vec<&PlotKind> = PLOTS
        .iter()
        .zip(&view.shown)
        .filter(|(plot, shown)| **shown && is_drawn(plot))
        .map(|(plot, _)| plot)
        .collect();
    let gaps = row.spacing().item_spacing.x * shown.len().saturating_sub(1) as f32;
    let width = (rect.width() - gaps) / shown.len().max(1) as f32;
    if width >= LEAST_WIDTH {
        return side_by_side(row, scene, view, &shown, vec2(width, rect.height()));
    }
    // The bar takes its room below.
    row.spacing_mut().scroll = egui::style::ScrollStyle::solid();
    let bar = row.spacing().scroll.allocated_width();
    egui::ScrollArea::horizontal().show(row, |ui| {
        ui.horizontal_top(|ui| {
            side_by_side(ui, scene, view, &shown, vec2(LEAST_WIDTH, rect.height() - bar));
        });
    });
}

fn side_by_side(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut CurvesView,
    shown: &[&PlotKind],
    size: Vec2,
) {
    for kind in shown {
        ui.vertical(|ui| {
            ui.set_width(size.x);
            plot::show(ui, scene, view, kind, size.y);
        });
    }
}

fn toolbar(ui: &mut Ui, scene: &Scene<'_>, view: &mut CurvesView, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(theme::heading(tr!("Curves")));
        ui.spacing_mut().slider_width = 90.0;
        let slider = egui::Slider::new(&mut view.smoothing, SMOOTHING).text(tr!("smoothing")).max_decimals(3);
        ui.add(slider).on_hover_text(
            tr!("Share of the past in the bold line, corrected at the start so that it does not lean on zero. 0 shows every point; the raw line stays behind."),
        );
        ui.checkbox(&mut view.log, "log10").on_hover_text(tr!("Logarithmic vertical axis; points at or below zero are left out."));
        ui.checkbox(&mut view.robust, tr!("robust range")).on_hover_text(tr!("Leave the outermost 1 % at either end out of the vertical range."));
        let hint = tr!("Every point of every curve as CSV, or the plots as they are on the screen as PNG: as the path ends.");
        if let Some(place) = save::button(ui, tr!("Save curves…"), hint, &mut view.save_path) {
            out.push(Command::SaveCurves(place.path()));
        }
        ui.menu_button(tr!("Plots"), |ui| {
            for (kind, shown) in PLOTS.iter().zip(&mut view.shown) {
                ui.checkbox(shown, told(kind.title)).on_hover_text(told(kind.hint));
            }
        })
        .response
        .on_hover_text(tr!("Which plots are shown."));
        compare::menu(ui, scene, &mut view.compare_path, out);
        if scene.compared.is_empty() {
            let hint = tr!("drag to move, Ctrl+wheel to zoom, double-click to fit");
            ui.add(egui::Label::new(theme::muted(hint).small()).truncate());
        }
        compare::list(ui, scene.compared, out);
    });
}
