//! Codes that are points of a grid: the arithmetic of finite scalar quantization.

use serde::{Deserialize, Serialize};

use crate::array::Array;

/// How far past the outermost levels the bound reaches, so that these can be chosen at all.
const REACH: f64 = 1e-3;

/// The number of levels of every dimension of a grid of codes; the first varies fastest in a code's number.
///
/// # Source
/// Finite Scalar Quantization: VQ-VAE Made Simple (Mentzer et al., 2023, section 3.1 and appendix A.1,
/// arXiv:2309.15505).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Levels(Vec<usize>);

/// How one dimension is bounded before it is rounded: tanh(z + shift) · scale − offset lies between the outermost
/// levels and a little further, in codes' units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// What is added before the tanh, so that 0 stays 0.
    pub shift: f32,
    /// What the tanh is multiplied by.
    pub scale: f32,
    /// What is taken away; not 0 where the number of levels is even, as these lie to one side of 0.
    pub offset: f32,
    /// Neighbouring levels lie one over this apart.
    pub half_width: f32,
}

impl Levels {
    /// Least and greatest number of levels of a dimension.
    pub const RANGE: [usize; 2] = [2, 64];
    /// The most dimensions.
    pub const MOST: usize = 16;

    /// Levels of given numbers, each in [`Levels::RANGE`]; nothing where they are none, too many or out of range.
    pub fn new(levels: Vec<usize>) -> Option<Self> {
        let [least, greatest] = Self::RANGE;
        let fit = levels.iter().all(|level| (least..=greatest).contains(level));
        (fit && (1..=Self::MOST).contains(&levels.len())).then_some(Self(levels))
    }

    /// Levels whose product is exactly `codes`: of 5 to 16 each, as the paper advises at least 5, else fewer; of
    /// several ways the one with the least sum, the largest first. Nothing where there is no way.
    ///
    /// This gives the paper's own choices (table 1) for 240, 1000, 4375, 15,360 and 64,000 codes.
    pub fn of_codes(codes: usize) -> Option<Self> {
        (2..=5).rev().find_map(|least| best_product(codes, least, 16)).and_then(Self::new)
    }

    /// Levels from a text such as `8,5,5,5`; nothing where it is another.
    pub fn from_text(text: &str) -> Option<Self> {
        let levels = text.split(',').map(|level| level.trim().parse().ok());
        levels.collect::<Option<Vec<usize>>>().and_then(Self::new)
    }

    /// The number of levels of every dimension.
    pub fn numbers(&self) -> &[usize] {
        &self.0
    }

    /// The number of codes: the product; nothing where it is too large for any codebook.
    pub fn num_codes(&self) -> Option<usize> {
        self.0.iter().try_fold(1usize, |codes, levels| codes.checked_mul(*levels))
    }

    /// How every dimension is bounded.
    pub fn bounds(&self) -> Vec<Bound> {
        let bound = |&levels: &usize| {
            let half = (levels - 1) as f64 * (1.0 + REACH) / 2.0;
            let offset = if levels.is_multiple_of(2) { 0.5 } else { 0.0 };
            let half_width = levels / 2;
            let unit = half_width as f64;
            Bound {
                shift: (offset / half).atanh() as f32,
                scale: (half / unit) as f32,
                offset: (offset / unit) as f32,
                half_width: half_width as f32,
            }
        };
        self.0.iter().map(bound).collect()
    }

    /// All codes, `[k, d]`, each value in `[-1, 1]`.
    pub fn codebook(&self) -> Array {
        let codes = self.num_codes().unwrap_or(0);
        let data = (0..codes).flat_map(|code| self.code(code)).collect();
        Array::new([codes, self.0.len()], data).unwrap_or_else(|_| Array::zeros([0, 1]))
    }

    /// One code, `[d]`.
    fn code(&self, code: usize) -> impl Iterator<Item = f32> {
        let mut rest = code;
        self.0.iter().map(move |&levels| {
            let level = rest % levels;
            rest /= levels;
            let half_width = (levels / 2) as f32;
            (level as f32 - half_width) / half_width
        })
    }
}

impl std::fmt::Display for Levels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "{}", numbers.join(","))
    }
}

impl Bound {
    /// A vector's value as it is rounded.
    pub fn bounded(&self, value: f32) -> f32 {
        (value + self.shift).tanh() * self.scale - self.offset
    }

    /// The value that is bounded to this one, as far as there is one.
    pub fn unbounded(&self, bounded: f32) -> f32 {
        let share = (f64::from(bounded) + f64::from(self.offset)) / f64::from(self.scale);
        (share.clamp(-1.0 + 1e-9, 1.0 - 1e-9).atanh() - f64::from(self.shift)) as f32
    }
}

/// Factors of `product` from `least` to `most`, descending, with the least sum.
fn best_product(product: usize, least: usize, most: usize) -> Option<Vec<usize>> {
    if product == 1 {
        return Some(Vec::new());
    }
    let with = |factor: usize| {
        let rest = best_product(product / factor, least, factor)?;
        Some([vec![factor], rest].concat())
    };
    let factors = (least..=most.min(product)).filter(|factor| product.is_multiple_of(*factor));
    factors.filter_map(with).min_by_key(|levels| levels.iter().sum::<usize>())
}
