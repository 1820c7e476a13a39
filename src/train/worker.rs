//! The training loop on a thread and a thread pool of its own.
//!
//! What it says goes over a bounded channel: a reader that falls behind slows the training down and
//! loses nothing. Scalars stay on the device and are read back a block at a time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::classifier::ClassifierLearner;
use super::codes::CodeKeeper;
use super::gan::GanLearner;
use super::learner::{Learner, Measured, Measuring, Told, read_scalars};
use super::live::{Live, LiveCodes, Probe, Weights};
use super::memory;
use super::metrics_log::MetricsLog;
use super::multimodal::MultimodalLearner;
use super::prior::PriorLearner;
use super::recipe::{augment, corruption, scheduled, spoilt};
use super::settings::{Settings, Value};
use super::vae_gan::VaeGanLearner;
use super::vqgan::VqganLearner;
use crate::array::NamedArrays;
use crate::data::Batches;
use crate::data::{Dataset, Split};
use crate::event::{Event, FinishReason, RunStarted, StepRecord};
use crate::formats::run_dir::{Checkpoint, CheckpointState, ModelConfig, Pick, RunConfig, RunDir};
use crate::graph::lower::Task;
use crate::graph::lower::vqgan::DISCRIMINATOR;
use crate::metrics::evaluate::Examined;
use crate::panics::panic_text;
use crate::session::codebook::ReviveFrom;
use crate::urgency;

/// Read the scalars back at least this often.
const BLOCK_SECS: f64 = 0.1;
/// And after this many steps at the latest.
const BLOCK_STEPS: usize = 64;
/// Show newer weights and reconstructions no more often than this.
const LIVE_INTERVAL: Duration = Duration::from_millis(400);

/// More threads than this help nobody.
const MOST_THREADS: usize = 1024;

/// A run that waits looks for changed settings this often.
const PAUSED_LOOK: Duration = Duration::from_millis(50);

/// Values that settings are to take, the newest for each.
type Wanted = Arc<Mutex<BTreeMap<String, Value>>>;

/// What a person can ask of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Wait after the current step.
    Pause,
    /// Go on.
    Resume,
    /// Take one step, then wait.
    Step,
    /// Save a checkpoint and end.
    Stop,
    /// Save a checkpoint and go on.
    Save,
    /// Put codes of the codebook somewhere else.
    Revive {
        /// Which codes.
        codes: Vec<usize>,
        /// Where to.
        from: ReviveFrom,
    },
    /// Keep codes where they are, or let them move again.
    FreezeCodes {
        /// Which codes.
        codes: Vec<usize>,
        /// Whether they are kept.
        frozen: bool,
    },
    /// Put the codes that were moved last back to where they were.
    UndoCodes,
    /// Change a live setting from the next step on.
    Set {
        /// The key.
        name: String,
        /// Its new value.
        value: Value,
    },
}

/// Everything a run needs.
pub struct Plan {
    /// Where the run is kept.
    pub run: RunDir,
    /// Its description.
    pub config: RunConfig,
    /// The recipe's keys as they stand.
    pub settings: Settings,
    /// The images.
    pub dataset: Arc<dyn Dataset>,
    /// From the beginning, or on from a checkpoint.
    pub start: Start,
    /// Whether somebody looks at the weights and reconstructions while they change.
    pub watched: bool,
}

/// Where a run starts.
pub enum Start {
    /// At step 0.
    New {
        /// Tensors of the model that are taken from here instead of drawn at random, by name.
        init: NamedArrays,
    },
    /// At a checkpoint.
    GoOn(Checkpoint),
}

impl Start {
    fn step(&self) -> u64 {
        match self {
            Self::New { .. } => 0,
            Self::GoOn(checkpoint) => checkpoint.state.step,
        }
    }
}

/// A run in progress. Dropping it stops the run after its current step and saves it.
pub struct Training {
    events: Receiver<Event>,
    controls: SyncSender<Control>,
    wanted: Wanted,
    live: Live,
    thread: Option<JoinHandle<()>>,
}

