//! Vector quantization: against hand-computed numbers, brute force in f64, finite differences and the numbers
//! of PyTorch libraries.

mod fsq;
mod kmeans;
mod multi_head;
mod residual;
mod rotation;
mod simvq;
mod update;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use zscope::array::Array;
use zscope::formats::arrays::ArrayFile;
use zscope::graph::lower::quantizer::{CodebookUpdate, QuantizerConfig};
use zscope::metrics::code_use;
use zscope::model::params::{array_from_tensor, tensor_from_array};
use zscope::model::quantizer::{
    Quantized, Quantizer, counts, nearest_codes, nearest_codes_exactly, planes_of, rows_of,
};
use zscope::random::{Purpose, normals, permutation};

use crate::common::{Tolerance, assert_close, first_difference, shared};

fn array(shape: &[usize], data: &[f32]) -> Array {
    Array::new(shape, data.to_vec()).expect("values fill the shape")
}

/// Normal numbers that depend on the seed and the shape's order of use alone.
fn noise(seed: u64, shape: &[usize]) -> Array {
    array(shape, &normals(seed, 1, Purpose::Explore, shape.iter().product()))
}

fn on_cpu<const D: usize>(array: &Array) -> Tensor<D> {
    tensor_from_array(array, &Device::flex())
}

fn tracked<const D: usize>(array: &Array) -> Tensor<D> {
    tensor_from_array(array, &Device::flex().autodiff()).require_grad()
}

/// Of the use of codes that a device counted.
fn perplexity(counts: Tensor<1>) -> f32 {
    let counts: Vec<u64> = values(counts).into_iter().map(|count| count as u64).collect();
    code_use::perplexity(&counts) as f32
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    array_from_tensor(tensor).into_data()
}

fn whole<const D: usize>(tensor: Tensor<D, Int>) -> Vec<i32> {
    tensor.try_into_vec_as::<i32>().expect("whole numbers")
}

fn marks(tensor: Tensor<1, Bool>) -> Vec<bool> {
    tensor.int().try_into_vec_as::<i32>().expect("marks").iter().map(|&mark| mark != 0).collect()
}

fn mask(marks: &[bool]) -> Tensor<1, Bool> {
    Tensor::from_data(TensorData::new(marks.to_vec(), [marks.len()]), &Device::flex())
}

fn indices(indices: &[i32]) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(indices.to_vec(), [indices.len()]), &Device::flex())
}

/// A quantizer with the given codes whose sizes start at one, on a device with gradients.
fn quantizer(codes: &Array, ema: bool, cosine: bool) -> Quantizer {
    let config = QuantizerConfig { cosine, ..config(codes.num_rows(), codes.row_len(), ema) };
    with_codes(&config, codes)
}

/// One codebook of `k` codes of `d` values.
fn config(k: usize, d: usize, ema: bool) -> QuantizerConfig {
    let update = if ema { CodebookUpdate::Ema } else { CodebookUpdate::Loss };
    QuantizerConfig { codebook_size: k, code_dim: d, update, ..QuantizerConfig::new() }
}

fn with_codes(config: &QuantizerConfig, codes: &Array) -> Quantizer {
    config.check().expect("choices that go together");
    Quantizer::new(config, &Device::flex().autodiff())
        .with_codes(codes, 1.0)
        .expect("codes of the right shape")
}

fn index(index: usize) -> i32 {
    i32::try_from(index).expect("few codes")
}

fn nearest(vectors: &Array, codes: &Array) -> Vec<i32> {
    whole(nearest_codes(on_cpu(vectors), on_cpu(codes)))
}

fn exactly(vectors: &Array, codes: &Array) -> Vec<i32> {
    whole(nearest_codes_exactly(on_cpu(vectors), on_cpu(codes)))
}

/// The squared distance of a vector from every code, in f64.
fn distances(vector: &[f32], codes: &Array) -> Vec<f64> {
    let squares = |code: &[f32]| {
        vector.iter().zip(code).map(|(z, e)| (f64::from(*z) - f64::from(*e)).powi(2)).sum()
    };
    (0..codes.num_rows()).map(|code| squares(codes.row(code))).collect()
}

