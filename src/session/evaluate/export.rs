//! A table of measures as text for other programs: CSV, Markdown, JSON.

use std::path::Path;

use serde_json::{Value, json};

use super::{Evaluate, State, Table};
use crate::session::series::csv_cell;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A row a model, under the keys of `zscope eval --json`, all digits.
    Csv,
    /// As the window shows it, the best in bold.
    Markdown,
    /// All that was measured of each model, and why others could not be.
    Json,
}

/// Why a table cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The name does not say how.
    #[error("save the measures: {found} (expected a name that ends in .csv, .md or .json)")]
    Ending {
        /// The name.
        found: String,
    },
    /// There is nothing to save.
    #[error("save the measures: nothing is measured yet (expected at least one model)")]
    Nothing,
}

impl Format {
    /// What the ending of a name asks for.
    ///
    /// # Errors
    /// At an ending that is unknown.
    pub fn of(path: &Path) -> Result<Self, ExportError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "csv" => Ok(Self::Csv),
            "md" | "markdown" => Ok(Self::Markdown),
            "json" => Ok(Self::Json),
            _ => Err(ExportError::Ending { found: path.display().to_string() }),
        }
    }
}

impl Evaluate {
    /// The table as text.
    ///
    /// # Errors
    /// When nothing is measured.
    pub fn export(&self, format: Format) -> Result<String, ExportError> {
        let table = self.table();
        if table.columns.is_empty() {
            return Err(ExportError::Nothing);
        }
        Ok(match format {
            Format::Csv => self.csv(&table),
            Format::Markdown => self.markdown(&table),
            Format::Json => format!("{:#}\n", self.json()),
        })
    }

    fn csv(&self, table: &Table<'_>) -> String {
        let basis = self.basis.as_ref();
        let images = basis.and_then(|basis| basis.images.as_ref());
        let spec = images.map_or("", |images| &images.spec);
        let split = images.map_or_else(String::new, |images| images.split.to_string());
        let seed = basis.map_or_else(String::new, |basis| basis.asked.seed.to_string());
        let about = ["model", "path", "family", "step", "data", "split", "images", "seed"];
        let keys = table.rows.iter().map(|row| row.kind.name);
        let mut text = line(about.into_iter().chain(["features"]).chain(keys).map(str::to_owned));
        for (index, column) in table.columns.iter().enumerate() {
            let (entry, found) = (column.entry, column.found);
            let about = [
                entry.label.clone(),
                entry.candidate.model.clone(),
                found.family.clone(),
                found.step.to_string(),
                spec.to_owned(),
                split.clone(),
                found.images.to_string(),
                seed.clone(),
                found.features.clone().unwrap_or_default(),
            ];
            let value = |row: &super::Row| {
                row.values[index].map_or_else(String::new, |value| value.to_string())
            };
            text += &line(about.into_iter().chain(table.rows.iter().map(value)));
        }
        text
    }

    fn markdown(&self, table: &Table<'_>) -> String {
        let cells =
            |first: &str, cells: Vec<String>| format!("| {first} | {} |\n", cells.join(" | "));
        let columns = &table.columns;
        let names = columns.iter().map(|column| marked_down(&column.entry.label)).collect();
        let families = columns.iter().map(|column| marked_down(&column.found.family)).collect();
        let steps = columns.iter().map(|column| column.found.step.to_string()).collect();
        let mut text =
            format!("{}; {}.\n\n", marked_down(&self.headline()), marked_down(&self.details()));
        text += &cells("measure", names);
        text += &["|---|", &"---:|".repeat(columns.len()), "\n"].concat();
        text += &cells("family", families);
        text += &cells("step", steps);
        for row in &table.rows {
            let title = format!("{} {}", marked_down(&row.title()), row.arrow());
            let value = |column: usize| {
                let text = row.text(column);
                if row.best[column] { format!("**{text}**") } else { text }
            };
            text += &cells(title.trim_end(), (0..columns.len()).map(value).collect());
        }
        text
    }

    fn json(&self) -> Value {
        let models = self.entries.iter().filter_map(|entry| {
            let told = match &entry.state {
                State::Measured(found) => ("measures", Value::Object(found.json.clone())),
                State::Failed(message) => ("error", json!(message)),
                _ => return None,
            };
            let mut model = json!({ "name": entry.label, "model": entry.candidate.model });
            if let State::Measured(found) = &entry.state {
                model["family"] = json!(found.family);
            }
            model[told.0] = told.1;
            Some(model)
        });
        let models: Vec<Value> = models.collect();
        let basis = self.basis.as_ref();
        let images = basis.and_then(|basis| basis.images.as_ref());
        json!({
            "data": images.map(|images| &images.spec),
            "split": images.map(|images| images.split),
            "images": images.map(|images| images.count),
            "seed": basis.map(|basis| basis.asked.seed),
            "classifier": basis.and_then(|basis| basis.asked.classifier.as_ref()),
            "models": models,
        })
    }
}

/// A line of a CSV file.
fn line(cells: impl Iterator<Item = String>) -> String {
    cells.map(|cell| csv_cell(&cell)).collect::<Vec<_>>().join(",") + "\n"
}

/// Text that Markdown shows as it is, in a cell of a table too.
fn marked_down(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '|' | '*' | '_' | '`' | '<' | '[' | ']') {
            shown.push('\\');
        }
        shown.push(if character.is_control() { ' ' } else { character });
    }
    shown
}
