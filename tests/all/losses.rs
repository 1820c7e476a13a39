//! Every loss against its equation by hand, against PyTorch's numbers, and against finite differences.

use burn::module::{Module as _, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use zscope::array::{Array, NamedArrays};
use zscope::codec::Codec as _;
use zscope::formats::arrays::ArrayFile;
use zscope::graph::lower::vae::{Arch, Likelihood, Sigma, VaeConfig};
use zscope::metrics::{bernoulli_nats_from_logits, gaussian_kl, gaussian_nats};
use zscope::model::codec::VaeCodec;
use zscope::model::params::{self, array_from_tensor, tensor_from_array};
use zscope::model::{
    loss,
    vae::{KlWeight, Vae},
};
use zscope::picture::ImageShape;
use zscope::random::{Purpose, normals, uniforms};

use crate::common::{Tolerance, assert_close, first_difference, shared};

/// Central differences of a value in f32: rounding over the step, and the step squared.
const DIFFERENCES: Tolerance = Tolerance { abs: 1e-3, rel: 1e-3 };

fn array(shape: &[usize], data: &[f32]) -> Array {
    Array::new(shape, data.to_vec()).expect("values fill the shape")
}

/// `[b, c, h, w]` of one row of pixels.
fn pixels(data: &[f32]) -> Array {
    array(&[1, 1, 1, data.len()], data)
}

fn on_cpu<const D: usize>(array: &Array) -> Tensor<D> {
    tensor_from_array(array, &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    array_from_tensor(tensor).into_data()
}

fn sum(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum()
}

/// The gradient of the sum of `f` as autodiff has it.
fn gradient<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Array,
) -> Vec<f32> {
    let x = tensor_from_array::<D>(x, &Device::flex().autodiff()).require_grad();
    let gradients = f(x.clone()).sum().backward();
    values(x.grad(&gradients).expect("the value depends on x"))
}

/// The same by moving one element at a time; the sum is taken in f64.
fn differences<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Array,
) -> Vec<f32> {
    const STEP: f32 = 1.0 / 64.0;
    let value = |index: usize, step: f32| {
        let mut moved = x.clone();
        moved.data_mut()[index] += step;
        (f64::from(moved.data()[index]), sum(&values(f(on_cpu(&moved)))))
    };
    let slope = |index: usize| {
        let ((x1, y1), (x0, y0)) = (value(index, STEP), value(index, -STEP));
        ((y1 - y0) / (x1 - x0)) as f32
    };
    (0..x.data().len()).map(slope).collect()
}

#[track_caller]
fn assert_gradient<const D: usize, const E: usize>(
    f: impl Fn(Tensor<D>) -> Tensor<E>,
    x: &Array,
    what: &str,
) {
    let (found, expected) = (gradient(&f, x), differences(&f, x));
    if let Some(difference) = first_difference(&found, &expected, DIFFERENCES) {
        panic!("{what}: {difference}");
    }
    // Negative control: one element off by a hundredth of the largest.
    let mut wrong = found;
    let largest = wrong.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    wrong[0] += 0.01 * largest + 2.1e-3;
    assert!(first_difference(&wrong, &expected, DIFFERENCES).is_some(), "{what}: changed");
}

fn oracle() -> Option<ArrayFile> {
    let path = shared("oracles/losses_vae/io.safetensors")?;
    Some(ArrayFile::open(&path).expect("the oracle opens"))
}

/// The mean over the batch of the sum of every item.
fn per_item(elements: &Array) -> Vec<f32> {
    (0..elements.num_rows()).map(|i| sum(elements.row(i)) as f32).collect()
}

#[test]
fn gaussian_kl_by_hand() {
    let ln4 = 4.0f32.ln();
    let mean = array(&[2, 3], &[0.0, 1.0, 2.0, -3.0, 0.0, 0.0]);
    let logvar = array(&[2, 3], &[0.0, 0.0, ln4, -ln4, ln4, -ln4]);
    let expected = [
        0.0,
        0.5,
        0.5 * (4.0 + 4.0 - ln4 - 1.0),
        0.5 * (9.0 + 0.25 + ln4 - 1.0),
        0.5 * (4.0 - ln4 - 1.0),
        0.5 * (0.25 + ln4 - 1.0),
    ];
    let found = values(loss::gaussian_kl(on_cpu(&mean), on_cpu(&logvar)));
    assert_close(&found, &expected, Tolerance::TIGHT);
    assert!(found.iter().all(|kl| *kl >= 0.0), "a divergence is never negative");
    // What evaluation counts with is the same.
    for ((kl, mean), logvar) in found.iter().zip(mean.data()).zip(logvar.data()) {
        let counted = gaussian_kl(*mean, *logvar) as f32;
        assert!((kl - counted).abs() < 1e-5, "{kl} in training, {counted} in evaluation");
    }
}

