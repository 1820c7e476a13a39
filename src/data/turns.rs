//! Square images by quarter turns.

use crate::array::Array;

/// Images turned counterclockwise, each by so many quarters.
///
/// # Shapes
/// - `images` and result: `[b, c, s, s]`; `turns`: `[b]`, each 0 to 3
pub fn turned(images: &Array, turns: &[u32]) -> Array {
    let side = images.shape().last().copied().unwrap_or(1);
    let mut result = images.clone();
    let item = images.row_len().max(1);
    for ((out, image), turn) in
        result.data_mut().chunks_exact_mut(item).zip(images.data().chunks_exact(item)).zip(turns)
    {
        let planes = out.chunks_exact_mut(side * side).zip(image.chunks_exact(side * side));
        for (out, plane) in planes {
            for (index, value) in out.iter_mut().enumerate() {
                let (row, column) = (index / side, index % side);
                let last = side - 1;
                let (from_row, from_column) = match turn % 4 {
                    0 => (row, column),
                    1 => (column, last - row),
                    2 => (last - row, last - column),
                    _ => (last - column, row),
                };
                *value = plane[from_row * side + from_column];
            }
        }
    }
    result
}

/// Held-out images with what a classifier is to tell of them: their classes, or, without those, the quarter turns
/// that each was given, 0 to 3 in order.
///
/// # Shapes
/// - `images` and result: `[b, c, h, w]`, square where there are no classes; classes `[b]`
pub fn examined(images: &Array, classes: Option<&[u32]>) -> (Array, Vec<u32>) {
    if let Some(classes) = classes {
        return (images.clone(), classes.to_vec());
    }
    let turns: Vec<u32> = (0..images.num_rows() as u32).map(|index| index % 4).collect();
    (turned(images, &turns), turns)
}
