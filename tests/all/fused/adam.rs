//! Adam's rule in one pass, on the CPU and on a graphics device, against its equations in double precision.

use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use zscope::fused::{AdamRule, adam};

use crate::common::{Tolerance, first_difference};
use crate::engine_matches_twin::{gpu, noise};

const CLOSE: Tolerance = Tolerance { abs: 1e-6, rel: 1e-5 };
const BETAS: [f32; 2] = [0.9, 0.99];
const LR: f64 = 0.01;
const WEIGHT_DECAY: f64 = 0.1;

/// Values and moments after some updates; what one gave is what the next is given.
fn updated(device: &Device, len: usize, updates: usize) -> [Vec<f32>; 3] {
    let tensor = |values| Tensor::<1>::from_data(TensorData::new(values, [len]), device);
    let mut values = tensor(noise(1, len));
    let mut moments = [(); 2].map(|()| Tensor::zeros([len], device));
    for update in 1..=updates {
        let gradient = tensor(noise(1 + update as u64, len));
        let rule = AdamRule::new(BETAS, 1e-8, update, LR, WEIGHT_DECAY);
        (values, moments) = adam(values, gradient, moments, rule);
    }
    let [mean, square] = moments;
    [values, mean, square].map(|tensor| tensor.into_data().try_to_vec().expect("single precision"))
}

/// The same as Kingma and Ba write it (algorithm 1), with decay apart from the gradient.
fn by_hand(len: usize, updates: usize) -> [Vec<f32>; 3] {
    let [beta_1, beta_2] = BETAS.map(f64::from);
    let mut all =
        noise(1, len).into_iter().map(|value| [f64::from(value), 0.0, 0.0]).collect::<Vec<_>>();
    for update in 1..=updates {
        let power = update as f64;
        for ([value, mean, square], slope) in all.iter_mut().zip(noise(1 + update as u64, len)) {
            let slope = f64::from(slope);
            *mean = beta_1 * *mean + (1.0 - beta_1) * slope;
            *square = beta_2 * *square + (1.0 - beta_2) * slope * slope;
            let mean = *mean / (1.0 - beta_1.powf(power));
            let square = *square / (1.0 - beta_2.powf(power));
            *value -= LR * WEIGHT_DECAY * *value + LR * mean / (square.sqrt() + 1e-8);
        }
    }
    [0, 1, 2].map(|part| all.iter().map(|values| values[part] as f32).collect())
}

fn assert_by_hand(device: &Device) {
    for (len, updates) in [(1, 1), (65, 3), (5000, 2), (40_000, 1)] {
        let (found, expected) = (updated(device, len, updates), by_hand(len, updates));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(first_difference(found, expected, CLOSE), None, "{len} values, {updates}");
        }
    }
}

#[test]
fn updates_are_those_of_the_equations() {
    assert_by_hand(&Device::flex());
    let [one, two] = [1, 2].map(|updates| updated(&Device::flex(), 65, updates)[0].clone());
    assert!(first_difference(&one, &two, CLOSE).is_some(), "another update is seen");
}

#[test]
fn updates_on_a_graphics_device_are_those_of_the_equations() {
    if gpu().is_some() {
        assert_by_hand(&Device::wgpu(DeviceKind::DefaultDevice));
    }
}