impl Training {
    /// Starts a run on a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(plan: Plan) -> std::io::Result<Self> {
        let (event_sender, events) = sync_channel(256);
        let (controls, control_receiver) = sync_channel(64);
        let live = Live::default();
        let wanted = Wanted::default();
        let (worker_live, worker_wanted) = (live.clone(), Arc::clone(&wanted));
        let thread =
            std::thread::Builder::new().name("zscope-train".to_owned()).spawn(move || {
                run_caught(plan, &event_sender, control_receiver, worker_wanted, worker_live);
            })?;
        Ok(Self { events, controls, wanted, live, thread: Some(thread) })
    }

    /// What the run has said and nobody has taken yet.
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }

    /// The newest weights and reconstructions.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Asks something of the run; forgotten when 64 requests wait already or the run has ended.
    /// Of several values for one setting that wait, the last is taken.
    pub fn ask(&self, control: Control) {
        if let Control::Set { name, value } = control {
            self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
        } else {
            self.controls.try_send(control).ok();
        }
    }

    /// Whether the thread has ended. Events may still wait to be taken.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // Both channels may be full: keep taking events so that the request gets through.
        while !thread.is_finished() {
            self.controls.try_send(Control::Stop).ok();
            while self.events.try_recv().is_ok() {}
            std::thread::sleep(Duration::from_millis(2));
        }
        thread.join().ok();
    }
}

fn run_caught(
    plan: Plan,
    events: &SyncSender<Event>,
    controls: Receiver<Control>,
    wanted: Wanted,
    live: Live,
) {
    let run = plan.run.clone();
    let step = Arc::new(AtomicU64::new(plan.start.step()));
    let is_watched = plan.watched;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(plan.config.threads.clamp(1, MOST_THREADS))
        .thread_name(|index| format!("zscope-train-{index}"))
        .start_handler(move |_| {
            if is_watched {
                urgency::go_behind();
            }
        })
        .build();
    let result = match pool {
        Ok(pool) => {
            let (events, step) = (events.clone(), Arc::clone(&step));
            let body =
                move || Loop::new(plan, events, controls, wanted, live, step).and_then(Loop::run);
            catch_unwind(AssertUnwindSafe(|| pool.install(body))).unwrap_or_else(|panic| {
                Err(format!("training broke: {}", panic_text(panic.as_ref())))
            })
        }
        Err(error) => Err(format!("no threads to train on: {error}")),
    };
    if let Err(message) = result {
        let last_checkpoint = run.pick(Pick::Good).ok().map(|checkpoint| checkpoint.path);
        let step = step.load(Ordering::Relaxed);
        events.send(Event::Failed { step, message, last_checkpoint }).ok();
    }
}

/// The curves of a run: the family's, then what is counted from its codes.
fn curves(learner: &dyn Learner) -> Vec<String> {
    let mut names = learner.curves();
    if learner.num_codes().is_some() {
        names.extend(CodeKeeper::AFTER.iter().map(|&name| name.to_owned()));
    }
    names
}

