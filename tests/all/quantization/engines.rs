//! Quantizing on every engine: they agree, and what they choose is nearest.

use zscope::array::Array;
use zscope::engine::wgsl::{Gpu, Network, Screen};
use zscope::engine::{EngineKind, Runner, twin};
use zscope::graph::{Activation, Epilogue, Graph, GraphBuilder, Op, USAGE};
use zscope::picture::ValueRange;

use super::{array, assert_indices_match, distance, gather, nearest, quantizer, used};
use crate::common::{Tolerance, assert_close};
use crate::engine_matches_twin::{
    assert_levels_match, gpu, latents, noise, random_weights, twin_picture,
};

/// Items, rows, columns, values of a vector, codes.
const SIZES: [[usize; 5]; 8] = [
    [1, 1, 1, 1, 1],
    [2, 1, 5, 3, 7],
    [3, 7, 7, 64, 512],
    [5, 3, 11, 17, 131],
    [1, 2, 3, 8, 16_384],
    [2, 4, 4, 1, 61],
    [7, 3, 1, 301, 29],
    [130, 1, 1, 2, 257],
];

/// Vectors and codes of one case.
fn case([items, height, width, dim, codes]: [usize; 5]) -> (Array, Array) {
    let vectors = noise(1, items * dim * height * width);
    (array(&[items, dim, height, width], &vectors), array(&[codes, dim], &noise(2, codes * dim)))
}

fn runners(graph: &Graph, gpu: &Gpu) -> [Runner; 3] {
    [EngineKind::Wgsl, EngineKind::Cpu, EngineKind::Twin]
        .map(|kind| Runner::new(kind, graph, Some(gpu)).expect("a runner"))
}

#[test]
fn quantizers_agree_on_every_engine() {
    let Some(gpu) = gpu() else { return };
    for sizes in SIZES {
        let (input, codebook) = case(sizes);
        let plane = sizes[1] * sizes[2];
        let graph = quantizer(&input.shape()[1..], &codebook).expect("a graph");
        let [mut wgsl, mut cpu, mut twin] = runners(&graph, gpu);
        let expected = twin.run(&input).expect("a run");
        assert_eq!(cpu.run(&input).expect("a run"), expected, "the CPU agrees exactly: {sizes:?}");
        let found = wgsl.run(&input).expect("a run");
        let (found, expected) = (found["indices"].data(), expected["indices"].data());
        assert_indices_match(found, expected, input.data(), plane, &codebook);
    }
}

#[test]
fn what_is_chosen_is_nearest_counted_and_copied() {
    let Some(gpu) = gpu() else { return };
    for sizes in SIZES {
        let (input, codebook) = case(sizes);
        let plane = sizes[1] * sizes[2];
        let graph = quantizer(&input.shape()[1..], &codebook).expect("a graph");
        for mut runner in runners(&graph, gpu) {
            let outputs = runner.run(&input).expect("a run");
            let (indices, quantized) = (outputs["indices"].data(), &outputs["quantized"]);
            let mut counts = vec![0; codebook.num_rows()];
            for (vector, &index) in indices.iter().enumerate() {
                let of = |code: usize| distance(input.data(), plane, vector, codebook.row(code));
                let shortest = (0..codebook.num_rows()).map(of).fold(f64::INFINITY, f64::min);
                assert!(of(index as usize) <= shortest * (1.0 + super::TIE), "{sizes:?}: {vector}");
                counts[index as usize] += 1;
                let item = quantized.row(vector / plane).iter();
                let value = item.skip(vector % plane).step_by(plane).map(|value| value.to_bits());
                let code = codebook.row(index as usize).iter().map(|value| value.to_bits());
                assert!(value.eq(code), "the code itself: {sizes:?}, {vector}");
            }
            assert_eq!(used(&outputs[USAGE]), counts, "{sizes:?} on {}", runner.kind());
            assert_eq!(counts.iter().sum::<usize>(), indices.len(), "every vector counts");
        }
    }
}

#[test]
fn a_code_quantizes_to_itself() {
    let Some(gpu) = gpu() else { return };
    // The last 30 codes repeat the first.
    let mut codes = noise(3, 97 * 23);
    codes.extend_from_within(..30 * 23);
    let codebook = array(&[127, 23], &codes);
    let graph = quantizer(&[23], &codebook).expect("a graph");
    for mut runner in runners(&graph, gpu) {
        let outputs = runner.run(&codebook).expect("a run");
        let lowest: Vec<f32> = (0..97).chain(0..30).map(|index| index as f32).collect();
        assert_eq!(outputs["indices"].data(), lowest, "{}", runner.kind());
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(outputs["quantized"].data()), bits(&codes), "{}", runner.kind());
    }
}

