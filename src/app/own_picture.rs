//! Pictures that a person brings along: jobs that look at them with the model and search for their points.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eframe::egui;

use super::jobs::Done;
use super::{ZscopeApp, textures};
use crate::array::Array;
use crate::formats::pictures;
use crate::graph::lower::Task;
use crate::language::tr;
use crate::latest::Latest;
use crate::measure::invert::{Descent, invert};
use crate::measure::own_picture::examine;
use crate::picture::ImageShape;
use crate::session::anchor::Anchor;
use crate::session::own_picture::{Found, OwnPictures, Search, Source};
use crate::ui::{InvertForm, Link, Page, Pane, theme};

/// While weights move, a picture is looked at no more often than this.
const RENEW: Duration = Duration::from_secs(1);
/// Between two steps of a search that are shown.
const SHOW: Duration = Duration::from_millis(30);

/// The pictures, and what works on them.
#[derive(Default)]
pub(super) struct OwnWork {
    pub(super) state: OwnPictures,
    is_stale: bool,
    is_running: bool,
    begun: Option<Instant>,
    /// Whether the explorer goes to the picture's point as soon as that is known.
    goes_there: bool,
    /// The number of the search that is shown.
    search: u64,
    /// Ends it while it goes on.
    stop: Option<Arc<AtomicBool>>,
    descent: Latest<Descent>,
    seen: u64,
    picture: Option<egui::TextureHandle>,
    made: Option<egui::TextureHandle>,
    /// What the model makes of the picture, as the texture shows it, `[c, h, w]` in `[0, 1]`.
    made_image: Option<Array>,
    error: Option<egui::TextureHandle>,
    thumbnails: BTreeMap<u64, egui::TextureHandle>,
}

impl OwnWork {
    /// The model has other weights.
    pub(super) fn weights_changed(&mut self) {
        self.is_stale = true;
    }

    /// There is another model: what was found is of the one before.
    pub(super) fn model_changed(&mut self) {
        self.give_up_search();
        self.state.forget_found();
        self.hurry();
    }

    /// Ends the search and forgets what it finds.
    fn give_up_search(&mut self) {
        self.stop_search();
        self.search = 0;
    }

    /// Ends the search; the best point so far stays.
    pub(super) fn stop_search(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.store(true, Ordering::Relaxed);
        }
        self.state.end_search();
    }

    fn hurry(&mut self) {
        (self.is_stale, self.begun) = (true, None);
    }
}

impl ZscopeApp {
    /// Brings a picture along, shows it and goes to its point.
    pub(super) fn add_picture(&mut self, name: String, source: Source) {
        let task = self.model.as_ref().map(|model| model.config.task());
        let refused = match task {
            Some(Task::Quantize) => Some(tr!(
                "Only a codebook is open: there is no encoder that makes codes of a picture."
            )),
            Some(Task::Classify) => {
                Some(tr!("A classifier makes no images: a picture has no place in it."))
            }
            _ => None,
        };
        if let Some(text) = refused {
            return self.notice(text, true);
        }
        self.own.give_up_search();
        self.own.state.add(name, source);
        self.own.goes_there = true;
        self.own.hurry();
        self.view.page = Page::Explore;
        self.view.dock.show(Pane::OwnPicture);
        self.link_own_picture();
    }

    /// Looks at another picture, or takes one away.
    pub(super) fn change_own(&mut self, change: impl FnOnce(&mut OwnPictures)) {
        self.own.give_up_search();
        change(&mut self.own.state);
        self.own.hurry();
        self.own.goes_there = false;
        self.show_own();
        self.link_own_picture();
    }

    /// Whether a view shows what is made of the picture.
    fn shows_own(&self) -> bool {
        let shows = |pane| self.view.page == Page::Explore && self.view.dock.shows(pane);
        let is_base = self.view.traversals.base == Anchor::OwnPicture;
        let is_linked = self.companions.link == Link::OwnPicture;
        shows(Pane::OwnPicture)
            || (is_base && shows(Pane::Traversals))
            || (is_linked && shows(Pane::SideBySide))
    }

    /// Starts what is due: only while it is seen, or where the explorer waits for it.
    pub(super) fn start_own(&mut self) {
        let is_seen = self.shows_own();
        let own = &mut self.own;
        let rests = own.begun.is_none_or(|begun| begun.elapsed() >= RENEW);
        let wanted = own.is_stale && (is_seen || own.goes_there);
        let (Some(model), Some(chosen)) = (&self.model, own.state.chosen()) else { return };
        if own.is_running || !rests || !wanted {
            return;
        }
        (own.is_stale, own.is_running, own.begun) = (false, true, Some(Instant::now()));
        let (networks, image, range) = (model.networks.clone(), model.image, model.range);
        let (number, source) = (chosen.number, chosen.source.clone());
        let probe = self.live.probe.newer_than(0).map(|(_, probe)| probe);
        let question = self.model_question;
        self.jobs.spawn("own picture", move |done| {
            let others = probe.as_ref().and_then(|probe| probe.originals.as_ref());
            let found =
                read(&source, image).map_err(|error| error.to_string()).and_then(|picture| {
                    let found = examine(&networks, range, &picture, others);
                    found.map_err(|error| error.to_string())
                });
            done(Done::Own { question, number, found: found.map(Box::new) });
        });
    }

