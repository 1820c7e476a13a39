//! What transformers over codes need: layer normalization, attention to what came before, draws by scores.

mod by_hand;
mod engines;
mod hostile;
mod passes;

use zscope::array::NamedArrays;
use zscope::graph::{Graph, GraphBuilder, Op, ValueId};

fn layer_norm(input: ValueId, epsilon: f32) -> Op {
    Op::LayerNorm { input, weight: "w".into(), bias: "b".into(), epsilon }
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
