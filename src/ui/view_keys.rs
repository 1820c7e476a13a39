//! The keys of views, which mean something while the view has the keyboard.

use super::keys::Listed;
use super::{Pane, code_map, codebook_panel, directions, inside, map, pad, picture, strip};
use super::{traversals, walk};

/// The views that have keys, in the order of menus, with these.
pub(super) fn all() -> impl Iterator<Item = (Pane, Vec<Listed>)> {
    Pane::ALL.into_iter().map(|pane| (pane, of(pane))).filter(|(_, keys)| !keys.is_empty())
}

fn of(pane: Pane) -> Vec<Listed> {
    let keys = match pane {
        Pane::Codes => return code_map::listed_keys(),
        Pane::Pad => pad::KEYS,
        Pane::Picture => picture::KEYS,
        Pane::Codebook | Pane::Palette => codebook_panel::KEYS,
        Pane::Map => map::KEYS,
        Pane::Traversals => traversals::KEYS,
        Pane::Directions => directions::KEYS,
        Pane::Walk => walk::KEYS,
        Pane::Layers => inside::KEYS,
        Pane::FilmStrip => strip::KEYS,
        Pane::Dimensions
        | Pane::Changes
        | Pane::Reconstructions
        | Pane::Bookmarks
        | Pane::SideBySide
        | Pane::Prior
        | Pane::Words
        | Pane::OwnPicture => &[],
    };
    keys.to_vec()
}
