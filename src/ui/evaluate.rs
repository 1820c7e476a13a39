//! The page that measures models side by side: what is measured at the left, what was found beside it.

mod results;
mod setup;

use egui::{CentralPanel, Ui};

use super::words::grouped;
use super::{Command, Scene, View, setup_panel, theme};
use crate::data::Split;
use crate::language::tr;
use crate::session::evaluate::Progress;

/// How models would be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureForm {
    /// The specification of the images; empty for those that the first model learned from.
    pub data: String,
    /// Which part of them.
    pub split: Split,
    /// How many, at most.
    pub images: usize,
    /// Seed of draws and posterior samples.
    pub seed: u64,
    /// The run of a classifier to judge by; empty for none.
    pub classifier: String,
    /// The path that is typed to add a model.
    pub add_path: String,
    /// The path that is typed to save the measures.
    pub save_path: String,
}

impl Default for MeasureForm {
    fn default() -> Self {
        Self {
            data: String::new(),
            split: Split::Test,
            images: 1_000,
            seed: 0,
            classifier: String::new(),
            add_path: String::new(),
            save_path: String::new(),
        }
    }
}

/// How far measuring has come.
fn told_progress(progress: Progress) -> String {
    let Progress { model, models, done, all, is_stopping } = progress;
    let turn = model.max(1);
    match all {
        _ if is_stopping => tr!("stopping at model {} of {}", model, models),
        0 => tr!("model {} of {}, opening", turn, models),
        _ => {
            let [done, all] = [done, all].map(|count| grouped(u64::from(count)));
            tr!("model {} of {}, {} of {} images", turn, models, done, all)
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    setup_panel(ui, "measured", |ui| setup::show(ui, scene, &mut view.measure, out));
    CentralPanel::default().frame(theme::stage_frame()).show(ui, |ui| {
        results::show(ui, scene, &mut view.measure, out);
    });
}
