//! What scripts say of runs, the queue and the film strip.

use anyhow::{Context as _, bail};

use super::train_form;
use crate::session::anchor::Anchor;
use crate::ui::{Command, QueueAsk, RunsAsk, StripAsk};

/// `runs read`, `folder PATH`, `choose NAME…`, `note DIR TEXT`, `save PATH`, `compare DIR…` or `delete DIR…`.
pub(super) fn runs(words: &str) -> anyhow::Result<Command> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let rest = rest.trim();
    let dirs = || rest.split_whitespace().map(Into::into).collect();
    Ok(Command::Runs(match verb {
        "read" => RunsAsk::Refresh,
        "folder" if !rest.is_empty() => RunsAsk::AddFolder(Some(rest.into())),
        "choose" => RunsAsk::Choose(rest.split_whitespace().map(str::to_owned).collect()),
        "note" => {
            let (dir, text) = rest.split_once(' ').context("what is to be noted is missing")?;
            RunsAsk::SetNotes { dir: dir.into(), text: text.to_owned() }
        }
        "save" if !rest.is_empty() => RunsAsk::Save(Some(rest.into())),
        "compare" => RunsAsk::CompareCurves(dirs()),
        "delete" => RunsAsk::Delete(dirs()),
        _ => bail!(
            "runs {words:?} (expected read, folder PATH, choose NAME…, note DIR TEXT, save PATH, compare DIR… or delete DIR…)"
        ),
    }))
}

/// `queue add DATA key=value …`, `sweep KEY=VALUES DATA key=value …`, `remove NUMBER`, `move NUMBER PLACE`, `hold`,
/// `go` or `clear`; the values of a sweep have no spaces.
pub(super) fn queue(words: &str) -> anyhow::Result<Command> {
    let words: Vec<&str> = words.split_whitespace().collect();
    Ok(Command::Queue(match &words[..] {
        ["add", form @ ..] => QueueAsk::Add(Box::new(train_form(form)?)),
        ["sweep", sweep, form @ ..] => {
            let (key, values) = sweep.split_once('=').context("a sweep is KEY=VALUES")?;
            let form = Box::new(train_form(form)?);
            QueueAsk::Sweep { form, key: key.to_owned(), values: values.to_owned() }
        }
        ["remove", number] => QueueAsk::Remove(number.parse()?),
        ["move", number, place] => {
            QueueAsk::Move { number: number.parse()?, place: place.parse()? }
        }
        ["hold"] => QueueAsk::Hold(true),
        ["go"] => QueueAsk::Hold(false),
        ["clear"] => QueueAsk::Clear,
        _ => bail!(
            "queue {words:?} (expected add DATA, sweep KEY=VALUES DATA, remove NUMBER, move NUMBER PLACE, hold, go or clear)"
        ),
    }))
}

/// How scripts name points.
const POINTS: &str = "point, zero, picture, map, selection, image PLACE, bookmark PLACE";

/// A point that has a name: `point`, `zero`, `picture` (one's own), `map` (the chosen point), `selection`, `image PLACE` or
/// `bookmark PLACE`.
pub(super) fn point(words: &str) -> anyhow::Result<Anchor> {
    let words: Vec<&str> = words.split_whitespace().collect();
    Ok(match words[..] {
        ["point"] => Anchor::Point,
        ["zero"] => Anchor::Origin,
        ["picture"] => Anchor::OwnPicture,
        ["map"] => Anchor::MapPoint,
        ["selection"] => Anchor::MapSelection,
        ["image", place] => Anchor::Image(place.parse()?),
        ["bookmark", place] => Anchor::Bookmark(place.parse()?),
        _ => bail!("{words:?} (expected {POINTS})"),
    })
}

/// `strip STEP`, `newest`, `cancel`, a point or `save PATH`.
pub(super) fn strip(words: &str) -> anyhow::Result<Command> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let rest = rest.trim();
    Ok(Command::Strip(match verb {
        "newest" => StripAsk::Newest,
        "cancel" => StripAsk::Cancel,
        "point" | "zero" | "picture" | "map" | "selection" | "image" | "bookmark" => {
            StripAsk::Source(point(words)?)
        }
        "save" if !rest.is_empty() => StripAsk::Save(Some(rest.into())),
        step => StripAsk::Show(step.parse().with_context(|| {
            format!("{step:?} (expected a step, newest, cancel, {POINTS} or save PATH)")
        })?),
    }))
}