/// The first vector with a code that is clearly nearer than the one that was found for it.
fn wrong_choice(found: &[i32], vectors: &Array, codes: &Array) -> Option<String> {
    if found.len() != vectors.num_rows() {
        return Some(format!("{} indices for {} vectors", found.len(), vectors.num_rows()));
    }
    found.iter().enumerate().find_map(|(vector, &code)| {
        let distances = distances(vectors.row(vector), codes);
        let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
        let found = distances.get(code as usize).copied().unwrap_or(f64::NAN);
        (found.is_nan() || found > least * (1.0 + 1e-5) + 1e-12)
            .then(|| format!("vector {vector}: code {code} at {found}, another at {least}"))
    })
}

#[test]
fn nearest_codes_by_hand() {
    let codes = array(&[4, 2], &[0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 1.0, 0.0]);
    let vectors = array(&[6, 2], &[0.1, 0.1, 0.9, -0.2, 0.5, 0.0, -3.0, 9.0, 0.0, 1.0, 100.0, 0.0]);
    // Halfway between two codes, and between a code and its double: the lowest.
    assert_eq!(nearest(&vectors, &codes), [0, 1, 0, 2, 0, 1]);
    assert_eq!(exactly(&vectors, &codes), [0, 1, 0, 2, 0, 1]);
    assert_eq!(nearest(&array(&[2, 1], &[-7.0, 3.0]), &array(&[1, 1], &[5.0])), [0, 0], "one code");
    let line = array(&[3, 1], &[-1.0, 0.0, 2.0]);
    assert_eq!(nearest(&array(&[5, 1], &[-9.0, -0.6, 0.9, 1.1, 1e6]), &line), [0, 0, 1, 2, 2]);
}

#[test]
fn nearest_codes_match_brute_force() {
    let sizes = [(1, 1, 1), (7, 5, 3), (97, 17, 1), (64, 512, 64), (50, 101, 31), (3, 16_384, 8)];
    for (n, k, d) in sizes {
        let (vectors, codes) = (noise(1, &[n, d]), noise(2, &[k, d]));
        let mut found = nearest(&vectors, &codes);
        assert_eq!(wrong_choice(&found, &vectors, &codes), None, "{n} vectors, {k} codes of {d}");
        assert_eq!(exactly(&vectors, &codes), found, "{n} vectors, {k} codes of {d}, exactly");
        // Negative control: one other choice is seen.
        if k > 1 {
            found[n / 2] = (found[n / 2] + 1) % index(k);
            assert!(wrong_choice(&found, &vectors, &codes).is_some(), "a wrong choice");
        }
    }
}

/// Codes and vectors much closer to each other than to the origin, as where an image has an even ground.
#[test]
fn near_codes_are_told_apart_exactly() {
    let (n, k, d) = (300, 130, 16);
    let moved = |array: Array| {
        let move_row = |(index, value): (usize, &f32)| 3.0 + (index % d) as f32 + 1e-2 * value;
        let data: Vec<f32> = array.data().iter().enumerate().map(move_row).collect();
        self::array(array.shape(), &data)
    };
    let (vectors, codes) = (moved(noise(3, &[n, d])), moved(noise(4, &[k, d])));
    assert_eq!(wrong_choice(&exactly(&vectors, &codes), &vectors, &codes), None);
    let of_quantizer = quantizer(&codes, true, false).indices(on_cpu(&vectors));
    assert_eq!(wrong_choice(&whole(of_quantizer), &vectors, &codes), None);
    // Negative control: such codes are more than f32 can tell apart by their products.
    assert!(wrong_choice(&nearest(&vectors, &codes), &vectors, &codes).is_some(), "in f32");
}

/// More distances than are held at once, and a last chunk that is not full.
#[test]
fn nearest_codes_of_many_vectors() {
    let (n, k) = (131, 65_536);
    let (vectors, codes) = (noise(3, &[n, 2]), noise(4, &[k, 2]));
    assert_eq!(wrong_choice(&nearest(&vectors, &codes), &vectors, &codes), None);
}

#[test]
fn equal_codes_give_the_lowest_index() {
    for k in [2, 5, 16, 31, 33, 257, 512] {
        for d in [1, 3, 8, 64, 67] {
            let row = noise(5, &[1, d]);
            let codes = array(&[k, d], &row.data().repeat(k));
            assert_eq!(nearest(&noise(6, &[9, d]), &codes), [0; 9], "{k} codes of {d}");
            // The same code at three places among others.
            let mut codes = noise(7, &[k, d]);
            for place in [k / 3, k / 2, k - 1] {
                codes.data_mut()[place * d..(place + 1) * d].copy_from_slice(row.data());
            }
            assert_eq!(nearest(&row, &codes), [index(k / 3)], "{k} codes of {d}");
            assert_eq!(exactly(&row, &codes), [index(k / 3)], "{k} codes of {d}, exactly");
        }
    }
}

