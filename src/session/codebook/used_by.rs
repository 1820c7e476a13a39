//! Who uses a code of a codebook that images and texts share.

use super::Codebook;

/// Less than this share of a code's uses counts as none.
const LEAST_SHARE: f64 = 0.05;

/// Whose vectors choose a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UsedBy {
    /// Those of images alone.
    Images,
    /// Those of texts alone.
    Texts,
    /// Those of both.
    Both,
}

impl UsedBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Images, Self::Texts, Self::Both];

    /// Who uses a code that vectors of images and of texts chose so often; nobody where none did.
    pub fn of([images, texts]: [u64; 2]) -> Option<Self> {
        let all = (images + texts) as f64;
        let counts = |uses: u64| uses as f64 >= LEAST_SHARE * all;
        match (images + texts > 0, counts(images), counts(texts)) {
            (false, ..) => None,
            (true, true, true) => Some(Self::Both),
            (true, _, true) => Some(Self::Texts),
            (true, ..) => Some(Self::Images),
        }
    }
}

impl Codebook {
    /// How many vectors of images, then of texts, chose each code over the window, `[k]` each; nothing where texts do
    /// not share the codebook.
    pub fn counts_of_sides(&self) -> Option<[Vec<u64>; 2]> {
        let texts = self.text_usage.as_ref()?.window();
        let all = self.window_counts();
        let rest = |(all, texts): (&u64, &u64)| all.saturating_sub(*texts);
        Some([all.iter().zip(texts).map(rest).collect(), texts.to_vec()])
    }

    /// How often vectors of images and of texts chose a code over the window; nothing where texts do not share the
    /// codebook.
    pub fn uses_of_sides(&self, code: usize) -> Option<[u64; 2]> {
        let texts = *self.text_usage.as_ref()?.window().get(code)?;
        let all = *self.window_counts().get(code)?;
        Some([all.saturating_sub(texts), texts])
    }
}
