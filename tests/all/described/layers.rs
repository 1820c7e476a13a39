//! Every kind of layer against PyTorch's numbers, and splits of a latent against ones by hand.

use zscope::array::{Array, NamedArrays};

use super::{assert_runs, described, golden, networks};
use crate::common::shared_arrays;

/// A model that has `layers` for its encoder; its decoder makes black images of whatever they give.
fn text_around(layers: &str, image: &[usize]) -> String {
    format!(
        "image = {image:?}\nencoder = {layers}\nlatent = 'plain'\ndecoder = ['flatten', \
         {{ layer = 'linear', key = 'back', bias = false }}, {{ layer = 'reshape', shape = {image:?} }}]\n"
    )
}

/// Compares what layers make of `x` with `y` on every engine.
#[track_caller]
fn assert_layers(case: &str, layers: &str, mut tensors: NamedArrays, x: &Array, y: &Array) {
    let image = &x.shape()[1..];
    let back = Array::zeros([image.iter().product(), y.row_len()]);
    tensors.insert("back.weight".to_owned(), back);
    let described = described(&text_around(layers, image));
    let names: Vec<String> = tensors.keys().cloned().collect();
    described.check_names(&names).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert!(described.untold(&names).is_empty(), "{case}: all tensors are told of");
    let networks = networks(&described, &tensors);
    assert_runs(case, networks.encoder.as_ref().expect("an encoder"), x, &[("latent", y)]);
}

#[test]
fn layers_match_pytorch() {
    let file = golden("layers");
    let arrays = file.arrays().expect("arrays");
    let texts = file.texts();
    assert!(texts.len() > 15, "only {} cases", texts.len());
    for (case, layers) in &texts {
        let own = arrays.iter().filter_map(|(name, array)| {
            Some((name.strip_prefix(case.as_str())?.strip_prefix('/')?.to_owned(), array.clone()))
        });
        let mut own: NamedArrays = own.collect();
        let [x, y] = ["x", "y"].map(|name| own.remove(name).expect(name));
        assert_layers(case, layers, own, &x, &y);
    }
}

/// Case of the shared reference, its layers.
const SHARED: [(&str, &str); 9] = [
    ("conv3_s1_p1", "{ layer = 'conv', key = 'K', padding = 1 }"),
    ("conv3_s2_p1", "{ layer = 'conv', key = 'K', padding = 1, stride = 2 }"),
    ("conv4_s2_p1", "{ layer = 'conv', key = 'K', padding = 1, stride = 2, bias = false }"),
    ("convT4_s2_p1", "{ layer = 'conv_transpose', key = 'K', padding = 1, stride = 2 }"),
    (
        "convT3_s2_p1_op1",
        "{ layer = 'conv_transpose', key = 'K', padding = 1, stride = 2, output_padding = 1 }",
    ),
    (
        "groupnorm4_eps1e-6",
        "{ layer = 'affine', scale = 3, shift = 1 }, \
         { layer = 'group_norm', key = 'K', groups = 4, eps = 1e-6 }",
    ),
    (
        "batchnorm_eval",
        "{ layer = 'affine', scale = 3, shift = 1 }, { layer = 'batch_norm', key = 'K' }",
    ),
    ("up_nearest2", "{ layer = 'upsample', factor = 2 }"),
    ("leaky0.2", "{ layer = 'leaky_relu', slope = 0.2 }"),
];

#[test]
fn layers_match_the_shared_reference() {
    let Some(arrays) = shared_arrays("oracles/layers/io.safetensors") else { return };
    let input = &arrays["x"];
    let [b, c, h, w] = input.shape().try_into().expect("images");
    // Images have no more than four channels.
    let x = input.clone().reshaped([b, 1, c * h, w]).expect("as many");
    for (case, layers) in SHARED {
        let parts = ["weight", "bias", "running_mean", "running_var"];
        let own = parts.into_iter().filter_map(|part| {
            let name = format!("{case}.{part}");
            Some((name.clone(), arrays.get(&name)?.clone()))
        });
        let layers = layers.replace('K', case);
        let layers = format!("[{{ layer = 'reshape', shape = [{c}, {h}, {w}] }}, {layers}]");
        assert_layers(case, &layers, own.collect(), &x, &arrays[&format!("{case}.y")]);
    }
}

/// The numbers from 0 on.
fn count(shape: &[usize]) -> Array {
    let len: usize = shape.iter().product();
    Array::new(shape, (0..len).map(|index| index as f32).collect()).expect("as many")
}

fn array(shape: &[usize], data: &[f32]) -> Array {
    Array::new(shape, data.to_vec()).expect("as many")
}

#[test]
fn means_and_log_variances_are_split() {
    let split = |latent: &str, encoder: &str, mean: &Array, logvar: &Array| {
        let text = text_around(encoder, &[4, 1, 2]).replace("'plain'", latent);
        let back = Array::zeros([8, mean.row_len()]);
        let tensors = NamedArrays::from([("back.weight".to_owned(), back)]);
        let networks = networks(&described(&text), &tensors);
        let encoder = networks.encoder.as_ref().expect("an encoder");
        let expected = [("latent", mean), ("logvar", logvar)];
        assert_runs(latent, encoder, &count(&[1, 4, 1, 2]), &expected);
    };
    let lower = array(&[1, 2, 1, 2], &[0.0, 1.0, 2.0, 3.0]);
    let upper = array(&[1, 2, 1, 2], &[4.0, 5.0, 6.0, 7.0]);
    split("'halves'", "[]", &lower, &upper);
    let flat = |values: &Array| values.clone().reshaped([1, 4]).expect("as many");
    split("'halves'", "['flatten']", &flat(&lower), &flat(&upper));
    let even = array(&[1, 2, 1, 2], &[0.0, 1.0, 4.0, 5.0]);
    let odd = array(&[1, 2, 1, 2], &[2.0, 3.0, 6.0, 7.0]);
    split("'interleaved'", "[]", &even, &odd);
    let [even, odd] =
        [0.0, 1.0].map(|first| array(&[1, 4], &[first, first + 2.0, first + 4.0, first + 6.0]));
    split("'interleaved'", "'flatten'", &even, &odd);
    let layers = "{ mean = 'flatten', logvar = ['flatten', { layer = 'affine', shift = -2 }] }";
    let shifted: Vec<f32> = (0..8).map(|index| index as f32 - 2.0).collect();
    split(layers, "[]", &count(&[1, 8]), &array(&[1, 8], &shifted));
}
