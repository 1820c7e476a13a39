//! Codes of one codebook and their counterparts in another.

use super::squared_distance;
use crate::array::Array;

/// The counterparts of all rows, one to one, so that the sum of the distances is as small as it can be; nothing where
/// `go_on` said no. Of rows that are more than the others have, some stay alone.
///
/// `go_on` is told the share that is done, in `[0, 1]`.
///
/// # Shapes
/// - `from`: `[n, d]`; `to`: `[m, d]`; result: `[n]`
///
/// # Source
/// Kuhn, The Hungarian method for the assignment problem, 1955, by shortest augmenting paths as in Jonker & Volgenant,
/// A shortest augmenting path algorithm for dense and sparse linear assignment problems, 1987. Takes n² m steps.
pub fn one_to_one(
    from: &Array,
    to: &Array,
    mut go_on: impl FnMut(f32) -> bool,
) -> Option<Vec<Option<usize>>> {
    if from.num_rows() > to.num_rows() {
        let mut counterparts = vec![None; from.num_rows()];
        for (row, found) in one_to_one(to, from, go_on)?.into_iter().enumerate() {
            if let Some(slot) = found.and_then(|found| counterparts.get_mut(found)) {
                *slot = Some(row);
            }
        }
        return Some(counterparts);
    }
    let (n, m) = (from.num_rows(), to.num_rows());
    let mut costs = vec![0.0; n * m];
    for (row, costs) in costs.chunks_exact_mut(m.max(1)).enumerate() {
        for (column, cost) in costs.iter_mut().enumerate() {
            let distance = f64::from(squared_distance(from.row(row), to.row(column))).sqrt();
            // What is no number is as far away as can be.
            *cost = if distance.is_finite() { distance } else { f64::from(f32::MAX) };
        }
    }
    // Row 0 and column 0 stand for nothing, so that an unmatched column is one matched with row 0.
    let (mut row_prices, mut prices) = (vec![0.0; n + 1], vec![0.0; m + 1]);
    let mut row_of = vec![0; m + 1];
    for row in 1..=n {
        if !go_on((row - 1) as f32 / n as f32) {
            return None;
        }
        let mut least = vec![f64::INFINITY; m + 1];
        let mut before = vec![0; m + 1];
        let mut is_done = vec![false; m + 1];
        row_of[0] = row;
        let mut column = 0;
        while row_of[column] != 0 {
            is_done[column] = true;
            let from_row = row_of[column];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for other in (1..=m).filter(|&other| !is_done[other]) {
                let cost = costs[(from_row - 1) * m + other - 1];
                let reduced = cost - row_prices[from_row] - prices[other];
                if reduced < least[other] {
                    (least[other], before[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=m {
                if is_done[other] {
                    row_prices[row_of[other]] += step;
                    prices[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut counterparts = vec![None; n];
    for (column, &row) in row_of.iter().enumerate().skip(1) {
        if row > 0 {
            counterparts[row - 1] = Some(column - 1);
        }
    }
    Some(counterparts)
}
