//! Nearest rows and short vectors against what looks at everything.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]

use zscope::array::Array;
use zscope::latent::{
    Metric, Neighbours, PrincipalPlane, nearest_rows, nearest_rows_to, reduced, squared_distance,
};
use zscope::random::{Purpose, normals};
use zscope::watch::Watch;

fn matrix(seed: u64, n: usize, d: usize, shift: f32) -> Array {
    let values = normals(seed, 0, Purpose::Explore, n * d);
    Array::new([n, d], values.into_iter().map(|value| value + shift).collect()).unwrap()
}

fn found(matrix: &Array, k: usize) -> Neighbours {
    nearest_rows(matrix, k, Watch::default().whole()).expect("nobody stops it")
}

fn by_looking_at_all(matrix: &Array, k: usize) -> Vec<u32> {
    let of_row = |row: usize| {
        let far = |other: usize| squared_distance(matrix.row(row), matrix.row(other)).sqrt();
        let mut others: Vec<(usize, f32)> = (0..matrix.num_rows())
            .filter(|&other| other != row)
            .map(|other| (other, far(other)))
            .collect();
        others.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        others.truncate(k);
        others.into_iter().map(|(other, _)| other as u32).collect::<Vec<_>>()
    };
    (0..matrix.num_rows()).flat_map(of_row).collect()
}

#[test]
fn nearest_rows_are_exact() {
    let sizes = [
        (1, 3, 5),
        (2, 1, 5),
        (13, 3, 15),
        (129, 2, 7),
        (257, 50, 90),
        (1100, 17, 14),
        (2500, 3, 14),
    ];
    for (n, d, k) in sizes {
        for shift in [0.0, 300.0] {
            let matrix = matrix(n as u64, n, d, shift);
            let found = found(&matrix, k);
            assert_eq!(found.k, k.min(n - 1), "{n} rows of {d}");
            assert_eq!(found.rows, by_looking_at_all(&matrix, k), "{n} rows of {d} at {shift}");
            let sorted = |row: &[f32]| row.is_sorted();
            assert!(found.distances.chunks(found.k.max(1)).all(sorted), "the nearest first");
        }
    }
}

#[test]
fn equal_rows_are_neighbours_but_none_is_its_own() {
    let mut values = normals(4, 0, Purpose::Explore, 300 * 4);
    for row in 0..40 {
        values.copy_within(0..4, row * 4);
    }
    let found = found(&Array::new([300, 4], values).unwrap(), 6);
    for (row, near) in found.rows.chunks(6).enumerate() {
        assert!(!near.contains(&(row as u32)), "row {row}: {near:?}");
        if row < 40 {
            assert!(near.iter().all(|&other| other < 40), "row {row}: {near:?}");
        }
    }
}

#[test]
fn the_comparison_sees_a_wrong_neighbour() {
    let matrix = matrix(5, 60, 3, 0.0);
    let mut rows = found(&matrix, 4).rows;
    rows[17] = (rows[17] + 1) % 60;
    assert_ne!(rows, by_looking_at_all(&matrix, 4));
}

#[test]
fn a_search_stops_when_told_to() {
    let matrix = matrix(6, 3000, 8, 0.0);
    let watch = Watch::new(|share| share < 0.2);
    assert!(nearest_rows(&matrix, 5, watch.whole()).is_err());
    let long = self::matrix(6, 3000, 80, 0.0);
    assert!(reduced(&long, 10, watch.whole()).is_err());
}

#[test]
fn the_nearest_to_a_latent_by_either_distance() {
    let matrix = matrix(7, 400, 6, 0.2);
    let latent = matrix.row(11).to_vec();
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let mut expected: Vec<(u32, f32)> =
            (0..400).map(|row| (row, metric.distance(matrix.row(row as usize), &latent))).collect();
        expected.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let found = nearest_rows_to(&matrix, &latent, metric, 9);
        assert_eq!(found, expected[..9], "{metric:?}");
        assert_eq!(found[0].0, 11, "a row is its own nearest");
    }
    let [a, b] = [[3.0, 0.0], [0.0, 4.0]];
    assert_eq!(Metric::Euclidean.distance(&a, &b), 5.0);
    assert_eq!(Metric::Cosine.distance(&a, &b), 1.0);
    assert_eq!(Metric::Cosine.distance(&a, &[-6.0, 0.0]), 2.0);
    assert_eq!(Metric::Cosine.distance(&a, &[0.0, 0.0]), 1.0, "a latent without a length");
}

#[test]
fn short_vectors_keep_distances_that_lie_in_few_dimensions() {
    // Rows of 90 values that are mixtures of 6.
    let (n, d, rank) = (500, 90, 6);
    let (weights, basis) = (matrix(8, n, rank, 0.0), matrix(9, rank, d, 0.0));
    let mut values = vec![0.0; n * d];
    for (row, values) in values.chunks_mut(d).enumerate() {
        for (at, weight) in weights.row(row).iter().enumerate() {
            let along = basis.row(at).iter();
            values.iter_mut().zip(along).for_each(|(value, along)| *value += weight * along);
        }
    }
    let long = Array::new([n, d], values).unwrap();
    let short = reduced(&long, 10, Watch::default().whole()).unwrap();
    assert_eq!(short.shape(), [n, 10]);
    for (a, b) in [(0, 1), (3, 77), (10, 499), (250, 251)] {
        let [before, after] =
            [&long, &short].map(|rows| squared_distance(rows.row(a), rows.row(b)).sqrt());
        assert!((before - after).abs() < 1e-2 * before, "{before} became {after}");
    }
    // Too few dimensions lose something.
    let flat = reduced(&long, 2, Watch::default().whole()).unwrap();
    let [before, after] = [&long, &flat].map(|rows| squared_distance(rows.row(3), rows.row(77)));
    assert!(after < before, "{before} became {after}");
    let plane = PrincipalPlane::of(&long, None);
    let spread = |rows: &dyn Fn(usize) -> f64| (0..n).map(|row| rows(row).powi(2)).sum::<f64>();
    for axis in 0..2 {
        let expected = spread(&|row| plane.places[row].expect("a place")[axis]);
        let found = spread(&|row| f64::from(flat.row(row)[axis]));
        assert!((found / expected - 1.0).abs() < 0.02, "axis {axis}: {found} for {expected}");
    }
}

#[test]
fn short_rows_stay_as_they_are() {
    let mut values = normals(10, 0, Purpose::Explore, 12);
    values[5] = f32::NAN;
    let rows = Array::new([4, 3], values.clone()).unwrap();
    let same = reduced(&rows, 50, Watch::default().whole()).unwrap();
    values[5] = 0.0;
    assert_eq!(same.data(), values, "but for what is no number");
}
