//! Where points lie: at once on a plane, or as a process of its own lays them out.

use std::sync::Arc;

use super::Course;
use crate::latent::{Chart, PrincipalPlane, reduced};
use crate::layout::process::{LayoutError, Stop, run};
use crate::layout::{MOST_DIMS, Method, Progress, Request};
use crate::session::map::{Placed, Points, Projection, Work};
use crate::watch::{Stopped, Watch};

/// Values that principal components are told from; of more, rows evenly spread among them.
const MOST_VALUES: usize = 8 << 20;

/// Points, and how they are to be placed.
pub(super) struct Placing {
    pub(super) points: Arc<Points>,
    pub(super) projection: Projection,
    /// Where they lie by the same projection.
    pub(super) before: Option<Placed>,
    /// Whether the projection is to be made anew rather than kept.
    pub(super) refits: bool,
    /// The number of this layout.
    pub(super) layout: u64,
}

impl Placing {
    /// Places them; nothing where it was ended.
    pub(super) fn place(
        self,
        course: &Course,
        stop: &Stop,
        moved: &mut dyn FnMut(Placed),
    ) -> Result<Option<Placed>, String> {
        let placed = match self.projection {
            Projection::Dims(dims) => {
                let chart = Chart::of_dims(self.points.latents.row_len(), dims);
                Ok(self.on_plane(chart, None))
            }
            Projection::Pca => Ok(self.by_components()),
            Projection::Layout(method) => self.laid_out(method, course, stop, moved),
        };
        match placed {
            Ok(placed) => Ok(Some(placed)),
            Err(LayoutError::Stopped(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn placed(&self, places: Vec<[f32; 2]>) -> Placed {
        Placed {
            projection: self.projection,
            step: self.points.step,
            places: Arc::new(places),
            chart: None,
            shares: None,
            is_unfinished: false,
            layout: self.layout,
        }
    }

    fn on_plane(&self, chart: Chart, shares: Option<[f64; 2]>) -> Placed {
        let places = chart.places(&self.points.latents);
        Placed { chart: Some(Arc::new(chart)), shares, ..self.placed(places) }
    }

    /// On the plane of the principal components: that of the points as they were first, unless it is made anew.
    fn by_components(&self) -> Placed {
        let kept = self.before.as_ref().filter(|_| !self.refits);
        if let Some((chart, before)) =
            kept.and_then(|before| before.chart.as_ref().zip(Some(before)))
        {
            return self.on_plane(Chart::clone(chart), before.shares);
        }
        let latents = &self.points.latents;
        let step = latents.data().len().div_ceil(MOST_VALUES).max(1);
        let plane = if step == 1 {
            PrincipalPlane::of(latents, None)
        } else {
            let rows: Vec<usize> = (0..latents.num_rows()).step_by(step).collect();
            let data = rows.iter().flat_map(|&row| latents.row(row)).copied().collect();
            let sample = crate::array::Array::new([rows.len(), latents.row_len()], data);
            PrincipalPlane::of(sample.as_ref().unwrap_or(latents), None)
        };
        self.on_plane(Chart::of_principal(&plane), Some(plane.shares))
    }

    fn laid_out(
        &self,
        method: Method,
        course: &Course,
        stop: &Stop,
        moved: &mut dyn FnMut(Placed),
    ) -> Result<Placed, LayoutError> {
        let watch = {
            let course = course.clone();
            Watch::new(move |share| course.tell(Work::Placing(share as f32)))
        };
        let vectors = reduced(&self.points.latents, MOST_DIMS, watch.whole())?;
        let start = self.before.as_ref().map(|before| before.places.to_vec());
        let request = Request { method, vectors, start, epochs: None };
        let program = std::env::current_exe()?;
        let places = run(&program, &request, stop, |progress| match progress {
            Progress::Neighbours(share) => {
                course.tell(Work::Neighbours(share));
            }
            Progress::Moving(share) => {
                course.tell(Work::Moving(share));
            }
            Progress::Places(places) => {
                moved(Placed { is_unfinished: true, ..self.placed(places) });
            }
        })?;
        if course.goes_on() { Ok(self.placed(places)) } else { Err(Stopped.into()) }
    }
}
