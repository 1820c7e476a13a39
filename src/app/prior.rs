//! Draws from the prior of the model in the explorer: a thread draws, the explorer's decoder makes pictures of it.

mod say;

pub(super) use self::say::Said;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eframe::egui;

use super::jobs::{Chosen, Done};
use super::{ZscopeApp, dialogs};
use crate::array::{Array, NamedArrays};
use crate::codec::{CodecError, take};
use crate::engine::{EngineKind, Runner};
use crate::formats::run_dir::ModelConfig;
use crate::formats::{FormatError, pictures};
use crate::graph::lower::Networks;
use crate::graph::lower::prior::PriorConfig;
use crate::language::{tr, tr_later};
use crate::latent::CodeSpace;
use crate::latest::Latest;
use crate::picture::ValueRange;
use crate::sample::{Options, SampleError, Sampler, places, texts};
use crate::session::prior::{Bits, Drawn, MOST_MOMENTS, Prior, PriorAsk};
use crate::text::Tokenizer;
use crate::ui::{Page, Pane};

/// Between two moments of drawing that are shown.
const SHOW: Duration = Duration::from_millis(60);
/// While a prior learns, between the end of drawing and the next time.
const REST: Duration = Duration::from_secs(3);
/// A text is drawn of so long after its last letter.
const DEBOUNCE: Duration = Duration::from_millis(350);
/// Seconds from one picture of a film to the next.
const MOMENT_SECS: f32 = 0.08;
/// What stands for codes that are not drawn yet, in a film: a grey.
const UNKNOWN: f32 = 0.35;

/// What is drawn, and what works on it.
#[derive(Default)]
pub(super) struct Priors {
    pub(super) state: Prior,
    question: u64,
    /// Ends drawing.
    stop: Option<Arc<AtomicBool>>,
    progress: Latest<(Drawn, f32)>,
    seen: u64,
    /// The weights that drew what is shown, and when that was over.
    drawn_by: u64,
    ended: Option<Instant>,
    /// The codes, the weights and the class that bits were asked for.
    asked_bits: Option<(Vec<u32>, u64, Option<u32>)>,
    measures_bits: bool,
    /// What spells texts, for a prior that knows some.
    tokenizer: Option<Arc<Tokenizer>>,
    /// When the text was changed that nothing is drawn of yet.
    said: Option<Instant>,
    /// What is found out about texts.
    saying: say::Saying,
}

/// A prior with its weights, for a thread.
struct Weighed {
    config: PriorConfig,
    tensors: NamedArrays,
}

impl ZscopeApp {
    /// There is another model.
    pub(super) fn prior_model_changed(&mut self) {
        self.stop_drawing();
        self.priors.question = self.next_question();
        let model = self.model.as_ref().map(|model| &model.config);
        let line = match model {
            Some(ModelConfig::Prior(config)) => Some(config.into()),
            _ => None,
        };
        self.priors.state.show(line);
        // What draws for the model before may still tell something.
        (self.priors.progress, self.priors.seen) = (Latest::default(), 0);
        (self.priors.asked_bits, self.priors.said, self.priors.tokenizer) = (None, None, None);
        self.priors.saying = say::Saying::default();
        match self.tokenizer() {
            Ok(tokenizer) => self.priors.tokenizer = tokenizer.map(Arc::new),
            Err(error) => self.notice(error.to_string(), true),
        }
    }

