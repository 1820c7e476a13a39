//! Directions of the latent space: learnt by a job, kept in files, and moved along.

use std::path::PathBuf;

use eframe::egui;

use super::jobs::{Chosen, Done};
use super::{ZscopeApp, dialogs};
use crate::codec::CodecError;
use crate::formats::directions::{read_directions, write_directions};
use crate::language::{tr, tr_later};
use crate::latent::directions::{Direction, Unit};
use crate::measure::directions::{Learner, Lesson, Source, first_layer};
use crate::session::anchor::Anchor;
use crate::ui::{DirectionsAsk, Teachers, anchor_name};
use crate::watch::Watch;

impl ZscopeApp {
    /// Changes directions, or moves along them.
    pub(super) fn ask_directions(&mut self, ctx: &egui::Context, ask: DirectionsAsk) {
        let directions = &mut self.kept.directions;
        match ask {
            DirectionsAsk::Learn(lesson) => self.learn_directions(ctx, lesson),
            DirectionsAsk::Between { from, to } => self.add_between(from, to),
            DirectionsAsk::Set { index, value, begins } => {
                if begins {
                    self.grab_directions();
                }
                let latent = self.kept.directions.set(index, value, &self.explore);
                self.go_to_latent(latent);
            }
            DirectionsAsk::Reset => {
                self.grab_directions();
                let latent = self.kept.directions.reset(&self.explore);
                self.go_to_latent(latent);
            }
            DirectionsAsk::Invert(index) => directions.invert(index),
            DirectionsAsk::Rename { index, name } => directions.rename(index, &name),
            DirectionsAsk::Move { from, to } => directions.reorder(from, to),
            DirectionsAsk::Orthogonalise { index, against } => {
                if !directions.orthogonalise(index, &against) {
                    let text = tr!(
                        "Orthogonalise: nothing is left of this direction beside the others (expected one that is no sum of them)."
                    );
                    self.notice(text, true);
                }
            }
            DirectionsAsk::Remove(index) => directions.remove(index),
            DirectionsAsk::Clear => directions.clear(),
            DirectionsAsk::Save(Some(path)) => self.save_directions(path),
            DirectionsAsk::Save(None) => dialogs::ask(&self.jobs, Chosen::DirectionsOut),
            DirectionsAsk::Load(Some(path)) => self.load_directions(path),
            DirectionsAsk::Load(None) => dialogs::ask(&self.jobs, Chosen::Directions),
        }
    }

