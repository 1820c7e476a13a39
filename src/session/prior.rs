//! Draws from a prior over the codes: what is asked for, how far they are, and how probable the picture's codes are.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::graph::lower::prior::{Order, PriorConfig};
use crate::sample::{Options, Words};

/// Pictures that are drawn at once, at most.
pub const MOST: usize = 64;
/// The moments of drawing that a film has, at most.
pub const MOST_MOMENTS: usize = 100;
/// The highest temperature.
pub const MOST_TEMPERATURE: f32 = 4.0;
/// The least probability that the likeliest codes have together.
pub const LEAST_TOP_P: f32 = 0.01;
/// The strongest guidance.
pub const MOST_GUIDANCE: f32 = 20.0;
/// The most steps of a masked prior.
pub const MOST_STEPS: usize = 256;

/// The codes of pictures in the order of places, as far as they are drawn: `[pictures][places]`.
pub type Drawn = Vec<Vec<Option<u32>>>;

/// What is asked of the prior.
#[derive(Clone, Debug, PartialEq)]
pub enum PriorAsk {
    /// Changes how codes are drawn.
    Set(Form),
    /// Draws pictures of a text from now on, or of any; soon after the last letter.
    Say(String),
    /// Draws pictures between the first text and this one from now on, or of the first alone where it is empty.
    Towards(String),
    /// Has texts that begin with what pictures are drawn of, as far as it goes.
    Complete,
    /// What is to be said of the picture of which only that changes.
    But(String),
    /// Erases the cells of the picture that do not fit what is to be said of it.
    Edit,
    /// Draws pictures.
    Draw,
    /// Draws what is erased in the picture, several times.
    Fill,
    /// Ends drawing; what is drawn so far stays.
    Cancel,
    /// Goes to a picture that was drawn.
    Take(usize),
    /// Erases cells of the picture's code map, or brings them back.
    Erase {
        /// The cells.
        cells: Vec<usize>,
        /// Whether they are erased.
        erased: bool,
    },
    /// Brings all erased cells back.
    Restore,
    /// Writes drawing as a film; asks where when no path is given.
    SaveFilm(Option<PathBuf>),
}

/// How codes are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Form {
    /// All that one draw follows from.
    pub options: Options,
    /// How many pictures.
    pub count: usize,
    /// Whether new ones are drawn as the prior learns.
    pub follows: bool,
    /// Where between two texts pictures are drawn, from 0 to 1; nothing for a row from one to the other.
    pub share: Option<f32>,
}

impl Default for Form {
    fn default() -> Self {
        Self { options: Options::default(), count: 16, follows: true, share: None }
    }
}

/// The prior of the model in the explorer.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorLine {
    /// The classes that it can be asked for.
    pub classes: Vec<String>,
    /// In which order it tells codes.
    pub order: Order,
    /// Rows and columns of cells.
    pub grid: [usize; 2],
    /// Codes in a cell.
    pub per_cell: usize,
    /// Codes that each of them is one of.
    pub codes: usize,
    /// Whether it knows texts.
    pub knows_texts: bool,
}

impl PriorLine {
    /// The codes of a picture.
    pub fn num_places(&self) -> usize {
        self.grid[0] * self.grid[1] * self.per_cell
    }
}

impl From<&PriorConfig> for PriorLine {
    fn from(config: &PriorConfig) -> Self {
        Self {
            classes: config.classes.clone(),
            order: config.order,
            grid: config.grid(),
            per_cell: config.per_cell(),
            codes: config.num_codes(),
            knows_texts: config.text.is_some(),
        }
    }
}

