//! Ways through a latent space against hand-computed numbers, a reference library and properties.

use rand::RngExt as _;
use zscope::formats::arrays::ArrayFile;
use zscope::latent::{
    CornerDots, Mixing, Plane, Range, angle_between, latent_from_pad, lerp, mix, path, slerp,
    traverse, traverse_grid,
};
use zscope::random::{Purpose, normals, stream};

use crate::common::{Tolerance, assert_close, first_difference, shared};

const MIXINGS: [Mixing; 2] = [Mixing::Lerp, Mixing::Slerp];

fn norm(v: &[f32]) -> f32 {
    v.iter().map(|x| x * x).sum::<f32>().sqrt()
}

/// Seeded latents, the sizes odd, prime, round and 1.
fn latents(seed: u64, n: usize, d: usize) -> Vec<Vec<f32>> {
    let draws = normals(seed, d as u64, Purpose::Explore, n * d);
    draws.chunks_exact(d).map(<[f32]>::to_vec).collect()
}

#[test]
fn slerp_of_a_right_angle_by_hand() {
    // Halfway between (2, 0) and (0, 2) on the circle: 2 · (√½, √½).
    assert_close(
        &slerp(&[2.0, 0.0], &[0.0, 2.0], 0.5),
        &[2f32.sqrt(), 2f32.sqrt()],
        Tolerance::TIGHT,
    );
    // A third of the way is 30°.
    assert_close(
        &slerp(&[1.0, 0.0], &[0.0, 1.0], 1.0 / 3.0),
        &[0.75f32.sqrt(), 0.5],
        Tolerance::TIGHT,
    );
    // Raw vectors are mixed: (√½ · 1, √½ · 3).
    let half = 0.5f32.sqrt();
    assert_close(&slerp(&[1.0, 0.0], &[0.0, 3.0], 0.5), &[half, 3.0 * half], Tolerance::TIGHT);
    assert_close(&lerp(&[1.0, 0.0], &[0.0, 3.0], 0.25), &[0.75, 0.75], Tolerance::TIGHT);
}

#[test]
fn interpolation_matches_the_reference() {
    let Some(file) = shared("oracles/latent_interpolation/io.safetensors") else { return };
    let file = ArrayFile::open(&file).expect("oracle opens");
    let array = |name: &str| file.array(name).expect(name).into_data();
    let (a, b) = (array("a"), array("b"));
    let found = |from: &[f32], to: &[f32], mixing| -> Vec<f32> {
        array("t").iter().flat_map(|&t| mix(mixing, from, to, t)).collect()
    };
    let unit = found(&array("unit_a"), &array("unit_b"), Mixing::Slerp);
    assert_close(&unit, &array("unit_slerp_scipy"), Tolerance::TIGHT);
    let spherical = found(&a, &b, Mixing::Slerp);
    assert_close(&spherical, &array("slerp"), Tolerance::TIGHT);
    assert_close(&found(&a, &b, Mixing::Lerp), &array("lerp"), Tolerance::TIGHT);
    // Negative control: the straight line is not the arc.
    assert!(
        first_difference(&spherical, &array("lerp"), Tolerance::TIGHT).is_some(),
        "lerp is not slerp"
    );
    let angle = angle_between(&a, &b).expect("an angle");
    assert!((angle - 1.662_847_851_533_222_6).abs() < 1e-6, "{angle}");
    for edge in ["b_same", "b_opposite"] {
        assert!(found(&a, &array(edge), Mixing::Slerp).iter().all(|x| x.is_finite()), "{edge}");
    }
}

#[test]
fn ends_are_exact() {
    for d in [1, 2, 3, 16, 17, 128] {
        let points = latents(d as u64, 2, d);
        for mixing in MIXINGS {
            assert_eq!(
                mix(mixing, &points[0], &points[1], 0.0),
                points[0],
                "{mixing:?} at 0, d {d}"
            );
            assert_eq!(
                mix(mixing, &points[0], &points[1], 1.0),
                points[1],
                "{mixing:?} at 1, d {d}"
            );
            let way = path(mixing, &points[0], &points[1], 5);
            assert_eq!(way.shape(), [5, d], "path");
            assert_eq!(
                (way.row(0), way.row(4)),
                (&points[0][..], &points[1][..]),
                "ends of the path"
            );
        }
    }
}

