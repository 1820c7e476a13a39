//! The values of a sweep, from what a person types.

use crate::language::tr_later;

/// No sweep has more values.
pub const MOST_VALUES: usize = 100;
/// What can be typed, for people.
pub const FORMS: &str = tr_later!(
    "values such as 1, 2, 4 (with ; between them where a value has commas), or a range such as 0.001 to 0.1 in 5 log"
);

/// What was typed is no sweep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    /// Nothing was typed.
    #[error("no values (expected {FORMS})")]
    Empty,
    /// A range that is none.
    #[error("the range {found:?} is none: {why} (expected {FORMS})")]
    Range {
        /// What was typed.
        found: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Too many values.
    #[error("{found} values (expected at most {MOST_VALUES})")]
    TooMany {
        /// How many.
        found: usize,
    },
}

/// The values, each once, in the order in which they were typed: `1, 2, 4`, or with `;` between them where a value has
/// commas, or `FROM to TO in COUNT`, evenly spaced, with `log` behind it by ratio. Those of a range are rounded to whole
/// numbers for a key that takes no others (`whole`), else to six digits.
///
/// # Errors
/// When there is no value, a range is none, or there are more than [`MOST_VALUES`].
pub fn values(text: &str, whole: bool) -> Result<Vec<String>, SweepError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let all = match words[..] {
        [] => return Err(SweepError::Empty),
        [from, "to", to, "in", count, ref rest @ ..] => {
            let wrong = |why| SweepError::Range { found: text.trim().to_owned(), why };
            let number = |word: &str| word.parse::<f64>().ok().filter(|value| value.is_finite());
            let ends = number(from).zip(number(to));
            let (from, to) = ends.ok_or_else(|| wrong("its ends are no numbers"))?;
            let count: usize =
                count.parse().ok().ok_or_else(|| wrong("its count is no whole number"))?;
            if count > MOST_VALUES {
                return Err(SweepError::TooMany { found: count });
            }
            let is_log = match rest {
                [] | ["linear"] => false,
                ["log"] => true,
                _ => return Err(wrong("what follows the count is neither linear nor log")),
            };
            if is_log && (from <= 0.0 || to <= 0.0) {
                return Err(wrong("a range by ratio goes between numbers over 0"));
            }
            let share = |at: usize| if count > 1 { at as f64 / (count - 1) as f64 } else { 0.0 };
            let value = |at| {
                if is_log {
                    from * (to / from).powf(share(at))
                } else {
                    from + (to - from) * share(at)
                }
            };
            (0..count).map(|at| rounded(value(at), whole)).collect()
        }
        _ => {
            let between = if text.contains(';') { ';' } else { ',' };
            let typed = text.split(between).map(str::trim).filter(|value| !value.is_empty());
            typed.map(str::to_owned).collect::<Vec<_>>()
        }
    };
    let mut once: Vec<String> = Vec::new();
    for value in all {
        if !once.contains(&value) {
            once.push(value);
        }
    }
    match once.len() {
        0 => Err(SweepError::Empty),
        1..=MOST_VALUES => Ok(once),
        found => Err(SweepError::TooMany { found }),
    }
}

/// A number to six digits, or as a whole one.
fn rounded(value: f64, whole: bool) -> String {
    if whole {
        return format!("{:.0}", value.round());
    }
    let six: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    // Not the negative zero.
    (six + 0.0).to_string()
}
