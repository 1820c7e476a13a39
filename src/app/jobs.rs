//! What takes long, on threads of its own: opening data and models, file dialogs, setting up a run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use eframe::egui;

use super::compared_codes;
use super::map::Made;
use super::opening::OpenedData;
use super::palette;
use super::runs::ReadRuns;
use super::survey::{CodePictures, Surveyed};
use super::wake::wake;
use super::workspace::Workspace;
use crate::array::NamedArrays;
use crate::data::DataSpec;
use crate::event::Event;
use crate::latent::PrincipalPlane;
use crate::latent::directions::Direction;
use crate::measure::invert::Descent;
use crate::measure::side_by_side::Told;
use crate::open::Opened;
use crate::session::map::Near;
use crate::session::prior::{Bits, Drawn};
use crate::session::{Compared, own_picture};
use crate::train::live::Probe;
use crate::train::worker::Plan;
use crate::ui::{Pane, SheetOf};
use crate::urgency;

/// How often the window looks whether files are written while it closes.
const SAVE_INTERVAL: Duration = Duration::from_millis(5);

/// What a job found.
pub(super) enum Done {
    /// What is at a path.
    Found { question: u64, path: PathBuf, found: Found },
    /// Data is open, or why not.
    Data { question: u64, spec: String, opened: Result<OpenedData, String> },
    /// Training images in each class of the open data.
    ClassCounts { question: u64, counts: Vec<usize> },
    /// A model is open, or why not.
    Model { question: u64, opened: Result<Box<Opened>, String> },
    /// A model beside the one in the explorer is open, or why not.
    Companion(Result<Box<Opened>, String>),
    /// Where the encoder of a model beside the one in the explorer puts an image, or why it does not.
    CompanionImage { question: u64, index: usize, latent: Result<Vec<f32>, String> },
    /// Watched images of a model that does not train, with the KL of every dimension.
    Probe { question: u64, probe: Probe, kl: Vec<f32> },
    /// What an opened run has told so far, or why that cannot be read.
    History { question: u64, events: Result<Vec<Event>, String> },
    /// The curves of another run, or why they cannot be read.
    Compared(Result<Compared, String>),
    /// What measuring models tells.
    Evaluated(Told),
    /// A run is ready to start, or why not.
    Plan(Result<Box<Plan>, String>),
    /// What the model makes of a picture that a person brought along, or why that cannot be told.
    Own { question: u64, number: u64, found: Result<Box<own_picture::Found>, String> },
    /// The point that a search for one has found, or why there is none.
    Inverted { question: u64, found: Result<Descent, String> },
    /// Where codes lie on the plane in which they spread most.
    CodePlane { question: u64, plane: PrincipalPlane, chain: Option<Arc<[usize]>> },
    /// A row of the palette.
    PaletteRow { question: u64, row: palette::Row },
    /// The palette is whole, and how long it took; or why it is not.
    Palette { question: u64, made: Result<Duration, String> },
    /// The checkpoints of the model's run, by their steps.
    Checkpoints { question: u64, checkpoints: Vec<(u64, PathBuf)> },
    /// How far comparing codebooks is, or what was found.
    CodesCompared { question: u64, compared: compared_codes::Compared },
    /// Where codes occur in held-out images, or why that cannot be told.
    Survey { question: u64, surveyed: Result<Option<Surveyed>, String> },
    /// What one code looks like, or why that cannot be shown.
    CodePictures { question: u64, code: usize, pictures: Result<Option<CodePictures>, String> },
    /// What a job has made of the map.
    Map { question: u64, made: Made },
    /// The neighbours of the point that is chosen on the map.
    MapNear { near: Near },
    /// The point of the map whose latent is nearest to the explorer's.
    MapHere { point: Option<u32> },
    /// A view was taken off the screen.
    View { picture: egui::ColorImage, path: PathBuf },
    /// Directions of the latent space, learnt or read from a file, or why there are none.
    Directions { question: u64, found: Result<Vec<Direction>, String> },
    /// All runs were read.
    Runs { question: u64, found: ReadRuns },
    /// Drawing from the prior is over: what it was like at some moments, or why it failed.
    PriorDrawn { question: u64, moments: Result<Vec<Drawn>, String> },
    /// How probable the codes of the picture are, or why that cannot be told.
    PriorBits { question: u64, bits: Result<Bits, String> },
    /// Texts are read, and the picture described.
    Texts { question: u64, read: Result<super::texts::Read, String> },
    /// Something about texts that the prior knows.
    PriorSaid { question: u64, said: super::prior::Said },
    /// What checkpoints draw in the film strip.
    Strip { question: u64, found: super::strip::Found },
    /// The weights of a checkpoint, or why they cannot be read.
    StripWeights { question: u64, step: u64, tensors: Result<NamedArrays, String> },
    /// A person chose a path for something.
    Chosen(Chosen, PathBuf),
    /// The system has no dialog to choose a path in.
    NoDialog(Chosen),
    /// A file was written, or why not.
    Saved(Result<PathBuf, String>),
}

/// What a path leads to.
pub(super) enum Found {
    /// Images to learn from.
    Data(DataSpec),
    /// One picture.
    Picture,
    /// A workspace, or why the file is none.
    Workspace(Result<Box<Workspace>, String>),
    /// A model, or nothing that is known.
    Model,
}

