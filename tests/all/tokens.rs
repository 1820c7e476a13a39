//! What transformers over codes need: layer normalization, attention to what came before, draws by scores.

mod by_hand;
mod engines;
mod hostile;
mod passes;

use zscope::graph::{Op, ValueId};

fn layer_norm(input: ValueId, epsilon: f32) -> Op {
    Op::LayerNorm { input, weight: "w".into(), bias: "b".into(), epsilon }
}
