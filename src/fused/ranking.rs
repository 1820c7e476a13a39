//! Which of many codes is nearest to each of many vectors, and by how much: products of all with all, of which only the
//! two largest for every vector leave the registers; or products in bytes of all, and of the few that may be nearest.

#![expect(
    clippy::inline_always,
    reason = "else a function has no wider instructions than the whole program's build"
)]

mod bytes;
mod rounded;
mod shortlist;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata as _, backend_extension};
use burn::tensor::{Int, Shape, Tensor, TensorData};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use self::bytes::Bytes;
use self::rounded::Rounded;
use self::shortlist::{Candidate, Shortlist};
use super::lanes::{LANES, PANEL, Panels, block, whole};
use super::values;

/// Vectors that one thread looks at together: what a core's cache holds beside a block of codes.
const AT_ONCE: usize = 1536;

/// Candidates that are ranked side by side.
const ABREAST: usize = 4;

/// Values of the widest block.
const WIDEST: usize = 6 * LANES;

/// Codes that vectors are compared with: by their scores, `z·e - |e|² / 2`, of which the largest is the nearest code's.
#[derive(Clone, Debug)]
pub struct Ranking {
    dim: usize,
    codes: Panels,
    /// What the scores of every code begin with.
    starts: Vec<f32>,
    shortlist: Option<Shortlist>,
}

/// The code with the largest score of a vector, in single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ranked {
    /// The lowest code of those with the largest score.
    pub code: u32,
    /// The largest score.
    pub score: f32,
    /// The largest score of the others, or where that is farther from the largest than rounding reaches, a value between.
    pub next: f32,
    /// The vector's squared length.
    pub square: f32,
}

impl Ranking {
    /// Prepares codes for the fastest way of this processor.
    ///
    /// # Shapes
    /// `codes [k, dim]`
    pub fn new(codes: &[f32], dim: usize) -> Self {
        let mut bytes = Bytes::of_processor().into_iter();
        let shortlist = bytes.find_map(|bytes| Shortlist::new(bytes, codes, dim));
        Self { shortlist, ..Self::single(codes, dim) }
    }

    /// Prepares codes for every way of this processor, in single precision alone as the last.
    ///
    /// # Shapes
    /// `codes [k, dim]`
    pub fn each_way(codes: &[f32], dim: usize) -> Vec<Self> {
        let single = Self::single(codes, dim);
        let lists =
            Bytes::of_processor().into_iter().map(|bytes| Shortlist::new(bytes, codes, dim));
        let with = |list| Self { shortlist: Some(list), ..single.clone() };
        lists.flatten().map(with).chain([single.clone()]).collect()
    }

