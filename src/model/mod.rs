//! Burn modules: one family per file, with the blocks, losses and parameter traffic they share.
//!
//! A module's parameter paths are the tensor names of its checkpoints, in PyTorch's layouts.
//! Knows nothing of windows, engines or training loops.

pub mod adaptive;
pub mod adversarial;
pub mod batch_norm;
pub mod classifier;
pub mod codec;
pub mod discriminator;
pub mod dropout;
pub mod gan;
pub mod group_norm;
pub mod layer_norm;
pub mod loss;
pub mod multimodal;
pub mod params;
pub mod patchgan;
pub mod perceptual;
pub mod quantizer;
pub mod transformer;
pub mod vae;
pub mod vq_model;
pub mod vq_vae;
pub mod vqgan;
