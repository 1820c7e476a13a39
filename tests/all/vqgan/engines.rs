//! A trained model on every engine, against the training module.

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::formats::run_dir::ModelConfig;
use zscope::graph::lower::vqgan::DISCRIMINATOR;
use zscope::model::params;
use zscope::model::patchgan::PatchGan;
use zscope::open::{Opened, open};
use zscope::random::{Purpose, normals, uniforms};

use super::{CODES, folder, plan, run};
use crate::common::{Tolerance, first_difference};
use crate::engine_matches_twin::gpu;

fn trained(keys: &[&str]) -> Opened {
    let base = folder();
    run(plan(base.path(), &[keys, &["disc_start=6", "disc_warmup=3"]].concat(), 12));
    open(&base.path().to_string_lossy()).expect("it opens")
}

/// What an engine makes of some images, and of some latents.
fn outputs(opened: &Opened, engine: EngineKind) -> [NamedArrays; 2] {
    let gpu = if engine == EngineKind::Wgsl { gpu() } else { None };
    let mut codec = opened.codec(engine, gpu).expect("a codec");
    let image = opened.image;
    let pixels = uniforms(7, 1, Purpose::Explore, 2 * image.len(), -1.0, 1.0);
    let images = Array::new(image.batch(2), pixels).expect("pixels");
    let shape = [&[2], opened.model.latent().as_slice()].concat();
    let latents = normals(7, 2, Purpose::Explore, shape.iter().product());
    let latents = Array::new(shape, latents).expect("latents");
    [codec.encode(&images).expect("codes"), codec.decode(&latents).expect("images")]
}

#[test]
fn every_engine_agrees_with_the_module() {
    for keys in [
        &["levels=1"][..],
        &["codebook_update=loss", "attention=no"],
        &["latents=normal", "latent_channels=3"],
    ] {
        let opened = trained(keys);
        let expected = outputs(&opened, EngineKind::Burn);
        for engine in [EngineKind::Cpu, EngineKind::Twin, EngineKind::Wgsl] {
            if engine == EngineKind::Wgsl && gpu().is_none() {
                continue;
            }
            for (found, expected) in outputs(&opened, engine).iter().zip(&expected) {
                assert!(
                    found.keys().eq(expected.keys()),
                    "{:?}, {:?}",
                    found.keys(),
                    expected.keys()
                );
                for (name, expected) in expected {
                    let found = &found[name];
                    assert_eq!(found.shape(), expected.shape(), "{keys:?}, {engine}: {name}");
                    let difference =
                        first_difference(found.data(), expected.data(), Tolerance::ENGINE);
                    assert_eq!(difference, None, "{keys:?}, {engine}: {name}");
                }
            }
        }
    }
}

/// What a discriminator says of images, by its running statistics: of a run's checkpoint, on every engine.
#[test]
fn the_discriminator_of_a_run_is_there_to_be_looked_into() {
    for (keys, layers) in [(&["levels=1"][..], 2), (&["levels=1", "d_layers=1"], 1)] {
        let opened = trained(keys);
        let ModelConfig::Vqgan(config) = &opened.model else { panic!("{:?}", opened.model) };
        assert_eq!(config.discriminator.layers, layers, "as it was asked for");
        let graph = opened.model.lower_discriminator(&opened.tensors, opened.shown);
        let graph = graph.expect("lowered").expect("a discriminator");
        let device = burn::tensor::Device::flex();
        let judge = PatchGan::new(&config.discriminator, 0, &device);
        let judge = params::load(judge, &params::under(&opened.tensors, DISCRIMINATOR));
        let judge = judge.expect("its own tensors");
        let pixels = uniforms(7, 1, Purpose::Explore, 2 * opened.image.len(), -1.0, 1.0);
        let images = Array::new(opened.image.batch(2), pixels).expect("pixels");
        let expected = judge.infer(params::tensor_from_array(&images, &device));
        let expected = params::array_from_tensor(expected);
        for engine in [EngineKind::Cpu, EngineKind::Twin, EngineKind::Wgsl] {
            if engine == EngineKind::Wgsl && gpu().is_none() {
                continue;
            }
            let mut runner = Runner::new(engine, &graph, gpu()).expect("a runner");
            let found = runner.run(&images).expect("ran").remove("score").expect("a score");
            assert_eq!(found.shape(), expected.shape(), "{engine}: a logit for every patch");
            let difference = first_difference(found.data(), expected.data(), Tolerance::ENGINE);
            assert_eq!(difference, None, "{keys:?}, {engine}");
        }
    }
}

#[test]
fn an_opened_model_tells_what_it_is() {
    let opened = trained(&[]);
    let info = opened.info();
    assert_eq!((info.family, info.latent.kind), ("vqgan", "codes"));
    assert_eq!(info.latent.shape, [5, 4, 4]);
    assert_eq!(info.codebook.map(|codebook| [codebook.size, codebook.dim]), Some([CODES, 5]));
    assert_eq!(opened.told_use().map(<[f32]>::len), Some(CODES), "the use of codes");
    assert!(opened.usage.is_some(), "what a checkpoint keeps of it");
    let graphs = opened.networks.codes.as_ref().expect("a codebook");
    assert_eq!(graphs.codebook(), &opened.tensors["quantize.embedding.weight"]);
    let mut described = opened.model.tensors();
    described.sort();
    let there = opened.tensors.iter().map(|(name, array)| (name.clone(), array.shape().to_vec()));
    assert!(there.eq(described), "names and shapes as described");

    assert_eq!(opened.code_shares().as_deref(), opened.told_use(), "codes are drawn by their use");
    let mut untold = opened.clone();
    untold.tensors.remove("quantizer.cluster_size").expect("the use of codes");
    assert_eq!(untold.told_use(), None, "nothing is known of it");
    assert_eq!(untold.code_shares().as_deref(), Some(&[1.0; CODES][..]), "each alike");

    let opened = trained(&["latents=normal"]);
    assert_eq!(opened.code_shares(), None, "no codes");
    let info = opened.info();
    assert_eq!((info.family, info.latent.kind), ("autoencoder-kl", "continuous"));
    assert_eq!((info.codebook, info.latent.shape), (None, vec![4, 4, 4]));
    let error = opened
        .codec(EngineKind::Burn, None)
        .expect("a codec")
        .decode_indices(&Array::zeros([1, 4, 4]))
        .expect_err("no codes");
    assert!(error.to_string().contains("no codebook"), "{error}");
}
