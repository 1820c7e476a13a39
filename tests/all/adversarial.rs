//! Adversarial training from below: losses, penalties, spectral normalisation, a whole game against PyTorch.

mod game;
mod graphs;
mod penalties;

use burn::tensor::{Device, Tensor, TensorData};
use zscope::array::Array;
use zscope::formats::arrays::ArrayFile;
use zscope::graph::lower::discriminator::{DiscriminatorConfig, DiscriminatorNorm};
use zscope::graph::lower::vae::Arch;
use zscope::model::adversarial::AdversarialLoss;
use zscope::model::discriminator::Discriminator;
use zscope::model::params;
use zscope::picture::ImageShape;

use super::common::{Tolerance, assert_close, first_difference, shared};

fn device() -> Device {
    Device::flex().autodiff()
}

/// The arrays and the numbers of an oracle.
fn oracle(name: &str) -> Option<(ArrayFile, serde_json::Value)> {
    let dir = shared(&format!("oracles/{name}"))?;
    let file = ArrayFile::open(&dir.join("io.safetensors")).expect("the oracle opens");
    let text = std::fs::read_to_string(dir.join("case.json")).expect("the case reads");
    Some((file, serde_json::from_str(&text).expect("the case parses")))
}

fn row(array: &Array) -> Tensor<1> {
    let values = array.data().to_vec();
    let len = values.len();
    Tensor::from_data(TensorData::new(values, [len]), &device()).require_grad()
}

fn value(tensor: Tensor<1>) -> f32 {
    params::array_from_tensor(tensor.inner()).data()[0]
}

fn gradients<const N: usize>(of: [&Tensor<1>; N], loss: &Tensor<1>) -> [Array; N] {
    let grads = loss.backward();
    of.map(|of| params::array_from_tensor(of.grad(&grads).expect("a gradient")))
}

/// Each loss with its name in the oracle, and what its targets are lowered by.
const LOSSES: [(&str, Option<&str>, AdversarialLoss, f64); 6] = [
    ("d.bce", Some("g.bce_nonsaturating"), AdversarialLoss::NonSaturating, 0.0),
    ("d.softplus", Some("g.bce_saturating"), AdversarialLoss::Minimax, 0.0),
    ("d.bce_smooth0.9", None, AdversarialLoss::NonSaturating, 0.1),
    ("d.hinge", Some("g.hinge"), AdversarialLoss::Hinge, 0.0),
    ("d.lsgan", Some("g.lsgan"), AdversarialLoss::LeastSquares, 0.0),
    ("d.wgan", Some("g.wgan"), AdversarialLoss::Wasserstein, 0.0),
];

#[test]
fn losses_match_pytorch_with_their_gradients() {
    let Some((file, case)) = oracle("losses_gan") else { return };
    let array = |name: &str| file.array(name).expect("an array");
    let told = |name: &str| case["scalars"][name].as_f64().expect("a number") as f32;
    for (of_judge, of_maker, loss, smoothing) in LOSSES {
        let (real, made) = (row(&array("logits_real")), row(&array("logits_fake")));
        let total = loss.discriminator(real.clone(), made.clone(), smoothing);
        assert_close(&[value(total.clone())], &[told(of_judge)], Tolerance::TIGHT);
        let grads = gradients([&real, &made], &total);
        for (side, found) in ["grad_real", "grad_fake"].into_iter().zip(grads) {
            let expected = array(&format!("{of_judge}.{side}"));
            assert_close(found.data(), expected.data(), Tolerance::TIGHT);
        }
        if let Some(name) = of_maker {
            let made = row(&array("logits_fake"));
            let total = loss.generator(made.clone());
            assert_close(&[value(total.clone())], &[told(name)], Tolerance::TIGHT);
            let expected = array(&format!("{name}.grad_fake"));
            let [found] = gradients([&made], &total);
            assert_close(found.data(), expected.data(), Tolerance::TIGHT);
        }
    }
}

