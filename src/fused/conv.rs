//! Convolutions over planes as they lie in memory, forward, transposed and back.

mod gradient;
mod way;

use std::ops::Range;

use self::way::Way;
use super::grid::{Axis, Grid};
use super::lanes::Panels;
use super::winograd::{Layout, TileKernels, suits};
use crate::watch::{Part, Stopped};

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
    phases: Vec<Phase>,
}

/// Kernels of the places of one phase.
#[derive(Clone, Debug)]
enum Phase {
    /// Tap by tap.
    Taps(Panels),
    /// In tiles.
    Tiles(TileKernels),
}

impl Kernels {
    /// Bytes that they take.
    pub fn bytes(&self) -> u64 {
        let bytes = |phase: &Phase| match phase {
            Phase::Taps(panels) => panels.bytes(),
            Phase::Tiles(tiles) => tiles.bytes(),
        };
        self.phases.iter().map(bytes).sum()
    }
}

/// The places of one phase of an output, and what they are sums of.
struct Job {
    /// The first place of the output, and the places that there are, down and across.
    first: [usize; 2],
    count: [usize; 2],
    /// Where the grid's place for the first of them is.
    place: usize,
    /// Where every tap of every plane is met from there; of kernels in tiles where every plane is.
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

    /// The taps down and across of kernels that are taken in tiles: those of every phase of the fine places.
    fn taps_in_tiles(&self) -> Option<usize> {
        let [down, across] = [0, 1].map(|side| {
            let is_even = self.kernel[side].is_multiple_of(self.stride[side])
                && self.fine[side + 1] * self.upsample == self.coarse[side + 1] * self.stride[side];
            is_even.then(|| self.kernel[side] / self.stride[side])
        });
        let [coarse, height, width] = self.coarse;
        let taps = down.filter(|_| down == across)?;
        suits(taps, [self.fine[0], coarse], [height, width]).then_some(taps)
    }

    /// Phases of the fine places.
    fn phases(&self) -> usize {
        self.stride[0] * self.stride[1]
    }

    /// The tap of a phase down and across, of which it has `taps` in a line; all taps in a row.
    fn tap_of(&self, phase: usize, [y, x]: [usize; 2]) -> usize {
        let [down, across] = self.stride;
        (y * down + phase / across) * self.kernel[1] + x * across + phase % across
    }

    /// Bytes of [`Kernels`], whichever way they go.
    pub fn kernel_bytes(&self) -> u64 {
        let taps = match self.taps_in_tiles() {
            Some(taps) => (taps + 1).pow(2) * self.phases(),
            None => self.taps(),
        };
        4 * (self.fine[0] * self.coarse[0] * taps) as u64
    }

    /// Kernels for [`Self::coarse_of`].
    pub fn kernels(&self, kernels: &[f32]) -> Kernels {
        let taps = self.fine[0] * self.taps();
        if let Some(of_tile) = self.taps_in_tiles() {
            let planes = (0..self.fine[0]).flat_map(|channel| {
                let first = move |phase| channel * self.taps() + self.tap_of(phase, [0, 0]);
                (0..self.phases()).map(first)
            });
            let strides = [taps, self.tap_of(0, [1, 0]), self.tap_of(0, [0, 1])];
            let layout = Layout {
                rows: self.coarse[0],
                planes: planes.collect(),
                strides: strides.map(usize::cast_signed),
            };
            return Kernels {
                phases: vec![Phase::Tiles(TileKernels::new(of_tile, &layout, kernels))],
            };
        }
        let panels = Panels::new([self.coarse[0], taps], |row, tap| kernels[row * taps + tap]);
        Kernels { phases: vec![Phase::Taps(panels)] }
    }

    /// Kernels for [`Self::fine_of`].
    pub fn transposed_kernels(&self, kernels: &[f32]) -> Kernels {
        let phases = (0..self.phases()).map(|phase| {
            if let Some(of_tile) = self.taps_in_tiles() {
                // The first tap is met last.
                let last = self.tap_of(phase, [of_tile - 1; 2]);
                let of_coarse = self.fine[0] * self.taps();
                let [y, x] = [[1, 0], [0, 1]].map(|tap| self.tap_of(0, tap).cast_signed());
                let layout = Layout {
                    rows: self.fine[0],
                    planes: (0..self.coarse[0]).map(|plane| plane * of_coarse + last).collect(),
                    strides: [self.taps().cast_signed(), -y, -x],
                };
                return Phase::Tiles(TileKernels::new(of_tile, &layout, kernels));
            }
            let taps: Vec<usize> =
                self.taps_of_phase(phase).map(|[y, x]| y * self.kernel[1] + x).collect();
            let shape = [self.fine[0], self.coarse[0] * taps.len()];
            Phase::Taps(Panels::new(shape, |row, tap| {
                let (coarse, tap) = (tap / taps.len(), taps[tap % taps.len()]);
                kernels[(coarse * self.fine[0] + row) * self.taps() + tap]
            }))
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
        let offsets = if self.taps_in_tiles().is_some() {
            (0..self.fine[0] * self.phases()).map(|plane| plane * grid.plane).collect()
        } else {
            self.fine_offsets(grid)
        };
        vec![Job { first: [rows.start, 0], count, place: 0, offsets }]
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
            let offsets = if self.taps_in_tiles().is_some() {
                channels.map(|channel| channel * grid.plane).collect()
            } else {
                let taps = |channel| self.taps_of_phase(phase).map(move |tap| offset(channel, tap));
                channels.flat_map(taps).collect()
            };
            Job { first: [y, x], count: [rows, columns], place: row * grid.row + column, offsets }
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
}
