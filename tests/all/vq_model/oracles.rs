//! diffusers' numbers on every engine, from its own files.

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::graph::Graph;
use zscope::graph::lower::vq_model::VqModelConfig;
use zscope::graph::lower::{Architecture as _, Networks};

use crate::common::{Tolerance, assert_close, shared, shared_arrays};
use crate::engine_matches_twin::gpu;

const ENGINES: [EngineKind; 3] = [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl];

/// Runs a graph on every engine and compares each named output with the reference; indices must be the same.
#[track_caller]
fn assert_graph_matches(what: &str, graph: &Graph, input: &Array, expected: &[(&str, &Array)]) {
    for engine in ENGINES {
        let gpu = if engine == EngineKind::Wgsl { gpu() } else { None };
        if engine == EngineKind::Wgsl && gpu.is_none() {
            continue;
        }
        let mut runner = Runner::new(engine, graph, gpu).expect("a runner");
        let outputs = runner.run(input).expect("a run");
        for (name, expected) in expected {
            let found = &outputs[*name];
            assert_eq!(found.shape(), expected.shape(), "shape of {name} of {what} on {engine}");
            let differences = found.data().iter().zip(expected.data()).map(|(f, e)| (f - e).abs());
            println!("{what}, {engine}, {name}: within {:.1e}", differences.fold(0.0, f32::max));
            if *name == "indices" || *name == "quantized" {
                assert_eq!(found.data(), expected.data(), "{name} of {what} on {engine}");
            } else {
                assert_close(found.data(), expected.data(), Tolerance::ENGINE);
            }
        }
    }
}

/// A model's graphs, if every one of its tensors has the name and the shape that the description says.
#[track_caller]
fn lowered(config: &VqModelConfig, tensors: &NamedArrays) -> Networks {
    let mut described = config.tensors();
    described.sort();
    let found: Vec<_> =
        tensors.iter().map(|(name, array)| (name.clone(), array.shape().to_vec())).collect();
    assert_eq!(found, described, "names and shapes of the tensors");
    config.lower(tensors).expect("graphs")
}

/// A case whose weights and configuration are diffusers' own files.
fn diffusers_case(case: &str) -> Option<(VqModelConfig, Networks, NamedArrays)> {
    let io = shared_arrays(&format!("oracles/{case}/io.safetensors"))?;
    let weights = format!("oracles/{case}/diffusion_pytorch_model.safetensors");
    let tensors = shared_arrays(&weights)?;
    let text = std::fs::read_to_string(shared(&format!("oracles/{case}/config.json"))?);
    let config = super::described(&text.expect("a text")).expect("a description");
    let networks = lowered(&config, &tensors);
    Some((config, networks, io))
}

/// Images to codes and back, from latents as well as from indices.
#[track_caller]
fn assert_codes_match(case: &str, networks: &Networks, io: &NamedArrays) {
    let of = |name: &str| &io[name];
    let coded = [("indices", of("indices")), ("quantized", of("codebook_entry"))];
    let [indices, quantized] = coded;
    let encoder = networks.encoder.as_ref().expect("an encoder");
    let encoded = [("latent", of("latents")), indices, quantized];
    assert_graph_matches(case, encoder, of("input"), &encoded);
    let decoded = [indices, quantized, ("image", of("decoded"))];
    assert_graph_matches(
        case,
        networks.decoder.as_ref().expect("a decoder"),
        of("latents"),
        &decoded,
    );
    let codes = networks.codes.as_ref().expect("a codebook");
    assert_graph_matches(case, &codes.quantizer, of("latents"), &coded);
    let decoder = codes.decoder().expect("a decoder of codes");
    assert_graph_matches(case, decoder, of("indices"), &[("image", of("decoded"))]);
}

#[test]
fn vq_models_match_diffusers() {
    for case in ["vqmodel_noattn", "vqmodel_midattn"] {
        let Some((config, networks, io)) = diffusers_case(case) else { continue };
        assert_eq!(config.mid_block_add_attention, case == "vqmodel_midattn", "{case}");
        assert_codes_match(case, &networks, &io);
    }
}

#[test]
fn autoencoders_of_normal_latents_match_diffusers() {
    let case = "autoencoderkl_sd";
    let Some((_, networks, io)) = diffusers_case(case) else { return };
    assert!(networks.codes.is_none(), "no codebook");
    let encoder = networks.encoder.as_ref().expect("an encoder");
    let encoded = [("latent", &io["mean"]), ("logvar", &io["logvar"])];
    assert_graph_matches(case, encoder, &io["input"], &encoded);
    for (latent, image) in [("mean", "decoded_mean"), ("sample", "decoded_sample")] {
        let decoded = [("image", &io[image])];
        assert_graph_matches(
            case,
            networks.decoder.as_ref().expect("a decoder"),
            &io[latent],
            &decoded,
        );
    }
}
