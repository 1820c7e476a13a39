//! The film strip: each kept checkpoint of the run draws one point or image, by a job on the CPU, and the explorer
//! shows the weights of the one that a person goes to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::egui;

use super::jobs::{Chosen, Done};
use super::{ZscopeApp, dialogs, textures};
use crate::array::{Array, NamedArrays};
use crate::codec::{CodecError, take};
use crate::engine::EngineKind;
use crate::formats::pictures;
use crate::formats::run_dir::{Checkpoint, Pick, RunConfig, RunDir};
use crate::graph::lower::Shown;
use crate::language::tr;
use crate::open::Opened;
use crate::session::anchor::Anchor;
use crate::session::strip::Strip;
use crate::ui::{Page, Pane, Picture, SheetPicture, StripAsk};
use crate::watch::Watch;

/// What every checkpoint draws.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    /// The same latent, whatever it means to each.
    Latent(Vec<f32>),
    /// The same image, `[1, c, h, w]` in `[0, 1]`, encoded and decoded by each.
    Image(Array),
}

/// What the newest job was asked for: there is another one as soon as any of it changes.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    dir: PathBuf,
    source: Source,
    shown: Shown,
    newest: Option<u64>,
}

/// The strip, its pictures, and the job that makes them.
#[derive(Default)]
pub(super) struct FilmStrip {
    pub(super) strip: Strip,
    asked: Option<Asked>,
    source: Option<Source>,
    question: u64,
    cancel: Arc<AtomicBool>,
    images: BTreeMap<u64, Array>,
    texture: Option<egui::TextureHandle>,
    /// The newest question for a checkpoint's weights.
    weights_question: u64,
    /// Those that the explorer shows.
    pub(super) tensors: Option<Arc<NamedArrays>>,
}

impl FilmStrip {
    /// There is another model.
    pub(super) fn forget(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
        let texture = self.texture.take();
        *self = Self { texture, ..Self::default() };
    }

    /// The newest weights are shown again.
    pub(super) fn leave(&mut self) {
        self.strip.leave();
        self.tensors = None;
    }

    /// All pictures in one row, transparent where they are yet to come.
    fn sheet(&self) -> Option<Array> {
        let first = self.images.values().next()?;
        let blank = Array::zeros(first.shape().to_vec());
        let images = self.strip.steps().iter();
        let images: Vec<&Array> =
            images.map(|step| self.images.get(step).unwrap_or(&blank)).collect();
        let mut shape = first.shape().to_vec();
        shape[0] = images.len();
        let values = images.iter().flat_map(|image| image.data().iter().copied()).collect();
        Array::new(shape, values).ok()
    }

    fn show(&mut self, ctx: &egui::Context) -> Option<SheetPicture> {
        let sheet = self.sheet()?;
        // As a square rather than a row: no device has textures of any width.
        let count = sheet.num_rows();
        let columns = count.isqrt().max(1);
        let options = egui::TextureOptions::NEAREST;
        textures::show(&mut self.texture, ctx, "film strip", &sheet, columns, options);
        let picture: Picture = textures::picture(self.texture.as_ref()?);
        Some(SheetPicture { picture, sides: [columns, count.div_ceil(columns)] })
    }
}

impl ZscopeApp {
    /// Does what is asked of the film strip.
    pub(super) fn ask_strip(&mut self, ask: StripAsk) {
        match ask {
            StripAsk::Show(step) => {
                if let Some(step) = self.film.strip.go(step) {
                    self.read_weights(step);
                }
            }
            StripAsk::Newest => self.leave_checkpoint(),
            StripAsk::Source(source) => self.set_strip_source(source, true),
            StripAsk::Cancel => self.film.cancel.store(true, Ordering::Relaxed),
            StripAsk::Save(Some(path)) => self.save_strip(path),
            StripAsk::Save(None) => dialogs::ask(&self.jobs, Chosen::Strip),
        }
    }

    /// Draws what was chosen at the last end, if that is there; says whether it is.
    pub(super) fn bring_strip_source(&mut self, source: Anchor) -> bool {
        let is_there = self.strip_source(source).is_some();
        if is_there {
            self.set_strip_source(source, true);
        }
        is_there
    }

    fn set_strip_source(&mut self, source: Anchor, is_chosen: bool) {
        let found = self.strip_source(source);
        if found.is_some() {
            self.film.source = found;
            self.film.images.clear();
            // What the job before still tells is of another source.
            self.film.question = self.next_question();
            self.film.strip.set_source(source, is_chosen);
        }
    }

