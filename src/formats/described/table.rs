//! The entries of a TOML table, taken out one by one, each mistake with its line.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::formats::FormatError;

/// What is wrong with a line.
#[derive(Debug)]
pub(super) struct Problem {
    /// The line, counted from 1.
    pub(super) line: usize,
    /// What was found.
    pub(super) found: String,
    /// What was expected.
    pub(super) expected: String,
}

impl Problem {
    /// The same as an error of the file at `path`.
    pub(super) fn at(self, attempt: &'static str, path: &Path) -> FormatError {
        let found = format!("line {}: {}", self.line, self.found);
        FormatError::content(attempt, found, self.expected, path)
    }
}

/// Where things stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    places: BTreeMap<String, usize>,
    keys: BTreeMap<String, usize>,
    denied_biases: BTreeMap<String, usize>,
}

impl Lines {
    /// Keeps the line of a layer or of another part of the description.
    pub(super) fn keep_place(&mut self, place: impl Into<String>, line: usize) {
        self.places.insert(place.into(), line);
    }

    /// Keeps the line that names a tensor, the first of several.
    pub(super) fn keep_key(&mut self, name: impl Into<String>, line: usize) {
        self.keys.entry(name.into()).or_insert(line);
    }

    /// Keeps the name that a bias would have where a line says that there is none.
    pub(super) fn keep_denied_bias(&mut self, name: String, line: usize) {
        self.denied_biases.insert(name, line);
    }

    /// The line of a place, or of what it is a part of.
    pub(super) fn of_place(&self, place: &str) -> usize {
        let mut part = place;
        loop {
            if let Some(line) = self.places.get(part) {
                return *line;
            }
            match part.rsplit_once('.') {
                Some((whole, _)) => part = whole,
                None => return 1,
            }
        }
    }

    /// The line that names a tensor.
    pub(super) fn of_key(&self, name: &str) -> usize {
        self.keys.get(name).copied().unwrap_or(1)
    }

    /// The names of biases that there are not to be.
    pub(super) fn denied_biases(&self) -> impl Iterator<Item = (&str, usize)> {
        self.denied_biases.iter().map(|(name, line)| (name.as_str(), *line))
    }
}

/// A text in quotes, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", &text[..end]),
    }
}

/// A text with the beginnings of its lines.
pub(super) struct Text {
    starts: Vec<usize>,
}

impl Text {
    /// Finds the lines.
    pub(super) fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { starts: ends.map(|(end, _)| end + 1).collect() }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        1 + self.starts.partition_point(|start| *start <= offset)
    }
}

