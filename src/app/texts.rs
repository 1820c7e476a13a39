//! Texts beside pictures: a thread reads and writes them with the weights that the explorer shows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;

use super::ZscopeApp;
use super::jobs::Done;
use super::prior::{alone, caption};
use crate::array::{Array, NamedArrays};
use crate::formats::run_dir::ModelConfig;
use crate::graph::lower::multimodal::MultimodalConfig;
use crate::sample::reading::{Reader, captioner};
use crate::sample::{Sampler, places, texts};
use crate::session::texts::{TextAsk, Texts};
use crate::text::Tokenizer;
use crate::ui::{Page, Pane};

/// While a model learns, between two times that texts are read anew.
const REST: Duration = Duration::from_secs(2);

/// Texts, and what works on them.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) state: Texts,
    tokenizer: Option<Arc<Tokenizer>>,
    /// The weights that read the texts, and when.
    read_by: u64,
    read_at: Option<Instant>,
    /// The codes and the weights that a caption was asked for.
    asked: Option<(Vec<u32>, u64)>,
    is_busy: bool,
}

/// What a thread found out.
pub(super) struct Read {
    /// The weights.
    number: u64,
    /// Whether all texts were read by them.
    is_anew: bool,
    latents: Vec<(String, Arc<[f32]>)>,
    caption: Option<String>,
}

impl ZscopeApp {
    /// There is another model.
    pub(super) fn texts_model_changed(&mut self) {
        let is_reader = self
            .model
            .as_ref()
            .is_some_and(|model| matches!(model.config, ModelConfig::Multimodal(_)));
        if is_reader {
            self.view.dock.show(Pane::Words);
        }
        let reading = &mut self.reading;
        reading.state.show(is_reader);
        (reading.tokenizer, reading.asked, reading.read_by) = (None, None, u64::MAX);
        match self.tokenizer() {
            Ok(tokenizer) => self.reading.tokenizer = tokenizer.map(Arc::new),
            Err(error) => self.notice(error.to_string(), true),
        }
    }

    /// Does what is asked of texts.
    pub(super) fn ask_texts(&mut self, ask: TextAsk) {
        let point = match &ask {
            TextAsk::GoBetween(index) => self.reading.state.between().into_iter().nth(*index),
            TextAsk::GoChange(index) => {
                let changes = self.reading.state.changes(self.explore.latent());
                changes.into_iter().nth(*index)
            }
            _ => None,
        };
        self.reading.state.ask(ask);
        if let Some(point) = point {
            self.explore.begin_edit();
            self.explore.set_latent(&point);
            self.picture_is_stale = true;
            self.log_moved("point");
        }
    }

    /// The model with the weights that the explorer shows, and their number.
    fn reader(&self) -> Option<(MultimodalConfig, NamedArrays, u64)> {
        let model = self.model.as_ref()?;
        let ModelConfig::Multimodal(config) = &model.config else { return None };
        let (tensors, number) = if let Some(opened) = &model.opened {
            (opened.tensors.clone(), model.step)
        } else {
            let (_, weights) = self.live.weights.newer_than(0)?;
            (weights.tensors.clone(), weights.step)
        };
        Some((config.clone(), tensors, number))
    }

    /// Has texts read, and the picture in the explorer described, where either is not known.
    pub(super) fn take_texts(&mut self, ctx: &egui::Context) {
        let is_seen = self.view.page == Page::Explore && self.view.dock.shows(Pane::Words);
        let reading = &self.reading;
        if !is_seen || !reading.state.is_known() || reading.is_busy {
            return;
        }
        let Some(tokenizer) = reading.tokenizer.clone() else { return };
        let Some((config, tensors, number)) = self.reader() else { return };
        let is_newer = number != reading.read_by;
        let rests = reading.read_at.is_some_and(|at| at.elapsed() < REST);
        let is_live = self.model.as_ref().is_some_and(|model| model.is_live);
        let is_anew = is_newer && !(is_live && rests && reading.read_by != u64::MAX);
        let wanted = if is_anew { reading.state.wanted() } else { reading.state.unread() };
        let codes = self.explore.indices().map(|indices| {
            let shape = [&[1], config.images.grid().as_slice()].concat();
            Array::new(shape, indices).map(|indices| places::of_images(&indices, 1))
        });
        let codes = codes.and_then(Result::ok).unwrap_or_default();
        let is_told = reading
            .asked
            .as_ref()
            .is_some_and(|(asked, by)| *asked == codes && (*by == number || !is_anew && is_live));
        if wanted.is_empty() && (is_told || codes.is_empty()) {
            return;
        }
        let codes = (!is_told && !codes.is_empty()).then_some(codes);
        if let Some(codes) = &codes {
            self.reading.asked = Some((codes.clone(), number));
        }
        self.reading.is_busy = true;
        let (engine, gpu, ctx) = (self.engine_kind(), self.gpu.clone(), ctx.clone());
        let question = self.model_question;
        self.jobs.spawn("texts", move |done| {
            let read = alone(|| {
                let told = |error: crate::sample::SampleError| error.to_string();
                let numbers =
                    |text: &String| texts::numbers_of(&tokenizer, config.text.places, text);
                let mut latents = Vec::new();
                if !wanted.is_empty() {
                    let mut reader =
                        Reader::new(&config, &tensors, engine, gpu.as_ref()).map_err(told)?;
                    for text in wanted {
                        let latent = reader.latent(numbers(&text)).map_err(told)?;
                        latents.push((text, latent.into()));
                    }
                }
                let model = ModelConfig::Multimodal(config.clone());
                let writer = codes.zip(captioner(&model, &tensors));
                let caption = writer.map(|(codes, (writer, tensors))| {
                    let mut sampler = Sampler::new(&writer, &tensors, engine, gpu.as_ref());
                    caption(&mut sampler, &tokenizer, &codes).map_err(told)
                });
                Ok(Read { number, is_anew, latents, caption: caption.transpose()? })
            });
            done(Done::Texts { question, read });
            ctx.request_repaint();
        });
    }

    /// Texts are read.
    pub(super) fn texts_read(&mut self, question: u64, read: Result<Read, String>) {
        self.reading.is_busy = false;
        if question != self.model_question {
            return;
        }
        match read {
            Ok(Read { number, is_anew, latents, caption }) => {
                let reading = &mut self.reading;
                if let Some(caption) = caption {
                    reading.state.take_caption(caption);
                }
                reading.state.take_read(latents, is_anew);
                if is_anew {
                    (reading.read_by, reading.read_at) = (number, Some(Instant::now()));
                }
            }
            Err(error) => self.notice(error, true),
        }
    }
}
