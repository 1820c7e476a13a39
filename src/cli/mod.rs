//! The command line: one thin file per subcommand, over the same library functions as the window.

mod bench;
mod caption;
mod codebook;
mod codec_verbs;
mod data_fetch;
mod directions;
mod draws;
mod eval;
mod export;
mod info;
mod layout;
mod long_run;
mod output;
mod places;
mod sample;
mod train;
mod walks;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::data::DataSpec;
use crate::engine::EngineKind;
use crate::graph::lower::{OnlyCodes, Task};
use crate::open::Opened;

/// Zscope, an oscilloscope for latent spaces.
#[derive(Debug, Parser)]
#[command(name = "zscope", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    window: WindowArgs,
}

/// What the window opens with.
#[derive(Clone, Debug, Args)]
pub struct WindowArgs {
    /// A run directory, a model folder or file, a workspace, a picture, a folder of pictures, a dSprites file, demo:vae
    /// or demo:vq-vae
    pub path: Option<PathBuf>,
    /// What decodes: auto, wgsl (compute shaders), wgsl-f16 (the same over weights in half precision), cpu or twin
    /// (scalar reference)
    #[arg(long, default_value_t = EngineKind::Auto)]
    pub engine: EngineKind,
    /// Write one CSV row a frame: ms since start, frame ms, what moved
    #[arg(long, value_name = "FILE")]
    pub frame_log: Option<PathBuf>,
    /// Replay commands from a file, for pictures and tests
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Train(train::TrainArgs),
    Info(info::InfoArgs),
    Encode(codec_verbs::EncodeArgs),
    Decode(codec_verbs::DecodeArgs),
    Reconstruct(codec_verbs::ReconstructArgs),
    Eval(eval::EvalArgs),
    Codebook(codebook::CodebookArgs),
    Sample(sample::SampleArgs),
    Caption(caption::CaptionArgs),
    Interpolate(walks::InterpolateArgs),
    Traverse(walks::TraverseArgs),
    Directions(directions::DirectionsArgs),
    Export(export::ExportArgs),
    Bench(bench::BenchArgs),
    /// Lays vectors out for the window, over pipes
    #[command(hide = true)]
    Layout,
    /// Standard data sets
    #[command(subcommand)]
    Data(DataVerb),
}

#[derive(Debug, Subcommand)]
enum DataVerb {
    Fetch(data_fetch::FetchArgs),
}

/// Which model, and what runs it.
#[derive(Clone, Debug, Args)]
struct ModelArgs {
    /// A run directory (its best checkpoint), DIR@latest, DIR@STEP, a checkpoint file, or FILE#TENSOR for a codebook
    /// alone
    model: String,
    /// What runs it: auto, wgsl (compute shaders), wgsl-f16 (the same over weights in half precision), cpu, twin
    /// (scalar reference) or burn (training module)
    #[arg(long, default_value_t = EngineKind::Auto)]
    engine: EngineKind,
}

/// A verb that did not do what it was asked.
#[derive(Debug)]
enum Failure {
    /// The request makes no sense: exit status 2.
    Usage(anyhow::Error),
    /// The request could not be met: exit status 1.
    Failed(anyhow::Error),
    /// Ctrl-C ended it before anything was written: exit status 130, as shells have it.
    Stopped,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Marks an error as wrong usage.
fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Usage(error.into())
}

/// The model of a verb that runs one: a codebook alone cannot be run.
fn open_to_run(verb: &str, model: &ModelArgs) -> Result<Opened, Failure> {
    let opened = crate::open::open(&model.model)?;
    match opened.model.task() {
        Task::Quantize => Err(usage(anyhow::anyhow!("{verb}: {OnlyCodes}"))),
        _ => Ok(opened),
    }
}

/// The data that was named, else what belongs to the model.
fn data_of(named: Option<&str>, opened: &Opened) -> Result<DataSpec, Failure> {
    let own = opened.data();
    let Some(data) = named.or(own.as_deref()) else {
        return Err(usage(anyhow::anyhow!(
            "open the data: the model tells of none (expected --data DATA, images of {})",
            opened.image
        )));
    };
    data.parse().map_err(usage)
}

/// What the arguments ask for.
pub enum Parsed {
    /// A window.
    Window(WindowArgs),
    /// A verb was run; this is its exit status.
    Done(ExitCode),
}

/// Parses the arguments and runs the verb where there is one.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Parsed {
    crate::train::device::configure();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            error.print().ok();
            return Parsed::Done(ExitCode::from(error.exit_code() as u8));
        }
    };
    let Some(verb) = cli.verb else {
        return match check_window(&cli.window) {
            Ok(()) => Parsed::Window(cli.window),
            refused => Parsed::Done(status_of(refused)),
        };
    };
    let result = match verb {
        Verb::Train(args) => train::run(&args),
        Verb::Info(args) => info::run(&args),
        Verb::Export(args) => export::run(&args),
        Verb::Encode(args) => codec_verbs::encode(&args),
        Verb::Decode(args) => codec_verbs::decode(&args),
        Verb::Reconstruct(args) => codec_verbs::reconstruct(&args),
        Verb::Eval(args) => eval::run(&args),
        Verb::Codebook(args) => codebook::run(&args),
        Verb::Sample(args) => sample::run(&args),
        Verb::Caption(args) => caption::run(&args),
        Verb::Interpolate(args) => walks::interpolate(&args),
        Verb::Traverse(args) => walks::traverse(&args),
        Verb::Layout => layout::run(),
        Verb::Directions(args) => directions::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Data(DataVerb::Fetch(args)) => data_fetch::run(&args),
    };
    Parsed::Done(status_of(result))
}

/// The exit status of the window; says what went wrong.
pub fn exit_status(result: anyhow::Result<()>) -> ExitCode {
    status_of(result.map_err(Failure::Failed))
}

fn status_of(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(error)) => {
            output::error(&error);
            ExitCode::from(2)
        }
        Err(Failure::Failed(error)) => {
            output::error(&error);
            ExitCode::from(1)
        }
        Err(Failure::Stopped) => {
            output::note("stopped before it was done: nothing was written");
            ExitCode::from(130)
        }
    }
}

/// Refuses what no window can be opened with; a path that is not there is most likely a verb with a slip in it.
fn check_window(window: &WindowArgs) -> Result<(), Failure> {
    if window.engine == EngineKind::Burn {
        return Err(usage(anyhow::anyhow!(
            "open the window: --engine burn (expected auto, wgsl, wgsl-f16, cpu or twin; burn is for the verbs that run a model)"
        )));
    }
    let is_there = |path: &&PathBuf| path.exists() || crate::open::names_model(path);
    let Some(path) = window.path.as_ref().filter(|path| !is_there(path)) else { return Ok(()) };
    let verbs: Vec<String> = Cli::command()
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .map(|verb| verb.get_name().to_owned())
        .collect();
    Err(usage(anyhow::anyhow!(
        "open the window: no such file or directory (expected something to open, or one of the verbs {}): {}",
        verbs.join(", "),
        path.display()
    )))
}