    /// What spells the texts of the model, if it knows some.
    pub(super) fn tokenizer(&self) -> Result<Option<Tokenizer>, FormatError> {
        let Some(model) = &self.model else { return Ok(None) };
        let Some(text) = model.config.text() else { return Ok(None) };
        match (&model.opened, self.session.run()) {
            (Some(opened), _) => opened.tokenizer(),
            (None, Some(run)) => texts::tokenizer_in(&run.run_dir, text).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Does what is asked of the prior.
    pub(super) fn ask_prior(&mut self, ctx: &egui::Context, ask: PriorAsk) {
        match ask {
            PriorAsk::Set(form) => self.priors.state.set_form(form),
            PriorAsk::Say(text) => {
                self.priors.state.say(text);
                self.text_changed(ctx);
            }
            PriorAsk::Towards(text) => {
                self.priors.state.go_towards(text);
                self.text_changed(ctx);
            }
            PriorAsk::Complete => self.complete_text(),
            PriorAsk::But(text) => self.priors.state.say_but(text),
            PriorAsk::Edit => self.edit_picture(),
            PriorAsk::Draw => self.draw_prior(ctx, false),
            PriorAsk::Fill => self.draw_prior(ctx, true),
            PriorAsk::Cancel => self.stop_drawing(),
            PriorAsk::Take(picture) => self.take_drawn(picture),
            PriorAsk::Erase { cells, erased } => self.priors.state.erase(&cells, erased),
            PriorAsk::Restore => self.priors.state.restore(),
            PriorAsk::SaveFilm(Some(path)) => self.save_prior_film(ctx, path),
            PriorAsk::SaveFilm(None) => dialogs::ask(&self.jobs, Chosen::PriorFilm),
        }
    }

    /// Pictures are drawn of it soon after its last letter.
    fn text_changed(&mut self, ctx: &egui::Context) {
        self.priors.said = Some(Instant::now());
        ctx.request_repaint_after(DEBOUNCE);
    }

    /// Where the codes of the model are, if a prior can be trained over them.
    pub(super) fn codes_of(&self) -> Option<String> {
        let model = self.model.as_ref()?;
        let networks = &model.networks;
        let decodes = networks.codes.as_ref().is_some_and(|codes| codes.decoder.is_some());
        if !decodes || networks.encoder.is_none() {
            return None;
        }
        let path = match &model.opened {
            Some(opened) => opened.run_dir.as_ref().unwrap_or(&opened.path),
            None => &self.session.run()?.run_dir,
        };
        Some(path.display().to_string())
    }

    fn stop_drawing(&mut self) {
        if let Some(stop) = self.priors.stop.take() {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// The prior with the weights that the explorer shows, and their number.
    fn weighed(&self) -> Option<(Weighed, u64)> {
        let model = self.model.as_ref()?;
        let ModelConfig::Prior(config) = &model.config else { return None };
        let (tensors, number) = if let Some(opened) = &model.opened {
            (opened.tensors.clone(), model.step)
        } else {
            let (_, weights) = self.live.weights.newer_than(0)?;
            (weights.tensors.clone(), weights.step)
        };
        Some((Weighed { config: config.clone(), tensors }, number))
    }

    /// Draws pictures, or several times what is erased in the picture.
    fn draw_prior(&mut self, ctx: &egui::Context, fills: bool) {
        let Some((Weighed { config, tensors }, number)) = self.weighed() else {
            return self.notice(tr!("draw from the prior: this model has none"), true);
        };
        let given = if fills { self.given(&config) } else { None };
        if fills && given.is_none() {
            let text =
                tr!("fill the picture: nothing is erased (erase cells of the code map first)");
            return self.notice(text, true);
        }
        self.stop_drawing();
        let question = self.next_question();
        let stop = Arc::new(AtomicBool::new(false));
        let priors = &mut self.priors;
        (priors.question, priors.stop) = (question, Some(Arc::clone(&stop)));
        (priors.progress, priors.seen, priors.drawn_by) = (Latest::default(), 0, number);
        priors.state.begin(given.clone());
        let (form, progress) = (*priors.state.form(), priors.progress.clone());
        let tokens = |text: &str| {
            let said = text.trim();
            let tokenizer = priors.tokenizer.as_ref().filter(|_| !said.is_empty())?;
            Some(texts::tokens_of(tokenizer, &config, said))
        };
        let state = &priors.state;
        let text = tokens(if fills { state.fill_text() } else { state.text() });
        let towards = tokens(state.towards()).filter(|_| !fills);
        priors.said = None;
        let (engine, gpu, ctx) = (self.engine_kind(), self.gpu.clone(), ctx.clone());
        self.jobs.spawn("prior", move |done| {
            let mut moments = Moments::default();
            let mut shown: Option<Instant> = None;
            let mut on_codes = |drawn: &[Vec<Option<u32>>], share: f32| {
                moments.tell(drawn, share);
                if shown.is_none_or(|at| at.elapsed() >= SHOW) || share >= 1.0 {
                    shown = Some(Instant::now());
                    progress.put((drawn.to_vec(), share));
                    ctx.request_repaint();
                }
                !stop.load(Ordering::Relaxed)
            };
            let drawn = alone(|| {
                let mut sampler = Sampler::new(&config, &tensors, engine, gpu.as_ref());
                let range = [0, form.count as u64];
                let drawn = if let Some(towards) = towards {
                    let texts = [&text.unwrap_or_else(|| config.silence())[..], &towards];
                    let (share, options) = (form.share, &form.options);
                    sampler.draw_between(texts, share, options, range, &mut on_codes)
                } else {
                    let (text, given) = (text.as_deref(), given.as_deref());
                    sampler.draw_of(text, &form.options, given, range, &mut on_codes)
                };
                match drawn {
                    Ok(_) | Err(SampleError::Cancelled) => Ok(()),
                    Err(error) => Err(error.to_string()),
                }
            });
            done(Done::PriorDrawn { question, moments: drawn.map(|()| moments.taken) });
        });
    }

    /// The codes of the picture in the order of places, without those that are erased; nothing where none is.
    fn given(&self, config: &PriorConfig) -> Option<Vec<Option<u32>>> {
        let erased = self.priors.state.erased();
        let codes = self.picture_places(config)?;
        let [h, w] = config.grid();
        let is_erased = |place: usize| {
            let (cell, slot) = (place / config.per_cell(), place % config.per_cell());
            erased.contains(&(slot * h * w + cell))
        };
        let given: Vec<Option<u32>> =
            (0..).zip(codes).map(|(place, code)| (!is_erased(place)).then_some(code)).collect();
        given.contains(&None).then_some(given)
    }

    /// The codes of the picture in the order of places.
    fn picture_places(&self, config: &PriorConfig) -> Option<Vec<u32>> {
        let indices = self.explore.indices()?;
        let [h, w] = config.grid();
        let shape = [1, config.per_cell(), h, w];
        let indices = Array::new(shape, indices).ok()?;
        Some(places::of_images(&indices, config.per_cell()))
    }

    /// What is drawn, as far as it is.
    pub(super) fn take_prior(&mut self, ctx: &egui::Context) {
        if let Some((seen, told)) = self.priors.progress.newer_than(self.priors.seen) {
            self.priors.seen = seen;
            let (drawn, share) = &*told;
            self.priors.state.take_drawn(drawn.clone(), *share);
        }
        let is_seen = self.view.page == Page::Explore && self.view.dock.shows(Pane::Prior);
        if !is_seen || self.priors.state.line().is_none() {
            return;
        }
        if self.priors.said.is_some_and(|said| said.elapsed() >= DEBOUNCE) {
            self.draw_prior(ctx, false);
        }
        self.follow_prior(ctx);
        self.ask_bits();
        self.ask_words();
    }

    /// Draws anew as the prior learns.
    fn follow_prior(&mut self, ctx: &egui::Context) {
        let priors = &self.priors;
        let is_live = self.model.as_ref().is_some_and(|model| model.is_live);
        let rests = priors.ended.is_none_or(|ended| ended.elapsed() >= REST);
        let is_free = priors.state.share().is_none() && !priors.state.fills();
        if !(is_live && priors.state.form().follows && is_free && rests) {
            return;
        }
        let newest = self.live.weights.newer_than(0).map(|(_, weights)| weights.step);
        if newest.is_some_and(|step| step != priors.drawn_by || priors.state.drawn().is_empty()) {
            self.draw_prior(ctx, false);
        }
    }

    /// Asks how probable the codes of the picture are, where that is not known.
    fn ask_bits(&mut self) {
        if self.priors.measures_bits {
            return;
        }
        let Some((Weighed { config, tensors }, number)) = self.weighed() else { return };
        let Some(codes) = self.picture_places(&config) else { return };
        let class = self.priors.state.form().options.class;
        let asked = Some((codes.clone(), number, class));
        if self.priors.asked_bits == asked {
            return;
        }
        (self.priors.asked_bits, self.priors.measures_bits) = (asked, true);
        let (engine, gpu) = (self.engine_kind(), self.gpu.clone());
        let (question, tokenizer) = (self.model_question, self.priors.tokenizer.clone());
        self.jobs.spawn("bits", move |done| {
            let bits = alone(|| {
                let mut sampler = Sampler::new(&config, &tensors, engine, gpu.as_ref());
                let bits = sampler.bits(&codes, &[class]).and_then(|bits| {
                    let caption = match &tokenizer {
                        Some(tokenizer) => Some(caption(&mut sampler, tokenizer, &codes)?),
                        None => None,
                    };
                    Ok(Bits { codes, bits, caption })
                });
                bits.map_err(|error| error.to_string())
            });
            done(Done::PriorBits { question, bits });
        });
    }

    /// How probable the codes of the picture are.
    pub(super) fn bits_found(&mut self, question: u64, bits: Result<Bits, String>) {
        self.priors.measures_bits = false;
        if question != self.model_question {
            return;
        }
        match bits {
            Ok(bits) => self.priors.state.take_bits(Some(bits)),
            Err(error) => self.notice(error, true),
        }
    }

    /// Drawing is over.
    pub(super) fn prior_drawn(&mut self, question: u64, moments: Result<Vec<Drawn>, String>) {
        if question != self.priors.question {
            return;
        }
        self.priors.stop = None;
        self.priors.ended = Some(Instant::now());
        match moments {
            Ok(moments) => self.priors.state.end(moments),
            Err(error) => {
                self.priors.state.end(Vec::new());
                self.notice(error, true);
            }
        }
    }

    /// Goes to a picture that was drawn; where that fills what is erased, changes nothing else.
    fn take_drawn(&mut self, picture: usize) {
        let Some(codes) = self.priors.state.whole(picture) else { return };
        let Some(space) = self.codes.codebook.as_ref().map(|codebook| CodeSpace {
            codebook: Arc::clone(&codebook.codes),
            layout: codebook.layout.clone(),
        }) else {
            return;
        };
        let q = space.layout.per_cell();
        let cells = codes.len() / q.max(1);
        let place_of = |cell: usize| places::place(cell % cells.max(1), cell / cells.max(1), q);
        let code_of =
            |cell: usize| space.range(cell / cells.max(1)).start as u32 + codes[place_of(cell)];
        self.explore.begin_edit();
        if self.priors.state.fills() {
            let erased = self.priors.state.erased().iter().copied();
            let painted: Vec<(usize, u32)> = erased
                .filter(|&cell| cell < codes.len() && self.priors.state.is_filled(place_of(cell)))
                .map(|cell| (cell, code_of(cell)))
                .collect();
            self.explore.paint(&painted);
        } else {
            let all: Vec<u32> = (0..codes.len()).map(code_of).collect();
            self.explore.set_latent(&space.latent_of_codes(&all));
            // Of the sums of several codes others may be as near.
            let chosen = self.explore.codes().unwrap_or_default();
            let cells = (0..).zip(all).filter(|&(cell, code)| chosen.get(cell) != Some(&code));
            self.explore.paint(&cells.collect::<Vec<_>>());
        }
        self.picture_is_stale = true;
        self.log_moved("point");
    }

    /// Writes drawing as a film, all pictures side by side.
    pub(super) fn save_prior_film(&mut self, ctx: &egui::Context, path: PathBuf) {
        let moments = self.priors.state.moments().to_vec();
        let (Some(model), Some(line)) = (&self.model, self.priors.state.line().cloned()) else {
            return;
        };
        if moments.is_empty() {
            let text = tr!("save a film of drawing: nothing is drawn yet (draw pictures first)");
            return self.notice(text, true);
        }
        let (networks, range) = (model.networks.clone(), model.range);
        let task = self.tasks.begin(tr_later!("Saving a film"));
        let watch = task.watch(ctx);
        self.jobs.spawn_save(move || {
            let tell = |share: f64| watch.whole().tell(share).map_err(CodecError::from);
            let frames = frames(&networks, range, (line.grid, line.per_cell), &moments, &tell);
            let written = frames.and_then(|frames| write(&path, &frames));
            drop(task);
            written.map(|()| path).map_err(|error| format!("save a film of drawing: {error}"))
        });
    }
}

/// Works in one thread, so that neither the window nor the trainer waits for it.
pub(super) fn alone<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.map_err(|error| error.to_string())?.install(work)
}

fn write(path: &Path, frames: &Array) -> Result<(), CodecError> {
    Ok(pictures::write_film(path, frames, MOMENT_SECS)?)
}

/// The likeliest text of a picture with these codes.
pub(super) fn caption(
    sampler: &mut Sampler,
    tokenizer: &Tokenizer,
    codes: &[u32],
) -> Result<String, SampleError> {
    let likeliest = Options { temperature: 0.0, ..Options::default() };
    let tokens = sampler.captions(codes, &likeliest, [0, 1], &mut |_, _| true)?.concat();
    Ok(texts::text_of(tokenizer, sampler.config(), &tokens))
}

/// The pictures of a film, each with all that is drawn side by side; grey where nothing is yet: `[n, c, h, w]` in
/// `[0, 1]`.
fn frames(
    networks: &Networks,
    range: ValueRange,
    (grid, per_cell): ([usize; 2], usize),
    moments: &[Drawn],
    tell: &dyn Fn(f64) -> Result<(), CodecError>,
) -> Result<Array, CodecError> {
    let codes = networks.codes.as_ref().ok_or("the model has no codes")?;
    let mut runner = Runner::new(EngineKind::Cpu, codes.decoder()?, None)?;
    let mut frames = Vec::new();
    let mut shape = Vec::new();
    for (index, moment) in moments.iter().enumerate() {
        tell(index as f64 / moments.len() as f64)?;
        let flat: Vec<u32> = moment.iter().flatten().map(|code| code.unwrap_or(0)).collect();
        let indices = places::to_indices(&flat, grid, per_cell);
        let mut images = range.images_to_unit(&take(&mut runner.run(&indices)?, "image")?);
        for (image, codes) in moment.iter().enumerate() {
            hide_unknown(&mut images, image, codes, grid, per_cell);
        }
        let columns = (images.num_rows() as f64).sqrt().ceil() as usize;
        let sheet = pictures::sheet(&images, columns, 1);
        shape = [&[moments.len()], sheet.shape()].concat();
        frames.extend(sheet.into_data());
    }
    Ok(Array::new(shape, frames)?)
}

/// Greys out the cells of an image of which a code is not drawn yet.
fn hide_unknown(
    images: &mut Array,
    image: usize,
    codes: &[Option<u32>],
    [rows, columns]: [usize; 2],
    per_cell: usize,
) {
    let &[_, c, h, w] = images.shape() else { return };
    let len = c * h * w;
    let pixels = &mut images.data_mut()[image * len..(image + 1) * len];
    for (at, pixel) in pixels.iter_mut().enumerate() {
        let (y, x) = (at / w % h, at % w);
        let cell = y * rows / h * columns + x * columns / w;
        let of_cell = codes.get(cell * per_cell..(cell + 1) * per_cell);
        if of_cell.is_some_and(|codes| codes.contains(&None)) {
            *pixel = UNKNOWN;
        }
    }
}

/// What is drawn at moments, never more than a film has.
#[derive(Default)]
struct Moments {
    taken: Vec<Drawn>,
    /// Of so many that are told, one is taken.
    stride: usize,
    told: usize,
}

impl Moments {
    fn tell(&mut self, drawn: &[Vec<Option<u32>>], share: f32) {
        self.stride = self.stride.max(1);
        if self.told.is_multiple_of(self.stride) || share >= 1.0 {
            self.taken.push(drawn.to_vec());
        }
        self.told += 1;
        if self.taken.len() > MOST_MOMENTS {
            // Half of them are enough from here on.
            let mut kept = 0..;
            self.taken.retain(|_| kept.next().is_some_and(|index: usize| index.is_multiple_of(2)));
            self.stride *= 2;
        }
    }
}
