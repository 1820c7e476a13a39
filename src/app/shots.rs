//! Views of the window as pictures, and points as tensors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eframe::egui;
use eframe::egui::ColorImage;

use super::ZscopeApp;
use super::jobs::Done;
use crate::array::{Array, NamedArrays};
use crate::formats::arrays::{NamedIndices, write_arrays};
use crate::formats::write_whole;
use crate::language::tr;
use crate::session::explore::Place;
use crate::ui::{Notice, Page, Pane};

/// A window that gives no picture in this time gives none.
const LONGEST_SHOT: Duration = Duration::from_secs(2);

impl ZscopeApp {
    /// Writes a view as it is on the screen.
    pub(super) fn save_view(&mut self, ctx: &egui::Context, pane: Pane, path: PathBuf) {
        self.save_part(ctx, self.view.dock.rect(pane), path);
    }

    /// Writes the page that is shown, as it is on the screen.
    pub(super) fn save_page(&mut self, ctx: &egui::Context, path: PathBuf) {
        self.save_part(ctx, self.view.page_rect, path);
    }

    /// Writes a page as it is on the screen, if it is there.
    pub(super) fn save_page_of(&mut self, ctx: &egui::Context, page: Page, path: PathBuf) {
        let rect = self.view.page_rect.filter(|_| self.view.page == page);
        self.save_part(ctx, rect, path);
    }

    /// Writes a part of the window as it is on the screen.
    pub(super) fn save_part(
        &mut self,
        ctx: &egui::Context,
        rect: Option<egui::Rect>,
        path: PathBuf,
    ) {
        let Some(rect) = rect else {
            return self.notice(tr!("Save the view: show it first."), true);
        };
        self.shot_asked = Some(Instant::now());
        let tell = self.jobs.teller();
        let scale = ctx.pixels_per_point();
        // Called with a later frame, when no menu is open any more.
        ctx.request_screenshot(move |screen| {
            tell(Done::View { picture: part_of(&screen, rect, scale), path });
        });
    }

    /// What is told over everything else: nothing while a picture of the window is taken.
    pub(super) fn notices(&self) -> &[Notice] {
        let is_taken = self.shot_asked.is_some_and(|asked| asked.elapsed() < LONGEST_SHOT);
        if is_taken { &[] } else { &self.notices }
    }

    /// Writes a view that was taken off the screen.
    pub(super) fn write_view(&mut self, picture: ColorImage, path: PathBuf) {
        self.shot_asked = None;
        self.jobs.spawn_save(move || {
            let saved = write_whole(&path, |out| write_png(out, &picture));
            saved.map(|()| path).map_err(|error| error.to_string())
        });
    }

    /// Writes the point and all bookmarks as tensors that the command line decodes.
    pub(super) fn save_points(&mut self, path: PathBuf) {
        let Some(model) = &self.model else { return };
        let here = ("this point", self.explore.place());
        let marks = self.kept.bookmarks.iter();
        let marks = marks.map(|mark| (mark.name.as_str(), mark.place.clone()));
        let (names, places): (Vec<&str>, Vec<Place>) = std::iter::once(here).chain(marks).unzip();
        let names = names.join("\n");
        let values = places.iter().flat_map(|place| self.explore.latent_of(place)).collect();
        let mut shape = vec![places.len()];
        shape.extend(model.config.latent());
        let latents = Array::new(shape, values);
        self.jobs.spawn_save(move || {
            let saved = latents
                .map_err(|error| error.to_string())
                .and_then(|latents| write(&path, latents, names));
            saved.map(|()| path)
        });
    }
}

/// The part of a screen in a rectangle of points, as far as it is there.
fn part_of(screen: &ColorImage, rect: egui::Rect, scale: f32) -> ColorImage {
    let [width, height] = screen.size;
    let at = |value: f32, side: usize| ((value * scale).round().max(0.0) as usize).min(side);
    let [left, right] = [rect.left(), rect.right()].map(|x| at(x, width));
    let [top, bottom] = [rect.top(), rect.bottom()].map(|y| at(y, height));
    screen.region_by_pixels([left, top], [right.saturating_sub(left), bottom.saturating_sub(top)])
}

fn write(path: &Path, latents: Array, names: String) -> Result<(), String> {
    let arrays = NamedArrays::from([("latent".to_owned(), latents)]);
    let texts = BTreeMap::from([("names".to_owned(), names)]);
    write_arrays(path, &arrays, &NamedIndices::new(), &texts).map_err(|error| error.to_string())
}

fn write_png(out: &mut impl std::io::Write, picture: &ColorImage) -> std::io::Result<()> {
    let [width, height] = picture.size;
    let rgb: Vec<u8> =
        picture.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let image = image::RgbImage::from_raw(width as u32, height as u32, rgb)
        .ok_or_else(|| std::io::Error::other("a picture of another size"))?;
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).map_err(std::io::Error::other)?;
    out.write_all(png.get_ref())
}
