//! The map of the model in the explorer: the jobs that encode, place and measure its points, and what draws them.

mod canvas;
mod encode;
mod kept_picture;
mod near;
mod place;
mod save;
mod thumbs;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui;

use self::canvas::PointCanvas;
use self::encode::Encoding;
use self::thumbs::Thumbnails;
use super::ZscopeApp;
use super::dialogs;
use super::jobs::{Chosen, Done};
use crate::graph::lower::Task;
use crate::language::tr;
use crate::latest::Latest;
use crate::layout::process::Stop;
use crate::session::map::{Ask, Colouring, Map, Placed, Points, Projection, Work};
use crate::ui::{Ground, MapScene, Page, Pane};

/// While a model trains, points are encoded anew no sooner than this after the last time, and not before four times as
/// long as that took has passed; layouts, too.
const ENCODE_AGAIN: Duration = Duration::from_secs(5);
const REST: u32 = 4;

/// What a job for the map has made.
pub(super) enum Made {
    /// Images in latent space; nothing where it was ended.
    Points(Result<Option<Points>, String>),
    /// Where they lie; nothing where it was ended.
    Placed(Result<Option<Placed>, String>),
    /// Where they lie for now.
    Moved(Placed),
    /// The errors of their reconstructions; nothing where it was ended.
    Losses(Result<Option<Vec<f32>>, String>),
}

/// The map and what is made for it.
#[derive(Default)]
pub(super) struct Mapping {
    pub(super) state: Map,
    thumbs: Thumbnails,
    canvas: Option<PointCanvas>,
    colours: Vec<egui::Color32>,
    ground: Ground,
    /// The one job that goes on.
    job: Option<Job>,
    is_searching: bool,
    /// The latent whose nearest point is searched, or known.
    explorer: Option<Vec<f32>>,
    /// When images were encoded last, and how long that took.
    encoded: Option<(Instant, Duration)>,
    /// When points were laid out last, and how long that took; nothing once a person has ended it.
    laid_out: Option<(Instant, Duration)>,
    /// Points are to be laid out anew.
    refits: bool,
    /// Counts layouts that do not go on with the one before.
    layouts: u64,
    /// A picture of the map that is to be saved.
    screenshot: Latest<save::Cut>,
    seen_screenshot: u64,
}

/// A job that goes on, as both sides see it.
struct Job {
    question: u64,
    began: Instant,
    work: Arc<Mutex<Work>>,
    cancel: Arc<AtomicBool>,
    stop: Stop,
}

impl Job {
    fn end(&self) {
        self.cancel.store(true, Ordering::Relaxed);
        self.stop.stop();
    }

