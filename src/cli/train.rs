//! `zscope train`: a run from the beginning, or on from its newest checkpoint.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Failure, output, usage};
use crate::data::DataSpec;
use crate::event::{Event, FinishReason, RunStarted};
use crate::train::init::{Init, Part};
use crate::train::memory;
use crate::train::recipe::Recipe;
use crate::train::settings::Settings;
use crate::train::start::{Length, Request, StartError, resume, settings_from_json};
use crate::train::worker::{Control, Plan, Training};

/// Train a model, or go on with a run
#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub(super) struct TrainArgs {
    /// What to train: vae, vq-vae, gan, vae-gan, vqgan, classifier, multimodal or prior
    #[arg(required_unless_present = "resume")]
    recipe: Option<String>,
    /// The images: shapes, mnist:DIR, fashion-mnist:DIR, cifar10:DIR, dsprites:FILE or folder:DIR, with ?key=value options
    #[arg(long, required_unless_present = "resume")]
    data: Option<String>,
    /// The run directory; a new one under the runs folder by default
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Passes over the training images [default: 10]
    #[arg(long, value_name = "N", conflicts_with = "steps")]
    epochs: Option<u64>,
    /// Updates, instead of epochs
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Images in one update
    #[arg(long, value_name = "N", default_value_t = 128)]
    batch: usize,
    /// Seed of every random number
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Where to train: auto takes a real GPU if there is one, else the CPU
    #[arg(long, value_enum, default_value_t = DeviceArg::Auto)]
    device: DeviceArg,
    /// Set a key of the recipe; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// A JSON file of keys, or the config.json of a run
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take the first values from a trained model of the same shapes, or only from its encoder or its decoder
    #[arg(long, value_name = "RUN[:encoder|:decoder]")]
    init: Option<String>,
    /// Go on with the run in --out from its newest checkpoint; --steps and --epochs are totals
    #[arg(long, requires = "out", conflicts_with_all = ["recipe", "data", "set", "config", "init", "force", "batch", "seed", "device"])]
    resume: bool,
    /// Replace the run that --out already holds
    #[arg(long)]
    force: bool,
    /// Print one JSON object a line as it goes, last a summary
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DeviceArg {
    Auto,
    Gpu,
    Cpu,
}

/// Every key of every recipe, for `--help`.
fn after_help() -> String {
    let mut text = String::new();
    for recipe in Recipe::ALL {
        writeln!(text, "Keys of {} ({}):", recipe.name(), recipe.about()).ok();
        for key in recipe.keys() {
            let default = match Settings::defaults(recipe.keys()).values()[key.name].to_string() {
                default if default.is_empty() => "nothing".to_owned(),
                default => default,
            };
            let unit = if key.unit.is_empty() { String::new() } else { format!(" {}", key.unit) };
            let live = if key.live { ", may change while training" } else { "" };
            writeln!(text, "  {} = {default}{unit}: {}", key.name, key.kind).ok();
            writeln!(text, "      {} [{}{live}]", key.help, key.source).ok();
        }
    }
    text
}

pub(super) fn run(args: &TrainArgs) -> Result<(), Failure> {
    let json = args.json;
    let plan = if args.resume { plan_resume(args)? } else { plan_new(args)? };
    follow(plan, json)
}

fn length(args: &TrainArgs) -> Option<Length> {
    args.steps.map(Length::Steps).or(args.epochs.map(Length::Epochs))
}

fn plan_resume(args: &TrainArgs) -> Result<Plan, Failure> {
    let dir = args.out.as_deref().unwrap_or_else(|| std::path::Path::new("."));
    resume(dir, length(args), false).map_err(failure_from_start)
}

fn plan_new(args: &TrainArgs) -> Result<Plan, Failure> {
    let name = args.recipe.as_deref().unwrap_or_default();
    let recipe = Recipe::from_name(name).ok_or_else(|| {
        let known = Recipe::ALL.iter().map(|recipe| recipe.name()).collect::<Vec<_>>().join(", ");
        usage(anyhow::anyhow!("train: unknown recipe {name:?} (expected one of {known})"))
    })?;
    let data: DataSpec = args.data.as_deref().unwrap_or_default().parse().map_err(usage)?;
    let mut settings = match &args.config {
        Some(file) => settings_from_file(recipe, file)?,
        None => Settings::defaults(recipe.keys()),
    };
    for text in &args.set {
        settings.set_text(text).map_err(usage)?;
    }
    let request = Request {
        recipe,
        settings,
        data,
        length: length(args).unwrap_or(Length::Epochs(10)),
        batch: args.batch,
        seed: args.seed,
        device: match args.device {
            DeviceArg::Cpu => "cpu",
            DeviceArg::Gpu => "gpu",
            DeviceArg::Auto => {
                if crate::engine::has_real_gpu() {
                    "gpu"
                } else {
                    "cpu"
                }
            }
        },
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        watched: false,
        init: args.init.as_deref().map(init).transpose()?,
    };
    request.plan(args.out.as_deref(), args.force).map_err(failure_from_start)
}

