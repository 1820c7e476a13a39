//! Finite scalar quantization against hand-computed numbers, finite differences and a PyTorch library.

use burn::tensor::{Device, Tensor};
use zscope::array::Array;
use zscope::graph::lower::quantizer::QuantizerConfig;
use zscope::latent::Levels;
use zscope::model::quantizer::{CodebookRules, Quantizer, planes_of, rows_of};

use super::{array, assert_reads, noise, on_cpu, oracle, rows, tracked, values, whole};
use crate::common::{Tolerance, assert_close, first_difference};

fn quantizer(levels: &[usize]) -> Quantizer {
    let levels = Levels::new(levels.to_vec()).expect("levels");
    let config = QuantizerConfig::new().with_levels(levels);
    config.check().expect("choices that go together");
    Quantizer::new(&config, &Device::flex().autodiff())
}

#[test]
fn rounding_by_hand() {
    // Three levels -1, 0, 1 and four levels -1, -1/2, 0, 1/2; far vectors reach the outermost.
    let vectors = array(&[4, 2], &[0.0, 0.0, 10.0, 10.0, -10.0, -10.0, 0.4, -0.5]);
    let quantizer = quantizer(&[3, 4]);
    let batch = quantizer.forward(tracked(&vectors), None);
    // tanh(0.4) · 1.001 = 0.38; tanh(-0.5 + 0.346) · 1.5015 - 0.5 = -0.73.
    assert_eq!(values(batch.codes.clone()), [0.0, 0.0, 1.0, 0.5, -1.0, -1.0, 0.0, -0.5]);
    assert_eq!(
        whole(batch.indices.clone()),
        [1 + 3 * 2, 2 + 3 * 3, 0, 1 + 3],
        "the first varies fastest"
    );
    assert_eq!(values(batch.counts.clone().sum()), [4.0]);
    assert_eq!(values(batch.loss(1.0)), [0.0], "there is nothing to learn");
    assert_eq!(values(quantizer.codes(batch.indices)), values(batch.codes));
}

#[test]
fn levels_are_found_for_codes() {
    let of = |codes| Levels::of_codes(codes).map(|levels| levels.numbers().to_vec());
    // The paper's own, table 1.
    assert_eq!(of(240), Some(vec![8, 6, 5]));
    assert_eq!(of(1000), Some(vec![8, 5, 5, 5]));
    assert_eq!(of(4375), Some(vec![7, 5, 5, 5, 5]));
    assert_eq!(of(15_360), Some(vec![8, 8, 8, 6, 5]));
    assert_eq!(of(64_000), Some(vec![8, 8, 8, 5, 5, 5]));
    assert_eq!(of(1024), Some(vec![16, 8, 8]));
    assert_eq!(of(12), Some(vec![12]));
    assert_eq!(of(32), Some(vec![8, 4]), "at least four where five is too many");
    assert_eq!((of(17), of(34), of(1), of(0)), (None, None, None, None));
    for codes in 2..2000 {
        if let Some(levels) = Levels::of_codes(codes) {
            assert_eq!(levels.num_codes(), Some(codes));
        }
    }
    let text = |text: &str| Levels::from_text(text).map(|levels| levels.to_string());
    assert_eq!(text(" 8, 5,5"), Some("8,5,5".to_owned()));
    for refused in ["", "8,", "8,1", "8,65", "8.5", "eight", &["2"; 17].join(",")] {
        assert_eq!(text(refused), None, "{refused:?}");
    }
}

#[test]
fn grids_hold_every_point_once() {
    for levels in [&[2][..], &[3], &[8, 5, 5, 5], &[4, 4], &[2, 7, 3], &[16, 8, 8]] {
        let levels = Levels::new(levels.to_vec()).expect("levels");
        let codebook = levels.codebook();
        let mut points: Vec<Vec<u32>> = (0..codebook.num_rows())
            .map(|code| codebook.row(code).iter().map(|value| value.to_bits()).collect())
            .collect();
        points.sort();
        points.dedup();
        assert_eq!(Some(points.len()), levels.num_codes(), "{levels}");
        // Every point is its own code, by way of a vector that is bounded to it.
        let bounds = levels.bounds();
        let vectors: Vec<f32> = codebook
            .data()
            .iter()
            .enumerate()
            .map(|(place, value)| bounds[place % bounds.len()].unbounded(*value))
            .collect();
        let vectors = array(codebook.shape(), &vectors);
        let found = whole(quantizer(levels.numbers()).indices(on_cpu(&vectors)));
        assert!(
            found.iter().enumerate().all(|(code, &found)| found as usize == code),
            "{levels}: {found:?}"
        );
    }
}

#[test]
fn nothing_is_nearer_than_the_rounded_code() {
    let quantizer = quantizer(&[8, 5, 4]);
    let vectors = noise(1, &[500, 3]);
    let bounded = super::array_from_tensor(quantizer.bounded(on_cpu(&vectors)).expect("bounded"));
    let found = whole(quantizer.indices(on_cpu(&vectors)));
    let codebook = super::array_from_tensor(quantizer.codebook());
    assert_eq!(super::wrong_choice(&found, &bounded, &codebook), None);
}

