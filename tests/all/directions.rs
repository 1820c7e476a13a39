//! Directions of a latent space: found in made-up latents against closed forms, kept as sliders, in files, and learnt from
//! the demo models.
#![expect(clippy::float_cmp, reason = "values by hand that are exact")]

mod files;
mod learning;
mod sliders;

use rand::RngExt as _;
use zscope::array::Array;
use zscope::latent::directions::{
    Direction, axes_of_scores, commonest, cosine, deviation_along, difference_of_means, length,
    logistic, low_and_high, orthogonalised, principal_components, right_singular_vectors, side_of,
};
use zscope::random::{Purpose, normals, stream};
use zscope::watch::Watch;

fn array(rows: usize, values: Vec<f32>) -> Array {
    Array::new([rows, values.len() / rows], values).expect("rows of one length")
}

fn direction(name: &str, step: &[f32]) -> Direction {
    Direction { name: name.to_owned(), step: step.to_vec(), ..Direction::default() }
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn unit(d: usize, axis: usize) -> Vec<f32> {
    (0..d).map(|dim| f32::from(dim == axis)).collect()
}

/// Two clouds of normal latents with these deviations, apart by `apart`; which side each is on.
fn clouds(n: usize, apart: &[f32], deviations: &[f32]) -> (Array, Vec<Option<bool>>) {
    let d = apart.len();
    let noise = normals(3, 0, Purpose::Explore, n * d);
    let sides: Vec<Option<bool>> = (0..n).map(|row| Some(row % 2 == 1)).collect();
    let values = noise.chunks_exact(d).enumerate().flat_map(|(row, noise)| {
        let half = if row % 2 == 1 { 0.5 } else { -0.5 };
        let value = move |dim: usize| half * apart[dim] + deviations[dim] * noise[dim];
        (0..d).map(value).collect::<Vec<f32>>()
    });
    (array(n, values.collect()), sides)
}

/// Rows at ± some distance on every axis: their variance along axis `j` is that distance squared over `d`.
#[test]
fn principal_components_of_a_cross() {
    for d in [1, 2, 7, 40, 300] {
        let far = |axis: usize| 2.0 / (1.0 + axis as f32);
        let mut values = Vec::new();
        for axis in 0..d {
            for side in [-1.0, 1.0] {
                values.extend(unit(d, axis).iter().map(|value| 5.0 + side * far(axis) * value));
            }
        }
        let rows = array(2 * d, values);
        let whole: f32 = (0..d).map(|axis| far(axis) * far(axis)).sum();
        let found = principal_components(&rows, 3, Watch::default().whole()).expect("unwatched");
        assert_eq!(found.len(), d.min(3), "{d} dimensions");
        for (axis, component) in found.iter().enumerate() {
            let along = cosine(&narrow(&component.axis), &unit(d, axis));
            assert!(along > 0.9999, "component {axis} of {d}: {along}");
            let expected = f64::from(far(axis) / (d as f32).sqrt());
            assert!((component.deviation / expected - 1.0).abs() < 1e-3, "{component:?}");
            let share = f64::from(far(axis) * far(axis) / whole);
            assert!((component.share / share - 1.0).abs() < 1e-3, "{} {share}", component.share);
            let measured = deviation_along(&rows, &component.axis);
            assert!((measured / expected - 1.0).abs() < 1e-3, "{measured} measured");
        }
    }
    let equal = Array::filled([9, 4], 3.0);
    let found = principal_components(&equal, 2, Watch::default().whole()).expect("unwatched");
    assert_eq!(found, [], "nothing spreads");
}

#[test]
fn singular_vectors_of_a_turned_diagonal() {
    // U diag(3, 2) Vᵀ with V turned by 30 degrees, and U by another angle.
    let turned = |degrees: f32| {
        let (sin, cos) = degrees.to_radians().sin_cos();
        [[cos, -sin], [sin, cos]]
    };
    let (u, v) = (turned(77.0), turned(30.0));
    let entry =
        |row: usize, column: usize| 3.0 * u[row][0] * v[column][0] + 2.0 * u[row][1] * v[column][1];
    let matrix = array(2, vec![entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)]);
    let found = right_singular_vectors(&matrix, 2, Watch::default().whole()).expect("unwatched");
    for (index, (component, singular)) in found.iter().zip([3.0, 2.0]).enumerate() {
        let along = cosine(&narrow(&component.axis), &[v[0][index], v[1][index]]).abs();
        assert!(along > 0.9999 && (component.deviation - singular).abs() < 1e-5, "{component:?}");
        assert!((component.share - singular * singular / 13.0).abs() < 1e-6, "{component:?}");
    }
}

