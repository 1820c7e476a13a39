//! `--frame-log`: one CSV row a frame.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

/// Rows `ms,frame_ms,moved`: milliseconds since the program started, milliseconds that the frame took on the
/// window's thread (drawing and painting, without waiting for the screen), and what moved in it.
pub(super) struct FrameLog {
    file: BufWriter<File>,
    start: Instant,
    /// The frame that is not measured yet: when it began and what moved.
    open: Option<(f64, String)>,
}

impl FrameLog {
    /// Begins a log.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path)
            .with_context(|| format!("write the frame log: {}", path.display()))?;
        let mut file = BufWriter::new(file);
        writeln!(file, "ms,frame_ms,moved")?;
        Ok(Self { file, start: Instant::now(), open: None })
    }

    /// A frame begins; `previous_secs` is what the one before took.
    pub(super) fn begin(&mut self, previous_secs: Option<f32>) {
        if let (Some((ms, moved)), Some(secs)) = (self.open.take(), previous_secs) {
            writeln!(self.file, "{ms:.1},{:.2},{moved}", secs * 1e3).ok();
        }
        self.open = Some((self.start.elapsed().as_secs_f64() * 1e3, String::new()));
    }

    /// Something moved in the frame.
    pub(super) fn moved(&mut self, what: &str) {
        if let Some((_, moved)) = &mut self.open {
            if !moved.is_empty() {
                moved.push('+');
            }
            moved.push_str(what);
        }
    }
}
