//! Rows in an order in which each lies near the one before.

use rayon::prelude::*;

use super::squared_distance;
use crate::array::Array;

/// Rows are compared on one thread where there are fewer.
const FEW: usize = 512;

/// A permutation of the rows that begins with `first` and goes on with the nearest row that is left, of equally near
/// ones the lowest. Rows that hold values that are no numbers come last. Takes k² d steps.
///
/// # Shapes
/// - `rows`: `[k, d]`; result: `[k]`
pub fn chain(rows: &Array, first: usize) -> Vec<usize> {
    let is_number = |row: &usize| rows.row(*row).iter().all(|value| value.is_finite());
    let (mut left, mut strays): (Vec<usize>, Vec<usize>) =
        (0..rows.num_rows()).partition(is_number);
    let mut order = Vec::with_capacity(rows.num_rows());
    let mut at = left.iter().position(|&row| row == first).unwrap_or(0);
    while !left.is_empty() {
        let row = left.swap_remove(at);
        order.push(row);
        let distance = |(place, &other): (usize, &usize)| {
            (squared_distance(rows.row(row), rows.row(other)), other, place)
        };
        let nearer = |a: (f32, usize, usize), b: (f32, usize, usize)| {
            if a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).is_le() { a } else { b }
        };
        let nearest = if left.len() < FEW {
            left.iter().enumerate().map(distance).reduce(nearer)
        } else {
            left.par_iter().enumerate().map(distance).reduce_with(nearer)
        };
        at = nearest.map_or(0, |(.., place)| place);
    }
    order.append(&mut strays);
    order
}