/// Two real scores and one made one, by hand.
#[test]
fn losses_by_hand() {
    let real = || Tensor::<1>::from_floats([2.0, -1.0], &device());
    let made = || Tensor::<1>::from_floats([0.5], &device());
    let judge = |loss: AdversarialLoss| value(loss.discriminator(real(), made(), 0.0));
    let maker = |loss: AdversarialLoss| value(loss.generator(made()));
    // max(0, 1 − 2) = 0 and max(0, 1 + 1) = 2 have the mean 1; max(0, 1 + ½) = 1.5.
    assert_close(&[judge(AdversarialLoss::Hinge)], &[2.5], Tolerance::TIGHT);
    // ½ ((1 + 4) / 2 + ¼)
    assert_close(&[judge(AdversarialLoss::LeastSquares)], &[1.375], Tolerance::TIGHT);
    assert_close(&[judge(AdversarialLoss::Wasserstein)], &[0.0], Tolerance::TIGHT);
    let softplus = |x: f32| (1.0 + x.exp()).ln();
    let expected = f32::midpoint(softplus(-2.0), softplus(1.0)) + softplus(0.5);
    assert_close(&[judge(AdversarialLoss::Minimax)], &[expected], Tolerance::TIGHT);
    assert_close(&[maker(AdversarialLoss::Hinge)], &[-0.5], Tolerance::TIGHT);
    assert_close(&[maker(AdversarialLoss::LeastSquares)], &[0.125], Tolerance::TIGHT);
    assert_close(&[maker(AdversarialLoss::NonSaturating)], &[softplus(-0.5)], Tolerance::TIGHT);
    assert_close(&[maker(AdversarialLoss::Minimax)], &[-softplus(0.5)], Tolerance::TIGHT);
    let swapped = first_difference(&[judge(AdversarialLoss::Hinge)], &[1.0], Tolerance::TIGHT);
    assert!(swapped.is_some(), "a comparator that sees another number");
}

#[test]
fn no_loss_breaks_on_large_scores() {
    for (name, loss) in AdversarialLoss::NAMED {
        let real = Tensor::<1>::from_floats([1e4, -1e4], &device()).require_grad();
        let made = Tensor::<1>::from_floats([-1e4, 1e4], &device()).require_grad();
        let total = loss.discriminator(real.clone(), made.clone(), 0.1);
        let grads = gradients([&real, &made], &total);
        assert!(value(total).is_finite(), "{name}");
        assert!(grads.iter().all(|g| g.data().iter().all(|v| v.is_finite())), "{name}: gradients");
        let made = Tensor::<1>::from_floats([-1e4, 1e4], &device()).require_grad();
        let [found] = gradients([&made], &loss.generator(made.clone()));
        assert!(found.data().iter().all(|v| v.is_finite()), "{name}: generator");
    }
}

/// The largest factor by which a linear discriminator with divided weights stretches a difference is about one.
#[test]
fn spectral_normalisation_divides_by_the_largest_singular_value() {
    let config = DiscriminatorConfig { channels: 5, norm: DiscriminatorNorm::Spectral };
    let image = ImageShape::new(1, 3, 2);
    let judge = Discriminator::new(&config, Arch::Mlp, image, 0, &device());
    let mut judge = params::init_uniform(judge, 3, &Discriminator::keeps);
    for _ in 0..200 {
        judge = judge.iterated();
    }
    let tensors = params::collect(&judge);
    for (index, layer) in config.linear(Arch::Mlp, image).iter().enumerate() {
        let weight = &tensors[&format!("layers.{index}.linear.weight")];
        let vector = &tensors[&format!("layers.{index}.singular")];
        assert_eq!(vector.data().len(), layer.outputs, "a vector of the outputs");
        // For the leading left singular vector u, |Wᵀu| is σ, and W Wᵀ u = σ² u.
        let across: Vec<f64> = (0..layer.inputs)
            .map(|i| {
                (0..layer.outputs)
                    .map(|o| f64::from(weight.row(o)[i]) * f64::from(vector.data()[o]))
                    .sum()
            })
            .collect();
        let sigma = across.iter().map(|value| value * value).sum::<f64>().sqrt();
        for o in 0..layer.outputs {
            let back: f64 = across.iter().zip(weight.row(o)).map(|(a, w)| a * f64::from(*w)).sum();
            let expected = sigma * sigma * f64::from(vector.data()[o]);
            assert!((back - expected).abs() < 2e-3 * sigma * sigma, "layer {index}, output {o}");
        }
    }
    let moved = Tensor::<4>::ones([1, 1, 3, 2], &device());
    let scores = judge.judge(Tensor::cat(vec![moved.clone() * 0.0, moved], 0), None).scores;
    let scores = params::array_from_tensor(scores.inner());
    let stretch = (scores.data()[1] - scores.data()[0]).abs() / 6f32.sqrt();
    assert!(stretch <= 1.001, "layers of slope one at most stretch by {stretch}");
}
