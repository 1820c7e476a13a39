//! What scripts say of texts beside pictures.

use anyhow::bail;

use crate::session::texts::TextAsk;
use crate::ui::Command;

/// `say TEXT`, `towards TEXT`, `but TEXT`, `steps N`, `go N` or `change N`.
pub(super) fn texts(rest: &str) -> anyhow::Result<Command> {
    let (verb, words) = rest.split_once(' ').unwrap_or((rest, ""));
    let words = words.trim();
    Ok(Command::Texts(match verb {
        "say" => TextAsk::Say(words.to_owned()),
        "towards" => TextAsk::Towards(words.to_owned()),
        "but" => TextAsk::But(words.to_owned()),
        "steps" => TextAsk::Steps(words.parse()?),
        "go" => TextAsk::GoBetween(words.parse()?),
        "change" => TextAsk::GoChange(words.parse()?),
        _ => bail!("{verb:?} (expected say, towards, but, steps, go or change)"),
    }))
}
