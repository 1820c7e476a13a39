//! Runs that wait for their turn: begun when the one before is over, kept from one start of the program to the next.

use serde::{Deserialize, Serialize};

use super::ZscopeApp;
use crate::language::tr;
use crate::session::queue::MOST_QUEUED;
use crate::train::recipe::Recipe;
use crate::train::settings_json;
use crate::train::start::settings_from_json;
use crate::ui::{QueueAsk, QueuedRun, TrainForm};

/// A run that waits, as the workspace keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptRun {
    name: Option<String>,
    recipe: String,
    settings: serde_json::Map<String, serde_json::Value>,
    data: String,
    epochs: u64,
    batch: usize,
    seed: u64,
}

impl From<&QueuedRun> for KeptRun {
    fn from(run: &QueuedRun) -> Self {
        Self { name: run.name.clone(), ..Self::from(&run.form) }
    }
}

impl From<&TrainForm> for KeptRun {
    fn from(TrainForm { recipe, settings, data, epochs, batch, seed }: &TrainForm) -> Self {
        Self {
            name: None,
            recipe: recipe.name().to_owned(),
            settings: settings_json(settings),
            data: data.clone(),
            epochs: *epochs,
            batch: *batch,
            seed: *seed,
        }
    }
}

impl KeptRun {
    /// The run again, or why this program knows no such run.
    pub(super) fn queued(self) -> Result<QueuedRun, String> {
        let recipe = Recipe::from_name(&self.recipe)
            .ok_or_else(|| tr!("there is no recipe {}", format_args!("{:?}", self.recipe)))?;
        let settings =
            settings_from_json(recipe, &self.settings).map_err(|error| error.to_string())?;
        let (epochs, batch) = (self.epochs.clamp(1, 1_000_000), self.batch.clamp(1, 65_536));
        let form = TrainForm { recipe, settings, data: self.data, epochs, batch, seed: self.seed };
        Ok(QueuedRun { form, name: self.name })
    }
}

impl ZscopeApp {
    /// Changes which runs wait.
    pub(super) fn ask_queue(&mut self, ask: QueueAsk) {
        match ask {
            QueueAsk::Add(form) => self.add_to_queue([QueuedRun { form: *form, name: None }]),
            QueueAsk::Sweep { form, key, values } => match QueuedRun::swept(&form, &key, &values) {
                Ok(runs) => self.add_to_queue(runs),
                Err(error) => self.notice(tr!("queue a sweep: {}", error), true),
            },
            QueueAsk::Remove(number) => self.queue.remove(number),
            QueueAsk::Move { number, place } => self.queue.move_to(number, place),
            QueueAsk::Clear => self.queue.clear(),
            QueueAsk::Hold(is_held) => self.queue.hold(is_held),
        }
    }

    fn add_to_queue(&mut self, runs: impl IntoIterator<Item = QueuedRun>) {
        // A queue without runs holds nothing back.
        if self.queue.is_empty() {
            self.queue.hold(false);
        }
        let mut has_room = true;
        for run in runs {
            has_room &= self.queue.add(run);
        }
        if !has_room {
            self.notice(tr!("{} runs wait already: no more can be queued.", MOST_QUEUED), true);
        }
    }

    /// Begins the next run once no other is in training.
    pub(super) fn start_next(&mut self) {
        if self.training.is_none()
            && !self.is_starting
            && let Some(next) = self.queue.take_next()
        {
            let QueuedRun { form, name } = next.what;
            self.start_training(form, None, name);
        }
    }

    /// The queue as the workspace keeps it.
    pub(super) fn kept_queue(&self) -> Vec<KeptRun> {
        self.queue.iter().map(|queued| KeptRun::from(&queued.what)).collect()
    }

    /// Takes a kept queue up. Nothing begins by itself: a person may have opened the program for something else.
    pub(super) fn take_up_queue(&mut self, kept: Vec<KeptRun>) {
        if kept.is_empty() {
            return;
        }
        for run in kept {
            match run.queued() {
                Ok(run) => {
                    self.queue.add(run);
                }
                Err(error) => self.notice(tr!("a queued run of last time: {}", error), true),
            }
        }
        self.queue.hold(true);
        let text = tr!(
            "{} runs of last time wait in the queue: the page Runs lets them go on.",
            self.queue.len()
        );
        self.notice(text, false);
    }
}
