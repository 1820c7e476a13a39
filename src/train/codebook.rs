//! The codebook of a model as tensors by name: how it begins, where its codes are put, which of them are kept.

use burn::tensor::{Bool, Device, Tensor, TensorData};

use super::learner::Codes;
use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::latent::nearest_codes;
use crate::model::quantizer::{CodebookRules, kmeans};
use crate::random::{self, Purpose};
use crate::session::codebook::ReviveFrom;

/// Vectors for each code that k-means sees, as far as [`MOST_BEGIN_IMAGES`] have them.
const VECTORS_PER_CODE: usize = 24;
/// Images that a codebook begins from, at most.
const MOST_BEGIN_IMAGES: usize = 1024;
/// A larger codebook begins with as many random vectors instead: k-means would take minutes.
const MOST_KMEANS_CODES: usize = 4096;

/// What the tensors of a codebook are called.
pub(super) struct Names {
    /// `[k, d]`
    pub(super) codebook: &'static str,
    /// `[k]`
    pub(super) cluster_size: &'static str,
    /// `[k, d]`, where there is one.
    pub(super) embed_avg: &'static str,
}

impl Names {
    /// Codes as they are now.
    pub(super) fn codes(&self, tensors: &NamedArrays, codes: &[usize]) -> Codes {
        let rows = codes.iter().flat_map(|&code| tensors[self.codebook].row(code).to_vec());
        let sizes = codes.iter().map(|&code| tensors[self.cluster_size].data()[code]);
        Codes { vectors: rows.collect(), sizes: sizes.collect() }
    }

    /// Puts codes somewhere; those that have no row stay.
    pub(super) fn put(&self, tensors: &mut NamedArrays, codes: &[usize], rows: &Codes) {
        let d = tensors[self.codebook].row_len();
        let rows = rows.vectors.chunks_exact(d).zip(&rows.sizes);
        for (&code, (vector, &size)) in codes.iter().zip(rows) {
            let place = code * d..(code + 1) * d;
            if let Some(codebook) = tensors.get_mut(self.codebook) {
                codebook.data_mut()[place.clone()].copy_from_slice(vector);
            }
            if let Some(sizes) = tensors.get_mut(self.cluster_size) {
                sizes.data_mut()[code] = size;
            }
            if let Some(sums) = tensors.get_mut(self.embed_avg) {
                let sums = &mut sums.data_mut()[place];
                sums.iter_mut().zip(vector).for_each(|(sum, value)| *sum = value * size);
            }
        }
    }
}

/// How many images, of so many vectors each, a codebook of `k` codes begins from.
pub(super) fn images_to_begin(k: usize, vectors: usize, batch: usize) -> usize {
    let wanted = if k > MOST_KMEANS_CODES { k } else { k * VECTORS_PER_CODE };
    wanted.div_ceil(vectors).clamp(batch.min(64), MOST_BEGIN_IMAGES)
}

/// The codes that training begins with, `[k, d]`.
pub(super) fn first_codes(vectors: Array, k: usize, seed: u64) -> Array {
    let is_large = k > MOST_KMEANS_CODES && vectors.num_rows() > k;
    kmeans(&if is_large { vectors.rows(0, k) } else { vectors }, k, seed)
}

/// How codes move, where a batch has `vectors` of them; a threshold near an even share would restart some always.
pub(super) fn rules(settings: &Settings, vectors: usize, k: usize) -> CodebookRules {
    let even_share = vectors as f64 / k as f64;
    CodebookRules {
        decay: settings.number("ema_decay"),
        restart_threshold: settings.number("restart_threshold").min(even_share / 3.0),
    }
}

/// The vector that a person gave, for each of `n` codes; none of them where it does not fit.
pub(super) fn given(vector: &[f32], n: usize, d: usize) -> Array {
    let fits = vector.len() == d && vector.iter().all(|value| value.is_finite());
    let rows = if fits { n } else { 0 };
    Array::new([rows, d], vector.repeat(rows)).expect("n times d values")
}

/// `n` of the vectors, drawn, or those farthest from every code.
pub(super) fn chosen(
    vectors: &Array,
    codebook: &Array,
    n: usize,
    from: &ReviveFrom,
    [seed, draw]: [u64; 2],
) -> Array {
    let mut order = random::permutation(seed, draw, Purpose::Restart, vectors.num_rows());
    if *from == ReviveFrom::Farthest {
        let nearest = nearest_codes(vectors, codebook);
        let distance = |row: u32| nearest[row as usize].1;
        order.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)));
    }
    order.truncate(n);
    let data = order.iter().flat_map(|&row| vectors.row(row as usize).to_vec()).collect();
    Array::new([order.len(), vectors.row_len()], data).expect("whole vectors")
}

/// Which codes are kept where they are.
pub(super) struct Frozen {
    marks: Vec<bool>,
    mask: Option<Tensor<1, Bool>>,
}

impl Frozen {
    /// None of `k`.
    pub(super) fn new(k: usize) -> Self {
        Self { marks: vec![false; k], mask: None }
    }

    /// Keeps codes where they are from now on, or lets them move again.
    pub(super) fn mark(&mut self, codes: &[usize], frozen: bool, device: &Device) {
        for &code in codes {
            if let Some(mark) = self.marks.get_mut(code) {
                *mark = frozen;
            }
        }
        let k = self.marks.len();
        let mask = || Tensor::from_data(TensorData::new(self.marks.clone(), [k]), device);
        self.mask = self.marks.contains(&true).then(mask);
    }

    /// `[k]`
    pub(super) fn marks(&self) -> &[bool] {
        &self.marks
    }

    /// `[k]` on the device; nothing where none is kept.
    pub(super) fn mask(&self) -> Option<&Tensor<1, Bool>> {
        self.mask.as_ref()
    }
}
