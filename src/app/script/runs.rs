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

/// `strip STEP`, `newest`, `cancel`, `point`, `image PLACE`, `bookmark PLACE` or `save PATH`.
pub(super) fn strip(words: &str) -> anyhow::Result<Command> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let rest = rest.trim();
    Ok(Command::Strip(match verb {
        "newest" => StripAsk::Newest,
        "cancel" => StripAsk::Cancel,
        "point" => StripAsk::Source(Anchor::Point),
        "image" => StripAsk::Source(Anchor::Image(rest.parse()?)),
        "bookmark" => StripAsk::Source(Anchor::Bookmark(rest.parse()?)),
        "save" if !rest.is_empty() => StripAsk::Save(Some(rest.into())),
        step => StripAsk::Show(step.parse().with_context(|| {
            format!("{step:?} (expected a step, newest, cancel, point, image PLACE, bookmark PLACE or save PATH)")
        })?),
    }))
}
