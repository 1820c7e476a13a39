//! Runs that may take long: what one takes is said before it starts, how far it is while it goes on, and Ctrl-C
//! ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Failure, output, usage};
use crate::codec::{Codec, CodecError, Memory, Way};
use crate::engine::EngineError;
use crate::open::Opened;
use crate::train::memory::{self, available_bytes, check_run, human};
use crate::watch::Watch;

/// From so many bytes on it is said what a run takes.
const WORTH_SAYING: u64 = 256 << 20;

/// Weights that take less are left out.
const WORTH_ADDING: u64 = 1 << 20;

/// A run that takes longer than this shows how far it is.
const LONG: Duration = Duration::from_millis(500);

/// The runs of one verb.
pub(super) struct LongRun {
    stop: Arc<AtomicBool>,
    bar: ProgressBar,
}

impl LongRun {
    /// Those of a codec; from now on Ctrl-C ends them, where they can be ended.
    pub(super) fn new(codec: &dyn Codec, first: Way) -> Result<Self, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        if codec.memory(first).is_some() {
            let pressed = Arc::clone(&stop);
            ctrlc::set_handler(move || pressed.store(true, Ordering::Relaxed))?;
        }
        Ok(Self { stop, bar: ProgressBar::hidden() })
    }

    /// Says what a run takes where that is much, and watches it from here on.
    ///
    /// # Errors
    /// When it takes more than there is.
    pub(super) fn begin(&mut self, codec: &mut dyn Codec, way: Way) -> Result<(), Failure> {
        if let Some(memory) = codec.memory(way) {
            if memory.weights + memory.values > WORTH_SAYING {
                output::note(&says(way, memory));
            }
            // What a graphics device has to spare it does not say: there the allocation itself fails.
            if !codec.engine().starts_with("wgsl") {
                // The engine has its weights already.
                let what = format!("one image is {}", verb(way));
                check_run(&what, memory.values, available_bytes()).map_err(anyhow::Error::msg)?;
            }
        }
        self.bar = bar(way);
        let (stop, bar) = (Arc::clone(&self.stop), self.bar.clone());
        let (started, is_shown) = (Instant::now(), AtomicBool::new(false));
        codec.watch(&Watch::new(move |share| {
            if started.elapsed() > LONG && !is_shown.swap(true, Ordering::Relaxed) {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.set_position((share * 1000.0) as u64);
            !stop.load(Ordering::Relaxed)
        }));
        Ok(())
    }

    /// What a run gave, or why there is nothing.
    pub(super) fn end<T>(&self, result: Result<T, CodecError>) -> Result<T, Failure> {
        self.bar.finish_and_clear();
        result.map_err(|error| match error.downcast_ref() {
            Some(EngineError::Stopped(_)) => Failure::Stopped,
            _ => anyhow::Error::from_boxed(error).into(),
        })
    }
}

/// Refuses more pictures, with their latents, than there is memory for.
pub(super) fn check_pictures(verb: &str, count: usize, opened: &Opened) -> Result<(), Failure> {
    let latent: usize = opened.model.latent().iter().product();
    // As they are decoded, and once more as they are written.
    let values = latent + 2 * opened.image.len();
    let checked = memory::check_pictures(count, values, available_bytes());
    checked.map_err(|error| usage(anyhow::anyhow!("{verb}: {error}")))
}

fn bar(way: Way) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::hidden());
    let template = format!("{{wide_bar}} {{percent}} % {}, {{eta}} left", verb(way));
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}

fn verb(way: Way) -> &'static str {
    match way {
        Way::Encode => "encoded",
        Way::Decode | Way::DecodeIndices => "decoded",
    }
}

fn says(way: Way, memory: Memory) -> String {
    let values = human(memory.values);
    let weights = match memory.weights {
        0..WORTH_ADDING => String::new(),
        bytes => format!(" and {} for its weights", human(bytes)),
    };
    format!("one image is {} with {values} of memory at most{weights}", verb(way))
}
