//! A small transformer, over a whole sequence at once and token by token, says the same.

use zscope::array::{Array, NamedArrays};
use zscope::engine::twin;
use zscope::graph::{Activation, DrawControls, Epilogue, Graph, GraphBuilder, Op, ValueId};

use super::{layer_norm_of, runners};
use crate::common::{Tolerance, assert_close, first_difference};
use crate::engine_matches_twin::{gpu, random_weights};
use crate::graph::array;

const CHANNELS: usize = 12;
const HEADS: usize = 3;
const CODES: usize = 11;
const TOKENS: usize = 7;
const BLOCKS: usize = 2;

fn weights() -> NamedArrays {
    let square: &[usize] = &[CHANNELS, CHANNELS];
    let mut shapes = vec![
        ("tokens".to_owned(), vec![CODES, CHANNELS]),
        ("places".to_owned(), vec![TOKENS, CHANNELS]),
        ("head".to_owned(), vec![CODES, CHANNELS]),
        ("head.norm.w".to_owned(), vec![CHANNELS]),
        ("head.norm.b".to_owned(), vec![CHANNELS]),
    ];
    for block in 0..BLOCKS {
        let mut add = |name: &str, shape: &[usize]| {
            shapes.push((format!("{block}.{name}"), shape.to_vec()));
        };
        for name in ["q", "k", "v", "out"] {
            add(name, square);
            add(&format!("{name}.b"), &[CHANNELS]);
        }
        for name in ["norm1", "norm2"] {
            add(&format!("{name}.w"), &[CHANNELS]);
            add(&format!("{name}.b"), &[CHANNELS]);
        }
        add("up", &[4 * CHANNELS, CHANNELS]);
        add("up.b", &[4 * CHANNELS]);
        add("down", &[CHANNELS, 4 * CHANNELS]);
        add("down.b", &[CHANNELS]);
    }
    let shapes: Vec<_> = shapes.iter().map(|(name, shape)| (name.as_str(), &shape[..])).collect();
    let mut weights = random_weights(1, &shapes);
    let mut same = Array::zeros([CHANNELS, CHANNELS]);
    (0..CHANNELS).for_each(|channel| same.data_mut()[channel * (CHANNELS + 1)] = 1.0);
    weights.insert("same".to_owned(), same);
    weights.insert("twice".to_owned(), Array::filled([2, 1], 1.0));
    weights
}

/// What attends: over all places, or from one to those that are kept.
#[derive(Clone, Copy)]
enum Sees {
    Before,
    Kept(ValueId),
}

/// A network in the making.
struct Network<'a>(GraphBuilder<'a>);

impl Network<'_> {
    fn add(&mut self, name: &str, op: Op) -> ValueId {
        self.0.add(name, op).expect("a node")
    }

    /// A matrix times every token.
    fn linear(&mut self, name: &str, input: ValueId, epilogue: Epilogue) -> ValueId {
        let weight = name.to_owned();
        let (upsample, stride, padding) = (1, [1, 1], [0; 4]);
        self.add(name, Op::Conv2d { input, weight, upsample, stride, padding, epilogue })
    }

    /// The scores of every token, `[k, 1, t]`, from the tokens and their places, `[1, t]` each.
    fn scores(&mut self, tokens: ValueId, places: ValueId, sees: Sees) -> ValueId {
        let tokens = self.add("tokens", Op::Gather { input: tokens, codebook: "tokens".into() });
        let places = self.add("places", Op::Gather { input: places, codebook: "places".into() });
        let mut x = self.linear("same", tokens, Epilogue::default().with_residual(places));
        for block in 0..BLOCKS {
            x = self.block(&block.to_string(), x, sees);
        }
        let normed = self.add("head.norm", layer_norm_of(x, "head.norm", 1e-5));
        self.linear("head", normed, Epilogue::default())
    }

    fn block(&mut self, name: &str, x: ValueId, sees: Sees) -> ValueId {
        let of = |part: &str| format!("{name}.{part}");
        let with_bias = |part: &str| Epilogue::bias(format!("{name}.{part}.b"));
        let normed = self.add(&of("norm1"), layer_norm_of(x, &of("norm1"), 1e-5));
        let [query, key, value] =
            ["q", "k", "v"].map(|part| self.linear(&of(part), normed, with_bias(part)));
        let heads = HEADS;
        let mixed = match sees {
            Sees::Before => Op::Attention { query, key, value, heads, causal: true },
            Sees::Kept(position) => {
                Op::CachedAttention { query, key, value, position, heads, slots: TOKENS }
            }
        };
        let mixed = self.add(&of("mixed"), mixed);
        let x = self.linear(&of("out"), mixed, with_bias("out").with_residual(x));
        let normed = self.add(&of("norm2"), layer_norm_of(x, &of("norm2"), 1e-5));
        let up = with_bias("up").with_activation(Activation::Gelu);
        let up = self.linear(&of("up"), normed, up);
        self.linear(&of("down"), up, with_bias("down").with_residual(x))
    }

    fn cut(&mut self, name: &str, input: ValueId, [start, len]: [usize; 2]) -> ValueId {
        self.add(name, Op::Slice { input, start, len })
    }

    fn reshaped(&mut self, name: &str, input: ValueId, shape: &[usize]) -> ValueId {
        self.add(name, Op::Reshape { input, shape: shape.to_vec() })
    }
}

