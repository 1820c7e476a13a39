//! How often each code is chosen: of the whole run, whatever was run or prepared before.

use zscope::array::Array;
use zscope::engine::wgsl::{BatchRunner, Network};
use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::{Graph, USAGE};
use zscope::watch::Watch;

use super::{array, quantizer, used};
use crate::engine_matches_twin::{gpu, noise};

const SHAPE: [usize; 3] = [3, 5, 2];

fn graph() -> Graph {
    quantizer(&SHAPE, &array(&[11, 3], &noise(1, 33))).expect("a graph")
}

fn vectors(batch: usize) -> Array {
    array(&[batch, 3, 5, 2], &noise(batch as u64, batch * 30))
}

#[test]
fn batches_are_counted_alone() {
    let Some(gpu) = gpu() else { return };
    let graph = graph();
    for kind in [EngineKind::Wgsl, EngineKind::Cpu, EngineKind::Twin] {
        let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
        for batch in [1, 7, 64, 40, 64, 3, 1, 1] {
            let input = vectors(batch);
            let found = runner.run(&input).expect("a run");
            let expected = twin::run(&graph, &input).expect("a run");
            assert_eq!(found[USAGE], expected[USAGE], "{kind}, batch {batch}");
            let total: usize = used(&found[USAGE]).iter().sum();
            assert_eq!(total, batch * 10, "{kind}, batch {batch}: every vector, once");
        }
    }
}

#[test]
fn chunks_are_counted_together() {
    let Some(gpu) = gpu() else { return };
    let graph = graph();
    let input = vectors(23);
    let expected = twin::run(&graph, &input).expect("a run");
    for kind in [EngineKind::Wgsl, EngineKind::Cpu] {
        let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
        runner.limit_batch(5);
        assert_eq!(runner.run(&input).expect("a run"), expected, "{kind}");
    }
}

#[test]
fn counts_of_a_smaller_chunk_leave_the_larger_one_out() {
    let Some(gpu) = gpu() else { return };
    let network = Network::new(gpu, &graph()).expect("a network");
    let mut runner = BatchRunner::new(network).expect("a runner");
    for batch in [8, 7, 5, 8] {
        let results = runner.run(&vectors(batch), Watch::default().whole()).expect("a run");
        assert_eq!(results.usage.iter().sum::<u64>(), batch as u64 * 10, "batch {batch}");
        assert_eq!(results.outputs[0].len(), batch * 10, "indices of batch {batch}");
    }
}

#[test]
fn one_code_takes_every_vector() {
    let Some(gpu) = gpu() else { return };
    let graph = quantizer(&[4, 9, 9], &Array::zeros([5, 4])).expect("a graph");
    let input = array(&[31, 4, 9, 9], &noise(2, 31 * 4 * 81));
    for kind in [EngineKind::Wgsl, EngineKind::Cpu, EngineKind::Twin] {
        let mut runner = Runner::new(kind, &graph, Some(gpu)).expect("a runner");
        let found = runner.run(&input).expect("a run");
        assert_eq!(found[USAGE].data(), [2511.0, 0.0, 0.0, 0.0, 0.0], "{kind}");
    }
}