#[test]
fn bernoulli_nll_by_hand() {
    let ln3 = 3.0f32.ln(); // p = 3/4
    let (p, q) = (0.75f32.ln(), 0.25f32.ln());
    let cases = [
        (0.0, 0.0, std::f32::consts::LN_2),
        (0.0, 0.3, std::f32::consts::LN_2),
        (ln3, 1.0, -p),
        (ln3, 0.0, -q),
        (ln3, 0.25, -(0.25 * p + 0.75 * q)),
        (-ln3, 1.0, -q),
        (40.0, 1.0, 0.0),
        (40.0, 0.0, 40.0),
        (-40.0, 0.0, 0.0),
        (-40.0, 1.0, 40.0),
        (40.0, 0.5, 20.0),
        (-40.0, 0.25, 10.0),
        (1e4, 0.0, 1e4),
        (-1e4, 1.0, 1e4),
        (1e4, 1.0, 0.0),
    ];
    for (logit, target, expected) in cases {
        let found =
            values(loss::bernoulli_nll(on_cpu(&pixels(&[logit])), on_cpu(&pixels(&[target]))))[0];
        let bound = 1e-6 + 1e-6 * expected;
        assert!(
            (found - expected).abs() <= bound,
            "logit {logit}, target {target}: {found}, expected {expected}"
        );
        let counted = bernoulli_nats_from_logits(&[logit], &[target]) as f32;
        assert!((found - counted).abs() <= bound, "{found} in training, {counted} in evaluation");
    }
}

#[test]
fn gaussian_nll_by_hand() {
    let half_log_two_pi = 0.918_938_5;
    let mean = pixels(&[0.2, 0.5, 0.9, 0.0]);
    let target = pixels(&[0.2, 0.7, 0.4, 1.0]);
    for sigma in [1.0f32, 0.1, 2.5] {
        let log_sigma = array(&[1], &[sigma.ln()]);
        let found = values(loss::gaussian_nll(on_cpu(&mean), on_cpu(&target), on_cpu(&log_sigma)));
        let expected = [0.0f32, 0.2, 0.5, 1.0]
            .map(|error| 0.5 * (error / sigma).powi(2) + sigma.ln() + half_log_two_pi);
        assert_close(&found, &expected, Tolerance::TIGHT);
        let counted = gaussian_nats(mean.data(), target.data(), f64::from(sigma));
        assert!(
            (sum(&found) - counted).abs() < 1e-4 * counted.abs().max(1.0),
            "{} in training, {counted} in evaluation",
            sum(&found)
        );
    }
    // Negative control: another deviation is another number.
    let one =
        values(loss::gaussian_nll(on_cpu(&mean), on_cpu(&target), on_cpu(&array(&[1], &[0.0]))));
    let two =
        values(loss::gaussian_nll(on_cpu(&mean), on_cpu(&target), on_cpu(&array(&[1], &[0.01]))));
    assert!(first_difference(&one, &two, Tolerance::TIGHT).is_some(), "sigma 1 and 1.01");
}

#[test]
fn free_bits_by_hand() {
    let kl = array(&[4], &[0.1, 0.5, 2.0, 0.0]);
    for (free, expected) in [(0.0, 2.6), (0.5, 0.5 + 0.5 + 2.0 + 0.5), (3.0, 12.0)] {
        let found = values(loss::free_bits(on_cpu(&kl), free));
        assert_close(&found, &[expected], Tolerance::TIGHT);
    }
}

