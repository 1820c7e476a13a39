//! An arrangement as plain data, to be kept in a file and read back whatever is in it.

use egui_tiles::{Container, Linear, LinearDir, Tabs, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

use super::{Kind, Pane};

/// Deeper nested tiles than a person arranges by hand.
const MOST_NESTED: usize = 16;

/// Views side by side, one below the other, or behind each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Side by side, each with its share of the width.
    Row(Vec<(f32, Self)>),
    /// One below the other, each with its share of the height.
    Column(Vec<(f32, Self)>),
    /// Behind each other, and which is in front.
    Tabs {
        /// All of them.
        panes: Vec<Pane>,
        /// The one in front.
        active: Option<Pane>,
    },
}

impl Shape {
    /// The shape of a tree; nothing of one without views. Where tiles lie among views behind each other, those views go
    /// to the first of these tiles whose view `was_seen`.
    pub(super) fn of(tree: &Tree<Pane>, was_seen: &dyn Fn(Pane) -> bool) -> Option<Self> {
        Self::of_tile(&tree.tiles, tree.root()?, was_seen)
    }

    fn of_tile(tiles: &Tiles<Pane>, tile: TileId, was_seen: &dyn Fn(Pane) -> bool) -> Option<Self> {
        match tiles.get(tile)? {
            Tile::Pane(pane) => Some(Self::Tabs { panes: vec![*pane], active: Some(*pane) }),
            Tile::Container(Container::Tabs(tabs)) => {
                let pane = |tile: &TileId| tiles.get_pane(tile).copied();
                let panes: Vec<Pane> = tabs.children.iter().filter_map(pane).collect();
                let active = tabs.active.as_ref().and_then(pane);
                let is_tile = |tile: &&TileId| tiles.get_pane(tile).is_none();
                let mut inner = tabs.children.iter().filter(is_tile);
                match inner.find_map(|&tile| Self::of_tile(tiles, tile, was_seen)) {
                    Some(mut inner) => {
                        inner.join(panes, was_seen);
                        Some(inner)
                    }
                    None => (!panes.is_empty()).then_some(Self::Tabs { panes, active }),
                }
            }
            Tile::Container(Container::Linear(linear)) => {
                let child = |&tile: &TileId| {
                    Some((seen_share(linear.shares[tile]), Self::of_tile(tiles, tile, was_seen)?))
                };
                let children: Vec<_> = linear.children.iter().filter_map(child).collect();
                (!children.is_empty()).then_some(match linear.dir {
                    LinearDir::Horizontal => Self::Row(children),
                    LinearDir::Vertical => Self::Column(children),
                })
            }
            Tile::Container(Container::Grid(grid)) => {
                let child = |tile: &TileId| Some((1.0, Self::of_tile(tiles, *tile, was_seen)?));
                Some(Self::Row(grid.children().filter_map(child).collect()))
            }
        }
    }

    /// Puts views behind the first one that `was_seen`, or the first of all.
    fn join(&mut self, views: Vec<Pane>, was_seen: &dyn Fn(Pane) -> bool) {
        let mut all = Vec::new();
        self.list(&mut all);
        let Some(beside) = all.iter().find(|pane| was_seen(**pane)).or(all.first()) else { return };
        let Some(path) = self.path(*beside) else { return };
        if let Self::Tabs { panes, .. } = self.at(&path) {
            panes.splice(0..0, views);
        }
    }

    /// All views, in order.
    fn list(&self, all: &mut Vec<Pane>) {
        match self {
            Self::Tabs { panes, .. } => all.extend(panes),
            Self::Row(tiles) | Self::Column(tiles) => {
                for (_, shape) in tiles {
                    shape.list(all);
                }
            }
        }
    }

    /// A tree of this shape with the views of one kind of model, each once; nothing where none is left, or where it
    /// is nested deeper than a person nests.
    pub(super) fn tree(&self, kind: Kind) -> Option<Tree<Pane>> {
        let mut tiles = Tiles::default();
        let mut left: Vec<Pane> = Pane::ALL.into_iter().filter(|pane| pane.suits(kind)).collect();
        let root = self.insert(&mut tiles, &mut left, MOST_NESTED)?;
        Some(Tree::new(egui::Id::unique(("views", kind)), root, tiles))
    }

    fn insert(
        &self,
        tiles: &mut Tiles<Pane>,
        left: &mut Vec<Pane>,
        depth: usize,
    ) -> Option<TileId> {
        let (dir, shapes) = match self {
            Self::Tabs { panes, active } => {
                let mut children = Vec::new();
                let mut front = None;
                for pane in panes {
                    let Some(at) = left.iter().position(|other| other == pane) else { continue };
                    let child = tiles.insert_pane(left.remove(at));
                    front = front.or((Some(*pane) == *active).then_some(child));
                    children.push(child);
                }
                let mut tabs = Tabs::new(children);
                if let Some(front) = front {
                    tabs.set_active(front);
                }
                return (!tabs.children.is_empty()).then(|| tiles.insert_container(tabs));
            }
            Self::Row(shapes) => (LinearDir::Horizontal, shapes),
            Self::Column(shapes) => (LinearDir::Vertical, shapes),
        };
        let deeper = depth.checked_sub(1)?;
        let mut children = Vec::new();
        for (share, shape) in shapes {
            if let Some(child) = shape.insert(tiles, left, deeper) {
                children.push((child, *share));
            }
        }
        if children.is_empty() {
            return None;
        }
        let mut linear = Linear::new(dir, children.iter().map(|(child, _)| *child).collect());
        for (child, share) in children {
            linear.shares.set_share(child, seen_share(share));
        }
        Some(tiles.insert_container(linear))
    }
}

/// A share with which a tile can be seen.
fn seen_share(share: f32) -> f32 {
    if share.is_finite() { share.clamp(1e-3, 1e6) } else { 1.0 }
}
