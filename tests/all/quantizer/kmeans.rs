//! First codes by k-means.

use zscope::model::quantizer::kmeans;

use super::{array, distances, nearest, noise};
use zscope::array::Array;

/// Mean squared distance of the vectors from their nearest codes.
fn distortion(vectors: &Array, codes: &Array) -> f64 {
    let least =
        |row: usize| distances(vectors.row(row), codes).into_iter().fold(f64::INFINITY, f64::min);
    (0..vectors.num_rows()).map(least).sum::<f64>() / vectors.num_rows() as f64
}

/// Rows as sorted lists of bits.
fn sorted(array: &Array) -> Vec<Vec<u32>> {
    let mut rows: Vec<Vec<u32>> = (0..array.num_rows())
        .map(|row| array.row(row).iter().map(|value| value.to_bits()).collect())
        .collect();
    rows.sort();
    rows
}

#[test]
fn separate_heaps_are_found() {
    for (k, d) in [(5, 1), (5, 3), (33, 2), (20, 17)] {
        let mut centers = noise(1, &[k, d]);
        for (index, center) in centers.data_mut().chunks_exact_mut(d).enumerate() {
            center[0] += 100.0 * index as f32;
        }
        let n = 50 * k + 1;
        let mut vectors = noise(2, &[n, d]);
        let (mut sums, mut counts) = (vec![0.0f64; k * d], vec![0.0f64; k]);
        for (index, vector) in vectors.data_mut().chunks_exact_mut(d).enumerate() {
            let heap = index * 13 % k;
            counts[heap] += 1.0;
            for (dim, value) in vector.iter_mut().enumerate() {
                *value = *value * 0.1 + centers.row(heap)[dim];
                sums[heap * d + dim] += f64::from(*value);
            }
        }
        let codes = kmeans(&vectors, k, 3);
        assert_eq!(codes.shape(), [k, d]);
        // Every heap's mean is a code.
        for heap in 0..k {
            let mean: Vec<f32> =
                sums[heap * d..][..d].iter().map(|sum| (sum / counts[heap]) as f32).collect();
            let found = distances(&mean, &codes).into_iter().fold(f64::INFINITY, f64::min);
            assert!(found < 1e-4, "{k} heaps in {d} dimensions: {heap} is {found} away");
        }
    }
}

#[test]
fn codes_are_means_of_their_vectors_almost() {
    let vectors = noise(4, &[2000, 2]);
    let codes = kmeans(&vectors, 16, 5);
    let picks = vectors.rows(0, 16);
    let (found, random) = (distortion(&vectors, &codes), distortion(&vectors, &picks));
    assert!(found < 0.7 * random, "{found} by k-means, {random} by random picks");
    // The best quantizer of a normal in two dimensions with 16 codes is at about 0.2.
    assert!((0.15..0.25).contains(&found), "{found}");
}

#[test]
fn one_code_is_the_mean() {
    let vectors = array(&[5, 1], &[1.0, 2.0, 3.0, 4.0, 10.0]);
    assert_eq!(kmeans(&vectors, 1, 1), array(&[1, 1], &[4.0]));
    let codes = kmeans(&array(&[1, 3], &[1.0, 2.0, 3.0]), 1, 1);
    assert_eq!(codes.data(), [1.0, 2.0, 3.0]);
}

#[test]
fn few_vectors_are_codes_themselves() {
    let vectors = noise(6, &[7, 3]);
    let of = sorted(&vectors);
    for k in [7, 8, 50] {
        let codes = kmeans(&vectors, k, 8);
        assert_eq!(codes.shape(), [k, 3]);
        let mut found = sorted(&codes);
        found.dedup();
        assert_eq!(found, of, "{k} codes: every vector, and nothing else");
    }
}

/// Fewer different vectors than codes: no code is anything but a vector, and none is lost.
#[test]
fn equal_vectors_are_no_trouble() {
    let vectors = array(&[40, 2], &[1.0, 2.0, -3.0, 0.5].repeat(20));
    let codes = kmeans(&vectors, 6, 9);
    let mut found = sorted(&codes);
    found.dedup();
    assert_eq!(found, sorted(&array(&[2, 2], &[1.0, 2.0, -3.0, 0.5])));
    let constant = kmeans(&Array::filled([64, 5], 0.25), 8, 9);
    assert_eq!(constant, Array::filled([8, 5], 0.25));
    // Among thousands of equal vectors, the few others are found too.
    let mut vectors = Array::zeros([3000, 2]);
    for rare in 0..7 {
        vectors.data_mut()[rare * 800] = 1.0 + rare as f32;
    }
    let codes = kmeans(&vectors, 8, 10);
    assert!(distortion(&vectors, &codes) < 1e-9, "every different vector is a code: {codes:?}");
}

#[test]
fn numbers_that_are_none_do_not_panic() {
    let mut vectors = noise(11, &[50, 3]);
    vectors.data_mut()[4] = f32::NAN;
    vectors.data_mut()[9] = f32::INFINITY;
    assert_eq!(kmeans(&vectors, 5, 1).shape(), [5, 3]);
}

#[test]
fn the_seed_decides_and_threads_do_not() {
    let vectors = noise(12, &[997, 11]);
    let codes = kmeans(&vectors, 37, 1);
    let pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| kmeans(&vectors, 37, 1))
    };
    assert_eq!(sorted(&pool(1)), sorted(&codes));
    assert_eq!(pool(3), codes);
    assert_ne!(kmeans(&vectors, 37, 2), codes, "another seed");
    // Every vector chooses as the model will.
    assert!(nearest(&vectors, &codes).iter().all(|code| (0..37).contains(code)), "codes");
}
