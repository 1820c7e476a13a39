//! How many bits the codes of an image take, beside those of its PNG file.

use crate::latent::CodeLayout;

/// What images take as codes, on average over those that were counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodeRate {
    /// How many images were counted.
    pub images: usize,
    /// Pixels of one, whatever their channels.
    pub pixels: usize,
    /// Bits of an image where every code is written with log2 K bits.
    pub bits: f64,
    /// Bits of an image where codes are written by how often each is used: the entropy of use, which an ideal coder
    /// that knows the shares and nothing else comes to.
    pub entropy_bits: f64,
    /// Bits of the same images as PNG files, on average; nothing where none was written.
    pub png_bits: Option<f64>,
}

impl CodeRate {
    /// The rate of codes of which `counts` tells how often each was chosen in `images` of `cells` cells, `[parts * k]`;
    /// nothing where nothing was counted. `png_bytes` is what all these images take as PNG files.
    ///
    /// # Source
    /// Shannon, A mathematical theory of communication, 1948, theorem 9.
    pub fn of(
        counts: &[u64],
        layout: &CodeLayout,
        cells: usize,
        images: usize,
        pixels: usize,
        png_bytes: Option<u64>,
    ) -> Option<Self> {
        let parts = layout.parts().max(1);
        let k = counts.len() / parts;
        if images == 0 || pixels == 0 || k == 0 || counts.iter().all(|&count| count == 0) {
            return None;
        }
        // Heads that share a codebook are counted together.
        let codes_of_part = (cells * layout.per_cell() / parts) as f64;
        let bits = layout.per_cell() as f64 * cells as f64 * (k as f64).log2();
        let entropy_bits = counts.chunks_exact(k).map(|part| codes_of_part * entropy_bits(part));
        Some(Self {
            images,
            pixels,
            bits,
            entropy_bits: entropy_bits.sum(),
            png_bits: png_bytes.map(|bytes| 8.0 * bytes as f64 / images as f64),
        })
    }

    /// Bits of an image as bits of one of its pixels.
    pub fn per_pixel(&self, bits: f64) -> f64 {
        bits / self.pixels as f64
    }
}

/// The entropy of shares that follow from counts, in bits; 0 where nothing was counted.
pub fn entropy_bits(counts: &[u64]) -> f64 {
    let all = counts.iter().sum::<u64>() as f64;
    let shares = counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / all);
    // An entropy of nothing is 0, not -0.
    shares.map(|share| -share * share.log2()).sum::<f64>() + 0.0
}

/// The mean of the entropies of several codebooks that are used equally often, in bits.
pub fn mean_entropy_bits(counts: &[Vec<u64>]) -> f64 {
    let sum: f64 = counts.iter().map(|counts| entropy_bits(counts)).sum();
    sum / counts.len().max(1) as f64
}
