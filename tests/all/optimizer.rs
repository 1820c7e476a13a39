//! Adam against PyTorch, and its state on the way to the disk and back.

use burn::module::Module;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::optim::GradientsParams;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use zscope::array::{Array, NamedArrays};
use zscope::formats::arrays::ArrayFile;
use zscope::model::loss::{bernoulli_nll, gaussian_kl};
use zscope::model::params::{self, ParamError, array_from_tensor, tensor_from_array};
use zscope::model::vae::Posterior;
use zscope::random::{Purpose, normals, uniforms};
use zscope::train::optimizer::{Adam, Rates, gradient_norm};

use crate::common::{Tolerance, assert_close, first_difference, shared};

/// The reference's model: 64-32-4 and back, named as there.
#[derive(Module, Debug)]
struct Small {
    fc1: Linear,
    fc_mu: Linear,
    fc_logvar: Linear,
    fc3: Linear,
    fc4: Linear,
}

impl Small {
    fn new(device: &Device) -> Self {
        let linear = |inputs, outputs| {
            LinearConfig::new(inputs, outputs).with_initializer(Initializer::Zeros).init(device)
        };
        Self {
            fc1: linear(64, 32),
            fc_mu: linear(32, 4),
            fc_logvar: linear(32, 4),
            fc3: linear(4, 32),
            fc4: linear(32, 64),
        }
    }

    /// The negative bound, mean over the batch: whole, reconstruction, KL; each `[1]`.
    fn loss(&self, data: Tensor<2>, noise: Tensor<2>) -> [Tensor<1>; 3] {
        let [b, pixels] = data.dims();
        let hidden = relu(self.fc1.forward(data.clone()));
        let posterior = Posterior {
            mean: self.fc_mu.forward(hidden.clone()),
            logvar: self.fc_logvar.forward(hidden),
        };
        let z = posterior.sample(noise);
        let logits = self.fc4.forward(relu(self.fc3.forward(z)));
        let shape = [b, 1, 1, pixels];
        let nll = bernoulli_nll(logits.reshape(shape), data.reshape(shape)).sum() / b as f64;
        let kl = gaussian_kl(posterior.mean, posterior.logvar).sum() / b as f64;
        [nll.clone() + kl.clone(), nll, kl]
    }
}

fn device() -> Device {
    Device::flex().autodiff()
}

/// The gradients and the losses of one batch.
fn backward(model: &Small, data: &Array, noise: &Array) -> (GradientsParams, Vec<f32>) {
    let losses =
        model.loss(tensor_from_array(data, &device()), tensor_from_array(noise, &device()));
    let values = losses.each_ref().map(|loss| array_from_tensor(loss.clone()).data()[0]);
    (GradientsParams::from_grads(losses[0].backward(), model), values.to_vec())
}

fn step(adam: &mut Adam, model: Small, data: &Array, noise: &Array) -> Small {
    let (gradients, _) = backward(&model, data, noise);
    adam.step(&Rates::plain(1e-3), model, gradients)
}

fn bits(arrays: &NamedArrays) -> Vec<(&str, &[usize], Vec<u32>)> {
    let of = |array: &Array| array.data().iter().map(|value| value.to_bits()).collect();
    arrays.iter().map(|(name, array)| (name.as_str(), array.shape(), of(array))).collect()
}

/// Item `index` of a batch of batches.
fn item(array: &Array, index: usize) -> Array {
    Array::new(array.shape()[1..].to_vec(), array.row(index).to_vec()).expect("one item")
}

fn named(file: &ArrayFile, prefix: &str) -> NamedArrays {
    let names = file.names().into_iter().filter(|name| name.starts_with(prefix));
    let named: NamedArrays = names
        .map(|name| (name[prefix.len()..].to_owned(), file.array(&name).expect("an array")))
        .collect();
    assert_eq!(named.len(), 10, "five layers under {prefix}");
    named
}

#[track_caller]
fn assert_all_close(found: &NamedArrays, expected: &NamedArrays, tolerance: Tolerance) {
    assert!(found.keys().eq(expected.keys()), "the same names");
    for (name, expected) in expected {
        assert_eq!(found[name].shape(), expected.shape(), "{name}");
        if let Some(difference) = first_difference(found[name].data(), expected.data(), tolerance) {
            panic!("{name}: {difference}");
        }
    }
}