/// A fresh model of a run's description.
fn learner(
    config: &RunConfig,
    settings: &Settings,
    dataset: &Arc<dyn Dataset>,
    device: &Device,
    run: &RunDir,
) -> Result<Box<dyn Learner>, String> {
    Ok(match &config.model {
        ModelConfig::Vae(vae) => {
            Box::new(super::vae::VaeLearner::new(vae.clone(), config.seed, device))
        }
        ModelConfig::VqVae(vq_vae) => Box::new(super::vq_vae::VqVaeLearner::new(
            vq_vae.clone(),
            settings,
            config.batch,
            config.seed,
            device,
            dataset.as_ref(),
        )),
        ModelConfig::VaeGan(vae_gan) => {
            Box::new(VaeGanLearner::new(vae_gan.clone(), settings, config.seed, device))
        }
        ModelConfig::Vqgan(vqgan) => {
            Box::new(VqganLearner::new(vqgan.clone(), settings, config.batch, config.seed, device)?)
        }
        ModelConfig::Classifier(classifier) => {
            Box::new(ClassifierLearner::new(classifier.clone(), config.seed, device))
        }
        ModelConfig::Gan(gan) => {
            Box::new(GanLearner::new(gan.clone(), settings, config.seed, device))
        }
        ModelConfig::Multimodal(model) => {
            let (sizes, run) = ((config.batch, config.seed), run.path());
            let learner =
                MultimodalLearner::new(model.clone(), settings, sizes, device, dataset, run);
            Box::new(learner.map_err(|error| error.to_string())?)
        }
        ModelConfig::Prior(prior) => {
            let (batch, seed, run) = (config.batch, config.seed, run.path());
            let learner = PriorLearner::new(prior.clone(), batch, seed, device, dataset, run);
            Box::new(learner.map_err(|error| error.to_string())?)
        }
        ModelConfig::VqModel(_)
        | ModelConfig::Tiny(_)
        | ModelConfig::Described(_)
        | ModelConfig::Codebook(_) => {
            return Err(format!("no recipe trains the family {}", config.model.family()));
        }
    })
}

/// Whether the loop goes on.
enum Flow {
    /// It does.
    Go,
    /// A person has asked it to save and end.
    Stop,
    /// It has ended already and said so.
    Over,
}

struct Loop {
    run: RunDir,
    config: RunConfig,
    settings: Settings,
    dataset: Arc<dyn Dataset>,
    watched: bool,
    events: SyncSender<Event>,
    controls: Receiver<Control>,
    wanted: Wanted,
    live: Live,
    learner: Box<dyn Learner>,
    batches: Batches,
    log: MetricsLog,
    /// Updates done.
    step: u64,
    /// The same, for the place that reports a panic.
    shared_step: Arc<AtomicU64>,
    saved_step: Option<u64>,
    /// What the newest update belongs to, for families that train in phases.
    phase: Option<&'static str>,
    paused: bool,
    pending: Vec<Told>,
    /// For families with a codebook: its use, and the way back from what a person did to it.
    codes: Option<CodeKeeper>,
    block_start: Instant,
    /// Time spent training up to the last pause, over all parts of the run, in seconds.
    trained_secs: f64,
    /// When the present stretch of training began; nothing while paused.
    training_since: Option<Instant>,
    live_at: Instant,
    held_out: Examined,
    probe: Examined,
}

