//! Keys in short: what most keys of a recipe have in common.

use crate::language::tr_later;
use crate::train::settings::{Default, Key, Kind};

/// A whole number in a closed interval.
pub(super) const fn whole(
    name: &'static str,
    [lo, hi]: [i64; 2],
    default: f64,
    unit: &'static str,
    help: &'static str,
    source: &'static str,
) -> Key {
    let kind = Kind::Integer { lo, hi };
    Key { name, kind, default: Default::Number(default), unit, help, source, live: false }
}

/// A number of steps, which may change while a run goes on.
pub(super) const fn steps(
    name: &'static str,
    default: f64,
    help: &'static str,
    source: &'static str,
) -> Key {
    Key { live: true, ..whole(name, [0, 1_000_000_000], default, tr_later!("steps"), help, source) }
}

/// The weight of a term, which may change while a run goes on.
pub(super) const fn weight(
    name: &'static str,
    default: f64,
    help: &'static str,
    source: &'static str,
) -> Key {
    let kind = Kind::Number { lo: 0.0, hi: 1000.0 };
    Key { name, kind, default: Default::Number(default), unit: "", help, source, live: true }
}

/// One of a few words.
pub(super) const fn choice(
    name: &'static str,
    words: &'static [&'static str],
    default: &'static str,
    help: &'static str,
    source: &'static str,
) -> Key {
    let (kind, default) = (Kind::Choice(words), Default::Word(default));
    Key { name, kind, default, unit: "", help, source, live: false }
}
