//! Precision, recall, density and coverage.

use zscope::array::Array;
use zscope::metrics::{NEIGHBOURS, PrecisionRecall, precision_recall};
use zscope::random::{Purpose, permutation};

use super::{backwards, cloud, rows, with_value};
use crate::common::assert_says;

#[track_caller]
fn measured(real: &Array, generated: &Array, k: usize) -> PrecisionRecall {
    precision_recall(real, generated, k).expect("enough samples")
}

#[test]
fn neighbourhoods_by_hand() {
    // With one neighbour, the real ones reach 20, 1, 1, 2, 4, 4, ½ and ½ far, the generated 3½, 3½, 5 and 21.
    let real = rows(1, &[-20.0, 0.0, 1.0, 3.0, 8.0, 12.0, 45.0, 45.5]);
    let generated = rows(1, &[0.5, 4.0, 9.0, 30.0]);
    let expected = PrecisionRecall {
        precision: 0.75,     // 30 lies in none
        recall: 7.0 / 8.0,   // −20 lies in none
        density: 6.0 / 4.0,  // two neighbourhoods for 0.5, 4 and 9; 4 lies on the edge of that of 8
        coverage: 5.0 / 8.0, // none near −20, 45 and 45.5
    };
    assert_eq!(measured(&real, &generated, 1), expected, "by hand");
    assert_eq!(measured(&backwards(&real), &backwards(&generated), 1), expected, "in any order");
    // With two they reach 21, 3, 2, 3, 5, 9, 33 and 33½ far, the generated 8½, 5, 8½ and 26.
    let wider = PrecisionRecall {
        precision: 1.0,
        recall: 7.0 / 8.0,
        density: (4.0 + 3.0 + 2.0 + 2.0) / 8.0,
        coverage: 1.0,
    };
    assert_eq!(measured(&real, &generated, 2), wider, "two neighbours");
}

#[test]
fn identical_samples_cover_each_other() {
    let real = cloud(1, 90, 5, 0.0);
    for generated in [real.clone(), backwards(&real)] {
        let found = measured(&real, &generated, NEIGHBOURS);
        let shares = (found.precision, found.recall, found.coverage);
        assert_eq!(shares, (1.0, 1.0, 1.0), "{found:?}");
        assert!(found.density >= 1.0, "each lies in its own and in those of others: {found:?}");
    }
    // Even where nearest neighbours lie at no distance at all.
    let found = measured(&Array::filled([9, 2], 0.5), &Array::filled([7, 2], 0.5), 3);
    assert_eq!((found.precision, found.recall, found.coverage), (1.0, 1.0, 1.0), "{found:?}");
}

#[test]
fn disjoint_clusters_have_nothing_in_common() {
    let found = measured(&cloud(1, 70, 3, 0.0), &cloud(2, 50, 3, 10.0), NEIGHBOURS);
    let none = PrecisionRecall { precision: 0.0, recall: 0.0, density: 0.0, coverage: 0.0 };
    assert_eq!(found, none, "far apart");
}

/// A generator that gives one part of the data only is precise, and covers little.
#[test]
fn collapse_shows_in_recall_and_coverage() {
    let data: Vec<f32> = [cloud(1, 60, 3, 0.0), cloud(2, 60, 3, 10.0)]
        .into_iter()
        .flat_map(Array::into_data)
        .collect();
    let found = measured(&rows(3, &data), &cloud(3, 120, 3, 0.0), NEIGHBOURS);
    assert!(found.precision > 0.7, "{found:?}");
    assert!(found.recall <= 0.5 && found.coverage <= 0.5, "{found:?}");
    // Held-out samples of the same distribution: what a perfect generator gets.
    let held_out = measured(&cloud(4, 400, 3, 0.0), &cloud(5, 400, 3, 0.0), NEIGHBOURS);
    assert!((0.9..1.1).contains(&held_out.density), "{held_out:?}");
    // 1 − 1 / 2^k, Naeem et al. 2020, lemma 2.
    assert!((held_out.coverage - (1.0 - 0.5f64.powi(5))).abs() < 0.05, "{held_out:?}");
}

/// The same counts from a whole table of distances, on sizes that fill no block.
#[test]
fn agrees_with_a_table_of_distances() {
    for (n, m, d, k) in [(67, 41, 17, 3), (6, 33, 1, 5), (32, 65, 16, 1), (97, 96, 40, 7)] {
        let (real, generated) = (cloud(7, n, d, 0.0), cloud(8, m, d, 0.2));
        let apart = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        let radii = |samples: &Array| -> Vec<f64> {
            let of = |i: usize| {
                let mut others: Vec<f64> = (0..samples.num_rows())
                    .filter(|&j| j != i)
                    .map(|j| apart(samples.row(i), samples.row(j)))
                    .collect();
                others.sort_by(f64::total_cmp);
                others[k - 1]
            };
            (0..samples.num_rows()).map(of).collect()
        };
        let (of_real, of_generated) = (radii(&real), radii(&generated));
        let share = |rows: usize, test: &dyn Fn(usize) -> bool| {
            (0..rows).filter(|&row| test(row)).count() as f64 / rows as f64
        };
        let between = |i: usize, j: usize| apart(real.row(i), generated.row(j));
        let inside = (0..n * m).filter(|p| between(p / m, p % m) <= of_real[p / m]).count();
        let expected = PrecisionRecall {
            precision: share(m, &|j| (0..n).any(|i| between(i, j) <= of_real[i])),
            recall: share(n, &|i| (0..m).any(|j| between(i, j) <= of_generated[j])),
            density: inside as f64 / (k * m) as f64,
            coverage: share(n, &|i| (0..m).any(|j| between(i, j) <= of_real[i])),
        };
        assert_eq!(measured(&real, &generated, k), expected, "{n} and {m} of {d}, k {k}");
        // In any order, and with a negative control.
        let order = permutation(1, 0, Purpose::Evaluate, n);
        let mixed: Vec<f32> = order.iter().flat_map(|&i| real.row(i as usize).to_vec()).collect();
        assert_eq!(measured(&rows(d, &mixed), &generated, k), expected, "in any order");
        let far: Vec<f32> = generated.data().iter().map(|value| value + 0.5).collect();
        assert_ne!(measured(&real, &rows(d, &far), k), expected, "moved");
    }
}

#[test]
fn refuses_what_it_cannot_measure() {
    let good = cloud(1, 6, 3, 0.0);
    let refused = |real: &Array, generated: &Array, k| {
        precision_recall(real, generated, k).expect_err("refused").to_string()
    };
    let few = cloud(2, 5, 3, 0.0);
    assert_says(&refused(&few, &good, 5), &["precision", "found 5 real", "at least 6"]);
    assert_says(&refused(&good, &few, 5), &["found 5 generated", "at least 6"]);
    assert_says(&refused(&good, &few, 0), &["0 samples", "at least 1"]);
    assert_says(&refused(&good, &few, usize::MAX), &["at least"]);
    assert_says(&refused(&good, &cloud(1, 6, 2, 0.0), 2), &["of 2 values", "expected 3", "real"]);
    let broken = with_value(&good, 4, f32::NAN);
    assert_says(&refused(&broken, &good, 2), &["NaN in real sample 1"]);
    assert_says(&refused(&good, &broken, 2), &["NaN in generated sample 1"]);
    let none = Array::zeros([0, 3]);
    assert_says(&refused(&none, &good, 2), &["found 0 real"]);
}