impl Loop {
    fn new(
        plan: Plan,
        events: SyncSender<Event>,
        controls: Receiver<Control>,
        wanted: Wanted,
        live: Live,
        shared_step: Arc<AtomicU64>,
    ) -> Result<Self, String> {
        let Plan { run, config, settings, dataset, start, watched } = plan;
        let step = shared_step.load(Ordering::Relaxed);
        run.sweep().map_err(|e| e.to_string())?;
        memory::probe(memory::training_bytes(&config.model, config.batch))?;
        let device = super::device::burn_device(&config.device)?;
        let mut learner = learner(&config, &settings, &dataset, &device, &run)?;
        let steps_per_epoch = (dataset.len(Split::Train) as u64).div_ceil(config.batch as u64);
        let mut codes = learner.num_codes().map(|k| CodeKeeper::new(k, steps_per_epoch));
        let mut trained_secs = 0.0;
        let mut saved_step = None;
        match start {
            Start::New { init } => {
                let mut model = learner.model();
                let is_adversary = |name: &String| name.split('.').next() == Some(DISCRIMINATOR);
                let is_whole =
                    model.keys().all(|name| init.contains_key(name) || is_adversary(name));
                if !init.is_empty() {
                    model.extend(init);
                    learner.restore(&model, NamedArrays::new(), 0).map_err(|e| e.to_string())?;
                }
                // A whole model has all that the data could tell it; an adversary begins at random.
                if !is_whole {
                    learner.begin(dataset.as_ref(), &settings);
                }
            }
            Start::GoOn(checkpoint) => {
                let model = checkpoint.model().map_err(|e| e.to_string())?;
                let optimizer = checkpoint.optimizer().map_err(|e| e.to_string())?;
                let updates = checkpoint.state.optimizer_updates;
                learner.restore(&model, optimizer, updates).map_err(|e| e.to_string())?;
                let known = checkpoint.codes().map_err(|e| e.to_string())?;
                if let (Some(codes), Some(arrays)) = (&mut codes, known) {
                    codes.restore(&arrays, learner.as_mut());
                }
                trained_secs = checkpoint.state.elapsed_secs;
                saved_step = Some(checkpoint.state.step);
            }
        }
        let phase = learner.phase(step + 1, &settings);
        let names = curves(learner.as_ref());
        let log = MetricsLog::open(&run.metrics_file(), &names, step).map_err(|e| e.to_string())?;
        let batches =
            Batches::new(Arc::clone(&dataset), Split::Train, config.batch, config.seed, step + 1)
                .map_err(|e| e.to_string())?;
        let now = Instant::now();
        let first = |count: usize| -> Vec<u32> {
            (0..dataset.len(Split::Test).min(count) as u32).collect()
        };
        let examined = |count| {
            let numbers = first(count);
            let images = crate::data::batch(dataset.as_ref(), Split::Test, &numbers);
            let label = |&number: &u32| dataset.label(Split::Test, number as usize);
            Examined { labels: numbers.iter().map(label).collect(), images }
        };
        let held_out = examined(settings.integer("eval_images"));
        let probe = examined(Probe::IMAGES);
        Ok(Self {
            run,
            config,
            settings,
            dataset,
            watched,
            events,
            controls,
            wanted,
            live,
            learner,
            batches,
            log,
            step,
            shared_step,
            saved_step,
            phase,
            paused: false,
            pending: Vec::new(),
            codes,
            block_start: now,
            trained_secs,
            training_since: Some(now),
            live_at: now,
            held_out,
            probe,
        })
    }

    fn run(mut self) -> Result<(), String> {
        self.say(Event::Started(self.started()));
        if let Some(message) = self.learner.notice() {
            self.say(Event::Warning { step: self.step, message });
        }
        self.publish()?;
        if self.saved_step.is_none()
            && let Flow::Over = self.checkpoint()?
        {
            return Ok(());
        }
        let mut reason = FinishReason::Completed;
        while self.step < self.config.total_steps {
            match self.obey()? {
                Flow::Go => {}
                Flow::Stop => {
                    reason = FinishReason::Stopped;
                    break;
                }
                Flow::Over => return Ok(()),
            }
            if let Err(error) = self.take_step() {
                // What was done before the failure is told and kept.
                self.flush()?;
                return Err(error);
            }
            let elapsed = self.block_start.elapsed().as_secs_f64();
            let due = self.pending.len() >= BLOCK_STEPS || elapsed >= BLOCK_SECS || self.paused;
            if due && let Flow::Over = self.flush()? {
                return Ok(());
            }
            let checkpoint_every = self.settings.integer("checkpoint_every") as u64;
            if self.step.is_multiple_of(checkpoint_every)
                && let Flow::Over = self.save()?
            {
                return Ok(());
            }
            if self.paused {
                self.stop_clock();
                self.say(Event::Paused { step: self.step });
            }
            if self.paused || self.live_at.elapsed() >= LIVE_INTERVAL {
                self.publish()?;
            }
        }
        if let Flow::Over = self.save()? {
            return Ok(());
        }
        self.publish()?;
        self.say(Event::Finished { step: self.step, reason, elapsed_secs: self.elapsed_secs() });
        Ok(())
    }

