//! A transformer over tokens as a description: its sizes, and how its tensors become graphs.
//!
//! Normalizations come before attention and before the two layers behind it. Tokens are looked up in a table that
//! may be narrower than the transformer and are then widened, as in ALBERT; each place adds a vector of its own.
//!
//! # Source
//! Attention Is All You Need (Vaswani et al., 2017, arXiv:1706.03762), with the order of GPT-2 (Radford et al., 2019);
//! ALBERT (Lan et al., 2020, section 3.1, arXiv:1909.11942).

use serde::{Deserialize, Serialize};

use super::extent::{ExtentError, check_extents};
use crate::array::NamedArrays;
use crate::graph::{
    Activation, Codes, DrawControls, Epilogue, Graph, GraphBuilder, GraphError, MAX_CODES, Op,
    ValueId,
};

/// Layers between attention and the sum are so many times as wide.
const EXPANSION: usize = 4;
/// What is added to variances.
pub const EPSILON: f32 = 1e-5;

/// Everything that fixes the shapes of a transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransformerConfig {
    /// Tokens that it can read.
    pub inputs: usize,
    /// Tokens that it can tell: of a prior the first ones of those.
    pub outputs: usize,
    /// The longest sequence.
    pub places: usize,
    /// Values of a token in the table.
    pub embedding: usize,
    /// Values of a token inside.
    pub width: usize,
    /// Pairs of attention and of what follows it.
    pub layers: usize,
    /// Heads of attention, a divisor of the width.
    pub heads: usize,
    /// Whether a place sees only itself and the places before it.
    pub causal: bool,
}

/// A transformer's sizes do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransformerConfigError {
    /// An extent is zero or absurd.
    #[error(transparent)]
    Extent(#[from] ExtentError),
    /// Heads have no whole number of values.
    #[error("width is {width}, which {heads} heads do not divide (expected a multiple of heads)")]
    Heads {
        /// Values of a token.
        width: usize,
        /// How many heads share them.
        heads: usize,
    },
}

impl TransformerConfig {
    /// Checks that the sizes make sense and go together.
    ///
    /// # Errors
    /// When an extent is out of range, or the heads do not divide the width.
    pub fn check(&self) -> Result<(), TransformerConfigError> {
        check_extents([
            ("the number of tokens to read", self.inputs, 1, MAX_CODES),
            ("the number of tokens to tell", self.outputs, 1, MAX_CODES),
            ("the length of a sequence", self.places, 1, 65_536),
            ("embedding", self.embedding, 1, 4096),
            ("width", self.width, 1, 4096),
            ("layers", self.layers, 1, 96),
            ("heads", self.heads, 1, 256),
        ])?;
        if !self.width.is_multiple_of(self.heads) {
            return Err(TransformerConfigError::Heads { width: self.width, heads: self.heads });
        }
        Ok(())
    }

    /// Values between the two layers behind attention.
    pub fn hidden(&self) -> usize {
        EXPANSION * self.width
    }