/// Tokens and their places, `[2, t]`, to `scores [k, 1, t]`.
fn whole() -> Graph {
    let weights = weights();
    let mut network = Network(GraphBuilder::new(&[2, TOKENS], &weights).expect("a builder"));
    let input = network.0.input();
    let tokens = network.cut("input.tokens", input, [0, 1]);
    let places = network.cut("input.places", input, [1, 1]);
    let scores = network.scores(tokens, places, Sees::Before);
    network.0.output("scores", scores).expect("an output");
    network.0.finish().expect("a graph")
}

/// One token of each of some streams, their place and controls, `[s + 1 + 7]`, to `scores [k, 1, s]` and `drawn [1]`.
fn step(streams: usize) -> Graph {
    let weights = weights();
    let len = streams + 1 + DrawControls::LEN;
    let mut network = Network(GraphBuilder::new(&[len], &weights).expect("a builder"));
    let input = network.0.input();
    let tokens = network.cut("input.tokens", input, [0, streams]);
    let tokens = network.reshaped("input.row", tokens, &[1, streams]);
    let position = network.cut("input.position", input, [streams, 1]);
    let places = if streams == 1 {
        position
    } else {
        let (weight, epilogue) = ("twice".to_owned(), Epilogue::default());
        network.add("input.positions", Op::Linear { input: position, weight, epilogue })
    };
    let places = network.reshaped("input.places", places, &[1, streams]);
    let controls = network.cut("input.controls", input, [streams + 1, DrawControls::LEN]);
    let logits = network.scores(tokens, places, Sees::Kept(position));
    let drawn = network.add("drawn", Op::Draw { logits, controls });
    network.0.output("scores", logits).expect("an output");
    network.0.output("drawn", drawn).expect("an output");
    network.0.finish().expect("a graph")
}

/// Tokens of so many sequences.
fn sequences(seed: usize, count: usize) -> Vec<Vec<usize>> {
    let token = |sequence: usize, place: usize| (seed + 5 * sequence + place * place) % CODES;
    (0..count).map(|sequence| (0..TOKENS).map(|place| token(sequence, place)).collect()).collect()
}

/// The twin's scores of every place of every sequence, `[k]` each.
fn scores_of(sequences: &[Vec<usize>]) -> Vec<Vec<Vec<f32>>> {
    let item = |tokens: &Vec<usize>| tokens.iter().copied().chain(0..TOKENS).collect::<Vec<_>>();
    let input: Vec<f32> = sequences.iter().flat_map(item).map(|value| value as f32).collect();
    let graph = whole();
    let input = array(&[sequences.len(), 2, TOKENS], &input);
    let scores = twin::run(&graph, &input).expect("a run").remove("scores").expect("its output");
    if let Some(gpu) = gpu() {
        for mut runner in runners(&graph, gpu) {
            let found = &runner.run(&input).expect("a run")["scores"];
            assert_close(found.data(), scores.data(), Tolerance::ENGINE);
        }
    }
    let column =
        |row: &[f32], place: usize| row.iter().skip(place).step_by(TOKENS).copied().collect();
    let places = |item: usize| (0..TOKENS).map(|place| column(scores.row(item), place)).collect();
    (0..sequences.len()).map(places).collect()
}