/// What is drawn, and what is known of the picture.
#[derive(Clone, Debug, Default)]
pub struct Prior {
    line: Option<PriorLine>,
    form: Form,
    /// What pictures are drawn of.
    text: String,
    /// What they go towards.
    towards: String,
    /// What is to be said of the picture.
    but: String,
    /// What became of that.
    edit: Option<Edit>,
    /// Whether an edit is being found.
    edits: bool,
    completions: Option<Completions>,
    /// Whether a text is being completed.
    completes: bool,
    words: Option<Words>,
    drawn: Drawn,
    /// The share that is done, while codes are drawn.
    share: Option<f32>,
    /// Which codes were given, where what is shown fills a picture.
    given: Option<Vec<Option<u32>>>,
    moments: Vec<Drawn>,
    bits: Option<Bits>,
    /// Cells of the picture's code map that are to be drawn anew.
    erased: BTreeSet<usize>,
}

/// How many bits the codes of a picture take.
#[derive(Clone, Debug, PartialEq)]
pub struct Bits {
    /// The codes, in the order of places.
    pub codes: Vec<u32>,
    /// What each takes, in the same order.
    pub bits: Vec<f32>,
    /// What the prior says of the picture, where it knows texts.
    pub caption: Option<String>,
}

/// A picture of which another text is to be true.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// What the prior says of the picture.
    pub from: String,
    /// What is to be said of it.
    pub to: String,
}

/// What a text can become.
#[derive(Clone, Debug, PartialEq)]
pub struct Completions {
    /// How it begins.
    pub begin: String,
    /// Whole texts, the likeliest first, with the bits that each takes.
    pub texts: Vec<(String, f32)>,
}

impl Bits {
    /// All of them.
    pub fn sum(&self) -> f32 {
        self.bits.iter().sum()
    }
}

impl Prior {
    /// Begins anew with the prior of another model, if it has one. How codes are drawn stays, but for the class.
    pub fn show(&mut self, line: Option<PriorLine>) {
        let form = self.form;
        *self = Self { line, ..Self::default() };
        self.set_form(form);
    }

    /// What pictures are drawn of; empty for any.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Draws pictures of another text from now on.
    pub fn say(&mut self, text: String) {
        self.text = text;
    }

    /// The text that pictures go towards; empty for none.
    pub fn towards(&self) -> &str {
        &self.towards
    }

    /// Draws pictures that go towards another text from now on.
    pub fn go_towards(&mut self, text: String) {
        self.towards = text;
    }

    /// What is to be said of the picture, as it was typed.
    pub fn but(&self) -> &str {
        &self.but
    }

    /// Takes what is to be said of the picture.
    pub fn say_but(&mut self, text: String) {
        self.but = text;
    }

    /// The texts before and after, where cells were erased for another one.
    pub fn edit(&self) -> Option<&Edit> {
        self.edit.as_ref()
    }

    /// Cells that do not fit another text are being looked for.
    pub fn begin_edit(&mut self) {
        self.edits = true;
    }

    /// They are found: they alone are erased.
    pub fn end_edit(&mut self, found: Option<(Edit, Vec<usize>)>) {
        self.edits = false;
        if let Some((edit, cells)) = found {
            self.restore();
            self.edit = Some(edit);
            self.erase(&cells, true);
        }
    }

    /// Whether cells that do not fit another text are being looked for.
    pub fn edits(&self) -> bool {
        self.edits
    }

    /// What fills the cells that are erased has this text.
    pub fn fill_text(&self) -> &str {
        self.edit.as_ref().map_or(&self.text, |edit| &edit.to)
    }

    /// A text is being completed.
    pub fn begin_completions(&mut self) {
        self.completes = true;
    }

    /// What the text can become, as far as that was told.
    pub fn end_completions(&mut self, found: Option<Completions>) {
        self.completes = false;
        self.completions = found;
    }

    /// Whether a text is being completed.
    pub fn completes(&self) -> bool {
        self.completes
    }

    /// What the text that pictures are drawn of can become, once that is known.
    pub fn completions(&self) -> Option<&Completions> {
        self.completions.as_ref().filter(|found| found.begin == self.text)
    }

    /// Takes which words the codes of the picture attend to.
    pub fn take_words(&mut self, words: Option<Words>) {
        self.words = words;
    }

    /// Which words the codes of the picture attend to, as far as that is known.
    pub fn words(&self) -> Option<&Words> {
        self.words.as_ref()
    }