    /// The name and shape of every tensor.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let width = self.width;
        let mut tensors = vec![
            ("embedding.weight".to_owned(), vec![self.inputs, self.embedding]),
            ("positions.weight".to_owned(), vec![self.places, width]),
        ];
        let mut layer = |name: String, weight: Vec<usize>| {
            let bias = vec![weight[0]];
            tensors.push((format!("{name}.weight"), weight));
            tensors.push((format!("{name}.bias"), bias));
        };
        layer("widen".to_owned(), vec![width, self.embedding]);
        for block in (0..self.layers).map(|index| format!("blocks.{index}")) {
            layer(format!("{block}.norm1"), vec![width]);
            for part in ["query", "key", "value", "out"] {
                layer(format!("{block}.{part}"), vec![width, width]);
            }
            layer(format!("{block}.norm2"), vec![width]);
            layer(format!("{block}.up"), vec![self.hidden(), width]);
            layer(format!("{block}.down"), vec![width, self.hidden()]);
        }
        layer("norm".to_owned(), vec![width]);
        layer("head".to_owned(), vec![self.outputs, width]);
        tensors
    }

    /// The values that training keeps for one sequence, roughly.
    pub fn activations(&self) -> usize {
        let of_block = 10 * self.width + 2 * self.hidden() + 2 * self.heads * self.places;
        self.places * (self.layers * of_block + 3 * self.width + 2 * self.outputs)
    }

    /// Tokens of whole sequences, as `[2, places]`: the tokens, then the row of each in the table of positions; to `logits`
    /// `[outputs, 1, places]`.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or holds values that are not finite.
    pub fn sequence(&self, tensors: &NamedArrays) -> Result<Graph, GraphError> {
        let mut graph = GraphBuilder::new(&[2, self.places], tensors)?;
        let seen = self.trunk_of_sequence(&mut graph)?;
        let logits = graph.add("head", linear(seen, "head", Epilogue::default()))?;
        graph.output("logits", logits)?;
        graph.finish()
    }

    /// Everything before the last layer, of whole sequences, as [`TransformerConfig::sequence`] takes them: the graph's
    /// input to `[width, 1, places]`.
    ///
    /// # Errors
    /// As [`TransformerConfig::sequence`].
    pub(super) fn trunk_of_sequence(
        &self,
        graph: &mut GraphBuilder<'_>,
    ) -> Result<ValueId, GraphError> {
        let input = graph.input();
        let [tokens, positions] = [("tokens", 0), ("positions", 1)]
            .map(|(name, start)| graph.add(name, Op::Slice { input, start, len: 1 }));
        let causal = self.causal;
        let attend = |[query, key, value]: [ValueId; 3]| Op::Attention {
            query,
            key,
            value,
            heads: self.heads,
            causal,
        };
        self.trunk(graph, tokens?, positions?, attend)
    }

    /// One more token of each of `streams` sequences side by side, as `[2 * streams + 8]`: the tokens, the row of each
    /// in the table of positions, how many tokens came before, and the controls of a draw ([`Op::Draw`]); to `logits`
    /// `[outputs, 1, streams]` and the `token` that is drawn, `[1]`. What came before is kept by whoever runs it
    /// ([`Op::CachedAttention`]).
    ///
    /// # Errors
    /// As [`TransformerConfig::sequence`].
    pub fn step(&self, tensors: &NamedArrays, streams: usize) -> Result<Graph, GraphError> {
        let mut graph = GraphBuilder::new(&[2 * streams + 1 + DrawControls::LEN], tensors)?;
        let input = graph.input();
        let part = |graph: &mut GraphBuilder<'_>, name: &str, start, len| {
            graph.add(name, Op::Slice { input, start, len })
        };
        let row = |graph: &mut GraphBuilder<'_>, name: &str, input| {
            graph.add(name, Op::Reshape { input, shape: vec![1, streams] })
        };
        let tokens = part(&mut graph, "read", 0, streams)?;
        let tokens = row(&mut graph, "tokens", tokens)?;
        let positions = part(&mut graph, "rows", streams, streams)?;
        let positions = row(&mut graph, "positions", positions)?;
        let position = part(&mut graph, "place", 2 * streams, 1)?;
        let controls = part(&mut graph, "controls", 2 * streams + 1, DrawControls::LEN)?;
        let attend = |[query, key, value]: [ValueId; 3]| Op::CachedAttention {
            query,
            key,
            value,
            position,
            heads: self.heads,
            slots: self.places,
        };
        let seen = self.trunk(&mut graph, tokens, positions, attend)?;
        let logits = graph.add("head", linear(seen, "head", Epilogue::default()))?;
        let token = graph.add("draw", Op::Draw { logits, controls })?;
        graph.output("logits", logits)?;
        graph.output("token", token)?;
        graph.finish()
    }

    /// Everything between tokens `[1, t]` at places `[1, t]` and the last layer, which is given `[width, 1, t]`.
    fn trunk(
        &self,
        graph: &mut GraphBuilder<'_>,
        tokens: ValueId,
        positions: ValueId,
        attend: impl Fn([ValueId; 3]) -> Op,
    ) -> Result<ValueId, GraphError> {
        let gather = |input, weight: &str| Op::Gather { input, codebook: Codes::from(weight) };
        let norm = |input, name: &str| Op::LayerNorm {
            input,
            weight: format!("{name}.weight"),
            bias: format!("{name}.bias"),
            epsilon: EPSILON,
        };
        let plain = Epilogue::default;
        let tokens = graph.add("embedding", gather(tokens, "embedding.weight"))?;
        let positions = graph.add("position", gather(positions, "positions.weight"))?;
        let mut x =
            graph.add("widen", linear(tokens, "widen", plain().with_residual(positions)))?;
        for block in (0..self.layers).map(|index| format!("blocks.{index}")) {
            let name = |part: &str| format!("{block}.{part}");
            let seen = graph.add(name("norm1"), norm(x, &name("norm1")))?;
            let mut project =
                |part: &str| graph.add(name(part), linear(seen, &name(part), plain()));
            let attended = [project("query")?, project("key")?, project("value")?];
            let attended = graph.add(name("attention"), attend(attended))?;
            let out = linear(attended, &name("out"), plain().with_residual(x));
            x = graph.add(name("out"), out)?;
            let seen = graph.add(name("norm2"), norm(x, &name("norm2")))?;
            let gelu = plain().with_activation(Activation::Gelu);
            let hidden = graph.add(name("up"), linear(seen, &name("up"), gelu))?;
            let down = linear(hidden, &name("down"), plain().with_residual(x));
            x = graph.add(name("down"), down)?;
        }
        graph.add("norm", norm(x, "norm"))
    }
}

/// The layer of a name, place by place.
fn linear(input: ValueId, name: &str, mut epilogue: Epilogue) -> Op {
    epilogue.bias = Some(format!("{name}.bias"));
    Op::Conv2d {
        input,
        weight: format!("{name}.weight"),
        upsample: 1,
        stride: [1, 1],
        padding: [0; 4],
        epilogue,
    }
}