#[test]
fn every_code_is_nearest_to_itself() {
    for (k, d) in [(1, 1), (13, 1), (512, 64), (101, 7)] {
        let codes = noise(8, &[k, d]);
        let order = permutation(9, 1, Purpose::Explore, k);
        let vectors: Vec<f32> =
            order.iter().flat_map(|&code| codes.row(code as usize)).copied().collect();
        let found = nearest(&array(&[k, d], &vectors), &codes);
        assert_eq!(found, order.iter().map(|code| code.cast_signed()).collect::<Vec<_>>());
    }
}

#[test]
fn counts_and_perplexity_by_hand() {
    let found = values(counts(indices(&[3, 0, 3, 3, 1]), 5));
    assert_eq!(found, [1.0, 1.0, 0.0, 3.0, 0.0]);
    let of = |counts: &[f32]| perplexity(on_cpu(&array(&[counts.len()], counts)));
    let close = |found: f32, expected: f32| {
        assert!((found - expected).abs() < 1e-4 * expected, "{found}, expected {expected}");
    };
    close(of(&[7.0]), 1.0);
    close(of(&[0.0, 4.0, 0.0]), 1.0);
    close(of(&[2.0; 512]), 512.0);
    // Halves and quarters: 1.5 bits.
    close(of(&[2.0, 1.0, 0.0, 1.0]), 2.0f32.powf(1.5));
    close(of(&[1.0, 3.0]), 2.0f32.powf(0.811_278_1));
    // Negative control: two codes that trade places are the same, other shares are not.
    assert!((of(&[1.0, 3.0]) - of(&[1.0, 2.0])).abs() > 0.1, "other shares");
}

#[test]
fn rows_and_planes_are_inverse() {
    let planes = noise(10, &[2, 3, 4, 5]);
    let rows = array_from_tensor(rows_of(on_cpu(&planes)));
    assert_eq!(rows.shape(), [40, 3]);
    // Image 1, row 2, column 3: every plane's value there.
    let at = |plane: usize| planes.data()[((3 + plane) * 4 + 2) * 5 + 3];
    assert_eq!(rows.row(20 + 2 * 5 + 3), [at(0), at(1), at(2)]);
    assert_eq!(array_from_tensor(planes_of(on_cpu(&rows), 2, [4, 5])), planes);
}

#[test]
fn properties_of_a_quantized_batch() {
    for (n, k, d) in [(1, 1, 1), (40, 1, 3), (40, 7, 1), (97, 13, 5), (3, 64, 16)] {
        for cosine in [false, true] {
            let (vectors, codes) = (noise(11, &[n, d]), noise(12, &[k, d]));
            let quantizer = quantizer(&codes, true, cosine);
            let codebook = array_from_tensor(quantizer.codebook());
            let batch = quantizer.forward(tracked(&vectors), None);
            let chosen = whole(batch.indices.clone());
            let rows: Vec<f32> =
                chosen.iter().flat_map(|&code| codebook.row(code as usize)).copied().collect();
            assert_eq!(values(batch.codes.clone()), rows, "exactly the rows of the codebook");
            assert_eq!(values(quantizer.codes(batch.indices.clone())), rows);
            assert_eq!(whole(quantizer.indices(on_cpu(&vectors))), chosen, "without losses");
            assert_eq!(values(batch.counts.clone().sum()), [n as f32]);
            let perplexity = perplexity(batch.counts.clone());
            assert!((0.999..=k as f32 * 1.001).contains(&perplexity), "{perplexity} of {k}");
            let again = quantizer.forward(batch.codes.clone(), None);
            assert_eq!(whole(again.indices), chosen, "codes are their own");
        }
    }
}

