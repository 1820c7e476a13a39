//! Codes of an image in the order in which priors tell them: row by row, those of one cell one after the other.

use crate::array::Array;

/// The codes of images, `[b * places]`.
///
/// # Shapes
/// - `indices`: `[b, h, w]`, or `[b, q, h, w]` for q codes in a cell
pub fn of_images(indices: &Array, per_cell: usize) -> Vec<u32> {
    let images = (0..indices.num_rows()).map(|image| indices.row(image));
    images
        .flat_map(|row| reordered(row, row.len() / per_cell.max(1)))
        .map(|code| code as u32)
        .collect()
}

/// Codes in the order of places as the indices that decoders read, `[b, h, w]` or `[b, q, h, w]`.
///
/// # Shapes
/// - `codes`: `[b * places]`, b at least 1; what is left of a last image that is not whole is left out
///
/// # Panics
/// Never: images are whole.
pub fn to_indices(codes: &[u32], [h, w]: [usize; 2], per_cell: usize) -> Array {
    let places = h * w * per_cell;
    let values: Vec<f32> = codes.iter().map(|&code| code as f32).collect();
    let images = values.chunks_exact(places.max(1));
    let b = images.len();
    let data = images.flat_map(|image| reordered(image, per_cell)).collect();
    let shape = if per_cell == 1 { vec![b, h, w] } else { vec![b, per_cell, h, w] };
    Array::new(shape, data).expect("whole images")
}

/// The place of a code that has the number `slot` in a cell.
pub fn place(cell: usize, slot: usize, per_cell: usize) -> usize {
    cell * per_cell + slot
}

/// The cells of a code map, those of one codebook before those of the next, whose places are marked.
pub fn cells_of(marked: &[bool], per_cell: usize) -> Vec<usize> {
    let q = per_cell.max(1);
    let cells = marked.len() / q;
    let slots = (0..q).flat_map(|slot| (0..cells).map(move |cell| (slot, cell)));
    let is_marked = |&(slot, cell): &(usize, usize)| marked[place(cell, slot, q)];
    slots.filter(is_marked).map(|(slot, cell)| slot * cells + cell).collect()
}

/// Counts codes in the order of places, those of each codebook for themselves.
///
/// # Shapes
/// - `codes`: `[b * places]`; `counts`: `[parts][k]`, one part where all codes of a cell are of the same codebook
pub fn count(codes: &[u32], per_cell: usize, counts: &mut [Vec<u64>]) {
    let parts = counts.len();
    for (place, &code) in codes.iter().enumerate() {
        let part = if parts == 1 { 0 } else { place % per_cell.max(1) };
        counts[part][code as usize] += 1;
    }
}

/// Values of rows of `len`, column by column.
fn reordered(values: &[f32], len: usize) -> impl Iterator<Item = f32> + '_ {
    (0..len).flat_map(move |column| values[column..].iter().step_by(len.max(1)).copied())
}

/// The share of places that are hidden in a lesson of a masked prior, by a uniform draw.
///
/// # Source
/// `MaskGIT` (Chang et al., 2022, section 3.3, arXiv:2202.04200): the cosine schedule.
pub fn masked_share(draw: f32) -> f32 {
    (std::f32::consts::FRAC_PI_2 * draw).cos()
}

/// Which places are hidden: so large a share of them, at least one, those of the lowest draws.
pub fn hidden(draws: &[f32], share: f32) -> Vec<bool> {
    let count = ((share * draws.len() as f32).ceil() as usize).clamp(1, draws.len().max(1));
    let mut order: Vec<usize> = (0..draws.len()).collect();
    order.sort_by(|&a, &b| draws[a].total_cmp(&draws[b]));
    let mut hidden = vec![false; draws.len()];
    order.into_iter().take(count).for_each(|place| hidden[place] = true);
    hidden
}
