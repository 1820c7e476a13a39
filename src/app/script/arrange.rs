//! What scripts say of the arrangement of views.

use anyhow::{anyhow, bail};

use crate::ui::{Command, Grow, Pane, Towards};

/// The view of that name.
pub(super) fn pane(name: &str) -> anyhow::Result<Pane> {
    Pane::from_name(name.trim()).ok_or_else(|| {
        let names = Pane::ALL.map(Pane::name).join(", ").to_lowercase();
        anyhow!("{name:?} (expected the name of a view: {names})")
    })
}

/// `left`, `right`, `up` or `down`, then the view.
pub(super) fn moved(rest: &str) -> anyhow::Result<Command> {
    let (to, name) = rest.split_once(' ').unwrap_or((rest, ""));
    let to = match to {
        "left" => Towards::Left,
        "right" => Towards::Right,
        "up" => Towards::Up,
        "down" => Towards::Down,
        _ => bail!("{to:?} (expected left, right, up or down, then a view)"),
    };
    Ok(Command::MovePane(pane(name)?, to))
}

/// `wider`, `narrower`, `taller` or `shorter`, then the view.
pub(super) fn resized(rest: &str) -> anyhow::Result<Command> {
    let (grow, name) = rest.split_once(' ').unwrap_or((rest, ""));
    let grow = match grow {
        "wider" => Grow::Wider,
        "narrower" => Grow::Narrower,
        "taller" => Grow::Taller,
        "shorter" => Grow::Shorter,
        _ => bail!("{grow:?} (expected wider, narrower, taller or shorter, then a view)"),
    };
    Ok(Command::ResizePane(pane(name)?, grow))
}