/// A model and five batches that need no file.
fn example() -> (NamedArrays, Vec<(Array, Array)>) {
    let mut tensors = params::collect(&params::init_uniform(Small::new(&device()), 3, &|_| false));
    tensors.values_mut().flat_map(Array::data_mut).for_each(|value| *value *= 1.5);
    let batch = |index: u64| {
        let data = uniforms(1, index, Purpose::Explore, 8 * 64, 0.0, 1.0);
        let noise = normals(2, index, Purpose::Explore, 8 * 4);
        (Array::new([8, 64], data).expect("data"), Array::new([8, 4], noise).expect("noise"))
    };
    (tensors, (0..5).map(batch).collect())
}

fn loaded(tensors: &NamedArrays) -> Small {
    params::load(Small::new(&device()), tensors).expect("loaded")
}

#[test]
fn five_steps_match_torch() {
    let Some(path) = shared("oracles/train_mlp_vae/io.safetensors") else { return };
    let Some(case) = shared("oracles/train_mlp_vae/case.json") else { return };
    let file = ArrayFile::open(&path).expect("the oracle opens");
    let case: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(case).expect("read")).expect("JSON");
    let losses = &case["scalars"]["adam.loss_bce_kl"];
    let (data, noise) = (file.array("data").expect("data"), file.array("eps").expect("noise"));
    let initial = named(&file, "init.");
    let expected = named(&file, "adam.final.");
    // The reference's own f32 lies 1.5e-7 from its f64; Adam divides tiny gradients by their own size.
    let tolerance = Tolerance { abs: 2e-6, rel: 2e-6 };
    let train = |skipped: Option<usize>| {
        let mut adam = Adam::new(0.9, 0.999);
        let mut model = loaded(&initial);
        assert_eq!(bits(&params::collect(&model)), bits(&initial), "loaded as given");
        for index in (0..5).filter(|index| Some(*index) != skipped) {
            let (gradients, found) = backward(&model, &item(&data, index), &item(&noise, index));
            if skipped.is_none() {
                let expected: Vec<f32> = losses[index]
                    .as_array()
                    .expect("three values")
                    .iter()
                    .map(|value| value.as_f64().expect("a number") as f32)
                    .collect();
                assert_close(&found, &expected, Tolerance { abs: 1e-5, rel: 1e-6 });
            }
            model = adam.step(&Rates::plain(1e-3), model, gradients);
        }
        (params::collect(&model), adam)
    };
    let (found, adam) = train(None);
    assert_all_close(&found, &expected, tolerance);
    // Negative controls: the first values, one step less, the other optimizer's result.
    let differs = |found: &NamedArrays, expected: &NamedArrays| {
        expected.iter().any(|(name, expected)| {
            first_difference(found[name].data(), expected.data(), tolerance).is_some()
        })
    };
    assert!(differs(&initial, &expected), "no step at all");
    assert!(differs(&train(Some(4)).0, &expected), "four steps");
    assert!(differs(&found, &named(&file, "sgd.final.")), "another optimizer");
    // The first moments after one step are (1 − β₁) times the gradient, the second (1 − β₂) times its square.
    assert_eq!(adam.save().1, 5, "updates");
    let mut adam = Adam::new(0.9, 0.999);
    let (first, noise) = (item(&data, 0), item(&noise, 0));
    step(&mut adam, loaded(&initial), &first, &noise);
    let (moments, updates) = adam.save();
    assert_eq!((moments.len(), updates), (20, 1), "two moments for each of ten parameters");
    for (name, gradient) in named(&file, "grad_step1.") {
        let of = |moment: &str| moments[&format!("{name}.{moment}")].data().to_vec();
        // Moments lie as burn keeps the parameter: a linear weight as [in, out], flat.
        let mut values = gradient.data().to_vec();
        if let &[outputs, inputs] = gradient.shape() {
            values = (0..inputs * outputs)
                .map(|i| gradient.data()[i % outputs * inputs + i / outputs])
                .collect();
        }
        let first: Vec<f32> = values.iter().map(|g| 0.1 * g).collect();
        let second: Vec<f32> = values.iter().map(|g| 0.001 * g * g).collect();
        // Torch sums the gradient in another order; 1 − 0.999 in f32 lies 1.3e-5 beside 0.001.
        assert_close(&of("moment_1"), &first, Tolerance { abs: 1e-6, rel: 1e-5 });
        assert_close(&of("moment_2"), &second, Tolerance { abs: 1e-9, rel: 2e-5 });
    }
}

