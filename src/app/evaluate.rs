//! Models measured side by side: which they are, and the job that measures them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::egui;

use super::apply::is_png;
use super::jobs::Done;
use super::{ZscopeApp, textures};
use crate::array::Array;
use crate::formats::write_whole;
use crate::language::tr;
use crate::measure::MeasureOptions;
use crate::measure::side_by_side::{Pictures, Request, Told, measure_side_by_side};
use crate::open::Opened;
use crate::session::Compared;
use crate::session::evaluate::{Asked, Candidate, Evaluate, Format};
use crate::ui::{EvaluatedPictures, MeasureForm, Page};

/// Pictures side by side in a column of the table.
const PICTURE_COLUMNS: usize = 4;

/// The models, the job that measures them, and what they make.
#[derive(Default)]
pub(super) struct Evaluation {
    pub(super) models: Evaluate,
    /// Set to stop the job.
    cancel: Arc<AtomicBool>,
    originals: Option<egui::TextureHandle>,
    pictures: BTreeMap<u64, egui::TextureHandle>,
}

impl Evaluation {
    /// Whether models are being measured.
    pub(super) fn is_measuring(&self) -> bool {
        self.models.progress().is_some()
    }

    /// Tells the job to stop, which it does after what it is at.
    pub(super) fn stop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.models.stop();
    }

    fn shown(&self) -> EvaluatedPictures {
        let of_model =
            |(&id, handle): (&u64, &egui::TextureHandle)| (id, textures::picture(handle));
        EvaluatedPictures {
            originals: self.originals.as_ref().map(textures::picture),
            models: self.pictures.iter().map(of_model).collect(),
        }
    }
}

impl ZscopeApp {
    /// The models of the explorer and of the curves are those to be measured, unless taken away.
    pub(super) fn follow_models(&mut self) {
        // What was not opened is what this run has made.
        let run = self.session.run();
        let explorer = self.model.as_ref().and_then(|model| {
            let (path, data) = match (&model.opened, run) {
                (Some(opened), _) => {
                    (opened.run_dir.as_ref().unwrap_or(&opened.path), opened.data())
                }
                (None, Some(run)) => (&run.run_dir, Some(run.data.clone())),
                (None, None) => return None,
            };
            let name = model.name.clone();
            Some(Candidate { name, data, ..Candidate::at(path) })
        });
        let of_run = |run: &Compared| {
            let (name, data) = (run.name().to_owned(), run.data().map(str::to_owned));
            Some(Candidate { name, data, ..Candidate::at(run.run_dir()?) })
        };
        let compared = self.compared.iter().filter_map(of_run).collect();
        self.evaluation.models.follow(explorer, compared);
    }

    /// Adds a run or model to those that are measured.
    pub(super) fn evaluate_run(&mut self, path: &std::path::Path) {
        if !self.evaluation.models.add(Candidate::at(path)) {
            let most = Evaluate::MOST;
            self.notice(tr!("{} models are listed already: take one away first.", most), true);
        }
    }

    /// Measures all models of the list in the background.
    pub(super) fn measure(&mut self, form: MeasureForm) {
        let typed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let asked = Asked {
            data: typed(&form.data),
            split: form.split,
            images: form.images,
            seed: form.seed,
            classifier: typed(&form.classifier),
        };
        self.view.measure = form;
        let Some(models) = self.evaluation.models.begin(asked.clone()) else { return };
        self.evaluation.originals = None;
        self.evaluation.pictures.clear();
        self.pictures.evaluated = EvaluatedPictures::default();
        self.evaluation.cancel = Arc::new(AtomicBool::new(false));
        let request = Request {
            models,
            data: asked.data,
            options: MeasureOptions {
                split: asked.split,
                limit: Some(asked.images),
                seed: asked.seed,
                engine: self.engine,
                classifier: asked.classifier,
                ..MeasureOptions::default()
            },
        };
        let (known, cancel) = (self.dataset.clone(), Arc::clone(&self.evaluation.cancel));
        self.jobs.spawn("measure", move |done| {
            let known = known.as_ref().map(|(spec, dataset)| (spec.as_str(), Arc::clone(dataset)));
            let mut tell = |told| done(Done::Evaluated(told));
            measure_side_by_side(&request, known, &open_named, &cancel, &mut tell);
        });
    }

    /// Takes in what measuring tells.
    pub(super) fn take_measured(&mut self, ctx: &egui::Context, told: &Told) {
        match told {
            Told::Opened { originals, .. } => {
                show(&mut self.evaluation.originals, ctx, originals);
            }
            Told::Measured { id, pictures: Some(pictures), .. } => {
                let (Pictures::Reconstructions(images) | Pictures::Draws(images)) = pictures;
                let mut slot = None;
                show(&mut slot, ctx, images);
                self.evaluation.pictures.extend(slot.map(|handle| (*id, handle)));
            }
            _ => {}
        }
        self.evaluation.models.apply(told);
        self.pictures.evaluated = self.evaluation.shown();
    }

    /// Writes the table in the format that the path's ending names, or its page as it is on the screen.
    pub(super) fn save_measures(&mut self, ctx: &egui::Context, path: PathBuf) {
        if is_png(&path) {
            return self.save_page_of(ctx, Page::Evaluate, path);
        }
        let text = Format::of(&path).and_then(|format| self.evaluation.models.export(format));
        match text {
            Ok(text) => self.jobs.spawn_save(move || {
                let saved =
                    write_whole(&path, |out| std::io::Write::write_all(out, text.as_bytes()));
                saved.map(|()| path).map_err(|error| error.to_string())
            }),
            Err(error) => self.notice(error.to_string(), true),
        }
    }
}

fn show(slot: &mut Option<egui::TextureHandle>, ctx: &egui::Context, images: &Array) {
    let options = egui::TextureOptions::NEAREST;
    textures::show(slot, ctx, "measured", images, PICTURE_COLUMNS, options);
}

fn open_named(model: &str) -> Result<Opened, String> {
    crate::open::open(model).map_err(|error| error.to_string())
}
