//! Models of other libraries: what opens, what it gives on every engine, and what is refused.

mod codebook;
mod files;
mod python;
mod refused;

use std::path::{Path, PathBuf};

use zscope::array::{Array, NamedArrays};
use zscope::codec::Codec;
use zscope::engine::EngineKind;
use zscope::formats::arrays::{ArrayFile, write_arrays};
use zscope::open::{Info, Opened, open};
use zscope::train::init::{Init, Part};
use zscope::train::recipe::Recipe;
use zscope::train::start::Request;

use crate::common::runs::{folder, planned, request, run};
use crate::common::{Tolerance, assert_close, assert_says, shared};
use crate::engine_matches_twin::gpu;

/// A small checkpoint of this project, made by a real library; see `tests/golden/make.py`.
fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn arrays(file: &Path) -> NamedArrays {
    ArrayFile::open(file).expect("a file").arrays().expect("arrays")
}

fn opened(path: &Path) -> Opened {
    open(path.to_str().expect("a plain path")).unwrap_or_else(|error| panic!("{error}"))
}

fn info(path: &Path) -> Info {
    opened(path).info()
}

/// A model with the numbers that its own library gives for an image.
struct Case<'a> {
    path: PathBuf,
    io: &'a NamedArrays,
    /// What `io` calls the image, the latent, the codes, their vectors and the decoded latent.
    names: [&'a str; 5],
    has_module: bool,
}

impl Case<'_> {
    /// Encodes, decodes, and decodes codes on every engine.
    fn assert_matches(&self) {
        let [image, latent, indices, quantized, decoded] = self.names;
        let image = &self.io[image];
        let sides = [image.shape()[2], image.shape()[3]];
        let grid = [self.io[latent].shape()[2], self.io[latent].shape()[3]];
        let opened = opened(&self.path);
        let enlarged = opened.model.sides_of(grid).expect("a network of convolutions");
        let to_encode = opened.clone().at(sides).expect("images of that size");
        let to_decode = opened.at(enlarged).expect("latents of that size");
        for engine in [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl, EngineKind::Burn] {
            let gpu = if engine == EngineKind::Wgsl { gpu() } else { None };
            let is_left_out = match engine {
                EngineKind::Wgsl => gpu.is_none(),
                EngineKind::Burn => !self.has_module,
                _ => false,
            };
            if is_left_out {
                continue;
            }
            let what = format!("{} on {engine}", self.path.display());
            let codec = |opened: &Opened| opened.codec(engine, gpu).expect("a codec");
            let mut encoded = codec(&to_encode).encode(image).expect("latents");
            self.assert_close(&what, latent, &encoded.remove("latent").expect("a latent"));
            if let Some(logvar) = encoded.get("logvar") {
                self.assert_close(&what, "logvar", logvar);
            }
            let mut decoder = codec(&to_decode);
            let image = decode(decoder.as_mut(), &self.io[latent]);
            self.assert_close(&what, decoded, &image);
            if let Some(expected) = self.io.get(indices) {
                assert_eq!(encoded["indices"].data(), expected.data(), "{what}: codes");
                assert_eq!(encoded["quantized"], self.io[quantized], "{what}: their vectors");
                let mut outputs = decoder.decode_indices(expected).expect("an image");
                self.assert_close(&what, decoded, &outputs.remove("image").expect("an image"));
            }
        }
    }

    fn assert_close(&self, what: &str, name: &str, found: &Array) {
        let expected = &self.io[name];
        assert_eq!(found.shape(), expected.shape(), "{what}: the shape of {name}");
        let differences = found.data().iter().zip(expected.data()).map(|(f, e)| (f - e).abs());
        println!("{what}, {name}: within {:.1e}", differences.fold(0.0, f32::max));
        assert_close(found.data(), expected.data(), Tolerance::ENGINE);
    }
}

fn decode(codec: &mut dyn Codec, latent: &Array) -> Array {
    codec.decode(latent).expect("an image").remove("image").expect("an image")
}

const OWN: [&str; 5] = ["image", "latent", "indices", "quantized", "decoded"];