#[test]
fn losses_match_torch() {
    let Some(file) = oracle() else { return };
    let read = |name: &str| file.array(name).expect(name);
    let kl = array_from_tensor(loss::gaussian_kl(on_cpu(&read("mu")), on_cpu(&read("logvar"))));
    assert_close(kl.data(), read("kl_elementwise").data(), Tolerance::TIGHT);
    assert_close(&per_item(&kl), read("kl_per_sample").data(), Tolerance::TIGHT);
    let dims = loss::gaussian_kl(on_cpu(&read("mu")), on_cpu(&read("logvar"))).mean_dim(0);
    let dims = values(dims.squeeze_dim::<1>(0));
    assert_close(&dims, read("kl_per_dim_batch_mean").data(), Tolerance::TIGHT);
    let bernoulli = |target: &str| {
        let nll = loss::bernoulli_nll(on_cpu(&read("logits")), on_cpu(&read(target)));
        per_item(&array_from_tensor(nll))
    };
    let expected = read("bce_per_sample_from_logits");
    assert_close(&bernoulli("x"), expected.data(), Tolerance::TIGHT);
    let binary = read("bce_per_sample_from_logits_binary");
    assert_close(&bernoulli("x_binary"), binary.data(), Tolerance::TIGHT);
    let gaussian = |mean: &Array, sigma: f32| {
        let log_sigma = array(&[1], &[sigma.ln()]);
        let nll = loss::gaussian_nll(on_cpu(mean), on_cpu(&read("x")), on_cpu(&log_sigma));
        per_item(&array_from_tensor(nll))
    };
    for (sigma, name) in [(1.0, "sigma1"), (0.1, "sigma0.1")] {
        let expected = read(&format!("gaussian_nll_per_sample_{name}"));
        assert_close(&gaussian(&read("recon"), sigma), expected.data(), Tolerance::TIGHT);
        // Negative control: one pixel moved.
        let mut moved = read("recon");
        moved.data_mut()[5] += 0.25;
        let moved = gaussian(&moved, sigma);
        assert!(
            first_difference(&moved, expected.data(), Tolerance::TIGHT).is_some(),
            "{name}: one pixel"
        );
    }
    // Negative controls: the other targets, the log-variance for the mean.
    let other = bernoulli("x_binary");
    assert!(first_difference(&other, expected.data(), Tolerance::TIGHT).is_some(), "targets");
    let swapped = values(loss::gaussian_kl(on_cpu(&read("logvar")), on_cpu(&read("mu"))));
    assert!(
        first_difference(&swapped, read("kl_elementwise").data(), Tolerance::TIGHT).is_some(),
        "swapped"
    );
}

/// The oracle's value is the negative bound, mean over the batch, plus Σ z · upstream.
#[test]
fn gradients_match_torch() {
    let Some(file) = oracle() else { return };
    let device = Device::flex().autodiff();
    let read = |name: &str| file.array(name).expect(name);
    let constant = |name: &str| tensor_from_array::<2>(&read(name), &device);
    let mean = constant("mu").require_grad();
    let logvar = constant("logvar").require_grad();
    let logits = tensor_from_array::<4>(&read("logits"), &device).require_grad();
    let target = tensor_from_array::<4>(&read("x"), &device);
    let posterior = zscope::model::vae::Posterior { mean: mean.clone(), logvar: logvar.clone() };
    let z = posterior.sample(constant("eps"));
    assert_close(&values(z.clone()), read("z").data(), Tolerance::TIGHT);
    let batch = 6.0;
    let bound = loss::bernoulli_nll(logits.clone(), target).sum() / batch
        + loss::gaussian_kl(mean.clone(), logvar.clone()).sum() / batch;
    let found = values(bound.clone());
    assert_close(&found, &[73.223_23], Tolerance::TIGHT); // neg_elbo_bce of case.json
    let gradients = (bound + (z * constant("upstream_z")).sum()).backward();
    let grad_mean = values(mean.grad(&gradients).expect("depends on the mean"));
    let grad_logvar = values(logvar.grad(&gradients).expect("depends on the log-variance"));
    let grad_logits = values(logits.grad(&gradients).expect("depends on the logits"));
    assert_close(&grad_mean, read("grad_mu").data(), Tolerance::TIGHT);
    assert_close(&grad_logvar, read("grad_logvar").data(), Tolerance::TIGHT);
    assert_close(&grad_logits, read("grad_logits").data(), Tolerance::TIGHT);
    // Negative control: the gradient of another tensor.
    assert!(
        first_difference(&grad_mean, read("grad_logvar").data(), Tolerance::TIGHT).is_some(),
        "another gradient"
    );
}