#[test]
fn slerp_keeps_length_and_lerp_does_not() {
    let points = latents(5, 2, 64);
    let scaled: Vec<f32> =
        points[1].iter().map(|x| x * norm(&points[0]) / norm(&points[1])).collect();
    let middle = slerp(&points[0], &scaled, 0.5);
    assert!((norm(&middle) - norm(&points[0])).abs() < 1e-4, "slerp keeps the length");
    assert!(norm(&lerp(&points[0], &scaled, 0.5)) < 0.9 * norm(&points[0]), "lerp cuts the corner");
}

#[test]
fn slerp_is_sane_where_the_angle_is_not() {
    let a = [1.0, 2.0, -0.5];
    let zero = [0.0; 3];
    assert_eq!(angle_between(&a, &zero), None, "zero has no direction");
    assert_eq!(angle_between(&a, &[f32::NAN, 0.0, 0.0]), None, "NaN has no direction");
    assert_close(&slerp(&a, &zero, 0.25), &lerp(&a, &zero, 0.25), Tolerance::TIGHT);
    assert_close(&slerp(&zero, &zero, 0.5), &zero, Tolerance::TIGHT);
    assert_close(&slerp(&a, &a, 0.3), &a, Tolerance::TIGHT);
    let doubled = a.map(|x| 2.0 * x);
    assert_close(&slerp(&a, &doubled, 0.5), &a.map(|x| 1.5 * x), Tolerance::TIGHT);
    let nearly = [1.0, 2.0, -0.5 + 1e-6];
    assert_close(&slerp(&a, &nearly, 0.5), &a, Tolerance::TIGHT);
    // Opposite vectors: through the middle, never thrown far outside.
    for wobble in [0.0, 1e-6, 1e-3, 1e-2] {
        let opposite = [-0.5, -1.0, 0.25 + wobble];
        for i in 0..=20 {
            let point = slerp(&a, &opposite, i as f32 / 20.0);
            assert!(norm(&point) < 12.0 * norm(&a), "{point:?} at {i}, wobble {wobble}");
        }
    }
}

#[test]
fn pad_corners_and_edges() {
    for d in [1, 2, 7, 64] {
        let points = latents(9 + d as u64, 4, d);
        let corners: [&[f32]; 4] = std::array::from_fn(|i| &points[i][..]);
        for mixing in MIXINGS {
            for (i, (u, v)) in
                [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].into_iter().enumerate()
            {
                assert_eq!(
                    latent_from_pad(corners, mixing, u, v),
                    points[i],
                    "{mixing:?} corner {i}"
                );
                let mut alone = [0.0; 4];
                alone[i] = 1.0;
                assert_eq!(
                    CornerDots::new(corners).weights(mixing, u, v)[..],
                    alone,
                    "weights of {i}"
                );
            }
            let edge = latent_from_pad(corners, mixing, 0.3, 1.0);
            assert_close(&edge, &mix(mixing, &points[2], &points[3], 0.3), Tolerance::TIGHT);
        }
    }
}

#[test]
fn pad_weights_are_a_slerp_of_slerps() {
    let mut rng = stream(3, 0, Purpose::Explore);
    for d in [2, 3, 16, 101] {
        let points = latents(20 + d as u64, 4, d);
        let corners: [&[f32]; 4] = std::array::from_fn(|i| &points[i][..]);
        for _ in 0..20 {
            let (u, v) = (rng.random::<f32>(), rng.random::<f32>());
            for mixing in MIXINGS {
                let top = mix(mixing, &points[0], &points[1], u);
                let bottom = mix(mixing, &points[2], &points[3], u);
                let expected = mix(mixing, &top, &bottom, v);
                // Weights cross as f32 and are as large as 12² near opposite corners.
                let tolerance = Tolerance { abs: 1e-4, rel: 1e-4 };
                assert_close(&latent_from_pad(corners, mixing, u, v), &expected, tolerance);
            }
        }
    }
    let corners: [&[f32]; 4] = [&[1.0, 0.0], &[0.0, 1.0], &[3.0, 0.0], &[0.0, 3.0]];
    let weights = CornerDots::new(corners).weights(Mixing::Lerp, 0.25, 0.5);
    assert_close(&weights, &[0.375, 0.125, 0.375, 0.125], Tolerance::TIGHT);
    let half = 0.5f32.sqrt() / 2.0;
    let weights = CornerDots::new(corners).weights(Mixing::Slerp, 0.5, 0.5);
    assert_close(&weights, &[half; 4], Tolerance::TIGHT);
    assert!(first_difference(&weights, &[0.25; 4], Tolerance::TIGHT).is_some(), "not bilinear");
}

