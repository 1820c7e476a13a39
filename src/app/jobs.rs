//! What takes long, on threads of its own: opening data and models, file dialogs, setting up a run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use eframe::egui;

use crate::array::Array;
use crate::data::Dataset;
use crate::event::Event;
use crate::open::Opened;
use crate::train::live::Probe;
use crate::train::worker::Plan;

/// What a job found.
pub(super) enum Done {
    /// Data is open, or why not.
    Data { generation: u64, spec: String, dataset: Result<Arc<dyn Dataset>, String> },
    /// Pictures of the data for the preview, `[b, c, h, w]` in `[0, 1]`.
    Preview { generation: u64, images: Array },
    /// A model is open, or why not.
    Model { generation: u64, opened: Result<Box<Opened>, String> },
    /// Watched images of a model that does not train, with the KL of every dimension.
    Probe { generation: u64, probe: Probe, kl: Vec<f32> },
    /// What an opened run has told so far, or why that cannot be read.
    History { generation: u64, events: Result<Vec<Event>, String> },
    /// A run is ready to start, or why not.
    Plan(Result<Box<Plan>, String>),
    /// The latent of a picture that was opened.
    Latent(Result<Vec<f32>, String>),
    /// A person chose a path for something.
    Chosen(Chosen, PathBuf),
    /// A file was written, or why not.
    Saved(Result<PathBuf, String>),
}

/// What a path was chosen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// Data to learn from.
    Data,
    /// A model to open.
    Model,
    /// The curves' file.
    Curves,
    /// The picture's file.
    Picture,
}

/// The jobs under way.
pub(super) struct Jobs {
    ctx: egui::Context,
    sender: SyncSender<Done>,
    receiver: Receiver<Done>,
}

impl Jobs {
    /// No jobs yet.
    pub(super) fn new(ctx: egui::Context) -> Self {
        let (sender, receiver) = sync_channel(64);
        Self { ctx, sender, receiver }
    }

    /// Runs `job` on a thread of its own; what it gives arrives with [`Jobs::next`].
    pub(super) fn spawn(&self, name: &str, job: impl FnOnce(&dyn Fn(Done)) + Send + 'static) {
        let (sender, ctx) = (self.sender.clone(), self.ctx.clone());
        let spawned = std::thread::Builder::new().name(format!("zscope-{name}")).spawn(move || {
            job(&|done| {
                sender.send(done).ok();
                ctx.request_repaint();
            });
        });
        if let Err(error) = spawned {
            log::error!("no thread for {name}: {error}");
        }
    }

    /// What a job has found since the last call.
    pub(super) fn next(&self) -> Option<Done> {
        self.receiver.try_recv().ok()
    }
}