/// `RUN`, `RUN:encoder` or `RUN:decoder`.
fn init(text: &str) -> Result<Init, Failure> {
    let named = Part::NAMED
        .into_iter()
        .find_map(|(name, part)| Some((text.strip_suffix(name)?.strip_suffix(':')?, part)));
    let (model, part) = named.unwrap_or((text, Part::Whole));
    let opened = crate::open::open(model).map_err(|error| Failure::Failed(error.into()))?;
    Ok(Init::of(&opened, part))
}

fn settings_from_file(recipe: Recipe, file: &std::path::Path) -> Result<Settings, Failure> {
    let attempt = || format!("read the keys: {}", file.display());
    let text =
        std::fs::read_to_string(file).map_err(|e| anyhow::Error::from(e).context(attempt()))?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|e| usage(anyhow::Error::from(e).context(attempt())))?;
    // The config.json of a run keeps its keys under "settings".
    let keys = value.get("settings").unwrap_or(&value);
    let keys = keys.as_object().ok_or_else(|| {
        usage(anyhow::anyhow!("{}: no JSON object (expected {{\"key\": value, …}})", attempt()))
    })?;
    settings_from_json(recipe, keys).map_err(usage)
}

fn failure_from_start(error: StartError) -> Failure {
    match error {
        StartError::Setting(_) | StartError::Usage(_) => usage(error),
        StartError::Data(_)
        | StartError::Format(_)
        | StartError::Init(_)
        | StartError::Folder(_) => Failure::Failed(error.into()),
    }
}

