//! Convolutions over planes as they lie in memory, forward, transposed and back.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use pulp::Arch;
use rayon::prelude::*;

use super::grid::{Axis, Filled, Grid};
use super::lanes::{Dots, Lines, PANEL, Panels, Sums, copy, whole};
use crate::watch::{Part, Stopped};

/// Bytes of planes and sums that are worked on at once: what a core's cache holds beside the weights.
const AT_ONCE: usize = 1 << 20;

/// A convolution between planes on two sides. A kernel tap meets the fine place `coarse * stride + tap - padding`.
///
/// A convolution makes coarse planes of fine ones; a transposed one makes fine planes of coarse ones. Kernels are
/// `[coarse channels, fine channels, kernel rows, kernel columns]` for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Channels, rows and columns, before upsampling.
    pub fine: [usize; 3],
    /// Channels, rows and columns.
    pub coarse: [usize; 3],
    /// Rows and columns of a kernel.
    pub kernel: [usize; 2],
    /// Fine places from a coarse one to the next, down and across.
    pub stride: [usize; 2],
    /// Fine places of zeros above and on the left.
    pub padding: [usize; 2],
    /// How often each fine row and column counts.
    pub upsample: usize,
}

/// What is added to sums and what becomes of them: is told an item, a channel, the place in its plane at which values
/// begin, and the values.
pub type Finish<'a> = &'a (dyn Fn(usize, usize, usize, &mut [f32]) + Sync);

/// Kernels as sums read them: one set of panels for every phase of the places that they make.
#[derive(Clone, Debug)]
pub struct Kernels {
    phases: Vec<Panels>,
}

impl Kernels {
    /// Bytes that they take.
    pub fn bytes(&self) -> u64 {
        self.phases.iter().map(Panels::bytes).sum()
    }
}

/// The places of one phase of an output, and what they are sums of.
struct Job {
    /// The first place of the output, and the places that there are, down and across.
    first: [usize; 2],
    count: [usize; 2],
    /// Where the grid's place for the first of them is.
    place: usize,
    offsets: Vec<usize>,
}

impl Conv {
    const fn len([channels, rows, columns]: [usize; 3]) -> usize {
        channels * rows * columns
    }

    /// Values of an item's fine planes.
    pub fn fine_len(&self) -> usize {
        Self::len(self.fine)
    }

    /// Values of an item's coarse planes.
    pub fn coarse_len(&self) -> usize {
        Self::len(self.coarse)
    }

    fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Kernels for [`Self::coarse_of`].
    pub fn kernels(&self, kernels: &[f32]) -> Kernels {
        let taps = self.fine[0] * self.taps();
        let panels = Panels::new([self.coarse[0], taps], |row, tap| kernels[row * taps + tap]);
        Kernels { phases: vec![panels] }
    }

    /// Kernels for [`Self::fine_of`].
    pub fn transposed_kernels(&self, kernels: &[f32]) -> Kernels {
        let phases = (0..self.stride[0] * self.stride[1]).map(|phase| {
            let taps: Vec<usize> =
                self.taps_of_phase(phase).map(|[y, x]| y * self.kernel[1] + x).collect();
            Panels::new([self.fine[0], self.coarse[0] * taps.len()], |row, tap| {
                let (coarse, tap) = (tap / taps.len(), taps[tap % taps.len()]);
                kernels[(coarse * self.fine[0] + row) * self.taps() + tap]
            })
        });
        Kernels { phases: phases.collect() }
    }

    /// The taps that fine places of one phase meet.
    fn taps_of_phase(&self, phase: usize) -> impl Iterator<Item = [usize; 2]> {
        let [down, across] = self.stride;
        let [rows, columns] = self.kernel;
        let rows = (phase / across..rows).step_by(down);
        rows.flat_map(move |y| (phase % across..columns).step_by(across).map(move |x| [y, x]))
    }