#[test]
fn losses_by_hand() {
    let codes = array(&[2, 2], &[0.0, 0.0, 4.0, 4.0]);
    let vectors = array(&[2, 2], &[1.0, 0.0, 3.0, 6.0]);
    // Squared differences 1, 0, 1, 4: mean 1.5.
    let batch = quantizer(&codes, false, false).forward(tracked(&vectors), None);
    assert_eq!(whole(batch.indices.clone()), [0, 1]);
    assert_eq!(values(batch.commitment_loss.clone()), [1.5]);
    assert_eq!(values(batch.codebook_loss.clone().expect("moved by its loss")), [1.5]);
    assert_eq!(values(batch.loss(0.25)), [1.5 + 0.25 * 1.5]);
    let averaged = quantizer(&codes, true, false).forward(tracked(&vectors), None);
    assert!(averaged.codebook_loss.is_none(), "averages do its work");
    assert_eq!(values(averaged.loss(0.25)), [0.25 * 1.5]);
}

/// d(sum of codes · upstream) / d(vectors) is upstream itself.
#[test]
fn straight_through_is_the_identity() {
    let (vectors, codes) = (noise(13, &[29, 5]), noise(14, &[11, 5]));
    let upstream = noise(15, &[29, 5]);
    let (_, [of_vectors, _]) =
        gradients(&codes, &vectors, false, |batch| (batch.codes.clone() * on_cpu(&upstream)).sum());
    assert_eq!(of_vectors.expect("straight through"), upstream.data());
}

/// A batch, and the gradients of a function of it by the vectors and by the codebook.
fn gradients(
    codes: &Array,
    vectors: &Array,
    cosine: bool,
    f: impl Fn(&Quantized) -> Tensor<1>,
) -> (Quantized, [Option<Vec<f32>>; 2]) {
    let quantizer = quantizer(codes, false, cosine);
    let vectors = tracked::<2>(vectors);
    let batch = quantizer.forward(vectors.clone(), None);
    let gradients = f(&batch).backward();
    let of_codes = codebook_gradient(&quantizer, &gradients);
    (batch, [vectors.grad(&gradients).map(values), of_codes])
}

fn codebook_gradient(
    quantizer: &Quantizer,
    gradients: &burn::tensor::Gradients,
) -> Option<Vec<f32>> {
    struct Visitor<'a>(&'a burn::tensor::Gradients, Option<Vec<f32>>);
    impl burn::module::ModuleVisitor for Visitor<'_> {
        fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.0) {
                assert!(self.1.is_none(), "only the codebook has a gradient");
                self.1 = Some(values(gradient));
            }
        }
    }
    let mut visitor = Visitor(gradients, None);
    burn::module::Module::visit(quantizer, &mut visitor);
    visitor.1
}

/// Codes far from each other and vectors near them, so that small steps change no choice.
fn clear_choices(n: usize, k: usize, d: usize) -> (Array, Array) {
    let mut codes = noise(16, &[k, d]);
    codes.data_mut().iter_mut().for_each(|value| *value *= 8.0);
    let mut vectors = noise(17, &[n, d]);
    for (index, row) in vectors.data_mut().chunks_exact_mut(d).enumerate() {
        for (value, code) in row.iter_mut().zip(codes.row((index * 7) % k)) {
            *value = *value * 0.3 + code;
        }
    }
    (vectors, codes)
}