    fn work(&self) -> Work {
        *self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The job's side: tells how far it is, and hears whether it is to go on.
#[derive(Clone)]
struct Course {
    work: Arc<Mutex<Work>>,
    cancel: Arc<AtomicBool>,
    ctx: egui::Context,
}

impl Course {
    /// Tells how far it is; says whether to go on.
    fn tell(&self, work: Work) -> bool {
        *self.work.lock().unwrap_or_else(PoisonError::into_inner) = work;
        self.ctx.request_repaint_after(Duration::from_millis(100));
        self.goes_on()
    }

    fn goes_on(&self) -> bool {
        !self.cancel.load(Ordering::Relaxed)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.end_job();
    }
}

impl Mapping {
    /// Whether something is being made.
    pub(super) fn is_busy(&self) -> bool {
        self.job.is_some() || self.is_searching
    }

    pub(super) fn end_job(&mut self) {
        if let Some(job) = self.job.take() {
            job.end();
        }
        self.state.work = None;
    }

    /// The points of another model, or of other data, are other ones.
    pub(super) fn begin_anew(&mut self) {
        self.end_job();
        self.state = self.state.renewed();
        self.thumbs.forget();
        self.explorer = None;
        self.encoded = None;
        self.laid_out = None;
        self.refits = false;
    }

    /// What the panels see.
    pub(super) fn scene<'a>(&'a self, data: Option<&'a dyn crate::data::Dataset>) -> MapScene<'a> {
        MapScene {
            state: &self.state,
            ground: &self.ground,
            classes: data.map_or(&[], |data| data.class_names()),
            factors: data.map_or(&[], |data| data.factors()),
            thumbs: self.thumbs.shown(),
            colours: &self.colours,
            canvas: self.canvas.as_ref().and_then(PointCanvas::shown),
        }
    }
}

impl ZscopeApp {
    /// Does what is asked of the map.
    pub(super) fn ask_map(&mut self, ctx: &egui::Context, ask: &Ask) {
        self.returning.map_asked(ask);
        match ask {
            Ask::Encode => self.encode_map(ctx),
            Ask::Cancel => self.cancel_map(),
            Ask::Refit => self.map.refits = true,
            // A layout of another kind is not wanted any more; images that are being encoded are.
            Ask::Project(_) if !matches!(self.map.state.work, Some(Work::Encoding(_))) => {
                self.map.end_job();
            }
            Ask::SavePicture(Some(path)) => self.save_map_picture(ctx, path.clone()),
            Ask::SavePicture(None) => dialogs::ask(&self.jobs, Chosen::MapPicture),
            Ask::SavePoints(Some(path)) => self.save_map_points(path.clone()),
            Ask::SavePoints(None) => dialogs::ask(&self.jobs, Chosen::MapPoints),
            Ask::SaveLatents(Some(path)) => self.save_map_latents(path.clone()),
            Ask::SaveLatents(None) => dialogs::ask(&self.jobs, Chosen::MapLatents),
            _ => {}
        }
        self.map.state.apply(ask);
    }

    /// Ends what is being made; what was there before is shown again.
    fn cancel_map(&mut self) {
        let work = self.map.state.work;
        self.map.end_job();
        self.map.refits = false;
        match work {
            Some(Work::Measuring(_)) => {
                self.map.state.apply(&Ask::Colour(Colouring::Label));
            }
            Some(Work::Placing(_) | Work::Neighbours(_) | Work::Moving(_)) => {
                self.map.laid_out = None;
                self.settle_map();
            }
            _ => {}
        }
    }

    /// Leaves points where they lie, or on the plane of their principal components while they lie nowhere.
    fn settle_map(&mut self) {
        if let Some(placed) = self.map.state.placed().cloned() {
            let points = self.map.state.points().map_or(placed.step, |points| points.step);
            let step = if placed.chart.is_some() { points } else { placed.step };
            self.map.state.apply(&Ask::Project(placed.projection));
            self.map.state.set_placed(Placed { is_unfinished: false, step, ..placed });
        } else {
            self.map.state.apply(&Ask::Project(Projection::Pca));
        }
    }

    /// Brings the map up to date: starts what is due, and takes over how far it is.
    pub(super) fn step_map(&mut self, ctx: &egui::Context) {
        self.map.ground = self.map_ground();
        self.save_screenshot();
        self.map.state.work = self.map.job.as_ref().map(Job::work);
        let is_shown = self.view.dock.shows(Pane::Map) && self.view.page == Page::Explore;
        if !is_shown {
            return;
        }
        self.search_near();
        self.search_explorer();
        if self.map.job.is_some() {
            return;
        }
        if self.map_is_behind() {
            self.encode_map(ctx);
        } else if self.map.state.points().is_some()
            && (self.map.refits || self.map.state.wants_placing() || self.layout_is_behind())
        {
            self.place_map(ctx);
        } else if self.map.state.wants_losses() {
            self.measure_map(ctx);
        }
    }

    /// Whether points are to be encoded anew, as a model in training has newer weights.
    fn map_is_behind(&self) -> bool {
        let (Some(model), Some(points)) = (&self.model, self.map.state.points()) else {
            return false;
        };
        let rests =
            self.map.encoded.is_none_or(|(at, took)| at.elapsed() >= ENCODE_AGAIN.max(took * REST));
        model.is_live && rests && points.step != model.step && !self.explore.is_frozen()
    }

    /// Whether a layout is to follow points that have moved on.
    fn layout_is_behind(&self) -> bool {
        let rests = |(at, took): (Instant, Duration)| at.elapsed() >= ENCODE_AGAIN.max(took * REST);
        self.map.state.is_behind() && self.map.laid_out.is_some_and(rests)
    }

    fn map_ground(&self) -> Ground {
        let Some(model) = &self.model else { return Ground::Nothing };
        if matches!(model.config.task(), Task::Classify | Task::Quantize) {
            return Ground::Nothing;
        }
        if model.networks.encoder.is_none() {
            return Ground::Draws;
        }
        match &self.dataset {
            Some((_, data)) if data.shape() == model.image => {
                use crate::data::Split;
                Ground::Images([data.len(Split::Train), data.len(Split::Test)])
            }
            Some((_, data)) => Ground::Misfit(tr!(
                "The open data, {}, has images of {}; the model takes {}: open data of its size.",
                data.name(),
                data.shape(),
                model.image
            )),
            None => Ground::Nothing,
        }
    }

    fn begin_map_job(&mut self, ctx: &egui::Context, work: Work) -> (u64, Course, Stop) {
        self.map.end_job();
        let question = self.next_question();
        let course =
            Course { work: Arc::new(Mutex::new(work)), cancel: Arc::default(), ctx: ctx.clone() };
        let stop = Stop::default();
        self.map.job = Some(Job {
            question,
            began: Instant::now(),
            work: Arc::clone(&course.work),
            cancel: Arc::clone(&course.cancel),
            stop: stop.clone(),
        });
        self.map.state.work = Some(work);
        (question, course, stop)
    }

    fn encode_map(&mut self, ctx: &egui::Context) {
        let Some(encoding) = self.encoding() else {
            let text = match self.map_ground() {
                Ground::Misfit(why) => why,
                _ => tr!("There is nothing to encode: open a model, and data of its size.")
                    .to_owned(),
            };
            return self.notice(text, true);
        };
        let (question, course, _) = self.begin_map_job(ctx, Work::Encoding(0.0));
        self.jobs.spawn("map", move |done| {
            let points = encoding.encode(&course).map_err(|error| error.to_string());
            done(Done::Map { question, made: Made::Points(points) });
        });
    }

    fn measure_map(&mut self, ctx: &egui::Context) {
        let Some((encoding, points)) = self.encoding().zip(self.map.state.points().cloned()) else {
            return self.map.state.apply(&Ask::Colour(Colouring::Label));
        };
        let (question, course, _) = self.begin_map_job(ctx, Work::Measuring(0.0));
        self.jobs.spawn("map", move |done| {
            let losses = encoding.measure(&points, &course).map_err(|error| error.to_string());
            done(Done::Map { question, made: Made::Losses(losses) });
        });
    }

    /// What encodes the images that are asked for; nothing where there are none.
    fn encoding(&self) -> Option<Encoding> {
        let model = self.model.as_ref()?;
        let live = self.live.weights.newer_than(0).filter(|_| model.is_live);
        let live = live.map(|(_, weights)| weights.tensors.clone());
        let tensors = live.or_else(|| Some(model.opened.as_ref()?.tensors.clone()))?;
        let dataset = match self.map_ground() {
            Ground::Images(_) => self.dataset.as_ref().map(|(_, data)| Arc::clone(data)),
            Ground::Draws => None,
            Ground::Nothing | Ground::Misfit(_) => return None,
        };
        Some(Encoding {
            config: model.config.clone(),
            networks: model.networks.clone(),
            tensors,
            shown: model.shown,
            range: model.range,
            image: model.image,
            corruption: model.corruption,
            step: model.step,
            dataset,
            extent: self.map.state.extent(),
            explore: self.explore.clone(),
        })
    }

    fn place_map(&mut self, ctx: &egui::Context) {
        let Some(points) = self.map.state.points().cloned() else { return };
        let (wanted, before) = (self.map.state.projection(), self.map.state.placed().cloned());
        let refits = std::mem::take(&mut self.map.refits);
        let goes_on = before.as_ref().is_some_and(|before| before.projection == wanted);
        if !goes_on || refits && matches!(wanted, Projection::Pca) {
            self.map.layouts += 1;
        }
        let placing = place::Placing {
            points,
            projection: wanted,
            before: before.filter(|_| goes_on),
            refits,
            layout: self.map.layouts,
        };
        let (question, course, stop) = self.begin_map_job(ctx, Work::Placing(0.0));
        self.jobs.spawn("places", move |done| {
            let mut moved = |placed| done(Done::Map { question, made: Made::Moved(placed) });
            let placed = placing.place(&course, &stop, &mut moved);
            done(Done::Map { question, made: Made::Placed(placed) });
        });
    }

    /// Takes what a job has made; what nobody waits for any more is dropped.
    pub(super) fn take_map(&mut self, question: u64, made: Made) {
        let Some(job) = self.map.job.as_ref().filter(|job| job.question == question) else {
            return;
        };
        let took = job.began.elapsed();
        if !matches!(made, Made::Moved(_)) {
            self.map.job = None;
            self.map.state.work = None;
        }
        if matches!(&made, Made::Placed(Ok(Some(placed))) if placed.chart.is_none()) {
            self.map.laid_out = Some((Instant::now(), took));
        }
        match made {
            Made::Points(Ok(Some(points))) => {
                self.map.encoded = Some((Instant::now(), took));
                self.map.thumbs.forget();
                self.map.explorer = None;
                self.map.state.set_points(Arc::new(points));
            }
            Made::Placed(Ok(Some(placed))) | Made::Moved(placed) => {
                self.map.state.set_placed(placed);
                self.map.explorer = None;
                self.log_moved("points");
            }
            Made::Losses(Ok(Some(losses))) => self.map.state.set_losses(losses),
            Made::Points(Ok(None)) | Made::Placed(Ok(None)) | Made::Losses(Ok(None)) => {}
            Made::Points(Err(error)) => {
                // Not again for the same weights.
                self.map.encoded = Some((Instant::now(), took.max(Duration::from_mins(1))));
                self.notice(tr!("encode the images of the map: {}", error), true);
            }
            Made::Placed(Err(error)) => {
                self.map.laid_out = None;
                self.settle_map();
                self.notice(error, true);
            }
            Made::Losses(Err(error)) => {
                self.map.state.apply(&Ask::Colour(Colouring::Label));
                self.notice(tr!("measure reconstructions for the map: {}", error), true);
            }
        }
    }

    /// After the panels: fills the tiles that they want, and brings what draws points up to date.
    pub(super) fn draw_map(&mut self, ctx: &egui::Context) {
        if self.view.map.take_moved() {
            self.log_moved("map");
        }
        let wanted = self.view.map.take_wanted();
        let data = self.dataset.as_ref().map(|(_, data)| data.as_ref());
        if let Some(points) = self.map.state.points() {
            self.map.thumbs.fill(ctx, &wanted, points, data);
        }
        let canvas = self.render_state.as_ref().filter(|_| self.map.state.placed().is_some());
        let Some(state) = canvas else { return };
        let canvas = self.map.canvas.get_or_insert_with(|| PointCanvas::new(state, ctx));
        let map = &self.map.state;
        let is_stale = canvas.is_older_than(map.places_version(), map.look_version());
        if is_stale {
            let scene = MapScene {
                state: map,
                ground: &self.map.ground,
                classes: data.map_or(&[], |data| data.class_names()),
                factors: data.map_or(&[], |data| data.factors()),
                thumbs: self.map.thumbs.shown(),
                colours: &[],
                canvas: None,
            };
            self.map.colours = crate::ui::map_colours(&scene);
            if let Some(placed) = map.placed() {
                canvas.update(
                    &placed.places,
                    &self.map.colours,
                    [map.places_version(), map.look_version()],
                );
            }
            ctx.request_repaint();
        }
    }
}