    /// The grid of fine planes under some rows of coarse ones.
    fn fine_grid(&self, rows: &Range<usize>, items: usize) -> Grid {
        let axis = |side: usize, range: Range<usize>| Axis {
            size: self.fine[side + 1],
            upsample: self.upsample,
            lead: self.padding[side].cast_signed()
                - (range.start * self.stride[side]).cast_signed(),
            step: self.stride[side],
            places: range.len() + (self.kernel[side] - 1) / self.stride[side],
        };
        Grid::new(axis(0, rows.clone()), axis(1, 0..self.coarse[2]), items)
    }

    /// Where in the fine grid every tap of every channel is met.
    fn fine_offsets(&self, grid: &Grid) -> Vec<usize> {
        let [down, across] = self.stride;
        let mut offsets = Vec::with_capacity(self.fine[0] * self.taps());
        for channel in 0..self.fine[0] {
            for y in 0..self.kernel[0] {
                offsets.extend((0..self.kernel[1]).map(|x| {
                    grid.plane_of(channel, [y % down, x % across])
                        + y / down * grid.row
                        + x / across
                }));
            }
        }
        offsets
    }

    /// The coarse places of some rows.
    fn coarse_jobs(&self, grid: &Grid, rows: &Range<usize>) -> Vec<Job> {
        let count = [rows.len(), self.coarse[2]];
        vec![Job { first: [rows.start, 0], count, place: 0, offsets: self.fine_offsets(grid) }]
    }

    /// The grid of coarse planes under some rows of fine ones.
    fn coarse_grid(&self, rows: &Range<usize>, items: usize) -> Grid {
        let axis = |side: usize, range: Range<usize>| {
            let (stride, padding) = (self.stride[side], self.padding[side]);
            let taps = self.kernel[side].div_ceil(stride);
            let (first, last) =
                ((range.start + padding) / stride, (range.end - 1 + padding) / stride);
            Axis {
                size: self.coarse[side + 1],
                upsample: 1,
                lead: taps.cast_signed() - 1 - first.cast_signed(),
                step: 1,
                places: last - first + taps,
            }
        };
        Grid::new(axis(0, rows.clone()), axis(1, 0..self.fine[2]), items)
    }

    /// The fine places of every phase under some rows.
    fn fine_jobs(&self, grid: &Grid, rows: &Range<usize>) -> Vec<Job> {
        let [down, across] = self.stride;
        let job = |phase: usize| {
            // The first fine place of the phase, how many follow it, and the coarse place that its first tap meets.
            let side = |side: usize, phase: usize, range: Range<usize>| {
                let (stride, padding) = (self.stride[side], self.padding[side]);
                let first =
                    (range.start..range.end).find(|place| (place + padding) % stride == phase);
                let first = first.unwrap_or(range.end);
                let met = (first + padding) / stride - (range.start + padding) / stride;
                (first, (range.end - first).div_ceil(stride), met)
            };
            let (y, rows, row) = side(0, phase / across, rows.clone());
            let (x, columns, column) = side(1, phase % across, 0..self.fine[2]);
            let last = [self.kernel[0].div_ceil(down) - 1, self.kernel[1].div_ceil(across) - 1];
            let offset = |channel: usize, [y, x]: [usize; 2]| {
                grid.plane_of(channel, [0, 0]) + (last[0] - y / down) * grid.row + last[1]
                    - x / across
            };
            let channels = 0..self.coarse[0];
            let offsets = channels
                .flat_map(|channel| self.taps_of_phase(phase).map(move |tap| offset(channel, tap)));
            Job {
                first: [y, x],
                count: [rows, columns],
                place: row * grid.row + column,
                offsets: offsets.collect(),
            }
        };
        (0..down * across).map(job).collect()
    }

    /// Coarse planes of fine ones.
    ///
    /// # Shapes
    /// `fine [items, c, h, w]`; the result is `[items, c', h', w']`.
    ///
    /// # Errors
    /// When whoever watches ends the run.
    pub fn coarse_of(
        &self,
        fine: &[f32],
        kernels: &Kernels,
        finish: Finish<'_>,
        part: Part<'_>,
    ) -> Result<Vec<f32>, Stopped> {
        self.coarse_way().run(fine, kernels, finish, part)
    }

