//! Two codebooks side by side: how far each code moved, and which died or came to life.

use std::io::{self, Write};

use crate::array::Array;
use crate::language::tr_later;
use crate::latent::{nearest_codes, one_to_one, squared_distance};

/// How codes of one codebook are matched with those of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pairing {
    /// Those of one number: what training moved.
    #[default]
    Number,
    /// One to one, so that all together lie as near as they can.
    OneToOne,
    /// Each with the nearest one, which several may share.
    Nearest,
}

impl Pairing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Number, Self::OneToOne, Self::Nearest];

    /// Of more codes than this, [`Pairing::OneToOne`] takes too long.
    pub const MOST_ONE_TO_ONE: usize = 2048;

    /// Its name, as scripts have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::OneToOne => "one-to-one",
            Self::Nearest => "nearest",
        }
    }
}

/// One of two codebooks.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its vectors, `[parts * k, d]`.
    pub codes: &'a Array,
    /// How often each code is chosen, `[parts * k]`; empty where that is not known.
    pub counts: &'a [u64],
}

impl Side<'_> {
    /// The share of all vectors that choose a code.
    fn share(&self, code: usize) -> Option<f64> {
        let all: u64 = self.counts.iter().sum();
        let count = self.counts.get(code).filter(|_| all > 0)?;
        Some(*count as f64 / all as f64)
    }
}

/// What became of a code, from the other codebook to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It was used there and is not here.
    Died,
    /// It was not used there and is here.
    Arose,
    /// Used in both.
    Lives,
    /// Used in neither.
    Dead,
    /// The use of one of the two is not known, or it has no counterpart.
    Unknown,
}

impl Fate {
    /// Its name, as files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Died => tr_later!("died"),
            Self::Arose => tr_later!("came alive"),
            Self::Lives => tr_later!("used in both"),
            Self::Dead => tr_later!("dead in both"),
            Self::Unknown => tr_later!("not known"),
        }
    }
}

/// A code of this codebook and its counterpart in the other one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Its number here.
    pub code: usize,
    /// Its counterpart's number there; nothing where it has none.
    pub other: Option<usize>,
    /// The Euclidean distance between the two.
    pub distance: Option<f32>,
    /// The share of vectors that choose it here and there, where that is known.
    pub shares: [Option<f64>; 2],
    /// What became of it.
    pub fate: Fate,
}

/// How rows are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangesOrder {
    /// Those that moved farthest first.
    #[default]
    Movement,
    /// By number.
    Number,
    /// The most used here first.
    Use,
    /// Those that died first, then those that came alive.
    Fate,
}

impl ChangesOrder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Movement, Self::Number, Self::Use, Self::Fate];
}

/// All of it in a few numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// The middle distance between counterparts.
    pub median: f32,
    /// The greatest.
    pub most: f32,
    /// Codes that died.
    pub died: usize,
    /// Codes that came alive.
    pub arose: usize,
}

/// Every code of this codebook beside its counterpart in another.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// What the other one is called.
    pub name: String,
    /// How they were matched.
    pub pairing: Pairing,
    /// By number.
    pub rows: Vec<Change>,
}

impl Changes {
    /// Matches two codebooks of codes of one length, each made of `parts`, which are matched apart from each other;
    /// nothing where `go_on`, which is told the share that is done, said no.
    pub fn between(
        name: String,
        [here, there]: [Side<'_>; 2],
        parts: usize,
        pairing: Pairing,
        mut go_on: impl FnMut(f32) -> bool,
    ) -> Option<Self> {
        let parts = parts.max(1);
        let [k, l] = [here, there].map(|side| side.codes.num_rows() / parts);
        let mut rows = Vec::with_capacity(here.codes.num_rows());
        for part in 0..parts {
            let [ours, theirs] =
                [(here, k), (there, l)].map(|(side, k)| side.codes.rows(part * k, (part + 1) * k));
            let found: Vec<Option<usize>> = match pairing {
                Pairing::Number => (0..k).map(|code| (code < l).then_some(code)).collect(),
                Pairing::Nearest if l == 0 => vec![None; k],
                Pairing::Nearest => nearest_codes(&ours, &theirs)
                    .iter()
                    .map(|(code, _)| Some(*code as usize))
                    .collect(),
                Pairing::OneToOne => {
                    one_to_one(&ours, &theirs, |share| go_on((part as f32 + share) / parts as f32))?
                }
            };
            for (index, found) in found.into_iter().enumerate() {
                let (code, other) = (part * k + index, found.map(|found| part * l + found));
                rows.push(change([here, there], code, other));
            }
        }
        Some(Self { name, pairing, rows })
    }

    /// The numbers of rows, sorted; of equal ones the lower code first.
    pub fn sorted(&self, order: ChangesOrder) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.rows.len()).collect();
        let farthest = |row: &Change| -row.distance.unwrap_or(-1.0);
        let most_used = |row: &Change| -row.shares[0].unwrap_or(-1.0);
        rows.sort_by(|&a, &b| {
            let (a, b) = (&self.rows[a], &self.rows[b]);
            let first = match order {
                ChangesOrder::Movement => farthest(a).total_cmp(&farthest(b)),
                ChangesOrder::Use => most_used(a).total_cmp(&most_used(b)),
                ChangesOrder::Fate => a.fate.cmp(&b.fate).then(farthest(a).total_cmp(&farthest(b))),
                ChangesOrder::Number => std::cmp::Ordering::Equal,
            };
            first.then(a.code.cmp(&b.code))
        });
        rows
    }

    /// All of it in a few numbers.
    pub fn summary(&self) -> Summary {
        let mut distances: Vec<f32> = self.rows.iter().filter_map(|row| row.distance).collect();
        distances.sort_by(f32::total_cmp);
        let number = |fate| self.rows.iter().filter(|row| row.fate == fate).count();
        Summary {
            median: distances.get(distances.len() / 2).copied().unwrap_or(0.0),
            most: distances.last().copied().unwrap_or(0.0),
            died: number(Fate::Died),
            arose: number(Fate::Arose),
        }
    }

    /// Writes a row a code, in the given order; what is not known stays empty.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn write_csv(&self, order: ChangesOrder, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "code,other,distance,share_here,share_there,fate")?;
        for row in self.sorted(order) {
            let Change { code, other, distance, shares, fate } = &self.rows[row];
            let other = other.map(|other| other.to_string()).unwrap_or_default();
            let distance = distance.map(|distance| distance.to_string()).unwrap_or_default();
            let [ours, theirs] =
                shares.map(|share| share.map(|share| share.to_string()).unwrap_or_default());
            writeln!(out, "{code},{other},{distance},{ours},{theirs},{}", fate.name())?;
        }
        Ok(())
    }
}

fn change([here, there]: [Side<'_>; 2], code: usize, other: Option<usize>) -> Change {
    let distance =
        other.map(|other| squared_distance(here.codes.row(code), there.codes.row(other)).sqrt());
    let shares = [here.share(code), other.and_then(|other| there.share(other))];
    let fate = match shares.map(|share| share.map(|share| share > 0.0)) {
        [Some(true), Some(true)] => Fate::Lives,
        [Some(true), Some(false)] => Fate::Arose,
        [Some(false), Some(true)] => Fate::Died,
        [Some(false), Some(false)] => Fate::Dead,
        _ => Fate::Unknown,
    };
    let distance = distance.filter(|distance| distance.is_finite());
    Change { code, other, distance, shares, fate }
}