#[test]
fn gradients_match_finite_differences() {
    const STEP: f32 = 1.0 / 64.0;
    const DIFFERENCES: Tolerance = Tolerance { abs: 2e-3, rel: 1e-2 };
    for cosine in [false, true] {
        let (vectors, codes) = clear_choices(7, 5, 4);
        let upstream = noise(18, &[7, 4]);
        let beta = 0.25;
        let (batch, [of_vectors, of_codes]) =
            gradients(&codes, &vectors, cosine, |batch| batch.loss(beta) * 10.0);
        let chosen = whole(batch.indices);
        // The stop-gradient as an equation: what is held fixed keeps its value while the other moves.
        let unit = |row: &[f32]| -> Vec<f64> {
            let length = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            let scale = if cosine { 1.0 / length } else { 1.0 };
            row.iter().map(|v| f64::from(*v) * scale).collect()
        };
        let codebook = array_from_tensor(quantizer(&codes, false, cosine).codebook());
        let mean = |vectors: &Array, codebook: &Array| {
            let of_row = |row: usize| -> f64 {
                let code = codebook.row(chosen[row] as usize);
                let squares = unit(vectors.row(row)).into_iter().zip(code);
                squares.map(|(z, e)| (z - f64::from(*e)).powi(2)).sum()
            };
            (0..vectors.num_rows()).map(of_row).sum::<f64>() / vectors.data().len() as f64
        };
        let slopes = |of: &dyn Fn(&Array) -> f64, at: &Array| -> Vec<f32> {
            let moved = |index: usize, step: f32| {
                let mut moved = at.clone();
                moved.data_mut()[index] += step;
                (f64::from(moved.data()[index]), of(&moved))
            };
            let slope = |index| {
                let ((x1, y1), (x0, y0)) = (moved(index, STEP), moved(index, -STEP));
                ((y1 - y0) / (x1 - x0)) as f32
            };
            (0..at.data().len()).map(slope).collect()
        };
        let by_vectors = slopes(&|moved| 10.0 * beta * mean(moved, &codebook), &vectors);
        let by_codes = slopes(&|moved| 10.0 * mean(&vectors, moved), &codebook);
        let of_vectors = of_vectors.expect("the commitment");
        assert_close(&of_vectors, &by_vectors, DIFFERENCES);
        assert_close(&of_codes.expect("the codebook term"), &by_codes, DIFFERENCES);
        let mut wrong = of_vectors;
        wrong[3] += 0.05 + 0.1 * wrong[3].abs();
        assert!(first_difference(&wrong, &by_vectors, DIFFERENCES).is_some(), "changed");
        // Of the codes themselves no gradient reaches the codebook.
        let (_, [_, none]) = gradients(&codes, &vectors, cosine, |batch| {
            (batch.codes.clone() * on_cpu(&upstream)).sum()
        });
        assert!(none.is_none_or(|gradient| gradient.iter().all(|g| *g == 0.0)), "stopped");
    }
}

#[test]
fn frozen_codes_get_no_gradient() {
    let (vectors, codes) = clear_choices(9, 4, 3);
    let quantizer = quantizer(&codes, false, false);
    let gradient = |frozen: Option<&Tensor<1, Bool>>| {
        let batch = quantizer.forward(tracked(&vectors), frozen);
        let loss = batch.loss(0.25);
        (values(loss.clone()), codebook_gradient(&quantizer, &loss.backward()).expect("some move"))
    };
    let (whole_loss, all) = gradient(None);
    let (loss, some) = gradient(Some(&mask(&[false, true, false, true])));
    assert_eq!(loss, whole_loss, "the same value");
    for code in 0..4 {
        let expected = if code % 2 == 1 { vec![0.0; 3] } else { all[code * 3..][..3].to_vec() };
        assert_eq!(some[code * 3..][..3], expected, "code {code}");
        assert!(all[code * 3..][..3].iter().any(|g| *g != 0.0), "code {code} would move");
    }
}

#[test]
fn angles_do_not_depend_on_lengths() {
    let (vectors, codes) = (noise(19, &[50, 6]), noise(20, &[17, 6]));
    let quantizer = quantizer(&codes, true, true);
    let codebook = array_from_tensor(quantizer.codebook());
    for code in 0..17 {
        let square: f32 = codebook.row(code).iter().map(|value| value * value).sum();
        assert!((square - 1.0).abs() < 1e-5, "code {code} has length² {square}");
    }
    let chosen = whole(quantizer.indices(on_cpu(&vectors)));
    let mut scaled = vectors.clone();
    for (index, row) in scaled.data_mut().chunks_exact_mut(6).enumerate() {
        for value in row {
            *value *= 0.01 * (1 + index * index) as f32;
        }
    }
    assert_eq!(whole(quantizer.indices(on_cpu(&scaled))), chosen, "another length");
    // What an engine does, which knows no angles: the nearest of the stored codes, whatever the length.
    assert_eq!(wrong_choice(&chosen, &vectors, &codebook), None);
    assert_eq!(wrong_choice(&chosen, &scaled, &codebook), None);
    // By hand, in f64: the greatest cosine.
    for (row, &found) in chosen.iter().enumerate() {
        let product = |code: usize| -> f64 {
            let pairs = vectors.row(row).iter().zip(codebook.row(code));
            pairs.map(|(z, e)| f64::from(*z) * f64::from(*e)).sum()
        };
        let best = (0..17).map(product).fold(f64::NEG_INFINITY, f64::max);
        assert!(product(found as usize) > best - 1e-6, "vector {row}");
    }
}