/// Runs a plan to its end, saying what happens.
fn follow(plan: Plan, json: bool) -> Result<(), Failure> {
    let out = plan.run.path().to_owned();
    for warning in plan.dataset.warnings() {
        output::note(&format!("warning: {warning}"));
    }
    let pressed = Arc::new(AtomicBool::new(false));
    let handler = Arc::clone(&pressed);
    ctrlc::set_handler(move || handler.store(true, Ordering::Relaxed))?;
    let training = Training::start(plan)?;
    let mut report = Report::new(json);
    let mut asked = false;
    loop {
        if pressed.load(Ordering::Relaxed) && !asked {
            asked = true;
            training.ask(Control::Stop);
        }
        match training.events().recv_timeout(Duration::from_millis(100)) {
            Ok(event) => report.take(event)?,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    report.finish(&out)
}

/// What has been said so far.
struct Report {
    json: bool,
    bar: ProgressBar,
    started: Option<RunStarted>,
    last: Vec<(String, f64)>,
    evaluated: Vec<(String, f64)>,
    step: u64,
    elapsed_secs: f64,
    reason: Option<FinishReason>,
    error: Option<anyhow::Error>,
    last_checkpoint: Option<PathBuf>,
}

impl Report {
    fn new(json: bool) -> Self {
        Self {
            json,
            bar: bar(0, "steps"),
            started: None,
            last: Vec::new(),
            evaluated: Vec::new(),
            step: 0,
            elapsed_secs: 0.0,
            reason: None,
            error: None,
            last_checkpoint: None,
        }
    }

    fn take(&mut self, event: Event) -> Result<(), Failure> {
        if self.json {
            self.print(&event)?;
        }
        match event {
            Event::Started(started) => {
                self.bar.set_length(started.total_steps);
                self.bar.set_position(started.first_step);
                self.bar.reset_eta();
                output::note(&format!(
                    "{}: {} parameters, about {} of memory, {}",
                    started.recipe,
                    started.parameters,
                    memory::human(started.memory_bytes),
                    started.device
                ));
                output::note(&format!("run directory: {}", started.run_dir.display()));
                if started.warms_up() {
                    output::note(
                        "the first updates take up to a minute: kernels for the graphics device are chosen and compiled",
                    );
                }
                self.step = started.first_step;
                self.started = Some(started);
            }
            Event::StepsDone { steps, images_per_s } => {
                if let (Some(record), Some(started)) = (steps.last(), &self.started) {
                    self.step = record.step;
                    let values = record.values.iter().map(|value| f64::from(*value));
                    self.last = started.curves.iter().cloned().zip(values).collect();
                    self.last.push(("images_per_s".to_owned(), images_per_s));
                }
                self.bar.set_position(self.step);
                let loss = self.last.first().map_or(f64::NAN, |(_, value)| *value);
                self.bar.set_message(format!("loss {loss:.2}, {images_per_s:.0} images/s"));
            }
            Event::Evaluated { step, values } => {
                let text: Vec<String> =
                    values.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
                self.note(&format!("step {step}: {}", text.join(", ")));
                self.evaluated = values;
            }
            Event::CheckpointSaved { path, .. } => self.last_checkpoint = Some(path),
            Event::Warning { message, .. } => self.note(&format!("warning: {message}")),
            Event::Diverged { step, message, last_checkpoint }
            | Event::Failed { step, message, last_checkpoint } => {
                self.error = Some(ended(step, &message, last_checkpoint.as_deref()));
            }
            Event::Finished { step, reason, elapsed_secs } => {
                self.step = step;
                self.reason = Some(reason);
                self.elapsed_secs = elapsed_secs;
            }
            Event::SettingChanged { .. }
            | Event::CodesChanged { .. }
            | Event::PhaseChanged { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. } => {}
        }
        Ok(())
    }

    /// A line that does not tear the progress bar.
    fn note(&self, text: &str) {
        self.bar.suspend(|| output::note(text));
    }

    /// One JSON object a step, and every other event as it is.
    fn print(&self, event: &Event) -> anyhow::Result<()> {
        let Event::StepsDone { steps, images_per_s } = event else { return output::json(event) };
        for record in steps {
            let mut object =
                json!({"event": "step", "step": record.step, "images_per_s": images_per_s});
            let curves = self.started.as_ref().map_or(&[][..], |started| &started.curves);
            for (name, value) in curves.iter().zip(&record.values) {
                object[name] = json!(value);
            }
            output::json(&object)?;
        }
        Ok(())
    }

    fn finish(self, out: &std::path::Path) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        if let Some(error) = self.error {
            return Err(error.into());
        }
        let Some(reason) = self.reason else {
            return Err(anyhow::anyhow!("train: the run ended without a word").into());
        };
        if reason == FinishReason::Stopped {
            let saved = self.last_checkpoint.as_deref().unwrap_or(out).display();
            output::note(&format!("stopped at step {}, saved in {saved}", self.step));
            output::note(&format!("go on with: zscope train --resume --out {}", out.display()));
        }
        let Some(started) = &self.started else { return Ok(()) };
        // Both over all parts of the run.
        let images_per_s = (self.step * started.batch as u64) as f64 / self.elapsed_secs.max(1e-9);
        let all = self.last.into_iter().chain(self.evaluated);
        if self.json {
            let last: serde_json::Map<_, _> =
                all.map(|(name, value)| (name, json!(value))).collect();
            return Ok(output::json(&json!({
                "event": "summary",
                "steps": self.step,
                "epochs": self.step as f64 / started.steps_per_epoch as f64,
                "seconds": self.elapsed_secs,
                "images_per_s": images_per_s,
                "device": started.device,
                "final": last,
                "out": out,
            }))?);
        }
        output::note(&format!(
            "{} steps in {:.1} s, {images_per_s:.0} images/s",
            self.step, self.elapsed_secs
        ));
        output::line(&out.display().to_string());
        Ok(())
    }
}

fn ended(step: u64, message: &str, last_checkpoint: Option<&std::path::Path>) -> anyhow::Error {
    let kept = last_checkpoint.map_or_else(
        || "no checkpoint was saved".to_owned(),
        |path| format!("the last good checkpoint is {}", path.display()),
    );
    anyhow::anyhow!("{kept}").context(format!("train: step {step}: {message}"))
}

/// A progress bar on standard error, hidden where that is no terminal.
pub(super) fn bar(total: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    let template = format!("{{wide_bar}} {{pos}}/{{len}} {what}, {{eta}} left {{msg}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
