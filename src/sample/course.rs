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
    /// How far each sequence goes from what is told without the condition to what is told with it, all of them by the
    /// same chance; empty where each has chance of its own and goes as far as guidance says.
    pub(super) row: Vec<f32>,
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
        let places = config.places(Way::TextFirst);
        Self { starts, given, places, is_guided, told, row: Vec::new() }
    }

    /// An image between two texts, of which some codes are `known`: the second text is the condition, the first one
    /// stands for none.
    pub(super) fn between(
        config: &PriorConfig,
        [from, to]: [&[u32]; 2],
        known: &[Option<u32>],
        row: Vec<f32>,
    ) -> Self {
        let options = Options::default();
        let [mut course, other] =
            [to, from].map(|text| Self::image(config, &options, Some(text), known));
        let [own, _] = other.given;
        course.is_guided = course.given[0] != own;
        course.given[1] = own;
        Self { row, ..course }
    }

    /// A text after its image; without one, as a sequence that begins with it.
    pub(super) fn text(config: &PriorConfig, codes: Option<&[u32]>) -> Self {
        let open = std::iter::repeat_n(None, config.text_places());
        if let Some(codes) = codes {
            let image = codes.iter().map(|&code| Some(code));
            return Self::after_image(config, image.chain(open).collect());
        }
        let rest = std::iter::repeat_n(Some(0), config.num_places());
        Self::before_image(config, open.chain(rest).collect())
    }

    /// A text that is known, after its image; without one, as a sequence that begins with it.
    pub(super) fn text_given(config: &PriorConfig, text: &[u32], codes: Option<&[u32]>) -> Self {
        let text = text.iter().map(|&token| Some(token));
        if let Some(codes) = codes {
            let image = codes.iter().map(|&code| Some(code));
            return Self::after_image(config, image.chain(text).collect());
        }
        let rest = std::iter::repeat_n(Some(0), config.num_places());
        Self::before_image(config, text.chain(rest).collect())
    }

    fn before_image(config: &PriorConfig, given: Vec<Option<u32>>) -> Self {
        let (starts, told) = ([config.start(None); 2], 0..config.text_places());
        let places = config.places(Way::TextFirst);
        let given = [given.clone(), given];
        Self { starts, given, places, is_guided: false, told, row: Vec::new() }
    }

    fn after_image(config: &PriorConfig, given: Vec<Option<u32>>) -> Self {
        let starts = [config.image_start(); 2];
        let told = config.num_places()..given.len();
        let places = config.places(Way::ImageFirst);
        let given = [given.clone(), given];
        Self { starts, given, places, is_guided: false, told, row: Vec::new() }
    }
}
