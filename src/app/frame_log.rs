//! `--frame-log`: one CSV row a frame.

use std::fs::File;
use std::io::{LineWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

/// Rows `ms,frame_ms,moved`: milliseconds since the program started, milliseconds that the frame took, and
/// what moved in it.
///
/// A frame that is followed by another at once took until that one began, painting and waiting for the
/// screen included; of one that is followed by a pause, only the window's own work is known.
pub(super) struct FrameLog {
    file: LineWriter<File>,
    start: Instant,
    /// The frame that is not measured yet.
    open: Option<Frame>,
}

struct Frame {
    began_ms: f64,
    moved: String,
}

impl FrameLog {
    /// Begins a log.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path)
            .with_context(|| format!("write the frame log: {}", path.display()))?;
        let mut file = LineWriter::new(file);
        writeln!(file, "ms,frame_ms,moved")?;
        Ok(Self { file, start: Instant::now(), open: None })
    }

    /// A frame begins. `previous_secs` is the window's own work for the one before, and `at_once` whether this
    /// one follows it without a pause.
    pub(super) fn begin(&mut self, previous_secs: Option<f32>, at_once: bool) {
        let now_ms = self.start.elapsed().as_secs_f64() * 1e3;
        if let Some(Frame { began_ms, moved }) = self.open.take() {
            let own_ms = f64::from(previous_secs.unwrap_or(0.0)) * 1e3;
            let took_ms = if at_once { now_ms - began_ms } else { own_ms };
            writeln!(self.file, "{began_ms:.1},{took_ms:.2},{moved}").ok();
        }
        self.open = Some(Frame { began_ms: now_ms, moved: String::new() });
    }

    /// Something moved in the frame.
    pub(super) fn moved(&mut self, what: &str) {
        if let Some(Frame { moved, .. }) = &mut self.open {
            if !moved.is_empty() {
                moved.push('+');
            }
            moved.push_str(what);
        }
    }
}