#[test]
fn what_is_made_of_latents_leads_back_to_them() {
    let (n, d) = (500, 6);
    let latents = array(n, normals(1, 0, Purpose::Explore, n * d));
    // What is made shows dimension 4 much and dimension 1 a little.
    let made = (0..n).flat_map(|row| {
        let z = latents.row(row);
        [0.1 * z[1], 9.0 * z[4], 1.0]
    });
    let made = array(n, made.collect());
    let found = principal_components(&made, 2, Watch::default().whole()).expect("unwatched");
    let axes: Vec<Vec<f32>> = found
        .iter()
        .map(|component| narrow(&axes_of_scores(&latents, &made, &component.axis).expect("one")))
        .collect();
    assert!(cosine(&axes[0], &unit(d, 4)).abs() > 0.98, "{axes:?}");
    assert!(cosine(&axes[1], &unit(d, 1)).abs() > 0.98, "{axes:?}");
    assert_eq!(
        axes_of_scores(&latents, &made, &[0.0, 0.0, 1.0]),
        None,
        "nothing follows a constant"
    );
}

/// Between normal clouds of one covariance S the best plane lies at S⁻¹ times the way between their means.
#[test]
fn logistic_regression_sees_past_what_spreads() {
    let (apart, deviations) = ([1.0, 1.0, 0.0], [3.0, 0.5, 1.0]);
    let (latents, sides) = clouds(6000, &apart, &deviations);
    let plane = logistic(&latents, &sides, Watch::default().whole()).expect("unwatched");
    let plane = plane.expect("two sides");
    let best: Vec<f32> =
        apart.iter().zip(deviations).map(|(apart, deviation)| apart / deviation.powi(2)).collect();
    assert!(cosine(&narrow(&plane.axis), &best) > 0.99, "{plane:?}");
    assert!(plane.threshold.abs() < 0.05, "half-way: {}", plane.threshold);
    let means = difference_of_means(&latents, &sides).expect("two sides");
    assert!(cosine(&narrow(&means.axis), &best) < 0.9, "the means alone do not: {means:?}");
    let [by_plane, by_means] =
        [&plane, &means].map(|plane| plane.accuracy(&latents, &sides).expect("sides"));
    assert!(by_plane > by_means + 0.1, "{by_plane} against {by_means}");
}

/// Where one dimension alone decides, the regression's slope vanishes where each side's odds are those of the data.
#[test]
fn logistic_regression_of_a_table() {
    // At -1 a quarter is on, at 1 three quarters.
    let mut sides = Vec::new();
    let mut values = Vec::new();
    for row in 0..4000 {
        let at = if row % 2 == 0 { -1.0 } else { 1.0 };
        values.extend([at, 0.0]);
        sides.push(Some((row / 2 % 4 == 0) != (at > 0.0)));
    }
    let plane = logistic(&array(4000, values.clone()), &sides, Watch::default().whole());
    let plane = plane.expect("unwatched").expect("two sides");
    assert!(plane.axis[0] > 0.9999 && plane.threshold.abs() < 1e-4, "{plane:?}");
    // The same moved, scaled and turned round.
    let moved = values.iter().map(|value| 10.0 - 4.0 * value).collect();
    let plane = logistic(&array(4000, moved), &sides, Watch::default().whole());
    let plane = plane.expect("unwatched").expect("two sides");
    assert!(plane.axis[0] < -0.9999 && (plane.threshold + 10.0).abs() < 1e-2, "{plane:?}");
}

#[test]
fn random_labels_are_told_apart_by_chance() {
    let (n, d) = (1200, 8);
    let latents = array(2 * n, normals(5, 0, Purpose::Explore, 2 * n * d));
    let mut rng = stream(6, 0, Purpose::Explore);
    let labels: Vec<Option<bool>> = (0..2 * n).map(|_| Some(rng.random_bool(0.5))).collect();
    let (seen, held_out) = (latents.rows(0, n), latents.rows(n, 2 * n));
    let plane = logistic(&seen, &labels[..n], Watch::default().whole()).expect("unwatched");
    for plane in [plane, difference_of_means(&seen, &labels[..n])] {
        let right = plane.expect("two sides").accuracy(&held_out, &labels[n..]).expect("sides");
        assert!((0.45..0.55).contains(&right), "{right} of what nothing tells");
    }
    // The same labels made of a latent are told.
    let true_ones: Vec<Option<bool>> =
        (0..2 * n).map(|row| Some(latents.row(row)[3] > 0.0)).collect();
    let plane = logistic(&seen, &true_ones[..n], Watch::default().whole()).expect("unwatched");
    let right = plane.expect("two sides").accuracy(&held_out, &true_ones[n..]).expect("sides");
    assert!(right > 0.97, "{right} of what one dimension tells");
}