/// What a path was chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// Data to learn from.
    Data,
    /// A model's folder to open.
    Model,
    /// A model's file to open.
    ModelFile,
    /// A run to compare with.
    Compared,
    /// A run or model to be measured.
    Evaluated,
    /// A classifier to judge by.
    Classifier,
    /// The measures' file.
    Measures,
    /// The curves' file.
    Curves,
    /// The picture's file.
    Picture,
    /// The file of the map's picture.
    MapPicture,
    /// The file of the map's points.
    MapPoints,
    /// The file of the map's latents.
    MapLatents,
    /// The palette's file.
    Palette,
    /// The file of all codes.
    CodeTable,
    /// The file of pairs of codes.
    CodePairs,
    /// A model to compare the codebook with.
    CodeChanges,
    /// The file of how codes moved.
    SavedCodeChanges,
    /// A model beside the one in the explorer.
    Companion,
    /// A view's picture.
    View(Pane),
    /// Points as tensors.
    Points,
    /// The file of the node that is looked at.
    Node,
    /// A picture to look at with the model.
    OwnPicture,
    /// A file of directions to be read.
    Directions,
    /// A file of directions to be written.
    DirectionsOut,
    /// A folder of runs to list.
    RunsFolder,
    /// The file of a film of drawing.
    PriorFilm,
    /// The film strip's file.
    Strip,
    /// A workspace file.
    Workspace,
    /// The walk's file.
    Walk {
        /// Pictures in it.
        pictures: usize,
    },
    /// The file of a view's pictures.
    Sheet(SheetOf),
    /// A page's picture.
    Page,
    /// The file of the table of runs.
    RunTable,
}

/// The jobs under way.
pub(super) struct Jobs {
    ctx: egui::Context,
    sender: SyncSender<Done>,
    receiver: Receiver<Done>,
    /// Those that write files.
    saves: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// No jobs yet.
    pub(super) fn new(ctx: egui::Context) -> Self {
        let (sender, receiver) = sync_channel(64);
        Self { ctx, sender, receiver, saves: Vec::new() }
    }

    /// The window that hears of them.
    pub(super) fn ctx(&self) -> &egui::Context {
        &self.ctx
    }

    /// What tells of something that was found elsewhere, as a job does.
    pub(super) fn teller(&self) -> impl Fn(Done) + Send + use<> {
        let (sender, ctx) = (self.sender.clone(), self.ctx.clone());
        move |done| {
            // Nobody may wait on the window's own thread; there is room but for a flood.
            if sender.try_send(done).is_err() {
                log::error!("too much to tell at once");
            }
            wake(&ctx);
        }
    }

    /// Runs `job` on a thread of its own; what it gives arrives with [`Jobs::next`].
    pub(super) fn spawn(&self, name: &str, job: impl FnOnce(&dyn Fn(Done)) + Send + 'static) {
        self.start(name, job);
    }

    /// As [`Jobs::spawn`], for what is done again and again while a model trains: on one core, and after the window's
    /// frames.
    pub(super) fn spawn_behind(
        &self,
        name: &str,
        job: impl FnOnce(&(dyn Fn(Done) + Sync)) + Send + 'static,
    ) {
        let (sender, ctx) = (self.sender.clone(), self.ctx.clone());
        self.start(name, move |_| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
            let Ok(pool) = pool.start_handler(|_| urgency::go_behind()).build() else {
                return log::error!("no thread to work behind the window on");
            };
            pool.install(move || {
                job(&|done| {
                    sender.send(done).ok();
                    wake(&ctx);
                });
            });
        });
    }

    /// As [`Jobs::spawn`], for a file that a person saves: [`Jobs::finish_saves`] waits for it.
    pub(super) fn spawn_save(
        &mut self,
        job: impl FnOnce() -> Result<PathBuf, String> + Send + 'static,
    ) {
        self.spawn_kept("save", move |done| done(Done::Saved(job())));
    }

    /// As [`Jobs::spawn`], for what is to be on the disk before the window closes: [`Jobs::finish_saves`] waits for it.
    pub(super) fn spawn_kept(
        &mut self,
        name: &str,
        job: impl FnOnce(&dyn Fn(Done)) + Send + 'static,
    ) {
        self.saves.retain(|save| !save.is_finished());
        self.saves.extend(self.start(name, job));
    }

    /// Waits until all files are written.
    pub(super) fn finish_saves(&mut self) {
        while self.saves.iter().any(|save| !save.is_finished()) {
            // They may wait for room to tell that they are done.
            self.receiver.try_iter().for_each(drop);
            std::thread::sleep(SAVE_INTERVAL);
        }
    }

    fn start(
        &self,
        name: &str,
        job: impl FnOnce(&dyn Fn(Done)) + Send + 'static,
    ) -> Option<JoinHandle<()>> {
        let (sender, ctx) = (self.sender.clone(), self.ctx.clone());
        let spawned = std::thread::Builder::new().name(format!("zscope-{name}")).spawn(move || {
            job(&|done| {
                sender.send(done).ok();
                wake(&ctx);
            });
        });
        spawned.inspect_err(|error| log::error!("no thread for {name}: {error}")).ok()
    }

    /// What a job has found since the last call.
    pub(super) fn next(&self) -> Option<Done> {
        self.receiver.try_recv().ok()
    }
}