    /// Prepares codes for products in single precision.
    fn single(codes: &[f32], dim: usize) -> Self {
        let square = |code: &[f32]| code.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        let rows = codes.chunks_exact(dim);
        let panels = Panels::new([rows.len(), dim], |row, tap| codes[row * dim + tap]);
        let starts = rows.map(|code| (-0.5 * square(code)) as f32).collect();
        Self { dim, codes: panels, starts, shortlist: None }
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> u64 {
        let shortlist = self.shortlist.as_ref().map_or(0, Shortlist::bytes);
        self.codes.bytes() + 4 * self.starts.len() as u64 + shortlist
    }

    /// What a code's scores begin with: -|e|² / 2.
    pub fn start(&self, code: usize) -> f32 {
        self.starts[code]
    }

    /// The ranked code of every vector.
    ///
    /// # Shapes
    /// `vectors [b, dim, plane]`; the result is `[b, plane]`.
    pub fn of(&self, vectors: &[f32], plane: usize) -> Vec<Ranked> {
        let all = vectors.len() / self.dim;
        let per_thread = whole(all.div_ceil(rayon::current_num_threads()));
        let at_once = per_thread.clamp(LANES, AT_ONCE);
        let mut ranked = vec![Ranked::default(); all];
        ranked.par_chunks_mut(at_once).enumerate().for_each(|(chunk, ranked)| {
            let values = self.gathered(vectors, plane, chunk * at_once, ranked.len());
            let row = row_of(ranked.len());
            match &self.shortlist {
                None => Arch::new().dispatch(Rank { ranking: self, values: &values, row, ranked }),
                Some(list) => self.of_listed(list, &values, row, ranked),
            }
        });
        ranked
    }

    /// Ranks vectors `[dim, row]` by what is listed for them, or by all codes where that is too much.
    fn of_listed(&self, list: &Shortlist, values: &[f32], row: usize, ranked: &mut [Ranked]) {
        let rounded = Rounded::new(list, values, row);
        list.each(&rounded, |places, candidates| {
            let all = ranked.len();
            let ranked = &mut ranked[places.start.min(all)..places.end.min(all)];
            let values = &values[places.start..];
            let rank = Rank { ranking: self, values, row, ranked };
            match candidates {
                None => Arch::new().dispatch(rank),
                Some(candidates) => {
                    let (rounded, place) = (&rounded, places.start);
                    Arch::new().dispatch(RankListed { rank, candidates, rounded, place });
                }
            }
        });
    }

    /// Some vectors from one on, `[dim, row_of(count)]`.
    fn gathered(&self, vectors: &[f32], plane: usize, first: usize, count: usize) -> Vec<f32> {
        let row = row_of(count);
        let mut values = vec![0.0; self.dim * row];
        let mut place = 0;
        while place < count {
            let (item, start) = ((first + place) / plane, (first + place) % plane);
            let len = (plane - start).min(count - place);
            let item = &vectors[item * self.dim * plane..][..self.dim * plane];
            for (values, plane) in values.chunks_exact_mut(row).zip(item.chunks_exact(plane)) {
                values[place..][..len].copy_from_slice(&plane[start..][..len]);
            }
            place += len;
        }
        values
    }
}

/// Places of a row of vectors: an odd number of cache lines, as a column's would else share the same few places of the
/// cache.
fn row_of(count: usize) -> usize {
    ((whole(count) / LANES) | 1) * LANES
}

struct Rank<'a> {
    ranking: &'a Ranking,
    /// `[dim, row]`, from the first ranked vector on.
    values: &'a [f32],
    row: usize,
    ranked: &'a mut [Ranked],
}

impl WithSimd for Rank<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let widest = if S::REGISTER_COUNT >= 32 { 6 } else { 2 };
        let offsets = self.offsets();
        let registers = self.ranked.len().div_ceil(S::F32_LANES);
        let blocks = registers.div_ceil(widest);
        for index in 0..blocks {
            let [first, end] = [index, index + 1].map(|index| registers * index / blocks);
            let place = first * S::F32_LANES;
            match end - first {
                6 => self.block::<S, 6>(simd, place, &offsets),
                5 => self.block::<S, 5>(simd, place, &offsets),
                4 => self.block::<S, 4>(simd, place, &offsets),
                3 => self.block::<S, 3>(simd, place, &offsets),
                2 => self.block::<S, 2>(simd, place, &offsets),
                _ => self.block::<S, 1>(simd, place, &offsets),
            }
        }
    }
}

/// The largest scores so far of `N` registers of vectors.
struct Best<S: Simd, const N: usize> {
    scores: [S::f32s; N],
    nexts: [S::f32s; N],
    codes: [S::u32s; N],
}

impl<S: Simd, const N: usize> Best<S, N> {
    #[inline(always)]
    fn add(&mut self, simd: S, code: usize, scores: [S::f32s; N]) {
        let code = simd.splat_u32s(code as u32);
        for (index, score) in scores.into_iter().enumerate() {
            let best = self.scores[index];
            let is_larger = simd.greater_than_f32s(score, best);
            self.nexts[index] = simd.max_f32s(self.nexts[index], simd.min_f32s(score, best));
            self.scores[index] = simd.select_f32s(is_larger, score, best);
            self.codes[index] = simd.select_u32s(is_larger, code, self.codes[index]);
        }
    }
}

