//! What a prior reads of images, and what it is to tell of them.

use crate::graph::lower::prior::{PriorConfig, Way};
use crate::random::{self, Purpose};
use crate::sample::{places, texts};

/// A batch of sequences.
pub(super) struct Lesson {
    /// As they are read, `[b * t]`.
    pub(super) tokens: Vec<u32>,
    /// The row of each place in the table of positions, `[t]`.
    pub(super) rows: Vec<u32>,
    /// The places of all sequences that are told, in `[0, b * t)`.
    pub(super) counted: Vec<usize>,
    /// What they tell.
    pub(super) told: Vec<u32>,
}

/// What is known of the images of a batch.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Their codes, `[b * places]`.
    pub(super) codes: &'a [u32],
    /// The first token of each, `[b]`.
    pub(super) starts: &'a [u32],
    /// The text of each, as tokens of a sequence; nothing where there is none, or where it is kept back.
    pub(super) texts: &'a [Option<Vec<u32>>],
    /// Texts of no image, as tokens of a sequence.
    pub(super) lone: &'a [Vec<u32>],
}

impl Lesson {
    /// The codes one after the other, behind texts where the prior knows some.
    pub(super) fn raster(config: &PriorConfig, known: Known<'_>, way: Way) -> Self {
        let (n, t) = (config.num_places(), config.text_places());
        let silence = config.silence();
        let mut lesson = Self::of_places(config, way);
        for (row, codes) in known.codes.chunks_exact(n).enumerate() {
            let text = known.texts.get(row).and_then(Option::as_deref);
            let shown = text.unwrap_or(&silence);
            let start = match way {
                Way::TextFirst => known.starts[row],
                Way::ImageFirst => config.image_start(),
            };
            let (all, text_at) = match way {
                Way::TextFirst => ([shown, codes].concat(), 0),
                Way::ImageFirst => ([codes, shown].concat(), n),
            };
            // Behind its end a text says nothing, and one that is kept back is not asked for.
            let said = text.map_or(0, |text| texts::said(config, text));
            let first = lesson.tokens.len();
            for (place, &token) in all.iter().enumerate() {
                let in_text = place.checked_sub(text_at).filter(|at| *at < t);
                if in_text.is_none_or(|at| at < said) {
                    lesson.counted.push(first + place);
                    lesson.told.push(token);
                }
            }
            lesson.tokens.push(start);
            lesson.tokens.extend(&all[..all.len() - 1]);
        }
        // A text before an image that never comes tells the same as one alone.
        let lone = if way == Way::TextFirst { known.lone } else { &[] };
        for text in lone {
            let first = lesson.tokens.len();
            let said = texts::said(config, text);
            lesson.counted.extend(first..first + said);
            lesson.told.extend(&text[..said]);
            lesson.tokens.push(config.start(None));
            lesson.tokens.extend(text);
            lesson.tokens.resize(first + n + t, 0);
        }
        lesson
    }

    /// How many sequences there are.
    pub(super) fn len(&self) -> usize {
        self.tokens.len() / self.rows.len().max(1)
    }

    /// The same sequences in `parts` lessons of about one size; fewer where there are not so many.
    pub(super) fn split(self, parts: usize) -> Vec<Self> {
        let len = self.len().div_ceil(parts.max(1)).max(1) * self.rows.len().max(1);
        let rows = self.rows;
        let mut counted = self.counted.into_iter().zip(self.told).peekable();
        let part = |(index, tokens): (usize, &[u32])| {
            let [first, end] = [index * len, (index + 1) * len];
            let own = std::iter::from_fn(|| counted.next_if(|(place, _)| *place < end));
            let (counted, told) = own.map(|(place, told)| (place - first, told)).unzip();
            Self { tokens: tokens.to_vec(), rows: rows.clone(), counted, told }
        };
        self.tokens.chunks(len).enumerate().map(part).collect()
    }

    /// Some codes hidden among the others, which a draw of (seed, step) chooses.
    pub(super) fn masked(
        config: &PriorConfig,
        known: Known<'_>,
        mask: u32,
        (seed, step): (u64, u64),
    ) -> Self {
        let n = config.num_places();
        let draws =
            random::uniforms(seed, step, Purpose::Mask, known.starts.len() * (n + 1), 0.0, 1.0);
        let rows = (0..=n as u32).collect();
        let mut lesson = Self { tokens: Vec::new(), rows, counted: Vec::new(), told: Vec::new() };
        let images = known.codes.chunks_exact(n).zip(known.starts).zip(draws.chunks_exact(n + 1));
        for ((codes, start), draws) in images {
            let hidden = places::hidden(&draws[1..], places::masked_share(draws[0]));
            lesson.tokens.push(*start);
            for (&code, hidden) in codes.iter().zip(hidden) {
                if hidden {
                    lesson.counted.push(lesson.tokens.len());
                    lesson.told.push(code);
                }
                lesson.tokens.push(if hidden { mask } else { code });
            }
        }
        lesson
    }

    /// Only what is told behind the side that comes first: codes given texts, or texts given their images.
    pub(super) fn behind(mut self, config: &PriorConfig, way: Way) -> Self {
        let first = match (config.text, way) {
            (None, _) => return self,
            (Some(text), Way::TextFirst) => text.places,
            (Some(_), Way::ImageFirst) => config.num_places(),
        };
        let t = self.rows.len();
        let is_behind: Vec<bool> = self.counted.iter().map(|place| place % t >= first).collect();
        let mut behind = is_behind.iter();
        self.counted.retain(|_| behind.next() == Some(&true));
        let mut behind = is_behind.iter();
        self.told.retain(|_| behind.next() == Some(&true));
        self
    }

    fn of_places(config: &PriorConfig, way: Way) -> Self {
        let rows = config.places(way).iter().map(|place| place.row as u32).collect();
        Self { tokens: Vec::new(), rows, counted: Vec::new(), told: Vec::new() }
    }
}
