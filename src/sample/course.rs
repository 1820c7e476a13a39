//! The way of a sequence, place by place: what is given, what is chosen among, and where it lies.

use super::Options;
use crate::graph::lower::prior::{Place, PriorConfig, Way};

/// How one image with its text is told.
pub(super) struct Course {
    /// The first token, with the condition and without it.
    pub(super) starts: [u32; 2],
    /// Tokens that are given, with the condition and without it.
    pub(super) given: [Vec<Option<u32>>; 2],
    /// What each place is.
    pub(super) places: Vec<Place>,
    /// Whether what is told without the condition matters.
    pub(super) is_guided: bool,
    /// Where that is which is drawn: the codes of an image, or a text.
    pub(super) told: std::ops::Range<usize>,
}

impl Course {
    /// An image after its text, of which some codes are `known`.
    pub(super) fn image(
        config: &PriorConfig,
        options: &Options,
        text: Option<&[u32]>,
        known: &[Option<u32>],
    ) -> Self {
        let starts = [options.class, None].map(|class| config.start(class));
        let silent = config.silence();
        let text = text.filter(|text| text.len() == silent.len());
        let given = [text.unwrap_or(&silent), &silent[..]].map(|text| {
            let text = text.iter().map(|&token| Some(token));
            text.chain(known.iter().copied()).collect::<Vec<_>>()
        });
        let differs = starts[0] != starts[1] || given[0] != given[1];
        let is_guided = (options.guidance - 1.0).abs() > f32::EPSILON && differs;
        let told = silent.len()..silent.len() + known.len();
        Self { starts, given, places: config.places(Way::TextFirst), is_guided, told }
    }

    /// A text after its image.
    pub(super) fn text(config: &PriorConfig, codes: &[u32]) -> Self {
        let open = std::iter::repeat_n(None, config.text_places());
        let image = codes.iter().map(|&code| Some(code));
        Self::after_image(config, image.chain(open).collect())
    }

    /// A text that is known, after its image; without one, as a sequence that begins with it.
    pub(super) fn text_given(config: &PriorConfig, text: &[u32], codes: Option<&[u32]>) -> Self {
        let text = text.iter().map(|&token| Some(token));
        if let Some(codes) = codes {
            let image = codes.iter().map(|&code| Some(code));
            return Self::after_image(config, image.chain(text).collect());
        }
        let rest = std::iter::repeat_n(Some(0), config.num_places());
        let given: Vec<Option<u32>> = text.chain(rest).collect();
        let (starts, told) = ([config.start(None); 2], 0..config.text_places());
        let places = config.places(Way::TextFirst);
        Self { starts, given: [given.clone(), given], places, is_guided: false, told }
    }

    fn after_image(config: &PriorConfig, given: Vec<Option<u32>>) -> Self {
        let starts = [config.image_start(); 2];
        let told = config.num_places()..given.len();
        let places = config.places(Way::ImageFirst);
        Self { starts, given: [given.clone(), given], places, is_guided: false, told }
    }
}