    fn strip_source(&self, anchor: Anchor) -> Option<Source> {
        if let Anchor::Image(index) = anchor {
            let (_, probe) = self.live.probe.newer_than(0)?;
            let image = probe.originals.as_ref().filter(|all| index < all.num_rows());
            if let Some(image) = image {
                return Some(Source::Image(image.rows(index, index + 1)));
            }
        }
        if anchor == Anchor::OwnPicture && self.own.state.search().is_none() {
            // Each checkpoint has an encoder of its own, where there is one.
            let found = self.own.state.found().filter(|found| found.latent.is_some())?;
            let shape = [&[1], found.picture.shape()].concat();
            return found.picture.clone().reshaped(shape).ok().map(Source::Image);
        }
        self.anchors().latent(anchor).map(Source::Latent)
    }

    /// Draws the strip anew where it is seen and something of it has changed.
    pub(super) fn follow_strip(&mut self) {
        let is_seen = self.view.page == Page::Explore && self.view.dock.shows(Pane::FilmStrip);
        let (Some(run), Some(model)) = (self.session.run(), &self.model) else { return };
        // The session may be of a run whose first weights are yet to come.
        if !is_seen || self.pending.is_some() || model.networks.decoder.is_none() {
            return;
        }
        let dir = run.run_dir.clone();
        let newest = self.session.checkpoints().last().map(|checkpoint| checkpoint.step);
        let shown = model.shown;
        if !self.film.strip.is_chosen() && !matches!(self.film.source, Some(Source::Image(_))) {
            // An image tells most, where there is one; until then the point.
            match self.strip_source(Anchor::Image(0)) {
                Some(Source::Image(_)) => self.set_strip_source(Anchor::Image(0), false),
                _ if self.film.source.is_none() => self.set_strip_source(Anchor::Point, false),
                _ => {}
            }
        }
        let Some(source) = self.film.source.clone() else { return };
        let asked = Asked { dir, source, shown, newest };
        if self.film.asked.as_ref() == Some(&asked) {
            return;
        }
        if self.film.asked.as_ref().is_some_and(|before| before.shown != shown) {
            self.film.images.clear();
            let strip = &mut self.film.strip;
            strip.set_source(strip.source(), strip.is_chosen());
        }
        self.film.asked = Some(asked.clone());
        self.draw_strip(asked);
    }

    /// Has every checkpoint that is not drawn yet drawn.
    fn draw_strip(&mut self, asked: Asked) {
        self.film.cancel.store(true, Ordering::Relaxed);
        self.film.cancel = Arc::default();
        self.film.question = self.next_question();
        let question = self.film.question;
        let known: Vec<u64> = self.film.images.keys().copied().collect();
        self.film.strip.set_drawing(true);
        // The strip itself tells how far it is: a job that comes with each checkpoint is not to move the views.
        let cancel = Arc::clone(&self.film.cancel);
        let watch = Watch::new(move |_| !cancel.load(Ordering::Relaxed));
        self.jobs.spawn("strip", move |done| {
            let told = |found| done(Done::Strip { question, found });
            if let Err(error) = draw(&asked, &known, &watch, &told) {
                told(Found::Failed(error.to_string()));
            }
            told(Found::Over);
        });
    }

    /// Takes over what the job that draws the strip tells.
    pub(super) fn strip_found(&mut self, ctx: &egui::Context, question: u64, found: Found) {
        if question != self.film.question {
            return;
        }
        let film = &mut self.film;
        match found {
            Found::Steps(steps) => {
                film.strip.set_steps(steps);
                let steps = film.strip.steps();
                film.images.retain(|step, _| steps.contains(step));
            }
            Found::Image(step, image) => {
                film.images.insert(step, image);
                film.strip.draw(step);
            }
            Found::Failed(error) => film.strip.fail(error),
            Found::Over => film.strip.set_drawing(false),
        }
        self.pictures.strip = film.show(ctx);
    }

    /// Reads the weights of a checkpoint in the background.
    fn read_weights(&mut self, step: u64) {
        let Some(dir) = self.film.asked.as_ref().map(|asked| asked.dir.clone()) else { return };
        self.film.weights_question = self.next_question();
        let question = self.film.weights_question;
        self.jobs.spawn("checkpoint", move |done| {
            let read = || -> Result<NamedArrays, CodecError> {
                let (run, _) = RunDir::open(&dir)?;
                Ok(run.pick(Pick::Step(step))?.model()?)
            };
            let tensors = read().map_err(|error| error.to_string());
            done(Done::StripWeights { question, step, tensors });
        });
    }

