//! From (config, named arrays) to graphs: one file per architecture.

pub mod vae;

use super::Graph;

/// A model that turns images into latents and latents into images.
#[derive(Clone, Debug)]
pub struct Autoencoder {
    /// Image `[c, h, w]` to `latent`, and `logvar` where the family has one.
    pub encoder: Graph,
    /// Latent to `image`.
    pub decoder: Graph,
}