impl Rank<'_> {
    /// Where each value of the vectors begins.
    fn offsets(&self) -> Vec<usize> {
        (0..self.ranking.dim).map(|value| value * self.row).collect()
    }

    /// Ranks `N` registers of vectors.
    #[inline(always)]
    fn block<S: Simd, const N: usize>(&mut self, simd: S, place: usize, offsets: &[usize]) {
        let lowest = simd.splat_f32s(f32::NEG_INFINITY);
        let mut best = Best::<S, N> {
            scores: [lowest; N],
            nexts: [lowest; N],
            codes: [simd.splat_u32s(0); N],
        };
        let (values, starts) = (&self.values[place..], &self.ranking.starts);
        for (panel, starts) in starts.chunks(PANEL).enumerate() {
            let (_, weights) = self.ranking.codes.panel(0, panel);
            let panel = Panel { first: panel * PANEL, starts, weights, values, offsets };
            match starts.len() {
                4 => panel.rank::<S, 4, N>(simd, &mut best),
                3 => panel.rank::<S, 3, N>(simd, &mut best),
                2 => panel.rank::<S, 2, N>(simd, &mut best),
                _ => panel.rank::<S, 1, N>(simd, &mut best),
            }
        }
        let squares = squares::<S, N>(simd, values, offsets);
        let [mut scores, mut nexts, mut lengths] = [[0.0; WIDEST]; 3];
        let mut codes = [0; WIDEST];
        let width = N * S::F32_LANES;
        for (lanes, values) in
            [(best.scores, &mut scores), (best.nexts, &mut nexts), (squares, &mut lengths)]
        {
            S::as_mut_simd_f32s(&mut values[..width]).0.copy_from_slice(&lanes);
        }
        S::as_mut_simd_u32s(&mut codes[..width]).0.copy_from_slice(&best.codes);
        for (lane, ranked) in self.ranked[place..].iter_mut().take(width).enumerate() {
            *ranked = Ranked {
                code: codes[lane],
                score: scores[lane],
                next: nexts[lane],
                square: lengths[lane],
            };
        }
    }
}

/// A few codes, and vectors to compare them with.
struct Panel<'a> {
    first: usize,
    starts: &'a [f32],
    weights: &'a [f32],
    values: &'a [f32],
    offsets: &'a [usize],
}

impl Panel<'_> {
    #[inline(always)]
    fn rank<S: Simd, const R: usize, const N: usize>(&self, simd: S, best: &mut Best<S, N>) {
        let starts: [f32; R] = self.starts.try_into().expect("as many codes as asked");
        let sums = block::<S, R, N>(simd, starts, self.weights, self.values, self.offsets);
        for (code, scores) in (self.first..).zip(sums) {
            best.add(simd, code, scores);
        }
    }
}

/// Ranks the listed codes of vectors: the same sums in the same order as where all codes are compared.
struct RankListed<'a> {
    rank: Rank<'a>,
    candidates: &'a [Candidate],
    rounded: &'a Rounded,
    /// The first vector's place.
    place: usize,
}

impl WithSimd for RankListed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        let squares = &self.rounded.squares[self.place..];
        for (ranked, &square) in self.rank.ranked.iter_mut().zip(squares) {
            let (score, next) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
            *ranked = Ranked { code: 0, score, next, square };
        }
        for candidates in self.candidates.chunks(ABREAST) {
            let last = candidates.len() - 1;
            let scores = self.scores(std::array::from_fn(|index| candidates[index.min(last)]));
            for (&candidate, scores) in candidates.iter().zip(scores) {
                self.count(candidate, scores);
            }
        }
        let gaps = &self.rounded.gaps[self.place..];
        for (ranked, gap) in self.rank.ranked.iter_mut().zip(gaps) {
            ranked.next = ranked.next.max(ranked.score - gap);
        }
    }
}