/// Codebooks and vectors on which a search by products goes wrong.
fn hard_cases() -> Vec<(&'static str, Array, Array)> {
    let spread = |seed, len, offset: f32, scale: f32| -> Vec<f32> {
        noise(seed, len).into_iter().map(|value| offset + scale * value).collect()
    };
    let of =
        |codes: Vec<f32>, vectors: Vec<f32>| (array(&[50, 6], &codes), array(&[40, 6], &vectors));
    let far = of(spread(1, 300, 100.0, 1e-3), spread(2, 240, 100.0, 1e-3));
    let mut codes = noise(3, 300);
    codes[17 * 6..18 * 6].fill(1e6);
    let outlier = of(codes, noise(4, 240));
    let huge = of(spread(5, 300, 0.0, 3e38), spread(6, 240, 0.0, 3e38));
    let tiny = of(spread(7, 300, 0.0, 1e-30), spread(8, 240, 0.0, 1e-30));
    let mut vectors = noise(9, 240);
    vectors[60..66].fill(3e38);
    let apart = of(noise(10, 300), vectors);
    let zeros = of(vec![0.0; 300], noise(11, 240));
    let next = of(spread(12, 300, 1.0, 2e-7), spread(13, 240, 1.0, 2e-7));
    [
        ("far from zero", far),
        ("an outlier", outlier),
        ("huge", huge),
        ("tiny", tiny),
        ("one huge vector", apart),
        ("one code", zeros),
        ("neighbours in f32", next),
    ]
    .map(|(what, (codes, vectors))| (what, codes, vectors))
    .into()
}

#[test]
fn the_cpu_agrees_exactly_where_products_round() {
    for (what, codebook, vectors) in hard_cases() {
        let graph = quantizer(&[6], &codebook).expect("a graph");
        let mut cpu = Runner::new(EngineKind::Cpu, &graph, None).expect("a runner");
        let expected = twin::run(&graph, &vectors).expect("a run");
        assert_eq!(cpu.run(&vectors).expect("a run"), expected, "{what}");
    }
}

/// Planes of five to a grey picture: quantized, mixed by a convolution and rectified.
fn decoder(seed: u64) -> Graph {
    let weights =
        random_weights(seed, &[("codes", &[23, 5]), ("conv.w", &[1, 5, 3, 3]), ("conv.b", &[1])]);
    let mut builder = GraphBuilder::new(&[5, 6, 7], &weights).expect("a builder");
    let input = builder.input();
    let mut add = |name: &str, op| builder.add(name, op).expect("a node");
    let half = add("half", Op::Affine { input, scale: 0.5, shift: 0.0 });
    let indices = add("indices", nearest(half));
    let quantized = add("quantized", gather(indices));
    let conv = Op::Conv2d {
        input: quantized,
        weight: "conv.w".into(),
        upsample: 1,
        stride: [1, 1],
        padding: [1; 4],
        epilogue: Epilogue::bias("conv.b").with_activation(Activation::Sigmoid),
    };
    let image = add("image", conv);
    builder.output("image", image).expect("an output");
    builder.finish().expect("a graph")
}

#[test]
fn a_whole_decoder_agrees_on_every_engine_and_on_a_screen() {
    let Some(gpu) = gpu() else { return };
    let graph = decoder(1);
    let input = latents(&graph, 5);
    let expected = twin::run(&graph, &input).expect("a run");
    for mut runner in runners(&graph, gpu) {
        let found = runner.run(&input).expect("a run");
        assert!(
            found.keys().eq(["image", USAGE]),
            "the indices are no output, but they are counted"
        );
        assert_close(found["image"].data(), expected["image"].data(), Tolerance::ENGINE);
        assert_eq!(found[USAGE], expected[USAGE], "{}", runner.kind());
    }
    let network = Network::new(gpu, &graph).expect("a network");
    let mut screen = Screen::new(&network, "image", ValueRange::UNIT, 5, 2).expect("a screen");
    let expected = twin_picture(&graph, &input, ValueRange::UNIT, 2);
    for _ in 0..3 {
        screen.render_latents(input.data()).expect("a drawing");
        // The last tile of the sheet is empty.
        let drawn = screen.read_back().expect("a picture");
        assert_levels_match(&drawn, &expected);
    }
}

#[test]
fn newer_codes_take_effect() {
    let Some(gpu) = gpu() else { return };
    let (older, newer) = (decoder(2), decoder(3));
    let input = latents(&older, 2);
    let expected = twin::run(&newer, &input).expect("a run");
    for mut runner in runners(&older, gpu) {
        let before = runner.run(&input).expect("a run");
        assert_ne!(before[USAGE], expected[USAGE], "other codes are chosen otherwise");
        runner.update_weights(&newer).expect("newer weights");
        let found = runner.run(&input).expect("a run");
        assert_eq!(found[USAGE], expected[USAGE], "{}", runner.kind());
        assert_close(found["image"].data(), expected["image"].data(), Tolerance::ENGINE);
    }
}