/// The entries of one table.
pub(super) struct Fields<'a> {
    /// What messages call it.
    what: String,
    table: &'a DeTable<'a>,
    text: &'a Text,
    /// Where it begins.
    pub(super) line: usize,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The entries of `table`, which begins on a line.
    pub(super) fn new(
        what: impl Into<String>,
        table: &'a DeTable<'a>,
        text: &'a Text,
        line: usize,
    ) -> Self {
        Self { what: what.into(), table, text, line, asked: Vec::new() }
    }

    /// The same called otherwise.
    pub(super) fn called(self, what: impl Into<String>) -> Self {
        Self { what: what.into(), ..self }
    }

    /// An entry, if it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Entry<'a>> {
        self.asked.push(key);
        let (found, value) = self.table.get_key_value(key)?;
        let line = self.text.line(found.span().start);
        Some(Entry { name: key.to_owned(), value: value.get_ref(), text: self.text, line })
    }

    /// An entry that has to be there.
    pub(super) fn need(&mut self, key: &'static str, expected: &str) -> Result<Entry<'a>, Problem> {
        let (line, found) = (self.line, format!("no {key} in {}", self.what));
        let expected = format!("{key} = {expected}");
        self.take(key).ok_or(Problem { line, found, expected })
    }

    /// A whole number, `default` where it is not there.
    pub(super) fn whole_or(
        &mut self,
        key: &'static str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, Problem> {
        self.take(key).map_or(Ok(default), |entry| entry.whole(range))
    }

    /// A number, `default` where it is not there.
    pub(super) fn number_or(&mut self, key: &'static str, default: f32) -> Result<f32, Problem> {
        self.take(key).map_or(Ok(default), |entry| entry.number())
    }

    /// Refuses an entry that has another value than one that changes nothing.
    pub(super) fn only(&mut self, key: &'static str, value: &str) -> Result<(), Problem> {
        match self.take(key) {
            Some(entry) if entry.shown().trim_matches('"') != value => {
                Err(entry.wrong(format!("{value}: there is no other here")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses entries that nobody asked for.
    pub(super) fn finish(self, hint: &str) -> Result<(), Problem> {
        let strange = self.table.keys().filter(|key| !self.asked.contains(&key.get_ref().as_ref()));
        let Some(first) = strange.min_by_key(|key| key.span().start) else { return Ok(()) };
        let line = self.text.line(first.span().start);
        let found = format!("{} in {}", quoted(first.get_ref()), self.what);
        Err(Problem { line, found, expected: format!("{}{hint}", self.asked.join(", ")) })
    }
}

/// One value and what it is called.
pub(super) struct Entry<'a> {
    name: String,
    value: &'a DeValue<'a>,
    text: &'a Text,
    /// Where it stands.
    pub(super) line: usize,
}

impl<'a> Entry<'a> {
    /// A value of a list, at its own line.
    fn item(&self, item: &'a Spanned<DeValue<'a>>) -> Self {
        let line = self.text.line(item.span().start);
        Self { name: self.name.clone(), value: item.get_ref(), text: self.text, line }
    }

    /// The value is another than expected.
    pub(super) fn wrong(&self, expected: impl Into<String>) -> Problem {
        let found = format!("{} is {}", self.name, self.shown());
        Problem { line: self.line, found, expected: expected.into() }
    }

    /// The value in few words.
    fn shown(&self) -> String {
        match self.value {
            DeValue::String(text) => quoted(text),
            DeValue::Integer(number) => quoted(&number.to_string()).trim_matches('"').to_owned(),
            DeValue::Float(number) => quoted(number.as_str()).trim_matches('"').to_owned(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(_) => "a date or time".to_owned(),
            DeValue::Array(items) => format!("a list of {}", items.len()),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }

    /// A text.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        self.value.as_bool()
    }

    /// A table.
    pub(super) fn fields(&self) -> Option<Fields<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Fields::new(&self.name, table, self.text, self.line)),
            _ => None,
        }
    }

    /// The values of a list.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self.value {
            DeValue::Array(items) => Some(items.iter().map(|item| self.item(item)).collect()),
            _ => None,
        }
    }

    /// A text that is not empty.
    pub(super) fn name(&self, expected: &str) -> Result<String, Problem> {
        let text = self.text().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| self.wrong(expected))
    }

    /// A whole number of a range.
    pub(super) fn whole(&self, range: RangeInclusive<usize>) -> Result<usize, Problem> {
        let expected = || self.wrong(format!("{} to {}", range.start(), range.end()));
        let number = match self.value {
            DeValue::Integer(number) => whole(number),
            _ => None,
        };
        number.filter(|number| range.contains(number)).ok_or_else(expected)
    }

    /// A finite number.
    pub(super) fn number(&self) -> Result<f32, Problem> {
        let number = match self.value {
            DeValue::Integer(number) => whole_or_negative(number).map(|number| number as f32),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite()).ok_or_else(|| self.wrong("a finite number"))
    }

    /// `N` whole numbers of a range, or one for all of them.
    pub(super) fn wholes<const N: usize>(
        &self,
        range: RangeInclusive<usize>,
        expected: impl Display,
    ) -> Result<[usize; N], Problem> {
        let Some(items) = self.items() else { return Ok([self.whole(range)?; N]) };
        let wrong = |_: Vec<usize>| self.wrong(format!("one number, or {expected}"));
        let numbers = items.iter().map(|item| item.whole(range.clone()));
        numbers.collect::<Result<Vec<_>, _>>()?.try_into().map_err(wrong)
    }
}

fn whole_or_negative(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn whole(number: &DeInteger<'_>) -> Option<usize> {
    usize::try_from(whole_or_negative(number)?).ok()
}
