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

/// Values of about a normal distribution.
fn normal(len: usize, salt: usize) -> Vec<f32> {
    let uniform = numbers(12 * len, salt);
    uniform.chunks(12).map(|values| values.iter().sum::<f32>() / 2.0).collect()
}

#[test]
fn every_way_of_a_processor_ranks_as_single_precision_does() {
    let plus =
        |values: &[f32], more: f32| values.iter().map(|value| value + more).collect::<Vec<_>>();
    let times = |values: &[f32], by: f32| values.iter().map(|value| value * by).collect::<Vec<_>>();
    let whole = |values: &[f32]| values.iter().map(|value| value.round()).collect::<Vec<_>>();
    if Ranking::each_way(&normal(128 * 4, 1), 4).len() == 1 {
        eprintln!("SKIPPED: this processor has no products of bytes");
        return;
    }
    for (k, dim) in [(128, 3), (132, 5), (512, 64), (1024, 16), (2048, 1), (256, 130)] {
        let (codes, vectors) = (normal(k * dim, 1), normal(203 * dim, 2));
        let close: Vec<f32> = codes.iter().zip(&vectors).map(|(e, z)| e + 0.01 * z).collect();
        let mut odd = vectors.clone();
        (odd[1], odd[40 * dim], odd[90 * dim]) = (f32::NAN, f32::INFINITY, 3e38);
        odd[120 * dim..122 * dim].fill(1e-42);
        let mut outlier = codes.clone();
        outlier[7 * dim] = 1e5;
        let mut not_a_number = codes.clone();
        not_a_number[9 * dim] = f32::NAN;
        for (name, codes, vectors) in [
            ("as they are", &codes, &vectors),
            ("close to codes", &codes, &close),
            ("far from zero", &plus(&codes, 30.0), &plus(&vectors, 30.0)),
            ("of whole values, many as near", &whole(&codes), &whole(&vectors)),
            ("with one far away", &outlier, &vectors),
            ("all but equal, too many to list", &plus(&times(&codes, 1e-4), 1.0), &vectors),
            ("small", &times(&codes, 1e-6), &times(&vectors, 1e-12)),
            ("too small to list", &times(&codes, 1e-20), &times(&vectors, 1e-20)),
            ("large", &times(&codes, 1e6), &times(&vectors, 1e8)),
            ("and strange vectors", &codes, &odd),
            ("and a code that is no number", &not_a_number, &vectors),
        ] {
            let mut ways = Ranking::each_way(codes, dim);
            let single = ways.pop().expect("single precision is always there").of(vectors, 1);
            for (way, listed) in ways.iter().map(|way| way.of(vectors, 1)).enumerate() {
                for (index, (listed, single)) in listed.iter().zip(&single).enumerate() {
                    let case = format!("{k} codes of {dim} {name}, way {way}, vector {index}");
                    assert_eq!(listed.code, single.code, "{case}: {listed:?}, not {single:?}");
                    for (found, expected) in
                        [(listed.score, single.score), (listed.square, single.square)]
                    {
                        assert_eq!(
                            found.to_bits(),
                            expected.to_bits(),
                            "{case}: {listed:?}, not {single:?}"
                        );
                    }
                    // No other is larger, and it is never so far from the largest that rounding could matter.
                    assert!(
                        listed.next >= single.next || single.next.is_nan(),
                        "{case}: {listed:?}, not {single:?}"
                    );
                    let reach = (dim as f32 + 2.0) * f32::EPSILON * listed.score.abs();
                    assert!(
                        listed.next.to_bits() == single.next.to_bits()
                            || listed.score - listed.next > reach,
                        "{case}: {listed:?}, not {single:?}"
                    );
                }
            }
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
