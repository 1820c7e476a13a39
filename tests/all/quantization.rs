//! Codebooks in graphs: the search for the nearest code, looking codes up, and how often each is chosen.

mod by_hand;
mod engines;
mod passes;
mod usage;

use zscope::array::{Array, NamedArrays};
use zscope::graph::{Graph, GraphBuilder, GraphError, Op, ValueId};

/// Distances that differ by less than this part of the larger one are a tie in f32.
const TIE: f64 = 1e-5;

fn array(shape: &[usize], data: &[f32]) -> Array {
    Array::new(shape, data.to_vec()).expect("a shape that fits")
}

fn named<const N: usize>(arrays: [(&str, Array); N]) -> NamedArrays {
    arrays.into_iter().map(|(name, array)| (name.to_owned(), array)).collect()
}

fn nearest(input: ValueId) -> Op {
    Op::NearestCode { input, codebook: "codes".into() }
}

fn gather(input: ValueId) -> Op {
    Op::Gather { input, codebook: "codes".into() }
}

fn largest(input: ValueId) -> Op {
    Op::ArgMax { input, codebook: "codes".into() }
}

/// Counts as whole numbers.
fn used(usage: &Array) -> Vec<usize> {
    usage.data().iter().map(|&count| count as usize).collect()
}

/// Vectors to `indices` and `quantized`.
fn quantizer(input: &[usize], codebook: &Array) -> Result<Graph, GraphError> {
    let weights = named([("codes", codebook.clone())]);
    let mut builder = GraphBuilder::new(input, &weights)?;
    let indices = builder.add("nearest", nearest(builder.input()))?;
    let quantized = builder.add("gather", gather(indices))?;
    builder.output("indices", indices)?;
    builder.output("quantized", quantized)?;
    builder.finish()
}

/// The distance of a vector of `input [b, d, plane]` to a code, squared, in f64.
fn distance(input: &[f32], plane: usize, vector: usize, code: &[f32]) -> f64 {
    let start = vector / plane * code.len() * plane + vector % plane;
    let value = |i: usize| f64::from(input[start + i * plane]);
    code.iter().enumerate().map(|(i, &e)| (value(i) - f64::from(e)).powi(2)).sum()
}

/// How many indices differ where two codes are equally near, or what is wrong with one that differs elsewhere.
fn ties(
    found: &[f32],
    expected: &[f32],
    input: &[f32],
    plane: usize,
    codebook: &Array,
) -> Result<usize, String> {
    if found.len() != expected.len() {
        return Err(format!("{} indices, expected {}", found.len(), expected.len()));
    }
    let mut ties = 0;
    for (vector, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        if found.to_bits() == expected.to_bits() {
            continue;
        }
        if found.fract() != 0.0 || !(0.0..codebook.num_rows() as f32).contains(&found) {
            return Err(format!("vector {vector}: {found} is no index"));
        }
        let far = distance(input, plane, vector, codebook.row(found as usize));
        let near = distance(input, plane, vector, codebook.row(expected as usize));
        if (far - near).abs() > TIE * far.max(near) {
            return Err(format!(
                "vector {vector}: code {found} at {far}, expected code {expected} at {near}"
            ));
        }
        ties += 1;
    }
    Ok(ties)
}

/// Fails unless all indices agree but for rare ties.
#[track_caller]
fn assert_indices_match(
    found: &[f32],
    expected: &[f32],
    input: &[f32],
    plane: usize,
    codebook: &Array,
) {
    match ties(found, expected, input, plane, codebook) {
        Ok(ties) => assert!(ties * 1000 <= expected.len(), "{ties} ties of {}", expected.len()),
        Err(wrong) => panic!("{wrong}"),
    }
}

#[test]
fn comparator_sees_one_wrong_index() {
    let codebook = array(&[4, 1], &[0.0, 1.0, 2.0, 2.000_001]);
    let input = [0.1, 0.9, 1.9, 0.5];
    let expected = [0.0, 1.0, 2.0, 0.0];
    let of = |found: &[f32]| ties(found, &expected, &input, 4, &codebook);
    assert_eq!(of(&expected), Ok(0), "equal");
    assert_eq!(of(&[0.0, 1.0, 2.0, 1.0]), Ok(1), "half way between two codes");
    for wrong in [[1.0, 1.0, 2.0, 0.0], [0.0, 1.0, 3.0, 0.0]] {
        assert!(of(&wrong).is_err(), "a code that is farther: {wrong:?}");
    }
    for none in [0.5, 4.0, -1.0, f32::NAN] {
        assert!(of(&[none, 1.0, 2.0, 0.0]).is_err(), "{none} is no index");
    }
    assert!(of(&[0.0, 1.0, 2.0]).is_err(), "shorter");
}