/// The gradient is that of the bound, as if nothing were rounded.
#[test]
fn the_gradient_is_that_of_the_bound() {
    const STEP: f32 = 1.0 / 256.0;
    let levels = Levels::new(vec![8, 5, 2]).expect("levels");
    let (vectors, upstream) = (noise(2, &[6, 3]), noise(3, &[6, 3]));
    let tensor = tracked::<2>(&vectors);
    let batch = quantizer(levels.numbers()).forward(tensor.clone(), None);
    let gradients = (batch.codes * on_cpu(&upstream)).sum().backward();
    let gradient = values(tensor.grad(&gradients).expect("a gradient"));
    let bounds = levels.bounds();
    let slopes: Vec<f32> = vectors
        .data()
        .iter()
        .zip(upstream.data())
        .enumerate()
        .map(|(place, (value, upstream))| {
            let bound = bounds[place % 3];
            let difference = bound.bounded(value + STEP) - bound.bounded(value - STEP);
            upstream * difference / (2.0 * STEP)
        })
        .collect();
    let differences = Tolerance { abs: 1e-3, rel: 1e-3 };
    assert_close(&gradient, &slopes, differences);
    let mut wrong = gradient;
    wrong[4] += 0.05;
    assert!(first_difference(&wrong, &slopes, differences).is_some(), "changed");
}

#[test]
fn only_use_is_counted_of_codes_that_cannot_move() {
    let quantizer = quantizer(&[3, 3]).begun(1);
    let batch = quantizer.forward(on_cpu(&noise(4, &[20, 2])), None);
    let rules = CodebookRules { decay: 0.5, restart_threshold: 100.0 };
    let before = values(quantizer.codebook());
    let (after, restarted) = quantizer.update(&batch, &rules, None, 1, 1);
    assert!(super::marks(restarted).iter().all(|mark| !mark), "none starts again");
    assert_eq!(values(after.codebook()), before);
    let tensors = zscope::model::params::collect(&after);
    let halves: Vec<f32> = values(batch.counts).iter().map(|count| 0.5 + 0.5 * count).collect();
    assert_eq!(tensors["cluster_size"].data(), halves);
    assert_eq!(tensors.len(), 1, "and nothing else is kept");
}

#[test]
fn fsq_matches_vector_quantize_pytorch() {
    let Some(file) = oracle("vqp_fsq") else { return };
    for (case, levels) in [("l8555", &[8, 5, 5, 5][..]), ("l44", &[4, 4])] {
        let name = |part: &str| format!("{case}.{part}");
        let (vectors, upstream) = (rows(&file, &name("x")), rows(&file, &name("upstream")));
        let tensor = tracked::<2>(&vectors);
        let quantizer = quantizer(levels);
        let batch = quantizer.forward(tensor.clone(), None);
        let expected = file.indices(&name("indices")).expect("indices").data;
        assert_eq!(whole(batch.indices.clone()), expected, "{case}");
        assert_eq!(whole(quantizer.indices(on_cpu(&vectors))), expected, "{case}");
        assert_reads(&file, &name("out"), &values(batch.codes.clone()));
        assert_reads(&file, &name("from_indices"), &values(quantizer.codes(batch.indices.clone())));
        assert_reads(&file, &name("implicit_codebook"), &values(quantizer.codebook()));
        let gradients = (batch.codes * on_cpu(&upstream)).sum().backward();
        let gradient = values(tensor.grad(&gradients).expect("a gradient"));
        assert_reads(&file, &name("grad_x"), &gradient);
    }
}

/// Between a layer into the grid's dimensions and one out of them, as an encoder and a decoder have.
#[test]
fn fsq_between_layers_matches_vector_quantize_pytorch() {
    let Some(file) = oracle("vqp_fsq") else { return };
    let of = |part: &str| file.array(&format!("l5_proj6.{part}")).expect(part);
    let layer = |x: Tensor<2>, name: &str| -> Tensor<2> {
        let bias = of(&format!("{name}_bias"));
        let bias = bias.clone().reshaped([1, bias.data().len()]).expect("a row");
        x.matmul(on_cpu::<2>(&of(&format!("{name}_weight"))).transpose()) + on_cpu::<2>(&bias)
    };
    let vectors = tracked::<2>(&rows(&file, "l5_proj6.x"));
    let batch = quantizer(&[5, 5, 5]).forward(layer(vectors.clone(), "in"), None);
    assert_eq!(whole(batch.indices), file.indices("l5_proj6.indices").expect("indices").data);
    let out = layer(batch.codes, "out");
    assert_reads(&file, "l5_proj6.out", &values(out.clone()));
    let gradients = (out * on_cpu::<2>(&rows(&file, "l5_proj6.upstream"))).sum().backward();
    assert_reads(&file, "l5_proj6.grad_x", &values(vectors.grad(&gradients).expect("a gradient")));
}

#[test]
fn fsq_of_planes_matches_vector_quantize_pytorch() {
    let Some(file) = oracle("vqp_fsq") else { return };
    let planes: Array = file.array("image.x").expect("planes");
    let levels = if planes.shape()[1] == 4 { &[8, 5, 5, 5][..] } else { &[4, 4] };
    let batch = quantizer(levels).forward(rows_of(on_cpu(&planes)), None);
    assert_eq!(whole(batch.indices), file.indices("image.indices").expect("indices").data);
    assert_reads(&file, "image.out", &values(planes_of(batch.codes, 2, [6, 5])));
}
