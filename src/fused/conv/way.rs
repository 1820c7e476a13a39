//! Convolutions from the planes of one side to those of the other.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use pulp::Arch;
use rayon::prelude::*;

use super::{Conv, Finish, Job, Kernels, Phase};
use crate::fused::grid::Grid;
use crate::fused::lanes::{PANEL, Panels, Sums, copy, whole};
use crate::fused::space::{Memory, Space, of_len};
use crate::fused::winograd::{TILE, Take, TileKernels, Tiles, Told, workspace};
use crate::watch::{Part, Stopped};

/// Bytes of planes and sums that are worked on at once: what a core's cache holds beside the weights.
pub(super) const AT_ONCE: usize = 1 << 20;
/// The same in tiles, whose values are read one after the other.
const IN_TILES_AT_MOST: usize = 4 << 20;
/// Tiles that fill the registers of a sum.
const ENOUGH_TILES: usize = 96;

/// From planes on one side to those on the other.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) conv: Conv,
    pub(super) is_to_fine: bool,
    pub(super) from: [usize; 3],
    pub(super) to: [usize; 3],
    /// From a place of a phase to its next.
    pub(super) stride: [usize; 2],
}

impl Way {
    fn grid(&self, rows: &Range<usize>, items: usize) -> Grid {
        if self.is_to_fine {
            self.conv.coarse_grid(rows, items)
        } else {
            self.conv.fine_grid(rows, items)
        }
    }

    fn jobs(&self, grid: &Grid, rows: &Range<usize>) -> Vec<Job> {
        if self.is_to_fine {
            self.conv.fine_jobs(grid, rows)
        } else {
            self.conv.coarse_jobs(grid, rows)
        }
    }

    /// Bytes of planes and sums of some rows.
    fn bytes(&self, rows: &Range<usize>, items: usize) -> usize {
        let grid = self.grid(rows, items);
        let sums = match self.conv.taps_in_tiles() {
            Some(taps) => {
                let (phases, places) = (self.conv.phases(), items * rows.len() * self.to[2]);
                let (planes, places) = if self.is_to_fine {
                    (self.from[0], places / phases)
                } else {
                    (self.from[0] * phases, places)
                };
                workspace(taps, [planes, self.to[0]], places)
            }
            None => 4 * self.to[0] * grid.plane,
        };
        grid.bytes(self.from[0]) + sums
    }

    /// Items and rows of the output that are worked on at once.
    fn at_once(&self, items: usize) -> (usize, usize) {
        let bytes = |rows: &Range<usize>, items| self.bytes(rows, items);
        let sides = [items, self.to[1]];
        if self.conv.taps_in_tiles().is_none() {
            return at_once(sides, 1, AT_ONCE, &bytes);
        }
        let (most, rows) = at_once(sides, TILE * self.stride[0], IN_TILES_AT_MOST, &bytes);
        let tiles = rows * self.to[2] / (TILE * TILE) / self.stride.iter().product::<usize>();
        let enough = (AT_ONCE / bytes(&(0..rows), 1)).max(ENOUGH_TILES.div_ceil(tiles));
        (enough.min(most), rows)
    }

    pub(super) fn workspace(&self) -> u64 {
        let (_, rows) = self.at_once(1);
        self.bytes(&(0..rows), 1) as u64
    }

    pub(super) fn run(
        &self,
        from: &[f32],
        kernels: &Kernels,
        finish: Finish<'_>,
        part: Part<'_>,
    ) -> Result<Vec<f32>, Stopped> {
        let (from_len, to_len) = (Conv::len(self.from), Conv::len(self.to));
        let batch = from.len() / from_len;
        let threads = rayon::current_num_threads();
        let (items, rows) = self.at_once(batch.div_ceil(threads).max(1));
        // Of fewer items than threads each is shared: a thread makes some of the channels.
        let sharers = if batch < threads { threads } else { 1 };
        let channels = self.to[0].div_ceil(PANEL).div_ceil(sharers) * PANEL;
        let all = batch.div_ceil(items) * self.to[1].div_ceil(rows);
        let done = AtomicUsize::new(0);
        let mut to = vec![0.0; batch * to_len];
        let groups = to.par_chunks_mut(items * to_len).zip(from.par_chunks(items * from_len));
        groups.enumerate().try_for_each_init(Space::take, |space, (group, (to, from))| {
            let Memory { planes, values: space, .. } = &mut **space;
            for rows in bands(self.to[1], rows) {
                let grid = self.grid(&rows, from.len() / from_len);
                grid.fill(from, self.from[0], planes);
                let (values, jobs) = (&planes.values, self.jobs(&grid, &rows));
                let shared =
                    if sharers == 1 { to.len() } else { channels * self.to[1] * self.to[2] };
                let make = |(sharer, to): (usize, &mut [f32]), space: &mut Vec<f32>| {
                    let first = sharer * channels;
                    let band = Band {
                        way: self,
                        grid: &grid,
                        channels: first..self.to[0].min(first + channels),
                        first_item: group * items,
                        items: from.len() / from_len,
                    };
                    for (job, kernels) in jobs.iter().zip(&kernels.phases) {
                        band.make(job, kernels, values, space, to);
                    }
                    band.finish(&rows, to, finish);
                };
                if sharers == 1 {
                    make((0, to), space);
                } else {
                    let parts = to.par_chunks_mut(shared).enumerate();
                    parts.for_each(|part| make(part, &mut Space::take().values));
                }
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                part.tell(done as f64 / all as f64)?;
            }
            Ok(())
        })?;
        Ok(to)
    }
}

