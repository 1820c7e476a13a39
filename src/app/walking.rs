//! What moves by itself, and points that are kept.

use eframe::egui;

use super::jobs::Chosen;
use super::{Model, ZscopeApp, dialogs};
use crate::language::tr;
use crate::session::anchor::{Anchor, Anchors};
use crate::session::explore::{CornerSource, Place};
use crate::ui::{BookmarkAsk, Page, Pane, SeedsAsk, StationAsk};

/// The longest time that one frame makes up for, in seconds: after a longer pause nothing jumps.
const LONGEST_STEP: f32 = 0.1;

impl ZscopeApp {
    /// Points that have names.
    pub(super) fn anchors(&self) -> Anchors<'_> {
        Anchors {
            explore: &self.explore,
            watched: &self.probe_latents,
            bookmarks: &self.kept.bookmarks,
            own: &self.own.state,
            map: &self.map.state,
        }
    }

    /// Puts away what was kept for the model before, and takes out what was kept for another.
    pub(super) fn keep_for(&mut self, model: &Model) {
        let key = model.key();
        let before = std::mem::take(&mut self.kept);
        let before_key = std::mem::replace(&mut self.kept_key, key.clone());
        if before.is_empty() {
            self.kept_before.remove(&before_key);
        } else {
            self.kept_before.insert(before_key, before);
        }
        self.kept = self.kept_before.get(&key).cloned().unwrap_or_default();
        self.kept.retain_fitting(&self.explore);
        self.drift = [0.0; 2];
    }

    /// Moves on the plane of seeds.
    pub(super) fn ask_seeds(&mut self, ask: SeedsAsk) {
        match ask {
            SeedsAsk::Go(at) => self.set_seeds(at),
            SeedsAsk::Snap => {
                self.explore.begin_edit();
                self.drift = [0.0; 2];
                self.move_point(|app| app.explore.snap_seeds());
                self.pad_is_stale = true;
            }
            SeedsAsk::Leave => self.explore.leave_seeds(),
            SeedsAsk::Drift(drift) => {
                self.kept.walk.play(false);
                self.drift = drift.map(|speed| if speed.is_finite() { speed } else { 0.0 });
            }
        }
    }

    /// Keeps points, and returns to them.
    pub(super) fn ask_bookmarks(&mut self, ask: BookmarkAsk) {
        let bookmarks = &mut self.kept.bookmarks;
        match ask {
            BookmarkAsk::Add => self.add_bookmark(),
            BookmarkAsk::GoTo(index) => self.go_to_bookmark(index),
            BookmarkAsk::Rename { index, name } => bookmarks.rename(index, &name),
            BookmarkAsk::Replace(index) => bookmarks.replace(index, self.explore.place()),
            BookmarkAsk::Remove(index) => bookmarks.remove(index),
            BookmarkAsk::AtCorner { index, corner } => self.bookmark_at_corner(index, corner),
        }
    }

    /// Changes the walk.
    pub(super) fn ask_stations(&mut self, ctx: &egui::Context, ask: StationAsk) {
        let walk = &mut self.kept.walk;
        match ask {
            StationAsk::Add(anchor) => self.add_station(anchor),
            StationAsk::Replace(index) => walk.replace(index, self.explore.place()),
            StationAsk::Move { from, to } => walk.reorder(from, to),
            StationAsk::Remove(index) => walk.remove(index),
            StationAsk::SetSecs { index, secs } => walk.set_secs(index, secs),
            StationAsk::Clear => walk.clear(),
            StationAsk::Change { speed, easing, looping } => walk.change(speed, easing, looping),
            StationAsk::Seek(secs) => {
                walk.seek(secs);
                self.follow_walk();
            }
            StationAsk::Play(is_playing) => self.play_walk(is_playing),
            StationAsk::Save { pictures, path: Some(path) } => self.save_walk(ctx, pictures, path),
            StationAsk::Save { pictures, path: None } => {
                dialogs::ask(&self.jobs, Chosen::Walk { pictures });
            }
        }
    }

    /// Moves what moves by itself.
    pub(super) fn advance(&mut self, ctx: &egui::Context) {
        let is_drifting =
            self.drift.iter().any(|speed| *speed != 0.0) && self.explore.seeds().is_some();
        if !is_drifting && !self.kept.walk.is_playing() {
            return;
        }
        let passed = ctx.input(|input| input.unstable_dt).min(LONGEST_STEP);
        if self.kept.walk.advance(passed) {
            self.follow_walk();
        } else if is_drifting && let Some(seeds) = self.explore.seeds() {
            let at = [0, 1].map(|axis| seeds.at[axis] + f64::from(self.drift[axis] * passed));
            self.set_seeds(at);
        }
        ctx.request_repaint();
    }

    /// Goes to a place on the plane of seeds.
    fn set_seeds(&mut self, at: [f64; 2]) {
        let before = self.explore.seeds().map(|seeds| seeds.cell);
        self.move_point(|app| app.explore.set_seeds(at));
        self.pad_is_stale |= self.explore.seeds().map(|seeds| seeds.cell) != before;
    }

    /// Goes to where the walk is.
    fn follow_walk(&mut self) {
        let walk = &self.kept.walk;
        let latent = walk.latent_at(walk.secs(), self.explore.mixing(), &self.explore);
        if let Some(latent) = latent {
            self.move_point(|app| app.explore.set_latent(&latent));
        }
    }

    /// Lets the walk go on by itself, or stops it.
    fn play_walk(&mut self, is_playing: bool) {
        if is_playing {
            self.explore.begin_edit();
            self.drift = [0.0; 2];
        }
        self.kept.walk.play(is_playing);
    }

    /// Keeps the point that is shown.
    fn add_bookmark(&mut self) {
        let place = self.explore.place();
        let name = |number| tr!("Point {}", number);
        if self.kept.bookmarks.add_as(place, name).is_none() {
            self.notice(tr!("Keep this point: there are too many kept points."), true);
        }
    }

    /// Goes to a point that was kept.
    fn go_to_bookmark(&mut self, index: usize) {
        let Some(place) = self.kept.bookmarks.get(index).map(|mark| mark.place.clone()) else {
            return;
        };
        self.move_point(|app| app.explore.visit(&place));
    }

    /// Puts a corner of the pad where a bookmark is.
    fn bookmark_at_corner(&mut self, index: usize, corner: usize) {
        if let Some(latent) = self.anchors().latent(Anchor::Bookmark(index)) {
            self.move_corners(|app| app.explore.put_corner(corner, latent));
        }
    }

    /// Puts a corner of the pad onto a point; onto a watched image so that it follows the encoder.
    pub(super) fn point_to_corner(&mut self, index: usize, anchor: Anchor) {
        let source = match anchor {
            Anchor::Point => Some(CornerSource::Point),
            Anchor::Image(image) => Some(CornerSource::Image(image)),
            _ => None,
        };
        if let Some(source) = source {
            self.move_corners(|app| app.explore.set_corner(index, source, &app.probe_latents));
        } else if let Some(latent) = self.anchors().latent(anchor) {
            self.move_corners(|app| app.explore.put_corner(index, latent));
        }
    }

    /// Goes to a point that has a name.
    pub(super) fn go_to(&mut self, anchor: Anchor) {
        if let Some(latent) = self.anchors().latent(anchor) {
            self.explore.begin_edit();
            self.move_point(|app| app.explore.set_latent(&latent));
        }
    }

    /// Lets traversals go from a point, and shows them.
    pub(super) fn traverse_from(&mut self, anchor: Anchor) {
        if self.anchors().latent(anchor).is_some() {
            self.view.traversals.base = anchor;
            self.view.page = Page::Explore;
            self.view.dock.show(Pane::Traversals);
        }
    }

    /// Makes a point the last station of the walk.
    fn add_station(&mut self, anchor: Anchor) {
        let place = match anchor {
            Anchor::Point => Some(self.explore.place()),
            Anchor::Bookmark(index) => {
                self.kept.bookmarks.get(index).map(|mark| mark.place.clone())
            }
            _ => self.anchors().latent(anchor).map(Place::of),
        };
        if let Some(place) = place {
            self.kept.walk.add(place);
        }
    }
}
