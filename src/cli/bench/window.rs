//! A window that a script drives, for what is measured from outside.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context as _;
use sysinfo::{Pid, ProcessesToUpdate, System};

use super::processor;
use crate::engine::wgsl::{self, Gpu};

/// A window that tells nothing for so long never will.
const PATIENCE: Duration = Duration::from_mins(2);

/// A window with a folder of its own, where its frames are logged and its runs kept. It closes when this is dropped.
pub(super) struct Window {
    process: Child,
    told: mpsc::Receiver<String>,
    folder: tempfile::TempDir,
}

impl Window {
    /// Opens one that does what the lines of a script say.
    pub(super) fn open(script: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("script");
        std::fs::write(&path, script)?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--script")
            .arg(&path)
            .arg("--frame-log")
            .arg(frames(folder.path()))
            .env("ZSCOPE_RUNS", runs(folder.path()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start the window")?;
        let (tell, told) = mpsc::sync_channel(16);
        if let Some(said) = process.stdout.take() {
            let reads = move || {
                // Nobody listens to a window that is measured no more.
                BufReader::new(said)
                    .lines()
                    .map_while(Result::ok)
                    .all(|line| tell.send(line).is_ok())
            };
            std::thread::Builder::new().name("zscope-bench".to_owned()).spawn(reads)?;
        }
        Ok(Self { process, told, folder })
    }

    /// Waits until its script tells a line.
    pub(super) fn wait_told(&self) -> anyhow::Result<()> {
        let told = self.told.recv_timeout(PATIENCE);
        told.map(drop)
            .context("wait for the window: it came to nothing (expected a screen to open it on)")
    }

    /// The memory that it has, in megabytes, where the system tells.
    pub(super) fn resident_mb(&self) -> Option<f64> {
        let pid = Pid::from_u32(self.process.id());
        let mut system = System::new();
        system.refresh_processes(ProcessesToUpdate::Some(&[pid]), true);
        system.process(pid).map(|process| process.memory() as f64 / 1e6)
    }

    /// Its log of frames.
    pub(super) fn frames(&self) -> PathBuf {
        frames(self.folder.path())
    }

    /// The folder of its runs.
    pub(super) fn runs(&self) -> PathBuf {
        runs(self.folder.path())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // It may have closed by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn frames(folder: &Path) -> PathBuf {
    folder.join("frames.csv")
}

fn runs(folder: &Path) -> PathBuf {
    folder.join("runs")
}

/// The engine that decodes for a window, and what it runs on: what `auto` takes.
pub(super) fn engine() -> (&'static str, String) {
    match wgsl::headless_hardware().filter(|gpu| !gpu.is_software()) {
        Some(gpu) => ("wgsl", Gpu::describe(&gpu)),
        None => ("cpu", processor()),
    }
}