    fn started(&self) -> RunStarted {
        let train_images = self.dataset.len(Split::Train) as u64;
        RunStarted {
            run_dir: self.run.path().to_owned(),
            recipe: self.config.recipe.clone(),
            data: self.config.data.clone(),
            first_step: self.step,
            total_steps: self.config.total_steps,
            steps_per_epoch: train_images.div_ceil(self.config.batch as u64),
            batch: self.config.batch,
            parameters: self.config.model.num_parameters(),
            memory_bytes: memory::training_bytes(&self.config.model, self.config.batch),
            device: super::device::describe(&self.config.device, self.config.threads),
            curves: curves(self.learner.as_ref()),
        }
    }

    fn take_step(&mut self) -> Result<(), String> {
        let mut batch = self
            .batches
            .next()
            .ok_or("the data thread ended early")?
            .map_err(|error| error.to_string())?;
        augment(&self.settings).apply(&mut batch.images, self.config.seed, batch.step);
        batch.spoilt = spoilt(&self.settings, &batch.images, self.config.seed, batch.step);
        let phase = self.learner.phase(batch.step, &self.settings);
        if phase != self.phase {
            self.phase = phase;
            let phase = phase.unwrap_or_default().to_owned();
            self.say(Event::PhaseChanged { step: batch.step, phase });
        }
        let settings = scheduled(&self.settings, batch.step, self.config.total_steps);
        self.pending.push(self.learner.step(&batch, &settings));
        self.step = batch.step;
        self.shared_step.store(batch.step, Ordering::Relaxed);
        Ok(())
    }

    /// Follows the requests that wait; while paused, waits for one.
    fn obey(&mut self) -> Result<Flow, String> {
        loop {
            self.take_settings();
            let control = if self.paused {
                match self.controls.recv_timeout(PAUSED_LOOK) {
                    Ok(control) => control,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => Control::Stop,
                }
            } else {
                match self.controls.try_recv() {
                    Ok(control) => control,
                    Err(TryRecvError::Empty) => return Ok(Flow::Go),
                    Err(TryRecvError::Disconnected) => Control::Stop,
                }
            };
            // What was set before something was asked is in force before it is done.
            self.take_settings();
            match control {
                Control::Pause if !self.paused => {
                    if let Flow::Over = self.flush()? {
                        return Ok(Flow::Over);
                    }
                    self.publish()?;
                    self.paused = true;
                    self.stop_clock();
                    self.say(Event::Paused { step: self.step });
                }
                Control::Pause => {}
                Control::Resume => {
                    if self.paused {
                        self.say(Event::Resumed { step: self.step });
                    }
                    self.paused = false;
                    self.start_clock();
                }
                Control::Step => {
                    self.paused = true;
                    self.start_clock();
                    return Ok(Flow::Go);
                }
                Control::Stop => return Ok(Flow::Stop),
                Control::Save => {
                    if let Flow::Over = self.save()? {
                        return Ok(Flow::Over);
                    }
                }
                Control::Set { name, value } => self.change(&name, &value),
                Control::Revive { .. } | Control::FreezeCodes { .. } | Control::UndoCodes => {
                    if let Flow::Over = self.change_codes(&control)? {
                        return Ok(Flow::Over);
                    }
                }
            }
        }
    }

    /// Changes the settings that somebody has changed since the last look.
    fn take_settings(&mut self) {
        let wanted =
            std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        for (name, value) in wanted {
            self.change(&name, &value);
        }
    }

    fn change(&mut self, name: &str, value: &Value) {
        let from = self.settings.value(name).cloned().unwrap_or(Value::Number(f64::NAN));
        match self.settings.set_live(name, value.clone()) {
            Ok(()) => self.say(Event::SettingChanged {
                step: self.step + 1,
                name: name.to_owned(),
                from,
                to: value.clone(),
            }),
            Err(error) => {
                self.say(Event::Warning { step: self.step, message: error.to_string() });
            }
        }
    }

