//! The codes of training images, computed once and kept in the run's directory.

use std::collections::BTreeMap;
use std::path::Path;

use crate::array::NamedArrays;
use crate::formats::FormatError;
use crate::formats::arrays::{ArrayFile, Indices, NamedIndices, write_arrays};
use crate::formats::run_dir::CODES_FILE;

/// The tensor in it, `[images, places]`; -1 for codes that are not known.
const NAME: &str = "indices";

/// Codes by image.
pub(super) struct CodeStore {
    codes: Vec<u32>,
    known: Vec<bool>,
    places: usize,
    /// Whether the file lacks some.
    is_newer: bool,
}

impl CodeStore {
    /// The codes below `most` that a run keeps; none where its file is of other images or codes, or cannot be read: all
    /// of them can be computed again.
    pub(super) fn open(run: &Path, images: usize, places: usize, most: usize) -> Self {
        let (codes, known) = (vec![0; images * places], vec![false; images]);
        let mut store = Self { codes, known, places, is_newer: false };
        let path = run.join(CODES_FILE);
        if !path.is_file() {
            return store;
        }
        let kept = match ArrayFile::open(&path).and_then(|file| file.indices(NAME)) {
            Ok(kept) if kept.shape == [images, places] => kept,
            Ok(_) => return store,
            Err(error) => {
                log::warn!("the codes of training images are computed again: {error}");
                return store;
            }
        };
        for (image, row) in (0..).zip(kept.data.chunks_exact(places.max(1))) {
            let codes = row.iter().map(|&code| u32::try_from(code).ok());
            let codes = codes.map(|code| code.filter(|&code| (code as usize) < most));
            if let Some(codes) = codes.collect::<Option<Vec<u32>>>() {
                store.put(image, &codes);
            }
        }
        store.is_newer = false;
        store
    }

    /// The codes of an image, `[places]`, if they are known.
    pub(super) fn get(&self, image: u32) -> Option<&[u32]> {
        let image = image as usize;
        self.known.get(image)?.then(|| &self.codes[image * self.places..(image + 1) * self.places])
    }

    /// Keeps the codes of an image.
    pub(super) fn put(&mut self, image: u32, codes: &[u32]) {
        let image = image as usize;
        self.codes[image * self.places..(image + 1) * self.places].copy_from_slice(codes);
        self.known[image] = true;
        self.is_newer = true;
    }

    /// Writes all that are known where the file lacks some.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) fn save(&mut self, run: &Path) -> Result<(), FormatError> {
        if !self.is_newer {
            return Ok(());
        }
        let rows = self.codes.chunks_exact(self.places.max(1)).zip(&self.known);
        let data = rows.flat_map(|(codes, known)| {
            codes.iter().map(move |&code| if *known { code.cast_signed() } else { -1 })
        });
        let shape = vec![self.known.len(), self.places];
        let indices = Indices { shape, data: data.collect() };
        let indices = NamedIndices::from([(NAME.to_owned(), indices)]);
        write_arrays(&run.join(CODES_FILE), &NamedArrays::new(), &indices, &BTreeMap::new())?;
        self.is_newer = false;
        Ok(())
    }
}