    /// Fine planes of coarse ones: the transpose, which is also the way back of gradients.
    ///
    /// # Shapes
    /// `coarse [items, c', h', w']`; the result is `[items, c, h * upsample, w * upsample]`.
    ///
    /// # Errors
    /// When whoever watches ends the run.
    pub fn fine_of(
        &self,
        coarse: &[f32],
        kernels: &Kernels,
        finish: Finish<'_>,
        part: Part<'_>,
    ) -> Result<Vec<f32>, Stopped> {
        self.fine_way().run(coarse, kernels, finish, part)
    }

    /// Bytes that [`Self::coarse_of`] works on beside what it reads and makes.
    pub fn coarse_workspace(&self) -> u64 {
        self.coarse_way().workspace()
    }

    /// Bytes that [`Self::fine_of`] works on beside what it reads and makes.
    pub fn fine_workspace(&self) -> u64 {
        self.fine_way().workspace()
    }

    fn coarse_way(&self) -> Way {
        Way { conv: *self, is_to_fine: false, from: self.fine, to: self.coarse, stride: [1, 1] }
    }

    fn fine_way(&self) -> Way {
        let [channels, height, width] = self.fine;
        let to = [channels, height * self.upsample, width * self.upsample];
        let conv = Self { fine: to, upsample: 1, ..*self };
        Way { conv, is_to_fine: true, from: self.coarse, to, stride: self.stride }
    }

    /// The gradient of a loss by the kernels, where `coarse` is that by the coarse planes.
    ///
    /// # Shapes
    /// `fine [items, c, h, w]`, `coarse [items, c', h', w']`; the result is `[c', c, kernel]`.
    pub fn kernel_gradient(&self, fine: &[f32], coarse: &[f32]) -> Vec<f32> {
        let [channels, height, width] = self.coarse;
        let taps = self.fine[0] * self.taps();
        let mut sums = vec![0.0; channels * taps];
        let bytes = |rows: &Range<usize>, items| {
            let grid = self.fine_grid(rows, items);
            grid.bytes(self.fine[0]) + 4 * channels * grid.plane
        };
        let items = fine.len() / self.fine_len();
        let (items, rows) = at_once(items, height, &bytes);
        let per_thread = channels.div_ceil(PANEL).div_ceil(rayon::current_num_threads()) * PANEL;
        let mut planes = Filled::default();
        let groups =
            fine.chunks(items * self.fine_len()).zip(coarse.chunks(items * self.coarse_len()));
        for (fine, coarse) in groups {
            let items = fine.len() / self.fine_len();
            for rows in bands(height, rows) {
                let grid = self.fine_grid(&rows, items);
                grid.fill(fine, self.fine[0], &mut planes);
                let (values, offsets) = (&planes.values, self.fine_offsets(&grid));
                let len = (items - 1) * grid.item + (rows.len() - 1) * grid.row + width;
                let mut lines = Lines::new(channels, len);
                for (index, plane) in coarse.chunks(height * width).enumerate() {
                    let (item, channel) = (index / channels, index % channels);
                    for (y, line) in
                        plane.chunks(width).skip(rows.start).take(rows.len()).enumerate()
                    {
                        lines.set(channel, item * grid.item + y * grid.row, line);
                    }
                }
                sums.par_chunks_mut(per_thread * taps).enumerate().for_each(|(part, sums)| {
                    let first = part * per_thread;
                    let rows = first..channels.min(first + per_thread);
                    Arch::new().dispatch(Dots {
                        lines: &lines,
                        rows,
                        values,
                        offsets: &offsets,
                        totals: sums,
                    });
                });
            }
        }
        sums
    }
}

