//! The plane of the two first principal components: by hand, against power iteration, and what it must not depend on.

use std::time::Instant;

use zscope::array::Array;
use zscope::latent::PrincipalPlane;
use zscope::random::{Purpose, normals, permutation};

fn plane(rows: &[Vec<f32>]) -> PrincipalPlane {
    PrincipalPlane::of(&array(rows), None)
}

fn array(rows: &[Vec<f32>]) -> Array {
    Array::new([rows.len(), rows.first().map_or(1, Vec::len)], rows.concat()).unwrap()
}

/// Draws whose spread falls from dimension to dimension.
fn rows(seed: u64, k: usize, d: usize) -> Vec<Vec<f32>> {
    let draws = normals(seed, 0, Purpose::Explore, k * d);
    let row = |row: &[f32]| row.iter().zip(1..).map(|(z, dim)| z / (dim as f32).sqrt()).collect();
    draws.chunks(d).map(row).collect()
}

/// How far places lie from others at most, along either axis, whichever end is which.
fn difference(a: &PrincipalPlane, b: &PrincipalPlane) -> f64 {
    let pairs = || a.places.iter().flatten().zip(b.places.iter().flatten());
    let along = |axis: usize| {
        let ends = [1.0, -1.0].map(|end: f64| {
            pairs().map(|(a, b)| (a[axis] - end * b[axis]).abs()).fold(0.0, f64::max)
        });
        ends[0].min(ends[1])
    };
    along(0).max(along(1))
}

#[test]
fn a_plane_worked_by_hand() {
    // Around (5, -3, 1): 2 along x, 1 along y, nothing along z; variances 8 and 2 of 10.
    let rows: Vec<Vec<f32>> =
        [[7.0, -3.0], [3.0, -3.0], [5.0, -2.0], [5.0, -4.0]].map(|[x, y]| vec![x, y, 1.0]).to_vec();
    let found = plane(&rows);
    let expected = [[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]];
    for (found, expected) in found.places.iter().flatten().zip(expected) {
        assert!((0..2).all(|axis| (found[axis] - expected[axis]).abs() < 1e-12), "{found:?}");
    }
    assert!((found.shares[0] - 0.8).abs() < 1e-12, "{:?}", found.shares);
    assert!((found.shares[1] - 0.2).abs() < 1e-12, "{:?}", found.shares);
    assert_eq!([found.order[0], found.order[3]], [1, 0], "along the first");
}

/// The covariance times its own eigenvectors, one after the other, each taken away before the next.
fn by_power_iteration(rows: &[Vec<f32>]) -> [(f64, Vec<f64>); 2] {
    let d = rows[0].len();
    let mean: Vec<f64> = (0..d)
        .map(|dim| rows.iter().map(|row| f64::from(row[dim])).sum::<f64>() / rows.len() as f64)
        .collect();
    let centred: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| row.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean).collect())
        .collect();
    let mut covariance = vec![vec![0.0; d]; d];
    for row in &centred {
        for (sums, a) in covariance.iter_mut().zip(row) {
            sums.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * b);
        }
    }
    let total: f64 = (0..d).map(|dim| covariance[dim][dim]).sum();
    [0, 1].map(|_| {
        let mut axis: Vec<f64> = (0..d).map(|dim| 1.0 / (1.0 + dim as f64)).collect();
        let mut size = 0.0;
        for _ in 0..20_000 {
            let times = |row: &Vec<f64>| row.iter().zip(&axis).map(|(a, b)| a * b).sum::<f64>();
            let next: Vec<f64> = covariance.iter().map(times).collect();
            size = next.iter().map(|value| value * value).sum::<f64>().sqrt();
            axis = next.iter().map(|value| value / size).collect();
        }
        for (a, row) in covariance.iter_mut().enumerate() {
            for (b, value) in row.iter_mut().enumerate() {
                *value -= size * axis[a] * axis[b];
            }
        }
        let along = |row: &Vec<f64>| row.iter().zip(&axis).map(|(a, b)| a * b).sum();
        (size / total, centred.iter().map(along).collect())
    })
}

