//! Which checkpoints tell best how a run went: spread over its steps by ratio, as a run changes most at its beginning.

/// At most `most` of ascending steps, roughly at a constant ratio from one to the next; the first and the newest are
/// always among them.
///
/// As long as there are too many, the step goes without which the gap between its neighbours, as the ratio of their
/// steps, is smallest; of equal ones the newest. Thinning again after each new checkpoint gives a spread of the same
/// kind, so that nothing but the checkpoints themselves has to be remembered.
pub fn thinned(steps: &[u64], most: usize) -> Vec<u64> {
    let mut kept = steps.to_vec();
    if most < 2 {
        return kept.last().copied().into_iter().take(most).collect();
    }
    // One more than the step, as a run begins at 0.
    let gap = |before: u64, after: u64| (after as f64 + 1.0) / (before as f64 + 1.0);
    while kept.len() > most {
        let without = |at: &usize| gap(kept[at - 1], kept[at + 1]);
        let least = (1..kept.len() - 1).rev().min_by(|a, b| without(a).total_cmp(&without(b)));
        let Some(least) = least else { break };
        kept.remove(least);
    }
    kept
}
