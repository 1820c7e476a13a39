//! What codes look like: the middle of a picture that is all of one code, for each of them.

use std::ops::Range;

use crate::array::Array;
use crate::codec::{CodecError, take};
use crate::engine::{EngineKind, Runner};
use crate::graph::Graph;
use crate::graph::lower::CodeGraphs;
use crate::latent::CodeSpace;
use crate::picture::ValueRange;
use crate::watch::Watch;

/// Cells of such a picture that a tile shows, on a side.
const TILE_CELLS: usize = 2;
/// The smallest grid that is decoded instead of a whole one.
const SMALL_GRID: usize = 4;
/// A network of fewer operations is run on whole grids.
const WHOLE_FLOPS: u64 = 1_000_000_000;

/// Decodes codes alone. Of a large network only a few cells are decoded, where it takes grids of any size: what
/// normalizations and attention make of a uniform grid hardly depends on its size.
pub struct CodeTiles {
    decoder: Runner,
    space: CodeSpace,
    range: ValueRange,
    grid: [usize; 2],
    /// Channels, rows and columns of the picture that is decoded.
    image: [usize; 3],
}

impl CodeTiles {
    /// Prepares the decoder of a model's codes, whose pictures have values of `range`.
    ///
    /// # Errors
    /// When there is no decoder, or the engine cannot run it here.
    pub fn new(
        graphs: &CodeGraphs,
        range: ValueRange,
        engine: EngineKind,
    ) -> Result<Self, CodecError> {
        let whole = graphs.decoder()?;
        let small = small(whole, graphs.grid());
        let (graph, grid) =
            small.as_ref().map_or((whole, graphs.grid()), |small| (small, [SMALL_GRID; 2]));
        let image = match *graph.output_shape("image").unwrap_or_default() {
            [c, h, w] => [c, h, w],
            ref other => {
                return Err(format!(
                    "draw codes: pictures of shape {other:?} (expected [c, h, w])"
                )
                .into());
            }
        };
        let decoder = Runner::new(engine, graph, None)?;
        Ok(Self { decoder, space: graphs.space(), range, grid, image })
    }

    /// How many codes there are.
    pub fn size(&self) -> usize {
        self.space.codebook.num_rows()
    }

    /// Operations behind one tile.
    pub fn flops(&self) -> u64 {
        self.decoder.graph().flops()
    }

    /// Channels, rows and columns of a tile.
    pub fn shape(&self) -> [usize; 3] {
        let [c, height, width] = self.image;
        let side =
            |pixels: usize, cells: usize| (pixels / cells.max(1) * TILE_CELLS).clamp(1, pixels);
        [c, side(height, self.grid[0]), side(width, self.grid[1])]
    }

    /// The tiles of some codes, `[n, c, h, w]` in `[0, 1]`, not clamped.
    ///
    /// # Errors
    /// When the engine fails, or when whoever watches ends the run.
    pub fn tiles(&mut self, codes: Range<usize>, watch: &Watch) -> Result<Array, CodecError> {
        let ([c, tile_h, tile_w], [_, height, width]) = (self.shape(), self.image);
        let count = codes.len();
        let cells = self.grid[0] * self.grid[1];
        let indices = codes.flat_map(|code| self.space.indices(&self.space.alone(code)));
        let grids = indices.flat_map(|index| std::iter::repeat_n(index, cells)).collect();
        let input = Array::new([&[count], self.decoder.graph().input_shape()].concat(), grids)?;
        self.decoder.watch(watch);
        let decoded = take(&mut self.decoder.run(&input)?, "image")?;
        let (top, left) = ((height - tile_h) / 2, (width - tile_w) / 2);
        let mut tiles = Vec::with_capacity(count * c * tile_h * tile_w);
        for plane in decoded.data().chunks_exact(height * width) {
            for y in top..top + tile_h {
                let line = &plane[y * width + left..][..tile_w];
                tiles.extend(line.iter().map(|&value| self.range.to_unit(value)));
            }
        }
        Ok(Array::new([count, c, tile_h, tile_w], tiles)?)
    }
}

/// The network of a few cells, where the whole one is large and there is one.
fn small(whole: &Graph, grid: [usize; 2]) -> Option<Graph> {
    if whole.flops() < WHOLE_FLOPS || grid.iter().any(|&side| side <= SMALL_GRID) {
        return None;
    }
    let mut input = whole.input_shape().to_vec();
    let axes = input.len();
    input[axes - 2..].copy_from_slice(&[SMALL_GRID; 2]);
    let small = whole.with_input_shape(&input).ok()?;
    let &[_, height, width] = whole.output_shape("image")? else { return None };
    let &[_, small_height, small_width] = small.output_shape("image")? else { return None };
    let is_in_proportion = small_height * grid[0] == height * SMALL_GRID
        && small_width * grid[1] == width * SMALL_GRID;
    is_in_proportion.then_some(small)
}
