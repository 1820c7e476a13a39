//! SimVQ: codes that never move behind a map that is learned.

use burn::module::Module as _;
use burn::tensor::Device;
use zscope::array::{Array, NamedArrays};
use zscope::graph::lower::quantizer::{Method, QuantizerConfig};
use zscope::model::params;
use zscope::model::quantizer::{CodebookRules, Quantizer};

use super::{array, config, noise, on_cpu, tracked, values, whole, wrong_choice};
use crate::common::{Tolerance, assert_close, first_difference};

/// A quantizer of `codes` behind weight and bias.
fn quantizer(codes: &Array, weight: &Array, bias: &Array) -> Quantizer {
    let (k, d) = (codes.num_rows(), codes.row_len());
    let config = QuantizerConfig { method: Method::SimVq, ..config(k, d, true) };
    config.check().expect("choices that go together");
    let tensors = NamedArrays::from([
        ("codebook".to_owned(), codes.clone()),
        ("cluster_size".to_owned(), Array::filled([k], 1.0)),
        ("transform.weight".to_owned(), weight.clone()),
        ("transform.bias".to_owned(), bias.clone()),
    ]);
    params::load(Quantizer::new(&config, &Device::flex().autodiff()), &tensors)
        .expect("a quantizer")
}

/// All gradients of parameters, each with its number of axes.
struct Found<'a>(&'a burn::tensor::Gradients, Vec<(usize, Vec<f32>)>);
impl burn::module::ModuleVisitor for Found<'_> {
    fn visit_float<const D: usize>(
        &mut self,
        param: &burn::module::Param<burn::tensor::Tensor<D>>,
    ) {
        if let Some(gradient) = param.val().grad(self.0) {
            self.1.push((D, values(gradient)));
        }
    }
}

#[test]
fn losses_and_gradients_by_hand() {
    // Codes (1, 0) and (0, 1) through [[2, 0], [1, 3]] and (0, 1): (2, 2) and (0, 4).
    let codes = array(&[2, 2], &[1.0, 0.0, 0.0, 1.0]);
    let weight = array(&[2, 2], &[2.0, 0.0, 1.0, 3.0]);
    let quantizer = quantizer(&codes, &weight, &array(&[2], &[0.0, 1.0]));
    assert_eq!(values(quantizer.codebook()), [2.0, 2.0, 0.0, 4.0]);
    // (3, 2) is 1 from the first code in the first value.
    let vectors = tracked::<2>(&array(&[1, 2], &[3.0, 2.0]));
    let batch = quantizer.forward(vectors.clone(), None);
    assert_eq!(whole(batch.indices.clone()), [0]);
    assert_eq!(values(batch.codes.clone()), [2.0, 2.0]);
    assert_eq!(values(batch.commitment_loss.clone()), [0.5]);
    assert_eq!(values(batch.codebook_loss.clone().expect("of the map")), [0.5]);
    let gradients = batch.loss(0.25).backward();
    // d/dz of 0.25 · mean = 0.25 · 2 · (1, 0) / 2; d/db of mean = -2 · (1, 0) / 2, and d/dW that times the code.
    assert_eq!(values(vectors.grad(&gradients).expect("commitment")), [0.25, 0.0]);
    let mut found = Found(&gradients, Vec::new());
    quantizer.visit(&mut found);
    // The weight lies as [in, out]; the codes themselves have no gradient.
    assert_eq!(found.1, [(2, vec![-1.0, 0.0, 0.0, 0.0]), (1, vec![-1.0, 0.0])]);
}

#[test]
fn every_code_moves_with_the_map_and_none_alone() {
    let (codes, vectors) = (noise(1, &[13, 4]), noise(2, &[40, 4]));
    let quantizer = quantizer(&codes, &noise(3, &[4, 4]), &noise(4, &[4]));
    let codebook = params::array_from_tensor(quantizer.codebook());
    let chosen = whole(quantizer.indices(on_cpu(&vectors)));
    assert_eq!(wrong_choice(&chosen, &vectors, &codebook), None);
    let batch = quantizer.forward(on_cpu(&vectors), None);
    let rules = CodebookRules { decay: 0.5, restart_threshold: 100.0 };
    let (after, restarted) = quantizer.update(&batch, &rules, None, 1, 1);
    assert!(super::marks(restarted).iter().all(|mark| !mark), "none starts again");
    assert_eq!(params::array_from_tensor(after.codebook()), codebook);
    // Other codes are not taken.
    let same = after.with_codes(&noise(9, &[13, 4]), 3.0).expect("the same shape");
    assert_eq!(params::array_from_tensor(same.codebook()), codebook);
    assert_eq!(params::collect(&same)["cluster_size"], Array::filled([13], 3.0));
}

/// Codes with the mean and the covariance of vectors.
#[test]
fn a_fitted_map_spreads_codes_as_vectors_are() {
    let (k, d) = (4096, 3);
    let raw = noise(5, &[5000, d]);
    let mut vectors = raw.clone();
    for (row, raw) in vectors.data_mut().chunks_exact_mut(d).zip(raw.data().chunks_exact(d)) {
        row.copy_from_slice(&[2.0 * raw[0] + 1.0, 0.5 * raw[0] + raw[1], 0.1 * raw[2] - 4.0]);
    }
    let config = QuantizerConfig { method: Method::SimVq, ..config(k, d, false) };
    let quantizer = Quantizer::new(&config, &Device::flex()).begun(7).fitted(&vectors);
    let codes = params::array_from_tensor(quantizer.codebook());
    let moments = |rows: &Array| -> Vec<f32> {
        let n = rows.num_rows() as f32;
        let mean = |of: &dyn Fn(&[f32]) -> f32| {
            (0..rows.num_rows()).map(|row| of(rows.row(row))).sum::<f32>() / n
        };
        let centre: Vec<f32> = (0..d).map(|i| mean(&|row| row[i])).collect();
        let pairs = (0..d).flat_map(|i| (0..=i).map(move |j| (i, j)));
        let spreads = pairs.map(|(i, j)| mean(&|row| (row[i] - centre[i]) * (row[j] - centre[j])));
        let spreads: Vec<f32> = spreads.collect();
        centre.into_iter().chain(spreads).collect()
    };
    // Four thousand draws tell moments to a few percent.
    let close = Tolerance { abs: 0.02, rel: 0.05 };
    assert_close(&moments(&codes), &moments(&vectors), close);
    let unfitted = Quantizer::new(&config, &Device::flex()).begun(7);
    let unfitted = params::array_from_tensor(unfitted.codebook());
    assert!(first_difference(&moments(&unfitted), &moments(&vectors), close).is_some(), "unfitted");
}
