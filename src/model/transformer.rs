//! A transformer over tokens.

use std::f32::consts::SQRT_2;

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig, Initializer, Linear, LinearConfig};
use burn::tensor::{Device, Int, Tensor};

use super::layer_norm::LayerNorm;
use super::params;
use crate::fused::{self, Later};
use crate::graph::lower::transformer::{EPSILON, TransformerConfig};

/// How much of what was drawn for a place on a grid stays beside its waves; it tells several codes of one cell apart.
const OF_DRAWN: f32 = 0.1;
/// The longest wave along an axis of a grid is so many times as long as the shortest.
const LONGEST_WAVE: f32 = 100.0;

/// Tells how probable tokens are. Its parts are named as in `graph::lower::transformer`.
#[derive(Module, Debug)]
pub struct Transformer {
    embedding: Embedding,
    positions: Embedding,
    widen: Linear,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
    #[module(skip)]
    causal: bool,
}

/// x + out(attention(norm1(x))), then that + down(gelu(up(norm2(that)))).
#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    norm2: LayerNorm,
    up: Linear,
    down: Linear,
    #[module(skip)]
    heads: usize,
}

impl Transformer {
    /// A transformer with PyTorch's first values, drawn from `seed`.
    ///
    /// # Panics
    /// When `config` was not checked with [`TransformerConfig::check`].
    pub fn new(config: &TransformerConfig, seed: u64, device: &Device) -> Self {
        let table = |rows: usize, values: usize| {
            EmbeddingConfig::new(rows, values).with_initializer(Initializer::Zeros).init(device)
        };
        let model = Self {
            embedding: table(config.inputs, config.embedding),
            positions: table(config.places, config.width),
            widen: linear(config.embedding, config.width, device),
            blocks: (0..config.layers).map(|_| Block::new(config, device)).collect(),
            norm: LayerNorm::new(config.width, f64::from(EPSILON), device),
            head: linear(config.width, config.outputs, device),
            causal: config.causal,
        };
        params::init_uniform(model, seed, &|_| false)
    }

    /// The same with the rows from `first` on of its table of positions begun as waves along the rows and along the
    /// columns of a grid: what leads from a cell to the one above it, or beside it, is then the same turn of these
    /// values wherever the cell lies, which attention would otherwise have to learn cell by cell. Training moves them on.
    ///
    /// # Source
    /// Attention Is All You Need (Vaswani et al., 2017, section 3.5), along two axes.
    ///
    /// # Panics
    /// When the table has fewer rows.
    pub fn on_grid(mut self, first: usize, [rows, columns]: [usize; 2], per_cell: usize) -> Self {
        let device = self.positions.weight.device();
        let mut table = params::array_from_tensor(self.positions.weight.val());
        let width = table.row_len();
        let places = table.data_mut().chunks_exact_mut(width).skip(first);
        let mut begun = 0;
        for (place, values) in places.enumerate().take(rows * columns * per_cell) {
            let cell = place / per_cell;
            let at = [cell / columns, cell % columns];
            for (index, value) in values.iter_mut().enumerate() {
                *value = OF_DRAWN * *value + wave(at, index, width);
            }
            begun += 1;
        }
        assert_eq!(begun, rows * columns * per_cell, "the table has the rows of the grid");
        let table = params::tensor_from_array(&table, &device);
        self.positions.weight = params::replaced(self.positions.weight, table);
        self
    }

