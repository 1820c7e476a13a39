//! Descriptions beside checkpoints: their layers against PyTorch, whole models, every mistake, hostile texts.

mod layers;
mod mistakes;
mod models;
mod paths;

use std::path::{Path, PathBuf};

use zscope::array::{Array, NamedArrays};
use zscope::engine::{EngineKind, Runner};
use zscope::formats::arrays::ArrayFile;
use zscope::formats::described::Described;
use zscope::graph::Graph;

use crate::common::{Tolerance, assert_close};
use crate::engine_matches_twin::gpu;

const ENGINES: [EngineKind; 3] = [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl];

/// A file of the checkout.
fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A file of numbers that `tests/golden/described.py` made.
fn golden(name: &str) -> ArrayFile {
    ArrayFile::open(&file(&format!("tests/golden/described/{name}.safetensors"))).expect(name)
}

/// A description in a text.
#[track_caller]
fn described(text: &str) -> Described {
    Described::parse(text, Path::new("model.toml")).unwrap_or_else(|error| panic!("{error}"))
}

/// The graphs of a description's model, by way of its configuration as JSON.
#[track_caller]
fn networks(described: &Described, tensors: &NamedArrays) -> zscope::graph::lower::Networks {
    use zscope::graph::lower::Architecture as _;
    let model = described.model(tensors).unwrap_or_else(|error| panic!("{error}"));
    let text = serde_json::to_string(&model).expect("JSON");
    let read: zscope::graph::lower::described::DescribedConfig =
        serde_json::from_str(&text).expect("the same");
    assert_eq!(read, model, "a configuration comes back as it was");
    read.check().expect("sizes that make sense");
    let networks = read.lower(tensors).expect("graphs");
    let encoder = networks.encoder.as_ref().expect("an encoder");
    assert_eq!(encoder.output_shape("latent"), Some(&read.latent()[..]), "shape of the latent");
    networks
}

/// Runs a graph on every engine and compares each named output; indices and codes must be the same.
#[track_caller]
fn assert_runs(what: &str, graph: &Graph, input: &Array, expected: &[(&str, &Array)]) {
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
            if *name == "indices" || *name == "quantized" {
                assert_eq!(found.data(), expected.data(), "{name} of {what} on {engine}");
            } else {
                println!("{what}, {engine}, {name}");
                assert_close(found.data(), expected.data(), Tolerance::ENGINE);
            }
        }
    }
}
