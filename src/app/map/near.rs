//! The points whose latents are nearest: to that of the chosen one, and to the explorer's.

use super::ZscopeApp;
use crate::app::jobs::Done;
use crate::latent::{Metric, nearest_rows_to};
use crate::session::map::Near;

/// Neighbours of a point that are shown.
const NEIGHBOURS: usize = 15;

impl ZscopeApp {
    /// Looks for the neighbours of the chosen point.
    pub(super) fn search_near(&mut self) {
        let Some((point, metric)) = self.map.state.wants_near().filter(|_| !self.map.is_searching)
        else {
            return;
        };
        let Some(points) = self.map.state.points().cloned() else { return };
        self.map.is_searching = true;
        self.jobs.spawn("near", move |done| {
            let latent = points.latents.row(point as usize);
            let mut near = nearest_rows_to(&points.latents, latent, metric, NEIGHBOURS + 1);
            near.retain(|(other, _)| *other != point);
            near.truncate(NEIGHBOURS);
            done(Done::MapNear { near: Near { point, metric, points: near } });
        });
    }

    /// Looks for the point nearest to the explorer's, where nothing else tells its place.
    pub(super) fn search_explorer(&mut self) {
        let is_layout = self.map.state.placed().is_some_and(|placed| placed.chart.is_none());
        let latent = self.explore.latent();
        if !is_layout || self.map.is_searching || self.map.explorer.as_deref() == Some(latent) {
            return;
        }
        let Some(points) = self.map.state.points().cloned() else { return };
        if points.latents.row_len() != latent.len() {
            return;
        }
        let latent = latent.to_vec();
        self.map.explorer = Some(latent.clone());
        self.map.is_searching = true;
        self.jobs.spawn("here", move |done| {
            let near = nearest_rows_to(&points.latents, &latent, Metric::Euclidean, 1);
            done(Done::MapHere { point: near.first().map(|(point, _)| *point) });
        });
    }

    pub(in crate::app) fn map_near_found(&mut self, near: Near) {
        self.map.is_searching = false;
        self.map.state.set_near(near);
    }

    pub(in crate::app) fn map_here_found(&mut self, point: Option<u32>) {
        self.map.is_searching = false;
        self.map.state.nearest_to_explorer = point;
    }
}