    /// The logits of what comes next at every place, or of what is there.
    ///
    /// # Shapes
    /// - `tokens`: `[b, t]`, t at most the number of places; result: `[b * t, outputs]`
    pub fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        let [_, t] = tokens.dims();
        let places = self.positions.weight.val(); // [places, c]
        let [_, c] = places.dims();
        self.run(tokens, places.slice([0..t, 0..c]))
    }

    /// The same of tokens with these rows in the table of positions.
    ///
    /// # Shapes
    /// - `rows`: `[t]`
    pub fn forward_at(&self, tokens: Tensor<2, Int>, rows: Tensor<1, Int>) -> Tensor<2> {
        self.run(tokens, self.positions.weight.val().select(0, rows))
    }

    /// # Shapes
    /// - `places`: `[t, c]`
    fn run(&self, tokens: Tensor<2, Int>, places: Tensor<2>) -> Tensor<2> {
        self.tell(self.seen(self.look_up(tokens), places).flatten(0, 1))
    }

    /// Tokens as rows of its table, which a caller may put others beside.
    ///
    /// # Shapes
    /// - `tokens`: `[b, t]`; result: `[b, t, e]`
    pub fn look_up(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        self.embedding.forward(tokens)
    }

    /// What it makes of rows that lie at these rows of the table of positions, before its last layer.
    ///
    /// # Shapes
    /// - `read`: `[b, t, e]`; `rows`: `[t]`; result: `[b, t, c]`
    pub fn seen_at(&self, read: Tensor<3>, rows: Tensor<1, Int>) -> Tensor<3> {
        self.seen(read, self.positions.weight.val().select(0, rows))
    }

    /// # Shapes
    /// - `read`: `[b, t, e]`; `places`: `[t, c]`; result: `[b, t, c]`
    fn seen(&self, read: Tensor<3>, places: Tensor<2>) -> Tensor<3> {
        let ([b, t, e], [_, c]) = (read.dims(), places.dims());
        let widened = self.widen.forward(read.reshape([b * t, e])); // [b * t, c]
        let x = (widened.reshape([b, t, c]) + places.unsqueeze()).reshape([b * t, c]);
        let later = self.causal.then(|| Later::new(t, &x.device()));
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, [b, t], later.as_ref()));
        self.norm.forward(x).reshape([b, t, c])
    }

    /// The last layer.
    ///
    /// # Shapes
    /// - `seen`: `[n, c]`; result: `[n, outputs]`
    pub fn tell(&self, seen: Tensor<2>) -> Tensor<2> {
        self.head.forward(seen)
    }
}

impl Block {
    fn new(config: &TransformerConfig, device: &Device) -> Self {
        let width = config.width;
        let square = || linear(width, width, device);
        let norm = || LayerNorm::new(width, f64::from(EPSILON), device);
        Self {
            norm1: norm(),
            query: square(),
            key: square(),
            value: square(),
            out: square(),
            norm2: norm(),
            up: linear(width, config.hidden(), device),
            down: linear(config.hidden(), width, device),
            heads: config.heads,
        }
    }

    /// # Shapes
    /// - `x`, result: `[b * t, c]`
    fn forward(&self, x: Tensor<2>, [b, t]: [usize; 2], later: Option<&Later>) -> Tensor<2> {
        let seen = self.norm1.forward(x.clone());
        let attended = self.attend(seen, [b, t], later);
        let x = x + self.out.forward(attended);
        let hidden = fused::gelu(self.up.forward(self.norm2.forward(x.clone())));
        x + self.down.forward(hidden)
    }

    fn attend(&self, tokens: Tensor<2>, [b, t]: [usize; 2], later: Option<&Later>) -> Tensor<2> {
        let [_, c] = tokens.dims();
        let (heads, dim) = (self.heads, c / self.heads);
        let split = |projected: Tensor<2>| {
            let of_heads = projected.reshape([b, t, heads, dim]).swap_dims(1, 2); // [b, heads, t, dim]
            of_heads.reshape([b * heads, t, dim])
        };
        let query = split(self.query.forward(tokens.clone())) * (1.0 / (dim as f64).sqrt());
        let key = split(self.key.forward(tokens.clone()));
        let value = split(self.value.forward(tokens));
        let scores = query.matmul(key.swap_dims(1, 2)); // [b * heads, t, t]
        let mixed = fused::attention_shares(scores, later).matmul(value); // [b * heads, t, dim]
        let mixed = mixed.reshape([b, heads, t, dim]).swap_dims(1, 2); // [b, t, heads, dim]
        mixed.reshape([b * t, c])
    }
}

fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    LinearConfig::new(inputs, outputs).with_initializer(Initializer::Zeros).init(device)
}

/// Value `index` of `width` for a cell at a row and column: sines, then cosines along the rows, then both along the
/// columns, of mean square one as values that are drawn.
fn wave(at: [usize; 2], index: usize, width: usize) -> f32 {
    let quarter = (width / 4).max(1);
    let axis = (index / (2 * quarter)).min(1);
    let frequency = LONGEST_WAVE.powf(-((index % quarter) as f32) / quarter as f32);
    let angle = at[axis] as f32 * frequency;
    let is_sine = (index / quarter).is_multiple_of(2);
    SQRT_2 * if is_sine { angle.sin() } else { angle.cos() }
}
