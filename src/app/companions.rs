//! Other models beside the one in the explorer, which draw the same latent or the same image.

use std::path::Path;
use std::sync::Arc;

use eframe::egui;

use super::jobs::{Chosen, Done};
use super::{Decoder, ZscopeApp, demo, dialogs, own_picture};
use crate::array::Array;
use crate::codec::{CodecError, take};
use crate::engine::{EngineError, EngineKind, Runner};
use crate::language::{told, tr, tr_later};
use crate::open::Opened;
use crate::session::own_picture::Source;
use crate::ui::{CompanionAsk, CompanionLine, Link};

/// The most models beside the one in the explorer.
pub(super) const MOST: usize = 4;

/// One of them.
struct Companion {
    opened: Arc<Opened>,
    decoder: Option<Decoder>,
    /// Where its encoder puts the image that all models are to draw, or why it does not.
    image: Option<Result<Vec<f32>, String>>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Companions {
    all: Vec<Companion>,
    pub(super) link: Link,
    /// The newest question for where encoders put an image.
    question: u64,
    is_stale: bool,
}

impl Companions {
    /// All of them.
    pub(super) fn opened(&self) -> impl Iterator<Item = &Opened> {
        self.all.iter().map(|companion| &*companion.opened)
    }

    /// What the window says of them.
    pub(super) fn lines(&self, latent: usize) -> Vec<CompanionLine> {
        let line = |companion: &Companion| {
            let opened = &companion.opened;
            let own: usize = opened.model.latent().iter().product();
            let why = match (&companion.decoder, self.link, &companion.image) {
                (None, ..) => Some(tr!("It has no decoder that makes images.").to_owned()),
                (_, Link::Latent, _) if own != latent => Some(tr!(
                    "Its latent has {} values, not {}: link them by an image.",
                    own,
                    latent
                )),
                (_, Link::Image(_) | Link::OwnPicture, Some(Err(error))) => {
                    Some(told(error).to_owned())
                }
                _ => None,
            };
            CompanionLine {
                name: super::logic::model_name(opened),
                family: opened.model.family().to_owned(),
                step: opened.step,
                picture: companion
                    .decoder
                    .as_ref()
                    .and_then(Decoder::point)
                    .filter(|_| why.is_none()),
                why,
            }
        };
        self.all.iter().map(line).collect()
    }
}

impl ZscopeApp {
    /// Changes which models are there, and what they draw.
    pub(super) fn ask_companions(&mut self, ask: CompanionAsk) {
        match ask {
            CompanionAsk::Add(Some(path)) => self.add_companion(&path),
            CompanionAsk::Add(None) => dialogs::ask(&self.jobs, Chosen::Companion),
            CompanionAsk::Remove(index) => self.remove_companion(index),
            CompanionAsk::Explore(index) => self.explore_companion(index),
            CompanionAsk::Link(link) => self.link_companions(link),
        }
    }

    /// Opens a model beside the one in the explorer.
    pub(super) fn add_companion(&mut self, path: &Path) {
        if self.companions.all.len() >= MOST {
            return self
                .notice(tr!("At most {} models fit beside the one in the explorer.", MOST), true);
        }
        let text = path.display().to_string();
        self.jobs.spawn("beside", move |done| {
            let opened = crate::open::open(&text).map(Box::new).map_err(|error| error.to_string());
            done(Done::Companion(opened));
        });
    }

    /// Takes over what opening one has come to.
    pub(super) fn companion_opened(
        &mut self,
        ctx: &egui::Context,
        opened: Result<Box<Opened>, String>,
    ) {
        let opened = match opened {
            Ok(opened) if self.companions.all.len() < MOST => Arc::new(*opened),
            Ok(_) => return,
            Err(error) => return self.notice(error, true),
        };
        let decoder = opened.networks.decoder.is_some().then(|| {
            Decoder::new(
                self.engine,
                &opened.networks,
                opened.image,
                opened.range,
                self.gpu.as_ref(),
                self.render_state.as_ref(),
                ctx,
            )
        });
        match decoder.transpose() {
            Ok(decoder) => self.companions.all.push(Companion { opened, decoder, image: None }),
            Err(error) => self.notice(tr!("show the model: {}", error), true),
        }
        self.encode_for_companions();
        self.companions.is_stale = true;
    }

    /// Takes one away.
    fn remove_companion(&mut self, index: usize) {
        if index < self.companions.all.len() {
            self.companions.all.remove(index);
        }
    }

    /// Opens one of them in the explorer.
    fn explore_companion(&mut self, index: usize) {
        let Some(companion) = self.companions.all.get(index) else { return };
        let opened = &companion.opened;
        if let Some(demo) = demo::of_path(&opened.path) {
            self.open_demo(demo);
        } else {
            let path = opened.run_dir.as_ref().unwrap_or(&opened.path).clone();
            self.open_path(path);
        }
    }

    /// Lets all models draw the same latent, or the same image.
    pub(super) fn link_companions(&mut self, link: Link) {
        self.companions.link = link;
        self.encode_for_companions();
        self.companions.is_stale = true;
    }

