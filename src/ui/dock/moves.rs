//! Views that go to another place, or take more room, without a mouse: changes of an arrangement as plain data.

use egui_tiles::LinearDir;

use super::{Pane, Shape};
use crate::language::tr_later;

/// By what factor a tile's share grows or shrinks at once.
const STEP: f32 = 1.25;
/// The least and the largest part of its row or column that a tile is given so.
const PARTS: [f32; 2] = [0.1, 0.9];

/// Where a view goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// Upwards.
    Up,
    /// Downwards.
    Down,
}

/// How the room of a view's tile changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grow {
    /// More of the width.
    Wider,
    /// Less of the width.
    Narrower,
    /// More of the height.
    Taller,
    /// Less of the height.
    Shorter,
}

impl Towards {
    /// All of them, with what going there is called.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Left, tr_later!("Move {} to the left")),
        (Self::Right, tr_later!("Move {} to the right")),
        (Self::Up, tr_later!("Move {} up")),
        (Self::Down, tr_later!("Move {} down")),
    ];

    fn along(self) -> LinearDir {
        match self {
            Self::Left | Self::Right => LinearDir::Horizontal,
            Self::Up | Self::Down => LinearDir::Vertical,
        }
    }

    fn is_onwards(self) -> bool {
        matches!(self, Self::Right | Self::Down)
    }
}

impl Grow {
    /// All of them, with what they are called.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Wider, tr_later!("Make {} wider")),
        (Self::Narrower, tr_later!("Make {} narrower")),
        (Self::Taller, tr_later!("Make {} taller")),
        (Self::Shorter, tr_later!("Make {} shorter")),
    ];

    fn along(self) -> LinearDir {
        match self {
            Self::Wider | Self::Narrower => LinearDir::Horizontal,
            Self::Taller | Self::Shorter => LinearDir::Vertical,
        }
    }
}

impl Shape {
    /// The arrangement with a view one tile further on: in front of the tile that lies there, or, where none does, in
    /// a tile of its own beside the views that it leaves. Nothing where it is alone at that edge, or not there at all.
    pub fn moved(&self, pane: Pane, to: Towards) -> Option<Self> {
        let mut shape = self.clone();
        let path = shape.path(pane)?;
        let neighbour = (0..path.len()).rev().find_map(|depth| {
            let tiles = shape.at(&path[..depth]).tiles_along(to.along())?;
            let step = if to.is_onwards() { 1 } else { -1 };
            let next = path[depth].checked_add_signed(step).filter(|next| *next < tiles.len())?;
            Some([&path[..depth], &[next]].concat())
        });
        let taken = Self::Tabs { panes: vec![pane], active: Some(pane) };
        let from = shape.at(&path);
        let others = from.take(pane);
        if let Some(neighbour) = neighbour {
            shape.at(&neighbour).put(pane, to);
        } else if others == 0 {
            return None;
        } else {
            let mut tiles = vec![(1.0, from.clone()), (1.0, taken)];
            if !to.is_onwards() {
                tiles.reverse();
            }
            *from = match to.along() {
                LinearDir::Horizontal => Self::Row(tiles),
                LinearDir::Vertical => Self::Column(tiles),
            };
        }
        shape.without_empty()
    }

    /// The arrangement with a view's tile a fifth larger or smaller; nothing where no other lies beside it that way,
    /// or where it has as much, or as little, as it may.
    pub fn resized(&self, pane: Pane, grow: Grow) -> Option<Self> {
        let mut shape = self.clone();
        let path = shape.path(pane)?;
        let mut depths = (0..path.len()).rev();
        let depth =
            depths.find(|depth| shape.at(&path[..*depth]).tiles_along(grow.along()).is_some())?;
        let tiles = shape.at(&path[..depth]).tiles_along(grow.along())?;
        let all: f32 = tiles.iter().map(|(share, _)| share).sum();
        let share = &mut tiles[path[depth]].0;
        let others = all - *share;
        *share *= if matches!(grow, Grow::Wider | Grow::Taller) { STEP } else { 1.0 / STEP };
        let part = *share / (*share + others);
        (PARTS[0]..=PARTS[1]).contains(&part).then_some(shape)
    }

    /// The indices of the tiles in which a view is, from the outermost.
    pub(super) fn path(&self, pane: Pane) -> Option<Vec<usize>> {
        match self {
            Self::Tabs { panes, .. } => panes.contains(&pane).then(Vec::new),
            Self::Row(tiles) | Self::Column(tiles) => {
                let mut tiles = tiles.iter().enumerate();
                tiles
                    .find_map(|(index, (_, shape))| Some([vec![index], shape.path(pane)?].concat()))
            }
        }
    }

    pub(super) fn at(&mut self, path: &[usize]) -> &mut Self {
        match (self, path) {
            (Self::Row(tiles) | Self::Column(tiles), [first, rest @ ..]) => {
                tiles[*first].1.at(rest)
            }
            (shape, _) => shape,
        }
    }

    /// The tiles of a row or a column of several.
    fn tiles_along(&mut self, along: LinearDir) -> Option<&mut Vec<(f32, Self)>> {
        let ((Self::Row(tiles), LinearDir::Horizontal)
        | (Self::Column(tiles), LinearDir::Vertical)) = (self, along)
        else {
            return None;
        };
        (tiles.len() > 1).then_some(tiles)
    }

    /// Takes a view out of its tile, of which the next one comes to the front; tells how many are left.
    fn take(&mut self, pane: Pane) -> usize {
        let Self::Tabs { panes, active } = self else { return 0 };
        let Some(at) = panes.iter().position(|other| *other == pane) else { return panes.len() };
        panes.remove(at);
        if *active == Some(pane) {
            *active = panes.get(at).or(panes.last()).copied();
        }
        panes.len()
    }

    /// Puts a view into the tile that one comes to first on the way there.
    fn put(&mut self, pane: Pane, to: Towards) {
        match self {
            Self::Tabs { panes, active } => {
                panes.push(pane);
                *active = Some(pane);
            }
            Self::Row(_) | Self::Column(_) => {
                let from_the_end = !to.is_onwards() && self.tiles_along(to.along()).is_some();
                let (Self::Row(tiles) | Self::Column(tiles)) = self else { return };
                let first = if from_the_end { tiles.last_mut() } else { tiles.first_mut() };
                if let Some((_, shape)) = first {
                    shape.put(pane, to);
                }
            }
        }
    }

    /// Without tiles that hold nothing, or one other tile alone.
    fn without_empty(self) -> Option<Self> {
        let is_row = matches!(self, Self::Row(_));
        match self {
            Self::Tabs { ref panes, .. } => (!panes.is_empty()).then_some(self),
            Self::Row(tiles) | Self::Column(tiles) => {
                let kept = |(share, shape): (f32, Self)| Some((share, shape.without_empty()?));
                let mut tiles: Vec<_> = tiles.into_iter().filter_map(kept).collect();
                match tiles.len() {
                    0 => None,
                    1 => tiles.pop().map(|(_, shape)| shape),
                    _ if is_row => Some(Self::Row(tiles)),
                    _ => Some(Self::Column(tiles)),
                }
            }
        }
    }
}
