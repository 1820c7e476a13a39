//! Planes, mixtures and closed lines.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]

use zscope::array::Array;
use zscope::latent::{Chart, PrincipalPlane, is_inside, mixed_by_distance, nearest_places};
use zscope::random::{Purpose, normals};

fn latents(seed: u64, n: usize, d: usize) -> Array {
    let mut values = normals(seed, 0, Purpose::Explore, n * d);
    for row in values.chunks_mut(d) {
        row.iter_mut().zip(1..).for_each(|(value, dim)| *value = *value / dim as f32 + 0.3);
    }
    Array::new([n, d], values).unwrap()
}

#[test]
fn a_latent_that_is_moved_to_a_place_lies_there() {
    let latents = latents(1, 200, 7);
    let principal = Chart::of_principal(&PrincipalPlane::of(&latents, None));
    for chart in [principal, Chart::of_dims(7, [4, 1])] {
        for (row, to) in [(0, [0.0, 0.0]), (3, [1.5, -2.0]), (7, [-30.0, 12.25])] {
            let from = latents.row(row);
            let moved = chart.moved(from, to);
            let found = chart.place(&moved);
            assert!((0..2).all(|axis| (found[axis] - to[axis]).abs() < 1e-4), "{found:?} {to:?}");
            // The shortest way: what is not seen on the plane stays.
            let way: f64 = from.iter().zip(&moved).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            let at = chart.place(from);
            let seen = f64::from(at[0] - to[0]).hypot(f64::from(at[1] - to[1]));
            assert!((way.sqrt() - seen).abs() < 1e-3, "{} and {seen}", way.sqrt());
        }
    }
}

#[test]
fn two_dimensions_are_moved_alone() {
    let latent = [0.5, -1.0, 2.0, 7.0];
    let chart = Chart::of_dims(4, [2, 0]);
    assert_eq!(chart.place(&latent), [2.0, 0.5]);
    assert_eq!(chart.moved(&latent, [-3.0, 4.0]), [4.0, -1.0, -3.0, 7.0]);
    let line = Chart::of_dims(4, [1, 1]);
    assert_eq!(line.place(&latent), [-1.0, 0.0], "a line has no second direction");
    assert_eq!(line.moved(&latent, [3.0, 9.0]), [0.5, 3.0, 2.0, 7.0]);
    assert_eq!(Chart::of_dims(4, [9, 0]).place(&latent), [0.0, 0.5], "no such dimension");
}

#[test]
fn a_chart_agrees_with_the_places_of_its_plane() {
    let latents = latents(2, 150, 5);
    let plane = PrincipalPlane::of(&latents, None);
    let places = Chart::of_principal(&plane).places(&latents);
    for (found, expected) in places.iter().zip(&plane.places) {
        let expected = expected.expect("a place");
        assert!((0..2).all(|axis| (f64::from(found[axis]) - expected[axis]).abs() < 1e-5));
    }
}

#[test]
fn nearest_places_are_those_of_a_sorted_list() {
    let mut places: Vec<[f32; 2]> =
        normals(3, 0, Purpose::Explore, 600).chunks(2).map(|at| [at[0], at[1]]).collect();
    places[7] = [f32::NAN, 0.0];
    places[20] = places[10];
    let at = places[10];
    let mut expected: Vec<(u32, f32)> = (0..)
        .zip(&places)
        .map(|(row, place)| (row, (place[0] - at[0]).powi(2) + (place[1] - at[1]).powi(2)))
        .filter(|(_, far)| far.is_finite())
        .collect();
    expected.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    for most in [0, 1, 2, 17, 1000] {
        let found = nearest_places(&places, at, most);
        assert_eq!(found, expected[..most.min(expected.len())], "{most}");
    }
    assert_eq!(expected[0].0, 10, "of equally near ones the lowest");
    assert_eq!(nearest_places(&[], at, 3), []);
}

#[test]
fn mixtures_worked_by_hand() {
    let latents = Array::new([3, 2], vec![0.0, 0.0, 3.0, 6.0, -30.0, 0.0]).unwrap();
    let mixed = |near: &[(u32, f32)]| mixed_by_distance(&latents, near);
    assert_eq!(mixed(&[(0, 1.0), (1, 1.0)]), Some(vec![1.5, 3.0]), "half way");
    assert_eq!(mixed(&[(0, 4.0), (1, 2.0)]), Some(vec![2.0, 4.0]), "two thirds of the nearer");
    assert_eq!(mixed(&[(1, 0.0), (2, 1.0)]), Some(vec![3.0, 6.0]), "at a point, that point");
    assert_eq!(mixed(&[(2, 1e-45), (0, 1.0)]), Some(vec![-30.0, 0.0]), "all but at it");
    assert_eq!(mixed(&[]), None);
}

#[test]
fn a_line_encloses_what_a_person_sees_in_it() {
    let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
    let notched = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 1.0], [0.0, 4.0]];
    for (x, y) in (-8..=32).flat_map(|x| (-8..=32).map(move |y| (x, y))) {
        let at = [x as f32 / 8.0 + 0.01, y as f32 / 8.0 + 0.01];
        let in_square = at.iter().all(|value| (0.0..2.0).contains(value));
        assert_eq!(is_inside(&square, at), in_square, "{at:?}");
        let mut backwards = square;
        backwards.reverse();
        assert_eq!(is_inside(&backwards, at), in_square, "whichever way round");
    }
    assert!(is_inside(&notched, [0.5, 2.0]), "left of the notch");
    assert!(!is_inside(&notched, [2.0, 2.0]), "in the notch");
    for line in [&[][..], &[[0.0, 0.0]], &[[0.0, 0.0], [1.0, 1.0]]] {
        assert!(!is_inside(line, [0.5, 0.25]), "{line:?} encloses nothing");
    }
}
