//! What was measured, as a table: a column a model, a row a measure.

use super::{Entry, Evaluate, Found, State};
use crate::language::tr_later;
use crate::measure::{Better, KINDS, MeasureKind};
use crate::session::words::grouped;

/// A model that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column<'a> {
    /// The model.
    pub entry: &'a Entry,
    /// What was found of it.
    pub found: &'a Found,
}

/// A measure that at least one model has.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which measure.
    pub kind: &'static MeasureKind,
    /// Its value for each column; nothing where a family has no such measure.
    pub values: Vec<Option<f64>>,
    /// Which of them are best: none where there is nothing to choose, all that read alike where they are equal.
    pub best: Vec<bool>,
    /// Why none is best although one may look so.
    pub caution: Option<&'static str>,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table<'a> {
    /// The models.
    pub columns: Vec<Column<'a>>,
    /// The measures, in the order in which they are told.
    pub rows: Vec<Row>,
}

impl Row {
    /// The name with its unit, for example `psnr / dB`.
    pub fn title(&self) -> String {
        match self.kind.unit {
            "" => self.kind.label.to_owned(),
            unit => format!("{} / {unit}", self.kind.label),
        }
    }

    /// An arrow to where better is.
    pub fn arrow(&self) -> &'static str {
        match self.kind.better {
            Better::Lower => "↓",
            Better::Higher => "↑",
            Better::Neither => "",
        }
    }

    /// A value without its unit, or a dash where there is none.
    pub fn text(&self, column: usize) -> String {
        let value = self.values.get(column).copied().flatten();
        value.map_or_else(|| "–".to_owned(), |value| digits(self.kind, value))
    }

    /// What the measure is, which way is better, and what to mind, in plain words.
    pub fn about(&self) -> impl Iterator<Item = &'static str> {
        let way = match self.kind.better {
            Better::Lower => tr_later!("Lower is better."),
            Better::Higher => tr_later!("Higher is better."),
            Better::Neither => tr_later!("Neither more nor less is better by itself."),
        };
        [self.kind.about, way].into_iter().chain(self.caution)
    }
}

fn digits(kind: &MeasureKind, value: f64) -> String {
    format!("{value:.*}", kind.decimals)
}

/// Which values are best, told by the digits that are shown.
fn best(kind: &MeasureKind, values: &[Option<f64>]) -> Vec<bool> {
    let none = vec![false; values.len()];
    let told = || values.iter().flatten().copied();
    let top = match kind.better {
        Better::Lower => told().reduce(f64::min),
        Better::Higher => told().reduce(f64::max),
        Better::Neither => None,
    };
    let Some(top) = top.map(|top| digits(kind, top)) else { return none };
    let reads_so = |value: &Option<f64>| value.is_some_and(|value| digits(kind, value) == top);
    let marks: Vec<bool> = values.iter().map(reads_so).collect();
    let differ = told().any(|value| digits(kind, value) != top);
    if differ { marks } else { none }
}

impl Evaluate {
    /// What was measured so far.
    pub fn table(&self) -> Table<'_> {
        let columns: Vec<Column<'_>> = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.state {
                State::Measured(found) => Some(Column { entry, found }),
                _ => None,
            })
            .collect();
        let likelihoods = || columns.iter().filter_map(|column| column.found.likelihood.as_deref());
        let mixed = likelihoods().any(|likelihood| Some(likelihood) != likelihoods().next());
        let row = |kind: &'static MeasureKind| {
            let value = |column: &Column<'_>| column.found.value(kind.name);
            let values: Vec<Option<f64>> = columns.iter().map(value).collect();
            let is_incomparable = mixed && matches!(kind.name, "elbo_nats" | "reconstruction_nats");
            let best =
                if is_incomparable { vec![false; values.len()] } else { best(kind, &values) };
            let caution = is_incomparable.then_some(tr_later!(
                "No best is marked: these models hold pixels to be spread differently."
            ));
            values.iter().any(Option::is_some).then_some(Row { kind, values, best, caution })
        };
        let rows = KINDS.iter().filter_map(row).collect();
        Table { columns, rows }
    }

    /// What the table was measured on, in one line; empty before the images are open.
    pub fn headline(&self) -> String {
        let Some(images) = self.basis.as_ref().and_then(|basis| basis.images.as_ref()) else {
            return String::new();
        };
        let [count, all] = [images.count, images.all].map(grouped);
        let which = if images.count == images.all {
            format!("all {all} {} images", images.split)
        } else {
            format!("the first {count} of {all} {} images", images.split)
        };
        format!("{}, {}: {which}", images.name, images.shape)
    }

    /// What sets of images were compared by, each once.
    pub fn features(&self) -> Vec<&str> {
        let mut features = Vec::new();
        for column in self.table().columns {
            let told = column.found.features.as_deref();
            features.extend(told.filter(|told| !features.contains(told)));
        }
        features
    }

    /// The most draws that were compared with as many images.
    pub fn draws(&self) -> Option<u64> {
        self.table().columns.iter().filter_map(|column| column.found.draws).max()
    }

    /// How it was measured, in one line.
    pub fn details(&self) -> String {
        let Some(basis) = &self.basis else { return String::new() };
        let mut parts = Vec::new();
        let features = self.features();
        if !features.is_empty() {
            parts.push(format!("sets of images compared by {}", features.join(" or ")));
        }
        if let Some(draws) = self.draws() {
            parts.push(format!("{} draws beside as many images", grouped(draws)));
        }
        parts.push(format!("seed {}", basis.asked.seed));
        if let Some(images) = &basis.images {
            parts.push(format!("data {}", images.spec));
        }
        parts.join(" · ")
    }
}
