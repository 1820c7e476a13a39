//! Texts beside pictures, for a model that reads and writes them: where texts lie in its latent space, and what it writes
//! of the picture in the explorer.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The least and the most pictures from one text to another.
pub const STEPS: [usize; 2] = [2, 16];
/// How many there are at first.
const FIRST_STEPS: usize = 6;
/// A change by a text is followed so far, where the whole change is 1.
pub const FARTHEST: f32 = 1.5;
/// How many pictures show it, the picture as it is among them.
pub const CHANGES: usize = 7;

/// What is asked of texts.
#[derive(Clone, Debug, PartialEq)]
pub enum TextAsk {
    /// The text of the first picture.
    Say(String),
    /// The text of the last one; empty for none.
    Towards(String),
    /// How many pictures there are from one to the other.
    Steps(usize),
    /// What the picture in the explorer is to be changed by.
    But(String),
    /// Go to a picture of the row between texts.
    GoBetween(usize),
    /// Go to a picture of the row of changes.
    GoChange(usize),
}

/// Texts and what is known of them.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    is_known: bool,
    text: String,
    towards: String,
    but: String,
    /// 0 before anybody says how many.
    steps: usize,
    /// The latents of texts, flat.
    read: BTreeMap<String, Arc<[f32]>>,
    /// What the model writes of the picture in the explorer.
    caption: Option<String>,
}

impl Texts {
    /// Begins anew with another model; what was typed stays.
    pub fn show(&mut self, reads_texts: bool) {
        self.is_known = reads_texts;
        self.read.clear();
        self.caption = None;
    }

    /// Whether the model reads texts.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    /// The text of the first picture.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of the last picture.
    pub fn towards(&self) -> &str {
        &self.towards
    }

    /// What the picture in the explorer is to be changed by.
    pub fn but(&self) -> &str {
        &self.but
    }

    /// How many pictures there are from one text to the other.
    pub fn steps(&self) -> usize {
        if self.steps == 0 { FIRST_STEPS } else { self.steps }
    }

    /// What the model writes of the picture in the explorer.
    pub fn caption(&self) -> Option<&str> {
        self.caption.as_deref()
    }

    /// Takes what the model writes of the picture in the explorer.
    pub fn take_caption(&mut self, caption: String) {
        self.caption = Some(caption);
    }

    /// Says something else from now on; what leads somewhere changes nothing.
    pub fn ask(&mut self, ask: TextAsk) {
        match ask {
            TextAsk::Say(text) => self.text = text,
            TextAsk::Towards(text) => self.towards = text,
            TextAsk::But(text) => self.but = text,
            TextAsk::Steps(steps) => self.steps = steps.clamp(STEPS[0], STEPS[1]),
            TextAsk::GoBetween(_) | TextAsk::GoChange(_) => {}
        }
        let wanted = self.wanted();
        self.read.retain(|text, _| wanted.contains(text));
    }

    /// The caption of the picture with what it is to be changed by.
    fn changed(&self) -> Option<String> {
        let (caption, but) = (self.caption.as_ref()?, self.but.trim());
        (!but.is_empty()).then(|| crate::sample::texts::changed(caption, but))
    }

    /// All texts whose latents matter.
    pub fn wanted(&self) -> Vec<String> {
        let typed = [self.text.trim(), self.towards.trim()];
        let typed = typed.into_iter().filter(|text| !text.is_empty()).map(str::to_owned);
        let changed = self.changed();
        let of_picture = changed.as_ref().and(self.caption.clone());
        typed.chain(of_picture).chain(changed).collect()
    }

    /// Those of them that are not read yet.
    pub fn unread(&self) -> Vec<String> {
        let mut unread = self.wanted();
        unread.retain(|text| !self.read.contains_key(text));
        unread.sort();
        unread.dedup();
        unread
    }

    /// Takes the latents of texts, as other weights read them where they are `anew`.
    pub fn take_read(&mut self, read: Vec<(String, Arc<[f32]>)>, anew: bool) {
        if anew {
            self.read.clear();
        }
        let wanted = self.wanted();
        self.read.extend(read.into_iter().filter(|(text, _)| wanted.contains(text)));
    }

    /// The latent of what is typed; nothing before it is read.
    pub fn latent(&self) -> Option<&[f32]> {
        self.latent_of(self.text.trim())
    }

    /// The latent of the other text.
    pub fn latent_towards(&self) -> Option<&[f32]> {
        self.latent_of(self.towards.trim())
    }

    fn latent_of(&self, text: &str) -> Option<&[f32]> {
        self.read.get(text).map(AsRef::as_ref)
    }

    /// Points from the text to the other one, in even steps; the text alone without another, none before it is read.
    pub fn between(&self) -> Vec<Vec<f32>> {
        let Some(from) = self.latent() else { return Vec::new() };
        let Some(to) = self.latent_towards() else { return vec![from.to_vec()] };
        let last = self.steps() - 1;
        let at = |step: usize| {
            let t = step as f32 / last as f32;
            from.iter().zip(to).map(|(a, b)| a + t * (b - a)).collect()
        };
        (0..=last).map(at).collect()
    }

    /// Points from `point`, that of the picture, in the direction from its caption to the changed one: as it is first,
    /// [`FARTHEST`] times as far last; none before both are read.
    pub fn changes(&self, point: &[f32]) -> Vec<Vec<f32>> {
        let changed = self.changed();
        let ends = self.caption.as_ref().zip(changed.as_ref());
        let Some((from, to)) =
            ends.and_then(|(from, to)| Some((self.latent_of(from)?, self.latent_of(to)?)))
        else {
            return Vec::new();
        };
        if from.len() != point.len() {
            return Vec::new();
        }
        let at = |step: usize| {
            let t = FARTHEST * step as f32 / (CHANGES - 1) as f32;
            let moved = point.iter().zip(from.iter().zip(to));
            moved.map(|(x, (a, b))| x + t * (b - a)).collect()
        };
        (0..CHANGES).map(at).collect()
    }
}