#[test]
fn saved_state_goes_on_bit_for_bit() {
    let (tensors, batches) = example();
    let mut unbroken = Adam::new(0.9, 0.999);
    let mut model = loaded(&tensors);
    let mut broken_off = None;
    for (index, (data, noise)) in batches.iter().enumerate() {
        if index == 3 {
            broken_off = Some((params::collect(&model), unbroken.save()));
        }
        model = step(&mut unbroken, model, data, noise);
    }
    let expected = (params::collect(&model), unbroken.save());
    let (tensors, (moments, updates)) = broken_off.expect("five batches");
    assert_eq!(updates, 3, "updates");

    let go_on = |moments: NamedArrays, updates: u64| {
        let mut adam = Adam::new(0.9, 0.999);
        let mut model = loaded(&tensors);
        adam.load(&model, moments, updates, &Device::flex()).expect("loaded");
        for (data, noise) in &batches[3..] {
            model = step(&mut adam, model, data, noise);
        }
        (params::collect(&model), adam.save())
    };
    let found = go_on(moments.clone(), updates);
    assert_eq!(bits(&found.0), bits(&expected.0), "parameters");
    assert_eq!(bits(&found.1.0), bits(&expected.1.0), "moments");
    assert_eq!(found.1.1, expected.1.1, "updates");
    // Negative controls: a state that was forgotten, and one with another number of updates.
    assert_ne!(bits(&go_on(NamedArrays::new(), 0).0), bits(&expected.0), "no moments");
    assert_ne!(bits(&go_on(moments.clone(), 2).0), bits(&expected.0), "another count");
    let mut changed = moments;
    changed.get_mut("fc1.weight.moment_1").expect("there").data_mut()[0] += 1.0;
    assert_ne!(bits(&go_on(changed, 3).0), bits(&expected.0), "another moment");
}

#[test]
fn fresh_state_is_empty() {
    let (tensors, batches) = example();
    let mut adam = Adam::new(0.9, 0.999);
    assert_eq!(adam.save(), (NamedArrays::new(), 0));
    // Loading it forgets what was there.
    let model = step(&mut adam, loaded(&tensors), &batches[0].0, &batches[0].1);
    assert_eq!(adam.save().1, 1, "one update");
    adam.load(&model, NamedArrays::new(), 0, &Device::flex()).expect("a fresh state");
    assert_eq!(adam.save(), (NamedArrays::new(), 0), "as new");
    // A rate of 0 moves nothing, but the moments go on.
    let (gradients, _) = backward(&model, &batches[0].0, &batches[0].1);
    let before = params::collect(&model);
    let model = adam.step(&Rates::plain(0.0), model, gradients);
    assert_eq!(bits(&params::collect(&model)), bits(&before), "no movement");
    assert_eq!(adam.save().1, 1, "one update");
}

#[test]
fn wrong_moments_are_errors() {
    let (tensors, batches) = example();
    let mut adam = Adam::new(0.9, 0.999);
    let model = step(&mut adam, loaded(&tensors), &batches[0].0, &batches[0].1);
    let (moments, updates) = adam.save();
    let load = |moments: NamedArrays| {
        Adam::new(0.9, 0.999).load(&model, moments, updates, &Device::flex()).err()
    };
    assert_eq!(load(moments.clone()), None, "whole");
    for (name, array) in &moments {
        let len = array.data().len();
        let mut missing = moments.clone();
        missing.remove(name);
        let expected = vec![len];
        assert_eq!(
            load(missing),
            Some(ParamError::Missing { name: name.clone(), expected: expected.clone() })
        );
        for found in [vec![len + 1], vec![len - 1], vec![1, len], Vec::new()] {
            let mut wrong = moments.clone();
            wrong.insert(name.clone(), Array::zeros(found.clone()));
            assert_eq!(
                load(wrong),
                Some(ParamError::Shape { name: name.clone(), found, expected: expected.clone() })
            );
        }
    }
    let mut further = moments.clone();
    further.insert("fc9.bias.moment_1".to_owned(), Array::zeros([4]));
    let unused = ParamError::Unused { name: "fc9.bias.moment_1".to_owned() };
    assert_eq!(load(further), Some(unused));
    assert!(load(NamedArrays::new()).is_some(), "updates without moments");
}