    pub(super) fn own_found(
        &mut self,
        ctx: &egui::Context,
        question: u64,
        number: u64,
        found: Result<Box<Found>, String>,
    ) {
        self.own.is_running = false;
        // Of another model: that one looks at it too.
        if question != self.model_question {
            return self.own.hurry();
        }
        let found = match found {
            Ok(found) => Arc::<Found>::from(found),
            Err(error) => {
                self.own.state.remove(number);
                self.own.goes_there = false;
                self.link_own_picture();
                return self.notice(tr!("look at your picture: {}", error), true);
            }
        };
        let single = |image: &Array| image.clone().reshaped([&[1], image.shape()].concat()).ok();
        if let Some(picture) = single(&found.picture) {
            let mut slot = self.own.thumbnails.remove(&number);
            let options = egui::TextureOptions::NEAREST;
            textures::show(&mut slot, ctx, "own thumbnail", &picture, 1, options);
            textures::show(&mut self.own.picture, ctx, "own picture", &picture, 1, options);
            self.own.thumbnails.extend(slot.map(|slot| (number, slot)));
        }
        if self.own.state.search().is_none() {
            self.show_made(ctx, &found.picture, found.reconstruction.as_ref());
        }
        self.own.state.take_found(number, Arc::clone(&found));
        self.looking.is_stale = true;
        if std::mem::take(&mut self.own.goes_there) {
            self.go_to_picture();
        }
        self.show_own();
    }

    /// Shows what the model makes of a picture, and how that errs.
    fn show_made(&mut self, ctx: &egui::Context, picture: &Array, made: Option<&Array>) {
        let Some(made) = made else {
            (self.own.made, self.own.error) = (None, None);
            self.own.made_image = None;
            return;
        };
        self.own.made_image = made.clone().reshaped(picture.shape().to_vec()).ok();
        let shape = picture.shape().to_vec();
        if let Ok(made) = made.clone().reshaped([&[1], &shape[..]].concat()) {
            let options = egui::TextureOptions::NEAREST;
            textures::show(&mut self.own.made, ctx, "own made", &made, 1, options);
        }
        let (image, reach) = error_map(picture, made);
        textures::set(&mut self.own.error, ctx, "own error", image);
        self.pictures.own_error_reach = reach;
    }

    /// Hands the textures to the panels.
    fn show_own(&mut self) {
        let own = &mut self.own;
        let is_there = |number: &u64| own.state.pictures().iter().any(|own| own.number == *number);
        own.thumbnails.retain(|number, _| is_there(number));
        let known = own.state.found().is_some();
        let shown = |slot: &Option<egui::TextureHandle>| {
            slot.as_ref().filter(|_| known).map(textures::picture)
        };
        self.pictures.own = shown(&own.picture);
        self.pictures.own_made = shown(&own.made);
        self.pictures.own_error = shown(&own.error);
        let thumbnails = own.thumbnails.iter();
        self.pictures.own_thumbnails =
            thumbnails.map(|(number, handle)| (*number, textures::picture(handle))).collect();
    }

    /// The picture that is looked at, what the model makes of it, and how that errs, as far as they are there: each
    /// `[c, h, w]` in `[0, 1]`.
    pub(super) fn own_images(&self) -> Vec<Array> {
        let Some(found) = self.own.state.found() else { return Vec::new() };
        let mut images = vec![found.picture.clone()];
        if let Some(made) = &self.own.made_image {
            let (error, _) = error_map(&found.picture, made);
            let [width, height] = error.size;
            images.push(made.clone());
            let shape = ImageShape { channels: 3, height, width };
            images.push(textures::array_from_rgba(error.as_raw(), shape));
        }
        images
    }

    /// Goes to the point of the picture that is looked at.
    pub(super) fn go_to_picture(&mut self) {
        if let Some(latent) = self.own.state.latent().map(<[f32]>::to_vec) {
            self.explore.begin_edit();
            self.explore.set_latent(&latent);
            self.picture_is_stale = true;
            self.log_moved("point");
        }
    }

    /// Puts a corner of the pad onto the point of the picture that is looked at.
    pub(super) fn picture_to_corner(&mut self, index: usize) {
        if let Some(latent) = self.own.state.latent().map(<[f32]>::to_vec) {
            self.move_corners(|app| app.explore.put_corner(index, latent));
        }
    }

