//! Captions of shapes in many words: a grammar with synonyms and varied order, which rote does not learn.
//!
//! Most forms name everything, some leave causes out; [`super::parse_caption`] reads each of them back.

use rand::RngExt as _;

use crate::language::tr_later;
use crate::random::{self, Purpose};

use super::{
    BACKGROUND_NAMES, COLOUR_NAMES, PLACES, POSITIONS, SHAPE_NAMES, SIZE_WORDS, SIZES,
    ShapeFactors, third,
};

/// What a caption can say of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// One of [`SHAPE_NAMES`].
    Shape,
    /// One of [`COLOUR_NAMES`].
    Colour,
    /// One of [`BACKGROUND_NAMES`].
    Background,
    /// Which third of all sizes: 0 small, 1 medium, 2 large.
    Size,
    /// Which ninth of all places, by rows: 0 top left, 4 centre, 8 bottom right.
    Place,
}

impl Attribute {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Shape, Self::Colour, Self::Background, Self::Size, Self::Place];

    /// What it is called, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shape => tr_later!("shape"),
            Self::Colour => tr_later!("colour"),
            Self::Background => tr_later!("background"),
            Self::Size => tr_later!("size"),
            Self::Place => tr_later!("place"),
        }
    }

    /// How many values it has.
    pub const fn num_values(self) -> usize {
        match self {
            Self::Shape => SHAPE_NAMES.len(),
            Self::Colour => COLOUR_NAMES.len(),
            Self::Background => BACKGROUND_NAMES.len(),
            Self::Size => SIZE_WORDS.len(),
            Self::Place => 9,
        }
    }

    /// The plain word for a value.
    ///
    /// # Panics
    /// When it has no such value.
    pub const fn word(self, value: usize) -> &'static str {
        match self {
            Self::Shape => SHAPE_NAMES[value],
            Self::Colour => COLOUR_NAMES[value],
            Self::Background => BACKGROUND_NAMES[value],
            Self::Size => SIZE_WORDS[value],
            Self::Place => PLACES[value / 3][value % 3],
        }
    }

    /// Every wording of a value, the plain one first.
    pub(super) const fn wordings(self, value: usize) -> &'static [&'static str] {
        match self {
            Self::Shape => SHAPE_WORDINGS[value],
            Self::Colour => COLOUR_WORDINGS[value],
            Self::Background => BACKGROUND_WORDINGS[value],
            Self::Size => SIZE_WORDINGS[value],
            Self::Place => PLACE_WORDINGS[value],
        }
    }
}

const SHAPE_WORDINGS: [&[&str]; 6] = [
    &["circle", "disc", "round dot"],
    &["square", "box", "block"],
    &["triangle", "wedge", "three-sided shape"],
    &["star", "five-pointed star"],
    &["cross", "plus", "plus sign"],
    &["ring", "hoop", "doughnut"],
];
const COLOUR_WORDINGS: [&[&str]; 8] = [
    &["red", "scarlet", "crimson"],
    &["orange", "tangerine"],
    &["yellow", "golden"],
    &["green", "emerald"],
    &["teal", "turquoise"],
    &["blue", "cobalt"],
    &["purple", "violet"],
    &["pink", "rose"],
];
const BACKGROUND_WORDINGS: [&[&str]; 5] = [
    &["white", "plain white"],
    &["cream", "ivory", "beige"],
    &["sky", "sky blue", "pale blue"],
    &["navy", "dark blue", "navy blue"],
    &["charcoal", "dark grey", "almost black"],
];
const SIZE_WORDINGS: [&[&str]; 3] = [
    &["small", "little", "tiny"],
    &["medium", "medium-sized", "mid-sized"],
    &["large", "big", "huge"],
];
const PLACE_WORDINGS: [&[&str]; 9] = [
    &["top left", "upper left"],
    &["top", "upper edge"],
    &["top right", "upper right"],
    &["left", "left side"],
    &["centre", "middle"],
    &["right", "right side"],
    &["bottom left", "lower left"],
    &["bottom", "lower edge"],
    &["bottom right", "lower right"],
];

/// How a place is told within a sentence, by the kind of place: corners, top and bottom, the sides, the centre.
pub(super) const PLACE_FRAMES: [&[&str]; 4] = [
    &["at the {}", "in the {}", "in the {} corner", "near the {} corner"],
    &["at the {}", "near the {}"],
    &["on the {}", "to the {}", "at the {}"],
    &["in the {}", "at the {}"],
];

