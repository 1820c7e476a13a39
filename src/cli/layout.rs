//! `zscope layout`: the other process of a layout that the window asks for; see [`crate::layout::process`].

use std::io;

use super::Failure;
use crate::layout::process;

pub(super) fn run() -> Result<(), Failure> {
    // The window keeps a core.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    rayon::ThreadPoolBuilder::new().num_threads(cores.saturating_sub(1).max(1)).build_global()?;
    process::serve(io::stdin().lock(), io::stdout())?;
    Ok(())
}