#[test]
fn token_by_token_is_the_whole_sequence() {
    let Some(gpu) = gpu() else { return };
    for streams in [1, 2] {
        let items: Vec<_> = (0..streams).map(|stream| sequences(3 * stream, 3)).collect();
        let expected: Vec<_> = items.iter().map(|sequences| scores_of(sequences)).collect();
        let graph = step(streams);
        for mut runner in runners(&graph, gpu) {
            // Twice: a sequence begins anew at its first place.
            for place in (0..TOKENS).chain(0..TOKENS) {
                let greedy = DrawControls { temperature: 0.0, ..DrawControls::default() };
                let input: Vec<f32> = (0..3)
                    .flat_map(|item| {
                        let tokens = items.iter().map(move |stream| stream[item][place] as f32);
                        tokens.chain([place as f32]).chain(greedy.values())
                    })
                    .collect();
                let input = array(&[3, input.len() / 3], &input);
                let outputs = runner.run(&input).expect("a run");
                for item in 0..3 {
                    let scores = outputs["scores"].row(item);
                    for (stream, expected) in expected.iter().enumerate() {
                        let own: Vec<f32> =
                            scores.iter().skip(stream).step_by(streams).copied().collect();
                        assert_close(&own, &expected[item][place], Tolerance::ENGINE);
                        let next = &expected[item][(place + 1) % TOKENS];
                        let same = first_difference(&own, next, Tolerance::ENGINE);
                        assert!(same.is_some(), "control: places differ");
                    }
                    let own = &expected[0][item][place];
                    let drawn = own[outputs["drawn"].row(item)[0] as usize];
                    let largest = own.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    assert!(drawn > largest - 1e-3, "the largest score on {}", runner.kind());
                }
            }
        }
    }
}

#[test]
fn what_one_stream_reads_does_not_reach_the_other() {
    let Some(gpu) = gpu() else { return };
    let graph = step(2);
    for mut runner in runners(&graph, gpu) {
        let mut run = |other: usize| -> Vec<f32> {
            let step = |place: usize| {
                let tokens = [place * 3 % CODES, (other + place) % CODES, place];
                let controls = DrawControls::default().values();
                let input: Vec<f32> =
                    tokens.into_iter().map(|value| value as f32).chain(controls).collect();
                let input = array(&[1, input.len()], &input);
                runner.run(&input).expect("a run")["scores"].data().to_vec()
            };
            (0..TOKENS).map(step).last().expect("tokens")
        };
        let [first, second] = [run(1), run(4)];
        let stream = |scores: &[f32], stream| -> Vec<f32> {
            scores.iter().skip(stream).step_by(2).copied().collect()
        };
        assert_close(&stream(&first, 0), &stream(&second, 0), Tolerance::TIGHT);
        let same = first_difference(&stream(&first, 1), &stream(&second, 1), Tolerance::ENGINE);
        assert!(same.is_some(), "control: the other one changes");
    }
}

#[test]
fn scores_hang_on_earlier_tokens() {
    let graph = whole();
    let run = |first: f32| {
        let mut input = Array::zeros([1, 2, TOKENS]);
        for place in 0..TOKENS {
            input.data_mut()[TOKENS + place] = place as f32;
        }
        input.data_mut()[0] = first;
        twin::run(&graph, &input).expect("a run").remove("scores").expect("its output")
    };
    let same = first_difference(run(1.0).data(), run(2.0).data(), Tolerance::ENGINE);
    assert!(same.is_some(), "control");
}
