//! The two nearest codes of many vectors: against every distance in double precision.

use zscope::fused::{Ranking, products};

/// Values between -1 and 1, in an order of its own.
fn numbers(len: usize, salt: usize) -> Vec<f32> {
    (0..len).map(|at| (((at + salt) * 7919) % 20011) as f32 / 10005.0 - 1.0).collect()
}

#[test]
fn the_two_largest_scores_are_those_of_all() {
    // Codes that fill no panel, vectors that fill no register, planes that vectors do not fill, one of each.
    for (k, dim, items, plane) in
        [(1, 3, 1, 1), (5, 7, 3, 11), (64, 64, 2, 64), (514, 16, 1, 3_333), (33, 1, 40, 49)]
    {
        let (codes, vectors) = (numbers(k * dim, 1), numbers(items * dim * plane, 2));
        let ranked = Ranking::new(&codes, dim).of(&vectors, plane);
        assert_eq!(ranked.len(), items * plane, "{k} codes: results");
        for (index, ranked) in ranked.iter().enumerate() {
            let start = index / plane * dim * plane + index % plane;
            let vector: Vec<f64> =
                vectors[start..].iter().step_by(plane).take(dim).map(|&z| f64::from(z)).collect();
            let score = |code: &[f32]| {
                let of_value = |(z, &e): (&f64, &f32)| {
                    let e = f64::from(e);
                    z * e - e * e / 2.0
                };
                vector.iter().zip(code).map(of_value).sum::<f64>()
            };
            let mut scores: Vec<f64> = codes.chunks(dim).map(score).collect();
            let chosen = scores[ranked.code as usize];
            scores.sort_by(|a, b| b.total_cmp(a));
            let next = scores.get(1).copied().unwrap_or(f64::NEG_INFINITY);
            let square = vector.iter().map(|z| z * z).sum::<f64>();
            let close = |found: f32, expected: f64| {
                found.is_infinite() && expected.is_infinite()
                    || (f64::from(found) - expected).abs() < 1e-4
            };
            assert!(chosen > scores[0] - 1e-4, "{k} codes, vector {index}: another is nearer");
            assert!(close(ranked.score, scores[0]), "{k} codes, vector {index}: {ranked:?}");
            assert!(close(ranked.next, next), "{k} codes, vector {index}: {ranked:?}, not {next}");
            assert!(close(ranked.square, square), "{k} codes, vector {index}: {ranked:?}");
        }
    }
}

#[test]
fn of_equal_codes_the_first_is_told_and_the_next_is_as_near() {
    let codes = [0.5, 1.0, 0.25, -1.0, 0.5, 1.0];
    let ranked = Ranking::new(&codes, 2).of(&[0.4, 0.9], 1);
    assert_eq!(ranked[0].code, 0, "the first of two");
    assert_eq!(ranked[0].score.to_bits(), ranked[0].next.to_bits(), "both are as near");
}

#[test]
fn products_are_taken_of_whole_rows_and_of_what_is_left_of_them() {
    for dim in [1, 5, 16, 37] {
        let (rows, vector) = (numbers(3 * dim, 1), numbers(dim, 2));
        for (row, product) in rows.chunks(dim).zip(products(&rows, &vector)) {
            let expected: f64 =
                row.iter().zip(&vector).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            assert!((f64::from(product) - expected).abs() < 1e-5, "{dim}: {product}");
        }
    }
}