#[test]
fn golden_models_give_what_their_libraries_give() {
    let diffusers = |name| (name, golden(name));
    for (name, path) in [
        diffusers("movq"),
        diffusers("kl_shards"),
        diffusers("vq_bin"),
        diffusers("tiny"),
        diffusers("taesd"),
        ("taesd", golden("taesd/taesd_decoder.pth")),
        ("ldm", golden("ldm/model.ckpt")),
        ("gumbel", golden("gumbel/last.ckpt")),
    ] {
        let io = arrays(&golden(name).join("io.safetensors"));
        let has_module = ["kl_shards", "vq_bin", "ldm"].contains(&name);
        Case { path, io: &io, names: OWN, has_module }.assert_matches();
    }
}

#[test]
fn oracles_give_what_their_libraries_give() {
    let vq = ["input", "latents", "indices", "codebook_entry", "decoded"];
    let kl = ["input", "mean", "", "", "decoded_mean"];
    let tiny = ["input", "latents", "", "", "decoded"];
    for (folder, file, names) in [
        ("vqmodel_noattn", "", vq),
        ("vqmodel_midattn", "", vq),
        ("autoencoderkl_sd", "", kl),
        ("autoencoderkl_sd", "diffusion_pytorch_model.bin", kl),
        ("autoencoderkl_sd", "deprecated_attn_keys.safetensors", kl),
        ("autoencodertiny_taesd", "", tiny),
        ("taming_vqgan", "last.ckpt", vq),
        ("taming_vqgan", "model.safetensors", vq),
    ] {
        let Some(folder) = shared(&format!("oracles/{folder}")) else { continue };
        let io = arrays(&folder.join("io.safetensors"));
        let path = if file.is_empty() { folder } else { folder.join(file) };
        let has_module = names != tiny;
        Case { path, io: &io, names, has_module }.assert_matches();
    }
}

/// Halves: what the library computes from the rounded weights.
#[test]
fn halves_of_oracles_give_what_their_library_gives() {
    let Some(folder) = shared("oracles/autoencoderkl_sd") else { return };
    let io = arrays(&folder.join("io.safetensors"));
    for half in ["fp16", "bf16"] {
        let file = format!("diffusion_pytorch_model.{half}.safetensors");
        let opened = opened(&folder.join(file));
        assert!(opened.notes.iter().any(|note| note.contains("run as f32")), "{:?}", opened.notes);
        let mut codec = opened.codec(EngineKind::Cpu, None).expect("a codec");
        let latent = codec.encode(&io["input"]).expect("latents").remove("latent").expect("one");
        assert_close(latent.data(), io[&format!("{half}_mean")].data(), Tolerance::ENGINE);
        let image = decode(codec.as_mut(), &io[&format!("{half}_mean")]);
        assert_close(image.data(), io[&format!("{half}_decoded_mean")].data(), Tolerance::ENGINE);
    }
}

#[test]
fn what_a_model_is_is_told() {
    let movq = info(&golden("movq"));
    assert_eq!((movq.family, movq.source), ("vqgan", "diffusers"), "a VQModel");
    let codebook = movq.codebook.expect("a codebook");
    assert_eq!([codebook.size, codebook.dim], [37, 4], "its codebook");
    assert_eq!((movq.latent.kind, movq.latent.grid), ("codes", Some([8, 8])), "of 16 by 16");
    assert_eq!(movq.image.range.map(|end| end as i32), [-1, 1], "its range");
    let kl = info(&golden("kl_shards"));
    assert_eq!(kl.family, "autoencoder-kl", "an AutoencoderKL");
    assert_eq!([kl.image.channels, kl.image.height, kl.image.width], [1, 12, 20], "its images");
    assert_eq!(kl.facts["scaling_factor"], 0.18215, "{:?}", kl.facts);
    let vq = info(&golden("vq_bin"));
    assert!(vq.notes.iter().any(|note| note.contains("an_unknown_key")), "{:?}", vq.notes);
    assert_eq!(vq.image.height, 32, "the library's default");
    let taesd = info(&golden("taesd"));
    let range = taesd.image.range.map(|end| end as i32);
    assert_eq!((taesd.source, range), ("taesd", [0, 1]), "{taesd:?}");
    let ldm = info(&golden("ldm/model.ckpt"));
    assert_eq!((ldm.source, ldm.image.height), ("ldm", 16), "{ldm:?}");
    assert!(ldm.notes.iter().any(|note| note.contains("first stage")), "{:?}", ldm.notes);
    assert_eq!(ldm.facts["target"], "ldm.models.autoencoder.AutoencoderKL", "{:?}", ldm.facts);
}