    /// Does what a person wants done to the codebook, between two updates.
    fn change_codes(&mut self, control: &Control) -> Result<Flow, String> {
        if let Flow::Over = self.flush()? {
            return Ok(Flow::Over);
        }
        let (learner, step) = (self.learner.as_mut(), self.step);
        let done = self.codes.as_mut().and_then(|codes| match control {
            Control::Revive { codes: wanted, from } => codes.revive(learner, wanted, from, step),
            Control::FreezeCodes { codes: wanted, frozen } => {
                codes.freeze(learner, wanted, *frozen)
            }
            _ => codes.undo(learner),
        });
        if let Some(message) = done {
            // The newest checkpoint is no longer what the model is.
            if self.saved_step.take() == Some(step) {
                self.run.forget(step).map_err(|e| e.to_string())?;
            }
            self.publish()?;
            self.say(Event::CodesChanged { step: step + 1, message });
        } else {
            let message = learner.why_fixed().unwrap_or(
                "no code was changed (the run has no codebook, no batch was seen yet, or there is nothing to undo)",
            );
            self.say(Event::Warning { step, message: message.to_owned() });
        }
        Ok(Flow::Go)
    }

    /// Reads the pending scalars back, keeps and reports them. Stops when one is not a number.
    fn flush(&mut self) -> Result<Flow, String> {
        if self.pending.is_empty() {
            return Ok(Flow::Go);
        }
        let count = self.pending.len();
        let (scalars, codes): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .map(|told| (told.scalars, told.codes))
            .unzip();
        let scalars = read_scalars(scalars);
        let codes = read_scalars(codes.into_iter().flatten().collect());
        let names = curves(self.learner.as_ref());
        let first = self.step - count as u64 + 1;
        let mut steps = Vec::with_capacity(count);
        for (row, step) in (first..).take(count).enumerate() {
            let counted = self.codes.as_mut().map(|keeper| keeper.add_step(step, codes.row(row)));
            let mut scalars = scalars.row(row).iter().copied();
            let mut value = |name: &String| {
                let place = CodeKeeper::CURVES.iter().position(|curve| curve == name);
                let counted = counted.zip(place).map(|(counted, place)| counted[place]);
                counted.or_else(|| scalars.next()).unwrap_or(f32::NAN)
            };
            let values = names.iter().map(&mut value).collect();
            debug_assert!(scalars.next().is_none(), "a curve for every scalar");
            steps.push(StepRecord { step, values });
        }
        let images_per_s =
            (count * self.config.batch) as f64 / self.block_start.elapsed().as_secs_f64().max(1e-9);
        self.block_start = Instant::now();
        let broken = steps.iter().find_map(|record| {
            let curve = record.values.iter().position(|value| !value.is_finite())?;
            Some((record.step, curve, record.values[curve]))
        });
        let elapsed = self.elapsed_secs();
        self.log.append(&steps, elapsed, images_per_s).map_err(|e| e.to_string())?;
        self.say(Event::StepsDone { steps, images_per_s });
        let Some((step, curve, value)) = broken else { return Ok(Flow::Go) };
        Ok(self.diverge(step, &format!("{} became {value}", names[curve])))
    }

    /// Says that the run has ended because a number is none.
    fn diverge(&self, step: u64, found: &str) -> Flow {
        self.say(Event::Diverged {
            step,
            message: format!("{found} (a lower lr or a longer warm-up may help)"),
            last_checkpoint: self.run.pick(Pick::Good).ok().map(|checkpoint| checkpoint.path),
        });
        Flow::Over
    }

    /// Flushes, and writes a checkpoint where the newest is older.
    fn save(&mut self) -> Result<Flow, String> {
        if let Flow::Over = self.flush()? {
            return Ok(Flow::Over);
        }
        let flow = if self.saved_step == Some(self.step) { Flow::Go } else { self.checkpoint()? };
        self.block_start = Instant::now();
        Ok(flow)
    }