    /// What directions can be learnt from.
    pub(super) fn teachers(&self) -> Teachers<'_> {
        let Some(model) = &self.model else { return Teachers::default() };
        let dataset = self.dataset.as_ref().map(|(_, dataset)| dataset.as_ref());
        let why_not = match dataset {
            _ if model.networks.encoder.is_none() => {
                Some(tr!("This model only generates: images cannot be encoded."))
            }
            None => Some(tr!("Open data first: there are no images to learn from.")),
            Some(dataset) if dataset.shape() != model.image => Some(tr!(
                "The open data has images of another size or of other channels than the model's."
            )),
            Some(_) => None,
        };
        let dataset = dataset.filter(|_| why_not.is_none());
        let decoder = model.networks.decoder.as_ref();
        Teachers {
            data: dataset.map_or("", |dataset| dataset.name()),
            classes: dataset.map_or(&[], |dataset| dataset.class_names()),
            factors: dataset.map_or(&[], |dataset| dataset.factors()),
            why_not,
            generates: model.networks.encoder.is_none() && decoder.is_some(),
            has_linear_layer: decoder.is_some_and(|decoder| first_layer(decoder).is_some()),
        }
    }

    /// Marks where undoing goes back to.
    fn grab_directions(&mut self) {
        self.explore.begin_edit();
        self.kept.directions.grab(&self.explore);
    }

    fn go_to_latent(&mut self, latent: Option<Vec<f32>>) {
        if let Some(latent) = latent {
            self.move_point(|app| app.explore.set_latent(&latent));
        }
    }

    fn learn_directions(&mut self, ctx: &egui::Context, lesson: Lesson) {
        let Some(model) = &self.model else { return };
        let live = self.live.weights.newer_than(0).filter(|_| model.is_live);
        let opened = model.opened.as_ref().map(|opened| &opened.tensors);
        let tensors = live.as_ref().map(|(_, weights)| &weights.tensors).or(opened);
        let Some(tensors) = tensors.cloned() else { return };
        let (config, shown, image) = (model.config.clone(), model.shown, model.image);
        let (range, corruption) = (model.range, model.corruption);
        let dataset = self.dataset.as_ref().map(|(_, dataset)| std::sync::Arc::clone(dataset));
        let dataset = dataset.filter(|_| lesson.source.needs_images());
        let question = self.model_question;
        let name = match lesson.source {
            Source::FirstLayer => tr!("Directions of the first layer"),
            _ => tr!("Learning directions"),
        };
        let task = self.tasks.begin(name);
        let watch = task.watch(ctx);
        self.jobs.spawn("directions", move |done| {
            let learn = || -> Result<Vec<Direction>, String> {
                let learner = Learner::new(&config, &tensors, shown, image, range, corruption);
                let learner = learner.map_err(|error| error.to_string())?;
                let dataset = dataset.as_deref();
                learner.learn(dataset, &lesson, &watch).map_err(|error| error.to_string())
            };
            let found = beside_the_window(learn).unwrap_or_else(|error| Err(error.to_string()));
            // Cancelling is no mishap.
            let is_cancelled = is_over(&watch);
            drop(task);
            if found.is_ok() || !is_cancelled {
                done(Done::Directions { question, found });
            }
        });
    }

    /// Takes over what was learnt or read.
    pub(super) fn add_directions(&mut self, found: Result<Vec<Direction>, String>) {
        let d = self.explore.latent().len();
        let found = match found {
            Ok(found) => found.into_iter().filter(|direction| direction.fits(d)).collect(),
            Err(error) => return self.notice(error, true),
        };
        let left_out = self.kept.directions.add(found);
        if left_out > 0 {
            let text = tr!(
                "{} directions were left out: there is no room for more. Remove some first.",
                left_out
            );
            self.notice(text, true);
        }
    }

    fn add_between(&mut self, from: Anchor, to: Anchor) {
        let anchors = self.anchors();
        let Some((a, b)) = anchors.latent(from).zip(anchors.latent(to)) else { return };
        let name = tr!("{} to {}", anchor_name(&anchors, from), anchor_name(&anchors, to));
        let step: Vec<f32> = b.iter().zip(&a).map(|(b, a)| b - a).collect();
        let source = tr_later!("the way between two points").to_owned();
        let way = Direction { name, step, unit: Unit::Way, source, ..Direction::default() };
        if way.fits(self.explore.latent().len()) {
            self.add_directions(Ok(vec![way]));
        } else {
            self.notice(tr!("A direction needs two points: these are the same one."), true);
        }
    }

    /// Writes all directions to a file.
    pub(super) fn save_directions(&mut self, path: PathBuf) {
        let path = match path.extension() {
            Some(_) => path,
            None => path.with_extension("safetensors"),
        };
        let all = self.kept.directions.to_vec();
        self.jobs.spawn_save(move || {
            let saved = write_directions(&path, &all);
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }

    /// Adds the directions of a file.
    pub(super) fn load_directions(&mut self, path: PathBuf) {
        let (question, d) = (self.model_question, self.explore.latent().len());
        self.jobs.spawn("directions", move |done| {
            let found = read_directions(&path, d).map_err(|error| error.to_string());
            done(Done::Directions { question, found });
        });
    }
}

/// Whether a person has cancelled what is watched.
fn is_over(watch: &Watch) -> bool {
    watch.whole().tell(0.0).is_err()
}

/// Runs what takes long on all cores but the one that the window needs.
fn beside_the_window<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, CodecError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(cores.saturating_sub(1).max(1))
        .thread_name(|_| "zscope-directions".to_owned())
        .build()?;
    Ok(pool.install(run))
}