#[test]
fn the_plane_is_that_of_power_iteration() {
    for (k, d) in [(2, 3), (5, 2), (40, 7), (7, 40), (301, 13), (150, 149)] {
        let rows = rows(3, k, d);
        let found = plane(&rows);
        for (axis, (share, places)) in by_power_iteration(&rows).into_iter().enumerate() {
            // Of two rows there is no second component.
            if share < 1e-9 {
                assert!(found.shares[axis].abs() < 1e-12, "{k} of {d}");
                continue;
            }
            assert!((found.shares[axis] - share).abs() < 1e-9, "{k} of {d}: {:?}", found.shares);
            let ends = [1.0, -1.0].map(|end: f64| {
                let pairs = found.places.iter().flatten().zip(&places);
                pairs.map(|(found, place)| (found[axis] - end * place).abs()).fold(0.0, f64::max)
            });
            assert!(ends[0].min(ends[1]) < 1e-5, "{k} of {d}, axis {axis}: {ends:?}");
        }
    }
}

/// Rows turned by the reflection that takes (1, 1, .., 1) to the first axis, then another one.
fn turned(rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let d = rows[0].len();
    let mirrors = [1, 2].map(|seed| normals(seed, 7, Purpose::Explore, d));
    let mut turned = rows.to_vec();
    for mirror in mirrors {
        let square: f32 = mirror.iter().map(|value| value * value).sum();
        for row in &mut turned {
            let along: f32 = row.iter().zip(&mirror).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(&mirror).for_each(|(value, m)| *value -= 2.0 * along / square * m);
        }
    }
    turned
}

#[test]
fn the_plane_turns_and_moves_with_its_rows() {
    let rows = rows(5, 500, 24);
    let found = plane(&rows);
    let moved: Vec<Vec<f32>> =
        turned(&rows).iter().map(|row| row.iter().map(|value| value + 3.0).collect()).collect();
    let other = plane(&moved);
    assert!(difference(&found, &other) < 1e-4, "{}", difference(&found, &other));
    assert!((found.shares[0] - other.shares[0]).abs() < 1e-6, "{:?}", other.shares);
    // The control: one row elsewhere.
    let mut changed = moved;
    changed[17][3] += 1.0;
    assert!(difference(&found, &plane(&changed)) > 1e-2, "seen");
}

#[test]
fn the_plane_does_not_depend_on_the_order_of_rows() {
    let rows = rows(6, 3000, 9);
    let (codes, by_number) = (array(&rows), plane(&rows));
    assert_eq!(PrincipalPlane::of(&codes, None), by_number, "the same again");
    let mixed = permutation(2, 0, Purpose::Explore, rows.len());
    let shuffled: Vec<Vec<f32>> = mixed.iter().map(|&row| rows[row as usize].clone()).collect();
    let found = plane(&shuffled);
    for (place, &row) in found.places.iter().zip(&mixed) {
        let (place, expected) = (place.unwrap(), by_number.places[row as usize].unwrap());
        assert!((0..2).all(|axis| (place[axis] - expected[axis]).abs() < 1e-7), "row {row}");
    }
}

#[test]
fn any_rows_have_a_plane() {
    let zeros = |found: &PrincipalPlane| {
        found.shares.iter().all(|&share| share == 0.0)
            && found.places.iter().all(|&place| place == Some([0.0; 2]))
    };
    assert!(zeros(&plane(&vec![vec![0.1, 7.3, -1e-3]; 1001])), "all equal");
    assert!(zeros(&plane(&[vec![2.0, 3.0]])), "a single one");
    assert!(plane(&[]).places.is_empty(), "none");
    let line = plane(&[vec![1.0], vec![4.0], vec![-2.0]]);
    assert_eq!(line.places, [[0.0, 0.0], [3.0, 0.0], [-3.0, 0.0]].map(Some), "one dimension");
    assert!((line.shares[0] - line.shares[1] - 1.0).abs() < 1e-12, "all of it");
    let line: Vec<Vec<f32>> =
        (0..50).map(|at| vec![0.3 * at as f32, -0.7 * at as f32, 1.0]).collect();
    let found = plane(&line);
    assert!(found.shares[1] == 0.0, "rounding is no spread");
    assert!(found.places.iter().all(|place| place.unwrap()[1] == 0.0), "on a line");
    for size in [1e-30, 1e-10, 1e10, 3e37] {
        let found = plane(&[vec![size, 0.0], vec![-size, 0.0], vec![0.0, 0.5 * size]]);
        assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{size}: {found:?}");
        let far = found.places[0].unwrap()[0].abs() / f64::from(size);
        assert!((far - 1.0).abs() < 1e-6, "{size}: {found:?}");
    }
}

