//! What scripts say of directions.

use anyhow::{anyhow, bail};

use crate::measure::directions::{Lesson, Method, Source};
use crate::session::anchor::Anchor;
use crate::ui::DirectionsAsk;

/// `learn classes`, `factor:NAME`, `pca`, `draws` or `first-layer`, then `means=yes`, `images=N`, `count=N` where they
/// differ.
pub(super) fn lesson(words: &[&str]) -> anyhow::Result<Lesson> {
    let (source, keys) = words.split_first().ok_or_else(|| anyhow!("the source is missing"))?;
    let source: Source = source.parse()?;
    let mut lesson = Lesson { source, method: Method::Logistic, images: 2000, count: 8 };
    for key in keys {
        match key.split_once('=') {
            Some(("means", "yes")) => lesson.method = Method::Means,
            Some(("images", value)) => lesson.images = value.parse()?,
            Some(("count", value)) => lesson.count = value.parse()?,
            _ => bail!("{key:?} (expected means=yes, images= or count=)"),
        }
    }
    Ok(lesson)
}

/// `directions reset`, `clear`, `invert PLACE`, `remove PLACE`, `move PLACE PLACE`, `rename PLACE NAME`, `orthogonalise PLACE
/// OTHERS`, `between` (from zero to the point), `save PATH` or `load PATH`.
pub(super) fn directions(words: &str) -> anyhow::Result<DirectionsAsk> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let rest = rest.trim();
    let places = || rest.split_whitespace().map(str::parse).collect::<Result<Vec<usize>, _>>();
    Ok(match verb {
        "reset" => DirectionsAsk::Reset,
        "clear" => DirectionsAsk::Clear,
        "between" => DirectionsAsk::Between { from: Anchor::Origin, to: Anchor::Point },
        "invert" => DirectionsAsk::Invert(rest.parse()?),
        "remove" => DirectionsAsk::Remove(rest.parse()?),
        "rename" => {
            let (index, name) = rest.split_once(' ').ok_or_else(|| anyhow!("a name is missing"))?;
            DirectionsAsk::Rename { index: index.parse()?, name: name.to_owned() }
        }
        "move" => match places()?[..] {
            [from, to] => DirectionsAsk::Move { from, to },
            _ => bail!("{rest:?} (expected two places)"),
        },
        "orthogonalise" => match places()?[..] {
            [index, ref against @ ..] if !against.is_empty() => {
                DirectionsAsk::Orthogonalise { index, against: against.to_vec() }
            }
            _ => bail!("{rest:?} (expected a place and those of others)"),
        },
        "save" if !rest.is_empty() => DirectionsAsk::Save(Some(rest.into())),
        "load" if !rest.is_empty() => DirectionsAsk::Load(Some(rest.into())),
        _ => bail!(
            "directions {words:?} (expected reset, clear, between, invert, remove, rename, move, orthogonalise, save PATH or load PATH)"
        ),
    })
}
