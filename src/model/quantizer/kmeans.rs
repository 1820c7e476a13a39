//! First codes from vectors of the data.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::array::Array;
use crate::latent::squared_distance;
use crate::random::{self, Purpose};

/// Rounds of Lloyd's algorithm; the codes go on moving in training.
const ROUNDS: usize = 10;

/// Codes that are compared at once; with [`ROWS`] vectors they fill the registers of the oldest x86-64.
const TILE: usize = 16;
/// Vectors that are compared at once.
const ROWS: usize = 2;

/// `k` codes that stand for `vectors` by k-means: ten rounds of Lloyd's algorithm from k-means++'s picks. A code
/// that no vector chooses starts again at a random vector. With `k` vectors or fewer each is a code, and the
/// rest are drawn from them with repetition.
///
/// Depends on the vectors and the seed alone, not on the number of threads. Takes about 11 n k d
/// multiplications on rayon's pool: half a second for 12,544 vectors of 64 dimensions and 512 codes on one core.
///
/// # Shapes
/// - `vectors`: `[n, d]`, n at least 1; result: `[k, d]`
///
/// # Panics
/// When there is no vector, or k is 0.
///
/// # Source
/// k-means++: The Advantages of Careful Seeding (Arthur & Vassilvitskii, 2007, section 2.2). Picks are far from
/// each other: images with even ground have thousands of equal vectors, which random picks would
/// take for many codes.
pub fn kmeans(vectors: &Array, k: usize, seed: u64) -> Array {
    let (n, d) = (vectors.num_rows(), vectors.row_len());
    assert!(n > 0 && k > 0, "k-means needs vectors and codes, not {n} and {k}");
    let mut rng = random::stream(seed, 0, Purpose::KMeans);
    if n <= k {
        let mut codes = Array::zeros([k, d]);
        for code in 0..k {
            let row = if code < n { code } else { rng.random_range(0..n) };
            codes.data_mut()[code * d..(code + 1) * d].copy_from_slice(vectors.row(row));
        }
        return codes;
    }
    let mut codes = spread_picks(vectors, k, &mut rng);
    for _ in 0..ROUNDS {
        let nearest = nearest(vectors, &codes);
        codes = means(vectors, &nearest, k, &mut rng);
    }
    codes
}

/// `k` vectors, each drawn with a probability that grows with its squared distance from those before, `[k, d]`.
fn spread_picks(vectors: &Array, k: usize, rng: &mut ChaCha8Rng) -> Array {
    let (n, d) = (vectors.num_rows(), vectors.row_len());
    let mut codes = Array::zeros([k, d]);
    let mut distances = vec![f32::INFINITY; n];
    let mut sums = vec![0.0f64; n];
    let mut pick = rng.random_range(0..n);
    for code in codes.data_mut().chunks_exact_mut(d) {
        code.copy_from_slice(vectors.row(pick));
        distances.par_iter_mut().zip(vectors.data().par_chunks_exact(d)).for_each(
            |(distance, vector)| *distance = distance.min(squared_distance(vector, code)),
        );
        let mut total = 0.0;
        for (sum, distance) in sums.iter_mut().zip(&distances) {
            total += f64::from(*distance);
            *sum = total;
        }
        pick = if total > 0.0 {
            let target = rng.random::<f64>() * total;
            sums.partition_point(|sum| *sum <= target).min(n - 1)
        } else {
            rng.random_range(0..n) // fewer different vectors than codes
        };
    }
    codes
}

/// The index of the code nearest to each vector; of equally near ones the lowest.
fn nearest(vectors: &Array, codes: &Array) -> Vec<usize> {
    let d = vectors.row_len();
    let tiles: Vec<Tile> = codes.data().chunks(TILE * d).map(|rows| Tile::new(rows, d)).collect();
    let chunks = vectors.data().par_chunks(ROWS * d);
    chunks.flat_map_iter(|rows| nearest_of_chunk(rows, d, &tiles)).collect()
}

/// [`TILE`] codes, one dimension after the other.
struct Tile {
    dims: Vec<[f32; TILE]>,
    /// |e|² / 2, infinite where the last tile has no code.
    half_squares: [f32; TILE],
}

impl Tile {
    fn new(rows: &[f32], d: usize) -> Self {
        let mut dims = vec![[0.0; TILE]; d];
        let mut half_squares = [f32::INFINITY; TILE];
        for (lane, row) in rows.chunks_exact(d).enumerate() {
            for (values, value) in dims.iter_mut().zip(row) {
                values[lane] = *value;
            }
            half_squares[lane] = 0.5 * row.iter().map(|value| value * value).sum::<f32>();
        }
        Self { dims, half_squares }
    }

    /// Half the squared distances, short of |z|² / 2.
    fn distances(&self, rows: [&[f32]; ROWS]) -> [[f32; TILE]; ROWS] {
        let mut products = [[0.0; TILE]; ROWS];
        for (dim, codes) in self.dims.iter().enumerate() {
            for (products, row) in products.iter_mut().zip(rows) {
                for lane in 0..TILE {
                    products[lane] += row[dim] * codes[lane];
                }
            }
        }
        products
            .map(|products| std::array::from_fn(|lane| self.half_squares[lane] - products[lane]))
    }
}

/// The nearest codes of up to [`ROWS`] vectors.
fn nearest_of_chunk(chunk: &[f32], d: usize, tiles: &[Tile]) -> impl Iterator<Item = usize> {
    let count = chunk.len() / d;
    // A chunk that is short repeats its last vector.
    let rows = std::array::from_fn(|row| &chunk[row.min(count - 1) * d..][..d]);
    let mut best = [(f32::INFINITY, 0); ROWS];
    for (index, tile) in tiles.iter().enumerate() {
        for (best, distances) in best.iter_mut().zip(tile.distances(rows)) {
            for (lane, distance) in distances.into_iter().enumerate() {
                if distance < best.0 {
                    *best = (distance, index * TILE + lane);
                }
            }
        }
    }
    best.into_iter().take(count).map(|(_, code)| code)
}

/// The mean of the vectors that chose each code, `[k, d]`; a random vector for codes that none chose.
fn means(vectors: &Array, nearest: &[usize], k: usize, rng: &mut ChaCha8Rng) -> Array {
    let (n, d) = (vectors.num_rows(), vectors.row_len());
    let mut counts = vec![0u32; k];
    let mut sums = vec![0.0f64; k * d];
    for (vector, &code) in vectors.data().chunks_exact(d).zip(nearest) {
        counts[code] += 1;
        for (sum, value) in sums[code * d..].iter_mut().zip(vector) {
            *sum += f64::from(*value);
        }
    }
    let mut codes = Array::zeros([k, d]);
    let rows = codes.data_mut().chunks_exact_mut(d).zip(sums.chunks_exact(d)).zip(&counts);
    for ((code, sum), &count) in rows {
        if count == 0 {
            code.copy_from_slice(vectors.row(rng.random_range(0..n)));
        } else {
            for (value, sum) in code.iter_mut().zip(sum) {
                *value = (sum / f64::from(count)) as f32;
            }
        }
    }
    codes
}
