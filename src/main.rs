//! Arguments to the command line or to the window; nothing else.

use std::process::ExitCode;

use zscope::cli::{self, Parsed};

/// Updates take and free the same tensors again and again; the system's allocator gives their pages back in between,
/// and the kernel's zeroing them anew took up to a third of an update.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match cli::run(std::env::args_os()) {
        Parsed::Done(status) => status,
        Parsed::Window(args) => cli::exit_status(zscope::app::run(args)),
    }
}
