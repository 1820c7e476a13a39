//! Updates of every family.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{Row, Rows, processor};
use crate::engine::wgsl::{self, Gpu};
use crate::event::Event;
use crate::train::recipe::Recipe;
use crate::train::settings::Settings;
use crate::train::start::{Length, Request};
use crate::train::worker::{Control, Training};

/// Updates before those that are measured: memory is taken and, on a graphics device, kernels are chosen.
const WARM_UP: u64 = 10;
/// How long updates are measured, in each of so many rounds.
const ENOUGH: Duration = Duration::from_secs(4);
const ROUNDS: usize = 2;
/// Images of an update, as a run without `--batch` has it.
const BATCH: usize = 128;

/// A model that a recipe makes.
pub(super) struct Made<'a> {
    pub(super) recipe: Recipe,
    pub(super) data: &'a str,
    pub(super) keys: &'a [&'a str],
}

impl Made<'_> {
    /// Trains it by one update on the CPU.
    pub(super) fn make(&self, out: &Path) -> anyhow::Result<()> {
        let training = self.begin(out, 2, Length::Steps(1), "cpu")?;
        while let Ok(event) = training.events().recv() {
            if let Event::Failed { message, .. } = event {
                anyhow::bail!("train {}: {message}", self.recipe.name());
            }
        }
        Ok(())
    }

    fn begin(
        &self,
        out: &Path,
        batch: usize,
        length: Length,
        device: &'static str,
    ) -> anyhow::Result<Training> {
        let mut settings = Settings::defaults(self.recipe.keys());
        for key in ["eval_images=8"].iter().chain(self.keys) {
            settings.set_text(key)?;
        }
        let request = Request {
            recipe: self.recipe,
            settings,
            data: self.data.parse()?,
            length,
            batch,
            seed: 0,
            device,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            watched: false,
            init: None,
        };
        Ok(Training::start(request.plan(Some(out), true)?)?)
    }

    /// The milliseconds of updates behind the warm-up.
    pub(super) fn updates(
        &self,
        out: &Path,
        batch: usize,
        device: &'static str,
    ) -> anyhow::Result<Vec<f64>> {
        let training = self.begin(out, batch, Length::Epochs(100), device)?;
        let mut times = Vec::new();
        let mut begun: Option<Instant> = None;
        while let Ok(event) = training.events().recv() {
            match event {
                Event::StepsDone { steps, images_per_s }
                    if steps.first().is_some_and(|first| first.step > WARM_UP) =>
                {
                    times.extend(steps.iter().map(|_| batch as f64 * 1e3 / images_per_s));
                    if begun.get_or_insert_with(Instant::now).elapsed() > ENOUGH {
                        training.ask(Control::Stop);
                    }
                }
                Event::Failed { message, .. } => {
                    anyhow::bail!("train {}: {message}", self.recipe.name())
                }
                _ => {}
            }
        }
        Ok(times)
    }
}

pub(super) fn run(rows: &mut Rows) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let codes = folder.path().join("codes");
    Made { recipe: Recipe::VqVae, data: "shapes", keys: &["hidden=16"] }.make(&codes)?;
    let codes = format!("codes={}", codes.display());
    let real = wgsl::headless_hardware().filter(|gpu| !gpu.is_software());
    let mut devices = vec![("cpu", "burn-flex", processor())];
    devices.extend(real.as_ref().map(|gpu| ("gpu", "burn-wgpu", Gpu::describe(gpu))));
    for &recipe in Recipe::ALL {
        let keys: &[&str] = if recipe == Recipe::Prior { &[&codes] } else { &[] };
        let model = Made { recipe, data: "shapes", keys };
        let mut times = vec![Vec::new(); devices.len()];
        for _ in 0..ROUNDS {
            for ((device, ..), times) in devices.iter().zip(&mut times) {
                times.extend(model.updates(&folder.path().join("run"), BATCH, device)?);
            }
        }
        for ((_, engine, device), times) in devices.iter().zip(times) {
            let what = format!("train {}", recipe.name());
            rows.push(Row::new(&what, &[BATCH, 3, 32, 32], engine, device.clone(), times));
        }
    }
    Ok(())
}
