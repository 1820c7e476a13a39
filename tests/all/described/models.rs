//! Two whole models, whose descriptions are the examples of the page for users.

use std::fs;

use zscope::array::{Array, NamedArrays};
use zscope::formats::described::Described;
use zscope::graph::lower::{Architecture as _, Networks};
use zscope::picture::{PixelLikelihood, ValueRange};

use super::{assert_runs, described, file, golden, networks};

/// An example, its tensors, and PyTorch's numbers.
fn example(name: &str) -> (Described, NamedArrays, NamedArrays) {
    let described = Described::read(&file(&format!("assets/described/{name}.toml"))).expect(name);
    let tensors = golden(name).arrays().expect("tensors");
    let names: Vec<String> = tensors.keys().cloned().collect();
    described.check_names(&names).expect("all names");
    assert!(described.untold(&names).is_empty(), "all tensors are told of");
    assert_eq!(described.names(), names, "no more than there are");
    (described, tensors, golden(&format!("{name}.io")).arrays().expect("numbers"))
}

#[track_caller]
fn assert_codes(networks: &Networks, io: &NamedArrays) {
    let of = |name: &'static str| (name, &io[name]);
    let [indices, quantized, image] = ["indices", "quantized", "image"].map(of);
    let encoder = networks.encoder.as_ref().expect("an encoder");
    assert_runs("encoder", encoder, &io["input"], &[of("latent"), indices, quantized]);
    let decoder = networks.decoder.as_ref().expect("a decoder");
    assert_runs("decoder", decoder, &io["latent"], &[indices, quantized, image]);
    let codes = networks.codes.as_ref().expect("codes");
    assert_runs("quantizer", &codes.quantizer, &io["latent"], &[indices, quantized]);
    assert_runs("codes", codes.decoder().expect("one of codes"), &io["indices"], &[image]);
}

#[test]
fn a_vq_vae_matches_pytorch() {
    let (described, tensors, io) = example("ll-vq-vae");
    let model = described.model(&tensors).expect("a model");
    assert_eq!(model.family(), "vq-vae");
    assert_eq!(model.codebook(), Some([24, 6]));
    assert_eq!(model.latent(), [6, 14, 14]);
    assert_eq!(model.range(), ValueRange { lo: -0.5, hi: 0.5 });
    assert_eq!(model.likelihood(&tensors), None);
    let values: usize = tensors.values().map(|array| array.data().len()).sum();
    assert_eq!(model.num_parameters(), values as u64);
    let networks = networks(&described, &tensors);
    let codes = networks.codes.as_ref().expect("codes");
    assert_eq!((codes.grid(), codes.codebook().shape()), ([14, 14], &[24, 6][..]));
    assert_codes(&networks, &io);
}

#[test]
fn codes_may_be_columns() {
    let (described_before, mut tensors, io) = example("ll-vq-vae");
    let codes = tensors.remove("_quantizer.embedding.weight").expect("codes");
    let [k, d] = [codes.num_rows(), codes.row_len()];
    let turned = (0..k * d).map(|index| codes.row(index % k)[index / k]).collect();
    tensors.insert("embed".to_owned(), Array::new([d, k], turned).expect("as many"));
    let text = fs::read_to_string(described_before.path()).expect("a text");
    let text = text.replace(
        "{ codebook = \"_quantizer.embedding.weight\" }",
        "{ codebook = \"embed\", transposed = true }",
    );
    let described = described(&text);
    assert_eq!(described.model(&tensors).expect("a model").codebook(), Some([k, d]));
    assert_codes(&networks(&described, &tensors), &io);
}

#[test]
fn a_vae_matches_pytorch() {
    let (described, tensors, io) = example("disentangling-vae");
    let model = described.model(&tensors).expect("a model");
    assert_eq!((model.family(), model.codebook()), ("vae", None));
    assert_eq!(model.latent(), [5]);
    assert_eq!(model.range(), ValueRange::UNIT);
    assert_eq!(model.likelihood(&tensors), Some(PixelLikelihood::Bernoulli));
    let networks = networks(&described, &tensors);
    let encoded = [("latent", &io["latent"]), ("logvar", &io["logvar"])];
    assert_runs("encoder", networks.encoder.as_ref().expect("one"), &io["input"], &encoded);
    let decoded = [("logits", &io["logits"]), ("image", &io["image"])];
    assert_runs("decoder", networks.decoder.as_ref().expect("one"), &io["latent"], &decoded);
}

#[test]
fn the_page_shows_the_examples() {
    let page = fs::read_to_string(file("assets/described.md")).expect("the page");
    for name in ["ll-vq-vae", "disentangling-vae"] {
        let text = fs::read_to_string(file(&format!("assets/described/{name}.toml"))).expect(name);
        assert!(page.contains(&text), "assets/described.md should show {name}.toml as it is");
    }
}
