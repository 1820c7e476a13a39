//! What scripts say of a prior over codes.

use anyhow::{anyhow, bail};

use crate::sample::Options;
use crate::session::prior::{Form, PriorAsk};
use crate::ui::Command;

/// `draw`, `fill`, `stop`, `say TEXT`, `towards TEXT`, `complete`, `but TEXT`, `edit`, `take N`, `erase CELL…`, `restore`,
/// `film PATH`, or `set key=value…`: how codes are drawn, the other keys as at first.
pub(super) fn prior(rest: &str) -> anyhow::Result<Command> {
    let (verb, words) = rest.split_once(' ').unwrap_or((rest, ""));
    let words = words.trim();
    Ok(Command::Prior(match verb {
        "draw" => PriorAsk::Draw,
        "fill" => PriorAsk::Fill,
        "say" => PriorAsk::Say(words.to_owned()),
        "towards" => PriorAsk::Towards(words.to_owned()),
        "complete" => PriorAsk::Complete,
        "but" => PriorAsk::But(words.to_owned()),
        "edit" => PriorAsk::Edit,
        "stop" => PriorAsk::Cancel,
        "restore" => PriorAsk::Restore,
        "take" => PriorAsk::Take(words.parse()?),
        "film" => PriorAsk::SaveFilm(Some(words.into())),
        "erase" => {
            let cells = words.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
            PriorAsk::Erase { cells, erased: true }
        }
        "set" => PriorAsk::Set(form(words)?),
        _ => bail!(
            "{verb:?} (expected draw, fill, say, towards, complete, but, edit, stop, take, erase, restore, film, set or wait)"
        ),
    }))
}

fn form(words: &str) -> anyhow::Result<Form> {
    let mut form = Form::default();
    let Options { class, temperature, top_k, top_p, guidance, seed, steps } = &mut form.options;
    for word in words.split_whitespace() {
        let (key, value) =
            word.split_once('=').ok_or_else(|| anyhow!("{word:?} (expected key=value)"))?;
        match key {
            "class" => *class = Some(value.parse()?),
            "temperature" => *temperature = value.parse()?,
            "top-k" => *top_k = value.parse()?,
            "top-p" => *top_p = value.parse()?,
            "guidance" => *guidance = value.parse()?,
            "seed" => *seed = value.parse()?,
            "steps" => *steps = value.parse()?,
            "count" => form.count = value.parse()?,
            "share" => form.share = Some(value.parse()?),
            _ => bail!(
                "{key:?} (expected class, temperature, top-k, top-p, guidance, seed, steps, count or share)"
            ),
        }
    }
    Ok(form)
}