#[test]
fn sides_that_are_separable_or_missing() {
    let (latents, sides) = clouds(200, &[50.0, 0.0], &[1.0, 1.0]);
    let plane = logistic(&latents, &sides, Watch::default().whole()).expect("unwatched");
    let plane = plane.expect("two sides");
    assert!(plane.axis.iter().all(|value| value.is_finite()) && plane.axis[0] > 0.99, "{plane:?}");
    assert_eq!(plane.accuracy(&latents, &sides), Some(1.0));
    for one_sided in [vec![Some(true); 200], vec![None; 200]] {
        let found = logistic(&latents, &one_sided, Watch::default().whole()).expect("unwatched");
        assert_eq!(found, None, "no two sides");
        assert_eq!(difference_of_means(&latents, &one_sided), None, "no two sides");
    }
    let equal = Array::filled([200, 2], 1.0);
    assert_eq!(logistic(&equal, &sides, Watch::default().whole()), Ok(None), "all latents equal");
    assert_eq!(difference_of_means(&equal, &sides), None, "one mean");
    let stopped = Watch::new(|_| false);
    assert!(logistic(&latents, &sides, stopped.whole()).is_err(), "stopped");
    assert!(principal_components(&latents, 1, stopped.whole()).is_err(), "stopped");
}

#[test]
fn means_and_chance_by_hand() {
    let latents = array(4, vec![0.0, 0.0, 2.0, 0.0, 5.0, 4.0, 9.0, 9.0]);
    let sides = [Some(false), Some(false), Some(true), None];
    let plane = difference_of_means(&latents, &sides).expect("two sides");
    assert!(cosine(&narrow(&plane.axis), &[4.0, 4.0]) > 0.999_999, "from (1, 0) to (5, 4)");
    let half = (3.0 + 2.0) / 2f64.sqrt();
    assert!((plane.threshold - half).abs() < 1e-9, "half-way at (3, 2): {}", plane.threshold);
    assert_eq!(plane.accuracy(&latents, &sides), Some(1.0));
    assert_eq!(plane.accuracy(&latents, &[None; 4]), None, "nobody knows");
    assert_eq!(commonest(&sides), Some(2.0 / 3.0));
    assert_eq!(commonest(&[Some(true), Some(true), Some(true), Some(false)]), Some(0.75));
    assert_eq!(commonest(&[None]), None);
}

#[test]
fn the_low_and_the_high_third() {
    let nine: Vec<f32> = (0..9).map(|value| value as f32).collect();
    let ends = low_and_high(&nine).expect("values");
    assert_eq!(ends, [3.0, 6.0]);
    assert_eq!(
        [0.0, 3.0, 4.0, 6.0, 8.0].map(|value| side_of(value, ends)),
        [Some(false), Some(false), None, Some(true), Some(true)]
    );
    assert_eq!(low_and_high(&[0.0, 0.0, 0.0, 1.0]), Some([0.0, 1.0]), "mostly low");
    assert_eq!(low_and_high(&[0.0, 1.0, 1.0, 1.0]), Some([0.0, 1.0]), "mostly high");
    for values in [&[][..], &[2.0], &[2.0, 2.0], &[f32::NAN, 2.0]] {
        assert_eq!(low_and_high(values), None, "{values:?}");
    }
}

#[test]
fn what_is_left_is_at_right_angles() {
    for (seed, d) in [(0, 3), (1, 17), (2, 200)] {
        let own = normals(seed, 0, Purpose::Explore, d);
        let others = [1, 2].map(|step| normals(seed, step, Purpose::Explore, d));
        let others: Vec<&[f32]> = others.iter().map(Vec::as_slice).collect();
        let left = orthogonalised(&own, &others).expect("something is left");
        for other in &others {
            assert!(cosine(&left, other).abs() < 1e-5, "{d}: {}", cosine(&left, other));
        }
        assert!((length(&left) / length(&own) - 1.0).abs() < 1e-5, "as long as before");
        assert!(cosine(&left, &own) > 0.0, "towards the same side");
        let sum: Vec<f32> = others[0].iter().zip(others[1]).map(|(a, b)| 2.0 * a - b).collect();
        assert_eq!(orthogonalised(&sum, &others), None, "a sum of the others");
        let again = orthogonalised(&own, &[others[0], others[1], &sum, others[0]]);
        let again = again.expect("something is left");
        assert!(cosine(&again, &left) > 0.999_99, "sums of the others change nothing");
    }
    assert_eq!(orthogonalised(&[3.0, 4.0], &[]), Some(vec![3.0, 4.0]), "beside nothing");
    assert_eq!(orthogonalised(&[3.0, 4.0], &[&[0.0, 0.0]]), Some(vec![3.0, 4.0]), "or next to it");
    assert_eq!([cosine(&[1.0, 0.0], &[-2.0, 0.0]), cosine(&[1.0], &[0.0])], [-1.0, 0.0]);
}