    /// Asks every encoder where it puts the image that all are to draw.
    pub(super) fn encode_for_companions(&mut self) {
        let image = match self.companions.link {
            Link::Latent => return,
            Link::Image(index) => {
                let probe = self.live.probe.newer_than(0);
                let originals = probe.and_then(|(_, probe)| probe.originals.clone());
                let row = originals.filter(|all| index < all.num_rows());
                row.map(|all| Linked::Watched(all.rows(index, index + 1)))
            }
            Link::OwnPicture => self.own.state.chosen().map(|own| Linked::Own(own.source.clone())),
        };
        let none = match self.companions.link {
            Link::OwnPicture => tr_later!("There is no picture of your own."),
            _ => tr_later!("There is no watched image."),
        };
        self.companions.question = self.next_question();
        let question = self.companions.question;
        let all: Vec<Arc<Opened>> =
            self.companions.all.iter().map(|companion| Arc::clone(&companion.opened)).collect();
        if all.is_empty() {
            return;
        }
        self.jobs.spawn("beside", move |done| {
            for (index, opened) in all.iter().enumerate() {
                let latent = match &image {
                    Some(image) => encode(opened, image).map_err(|error| error.to_string()),
                    None => Err(none.to_owned()),
                };
                done(Done::CompanionImage { question, index, latent });
            }
        });
    }

    /// There is another picture of one's own, or none.
    pub(super) fn link_own_picture(&mut self) {
        if self.companions.link == Link::OwnPicture {
            self.link_companions(Link::OwnPicture);
        }
    }

    /// Takes over where an encoder puts the image.
    pub(super) fn companion_encoded(
        &mut self,
        question: u64,
        index: usize,
        latent: Result<Vec<f32>, String>,
    ) {
        if question == self.companions.question
            && let Some(companion) = self.companions.all.get_mut(index)
        {
            companion.image = Some(latent);
            self.companions.is_stale = true;
        }
    }

    /// What all models draw, that of the explorer first: each `[c, h, w]` in `[0, 1]`. Those that draw nothing are
    /// left out.
    pub(super) fn images_side_by_side(&self) -> Result<Vec<Array>, EngineError> {
        let own = self.model.as_ref().zip(self.decoder.as_ref());
        let own = own.map(|(model, decoder)| (model.image, decoder));
        let others = self.companions.all.iter().zip(&self.companion_lines);
        let others = others.filter(|(_, line)| line.picture.is_some());
        let others =
            others.filter_map(|(other, _)| Some((other.opened.image, other.decoder.as_ref()?)));
        let mut images = Vec::new();
        for (image, decoder) in own.into_iter().chain(others) {
            images.extend(decoder.read_point(image)?);
        }
        Ok(images)
    }

    /// Draws what is out of date; `moved` says whether the explorer's point is elsewhere.
    pub(super) fn draw_companions(&mut self, ctx: &egui::Context, moved: bool) {
        let is_stale = std::mem::take(&mut self.companions.is_stale);
        let follows = self.companions.link == Link::Latent && moved;
        let latent = (is_stale || follows).then(|| self.explore.latent_of(&self.explore.place()));
        let mut failed = None;
        for companion in &mut self.companions.all {
            let Some(decoder) = &mut companion.decoder else { continue };
            decoder.poll(ctx);
            failed = failed.or(decoder.take_error());
            let Some(shared) = &latent else { continue };
            let d: usize = companion.opened.model.latent().iter().product();
            let own = match (self.companions.link, &companion.image) {
                (Link::Latent, _) => Some(shared).filter(|latent| latent.len() == d),
                (Link::Image(_) | Link::OwnPicture, Some(Ok(latent))) => Some(latent),
                (Link::Image(_) | Link::OwnPicture, _) => None,
            };
            if let Some(own) = own {
                failed = failed.or(decoder.draw_latent(own).err().map(|error| error.to_string()));
            }
        }
        if let Some(error) = failed {
            self.notice(tr!("draw a model beside the explorer: {}", error), true);
        }
    }
}

/// The image that all models draw.
enum Linked {
    /// A watched one, `[1, c, h, w]` in `[0, 1]`.
    Watched(Array),
    /// A picture of one's own, of which each model sees as much as its images have room for.
    Own(Source),
}

/// Where the encoder of a model puts an image.
fn encode(opened: &Opened, image: &Linked) -> Result<Vec<f32>, CodecError> {
    let encoder = opened.networks.encoder.as_ref().ok_or(tr_later!("It has no encoder."))?;
    let image = match image {
        Linked::Watched(image) => image,
        Linked::Own(source) => {
            &own_picture::read(source, opened.image)?.reshaped(opened.image.batch(1))?
        }
    };
    if image.shape()[1..] != opened.image.batch(1)[1..] {
        return Err(
            format!("Its images are {}, those of the explorer are not.", opened.image).into()
        );
    }
    let input = opened.range.images_from_unit(image);
    let mut outputs = Runner::new(EngineKind::Cpu, encoder, None)?.run(&input)?;
    Ok(take(&mut outputs, "latent")?.into_data())
}
