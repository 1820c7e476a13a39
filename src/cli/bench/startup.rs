//! From the start of the window to its first picture.

use std::time::Instant;

use super::window::{self, Window};
use super::{Row, Rows};

/// Starts that are measured, behind one that fills the system's caches.
const STARTS: usize = 5;
/// What the window does.
const SCRIPT: &str = "wait picture\ntell shown\nwait 600\n";

pub(super) fn run(rows: &mut Rows) -> anyhow::Result<()> {
    let mut times = Vec::new();
    let mut resident_mb = None;
    for _ in 0..=STARTS {
        let begun = Instant::now();
        let window = Window::open(SCRIPT)?;
        window.wait_told()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        resident_mb = window.resident_mb();
    }
    times.remove(0);
    let (engine, device) = window::engine();
    let program = std::fs::metadata(std::env::current_exe()?)?;
    rows.push(Row {
        resident_mb,
        program_mb: Some(program.len() as f64 / 1e6),
        ..Row::new("start to first picture", &[1], engine, device, times)
    });
    Ok(())
}
