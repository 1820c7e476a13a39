//! Operations that go over their values once: against their equations, and their slopes against finite differences.

use burn::tensor::{Device, Tensor, TensorData};
use zscope::fused::{Later, attention_shares, gelu};

use crate::common::{Tolerance, assert_close, first_difference};

/// As close as sums of some ten values in `f32` come to those in `f64`.
const CLOSE: Tolerance = Tolerance { abs: 2e-6, rel: 2e-6 };

fn gelu_of(x: f64) -> f64 {
    let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
    x / 2.0 * (1.0 + inner.tanh())
}

fn softmax_of(scores: &[f64], t: usize, is_causal: bool) -> Vec<f64> {
    let of_row = |(row, scores): (usize, &[f64])| {
        let seen = if is_causal { row % t + 1 } else { t };
        let greatest = scores[..seen].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut shares: Vec<f64> =
            scores[..seen].iter().map(|score| (score - greatest).exp()).collect();
        let sum: f64 = shares.iter().sum();
        for share in &mut shares {
            *share /= sum;
        }
        shares.resize(t, 0.0);
        shares
    };
    scores.chunks(t).enumerate().flat_map(of_row).collect()
}

/// Values from -9 to 9, in an order of its own.
fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|at| ((at * 7919) % 1801) as f32 / 100.0 - 9.0).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn told<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("single precision")
}

/// The values of an operation on `x`, and the gradient by `x` of their sum with these weights.
fn both<const D: usize>(
    x: &[f32],
    shape: [usize; D],
    weights: &[f32],
    op: impl Fn(Tensor<D>) -> Tensor<D>,
) -> [Vec<f32>; 2] {
    let device = Device::flex().autodiff();
    let x = Tensor::<D>::from_data(TensorData::new(x.to_vec(), shape), &device).require_grad();
    let weights = Tensor::<D>::from_data(TensorData::new(weights.to_vec(), shape), &device);
    let y = op(x.clone());
    let gradients = (y.clone() * weights).sum().backward();
    [told(y), told(x.grad(&gradients).expect("a gradient"))]
}

/// The slope of `weights · op(x)` along each value of `x`.
fn slopes(x: &[f32], weights: &[f32], op: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f32> {
    let by = 1e-5;
    let weighed = |x: &[f64]| -> f64 {
        op(x).iter().zip(weights).map(|(y, &weight)| y * f64::from(weight)).sum()
    };
    let of_value = |at: usize| {
        let [above, below] = [by, -by].map(|by| {
            let mut moved = wide(x);
            moved[at] += by;
            weighed(&moved)
        });
        (above - below) / (2.0 * by)
    };
    narrow(&(0..x.len()).map(of_value).collect::<Vec<f64>>())
}

#[test]
fn gelu_is_its_equation_and_so_is_its_slope() {
    // A length that no width of vectors divides.
    let (x, weights) = (numbers(7 * 29), numbers(7 * 29 + 1).split_off(1));
    let [y, gradient] = both(&x, [7, 29], &weights, gelu);
    let gelus = |x: &[f64]| -> Vec<f64> { x.iter().map(|&x| gelu_of(x)).collect() };
    assert_close(&y, &narrow(&gelus(&wide(&x))), CLOSE);
    assert_close(&gradient, &slopes(&x, &weights, gelus), CLOSE);
    // The control: the equation without its cube is another one.
    let crude: Vec<f32> = x.iter().map(|&x| x / (1.0 + (-1.702 * x).exp())).collect();
    assert!(first_difference(&y, &crude, CLOSE).is_some(), "told apart");
}

#[test]
fn softmax_is_its_equation_and_so_is_its_slope() {
    for (is_causal, t) in [(false, 19), (true, 19), (true, 1), (false, 40)] {
        let shape = [3, t, t];
        let len = 3 * t * t;
        let (scores, weights) = (numbers(len), numbers(len + 1).split_off(1));
        let later = is_causal.then(|| Later::new(t, &Device::flex()));
        let [shares, gradient] =
            both(&scores, shape, &weights, |scores| attention_shares(scores, later.as_ref()));
        let op = |scores: &[f64]| softmax_of(scores, t, is_causal);
        assert_close(&shares, &narrow(&op(&wide(&scores))), CLOSE);
        assert_close(&gradient, &slopes(&scores, &weights, op), CLOSE);
        let other = narrow(&softmax_of(&wide(&scores), t, !is_causal));
        assert_eq!(first_difference(&shares, &other, CLOSE).is_some(), t > 1, "told apart");
    }
}

#[test]
fn extreme_values_stay_numbers_and_what_is_none_stays_none() {
    let x = [1e4, -1e4, f32::MAX, -1e30, 0.0, -0.0, f32::NAN];
    let device = Device::flex();
    let y = told(gelu(Tensor::<1>::from_floats(x, &device)));
    assert_close(&y[..6], &[1e4, 0.0, f32::MAX, 0.0, 0.0, 0.0], CLOSE);
    assert!(y[6].is_nan(), "{}", y[6]);
    let scores = Tensor::<3>::from_floats([[[1e4, -1e4], [f32::MIN, f32::MIN]]], &device);
    assert_close(&told(attention_shares(scores, None)), &[1.0, 0.0, 0.5, 0.5], CLOSE);
}

/// Rows that lie in memory otherwise than they are told are seen as they are told.
#[test]
fn transposed_values_are_taken_as_they_are_told() {
    let values = numbers(6);
    let device = Device::flex();
    let x =
        Tensor::<2>::from_data(TensorData::new(values.clone(), [2, 3]), &device).swap_dims(0, 1);
    let expected: Vec<f32> =
        [0, 3, 1, 4, 2, 5].map(|at| gelu_of(f64::from(values[at])) as f32).into();
    assert_close(&told(gelu(x)), &expected, CLOSE);
}
