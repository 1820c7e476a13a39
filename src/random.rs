//! Random numbers from a counter: every draw is a pure function of (seed, step, purpose).
//!
//! Backends keep a global generator whose state cannot be saved and which threads disturb; drawing on
//! the host from a counter makes a resumed run equal to an unbroken one.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// What numbers are drawn for. Each purpose has an independent stream; numbers never change once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// First values of parameters.
    Init = 1,
    /// The order of images in an epoch.
    Shuffle = 2,
    /// Reparametrisation noise in training.
    Reparametrize = 3,
    /// Reparametrisation noise in evaluation.
    Evaluate = 4,
    /// Draws from the prior.
    Sample = 5,
    /// Procedural images.
    Shapes = 6,
    /// Which images belong to the test part.
    Split = 7,
    /// Random points and corners in the explorer.
    Explore = 8,
    /// Which vectors of a batch replace codes that went out of use.
    Restart = 9,
    /// Which vectors a codebook begins with.
    KMeans = 10,
    /// Latents of the images that a discriminator learns from.
    DiscriminatorNoise = 11,
    /// Latents of the images that a generator learns from.
    GeneratorNoise = 12,
    /// Places between real and made images.
    Between = 13,
    /// By how many quarters images are turned.
    Turns = 14,
    /// How training images are turned, moved and coloured.
    Augment = 16,
    /// How training images are spoilt for a model that is to mend them.
    Corrupt = 17,
    /// Which values of a layer are left out of an update.
    Dropout = 18,
    /// Which points a layout pushes apart.
    Layout = 19,
    /// Which codes of an image a masked prior is not told.
    Mask = 20,
    /// Which images a prior is not told the class of.
    ClassDropout = 21,
    /// Which codes a prior draws.
    Prior = 22,
    /// The words of captions.
    Captions = 23,
    /// Which combinations of causes training does not see, and what it sees instead.
    HeldOut = 24,
    /// Whether a prior tells texts before their images or after them.
    Way = 25,
    /// Which images and texts are learnt each for itself.
    Unpaired = 26,
    /// Which texts of no image are learnt.
    LoneTexts = 27,
}

/// The generator of (`seed`, `step`, `purpose`).
pub fn stream(seed: u64, step: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&step.to_le_bytes());
    key[16..24].copy_from_slice(&(purpose as u64).to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// `len` standard normal numbers.
pub fn normals(seed: u64, step: u64, purpose: Purpose, len: usize) -> Vec<f32> {
    stream(seed, step, purpose).sample_iter(rand_distr::StandardNormal).take(len).collect()
}

/// `len` numbers uniform in `[lo, hi)`.
pub fn uniforms(seed: u64, step: u64, purpose: Purpose, len: usize, lo: f32, hi: f32) -> Vec<f32> {
    let mut rng = stream(seed, step, purpose);
    (0..len).map(|_| lo + (hi - lo) * rng.random::<f32>()).collect()
}

/// A permutation of `0..len`.
pub fn permutation(seed: u64, step: u64, purpose: Purpose, len: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..len as u32).collect();
    order.shuffle(&mut stream(seed, step, purpose));
    order
}
