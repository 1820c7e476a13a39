//! What a set of images is compared by when no network has learnt better features.

use super::SampleError;
use super::samples::Set;
use crate::array::Array;

/// The side of the grid that images are usually pooled to, in cells.
pub const POOL_GRID: usize = 8;

/// Pooled pixels: the mean of every cell of a grid over each channel.
///
/// They work for images of any kind and need no network, and they say what they are: alike in coarse colour and
/// layout, not in texture or meaning. Cells that cut a pixel take their share of its area, so that a grid fits
/// every size; a side with fewer pixels than cells keeps its pixels.
///
/// # Shapes
/// - `images`: `[b, c, h, w]`
/// - result: `[b, c * min(grid, h) * min(grid, w)]`, in the images' own range
///
/// # Errors
/// When these are no images, a value is no number, or the grid has no cells.
pub fn pooled_pixels(images: &Array, grid: usize) -> Result<Array, SampleError> {
    let set = Set::new("pool pixels", "image", images, 0)?;
    let shape = set.images(1)?;
    if grid == 0 {
        return Err(SampleError::NoValues { action: set.action, set: "pooled" });
    }
    let down = cells(shape.height, grid);
    let across = cells(shape.width, grid);
    let places: Vec<(&Cell, &Cell)> =
        down.iter().flat_map(|rows| across.iter().map(move |columns| (rows, columns))).collect();
    let mut pooled = Array::zeros([set.len(), shape.channels * places.len()]); // [b, c * grid * grid]
    let planes = images.data().chunks_exact(shape.height * shape.width);
    for (means, plane) in pooled.data_mut().chunks_exact_mut(places.len()).zip(planes) {
        for (mean, (rows, columns)) in means.iter_mut().zip(&places) {
            *mean = cell_mean(plane, shape.width, rows, columns);
        }
    }
    Ok(pooled)
}

/// The pixels of one cell along one side, with the share of the cell that each covers; the shares sum to 1.
type Cell = Vec<(usize, f64)>;

/// A side of `len` pixels in `grid` cells, or in one cell a pixel.
fn cells(len: usize, grid: usize) -> Vec<Cell> {
    let count = grid.min(len);
    let cell = |index: usize| {
        // In whole numbers, so that cells which end on a pixel's edge do so exactly: counted in 1/count pixels.
        let (start, end) = (index * len, (index + 1) * len);
        (start / count..end.div_ceil(count))
            .map(|pixel| {
                let covered = end.min((pixel + 1) * count) - start.max(pixel * count);
                (pixel, covered as f64 / len as f64)
            })
            .collect()
    };
    (0..count).map(cell).collect()
}

fn cell_mean(plane: &[f32], w: usize, rows: &Cell, columns: &Cell) -> f32 {
    let mut mean = 0.0;
    for &(y, down) in rows {
        let row = &plane[y * w..(y + 1) * w];
        mean += down * columns.iter().map(|&(x, across)| across * f64::from(row[x])).sum::<f64>();
    }
    mean as f32
}
