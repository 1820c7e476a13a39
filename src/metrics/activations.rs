//! How the values inside of a network spread, channel by channel.

/// Mean, deviation and range of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The mean of those that are numbers.
    pub mean: f32,
    /// The root of their mean squared deviation.
    pub deviation: f32,
    /// The smallest.
    pub min: f32,
    /// The largest.
    pub max: f32,
    /// How many are infinite or no numbers; the rest is told of the others.
    pub not_finite: usize,
}

impl Spread {
    /// That of `values`; zeros where there are none.
    pub fn of(values: &[f32]) -> Self {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let count = finite().count();
        let not_finite = values.len() - count;
        if count == 0 {
            return Self { not_finite, ..Self::default() };
        }
        let mean_of = |of: &dyn Fn(f64) -> f64| {
            finite().map(|value| of(f64::from(value))).sum::<f64>() / count as f64
        };
        let mean = mean_of(&|value| value);
        Self {
            mean: mean as f32,
            deviation: mean_of(&|value| (value - mean).powi(2)).sqrt() as f32,
            min: finite().fold(f32::INFINITY, f32::min),
            max: finite().fold(f32::NEG_INFINITY, f32::max),
            not_finite,
        }
    }

    /// The largest magnitude.
    pub fn magnitude(&self) -> f32 {
        self.min.abs().max(self.max.abs())
    }

    /// Whether `count` values of this spread say nothing: all the same, or a single one that is zero.
    pub fn is_dead(&self, count: usize) -> bool {
        let reach = if count > 1 { self.max - self.min } else { self.magnitude() };
        let says_nothing = reach <= 0.0;
        says_nothing && self.not_finite == 0
    }
}

/// The least and the greatest of some values, for telling over many items whether they say anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    min: f32,
    max: f32,
    all_finite: bool,
}

impl From<&Spread> for Extremes {
    fn from(spread: &Spread) -> Self {
        Self { min: spread.min, max: spread.max, all_finite: spread.not_finite == 0 }
    }
}

impl Extremes {
    /// Those of both.
    #[must_use = "gives back the extremes of both"]
    pub fn with(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            all_finite: self.all_finite && other.all_finite,
        }
    }

    /// Whether the values of several items say nothing: all of them are the same number.
    pub fn is_dead(self) -> bool {
        self.max - self.min <= 0.0 && self.all_finite
    }
}

/// The spread of a node's values, and how many of its channels are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeSpread {
    /// That of all values.
    pub all: Spread,
    /// Channels of planes, or entries of a vector.
    pub channels: usize,
    /// Those that have one value everywhere; entries of a vector that are zero.
    pub dead: usize,
}

impl NodeSpread {
    /// That of the values of one item, which fall into `channels` equal parts.
    pub fn of(values: &[f32], channels: usize) -> Self {
        Self::of_channels(values, &channel_spreads(values, channels))
    }

    /// The same where the spread of each part is known.
    pub fn of_channels(values: &[f32], channels: &[Spread]) -> Self {
        let len = values.len() / channels.len().max(1);
        let dead = channels.iter().filter(|spread| spread.is_dead(len)).count();
        Self { all: Spread::of(values), channels: channels.len(), dead }
    }
}

/// The spread of each of `channels` equal parts of the values.
pub fn channel_spreads(values: &[f32], channels: usize) -> Vec<Spread> {
    let len = (values.len() / channels.max(1)).max(1);
    values.chunks_exact(len).map(Spread::of).collect()
}