/// A description opens by its own name, by that of its weights, and as what its folder holds.
#[test]
fn described_models_give_what_pytorch_gives() {
    for name in ["ll-vq-vae", "disentangling-vae"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let from = golden(&format!("described/{name}.safetensors"));
        let (toml, weights) = (format!("{name}.toml"), folder.path().join("weights.safetensors"));
        let description = golden("../../assets/described").join(&toml);
        std::fs::copy(from, &weights).expect("a copy");
        std::fs::copy(description, folder.path().join("weights.toml")).expect("a copy");
        let found = opened(&weights);
        for other in [folder.path().join("weights.toml"), folder.path().to_owned()] {
            assert_eq!(opened(&other).tensors, found.tensors, "{name}: the same");
        }
        assert_eq!(found.source, "described", "{name}");
        assert!(found.codec(EngineKind::Burn, None).is_err(), "{name} has no training module");
        let io = arrays(&golden(&format!("described/{name}.io.safetensors")));
        let mut codec = found.codec(EngineKind::Cpu, None).expect("a codec");
        let latent = codec.encode(&io["input"]).expect("latents").remove("latent").expect("one");
        assert_close(latent.data(), io["latent"].data(), Tolerance::ENGINE);
    }
}

/// Lightning puts every name behind another one.
#[test]
fn a_prefix_of_all_described_names_is_left_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let named = arrays(&golden("described/ll-vq-vae.safetensors"));
    let prefixed: NamedArrays = named
        .into_iter()
        .map(|(name, array)| (format!("state_dict.model.{name}"), array))
        .collect();
    let none = std::collections::BTreeMap::new();
    let file = folder.path().join("a.safetensors");
    write_arrays(&file, &prefixed, &std::collections::BTreeMap::new(), &none).expect("a file");
    let description = golden("../../assets/described/ll-vq-vae.toml");
    std::fs::copy(description, folder.path().join("model.toml")).expect("a copy");
    let text = std::fs::read_to_string(folder.path().join("model.toml")).expect("a text");
    std::fs::write(
        folder.path().join("model.toml"),
        format!("weights = \"a.safetensors\"\n{text}"),
    )
    .expect("a file");
    assert_eq!(info(folder.path()).family, "vq-vae", "through the prefix");
    assert_eq!(info(&file).family, "vq-vae", "by the weights' name");
}

/// A run begins with the weights of an opened model and has its network, whatever its own keys say.
#[test]
fn opened_models_are_trained_on() {
    for (name, path) in [("vq_bin", golden("vq_bin")), ("ldm", golden("ldm/model.ckpt"))] {
        let first = opened(&path);
        let base = folder();
        let keys = ["d_channels=4", "eval_images=8", "restart_threshold=0"];
        let init = Some(Init::of(&first, Part::Whole));
        let request = Request { init, ..request(Recipe::Vqgan, &keys, 2) };
        run(planned(request, base.path()));
        let at = |step: u64| open(&format!("{}@{step}", base.path().display())).expect("a model");
        let (begun, trained) = (at(0), at(2));
        for (tensor, values) in &first.tensors {
            assert_eq!(&begun.tensors[tensor], values, "{name}: {tensor} at the start");
        }
        let moved = |tensor: &&String| trained.tensors[*tensor] != begun.tensors[*tensor];
        assert!(first.tensors.keys().filter(moved).count() > 20, "{name} learns");
        if let Some(codes) = begun.tensors.get("quantize.embedding.weight") {
            let after = &trained.tensors["quantize.embedding.weight"];
            let farthest = codes.data().iter().zip(after.data()).map(|(a, b)| (a - b).abs());
            assert!(farthest.fold(0.0, f32::max) < 1.5, "codes do not jump away");
        }
    }
}

#[test]
fn what_cannot_be_trained_on_is_said() {
    for (name, recipe, words) in [
        ("vq_bin", Recipe::Vae, ["its network is no vae", "expected the recipe vqgan"]),
        ("movq", Recipe::Vqgan, ["normalizations see the latent", "norm_type group"]),
        ("kl_shards", Recipe::Vqgan, ["it takes 1 channels", "expected 3"]),
    ] {
        let base = folder();
        let init = Some(Init::of(&opened(&golden(name)), Part::Whole));
        let request = Request { init, ..request(recipe, &["eval_images=8"], 2) };
        let error = request.plan(Some(base.path()), false).err().expect(name).to_string();
        assert_says(&error, &words);
    }
}
