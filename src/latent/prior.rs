//! Draws from the standard normal prior.

use crate::array::Array;
use crate::random::{Purpose, normals};

/// The first `n` draws of a seed, `[n, ..]` of latents of `shape`. One stream a draw: the first do not depend on how
/// many there are.
///
/// # Panics
/// Never: every draw fills its shape.
pub fn draws(shape: &[usize], n: usize, seed: u64) -> Array {
    let len: usize = shape.iter().product();
    let data = (0..n as u64).flat_map(|index| normals(seed, index, Purpose::Sample, len));
    let mut all = vec![n];
    all.extend_from_slice(shape);
    Array::new(all, data.collect()).expect("every draw fills its shape")
}
