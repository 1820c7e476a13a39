//! Looking inside of the model in the explorer: asks a thread, and shows what it finds.

mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use eframe::egui;

use self::worker::{Desk, Worker};
use super::{ZscopeApp, textures};
use crate::array::{Array, NamedArrays};
use crate::engine::EngineKind;
use crate::engine::wgsl::Gpu;
use crate::formats::arrays::{NamedIndices, write_arrays};
use crate::formats::{pictures, write_whole};
use crate::graph::Graph;
use crate::graph::lower::discriminator::DISCRIMINATOR;
use crate::language::tr;
use crate::latest::Latest;
use crate::measure::inside::{Inspector, graph_of, named};
use crate::model::params::lies_under;
use crate::session::inside::{Inside, Look, Measured, Seen, SeenNode, Side, Watched, plane};
use crate::session::wanted::Point;
use crate::train::live::Probe;
use crate::ui::inside::shades::{self, Look as Shades};
use crate::ui::{Page, Pane};

/// The most channels that a saved picture shows.
const MOST_SAVED: usize = 1024;

/// What is looked at, and the thread that looks.
#[derive(Default)]
pub(super) struct Looking {
    pub(super) inside: Inside,
    /// Whether something has changed since the thread was asked.
    pub(super) is_stale: bool,
    /// Counts the models.
    model: u64,
    /// Counts the weights of the model.
    weights: u64,
    /// The discriminator's tensors, and its graph once it was looked into.
    judge_tensors: NamedArrays,
    judge: Option<Graph>,
    /// The images that are watched while the model learns, or of the data that it was trained on.
    watched: Option<Arc<Watched>>,
    /// The network whose nodes are listed: its weights, which one it is, and whether it reads codes.
    shown: Option<(u64, Side, bool)>,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
    seen: Latest<Seen>,
    measured: Latest<Measured>,
    errors: Latest<String>,
    known: [u64; 3],
    channels: Option<egui::TextureHandle>,
    changed: Option<egui::TextureHandle>,
    unchanged: Option<egui::TextureHandle>,
}

impl Looking {
    /// The model has other weights.
    pub(super) fn weights_changed(&mut self, tensors: &NamedArrays) {
        let of_judge = tensors.iter().filter(|(name, _)| lies_under(name, DISCRIMINATOR));
        let of_judge = of_judge.map(|(name, array)| (name.clone(), array.clone()));
        self.judge_tensors = of_judge.collect();
        self.judge = None;
        self.weights += 1;
        self.is_stale = true;
    }

    /// There is another model.
    pub(super) fn model_changed(&mut self, tensors: &NamedArrays) {
        self.inside.forget();
        self.model += 1;
        self.watched = None;
        self.weights_changed(tensors);
    }

    /// There are newer reconstructions, or draws.
    pub(super) fn images_changed(&mut self, probe: &Probe) {
        let count = Probe::IMAGES.min(probe.images.num_rows()).min(probe.latents.num_rows());
        let images = probe.originals.as_ref().unwrap_or(&probe.images);
        let seen = probe.spoilt.as_ref().unwrap_or(images);
        let watched = Watched {
            images: images.rows(0, count),
            seen: seen.rows(0, count),
            latents: probe.latents.rows(0, count),
        };
        self.watched = Some(Arc::new(watched));
        self.is_stale = true;
    }