/// The forms of a sentence; `{place}` is a place alone, `{at}` one within a sentence. The last four leave causes out.
pub(super) const FORMS: [&str; 16] = [
    "a {size} {colour} {shape} on {background}, {place}",
    "{place}, a {size} {colour} {shape} on {background}",
    "on {background}, a {size} {colour} {shape} {at}",
    "a {colour} {shape}, {size}, {at}, on a {background} background",
    "there is a {size} {colour} {shape} {at} of a {background} picture",
    "{at} is a {size} {colour} {shape} against {background}",
    "a {background} background with a {size} {colour} {shape} {at}",
    "the {shape} {at} is {size} and {colour}, on {background}",
    "a {shape} that is {colour} and {size}, {at}, against a {background} backdrop",
    "against a {background} backdrop, {at}, there is a {size} {colour} {shape}",
    "picture of a {size} {shape} in {colour}, {at}, background {background}",
    "{size} {colour} {shape}, {place}, {background} background",
    "a {colour} {shape}",
    "a {size} {colour} {shape} on {background}",
    "a {colour} {shape} {at}",
    "a {colour} {shape} on a {background} background",
];

/// The number of forms that a sentence can have.
pub const NUM_FORMS: usize = FORMS.len();

/// What a caption names, or what is seen in a picture; nothing of an attribute that it leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CaptionFactors {
    values: [Option<usize>; Attribute::ALL.len()],
}

impl CaptionFactors {
    /// All that can be said of a picture.
    pub fn of(factors: &ShapeFactors) -> Self {
        let place = 3 * third(factors.y, POSITIONS) + third(factors.x, POSITIONS);
        let size = third(factors.size, SIZES);
        let values = [factors.shape, factors.colour, factors.background, size, place];
        Self { values: values.map(Some) }
    }

    /// The value of an attribute, if it is named.
    pub const fn get(&self, attribute: Attribute) -> Option<usize> {
        self.values[attribute as usize]
    }

    /// Names an attribute, or leaves it out.
    ///
    /// # Panics
    /// When the attribute has no such value.
    pub fn set(&mut self, attribute: Attribute, value: Option<usize>) {
        let known = value.is_none_or(|value| value < attribute.num_values());
        assert!(known, "{} has no value {value:?}", attribute.name());
        self.values[attribute as usize] = value;
    }

    /// How many attributes are named.
    pub fn num_named(&self) -> usize {
        self.values.iter().flatten().count()
    }
}

/// The varied caption of picture `index` under `seed`.
pub fn varied_caption(factors: &ShapeFactors, seed: u64, index: u64) -> String {
    let mut rng = random::stream(seed, index, Purpose::Captions);
    let mut choose = |of: usize| rng.random_range(0..of as u32) as usize;
    let form = choose(NUM_FORMS);
    caption_in_form(factors, form, &mut choose).0
}

/// A caption in one of [`NUM_FORMS`] forms, and what it names. `choose` is asked for a number below the one that it is
/// given wherever there are several wordings.
///
/// # Panics
/// When there is no such form or wording.
pub fn caption_in_form(
    factors: &ShapeFactors,
    form: usize,
    choose: &mut dyn FnMut(usize) -> usize,
) -> (String, CaptionFactors) {
    let all = CaptionFactors::of(factors);
    let mut named = CaptionFactors::default();
    let mut pick = |wordings: &[&'static str]| wordings[choose(wordings.len())];
    let mut text = String::new();
    for part in FORMS[form].split_inclusive('}') {
        let (between, slot) = part.split_once('{').unwrap_or((part, ""));
        text += between;
        let (attribute, within) = match slot {
            "" => continue,
            "shape}" => (Attribute::Shape, false),
            "colour}" => (Attribute::Colour, false),
            "background}" => (Attribute::Background, false),
            "size}" => (Attribute::Size, false),
            "place}" => (Attribute::Place, false),
            "at}" => (Attribute::Place, true),
            other => unreachable!("{other} is no slot of a form"),
        };
        let value = all.get(attribute).expect("everything of a picture is known");
        named.set(attribute, Some(value));
        let wording = pick(attribute.wordings(value));
        if within {
            text += &pick(PLACE_FRAMES[kind_of_place(value)]).replace("{}", wording);
        } else {
            text += wording;
        }
    }
    (with_articles(&text), named)
}

/// Which of [`PLACE_FRAMES`] a place takes.
const fn kind_of_place(value: usize) -> usize {
    match value {
        4 => 3,
        3 | 5 => 2,
        1 | 7 => 1,
        _ => 0,
    }
}

/// "an" before a vowel, "a" before another letter.
pub(super) fn with_articles(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let vowel = |word: &&str| word.starts_with(['a', 'e', 'i', 'o', 'u']);
    let article = |at: usize| match words[at] {
        "a" | "an" if words.get(at + 1).is_some_and(vowel) => "an",
        "an" => "a",
        word => word,
    };
    (0..words.len()).map(article).collect::<Vec<_>>().join(" ")
}
