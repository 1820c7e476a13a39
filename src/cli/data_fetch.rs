//! `zscope data fetch`: standard data sets, with checksums, resumable.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::{Failure, output};
use crate::data::fetch::{Progress, fetch};

/// Download a standard data set, checked and resumable
#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// mnist, fashion-mnist or cifar10
    name: String,
    /// Where to; a folder of that name by default
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Another place to download from, with the same file names
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,
}

pub(super) fn run(args: &FetchArgs) -> Result<(), Failure> {
    let cancel = Arc::new(AtomicBool::new(false));
    let pressed = Arc::clone(&cancel);
    ctrlc::set_handler(move || pressed.store(true, Ordering::Relaxed))?;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let bar = indicatif::ProgressBar::new(0);
    if let Ok(style) = indicatif::ProgressStyle::with_template(
        "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    ) {
        bar.set_style(style);
    }
    let mut show = |progress: Progress| {
        bar.set_length(progress.total_bytes);
        bar.set_position(progress.done_bytes);
        bar.set_message(progress.file);
    };
    fetch(&args.name, &out, &args.mirror, &mut show, &cancel)?;
    bar.finish_and_clear();
    output::line(&format!("{}:{}", args.name, out.display()));
    Ok(())
}