#[test]
fn gradients_match_finite_differences() {
    let mean = array(&[3, 4], &normals(1, 1, Purpose::Explore, 12));
    let logvar = array(&[3, 4], &uniforms(1, 2, Purpose::Explore, 12, -3.0, 1.0));
    let constant2 = |array: &Array, like: &Tensor<2>| tensor_from_array::<2>(array, &like.device());
    let constant4 = |array: &Array, like: &Tensor<4>| tensor_from_array::<4>(array, &like.device());
    let of_mean = |x: Tensor<2>| {
        let logvar = constant2(&logvar, &x);
        loss::gaussian_kl(x, logvar)
    };
    assert_gradient(of_mean, &mean, "KL by the mean");
    let of_logvar = |x: Tensor<2>| {
        let mean = constant2(&mean, &x);
        loss::gaussian_kl(mean, x)
    };
    assert_gradient(of_logvar, &logvar, "KL by the log-variance");

    let logits = pixels(&[-40.0, -40.0, 40.0, 40.0, -40.0, 40.0, -3.0, -0.5, 0.7, 2.0, 0.04, 9.0]);
    let target = pixels(&[0.0, 1.0, 0.0, 1.0, 0.3, 0.6, 0.0, 1.0, 0.5, 0.2, 1.0, 0.0]);
    let of_logits = |x: Tensor<4>| {
        let target = constant4(&target, &x);
        loss::bernoulli_nll(x, target)
    };
    assert_gradient(of_logits, &logits, "Bernoulli");
    let expected: Vec<f32> = logits
        .data()
        .iter()
        .zip(target.data())
        .map(|(l, x)| (1.0 / (1.0 + (-f64::from(*l)).exp()) - f64::from(*x)) as f32)
        .collect();
    assert_close(&gradient(of_logits, &logits), &expected, Tolerance::TIGHT);

    let mean = pixels(&uniforms(1, 3, Purpose::Explore, 9, 0.0, 1.0));
    let target = pixels(&[0.0, 1.0, 0.5, 0.1, 0.9, 0.0, 1.0, 0.3, 0.7]);
    for log_sigma in [0.0, -1.2, 0.8] {
        let log_sigma = array(&[1], &[log_sigma]);
        let of_mean = |x: Tensor<4>| {
            let target = constant4(&target, &x);
            let log_sigma = tensor_from_array(&log_sigma, &x.device());
            loss::gaussian_nll(x, target, log_sigma)
        };
        assert_gradient(of_mean, &mean, "Gaussian by the mean");
        let of_sigma = |x: Tensor<1>| {
            let (mean, target) =
                (tensor_from_array(&mean, &x.device()), tensor_from_array(&target, &x.device()));
            loss::gaussian_nll(mean, target, x)
        };
        assert_gradient(of_sigma, &log_sigma, "Gaussian by the deviation");
    }

    let kl = array(&[5], &[0.1, 0.45, 0.55, 2.0, 0.0]);
    for free in [0.0, 0.5] {
        assert_gradient(|x| loss::free_bits(x, free), &kl, "free bits");
    }
}

/// The derivative is sigmoid(l) − x everywhere, also where the two halves of the formula meet.
#[test]
fn bernoulli_gradient_at_logit_zero() {
    let target = pixels(&[0.0, 0.25, 1.0]);
    let of_logits = |x: Tensor<4>| {
        let target = tensor_from_array(&target, &x.device());
        loss::bernoulli_nll(x, target)
    };
    let logits = pixels(&[0.0; 3]);
    assert_close(&differences(of_logits, &logits), &[0.5, 0.25, -0.5], DIFFERENCES);
    assert_close(&gradient(of_logits, &logits), &[0.5, 0.25, -0.5], Tolerance::TIGHT);
}

#[test]
fn free_dimensions_get_no_gradient() {
    let kl = array(&[4], &[0.1, 0.49, 0.51, 3.0]);
    assert_eq!(gradient(|x| loss::free_bits(x, 0.5), &kl), [0.0, 0.0, 1.0, 1.0]);
    assert_eq!(gradient(|x| loss::free_bits(x, 0.0), &kl), [1.0; 4]);
    // The same through the KL term: a dimension under the threshold leaves its mean alone.
    let mean = array(&[2, 2], &[0.1, 2.0, -0.2, 1.5]);
    let of_mean = |x: Tensor<2>| {
        let logvar = Tensor::zeros([2, 2], &x.device());
        loss::free_bits(loss::gaussian_kl(x, logvar).mean_dim(0).squeeze_dim::<1>(0), 0.5)
    };
    assert_close(&gradient(of_mean, &mean), &[0.0, 1.0, 0.0, 0.75], Tolerance::TIGHT);
}

fn config(arch: Arch, image: ImageShape, likelihood: Likelihood, sigma: Sigma) -> VaeConfig {
    VaeConfig { arch, image, latent_dim: 3, hidden: 7, channels: 5, likelihood, sigma }
}

