//! The pictures of a view as one file, at the model's own pixels.

use std::path::PathBuf;

use eframe::egui;

use super::ZscopeApp;
use super::films::Form;
use crate::array::Array;
use crate::formats::pictures;
use crate::language::tr;
use crate::session::sheets::SheetName;
use crate::session::tiles::{Corners, PAD_TILES};
use crate::session::wanted::Point;
use crate::ui::SheetOf;

impl ZscopeApp {
    /// Writes the pictures of a view as one.
    pub(super) fn save_sheet(&mut self, ctx: &egui::Context, of: SheetOf, path: PathBuf) {
        match of {
            SheetOf::Reconstructions => self.save_probe(path),
            SheetOf::OwnPicture => self.save_row(Ok(self.own_images()), path),
            SheetOf::SideBySide => {
                let images = self.images_side_by_side().map_err(|error| error.to_string());
                self.save_row(images, path);
            }
            SheetOf::Selection => self.save_selection(ctx, path),
            _ => match self.sheet_points(of) {
                Some((points, columns)) => {
                    self.save_pictures(ctx, points, Form::Sheet(columns), path);
                }
                None => self.has_no_sheet(),
            },
        }
    }

    /// What the pictures of a view are made of, and how many stand in a row; nothing where there are none.
    fn sheet_points(&self, of: SheetOf) -> Option<(Vec<Point>, usize)> {
        let (explore, kept) = (&self.explore, &self.kept);
        let seen = |name: SheetName| Some(self.sheets.get(&name)?.to_vec());
        let (points, columns): (Vec<Point>, usize) = match of {
            SheetOf::Pad => {
                let corners = Corners::of(explore);
                let tiles = 0..PAD_TILES * PAD_TILES;
                (tiles.map(|tile| Point::Latent(corners.latent_of(tile))).collect(), PAD_TILES)
            }
            SheetOf::Traversals => (seen(SheetName::Traversals)?, self.view.traversals.columns),
            SheetOf::Directions => (seen(SheetName::Directions)?, usize::MAX),
            SheetOf::Texts => (seen(SheetName::Texts)?, usize::MAX),
            SheetOf::Draws => {
                let points = seen(SheetName::Draws)?;
                let columns = (points.len() as f64).sqrt().ceil() as usize;
                (points, columns)
            }
            SheetOf::Bookmarks => {
                let marks = kept.bookmarks.iter();
                let points = marks.map(|mark| explore.point_of(&mark.place)).collect();
                (points, self.view.bookmarks.columns)
            }
            SheetOf::Stations => {
                let stations = kept.walk.stations().iter();
                let points = stations.map(|station| explore.point_of(&station.place)).collect();
                (points, usize::MAX)
            }
            _ => return None,
        };
        let columns = columns.clamp(1, points.len().max(1));
        (!points.is_empty()).then_some((points, columns))
    }

    /// Writes watched images above what the model makes of them, or draws.
    fn save_probe(&mut self, path: PathBuf) {
        let Some((_, probe)) = self.live.probe.newer_than(0) else { return self.has_no_sheet() };
        self.jobs.spawn_save(move || {
            let saved = probe.write(&path).map(|()| path);
            saved.map_err(|error| format!("save pictures: {error}"))
        });
    }

    /// Writes images side by side.
    fn save_row(&mut self, images: Result<Vec<Array>, String>, path: PathBuf) {
        if images.as_ref().is_ok_and(Vec::is_empty) {
            return self.has_no_sheet();
        }
        self.jobs.spawn_save(move || {
            let saved = images.and_then(|images| {
                let row = pictures::row(&images, 1);
                pictures::write_picture(&path, &row).map_err(|error| error.to_string())
            });
            saved.map(|()| path).map_err(|error| format!("save pictures: {error}"))
        });
    }

    fn has_no_sheet(&mut self) {
        self.notice(tr!("Save the pictures: show them first."), true);
    }
}