impl RankListed<'_> {
    /// The scores of each candidate's codes: side by side, as each sum waits for its last product.
    #[inline(always)]
    fn scores(&self, candidates: [Candidate; ABREAST]) -> [[f32; PANEL]; ABREAST] {
        let Rank { ranking, values, row, .. } = self.rank;
        let [a, b, c, d] = candidates.map(|candidate| {
            let (_, weights) = ranking.codes.panel(0, candidate.panel);
            weights.as_chunks::<PANEL>().0
        });
        let mut sums = candidates.map(|candidate| {
            let starts = &ranking.starts[candidate.panel * PANEL..];
            *starts.first_chunk::<PANEL>().expect("whole panels are listed")
        });
        let lanes = candidates.map(|candidate| candidate.lane);
        for (value, (((a, b), c), d)) in a.iter().zip(b).zip(c).zip(d).enumerate() {
            let line = &values[value * row..];
            for ((sums, weights), lane) in sums.iter_mut().zip([a, b, c, d]).zip(lanes) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = weight.mul_add(line[lane], *sum);
                }
            }
        }
        sums
    }

    /// Counts the scores of a candidate's codes in.
    #[inline(always)]
    fn count(&mut self, Candidate { lane, panel }: Candidate, scores: [f32; PANEL]) {
        // A register may reach beyond the last vector.
        let Some(ranked) = self.rank.ranked.get_mut(lane) else { return };
        for (code, score) in (panel * PANEL..).zip(scores) {
            ranked.next = ranked.next.max(score.min(ranked.score));
            if score > ranked.score {
                (ranked.code, ranked.score) = (code as u32, score);
            }
        }
    }
}

/// The squared lengths of `N` registers of vectors.
#[inline(always)]
fn squares<S: Simd, const N: usize>(simd: S, values: &[f32], offsets: &[usize]) -> [S::f32s; N] {
    let mut sums = [simd.splat_f32s(0.0); N];
    for &offset in offsets {
        let line = S::as_simd_f32s(&values[offset..][..N * S::F32_LANES]).0;
        for (sum, &value) in sums.iter_mut().zip(line) {
            *sum = simd.mul_add_e_f32s(value, value, *sum);
        }
    }
    sums
}

/// The index of the code nearest to each vector, of equally near ones the lowest, within the rounding of scores.
///
/// # Shapes
/// `vectors [n, d]`, `codes [k, d]`; the result is `[n]`.
///
/// # Panics
/// When they are not of single precision.
pub fn nearest_rows(vectors: Tensor<2>, codes: Tensor<2>) -> Tensor<1, Int> {
    let [vectors, codes] = [vectors, codes].map(Tensor::into_dispatch);
    let indices = <Dispatch as NearestOps>::nearest_codes(vectors, codes);
    Tensor::<1>::from_dispatch(indices).int()
}

/// The search, as a backend does it: in whole numbers as values.
#[backend_extension(Flex, Cube, Fusion)]
pub(crate) trait NearestOps: Backend {
    /// The index of the code nearest to each vector, `[n]`.
    #[fusion(dtype = vectors, shape = Shape::new([vectors[0]]))]
    fn nearest_codes(vectors: FloatTensor<Self>, codes: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl NearestOps for Flex {
    fn nearest_codes(vectors: FloatTensor<Self>, codes: FloatTensor<Self>) -> FloatTensor<Self> {
        let [vectors, codes] = [vectors, codes].map(|tensor| tensor.to_contiguous());
        let dim = codes.shape()[1];
        let ranked = Ranking::new(values(&codes), dim).of(values(&vectors), 1);
        let indices: Vec<f32> = ranked.into_iter().map(|ranked| ranked.code as f32).collect();
        let shape = [indices.len()];
        FloatTensor::<Self>::from_data(TensorData::new(indices, shape))
    }
}

/// The products of a vector with every row of a matrix.
///
/// # Shapes
/// `rows [n, d]`, `vector [d]`; the result is `[n]`.
pub fn products(rows: &[f32], vector: &[f32]) -> Vec<f32> {
    let mut products = vec![0.0; rows.len() / vector.len()];
    Arch::new().dispatch(Products { rows, vector, to: &mut products });
    products
}

struct Products<'a> {
    rows: &'a [f32],
    vector: &'a [f32],
    to: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.rows.chunks_exact(self.vector.len());
        for (product, row) in self.to.iter_mut().zip(rows) {
            *product = dot(row, self.vector);
        }
    }
}

/// A product in sixteen sums.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum::<f32>();
    for (a, b) in a.zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.into_iter().sum::<f32>() + rest
}