/// First values with some life in them: outputs of order one, dimensions of different KL.
fn tensors(config: &VaeConfig) -> NamedArrays {
    let mut tensors = params::collect(&Vae::new(config, 5, &Device::flex()));
    for array in tensors.values_mut() {
        array.data_mut().iter_mut().for_each(|value| *value *= 2.0);
    }
    if let Some(log_sigma) = tensors.get_mut("decoder.log_sigma") {
        log_sigma.data_mut()[0] = -0.7;
    }
    tensors
}

const KINDS: [(Likelihood, Sigma); 3] = [
    (Likelihood::Bernoulli, Sigma::Learned),
    (Likelihood::Gaussian, Sigma::Learned),
    (Likelihood::Gaussian, Sigma::Fixed(0.3)),
];

#[test]
fn vae_loss_is_the_sum_of_its_terms() {
    let image = ImageShape::new(3, 6, 10);
    let b = 4;
    let images =
        Array::new(image.batch(b), uniforms(2, 1, Purpose::Explore, b * image.len(), 0.0, 1.0))
            .expect("pixels");
    let noise = array(&[b, 3], &normals(2, 2, Purpose::Explore, b * 3));
    for (likelihood, sigma) in KINDS {
        let config = config(Arch::Conv, image, likelihood, sigma);
        let tensors = tensors(&config);
        let deviation = match config.pixel_likelihood(&tensors) {
            zscope::picture::PixelLikelihood::Bernoulli => None,
            zscope::picture::PixelLikelihood::Gaussian { sigma } => Some(sigma),
        };
        let mut codec = VaeCodec::new(&config, &tensors, &Device::flex()).expect("a codec");
        let posterior = codec.encode(&images).expect("encoded");
        let (mean, logvar) = (&posterior["latent"], &posterior["logvar"]);
        let mut z = mean.clone();
        for ((z, logvar), noise) in z.data_mut().iter_mut().zip(logvar.data()).zip(noise.data()) {
            *z += (0.5 * logvar).exp() * noise;
        }
        let decoded = codec.decode(&z).expect("decoded");
        let reconstruction: f64 = (0..b)
            .map(|i| match deviation {
                None => bernoulli_nats_from_logits(decoded["logits"].row(i), images.row(i)),
                Some(sigma) => gaussian_nats(decoded["image"].row(i), images.row(i), sigma),
            })
            .sum::<f64>()
            / b as f64;
        let per_dim: Vec<f64> = (0..3)
            .map(|d| {
                (0..b).map(|i| gaussian_kl(mean.row(i)[d], logvar.row(i)[d])).sum::<f64>()
                    / b as f64
            })
            .collect();
        let model = params::load(Vae::new(&config, 0, &Device::flex()), &tensors).expect("loaded");
        for (beta, free_nats) in [(1.0, 0.0), (4.0, 0.0), (0.5, 0.12), (0.0, 0.0)] {
            let weight = KlWeight { beta, free_nats };
            let seen = on_cpu(&images);
            let found = model.loss(&config, seen.clone(), seen, on_cpu(&noise), weight);
            let kl: f64 = per_dim.iter().map(|kl| kl.max(free_nats)).sum();
            let expected = [
                reconstruction + beta * kl,
                reconstruction,
                per_dim.iter().sum(),
                per_dim[0],
                per_dim[1],
                per_dim[2],
            ]
            .map(|value| value as f32);
            let scalars =
                Tensor::cat(vec![found.total, found.reconstruction, found.kl, found.kl_per_dim], 0);
            assert_close(&values(scalars), &expected, Tolerance::TIGHT);
            let sigma = found.sigma.map(|sigma| f64::from(values(sigma)[0]));
            assert_eq!(sigma.is_some(), deviation.is_some(), "a deviation where there is one");
            if let (Some(found), Some(expected)) = (sigma, deviation) {
                assert!((found - expected).abs() < 1e-6, "sigma {found}, expected {expected}");
            }
        }
    }
}

/// Gradients by path, in PyTorch's layouts.
struct Gradients<'a> {
    path: Vec<String>,
    params: &'a GradientsParams,
    found: NamedArrays,
}

impl ModuleVisitor for Gradients<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.params.get::<D>(param.id).expect("every parameter has a gradient");
        // The only matrices here are weights of linear layers, which burn keeps as [in, out].
        let gradient = if D == 2 { gradient.swap_dims(0, 1) } else { gradient };
        self.found.insert(self.path.join("."), array_from_tensor(gradient));
    }
}

