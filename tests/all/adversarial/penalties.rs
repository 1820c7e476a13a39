//! Penalties on slopes against PyTorch's double backward.

use burn::tensor::activation::{leaky_relu, tanh};
use burn::tensor::module::linear;
use burn::tensor::{Tensor, TensorData};
use zscope::array::Array;
use zscope::model::adversarial::{Penalty, gradient_penalty, r1_penalty};
use zscope::model::params;

use super::{device, oracle};
use crate::common::{Tolerance, assert_close, first_difference};

/// A difference over ε stands for the second derivative: an error of ε², and of rounding over ε.
const DIFFERENCE: Tolerance = Tolerance { abs: 2e-3, rel: 2e-3 };

/// Linear, activation, linear.
struct Critic {
    weights: [Tensor<2>; 2],
    biases: [Tensor<1>; 2],
    is_leaky: bool,
}

impl Critic {
    fn new(array: &dyn Fn(&str) -> Array, is_leaky: bool) -> Self {
        let matrix = |name: &str| {
            let found = array(name);
            let data = TensorData::new(found.data().to_vec(), found.shape().to_vec());
            Tensor::<2>::from_data(data, &device()).require_grad()
        };
        let vector = |name: &str| super::row(&array(name));
        Self {
            weights: [matrix("w1"), matrix("w2")],
            biases: [vector("b1"), vector("b2")],
            is_leaky,
        }
    }

    fn score(&self, x: Tensor<2>) -> Tensor<1> {
        let [w1, w2] = self.weights.clone();
        let [b1, b2] = self.biases.clone();
        let hidden = linear(x, w1.transpose(), Some(b1));
        let hidden = if self.is_leaky { leaky_relu(hidden, 0.2) } else { tanh(hidden) };
        linear(hidden, w2.transpose(), Some(b2)).squeeze_dim::<1>(1)
    }
}

#[test]
fn penalties_match_a_double_backward() {
    let Some((file, case)) = oracle("losses_wgan_gp") else { return };
    let array = |name: &str| file.array(name).expect("an array");
    let plane = |name: &str| -> Tensor<2> { params::tensor_from_array(&array(name), &device()) };
    for (kind, is_leaky) in [("leaky", true), ("tanh", false)] {
        let told =
            |name: &str| case["scalars"][format!("{kind}.{name}")].as_f64().expect("told") as f32;
        let (real, made) = (plane("x_real"), plane("x_fake"));
        let alpha = plane("alpha");
        let between = real.clone() * alpha.clone() + made.clone() * (alpha.neg() + 1.0);

        let critic = Critic::new(&array, is_leaky);
        let punished = gradient_penalty(between, 10.0, |x| critic.score(x));
        let value = super::value(punished.value.clone());
        assert_close(&[value], &[10.0 * told("gradient_penalty")], Tolerance::TIGHT);
        let plain = critic.score(made).mean() - critic.score(real.clone()).mean();
        let loss = super::value(plain.clone()) + value;
        assert_close(&[loss], &[told("critic_loss_lambda10")], Tolerance::TIGHT);
        compare(&critic, &(plain + punished.surrogate), |name| {
            array(&format!("{kind}.grad_{name}"))
        });

        let critic = Critic::new(&array, is_leaky);
        // The oracle's R1 has neither γ nor its half.
        let Penalty { value, surrogate } = r1_penalty(real, 2.0, |x| critic.score(x));
        assert_close(&[super::value(value)], &[told("r1")], Tolerance::TIGHT);
        compare(&critic, &surrogate, |name| array(&format!("{kind}.r1_grad_{name}")));
    }
}

fn compare(critic: &Critic, loss: &Tensor<1>, expected: impl Fn(&str) -> Array) {
    let grads = loss.backward();
    for (name, weight) in ["w1", "w2"].into_iter().zip(&critic.weights) {
        let found = params::array_from_tensor(weight.grad(&grads).expect("a gradient"));
        assert_close(found.data(), expected(name).data(), DIFFERENCE);
        let doubled: Vec<f32> = found.data().iter().map(|value| 2.0 * value).collect();
        let seen = first_difference(&doubled, expected(name).data(), DIFFERENCE);
        assert!(seen.is_some(), "{name}: a factor of two is seen");
    }
    let bias = params::array_from_tensor(critic.biases[0].grad(&grads).expect("a gradient"));
    assert_close(bias.data(), expected("b1").data(), DIFFERENCE);
}

/// D(x) = a·x has the gradient a everywhere: |a| = 5 gives λ·16 and the gradient 2λ·4·a/5.
#[test]
fn a_linear_critic_by_hand() {
    let slope = Tensor::<2>::from_floats([[3.0], [4.0]], &device()).require_grad();
    let at = Tensor::<2>::from_floats([[0.3, -0.7], [1.0, 2.0]], &device());
    let score = |x: Tensor<2>| x.matmul(slope.clone()).squeeze_dim::<1>(1);
    let punished = gradient_penalty(at.clone(), 10.0, score);
    assert_close(&[super::value(punished.value.clone())], &[160.0], Tolerance::TIGHT);
    let grads = punished.surrogate.backward();
    let found = params::array_from_tensor(slope.grad(&grads).expect("a gradient"));
    assert_close(found.data(), &[48.0, 64.0], DIFFERENCE);
    let punished = r1_penalty(at, 2.0, score);
    assert_close(&[super::value(punished.value.clone())], &[25.0], Tolerance::TIGHT);
    let grads = punished.surrogate.backward();
    let found = params::array_from_tensor(slope.grad(&grads).expect("a gradient"));
    assert_close(found.data(), &[6.0, 8.0], DIFFERENCE);
}

/// Where nothing moves the score there is no direction, and no number breaks.
#[test]
fn a_flat_critic_is_punished_without_breaking() {
    let weight = Tensor::<2>::zeros([2, 1], &device()).require_grad();
    let at = Tensor::<2>::ones([3, 2], &device());
    let score = |x: Tensor<2>| x.matmul(weight.clone()).squeeze_dim::<1>(1);
    let punished = gradient_penalty(at, 10.0, score);
    assert_close(&[super::value(punished.value)], &[10.0], Tolerance::TIGHT);
    let grads = punished.surrogate.backward();
    let found = params::array_from_tensor(weight.grad(&grads).expect("a gradient"));
    assert!(found.data().iter().all(|value| value.is_finite()), "{:?}", found.data());
}