    /// The prior, where the model has one.
    pub fn line(&self) -> Option<&PriorLine> {
        self.line.as_ref()
    }

    /// How codes are drawn.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Draws in another way from now on. Whatever is asked for becomes something that can be drawn.
    pub fn set_form(&mut self, form: Form) {
        let classes = self.line.as_ref().map_or(0, |line| line.classes.len() as u32);
        let codes = self.line.as_ref().map_or(usize::MAX, |line| line.codes);
        let amount = |value: f32, [least, most]: [f32; 2]| {
            if value.is_finite() { value.clamp(least, most) } else { 1.0 }
        };
        let options = Options {
            class: form.options.class.filter(|class| *class < classes),
            temperature: amount(form.options.temperature, [0.0, MOST_TEMPERATURE]),
            top_k: form.options.top_k.min(codes),
            top_p: amount(form.options.top_p, [LEAST_TOP_P, 1.0]),
            guidance: amount(form.options.guidance, [0.0, MOST_GUIDANCE]),
            steps: form.options.steps.clamp(1, MOST_STEPS),
            seed: form.options.seed,
        };
        let share = form.share.map(|share| amount(share, [0.0, 1.0]));
        self.form = Form { options, count: form.count.clamp(1, MOST), share, ..form };
    }

    /// Drawing begins. What is `given` stays in every picture.
    pub fn begin(&mut self, given: Option<Vec<Option<u32>>>) {
        self.drawn.clear();
        self.moments.clear();
        self.given = given;
        self.share = Some(0.0);
    }

    /// Takes what is drawn so far.
    pub fn take_drawn(&mut self, drawn: Drawn, share: f32) {
        self.drawn = drawn;
        self.share = self.share.map(|_| share);
    }

    /// Drawing is over: what it was like at some moments, the last one at its end.
    pub fn end(&mut self, moments: Vec<Drawn>) {
        self.moments = moments;
        self.share = None;
    }

    /// The pictures that are drawn, as far as they are.
    pub fn drawn(&self) -> &Drawn {
        &self.drawn
    }

    /// The share that is done, while codes are drawn.
    pub fn share(&self) -> Option<f32> {
        self.share
    }

    /// Whether something is drawn or looked for that a person asked for.
    pub fn is_busy(&self) -> bool {
        self.share.is_some() || self.edits || self.completes
    }

    /// Whether what is shown fills what was erased in a picture.
    pub fn fills(&self) -> bool {
        self.given.is_some()
    }

    /// Whether a code was drawn, rather than given.
    pub fn is_filled(&self, place: usize) -> bool {
        self.given.as_ref().is_none_or(|given| given.get(place).is_some_and(Option::is_none))
    }

    /// A picture that is drawn as a whole.
    pub fn whole(&self, picture: usize) -> Option<Vec<u32>> {
        self.drawn.get(picture)?.iter().copied().collect()
    }

    /// What was drawn at moments on the way, the last one whole.
    pub fn moments(&self) -> &[Drawn] {
        &self.moments
    }

    /// Takes how probable the codes of the picture are.
    pub fn take_bits(&mut self, bits: Option<Bits>) {
        self.bits = bits;
    }

    /// How probable the codes of the picture are, as far as that is known.
    pub fn bits(&self) -> Option<&Bits> {
        self.bits.as_ref()
    }

    /// Cells of the picture's code map that are to be drawn anew.
    pub fn erased(&self) -> &BTreeSet<usize> {
        &self.erased
    }

    /// Erases cells, or brings them back; those that the model's grids do not have are left out.
    pub fn erase(&mut self, cells: &[usize], erased: bool) {
        let count = self.line.as_ref().map_or(0, PriorLine::num_places);
        for &cell in cells.iter().filter(|cell| **cell < count) {
            if erased {
                self.erased.insert(cell);
            } else {
                self.erased.remove(&cell);
            }
        }
    }

    /// Brings all cells back; there is no other text for them.
    pub fn restore(&mut self) {
        self.erased.clear();
        self.edit = None;
    }
}