    /// Searches for the point of the picture that is looked at.
    pub(super) fn invert(&mut self, ctx: &egui::Context, form: &InvertForm) {
        let state = &self.own.state;
        let (Some(model), Some(chosen), Some(found)) = (&self.model, state.chosen(), state.found())
        else {
            let text = tr!("search for a point: there is no picture to search for yet");
            return self.notice(text, true);
        };
        let Some(decoder) = model.networks.decoder.clone() else { return };
        let from = if form.from_here {
            Some(self.explore.latent().to_vec())
        } else {
            found.latent.clone()
        };
        let (number, target, range) = (chosen.number, found.picture.clone(), model.range);
        let options = form.options.clone();
        let question = self.next_question();
        self.own.stop_search();
        self.own.search = question;
        let stop = Arc::new(AtomicBool::new(false));
        self.own.stop = Some(Arc::clone(&stop));
        self.own.descent = Latest::default();
        self.own.seen = 0;
        self.explore.begin_edit();
        let (descent, ctx) = (self.own.descent.clone(), ctx.clone());
        let latent = from.clone().unwrap_or_else(|| self.explore.latent().to_vec());
        self.own.state.take_search(Search {
            number,
            is_running: true,
            steps: [0, options.steps.get()],
            errors: Vec::new(),
            latent,
            error: f32::NAN,
        });
        self.jobs.spawn("invert", move |done| {
            let mut shown: Option<Instant> = None;
            let mut tell = |found: &Descent| {
                if shown.is_none_or(|at| at.elapsed() >= SHOW) || found.step == found.steps {
                    shown = Some(Instant::now());
                    descent.put(found.clone());
                    ctx.request_repaint();
                }
                !stop.load(Ordering::Relaxed)
            };
            // One thread, so that neither the window nor the trainer waits for it.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
            let found = pool.map_err(|error| error.to_string()).and_then(|pool| {
                let from = from.as_deref();
                let search = || invert(&decoder, range, &target, from, &options, &mut tell);
                pool.install(search).map_err(|error| error.to_string())
            });
            done(Done::Inverted { question, found });
        });
    }

    /// Takes how far a search is since the last frame.
    pub(super) fn take_descent(&mut self, ctx: &egui::Context) {
        let own = &mut self.own;
        if own.stop.is_none() {
            return;
        }
        if let Some((seen, descent)) = own.descent.newer_than(own.seen) {
            own.seen = seen;
            self.show_descent(ctx, &descent, true);
        }
    }

    /// A search is over.
    pub(super) fn inverted(
        &mut self,
        ctx: &egui::Context,
        question: u64,
        found: Result<Descent, String>,
    ) {
        // One that was given up may end after the next has begun.
        if question != self.own.search {
            return;
        }
        self.own.stop_search();
        match found {
            Ok(descent) => self.show_descent(ctx, &descent, false),
            Err(error) => self.notice(error, true),
        }
    }

    /// The explorer follows a search.
    fn show_descent(&mut self, ctx: &egui::Context, descent: &Descent, is_running: bool) {
        let Some(number) = self.own.state.search().map(|search| search.number) else { return };
        self.own.state.take_search(Search {
            number,
            is_running,
            steps: [descent.step, descent.steps],
            errors: descent.errors.clone(),
            latent: descent.latent.clone(),
            error: descent.error,
        });
        if self.explore.latent() != descent.latent {
            self.explore.set_latent(&descent.latent);
            self.picture_is_stale = true;
        }
        if let Some(found) = self.own.state.found().cloned() {
            self.show_made(ctx, &found.picture, Some(&descent.image));
        }
        self.show_own();
    }
}

/// A picture as a model with such images sees it, `[c, h, w]` in `[0, 1]`.
pub(super) fn read(
    source: &Source,
    image: ImageShape,
) -> Result<Array, crate::formats::FormatError> {
    match source {
        Source::File(path) => pictures::read_picture(path, image),
        Source::Pixels { size, rgba } => pictures::picture_of_rgba(*size, rgba, image),
    }
}

/// The absolute difference of each pixel, the mean over channels, as colours up to the largest one.
fn error_map(picture: &Array, made: &Array) -> (egui::ColorImage, f32) {
    let &[c, h, w] = picture.shape() else {
        return (egui::ColorImage::filled([1, 1], theme::colours().empty), 0.0);
    };
    let plane = h * w;
    let difference =
        |index: usize| (picture.data()[index] - made.data()[index].clamp(0.0, 1.0)).abs();
    let errors: Vec<f32> = (0..plane)
        .map(|pixel| {
            (0..c).map(|channel| difference(channel * plane + pixel)).sum::<f32>() / c as f32
        })
        .collect();
    let reach = errors.iter().copied().fold(0.0, f32::max);
    let pixels = errors.iter().map(|error| theme::viridis(error / reach.max(1e-6))).collect();
    (egui::ColorImage::new([w, h], pixels), reach)
}
