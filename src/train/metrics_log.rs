//! `metrics.csv` of a run directory: one row a step, cut back to the checkpoint on resume.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::event::StepRecord;
use crate::formats::{FormatError, write_whole};

/// The growing table of a run's scalars.
pub(crate) struct MetricsLog {
    path: PathBuf,
    file: BufWriter<File>,
}

impl MetricsLog {
    /// Opens the table with the rows up to `last_step` kept and later or torn ones dropped.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn open(
        path: &Path,
        curves: &[String],
        last_step: u64,
    ) -> Result<Self, FormatError> {
        let header = format!("step,elapsed_secs,images_per_s,{}", curves.join(","));
        let columns = header.split(',').count();
        let bytes = if last_step > 0 { fs::read(path).unwrap_or_default() } else { Vec::new() };
        let old = String::from_utf8_lossy(&bytes);
        let kept = old.split_inclusive('\n').skip(1).filter(|line| {
            let step = line.split(',').next().and_then(|step| step.parse::<u64>().ok());
            let whole = line.ends_with('\n') && line.split(',').count() == columns;
            whole && step.is_some_and(|step| step <= last_step)
        });
        let text: String =
            std::iter::once(format!("{header}\n")).chain(kept.map(str::to_owned)).collect();
        write_whole(path, |file| file.write_all(text.as_bytes()))?;
        let file =
            OpenOptions::new().append(true).open(path).map_err(FormatError::io("open", path))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    /// Adds the rows of a block.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn append(
        &mut self,
        rows: &[StepRecord],
        elapsed_secs: f64,
        images_per_s: f64,
    ) -> Result<(), FormatError> {
        let mut write = || {
            for row in rows {
                write!(self.file, "{},{elapsed_secs:.3},{images_per_s:.1}", row.step)?;
                for value in &row.values {
                    write!(self.file, ",{value}")?;
                }
                writeln!(self.file)?;
            }
            self.file.flush()
        };
        write().map_err(FormatError::io("write", &self.path))
    }
}