#[test]
fn rows_that_are_no_numbers_count_for_nothing() {
    let mut rows = rows(8, 60, 5);
    let expected = plane(&rows);
    rows.insert(0, vec![f32::NAN; 5]);
    rows.insert(31, vec![0.0, f32::INFINITY, 0.0, 0.0, 0.0]);
    let found = plane(&rows);
    assert_eq!([found.places[0], found.places[31]], [None; 2], "without a place");
    assert_eq!(found.order[60..], [0, 31], "last");
    assert!(difference(&found, &expected) < 1e-12, "as without them");
}

/// Four directions with the same spread: any two of them, and nothing is missed.
#[test]
fn equal_spreads_are_told_as_such() {
    for d in [2, 3, 4] {
        let corner =
            |row: usize| (0..d).map(move |dim| if row >> dim & 1 == 1 { 1.0 } else { -1.0 });
        let rows: Vec<Vec<f32>> = (0..1 << d).map(|row| corner(row).collect()).collect();
        let found = plane(&rows);
        for axis in 0..2 {
            let squares = found.places.iter().flatten().map(|place| place[axis].powi(2));
            let variance = squares.sum::<f64>() / rows.len() as f64;
            assert!((variance - 1.0).abs() < 1e-9, "{d} dimensions: {variance}");
            assert!((found.shares[axis] - 1.0 / d as f64).abs() < 1e-9, "{:?}", found.shares);
        }
    }
}

/// Where the entry of the largest absolute value is another one, the sign alone would turn the axis round.
#[test]
fn axes_do_not_turn_round_as_rows_move() {
    let along = |y: f32| -> Vec<Vec<f32>> {
        (0..9).map(|at| vec![at as f32, y * at as f32, 0.1 * (at % 2) as f32]).collect()
    };
    let before = plane(&along(-0.99));
    let alone = plane(&along(-1.01));
    let first = |plane: &PrincipalPlane| plane.places[8].unwrap()[0];
    assert!(first(&before) > 0.0 && first(&alone) < 0.0, "by their signs they do");
    let after = PrincipalPlane::of(&array(&along(-1.01)), Some(&before));
    assert!(first(&after) > 0.0, "{}", first(&after));
    assert_eq!(after.order, before.order, "nor does the order");
    let other = PrincipalPlane::of(&array(&rows(1, 9, 4)), Some(&before));
    assert_eq!(other, plane(&rows(1, 9, 4)), "a plane of other rows says nothing");
}

#[test]
fn many_long_rows_take_no_time() {
    let (k, d) = (16_384, 256);
    for even in [false, true] {
        let draws = normals(1, 0, Purpose::Explore, k * d);
        let fall = |dim: usize| if even { 1.0 } else { (-(dim as f32) / 30.0).exp() };
        let values = draws.iter().enumerate().map(|(at, z)| z * fall(at % d)).collect();
        let codes = Array::new([k, d], values).unwrap();
        let start = Instant::now();
        let found = PrincipalPlane::of(&codes, None);
        let took = start.elapsed();
        assert!(took.as_secs_f64() < 10.0, "{took:?}, even: {even}");
        println!("{k} rows of {d}: {took:?}, {:?}", found.shares);
    }
}
