//! Planes with the zeros around them in one line of memory, in which the neighbours of every place lie equally far.
//!
//! A tap of a kernel meets all places of a plane at one offset, so that convolutions read planes as they lie here, sixteen
//! places at once, instead of laying out a column for every place. Rows share zeros: those on the right of one are those
//! on the left of the next. A stride of two parts a plane into four, of every other row and column.

use std::ops::Range;

use rayon::prelude::*;

use super::lanes::{LANES, copy, whole};

/// The rows of planes, or their columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Axis {
    /// The number of values.
    pub(crate) size: usize,
    /// How often each value counts.
    pub(crate) upsample: usize,
    /// The zeros before the first value; negative where values are left out.
    pub(crate) lead: isize,
    /// Into how many planes neighbours fall in turn.
    pub(crate) step: usize,
    /// The places of each of these planes.
    pub(crate) places: usize,
}

impl Axis {
    /// The places of a plane that hold values.
    fn filled(&self, phase: usize) -> Range<usize> {
        let end_of = |values: usize| {
            let step = self.step.cast_signed();
            let places = (self.lead + values.cast_signed() - phase.cast_signed() + step - 1)
                .div_euclid(step);
            places.clamp(0, self.places.cast_signed()) as usize
        };
        end_of(0)..end_of(self.size * self.upsample)
    }

    /// The value at a place that holds one.
    fn value_at(&self, phase: usize, place: usize) -> usize {
        ((place * self.step + phase).cast_signed() - self.lead) as usize / self.upsample
    }

    /// The zeros that neighbours have in common.
    fn shared(&self) -> usize {
        let of_phase = |phase| {
            let filled = self.filled(phase);
            filled.start.min(self.places - filled.end)
        };
        (0..self.step).map(of_phase).min().unwrap_or(0)
    }
}

/// How planes of some items lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    rows: Axis,
    columns: Axis,
    items: usize,
    /// From a row to the next.
    pub(crate) row: usize,
    /// From an item to the next.
    pub(crate) item: usize,
    /// From a plane to the next.
    pub(crate) plane: usize,
}

impl Grid {
    /// The grid of so many items.
    pub(crate) fn new(rows: Axis, columns: Axis, items: usize) -> Self {
        let row = (columns.places - columns.shared()).max(1);
        let item = (rows.places - rows.shared()).max(1) * row;
        let end = (items - 1) * item + (rows.places - 1) * row + columns.places;
        // An odd number of cache lines, so that planes do not fall into the same few places of a cache.
        Self { rows, columns, items, row, item, plane: whole(end) | LANES }
    }

    /// Bytes of so many channels.
    pub(crate) fn bytes(&self, channels: usize) -> usize {
        4 * channels * self.rows.step * self.columns.step * self.plane
    }

    /// The plane of a channel that holds a row and a column in turn.
    pub(crate) fn plane_of(&self, channel: usize, phases: [usize; 2]) -> usize {
        ((channel * self.rows.step + phases[0]) * self.columns.step + phases[1]) * self.plane
    }

    /// Fills `planes` with all planes of items, behind which there is room for reading whole registers. They may hold
    /// another grid, or an earlier filling of this one: what lies between values stays zero.
    ///
    /// # Shapes
    /// `values [items, channels, rows, columns]`
    pub(crate) fn fill(&self, values: &[f32], channels: usize, planes: &mut Filled) {
        /// Values that are worth a thread.
        const ENOUGH: usize = 1 << 15;
        let phases = self.rows.step * self.columns.step;
        let key = (*self, channels);
        if planes.key != Some(key) {
            planes.values.clear();
            planes.values.resize((channels * phases + 1) * self.plane + LANES, 0.0);
            planes.key = Some(key);
        }
        let planes = planes.values.par_chunks_exact_mut(self.plane).take(channels * phases);
        planes.enumerate().with_min_len(ENOUGH.div_ceil(self.plane)).for_each(|(index, plane)| {
            let (channel, phase) = (index / phases, index % phases);
            let phase = [phase / self.columns.step, phase % self.columns.step];
            self.fill_plane(plane, values, [channel, channels], phase);
        });
    }

    fn fill_plane(
        &self,
        plane: &mut [f32],
        values: &[f32],
        [channel, channels]: [usize; 2],
        phase: [usize; 2],
    ) {
        let (rows, columns) = (self.rows.filled(phase[0]), self.columns.filled(phase[1]));
        if columns.is_empty() {
            return;
        }
        let size = self.rows.size * self.columns.size;
        let first = self.columns.value_at(phase[1], columns.start);
        for item in 0..self.items {
            let values = &values[(item * channels + channel) * size..][..size];
            for row in rows.clone() {
                let from = &values[self.rows.value_at(phase[0], row) * self.columns.size..];
                let to = &mut plane[item * self.item + row * self.row..][columns.clone()];
                match (self.columns.step, self.columns.upsample) {
                    (1, 1) => {
                        let len = to.len();
                        copy(to, &from[first..][..len]);
                    }
                    (step, 1) => {
                        for (to, from) in to.iter_mut().zip(from[first..].iter().step_by(step)) {
                            *to = *from;
                        }
                    }
                    _ => {
                        for (place, to) in columns.clone().zip(to) {
                            *to = from[self.columns.value_at(phase[1], place)];
                        }
                    }
                }
            }
        }
    }
}

/// Planes of a grid.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    /// What grid they hold, and of how many channels.
    key: Option<(Grid, usize)>,
    pub(crate) values: Vec<f32>,
}