/// From planes on one side to those on the other.
#[derive(Clone, Copy)]
struct Way {
    conv: Conv,
    is_to_fine: bool,
    from: [usize; 3],
    to: [usize; 3],
    /// From a place of a phase to its next.
    stride: [usize; 2],
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
        grid.bytes(self.from[0]) + 4 * self.to[0] * grid.plane
    }

    fn workspace(&self) -> u64 {
        let (_, rows) = at_once(1, self.to[1], &|rows, items| self.bytes(rows, items));
        self.bytes(&(0..rows), 1) as u64
    }

    fn run(
        &self,
        from: &[f32],
        kernels: &Kernels,
        finish: Finish<'_>,
        part: Part<'_>,
    ) -> Result<Vec<f32>, Stopped> {
        let (from_len, to_len) = (Conv::len(self.from), Conv::len(self.to));
        let batch = from.len() / from_len;
        let threads = rayon::current_num_threads();
        let bytes = |rows: &Range<usize>, items| self.bytes(rows, items);
        let (items, rows) = at_once(batch.div_ceil(threads).max(1), self.to[1], &bytes);
        // Of fewer items than threads each is shared: a thread makes some of the channels.
        let sharers = if batch < threads { threads } else { 1 };
        let channels = self.to[0].div_ceil(PANEL).div_ceil(sharers) * PANEL;
        let all = batch.div_ceil(items) * self.to[1].div_ceil(rows);
        let done = AtomicUsize::new(0);
        let mut to = vec![0.0; batch * to_len];
        let groups = to.par_chunks_mut(items * to_len).zip(from.par_chunks(items * from_len));
        groups.enumerate().try_for_each_init(Filled::default, |planes, (group, (to, from))| {
            for rows in bands(self.to[1], rows) {
                let grid = self.grid(&rows, from.len() / from_len);
                grid.fill(from, self.from[0], planes);
                let (values, jobs) = (&planes.values, self.jobs(&grid, &rows));
                let shared =
                    if sharers == 1 { to.len() } else { channels * self.to[1] * self.to[2] };
                to.par_chunks_mut(shared).enumerate().for_each(|(sharer, to)| {
                    let first = sharer * channels;
                    let band = Band {
                        way: self,
                        grid: &grid,
                        channels: first..self.to[0].min(first + channels),
                        first_item: group * items,
                        items: from.len() / from_len,
                    };
                    let mut sums = Vec::new();
                    for (job, panels) in jobs.iter().zip(&kernels.phases) {
                        band.make(job, panels, values, &mut sums, to);
                    }
                    band.finish(&rows, to, finish);
                });
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
        panels: &Panels,
        values: &[f32],
        sums: &mut Vec<f32>,
        to: &mut [f32],
    ) {
        let ([rows, columns], grid) = (job.count, self.grid);
        if rows == 0 || columns == 0 {
            return;
        }
        let len = (self.items - 1) * grid.item + (rows - 1) * grid.row + columns;
        sums.resize(self.channels.len() * whole(len), 0.0);
        Arch::new().dispatch(Sums {
            panels,
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
                let plane = &mut plane[(job.first[0] + row * down) * width + job.first[1]..];
                if across == 1 {
                    copy(&mut plane[..columns], sums);
                } else {
                    for (place, sum) in plane.iter_mut().step_by(across).zip(sums) {
                        *place = *sum;
                    }
                }
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

/// Items and rows that are worked on at once, so that they take few bytes: several items whole, or some rows of one.
fn at_once(
    items: usize,
    rows: usize,
    bytes: &dyn Fn(&Range<usize>, usize) -> usize,
) -> (usize, usize) {
    let of_item = bytes(&(0..rows), 1);
    if of_item <= AT_ONCE {
        return ((AT_ONCE / of_item).clamp(1, items.max(1)), rows);
    }
    let mut band = rows;
    while band > 1 && bytes(&(0..band), 1) > AT_ONCE {
        band = band.div_ceil(2);
    }
    (1, band)
}

/// All rows, some at a time.
fn bands(rows: usize, at_once: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(at_once).map(move |first| first..rows.min(first + at_once))
}
