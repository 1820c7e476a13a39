//! Ways through a latent space: between points, over a plane, along dimensions.
//!
//! Pure mathematics on `f32` slices, summed in `f64`. Knows nothing of models, files or windows.
//! A latent of shape `[d, h, w]` is used as one flat vector.

mod assignment;
mod chain;
mod chart;
mod codes;
pub mod directions;
mod interpolate;
mod levels;
mod nearest;
mod neighbours;
mod plane;
mod principal;
mod prior;
mod projection;
mod reduce;
pub(crate) mod right_angles;
mod space;
mod traverse;

pub use assignment::one_to_one;
pub use chain::chain;
pub use chart::{Chart, is_inside, mixed_by_distance, nearest_places};
pub use codes::{codes_of_latent, draw_codes, latent_of_codes};
pub use interpolate::{
    Mixing, angle_between, lerp, lerp_weights, mix, mix_into, path, slerp, slerp_weights,
};
pub use levels::{Bound, Levels};
pub use nearest::{near_ties, nearest_codes, nearest_others, squared_distance};
pub use neighbours::{Metric, Neighbours, nearest_rows, nearest_rows_to};
pub use plane::{CornerDots, Plane, latent_from_pad, mix_corners_into};
pub use principal::PrincipalPlane;
pub use prior::draws;
pub use projection::Projection;
pub use reduce::reduced;
pub use space::{CodeLayout, CodeSpace};
pub use traverse::{DimensionError, Range, traverse, traverse_grid};

/// The dot product, summed in `f64`.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    debug_assert_eq!(a.len(), b.len(), "latents of one length");
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}
