//! The point as text that other programs read, and points that come as text.

use super::{Explore, Prior};

/// Why a text is no point of a model.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PasteError {
    /// Something in it is no number.
    #[error(
        "paste a point: {found:?} is no finite number (expected numbers, such as copying gives)"
    )]
    NoNumber {
        /// The first that is none.
        found: String,
    },
    /// It has too many numbers, or too few.
    #[error("paste a point: found {found} numbers (expected {expected})")]
    Count {
        /// How many.
        found: usize,
        /// How many a point has.
        expected: String,
    },
    /// A number is no code that its cell can have.
    #[error("paste codes: {found} in place {place} is no code (expected a whole number from {} to {})", range.start, range.end - 1)]
    NoCode {
        /// The number.
        found: f32,
        /// Where it stands, counted from 0.
        place: usize,
        /// The codes that can stand there.
        range: std::ops::Range<usize>,
    },
}

impl Explore {
    /// The point as a list in brackets: the codes of the picture where there is a codebook, else the latent. Read
    /// back, every number is the same to the last bit.
    pub fn to_text(&self) -> String {
        match self.codes() {
            Some(codes) => list(codes),
            None => list(self.latent()),
        }
    }

    /// Goes to a point that came as text: a latent, or with a codebook the codes of a picture. Brackets, commas,
    /// semicolons and blanks count for nothing.
    ///
    /// # Errors
    /// When it is no list of numbers, of another length, or names a code that there is not; nothing moves then.
    pub fn paste(&mut self, text: &str) -> Result<(), PasteError> {
        let values = numbers(text)?;
        let codes = match &self.prior {
            Prior::Normal => None,
            Prior::Codes { .. } => self.codes().filter(|codes| {
                let is_latent = values.len() == self.latent.len();
                let are_whole = values.iter().all(|value| value.fract() == 0.0);
                codes.len() == values.len() && (are_whole || !is_latent)
            }),
        };
        if let Some(before) = codes {
            return self.paste_codes(&before, &values);
        }
        if values.len() != self.latent.len() {
            let found = values.len();
            let latent = self.latent.len();
            let expected = match self.codes() {
                Some(codes) => format!("{} codes, or {latent} values of a latent", codes.len()),
                None => format!("{latent}, as the latent has"),
            };
            return Err(PasteError::Count { found, expected });
        }
        self.begin_edit();
        self.set_latent(&values);
        Ok(())
    }

    fn paste_codes(&mut self, before: &[u32], values: &[f32]) -> Result<(), PasteError> {
        let Prior::Codes { space, .. } = &self.prior else { return Ok(()) };
        let cells = before.len() / space.layout.per_cell().max(1);
        for (place, &found) in values.iter().enumerate() {
            let range = space.range(place / cells.max(1));
            if found.fract() != 0.0 || found < 0.0 || !range.contains(&(found as usize)) {
                return Err(PasteError::NoCode { found, place, range });
            }
        }
        self.begin_edit();
        let changed =
            values.iter().zip(before).enumerate().filter(|(_, (code, old))| **code as u32 != **old);
        self.cells.extend(changed.map(|(place, (&code, _))| (place, code as u32)));
        Ok(())
    }
}

fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    format!("[{}]", values.join(", "))
}

fn numbers(text: &str) -> Result<Vec<f32>, PasteError> {
    let is_between = |c: char| c.is_whitespace() || ",;[](){}".contains(c);
    let words = text.split(is_between).filter(|word| !word.is_empty());
    let number = |word: &str| {
        let found = || word.chars().take(24).collect();
        let number = word.parse::<f32>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| PasteError::NoNumber { found: found() })
    };
    words.map(number).collect()
}
