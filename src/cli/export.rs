//! `zscope export`: a model as other programs open it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Failure, output, usage};
use crate::formats::export::to_diffusers;
use crate::formats::run_dir::RunDir;
use crate::graph::lower::{OnlyCodes, Task};
use crate::sample::texts;

/// Write a model as other programs open it
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// A run directory (its best checkpoint), DIR@latest, DIR@STEP, a checkpoint file, or a folder of diffusers
    model: String,
    /// For whom
    #[arg(long, value_enum)]
    format: Format,
    /// A new or empty folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A folder that Python's diffusers opens
    Diffusers,
    /// config.json and model.safetensors of one checkpoint, for this program
    Zscope,
}

pub(super) fn run(args: &ExportArgs) -> Result<(), Failure> {
    let opened = crate::open::open(&args.model)?;
    if opened.model.task() == Task::Quantize {
        return Err(usage(anyhow::anyhow!("export: {OnlyCodes}")));
    }
    match (args.format, &opened.run) {
        (Format::Diffusers, _) => {
            to_diffusers(&args.out, &opened.model, &opened.tensors, &opened.facts)?;
        }
        (Format::Zscope, Some(run)) => {
            let tokenizer = opened.tokenizer()?;
            RunDir::export(&args.out, run, &opened.tensors)?;
            if let Some(tokenizer) = tokenizer {
                tokenizer.save(&args.out.join(texts::FILE))?;
            }
        }
        (Format::Zscope, None) => {
            return Err(usage(anyhow::anyhow!(
                "export: a model of {} has no run (expected a run of this program; --format diffusers writes this one)",
                opened.source
            )));
        }
    }
    output::line(&args.out.display().to_string());
    Ok(())
}
