//! What looks at channels and places in graphs: normalization, attention, upsampling; and limits of values.

mod by_hand;
mod engines;
mod fold;
mod hostile;
mod passes;

use zscope::array::NamedArrays;
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, GraphError, Op, ValueId};

fn group_norm(input: ValueId, groups: usize, epsilon: f32, activation: Activation) -> Op {
    let (weight, bias) = ("w".into(), "b".into());
    Op::GroupNorm { input, weight, bias, groups, epsilon, activation }
}

fn upsampling(input: ValueId, upsample: usize, padding: [usize; 4]) -> Op {
    let (weight, epilogue) = ("w".into(), Epilogue::default());
    Op::Conv2d { input, weight, upsample, stride: [1, 1], padding, epilogue }
}

/// Attention over planes `[3 * c, h, w]`: the query, then the key, then the value.
fn attention(input: &[usize], heads: usize) -> Result<Graph, GraphError> {
    let none = NamedArrays::new();
    let mut builder = GraphBuilder::new(input, &none)?;
    let (input, len) = (builder.input(), input[0] / 3);
    let mut part = |name: &str, start| builder.add(name, Op::Slice { input, start, len });
    let [query, key, value] = [part("query", 0)?, part("key", len)?, part("value", 2 * len)?];
    let mixed = builder.add("node", Op::Attention { query, key, value, heads, causal: false })?;
    builder.output("y", mixed)?;
    builder.finish()
}