    fn start(&mut self, kind: EngineKind, gpu: Option<Gpu>, ctx: &egui::Context) {
        let worker = Worker {
            inspector: Inspector::new(kind, gpu),
            desk: Arc::clone(&self.desk),
            seen: self.seen.clone(),
            measured: self.measured.clone(),
            errors: self.errors.clone(),
            ctx: ctx.clone(),
        };
        self.thread = std::thread::Builder::new()
            .name("zscope-inside".to_owned())
            .spawn(move || worker.run())
            .map_err(|error| self.errors.put(tr!("no thread to look inside: {}", error)))
            .ok();
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.desk.end();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl ZscopeApp {
    /// Changes what is looked at.
    pub(super) fn look(&mut self, change: impl FnOnce(&mut Inside)) {
        change(&mut self.looking.inside);
        self.looking.is_stale = true;
    }

    /// Asks for what the view of layers shows, while that is seen and something has changed.
    pub(super) fn ask_inside(&mut self, ctx: &egui::Context) {
        let is_seen = self.view.page == Page::Explore && self.view.dock.shows(Pane::Layers);
        let is_due =
            std::mem::take(&mut self.looking.is_stale) || self.looking.inside.lines().is_empty();
        if !is_seen {
            self.looking.is_stale |= is_due;
            return;
        }
        if !is_due {
            return;
        }
        let Some(model) = &self.model else { return };
        let is_edited = !self.explore.edited_cells().is_empty();
        let codes = is_edited.then(|| self.explore.indices()).flatten();
        let point = match codes {
            Some(codes) => Point::Codes(codes),
            None => Point::Latent(self.explore.latent().to_vec()),
        };
        let looking = &mut self.looking;
        let side = looking.inside.side();
        let judges = model.config.has_discriminator() && !looking.judge_tensors.is_empty();
        let mut broken = None;
        if side == Side::Discriminator && judges && looking.judge.is_none() {
            match model.config.lower_discriminator(&looking.judge_tensors, model.shown) {
                Ok(judge) => looking.judge = judge,
                Err(error) => {
                    // Told once.
                    looking.judge_tensors.clear();
                    broken = Some(tr!("look inside: {}", error));
                }
            }
        }
        let mut look = Look {
            model: looking.model,
            networks: model.networks.clone(),
            discriminator: looking.judge.clone(),
            weights: looking.weights,
            range: model.range,
            side,
            point,
            picture: self.own.state.found().map(|found| found.picture.clone()),
            watched: looking.watched.clone(),
            chosen: None,
            changes: Vec::new(),
        };
        let inside = &mut looking.inside;
        let shown = (look.weights, side, matches!(look.point, Point::Codes(_)));
        if looking.shown != Some(shown) || inside.lines().is_empty() {
            looking.shown = Some(shown);
            let encoder = look.networks.encoder.is_some().then_some(Side::Encoder);
            let judge = judges.then_some(Side::Discriminator);
            let beside: Vec<Side> = [encoder, judge].into_iter().flatten().collect();
            inside.show(graph_of(&look), &beside);
        }
        if inside.lines().is_empty() {
            if let Some(error) = broken {
                self.notice(error, true);
            }
            return;
        }
        look.chosen = inside.chosen().map(str::to_owned);
        look.changes = inside.changes().to_vec();
        if self.looking.thread.is_none() {
            let kind = self.engine_kind();
            self.looking.start(kind, self.gpu.clone(), ctx);
        }
        self.looking.desk.ask(look);
        // What is shown was laid out without the nodes.
        ctx.request_repaint();
    }

    /// The engine that networks run on beside the window: the one that decodes.
    pub(super) fn engine_kind(&self) -> EngineKind {
        let real_gpu = self.gpu.as_ref().is_some_and(|gpu| !gpu.is_software());
        match self.engine {
            EngineKind::Auto if !real_gpu => EngineKind::Cpu,
            EngineKind::Burn => EngineKind::Cpu,
            kind => kind,
        }
    }

    /// Takes what the thread has found since the last frame.
    pub(super) fn take_inside(&mut self, ctx: &egui::Context) {
        let looking = &mut self.looking;
        if let Some((known, seen)) = looking.seen.newer_than(looking.known[0]) {
            looking.known[0] = known;
            let show = |slot: &mut Option<egui::TextureHandle>, name, image: Option<&Array>| {
                let options = egui::TextureOptions::NEAREST;
                textures::show(slot, ctx, name, image?, 1, options);
                slot.as_ref().map(textures::picture)
            };
            let pictures = &mut self.pictures;
            pictures.changed = show(&mut looking.changed, "changed", seen.after.as_ref());
            pictures.unchanged = show(&mut looking.unchanged, "unchanged", seen.before.as_ref());
            if let Some([before, after]) = seen.judged.as_ref().and_then(shades::maps) {
                let show = |slot: &mut Option<egui::TextureHandle>, name, map| {
                    textures::set(slot, ctx, name, map);
                    slot.as_ref().map(textures::picture)
                };
                pictures.unchanged = show(&mut looking.unchanged, "unchanged", before);
                pictures.changed = show(&mut looking.changed, "changed", after);
            }
            looking.inside.take_seen(seen);
        }
        if let Some((known, measured)) = looking.measured.newer_than(looking.known[1]) {
            looking.known[1] = known;
            looking.inside.take_measured(measured);
        }
        if let Some((known, error)) = looking.errors.newer_than(looking.known[2]) {
            looking.known[2] = known;
            self.notice(tr!("look inside: {}", error), true);
        }
    }

    /// Brings the texture of the channels up to date with the frame that was just laid out.
    pub(super) fn draw_channels(&mut self, ctx: &egui::Context) {
        let looking = &mut self.looking;
        if let Some(image) = self.view.inside.take_picture(&looking.inside) {
            textures::set(&mut looking.channels, ctx, "channels", image);
            ctx.request_repaint();
        }
        self.pictures.channels = looking.channels.as_ref().map(textures::picture);
    }

    /// Writes the node that is looked at, as what the path's ending says.
    pub(super) fn save_node(&mut self, path: PathBuf) {
        let Some(seen) = self.looking.inside.seen_node().cloned() else {
            let text = tr!("save the node: none is looked at yet (choose one in Layers)");
            return self.notice(text, true);
        };
        let (look, csv) = (self.view.inside.look(), self.looking.inside.to_csv());
        self.jobs.spawn_save(move || write_node(&path, &seen, look, &csv).map(|()| path));
    }
}

fn write_node(path: &Path, node: &SeenNode, look: Shades, csv: &str) -> Result<(), String> {
    use std::io::Write as _;
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    let written = match ending.to_str() {
        Some("png") => pictures::write_picture(path, &sheet(node, look)),
        Some("safetensors") => {
            let texts = [("node".to_owned(), node.name.clone())].into();
            write_arrays(path, &named(node), &NamedIndices::new(), &texts)
        }
        Some("csv") => write_whole(path, |out| out.write_all(csv.as_bytes())),
        _ => {
            let path = path.display();
            return Err(format!(
                "cannot write the node: found another ending (expected .png for its channels, .safetensors for its values, or .csv for all nodes): {path}"
            ));
        }
    };
    written.map_err(|error| error.to_string())
}

/// The channels of a node as one picture `[3, h, w]` in `[0, 1]`, about as wide as high.
fn sheet(node: &SeenNode, look: Shades) -> Array {
    let [h, w] = plane(node.values.shape());
    let count = node.spreads.len().min(MOST_SAVED);
    let columns = ((count * h) as f32 / w as f32).sqrt().ceil().max(1.0) as usize;
    let image = shades::sheet(node, look, [0, count], columns, [w, h]);
    let [width, height] = image.size;
    let level = |channel: usize| {
        image.pixels.iter().map(move |pixel| f32::from(pixel.to_array()[channel]) / 255.0)
    };
    let data = (0..3).flat_map(level).collect();
    Array::new([3, height, width], data).unwrap_or_else(|_| Array::zeros([3, 1, 1]))
}