/// Some rows of some channels of some items, made on one thread.
struct Band<'a> {
    way: &'a Way,
    grid: &'a Grid,
    channels: Range<usize>,
    first_item: usize,
    items: usize,
}

impl Band<'_> {
    /// The planes of its channels in `to`, `[items, channels, h, w]`, with the item and the channel of each.
    fn planes<'a>(&self, to: &'a mut [f32]) -> impl Iterator<Item = ([usize; 2], &'a mut [f32])> {
        let (count, first) = (self.channels.len(), self.channels.start);
        let planes = to.chunks_exact_mut(self.way.to[1] * self.way.to[2]).enumerate();
        planes.map(move |(index, plane)| ([index / count, first + index % count], plane))
    }

    /// Sums up the places of a job, in memory for its sums.
    fn make(
        &self,
        job: &Job,
        kernels: &Phase,
        values: &[f32],
        space: &mut Vec<f32>,
        to: &mut [f32],
    ) {
        if job.count.contains(&0) {
            return;
        }
        match kernels {
            Phase::Taps(panels) => self.make_by_taps(job, panels, values, space, to),
            Phase::Tiles(kernels) => self.make_in_tiles(job, kernels, values, space, to),
        }
    }

    fn make_in_tiles(
        &self,
        job: &Job,
        kernels: &TileKernels,
        values: &[f32],
        space: &mut Vec<f32>,
        to: &mut [f32],
    ) {
        let tiles = Tiles {
            grid: self.grid,
            values: &values[job.place..],
            planes: &job.offsets,
            items: self.items,
            count: job.count,
        };
        let channels = self.channels.len();
        let panels = self.channels.start / PANEL..self.channels.end.div_ceil(PANEL);
        let extents = [channels, self.way.to[1], self.way.to[2]];
        let outputs = Outputs { to, extents, first: job.first, stride: self.way.stride };
        tiles.sums(kernels, panels, channels, space, outputs);
    }

    fn make_by_taps(
        &self,
        job: &Job,
        panels: &Panels,
        values: &[f32],
        space: &mut Vec<f32>,
        to: &mut [f32],
    ) {
        let ([rows, columns], grid) = (job.count, self.grid);
        let len = (self.items - 1) * grid.item + (rows - 1) * grid.row + columns;
        let sums = of_len(space, self.channels.len() * whole(len));
        Arch::new().dispatch(Sums {
            panels,
            matrix: 0,
            range: self.channels.start / PANEL..self.channels.end.div_ceil(PANEL),
            values: &values[job.place..],
            offsets: &job.offsets,
            len,
            totals: sums,
        });
        let (width, [down, across]) = (self.way.to[2], self.way.stride);
        for ([item, channel], plane) in self.planes(to) {
            let sums = &sums[(channel - self.channels.start) * whole(len) + item * grid.item..];
            for row in 0..rows {
                let sums = &sums[row * grid.row..][..columns];
                let start = (job.first[0] + row * down) * width + job.first[1];
                put(&mut plane[start..], across, sums);
            }
        }
    }

    fn finish(&self, rows: &Range<usize>, to: &mut [f32], finish: Finish<'_>) {
        let width = self.way.to[2];
        for ([item, channel], plane) in self.planes(to) {
            let first = rows.start * width;
            finish(self.first_item + item, channel, first, &mut plane[first..rows.end * width]);
        }
    }
}

/// Puts the outputs of tiles where they belong.
struct Outputs<'a> {
    to: &'a mut [f32],
    /// Channels, rows and columns of an item.
    extents: [usize; 3],
    /// The row and the column of the first output.
    first: [usize; 2],
    stride: [usize; 2],
}

impl Take for Outputs<'_> {
    #[inline(always)]
    fn take(&mut self, told: Told<'_>) {
        let ([channels, height, width], [down, across]) = (self.extents, self.stride);
        let plane = &mut self.to[(told.item * channels + told.row) * height * width..];
        for (y, outputs) in (told.y..).zip(told.outputs) {
            let start = (self.first[0] + y * down) * width + self.first[1] + told.x * across;
            put(&mut plane[start..], across, outputs);
        }
    }
}

/// Puts outputs into every so many places.
#[inline(always)]
fn put(places: &mut [f32], step: usize, outputs: &[f32]) {
    if step == 1 {
        copy(&mut places[..outputs.len()], outputs);
    } else {
        for (place, output) in places.iter_mut().step_by(step).zip(outputs) {
            *place = *output;
        }
    }
}

/// Items and rows, a multiple of `unit`, that are worked on at once, so that they take few bytes: several items whole, or
/// some rows of one.
pub(super) fn at_once(
    [items, rows]: [usize; 2],
    unit: usize,
    most: usize,
    bytes: &dyn Fn(&Range<usize>, usize) -> usize,
) -> (usize, usize) {
    let of_item = bytes(&(0..rows), 1);
    if of_item <= most {
        return ((most / of_item).clamp(1, items.max(1)), rows);
    }
    let mut band = rows;
    while band > unit && bytes(&(0..band), 1) > most {
        band = band.div_ceil(2).next_multiple_of(unit);
    }
    (1, band)
}

/// All rows, some at a time.
pub(super) fn bands(rows: usize, at_once: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(at_once).map(move |first| first..rows.min(first + at_once))
}
