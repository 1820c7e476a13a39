//! From the start of the window to its first picture.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{Rows, processor};
use crate::engine::wgsl::{self, Gpu};

/// Starts that are measured, behind one that fills the system's caches.
const STARTS: usize = 5;
/// What the window does.
const SCRIPT: &str = "wait picture\ntell shown\nquit\n";
/// A window that shows nothing for so long never will.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn run(rows: &mut Rows) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("script");
    std::fs::write(&script, SCRIPT)?;
    let mut times = Vec::new();
    for _ in 0..=STARTS {
        let begun = Instant::now();
        let mut window = Command::new(std::env::current_exe()?)
            .arg("--script")
            .arg(&script)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start the window")?;
        let (told, shown) = mpsc::sync_channel(1);
        if let Some(said) = window.stdout.take() {
            let reads = move || told.send(BufReader::new(said).lines().next().is_some());
            std::thread::Builder::new().name("zscope-bench".to_owned()).spawn(reads)?;
        }
        let is_shown = shown.recv_timeout(PATIENCE) == Ok(true);
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        if !is_shown {
            window.kill().ok();
        }
        window.wait()?;
        anyhow::ensure!(
            is_shown,
            "start the window: no picture came (expected a screen to open it on)"
        );
    }
    times.remove(0);
    // What `auto` takes.
    let real = wgsl::headless_hardware().filter(|gpu| !gpu.is_software());
    let engine = if real.is_some() { "wgsl" } else { "cpu" };
    let device = real.as_ref().map_or_else(processor, Gpu::describe);
    rows.push("start to first picture", &[1], engine, device, times);
    Ok(())
}
