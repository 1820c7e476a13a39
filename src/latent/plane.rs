//! Two-dimensional ways: a pad between four corners, and a flat plane to walk on.

use super::dot;
use super::interpolate::{Mixing, angle_from_dots};
use crate::random::{Purpose, normals};

/// The dot products of a pad's corners: all that its mixing weights depend on.
///
/// Computed once when a corner changes; the weights of a position then cost no look at the latents, so
/// that a drag uploads four numbers and the mixing itself can be a GPU pass.
///
/// Corners are ordered top-left, top-right, bottom-left, bottom-right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CornerDots([[f64; 4]; 4]);

impl CornerDots {
    /// The dot products of `corners`, which have one length.
    pub fn new(corners: [&[f32]; 4]) -> Self {
        Self(corners.map(|a| corners.map(|b| dot(a, b))))
    }

    /// The weights of the four corners at (`u`, `v`).
    ///
    /// Linear mixing is bilinear. Spherical mixing goes along the top edge and along the bottom edge by
    /// `u`, then between those two points by `v`. A corner's own position gives it alone, exactly.
    ///
    /// # Units
    /// `u` from 0 (left) to 1 (right), `v` from 0 (top) to 1 (bottom); clamped.
    pub fn weights(&self, mixing: Mixing, u: f32, v: f32) -> [f32; 4] {
        let (u, v) = (f64::from(u.clamp(0.0, 1.0)), f64::from(v.clamp(0.0, 1.0)));
        let top = self.edge_weights(mixing, 0, 1, u);
        let bottom = self.edge_weights(mixing, 2, 3, u);
        let angle =
            angle_from_dots(self.dot(top, top), self.dot(bottom, bottom), self.dot(top, bottom));
        let [of_top, of_bottom] = mixing.weights(angle, v);
        std::array::from_fn(|i| (of_top * top[i] + of_bottom * bottom[i]) as f32)
    }

    /// The weights of all corners at `t` on the way from corner `from` to corner `to`.
    fn edge_weights(&self, mixing: Mixing, from: usize, to: usize, t: f64) -> [f64; 4] {
        let angle = angle_from_dots(self.0[from][from], self.0[to][to], self.0[from][to]);
        let ends = mixing.weights(angle, t);
        let mut weights = [0.0; 4];
        weights[from] = ends[0];
        weights[to] = ends[1];
        weights
    }

    /// The dot product of two mixtures of the corners.
    fn dot(&self, a: [f64; 4], b: [f64; 4]) -> f64 {
        let row = |i: usize| -> f64 { self.0[i].iter().zip(b).map(|(dot, b)| dot * b).sum() };
        (0..4).map(|i| a[i] * row(i)).sum()
    }
}

/// The latent at (`u`, `v`) of the pad between four `corners`; see [`CornerDots::weights`].
pub fn latent_from_pad(corners: [&[f32]; 4], mixing: Mixing, u: f32, v: f32) -> Vec<f32> {
    let mut out = vec![0.0; corners[0].len()];
    mix_corners_into(corners, CornerDots::new(corners).weights(mixing, u, v), &mut out);
    out
}

/// The sum of the `corners` with these `weights`, into a buffer of their length.
pub fn mix_corners_into(corners: [&[f32]; 4], weights: [f32; 4], out: &mut [f32]) {
    for (i, out) in out.iter_mut().enumerate() {
        let parts = corners.iter().zip(weights);
        *out = parts.map(|(corner, w)| f64::from(corner[i]) * f64::from(w)).sum::<f64>() as f32;
    }
}

/// A flat plane through a latent space, to be walked by dragging on the picture.
///
/// The three vectors have one length.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// The latent at (0, 0).
    pub origin: Vec<f32>,
    /// What one step to the right adds.
    pub axis_u: Vec<f32>,
    /// What one step down adds.
    pub axis_v: Vec<f32>,
}

impl Plane {
    /// The plane in which `u` is dimension `dim_u` and `v` is dimension `dim_v`, in the latent's own units.
    /// A dimension that the latent lacks does not move.
    pub fn of_dims(origin: Vec<f32>, dim_u: usize, dim_v: usize) -> Self {
        let axis = |dim| (0..origin.len()).map(|i| if i == dim { 1.0 } else { 0.0 }).collect();
        Self { axis_u: axis(dim_u), axis_v: axis(dim_v), origin }
    }

    /// The plane with `origin` at (0, 0), `at_u` at (1, 0) and `at_v` at (0, 1).
    pub fn through(origin: &[f32], at_u: &[f32], at_v: &[f32]) -> Self {
        let axis = |to: &[f32]| to.iter().zip(origin).map(|(to, from)| to - from).collect();
        Self { origin: origin.to_vec(), axis_u: axis(at_u), axis_v: axis(at_v) }
    }

    /// A plane through `origin` along two random directions, orthogonal and of length 1.
    /// In a space of one dimension the second does not move.
    pub fn random(origin: Vec<f32>, seed: u64, step: u64) -> Self {
        let d = origin.len();
        let draws = normals(seed, step, Purpose::Explore, 2 * d);
        let (first, second) = draws.split_at(d);
        let axis_u = unit(first);
        let along = dot(second, &axis_u) as f32;
        let rest: Vec<f32> = second.iter().zip(&axis_u).map(|(s, u)| s - along * u).collect();
        let axis_v = if d < 2 { vec![0.0; d] } else { unit(&rest) };
        Self { origin, axis_u, axis_v }
    }

    /// The latent at (`u`, `v`), in steps along the two axes.
    pub fn latent_from_plane(&self, u: f32, v: f32) -> Vec<f32> {
        let mut out = vec![0.0; self.origin.len()];
        self.latent_from_plane_into(u, v, &mut out);
        out
    }

    /// [`Plane::latent_from_plane`] into a buffer of the latent's length.
    pub fn latent_from_plane_into(&self, u: f32, v: f32, out: &mut [f32]) {
        let axes = self.axis_u.iter().zip(&self.axis_v);
        for ((out, origin), (axis_u, axis_v)) in out.iter_mut().zip(&self.origin).zip(axes) {
            *out = origin + u * axis_u + v * axis_v;
        }
    }

    /// The position whose latent is nearest to `latent`; (0, 0) where the axes span no plane.
    pub fn plane_from_latent(&self, latent: &[f32]) -> (f32, f32) {
        let from_origin: Vec<f32> = latent.iter().zip(&self.origin).map(|(l, o)| l - o).collect();
        let (uu, vv) = (dot(&self.axis_u, &self.axis_u), dot(&self.axis_v, &self.axis_v));
        let uv = dot(&self.axis_u, &self.axis_v);
        let (ru, rv) = (dot(&self.axis_u, &from_origin), dot(&self.axis_v, &from_origin));
        let determinant = uu * vv - uv * uv;
        if determinant <= uu * vv * f64::from(f32::EPSILON) {
            return (0.0, 0.0);
        }
        (((ru * vv - rv * uv) / determinant) as f32, ((rv * uu - ru * uv) / determinant) as f32)
    }
}

/// `vector` at length 1; as it is where it has no length.
fn unit(vector: &[f32]) -> Vec<f32> {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter().map(|&x| (f64::from(x) / length) as f32).collect()
    } else {
        vector.to_vec()
    }
}
