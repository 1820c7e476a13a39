//! What is measured on images, latents and sets of them: pure mathematics on `f32` values, summed in `f64`.
//!
//! Most measures are of one image or one sample; [`Mean`] and [`KlPerDim`] gather them over batches. Those that
//! judge a generator are of whole sets, refused with a [`SampleError`] where they cannot be measured. Each says
//! its unit. Knows nothing of models, files or windows.

mod activations;
mod attributes;
mod class_cover;
mod classification;
mod code_rate;
pub mod code_use;
mod diversity;
pub mod evaluate;
mod features;
mod frechet;
pub mod generate;
mod image;
mod mean;
mod neighbours;
mod precision_recall;
mod retrieval;
mod samples;
mod sharpness;
mod vae;

pub use activations::{Extremes, NodeSpread, Spread, channel_spreads};
pub use attributes::{
    ATTRIBUTES_LEAST_PX, AttributeScore, Figure, Seen, attributes_right, read_attributes,
};
pub use class_cover::{CONFIDENT, ClassCover, class_cover};
pub use classification::{Classification, softmax};
pub use code_rate::{CodeRate, entropy_bits, mean_entropy_bits};
pub use diversity::{
    NEAR_DUPLICATE, NearDuplicates, mean_pairwise_distance, mean_pairwise_ms_ssim, near_duplicates,
    nearer_to_train,
};
pub use features::{POOL_GRID, pooled_pixels};
pub use frechet::{Gaussian, frechet_distance};
pub use image::{PSNR_CAP_DB, ms_ssim, ms_ssim_scales, mse, psnr_db, psnr_db_from_mse, ssim};
pub use mean::{Mean, per_row};
pub use precision_recall::{NEIGHBOURS, PrecisionRecall, precision_recall};
pub use retrieval::{RECALLED, recall};
pub use samples::SampleError;
pub use sharpness::{SHARPNESS_LEAST_PX, laplacian_variance, mean_sharpness, sharpness_ratio};
pub use vae::{
    ACTIVE_NATS, KlPerDim, active_units, bernoulli_nats_from_logits, bernoulli_nats_from_probs,
    gaussian_kl, gaussian_nats, kl_nats,
};