#[test]
fn a_vector_of_zeros_has_a_finite_gradient() {
    let vectors = array(&[2, 3], &[0.0, 0.0, 0.0, 1.0, 2.0, 2.0]);
    let codes = noise(21, &[4, 3]);
    let (batch, [of_vectors, of_codes]) =
        gradients(&codes, &vectors, true, |batch| batch.loss(1.0) + batch.codes.clone().sum());
    for gradient in [of_vectors.expect("some"), of_codes.expect("some"), values(batch.codes)] {
        assert!(gradient.iter().all(|value| value.is_finite()), "{gradient:?}");
    }
}

fn oracle(case: &str) -> Option<ArrayFile> {
    let path = shared(&format!("oracles/{case}/io.safetensors"))?;
    Some(ArrayFile::open(&path).expect("the oracle opens"))
}

/// An array with all axes but the last made one.
fn rows(file: &ArrayFile, name: &str) -> Array {
    let array = file.array(name).expect(name);
    let d = *array.shape().last().expect("an axis");
    let n = array.data().len() / d;
    array.reshaped([n, d]).expect("the same values")
}

fn assert_reads(file: &ArrayFile, name: &str, found: &[f32]) {
    let expected = file.array(name).expect(name);
    if let Some(difference) = first_difference(found, expected.data(), Tolerance::TIGHT) {
        panic!("{name}: {difference}");
    }
}

#[test]
fn matches_vector_quantize_pytorch() {
    let Some(file) = oracle("vqp_euclidean") else { return };
    let (vectors, codes, upstream) =
        (rows(&file, "x"), rows(&file, "codebook"), rows(&file, "upstream"));
    // There one mse with a weight of 0.25 moves both sides.
    let (batch, [of_vectors, of_codes]) = gradients(&codes, &vectors, false, |batch| {
        (batch.commitment_loss.clone() + batch.codebook_loss.clone().expect("a loss")) * 0.25
    });
    assert_eq!(whole(batch.indices.clone()), file.indices("indices").expect("indices").data);
    assert_reads(&file, "ste.out", &values(batch.codes.clone()));
    assert_eq!(values(batch.codes), file.array("quantized_eval").expect("rows").data());
    assert_reads(&file, "usage_counts", &values(batch.counts.clone()));
    assert_reads(&file, "ste.grad_x_from_loss", &of_vectors.expect("some"));
    assert_reads(&file, "ste.grad_codebook_from_loss", &of_codes.expect("some"));
    let close = |found: Tensor<1>, expected: f32| {
        let found = values(found)[0];
        assert!((found - expected).abs() < 1e-5 * expected, "{found}, expected {expected}");
    };
    close(batch.commitment_loss, 0.819_198_6);
    let perplexity = perplexity(batch.counts);
    assert!((perplexity - 7.870_685).abs() < 1e-4, "{perplexity}");
    let (_, [of_vectors, _]) =
        gradients(&codes, &vectors, false, |batch| (batch.codes.clone() * on_cpu(&upstream)).sum());
    assert_reads(&file, "ste.grad_x_from_out", &of_vectors.expect("straight through"));
}

#[test]
fn matches_pythae() {
    let Some(file) = oracle("pythae_quantizers") else { return };
    let (vectors, codes) = (rows(&file, "plain.z_bhwc"), rows(&file, "codebook"));
    let (batch, [of_vectors, of_codes]) =
        gradients(&codes, &vectors, false, |batch| batch.loss(0.25));
    let expected = file.indices("plain.indices").expect("indices").data;
    assert_eq!(whole(batch.indices.clone()), expected);
    let quantized = planes_of(batch.codes.clone(), 4, [4, 4]);
    assert_reads(&file, "plain.quantized_bchw", &values(quantized));
    assert_reads(&file, "plain.usage_counts", &values(batch.counts.clone()));
    assert_reads(&file, "plain.grad_z_from_loss", &of_vectors.expect("some"));
    assert_reads(&file, "plain.grad_codebook_from_loss", &of_codes.expect("some"));
    let loss = values(batch.loss(0.25))[0];
    assert!((loss - 1.081_002_7).abs() < 1e-5, "{loss}");
    let perplexity = perplexity(batch.counts);
    assert!((perplexity - 9.917_573).abs() < 1e-4, "{perplexity}");
    let upstream = rows_of(on_cpu(&file.array("plain.upstream_bchw").expect("upstream")));
    let (_, [of_vectors, _]) =
        gradients(&codes, &vectors, false, |batch| (batch.codes.clone() * upstream.clone()).sum());
    assert_reads(&file, "plain.grad_z_from_out", &of_vectors.expect("straight through"));
}
