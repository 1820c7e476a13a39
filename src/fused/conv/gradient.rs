//! The gradient of a loss by the kernels of a convolution.

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::Conv;
use super::way::{AT_ONCE, at_once, bands};
use crate::fused::lanes::{Dots, Lines, PANEL};
use crate::fused::space::{Memory, Space};
use crate::fused::winograd::{TILE, TileGradient, Tiles, workspace};

/// Bytes of planes in tiles that are worked on at once: so many places that adding up registers does not count.
const IN_TILES_AT_ONCE: usize = 16 << 20;

/// Tiles from which summing them up is worth the transform of all kernels.
const FEWEST_TILES: usize = 256;

impl Conv {
    /// The gradient of a loss by the kernels, where `coarse` is that by the coarse planes.
    ///
    /// # Shapes
    /// `fine [items, c, h, w]`, `coarse [items, c', h', w']`; the result is `[c', c, kernel]`.
    pub fn kernel_gradient(&self, fine: &[f32], coarse: &[f32]) -> Vec<f32> {
        let tiles = coarse.len() / self.coarse[0] / (TILE * TILE);
        if let Some(taps) = self.taps_in_tiles().filter(|_| tiles >= FEWEST_TILES) {
            return self.kernel_gradient_in_tiles(fine, coarse, taps);
        }
        let [channels, height, width] = self.coarse;
        let taps = self.fine[0] * self.taps();
        let mut sums = vec![0.0; channels * taps];
        let bytes = |rows: &Range<usize>, items| {
            let grid = self.fine_grid(rows, items);
            grid.bytes(self.fine[0]) + 4 * channels * grid.plane
        };
        let items = fine.len() / self.fine_len();
        let (items, rows) = at_once([items, height], 1, AT_ONCE, &bytes);
        let per_thread = channels.div_ceil(PANEL).div_ceil(rayon::current_num_threads()) * PANEL;
        let space = &mut *Space::take();
        let groups =
            fine.chunks(items * self.fine_len()).zip(coarse.chunks(items * self.coarse_len()));
        for (fine, coarse) in groups {
            let items = fine.len() / self.fine_len();
            for rows in bands(height, rows) {
                let grid = self.fine_grid(&rows, items);
                grid.fill(fine, self.fine[0], &mut space.planes);
                let (values, offsets) = (&space.planes.values, self.fine_offsets(&grid));
                let len = (items - 1) * grid.item + (rows.len() - 1) * grid.row + width;
                let mut lines = Lines::new(&mut space.lines, 1, [channels, len]);
                lines.clear();
                lines.panels().enumerate().for_each(|(index, mut panel)| {
                    let first = index * PANEL;
                    for (item, planes) in coarse.chunks(self.coarse_len()).enumerate() {
                        let planes = planes.chunks(height * width).skip(first).take(PANEL);
                        for (row, plane) in planes.enumerate() {
                            let band = plane.chunks(width).skip(rows.start).take(rows.len());
                            for (y, line) in band.enumerate() {
                                panel.set(0, row, item * grid.item + y * grid.row, line);
                            }
                        }
                    }
                });
                sums.par_chunks_mut(per_thread * taps).enumerate().for_each(|(part, sums)| {
                    let first = part * per_thread;
                    let rows = first..channels.min(first + per_thread);
                    Arch::new().dispatch(Dots {
                        lines: &lines,
                        matrix: 0,
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

    fn kernel_gradient_in_tiles(&self, fine: &[f32], coarse: &[f32], taps: usize) -> Vec<f32> {
        let [channels, height, width] = self.coarse;
        let planes = self.fine[0] * self.phases();
        let bytes = |rows: &Range<usize>, items| {
            let space = workspace(taps, [planes, channels], items * rows.len() * width);
            self.fine_grid(rows, items).bytes(self.fine[0]) + space
        };
        let items = fine.len() / self.fine_len();
        let (items, rows) = at_once([items, height], TILE, IN_TILES_AT_ONCE, &bytes);
        let mut gradient = TileGradient::new(taps, [channels, planes]);
        let Memory { planes: filled, values: space, lines } = &mut *Space::take();
        let groups =
            fine.chunks(items * self.fine_len()).zip(coarse.chunks(items * self.coarse_len()));
        for (fine, coarse) in groups {
            let items = fine.len() / self.fine_len();
            for rows in bands(height, rows) {
                let grid = self.fine_grid(&rows, items);
                grid.fill(fine, self.fine[0], filled);
                let starts: Vec<usize> = (0..planes).map(|plane| plane * grid.plane).collect();
                let tiles = Tiles {
                    grid: &grid,
                    values: &filled.values,
                    planes: &starts,
                    items,
                    count: [rows.len(), width],
                };
                let outputs = |item, channel, y| {
                    let plane = &coarse[(item * channels + channel) * height * width..];
                    &plane[(rows.start + y) * width..][..width]
                };
                gradient.add(&tiles, outputs, [&mut *space, &mut *lines]);
            }
        }
        let mut kernels = vec![0.0; channels * self.fine[0] * self.taps()];
        let rows = kernels.par_chunks_mut(self.fine[0] * self.taps()).enumerate();
        rows.for_each(|(row, kernels)| {
            gradient.tell(row, |plane, tap, value| {
                let (channel, phase) = (plane / self.phases(), plane % self.phases());
                kernels[channel * self.taps() + self.tap_of(phase, tap)] = value;
            });
        });
        kernels
    }
}
