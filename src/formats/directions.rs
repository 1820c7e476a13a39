//! Directions of a latent space in safetensors files: one array a direction, under its name, of what one unit of it adds
//! to a latent; what else is known of them stands beside, as JSON.
//!
//! Of other programs' files every array counts that fits the latent space: of one vector, or of one a row.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::FormatError;
use super::arrays::{ArrayFile, NamedIndices, write_arrays};
use crate::array::{Array, NamedArrays};
use crate::latent::directions::Direction;

/// The text beside the arrays.
const TOLD: &str = "zscope.directions";
/// The most directions that are read from one file.
pub const MOST: usize = 1024;
/// The most values that are read from one file.
const MOST_VALUES: usize = 1 << 26;

const READ: &str = "cannot open the directions";

/// Writes directions into one file. Of equal names the last one is written.
///
/// # Errors
/// When the file cannot be written.
pub fn write_directions(path: &Path, directions: &[Direction]) -> Result<(), FormatError> {
    let array = |direction: &Direction| {
        let step = direction.step.clone();
        let array = Array::new([step.len()], step).unwrap_or_else(|_| Array::zeros([0]));
        (direction.name.clone(), array)
    };
    let arrays: NamedArrays = directions.iter().map(array).collect();
    // What the arrays tell is told once.
    let told = |direction: &Direction| {
        let mut told = serde_json::json!(direction);
        if let Some(told) = told.as_object_mut() {
            told.remove("step");
        }
        told
    };
    let told = Value::Array(directions.iter().map(told).collect()).to_string();
    let texts = BTreeMap::from([(TOLD.to_owned(), told)]);
    write_arrays(path, &arrays, &NamedIndices::new(), &texts)
}

/// The directions of a file, for a latent space of `d` dimensions, in the order in which they were written; those of
/// other programs by their names.
///
/// # Errors
/// When the file cannot be read, holds none for that space, too many, or values that are no numbers.
pub fn read_directions(path: &Path, d: usize) -> Result<Vec<Direction>, FormatError> {
    let file = ArrayFile::open(path)?;
    let wrong = |found: String, expected: String| FormatError::content(READ, found, expected, path);
    let mut told: Vec<Direction> =
        file.texts().get(TOLD).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    told.truncate(MOST);
    let mut found = Vec::new();
    let (mut others, mut values) = (Vec::new(), 0);
    for name in file.names() {
        let shape = file.shape(&name).unwrap_or_default().to_vec();
        let len: usize = shape.iter().product();
        let rows =
            if shape.len() > 1 && shape[0] > 0 && len / shape[0] == d { shape[0] } else { 1 };
        if len == 0 || len / rows != d || d == 0 {
            others.push(format!("{name} of shape {shape:?}"));
            continue;
        }
        values += len;
        if values > MOST_VALUES || found.len() + rows > MOST {
            return Err(wrong(
                format!("more than {} directions", found.len()),
                format!("at most {MOST} of {MOST_VALUES} values in all"),
            ));
        }
        let array = file.array(&name)?;
        for (row, step) in array.data().chunks_exact(d).enumerate() {
            let own = if rows == 1 { name.clone() } else { format!("{name} {}", row + 1) };
            let known = told.iter().find(|told| told.name == own).cloned();
            let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let known = known.unwrap_or_else(|| Direction { source, ..Direction::default() });
            let direction = Direction { name: own, step: step.to_vec(), ..known };
            if !direction.fits(d) {
                let found =
                    format!("{} with values that are all zero or no numbers", direction.name);
                return Err(wrong(found, "finite values that lead somewhere".to_owned()));
            }
            found.push(direction);
        }
    }
    if found.is_empty() {
        others.truncate(4);
        let found =
            if others.is_empty() { "no array at all".to_owned() } else { others.join(", ") };
        return Err(wrong(found, format!("arrays of {d} values, as the latent has")));
    }
    let place = |direction: &Direction| {
        told.iter().position(|told| told.name == direction.name).unwrap_or(usize::MAX)
    };
    found.sort_by_key(place);
    Ok(found)
}