    /// Measures the model on held-out images and writes a checkpoint; one that gives no numbers is not
    /// worth keeping and ends the run.
    fn checkpoint(&mut self) -> Result<Flow, String> {
        let how = Measuring {
            step: self.step,
            // No more images at once than an update takes.
            batch: self.config.batch,
            seed: self.config.seed,
            settings: &self.settings,
        };
        let measured = self.learner.measure(&self.held_out, &how).map_err(|e| e.to_string())?;
        if !measured.is_sound {
            return Ok(self.diverge(self.step, "the measures on held-out images are no numbers"));
        }
        let Measured { values, loss: eval_loss, warning, .. } = measured;
        if let Some(message) = warning {
            self.say(Event::Warning { step: self.step, message });
        }
        let model = self.learner.model();
        let (optimizer, optimizer_updates) = self.learner.optimizer();
        let state = CheckpointState {
            step: self.step,
            optimizer_updates,
            elapsed_secs: self.elapsed_secs(),
            settings: super::settings_json(&self.settings),
            eval_loss,
            eval: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), serde_json::json!(value)))
                .collect(),
        };
        let codes = self.codes.as_ref().map(|codes| codes.to_arrays(self.learner.frozen()));
        let saved =
            self.run.save(&state, &model, &optimizer, codes.as_ref()).map_err(|e| e.to_string())?;
        self.learner.keep(&self.run).map_err(|e| e.to_string())?;
        self.saved_step = Some(self.step);
        let named = values.iter().map(|(name, value)| (format!("eval/{name}"), *value)).collect();
        self.say(Event::Evaluated { step: self.step, values: named });
        self.save_sample()?;
        let kept = ["keep_checkpoints", "keep_history"].map(|key| self.settings.integer(key));
        self.run.prune(kept[0], kept[1]).map_err(|e| e.to_string())?;
        self.say(Event::CheckpointSaved { step: self.step, path: saved.path });
        Ok(Flow::Go)
    }

    /// What the watched images or draws look like now; nothing for families that make no images.
    fn probe(&self) -> Result<Option<Probe>, String> {
        let (range, step) = (self.config.range, self.step);
        let mut codec = self.learner.codec();
        let codec = codec.as_mut();
        let probe = match self.config.model.task() {
            Task::Reconstruct => {
                let corruption = corruption(&self.settings);
                Probe::reconstruct(codec, range, step, &self.probe, corruption)
            }
            Task::Generate => Probe::generate(codec, range, step, &self.config.model.latent()),
            Task::Classify | Task::Quantize => return Ok(None),
        };
        probe.map(Some).map_err(|e| e.to_string())
    }

    /// A picture of what is watched.
    fn save_sample(&self) -> Result<(), String> {
        let Some(probe) = self.probe()? else { return Ok(()) };
        let dir = self.run.samples_dir();
        std::fs::create_dir_all(&dir)
            .map_err(|e| format!("could not make {}: {e}", dir.display()))?;
        let path = dir.join(format!("step-{}.png", self.step));
        probe.write(&path).map_err(|e| e.to_string())
    }

    /// Shows the newest weights and reconstructions, where somebody looks.
    fn publish(&mut self) -> Result<(), String> {
        self.live_at = Instant::now();
        if !self.watched {
            return Ok(());
        }
        if let Some(probe) = self.probe()? {
            self.live.probe.put(probe);
        }
        if let Some(codes) = &self.codes {
            let frozen = self.learner.frozen().to_vec();
            let usage = Arc::new(codes.usage().clone());
            let (of_texts, can_undo) = (codes.of_texts().cloned().map(Arc::new), codes.can_undo());
            self.live.codes.put(LiveCodes { usage, of_texts, frozen, can_undo });
        }
        self.live.weights.put(Weights { step: self.step, tensors: self.learner.model() });
        Ok(())
    }

    /// Time spent training, over all parts of the run; pauses do not count.
    fn elapsed_secs(&self) -> f64 {
        let now = self.training_since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        self.trained_secs + now
    }

    fn stop_clock(&mut self) {
        self.trained_secs = self.elapsed_secs();
        self.training_since = None;
    }

    fn start_clock(&mut self) {
        self.block_start = Instant::now();
        self.training_since.get_or_insert(self.block_start);
    }

    /// A closed channel means that nobody listens any more; the run still ends in order.
    fn say(&self, event: Event) {
        self.events.send(event).ok();
    }
}
