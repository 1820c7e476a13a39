//! `zscope bench`: how long this machine takes, engine beside engine.

mod decode;
mod growth;
mod quantize;
mod startup;
mod train;

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Failure, output};
use crate::engine::wgsl::{self, Gpu};

/// Rounds at the least, and at the most.
const ROUNDS: [usize; 2] = [5, 100];
/// How long one case is measured once there are enough rounds.
const ENOUGH: Duration = Duration::from_secs(2);

/// Measure how long decoding, quantizing, training and starting take on this machine, engine beside engine
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
    runs: usize,
}

/// One engine at one case.
struct Case<'a> {
    engine: &'static str,
    device: String,
    run: Box<dyn FnMut() -> anyhow::Result<()> + 'a>,
}

/// What rows are gathered in; each is shown at once.
struct Rows {
    rows: Vec<Row>,
    is_json: bool,
}

impl Rows {
    /// Measures cases that belong together, each once in every round, so that a machine that slows down slows all.
    fn measure(
        &mut self,
        what: &str,
        shape: &[usize],
        mut cases: Vec<Case<'_>>,
    ) -> anyhow::Result<()> {
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
            self.push(what, shape, case.engine, case.device, times);
        }
        Ok(())
    }

    /// Adds what was measured of an engine, in milliseconds.
    fn push(
        &mut self,
        what: &str,
        shape: &[usize],
        engine: &'static str,
        device: String,
        mut times: Vec<f64>,
    ) {
        times.sort_by(f64::total_cmp);
        let Some(&min_ms) = times.first() else { return };
        let runs = times.len();
        let median_ms = f64::midpoint(times[(runs - 1) / 2], times[runs / 2]);
        let row = Row {
            what: what.to_owned(),
            engine,
            device,
            shape: shape.to_vec(),
            median_ms,
            min_ms,
            runs,
        };
        if !self.is_json {
            let shape = row.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
            output::line(&format!(
                "{:<28} {shape:<16} {:<11} {:>10} ms {:>10} ms at best  {}",
                row.what,
                row.engine,
                told(row.median_ms),
                told(row.min_ms),
                row.device
            ));
        }
        self.rows.push(row);
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

pub(super) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let mut rows = Rows { rows: Vec::new(), is_json: args.json };
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
    // Of everything, it is what a machine without a screen cannot do.
    match is_asked(What::Startup).then(|| startup::run(&mut rows)) {
        Some(Err(error)) if args.what.is_none() => output::error(&error),
        Some(done) => done?,
        None => {}
    }
    if args.json {
        output::json(&rows.rows)?;
    }
    Ok(())
}