#[test]
fn pad_with_equal_or_zero_corners_is_finite() {
    let a: &[f32] = &[1.0, -2.0, 0.5];
    let zero: &[f32] = &[0.0; 3];
    assert_close(&latent_from_pad([a; 4], Mixing::Slerp, 0.3, 0.7), a, Tolerance::TIGHT);
    for corners in [[zero; 4], [a, zero, zero, a], [zero, zero, a, a]] {
        let latent = latent_from_pad(corners, Mixing::Slerp, 0.3, 0.7);
        assert!(latent.iter().all(|x| x.is_finite()), "{latent:?}");
    }
    assert_eq!(latent_from_pad([a, zero, zero, zero], Mixing::Lerp, -3.0, -1.0), a, "clamped");
}

#[test]
fn plane_by_hand_and_back() {
    let plane = Plane::of_dims(vec![1.0, 2.0, 3.0], 2, 0);
    assert_eq!(plane.latent_from_plane(0.5, -1.0), [0.0, 2.0, 3.5], "dims");
    let skewed = Plane::through(&[1.0, 1.0, 0.0], &[2.0, 1.0, 0.0], &[2.0, 3.0, 1.0]);
    assert_eq!(skewed.latent_from_plane(1.0, 0.0), [2.0, 1.0, 0.0], "at u");
    assert_eq!(skewed.latent_from_plane(0.0, 1.0), [2.0, 3.0, 1.0], "at v");
    let (u, v) = skewed.plane_from_latent(&skewed.latent_from_plane(0.25, -1.5));
    assert_close(&[u, v], &[0.25, -1.5], Tolerance::TIGHT);
    let flat = Plane::through(&[0.0, 0.0], &[1.0, 0.0], &[2.0, 0.0]);
    assert_eq!(flat.plane_from_latent(&[5.0, 5.0]), (0.0, 0.0), "no plane");
}

#[test]
fn random_planes_are_orthonormal_and_seeded() {
    for d in [2, 3, 64] {
        let plane = Plane::random(vec![0.5; d], 7, 1);
        let dot: f32 = plane.axis_u.iter().zip(&plane.axis_v).map(|(u, v)| u * v).sum();
        assert_close(
            &[norm(&plane.axis_u), norm(&plane.axis_v), dot],
            &[1.0, 1.0, 0.0],
            Tolerance::TIGHT,
        );
        assert_eq!(plane, Plane::random(vec![0.5; d], 7, 1), "seeded");
        assert_ne!(plane, Plane::random(vec![0.5; d], 7, 2), "another step, another plane");
    }
    assert_eq!(
        Plane::random(vec![0.5], 7, 1).axis_v,
        [0.0],
        "one dimension has no second direction"
    );
}

#[test]
fn traversals_change_one_dimension() {
    let base = [0.1, 0.2, 0.3];
    let range = Range { lo: -2.0, hi: 2.0 };
    let swept = traverse(&base, 1, range, 5).expect("dimension 1");
    assert_eq!(swept.shape(), [5, 3], "shape");
    for (i, value) in [-2.0, -1.0, 0.0, 1.0, 2.0].into_iter().enumerate() {
        assert_eq!(swept.row(i), [0.1, value, 0.3], "step {i}");
    }
    let grid = traverse_grid(&base, &[2, 0], range, 3).expect("dimensions 2 and 0");
    assert_eq!(grid.shape(), [6, 3], "shape");
    assert_eq!((grid.row(2), grid.row(3)), (&[0.1, 0.2, 2.0][..], &[-2.0, 0.2, 0.3][..]), "rows");
    assert_eq!(
        traverse(&base, 0, range, 1).expect("one step").row(0),
        [0.0, 0.2, 0.3],
        "the middle"
    );
    assert_eq!(traverse(&base, 0, range, 0).expect("no step").shape(), [0, 3], "none");
}

#[test]
fn traversing_a_missing_dimension_is_an_error() {
    let error = traverse_grid(&[0.0; 3], &[0, 3], Range::PRIOR, 5).expect_err("only three");
    assert_eq!(error.to_string(), "cannot traverse dimension 3 (the latent has 3, counted from 0)");
    assert!(traverse_grid(&[], &[0], Range::PRIOR, 5).is_err(), "an empty latent has none");
    assert_eq!(traverse_grid(&[], &[], Range::PRIOR, 5).expect("nothing asked").shape(), [0, 0]);
}
