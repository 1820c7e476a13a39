//! Whether what belongs together is found among others.

use crate::array::Array;

/// The shares of queries of which a right answer is among the first 1, 5 and 10 by cosine, where two rows are right for
/// each other when `belongs` says so; equally near answers that are wrong come first. Zeros without a row.
///
/// # Shapes
/// - `queries`, `answers`: `[n, d]` and `[m, d]`
///
/// # Source
/// Recall@K of image-sentence retrieval (Karpathy & Fei-Fei, 2015, section 4.1, arXiv:1412.2306).
pub fn recall(
    queries: &Array,
    answers: &Array,
    belongs: impl Fn(usize, usize) -> bool,
) -> [f64; RECALLED.len()] {
    let (queries, answers) = (directions(queries), directions(answers));
    let mut found = [0.0; RECALLED.len()];
    for (query, at) in queries.iter().enumerate() {
        let cosine = |other: &Vec<f64>| at.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
        let cosines: Vec<f64> = answers.iter().map(cosine).collect();
        let is_right = |answer: usize| belongs(query, answer);
        let right = (0..cosines.len()).filter(|&answer| is_right(answer));
        let Some(best) = right.map(|answer| cosines[answer]).max_by(f64::total_cmp) else {
            continue;
        };
        let before =
            (0..cosines.len()).filter(|&other| cosines[other] >= best && !is_right(other)).count();
        for (count, most) in found.iter_mut().zip(RECALLED) {
            *count += f64::from(u8::from(before < most));
        }
    }
    found.map(|count| count / queries.len().max(1) as f64)
}

/// Among how many answers a right one is looked for.
pub const RECALLED: [usize; 3] = [1, 5, 10];

/// Rows at unit length; those without a direction stay.
fn directions(rows: &Array) -> Vec<Vec<f64>> {
    (0..rows.num_rows())
        .map(|row| {
            let row = rows.row(row);
            let length = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
            let length = if length > 0.0 { length } else { 1.0 };
            row.iter().map(|&value| f64::from(value) / length).collect()
        })
        .collect()
}
