//! `zscope bench`: how long this machine takes, engine beside engine.

mod decode;
mod frames;
mod growth;
mod quantize;
mod startup;
mod train;
mod window;

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Failure, output};
use crate::engine::wgsl::{self, Gpu};

/// Rounds at the least, and at the most.
const ROUNDS: [usize; 2] = [5, 100];
/// How long one case is measured once there are enough rounds.
const ENOUGH: Duration = Duration::from_secs(2);

/// Measure how long decoding, quantizing, training, starting and frames take on this machine, engine beside engine
///
/// Rows of burn-flex and burn-wgpu are of the modules that train, whose convolutions and searches are this program's own.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// What is measured; without, everything
    what: Option<What>,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Latents to images
    Decode,
    /// Vectors to their nearest codes
    Quantize,
    /// Updates of every family
    Train,
    /// From the start of the window to its first picture; needs a screen
    Startup,
    /// Frames of the window at rest, under a hand, beside a training and all at once; needs a screen
    Frames,
    /// Decoding and quantizing more and more at once; only where it is asked for
    Growth,
}

/// What was measured of one engine.
#[derive(Debug, Serialize)]
struct Row {
    /// Case and model.
    what: String,
    engine: &'static str,
    device: String,
    /// The input's, with its batch.
    shape: Vec<usize>,
    median_ms: f64,
    min_ms: f64,
    /// What 99 of 100 runs do not exceed.
    p99_ms: f64,
    runs: usize,
    /// Memory of the window, in megabytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    resident_mb: Option<f64>,
    /// The program's file, in megabytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    program_mb: Option<f64>,
}

impl Row {
    /// What was measured of an engine, in milliseconds.
    fn new(
        what: &str,
        shape: &[usize],
        engine: &'static str,
        device: String,
        mut times: Vec<f64>,
    ) -> Self {
        times.sort_by(f64::total_cmp);
        let runs = times.len();
        let at = |index: usize| times.get(index).copied().unwrap_or(f64::NAN);
        Self {
            what: what.to_owned(),
            engine,
            device,
            shape: shape.to_vec(),
            median_ms: f64::midpoint(at(runs.saturating_sub(1) / 2), at(runs / 2)),
            min_ms: at(0),
            p99_ms: at((runs * 99).div_ceil(100).saturating_sub(1)),
            runs,
            resident_mb: None,
            program_mb: None,
        }
    }

    /// As a person reads it.
    fn line(&self) -> String {
        let shape = self.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
        let memory =
            self.resident_mb.map_or_else(String::new, |mb| format!(", {mb:.0} MB of memory"));
        let size =
            self.program_mb.map_or_else(String::new, |mb| format!(", a program of {mb:.0} MB"));
        format!(
            "{:<36} {shape:<12} {:<11} {:>6} ms {:>6} ms at best {:>6} ms at the 99th of 100  {}{memory}{size}",
            self.what,
            self.engine,
            told(self.median_ms),
            told(self.min_ms),
            told(self.p99_ms),
            self.device
        )
    }
}

/// One engine at one case.
struct Case<'a> {
    engine: &'static str,
    device: String,
    run: Box<dyn FnMut() -> anyhow::Result<()> + 'a>,
}

/// What rows are gathered in; each is shown at once.
struct Rows {
    measured: Vec<Row>,
    is_json: bool,
    /// An engine that is not measured.
    without: Option<&'static str>,
}

impl Rows {
    /// Measures cases that belong together, each once in every round, so that a machine that slows down slows all.
    fn measure(
        &mut self,
        what: &str,
        shape: &[usize],
        mut cases: Vec<Case<'_>>,
    ) -> anyhow::Result<()> {
        cases.retain(|case| Some(case.engine) != self.without);
        // What is compiled, laid out or taken from the system is not measured.
        for case in &mut cases {
            (case.run)()?;
        }
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
        let begun = Instant::now();
        let enough = ENOUGH * cases.len() as u32;
        for round in 0..ROUNDS[1] {
            if round >= ROUNDS[0] && begun.elapsed() > enough {
                break;
            }
            for (case, times) in cases.iter_mut().zip(&mut times) {
                let begun = Instant::now();
                (case.run)()?;
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        for (case, times) in cases.into_iter().zip(times) {
            self.push(Row::new(what, shape, case.engine, case.device, times));
        }
        Ok(())
    }

    /// Adds a row.
    fn push(&mut self, row: Row) {
        if row.runs == 0 {
            return;
        }
        if !self.is_json {
            output::line(&row.line());
        }
        self.measured.push(row);
    }
}

/// Milliseconds to three digits.
fn told(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2}"),
        ms if ms < 100.0 => format!("{ms:.1}"),
        ms => format!("{ms:.0}"),
    }
}

/// The processor, as rows tell it.
fn processor() -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    format!("CPU, {threads} threads")
}

/// The graphics device that shaders run on; without one their rows are left out.
fn graphics() -> Option<Gpu> {
    let gpu = wgsl::headless(false);
    gpu.inspect_err(|error| output::note(&format!("without shaders: {error}"))).ok()
}

/// Adds what it measures.
type Measure = fn(&mut Rows) -> anyhow::Result<()>;

/// Of everything, what a machine without a screen cannot do.
const OF_WINDOW: [(What, Measure); 2] =
    [(What::Startup, startup::run), (What::Frames, frames::run)];

pub(super) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let mut rows = Rows { measured: Vec::new(), is_json: args.json, without: None };
    let is_asked = |what| args.what.is_none_or(|asked| asked == what);
    if is_asked(What::Decode) {
        decode::run(&mut rows, graphics().as_ref())?;
    }
    if is_asked(What::Quantize) {
        quantize::run(&mut rows, graphics().as_ref())?;
    }
    if is_asked(What::Train) {
        train::run(&mut rows)?;
    }
    if args.what == Some(What::Growth) {
        growth::run(&mut rows, graphics().as_ref())?;
    }
    for (what, measure) in OF_WINDOW {
        match is_asked(what).then(|| measure(&mut rows)) {
            Some(Err(error)) if args.what.is_none() => output::error(&error),
            Some(done) => done?,
            None => {}
        }
    }
    if args.json {
        output::json(&rows.measured)?;
    }
    Ok(())
}
