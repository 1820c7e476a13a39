//! Arguments to the command line or to the window; nothing else.

use std::process::ExitCode;

use zscope::cli::{self, Parsed};

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match cli::run(std::env::args_os()) {
        Parsed::Done(status) => status,
        Parsed::Window(args) => cli::exit_status(zscope::app::run(args)),
    }
}
