//! What transformers over codes need: layer normalization, attention to what came before, draws by scores.

mod by_hand;
mod engines;
mod hostile;
mod passes;
mod transformer;

use zscope::array::{Array, NamedArrays};
use zscope::engine::wgsl::Gpu;
use zscope::engine::{EngineKind, Runner};
use zscope::graph::{DrawControls, Graph, GraphBuilder, GraphError, Op, ValueId};

fn layer_norm(input: ValueId, epsilon: f32) -> Op {
    Op::LayerNorm { input, weight: "w".into(), bias: "b".into(), epsilon }
}

/// A layer normalization with weights of its own.
fn layer_norm_of(input: ValueId, name: &str, epsilon: f32) -> Op {
    Op::LayerNorm { input, weight: format!("{name}.w"), bias: format!("{name}.b"), epsilon }
}

/// Causal attention over planes `[3 * c, h, w]`: the query, then the key, then the value.
fn causal_attention(input: &[usize], heads: usize) -> Graph {
    let none = NamedArrays::new();
    let mut builder = GraphBuilder::new(input, &none).expect("a builder");
    let (input, len) = (builder.input(), input[0] / 3);
    let [query, key, value] = [0, 1, 2].map(|part| {
        let slice = Op::Slice { input, start: part * len, len };
        builder.add(format!("part {part}"), slice).expect("a node")
    });
    let op = Op::Attention { query, key, value, heads, causal: true };
    let mixed = builder.add("mixed", op).expect("a node");
    builder.output("y", mixed).expect("an output");
    builder.finish().expect("a graph")
}

/// Cached attention over `[3 * c * s + 1]`: the query, the key and the value of each sequence, then the position.
fn cached_attention(
    [channels, streams]: [usize; 2],
    heads: usize,
    slots: usize,
) -> Result<Graph, GraphError> {
    let (none, len) = (NamedArrays::new(), channels * streams);
    let mut builder = GraphBuilder::new(&[3 * len + 1], &none)?;
    let input = builder.input();
    let mut part = |name: &str, start| {
        let cut = builder.add(format!("{name} cut"), Op::Slice { input, start, len })?;
        builder.add(name, Op::Reshape { input: cut, shape: vec![channels, 1, streams] })
    };
    let [query, key, value] = [part("query", 0)?, part("key", len)?, part("value", 2 * len)?];
    let position = builder.add("position", Op::Slice { input, start: 3 * len, len: 1 })?;
    let op = Op::CachedAttention { query, key, value, position, heads, slots };
    let mixed = builder.add("mixed", op)?;
    builder.output("y", mixed)?;
    builder.finish()
}

/// A runner of every engine.
fn runners(graph: &Graph, gpu: &Gpu) -> [Runner; 3] {
    [EngineKind::Twin, EngineKind::Cpu, EngineKind::Wgsl]
        .map(|kind| Runner::new(kind, graph, Some(gpu)).expect("a runner"))
}

/// A draw over `[codes * streams + 7]`: the scores, then the controls.
fn draw([codes, streams]: [usize; 2], controls: usize) -> Result<Graph, GraphError> {
    let (none, len) = (NamedArrays::new(), codes * streams);
    let mut builder = GraphBuilder::new(&[len + controls], &none)?;
    let input = builder.input();
    let scores = builder.add("scores", Op::Slice { input, start: 0, len })?;
    let shape = vec![codes, 1, streams];
    let logits = builder.add("logits", Op::Reshape { input: scores, shape })?;
    let controls = builder.add("controls", Op::Slice { input, start: len, len: controls })?;
    let drawn = builder.add("drawn", Op::Draw { logits, controls })?;
    builder.output("y", drawn)?;
    builder.finish()
}

/// What a runner draws from scores as each of the controls says.
fn drawn(runner: &mut Runner, scores: &[f32], controls: &[DrawControls]) -> Vec<usize> {
    let item = |controls: &DrawControls| [scores, &controls.values()].concat();
    let input: Vec<f32> = controls.iter().flat_map(item).collect();
    let shape = [controls.len(), input.len() / controls.len()];
    let input = Array::new(shape, input).expect("a shape that fits");
    let indices = runner.run(&input).expect("a run").remove("y").expect("its output");
    indices.data().iter().map(|index| *index as usize).collect()
}
