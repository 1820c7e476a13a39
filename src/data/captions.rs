//! Captions that lie beside pictures: `captions.tsv` in a folder, or `NAME.txt` beside `NAME.png`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// More text than any folder of captions holds.
const MAX_BYTES: u64 = 64 << 20;
/// What is kept of one caption, in characters.
const MAX_CHARS: usize = 1000;

/// The captions of `captions.tsv` files, by the path of the picture.
#[derive(Default)]
pub(super) struct CaptionTable {
    by_path: BTreeMap<PathBuf, String>,
    /// Texts of rows that name no picture.
    lone: Vec<String>,
}

impl CaptionTable {
    /// Reads `dir/captions.tsv`: tab-separated, no quoting, a header line with at least `file` and `caption`;
    /// `file` is relative to `dir`, and empty for a text without a picture. Gives back a warning when it is not that.
    pub(super) fn read(&mut self, dir: &Path) -> Option<String> {
        let path = dir.join("captions.tsv");
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(reason) => return Some(format!("captions left out, {reason}: {}", path.display())),
        };
        let mut lines = text.lines();
        let header: Vec<&str> =
            lines.next().unwrap_or_default().split('\t').map(str::trim).collect();
        let column = |name: &str| header.iter().position(|found| found.eq_ignore_ascii_case(name));
        let (Some(file), Some(caption)) = (column("file"), column("caption")) else {
            let found = header.join(", ");
            return Some(format!(
                "captions left out, found columns {found} (expected file, caption): {}",
                path.display()
            ));
        };
        let mut short_lines = 0;
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let fields: Vec<&str> = line.split('\t').collect();
            match (fields.get(file), fields.get(caption)) {
                (Some(file), Some(caption)) => {
                    let Some(caption) = tidy(caption) else { continue };
                    match file.trim() {
                        "" => self.lone.push(caption),
                        file => drop(self.by_path.insert(dir.join(file), caption)),
                    }
                }
                _ => short_lines += 1,
            }
        }
        (short_lines > 0).then(|| {
            format!("{short_lines} lines without a file or a caption left out: {}", path.display())
        })
    }

    /// Texts of no picture.
    pub(super) fn lone(self) -> Vec<String> {
        self.lone
    }

    /// The caption of a picture: from the table, else from a text file of the same name.
    pub(super) fn of(&self, picture: &Path) -> Option<String> {
        self.by_path
            .get(picture)
            .cloned()
            .or_else(|| tidy(&read_text(&picture.with_extension("txt")).ok()?))
    }
}

/// The whole of a text file, as UTF-8 with replacements, or why not.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    // Opening a pipe would wait for ever.
    if !path.is_file() {
        return Err("not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("more than {} MiB (expected a small text file)", MAX_BYTES >> 20));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// One line with single spaces, or nothing if there is no text.
fn tidy(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" ").chars().take(MAX_CHARS).collect())
}