/// A parameter that no loss reaches has no gradient, stays as it is, and hinders neither saving nor loading.
#[test]
fn unreached_parameters_stay_and_the_state_still_round_trips() {
    #[derive(Module, Debug)]
    struct Two {
        used: Linear,
        unused: Linear,
    }
    let linear = || LinearConfig::new(3, 2).init(&device());
    let model = params::init_uniform(Two { used: linear(), unused: linear() }, 1, &|_| false);
    let before = params::collect(&model);
    let ones = Tensor::<2>::ones([1, 3], &device());
    let loss = model.used.forward(ones).sum();
    let gradients = GradientsParams::from_grads(loss.backward(), &model);
    let mut adam = Adam::new(0.9, 0.999);
    let model = adam.step(&Rates::plain(0.1), model, gradients);
    let after = params::collect(&model);
    assert_eq!(before["unused.weight"], after["unused.weight"], "not reached");
    assert_ne!(before["used.weight"], after["used.weight"], "reached");
    let (moments, updates) = adam.save();
    let mut again = Adam::new(0.9, 0.999);
    let loaded = again.load(&model, moments.clone(), updates, &Device::flex());
    assert_eq!(loaded, Ok(()), "what save gave, load takes");
    assert_eq!(bits(&again.save().0), bits(&moments), "the same state");
}

/// One step from the example's tensors: what became of them, the moments, and the length of the gradient.
fn one_step(rates: &Rates) -> (NamedArrays, NamedArrays, f32) {
    let (tensors, batches) = example();
    let model = loaded(&tensors);
    let (gradients, _) = backward(&model, &batches[0].0, &batches[0].1);
    let length = array_from_tensor(gradient_norm(&model, &gradients)).data()[0];
    let mut adam = Adam::new(0.9, 0.999);
    let model = adam.step(rates, model, gradients);
    (params::collect(&model), adam.save().0, length)
}

#[test]
fn weight_decay_shrinks_matrices_beside_the_gradient() {
    let (before, _) = example();
    let (plain, moments, _) = one_step(&Rates::plain(0.01));
    let rates = Rates { weight_decay: 0.5, ..Rates::plain(0.01) };
    let (decayed, moments_then, _) = one_step(&rates);
    assert_eq!(bits(&moments), bits(&moments_then), "the gradient does not know of it");
    for (name, found) in &decayed {
        let is_matrix = found.shape().len() > 1;
        for (index, value) in found.data().iter().enumerate() {
            let shrunk = if is_matrix { 0.01 * 0.5 * before[name].data()[index] } else { 0.0 };
            let expected = plain[name].data()[index] - shrunk;
            assert!((value - expected).abs() < 1e-6, "{name}[{index}]: {value}, not {expected}");
        }
    }
}

#[test]
fn long_gradients_are_cut_and_short_ones_are_not() {
    let (plain, moments, length) = one_step(&Rates::plain(0.01));
    let far = Rates { clip: f64::from(2.0 * length), ..Rates::plain(0.01) };
    assert_eq!(bits(&one_step(&far).0), bits(&plain), "shorter than that");
    let near = Rates { clip: f64::from(0.25 * length), ..Rates::plain(0.01) };
    let (_, cut, _) = one_step(&near);
    for (name, found) in &cut {
        // The first moment is linear in the gradient, the second goes with its square.
        let factor = if name.ends_with("moment_1") { 0.25 } else { 0.0625 };
        for (found, whole) in found.data().iter().zip(moments[name].data()) {
            let expected = factor * whole;
            assert!(
                (found - expected).abs() <= 1e-4 * expected.abs(),
                "{name}: {found}, not {expected}"
            );
        }
    }
}

#[test]
fn a_part_can_rest() {
    let (before, _) = example();
    let (after, moments, _) = one_step(&Rates { frozen: "fc1".to_owned(), ..Rates::plain(0.01) });
    for (name, array) in &after {
        let rests = name.starts_with("fc1.");
        assert_eq!(*array == before[name], rests, "{name}");
        assert_eq!(moments.contains_key(&format!("{name}.moment_1")), !rests, "{name}");
    }
}
