//! The map as files: what is seen of it, its points, their latents.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{self, ColorImage, Rect};

use super::ZscopeApp;
use super::thumbs::image_of;
use crate::array::{Array, NamedArrays};
use crate::codec::CodecError;
use crate::formats::arrays::{Indices, NamedIndices, write_arrays};
use crate::formats::{pictures, write_whole};
use crate::language::{tr, tr_later};
use crate::train::memory::{available_bytes, check_pictures};

/// A picture of the map, and where to write it.
pub(super) struct Cut {
    picture: ColorImage,
    path: PathBuf,
}

impl ZscopeApp {
    /// Has a picture taken of the window, of which the map is cut out and written as soon as it is there.
    pub(in crate::app) fn save_map_picture(&mut self, ctx: &egui::Context, path: PathBuf) {
        let rect = self.view.map.rect().filter(|_| self.map.state.placed().is_some());
        let Some(rect) = rect else {
            let text = tr!("save the map: it is not shown (open the tab Map first)");
            return self.notice(text, true);
        };
        let (slot, woken) = (self.map.screenshot.clone(), ctx.clone());
        let scale = ctx.pixels_per_point();
        ctx.request_screenshot(move |picture| {
            slot.put(Cut { picture: part_of(&picture, rect * scale), path });
            woken.request_repaint();
        });
        ctx.request_repaint();
    }

    /// Writes the picture of the map once it was taken.
    pub(super) fn save_screenshot(&mut self) {
        let newer = self.map.screenshot.newer_than(self.map.seen_screenshot);
        let Some((seen, cut)) = newer else { return };
        self.map.seen_screenshot = seen;
        self.jobs.spawn_save(move || {
            let [width, height] = cut.picture.size.map(|side| side as u32);
            let pixels = cut.picture.pixels.iter();
            let rgb = pixels.flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
            let image = image::RgbImage::from_raw(width, height, rgb)
                .ok_or("save the map: a picture of another size")?;
            let mut bytes = std::io::Cursor::new(Vec::new());
            image
                .write_to(&mut bytes, image::ImageFormat::Png)
                .map_err(|error| format!("save the map: {error}"))?;
            write_whole(&cut.path, |out| out.write_all(bytes.get_ref()))
                .map(|()| cut.path.clone())
                .map_err(|error| error.to_string())
        });
    }

    /// Writes the images of the selected points as one picture, in about as many rows as columns.
    pub(in crate::app) fn save_selection(&mut self, ctx: &egui::Context, path: PathBuf) {
        let selected = self.map.state.selected().to_vec();
        let (Some(points), Some(model)) = (self.map.state.points().cloned(), &self.model) else {
            return;
        };
        if selected.is_empty() {
            return self.notice(tr!("Save the pictures: show them first."), true);
        }
        // One by one, together, and once more as they are written.
        let values = 3 * model.image.len();
        if let Err(error) = check_pictures(selected.len(), values, available_bytes()) {
            return self.notice(tr!("save pictures: {}", error), true);
        }
        let data = self.dataset.as_ref().map(|(_, data)| Arc::clone(data));
        let task = self.tasks.begin(tr_later!("Saving pictures"));
        let watch = task.watch(ctx);
        self.jobs.spawn_save(move || {
            let write = || -> Result<(), CodecError> {
                let (mut shape, mut values) = (Vec::new(), Vec::new());
                for (index, &point) in selected.iter().enumerate() {
                    watch.whole().tell(index as f64 / selected.len() as f64)?;
                    let image = image_of(point, &points, data.as_deref());
                    let image = image.ok_or("there is no image of a selected point")?;
                    shape = image.shape().to_vec();
                    values.extend_from_slice(image.data());
                }
                shape[0] = selected.len();
                let columns = (selected.len() as f64).sqrt().ceil() as usize;
                let sheet = pictures::sheet(&Array::new(shape, values)?, columns, 1);
                Ok(pictures::write_picture(&path, &sheet)?)
            };
            let written = write();
            drop(task);
            written.map(|()| path).map_err(|error| format!("save pictures: {error}"))
        });
    }

    /// Writes the selected points, or all, as CSV.
    pub(in crate::app) fn save_map_points(&mut self, path: PathBuf) {
        if self.map.state.placed().is_none() {
            return self.notice(tr!("save the points of the map: there are none yet"), true);
        }
        let classes = self.dataset.as_ref().map_or(&[][..], |(_, data)| data.class_names());
        let text = self.map.state.csv(classes);
        self.jobs.spawn_save(move || {
            let saved = write_whole(&path, |out| out.write_all(text.as_bytes()));
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }

    /// Writes the latents of the selected points, or of all, with the numbers of these.
    pub(in crate::app) fn save_map_latents(&mut self, path: PathBuf) {
        let Some(points) = self.map.state.points().cloned() else {
            return self.notice(tr!("save the latents of the map: there are none yet"), true);
        };
        let exported = self.map.state.exported();
        self.jobs.spawn_save(move || {
            let rows = exported.iter().flat_map(|&point| points.latents.row(point as usize));
            let data = rows.copied().collect();
            let latents = Array::new([exported.len(), points.latents.row_len()], data)
                .map_err(|error| error.to_string())?;
            let arrays = NamedArrays::from([("latents".to_owned(), latents)]);
            let numbers = Indices {
                shape: vec![exported.len()],
                data: exported.iter().map(|&point| point.cast_signed()).collect(),
            };
            let indices = NamedIndices::from([("points".to_owned(), numbers)]);
            let texts = BTreeMap::from([("step".to_owned(), points.step.to_string())]);
            write_arrays(&path, &arrays, &indices, &texts)
                .map(|()| path)
                .map_err(|error| error.to_string())
        });
    }
}

/// The part of a picture that lies in a rectangle, in pixels.
fn part_of(picture: &ColorImage, rect: Rect) -> ColorImage {
    let [width, height] = picture.size;
    let [left, right] = [rect.left(), rect.right()].map(|at| (at.max(0.0) as usize).min(width));
    let [top, bottom] = [rect.top(), rect.bottom()].map(|at| (at.max(0.0) as usize).min(height));
    picture.region_by_pixels([left, top], [right - left, bottom - top])
}
