//! What is measured on images and latents: pure mathematics on `f32` values, summed in `f64`.
//!
//! Every measure is of one image or one sample and says its unit; [`Mean`] and [`KlPerDim`] gather them
//! over batches. Knows nothing of models, files or windows.

pub mod code_use;
pub mod evaluate;
mod image;
mod mean;
mod vae;

pub use image::{PSNR_CAP_DB, ms_ssim, ms_ssim_scales, mse, psnr_db, psnr_db_from_mse, ssim};
pub use mean::{Mean, per_row};
pub use vae::{
    ACTIVE_NATS, KlPerDim, active_units, bernoulli_nats_from_logits, bernoulli_nats_from_probs,
    gaussian_kl, gaussian_nats, kl_nats,
};