/// A learned deviation never reaches its floor, and always keeps a gradient.
#[test]
fn a_learned_deviation_is_bent_softly() {
    for (parameter, expected) in [(0.0, 0.006_715_35), (-5.0, -5.0 + 2f32.ln()), (-20.0, -5.0)] {
        let found = Sigma::log_from_parameter(parameter);
        assert!((found - expected).abs() < 1e-6, "{parameter}: {found}, expected {expected}");
    }
    let config = config(Arch::Mlp, ImageShape::new(1, 4, 4), Likelihood::Gaussian, Sigma::Learned);
    let device = Device::flex().autodiff();
    for parameter in [-9.0, -5.0, -0.7, 2.0] {
        let mut tensors = tensors(&config);
        tensors.insert("decoder.log_sigma".to_owned(), array(&[1], &[parameter]));
        let model = params::load(Vae::new(&config, 0, &device), &tensors).expect("loaded");
        let images: Tensor<4> = tensor_from_array(&Array::zeros([2, 1, 4, 4]), &device);
        let noise = tensor_from_array(&Array::zeros([2, 3]), &device);
        let weight = KlWeight { beta: 1.0, free_nats: 0.0 };
        let loss = model.loss(&config, images.clone(), images, noise, weight);
        let found = values(loss.sigma.expect("a deviation").inner())[0];
        let expected = Sigma::log_from_parameter(parameter).exp();
        assert!((found - expected).abs() < 1e-6 * (1.0 + expected), "{parameter}: {found}");
        let gradients = GradientsParams::from_grads(loss.total.backward(), &model);
        let mut visitor =
            Gradients { path: Vec::new(), params: &gradients, found: NamedArrays::new() };
        model.visit(&mut visitor);
        let slope = visitor.found["decoder.log_sigma"].data()[0];
        assert!(slope != 0.0 && slope.is_finite(), "{parameter}: the gradient is {slope}");
    }
}

#[test]
fn vae_gradients_match_finite_differences() {
    let image = ImageShape::new(1, 6, 6);
    let images = Array::new(image.batch(3), uniforms(3, 1, Purpose::Explore, 3 * 36, 0.0, 1.0))
        .expect("pixels");
    let noise = array(&[3, 3], &normals(3, 2, Purpose::Explore, 9));
    let weight = KlWeight { beta: 1.5, free_nats: 0.0 };
    for (arch, (likelihood, sigma)) in
        [Arch::Mlp, Arch::Conv].into_iter().flat_map(|arch| KINDS.map(|kind| (arch, kind)))
    {
        let config = config(arch, image, likelihood, sigma);
        let tensors = tensors(&config);
        let device = Device::flex().autodiff();
        let model = params::load(Vae::new(&config, 0, &device), &tensors).expect("loaded");
        let total = model
            .loss(
                &config,
                tensor_from_array(&images, &device),
                tensor_from_array(&images, &device),
                tensor_from_array(&noise, &device),
                weight,
            )
            .total;
        let gradients = GradientsParams::from_grads(total.backward(), &model);
        let mut visitor =
            Gradients { path: Vec::new(), params: &gradients, found: NamedArrays::new() };
        model.visit(&mut visitor);
        assert!(visitor.found.keys().eq(tensors.keys()), "every parameter has a gradient");
        let value = |name: &str, index: usize, step: f32| {
            let mut moved = tensors.clone();
            let array = moved.get_mut(name).expect("a parameter");
            array.data_mut()[index] += step;
            let model =
                params::load(Vae::new(&config, 0, &Device::flex()), &moved).expect("loaded");
            let seen = on_cpu(&images);
            let total = model.loss(&config, seen.clone(), seen, on_cpu(&noise), weight).total;
            f64::from(values(total)[0])
        };
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        for (name, gradient) in &visitor.found {
            for index in [0, gradient.data().len() / 3, gradient.data().len() - 1] {
                let step = 1.0 / 256.0;
                let slope =
                    (value(name, index, step) - value(name, index, -step)) / 2.0 / 0.003_906_25;
                found.push(gradient.data()[index]);
                expected.push(slope as f32);
            }
        }
        // A step in f32: rounding of a few 1e-6 over 1/256, and kinks of relu.
        let tolerance = Tolerance { abs: 2e-3, rel: 2e-3 };
        if let Some(difference) = first_difference(&found, &expected, tolerance) {
            panic!("{config:?}: {difference}");
        }
        found[0] += 0.1 * expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(first_difference(&found, &expected, tolerance).is_some(), "one changed");
    }
}
