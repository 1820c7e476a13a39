//! What a draw among scores obeys.

/// The controls of [`Op::Draw`](super::Op::Draw), in the order in which they lie in its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawControls {
    /// What scores are divided by; 0 or less takes the largest, of equals the one of the lowest index.
    pub temperature: f32,
    /// Those indices stay that have fewer than so many with larger scores; 0 for all.
    pub top_k: usize,
    /// Of these, those stay that have less than this share of the probability before them; all where it is not
    /// between 0 and 1.
    pub top_p: f32,
    /// How far scores are moved from those without a condition to those with one; 1 for no further.
    pub guidance: f32,
    /// Where among the probabilities, one index after the other, the draw falls, in `[0, 1)`.
    pub u: f32,
    /// The first index that may be drawn.
    pub first: usize,
    /// How many may be drawn from the first on; 0 for all that follow.
    pub count: usize,
}

impl Default for DrawControls {
    /// From the scores as they are.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, guidance: 1.0, u: 0.0, first: 0, count: 0 }
    }
}

impl DrawControls {
    /// The number of their values.
    pub const LEN: usize = 7;

    /// As they lie in a value.
    pub fn values(self) -> [f32; Self::LEN] {
        let Self { temperature, top_k, top_p, guidance, u, first, count } = self;
        [temperature, top_k as f32, top_p, guidance, u, first as f32, count as f32]
    }

    /// From a value: fractions of whole numbers are cut off, negative ones and what is no number are 0.
    pub fn from_values(values: [f32; Self::LEN]) -> Self {
        let [temperature, top_k, top_p, guidance, u, first, count] = values;
        let [top_k, first, count] = [top_k, first, count].map(|value| value as usize);
        Self { temperature, top_k, top_p, guidance, u, first, count }
    }

    /// The first index that may be drawn of so many, and the one behind the last.
    pub fn range(&self, codes: usize) -> [usize; 2] {
        let first = self.first.min(codes - 1);
        let end = if self.count == 0 { codes } else { first.saturating_add(self.count) };
        [first, end.min(codes)]
    }

    /// A score out of those of one index: its own, or its own and the one without a condition.
    pub fn score(&self, scores: &[f32]) -> f32 {
        match *scores {
            [own, other] => other + self.guidance * (own - other),
            _ => scores[0],
        }
    }
}