    /// Takes over the weights of a checkpoint.
    pub(super) fn strip_weights(
        &mut self,
        question: u64,
        step: u64,
        tensors: Result<NamedArrays, String>,
    ) {
        if question != self.film.weights_question {
            return;
        }
        let (is_wanted, next) = self.film.strip.loaded(step, tensors.is_ok());
        match tensors {
            Ok(tensors) if is_wanted => {
                // Newer weights of a run that goes on are not to take their place.
                self.explore.set_frozen(true);
                self.put_weights(step, &tensors);
                self.film.tensors = Some(Arc::new(tensors));
            }
            Ok(_) => {}
            Err(error) => self.notice(tr!("show the checkpoint: {}", error), true),
        }
        if let Some(next) = next {
            self.read_weights(next);
        }
    }

    /// Shows the weights that the model has beside its checkpoints.
    pub(super) fn leave_checkpoint(&mut self) {
        if self.film.strip.at().is_none() {
            return;
        }
        self.film.leave();
        self.explore.set_frozen(false);
        if let Some((seen, weights)) = self.live.weights.newer_than(0) {
            self.seen_weights = seen;
            self.put_weights(weights.step, &weights.tensors);
        } else if let Some(opened) = self.model.as_ref().and_then(|model| model.opened.clone()) {
            self.put_weights(opened.step, &opened.tensors);
        }
    }

    /// Writes the strip as one picture.
    pub(super) fn save_strip(&mut self, path: PathBuf) {
        let Some(sheet) = self.film.sheet() else {
            return self.notice(tr!("Save the film strip: there is none yet."), true);
        };
        self.jobs.spawn_save(move || {
            let strip = pictures::sheet(&sheet, sheet.num_rows().max(1), 1);
            let saved = pictures::write_picture(&path, &strip);
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }
}

/// What the job that draws the strip tells.
pub(super) enum Found {
    /// The steps of all kept checkpoints.
    Steps(Vec<u64>),
    /// What one of them draws, `[1, c, h, w]` in `[0, 1]`.
    Image(u64, Array),
    /// Why it does not go on.
    Failed(String),
    /// That it is over, however it ended.
    Over,
}

/// Draws all checkpoints that are not known, the newest first: those that a person has seen last.
fn draw(
    asked: &Asked,
    known: &[u64],
    watch: &Watch,
    tell: &dyn Fn(Found),
) -> Result<(), CodecError> {
    let (run, config) = RunDir::open(&asked.dir)?;
    let all = run.checkpoints()?;
    tell(Found::Steps(all.iter().map(|checkpoint| checkpoint.state.step).collect()));
    let left: Vec<&Checkpoint> =
        all.iter().rev().filter(|checkpoint| !known.contains(&checkpoint.state.step)).collect();
    for (index, checkpoint) in left.iter().enumerate() {
        let share = |inner: f64| (index as f64 + inner) / left.len() as f64;
        if watch.whole().tell(share(0.0)).is_err() {
            return Ok(());
        }
        let inner = {
            let (watch, from, to) = (watch.clone(), share(0.0), share(1.0));
            Watch::new(move |done| watch.whole().between(from, to).tell(done).is_ok())
        };
        match draw_one(asked, &config, checkpoint, &inner) {
            Ok(image) => tell(Found::Image(checkpoint.state.step, image)),
            Err(_) if watch.whole().tell(share(0.0)).is_err() => return Ok(()),
            // It may have been deleted since: a run that goes on keeps few.
            Err(_) if !is_there(&checkpoint.path) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_there(checkpoint: &Path) -> bool {
    checkpoint.join("model.safetensors").exists()
}

fn draw_one(
    asked: &Asked,
    config: &RunConfig,
    checkpoint: &Checkpoint,
    watch: &Watch,
) -> Result<Array, CodecError> {
    let step = checkpoint.state.step;
    let opened =
        Opened::of_run(checkpoint.path.clone(), config.clone(), step, checkpoint.model()?)?;
    let opened = Opened { corruption: checkpoint.state.corruption(), ..opened };
    let opened = opened.with_shown(asked.shown)?;
    let mut codec = opened.codec(EngineKind::Cpu, None)?;
    codec.watch(watch);
    let latent = match &asked.source {
        Source::Latent(values) => {
            let mut shape = vec![1];
            shape.extend(config.model.latent());
            Array::new(shape, values.clone())?
        }
        Source::Image(image) => {
            let seen = opened.seen(image.clone(), 0);
            take(&mut codec.encode(&opened.range.images_from_unit(&seen))?, "latent")?
        }
    };
    let mut image = take(&mut codec.decode(&latent)?, "image")?;
    for value in image.data_mut() {
        *value = opened.range.to_unit(*value);
    }
    Ok(image)
}
