//! The views of a model as tiles, which a person can drag, resize, close and put back.

mod behaviour;
mod moves;
mod shape;

use std::collections::BTreeMap;

use egui::{Rect, Ui, Vec2};
use egui_tiles::{Container, Linear, LinearDir, Tabs, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

use super::explore_panel::{Parts, parts};
use super::{Command, Scene, View};
use crate::language::tr_later;
pub(super) use behaviour::TAB_BAR;
use behaviour::Views;
pub use moves::{Grow, Towards};
pub use shape::Shape;

/// One view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pane {
    /// A slider a latent dimension.
    Dimensions,
    /// Four corners and everything between them.
    Pad,
    /// The decoded point.
    Picture,
    /// The picture as codes.
    Codes,
    /// Watched images and what the model makes of them.
    Reconstructions,
    /// Where encoded images lie.
    Map,
    /// Dimensions swept one by one.
    Traversals,
    /// Directions of the latent space as sliders.
    Directions,
    /// Points that a person keeps.
    Bookmarks,
    /// A way from point to point.
    Walk,
    /// Other models that draw the same.
    SideBySide,
    /// How the codes are used.
    Codebook,
    /// What the codes decode to.
    Palette,
    /// The codebook beside that of another model.
    Changes,
    /// The nodes of the networks, and changes on their way.
    Layers,
    /// A picture that a person brings along.
    #[serde(rename = "your-picture")]
    OwnPicture,
    /// A run's checkpoints side by side.
    FilmStrip,
    /// Draws from a prior over the codes.
    Prior,
    /// Pictures of texts and texts of pictures.
    Words,
}

impl Pane {
    /// All of them, in the order of menus.
    pub const ALL: [Self; 19] = [
        Self::Dimensions,
        Self::Pad,
        Self::Picture,
        Self::Codes,
        Self::Codebook,
        Self::Palette,
        Self::Changes,
        Self::Prior,
        Self::Words,
        Self::Reconstructions,
        Self::Map,
        Self::Traversals,
        Self::Directions,
        Self::Bookmarks,
        Self::Walk,
        Self::SideBySide,
        Self::Layers,
        Self::OwnPicture,
        Self::FilmStrip,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dimensions => tr_later!("Dimensions"),
            Self::Pad => tr_later!("Pad"),
            Self::Picture => tr_later!("Picture"),
            Self::Codes => tr_later!("Codes"),
            Self::Reconstructions => tr_later!("Reconstructions"),
            Self::Codebook => tr_later!("Codebook"),
            Self::Map => tr_later!("Map"),
            Self::Palette => tr_later!("Palette"),
            Self::Changes => tr_later!("Changes"),
            Self::Traversals => tr_later!("Traversals"),
            Self::Directions => tr_later!("Directions"),
            Self::Bookmarks => tr_later!("Bookmarks"),
            Self::Walk => tr_later!("Walk"),
            Self::SideBySide => tr_later!("Side by side"),
            Self::Layers => tr_later!("Layers"),
            Self::OwnPicture => tr_later!("Your picture"),
            Self::FilmStrip => tr_later!("Film strip"),
            Self::Prior => tr_later!("Prior"),
            Self::Words => tr_later!("Words"),
        }
    }

    /// What it is for, in a sentence or two.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Dimensions => {
                tr_later!(
                    "Sorted by how much each says about the image. Drag; double-click a number to type."
                )
            }
            Self::Pad => {
                tr_later!("Drag between the four corners. Right-click to choose what a corner is.")
            }
            Self::Picture => tr_later!("Drag on the picture to walk."),
            Self::Codes => {
                tr_later!(
                    "The picture as codes: equal colours are equal codes. Click one to change it, or paint."
                )
            }
            Self::Reconstructions => tr_later!("Held-out images and what the model makes of them."),
            Self::Codebook => {
                tr_later!("How often each code is chosen, and which are dying or dead.")
            }
            Self::Map => tr_later!("Encoded images as points on a plane: who lies near whom."),
            Self::Palette => tr_later!("What each code decodes to: colours to paint with."),
            Self::Changes => tr_later!("The codebook beside that of another checkpoint or model."),
            Self::Traversals => {
                tr_later!(
                    "Each dimension swept over a range, the others held. Drag in a row to go there."
                )
            }
            Self::Directions => {
                tr_later!(
                    "Directions that mean something, as sliders: learnt from labels, found by PCA, or from one point to another."
                )
            }
            Self::Bookmarks => tr_later!("Points that you keep, and sums of them."),
            Self::SideBySide => {
                tr_later!(
                    "Other models or checkpoints, which draw the same latent or the same image."
                )
            }
            Self::Layers => {
                tr_later!(
                    "What every layer computes for this point, and what comes of changes on the way."
                )
            }
            Self::OwnPicture => {
                tr_later!(
                    "What the model makes of a picture of your own, and where in its latent space that lies."
                )
            }
            Self::FilmStrip => {
                tr_later!(
                    "One point or image as each kept checkpoint of the run draws it. Drag along it to go back in time."
                )
            }
            Self::Prior => {
                tr_later!(
                    "Pictures drawn from a prior over the codes, completions of what is erased, and how probable the picture's codes are."
                )
            }
            Self::Words => {
                tr_later!(
                    "Pictures of texts and texts of pictures, for a model that knows both by the same codes."
                )
            }
            Self::Walk => {
                tr_later!(
                    "A way from station to station that plays by itself and can be saved as a film."
                )
            }
        }
    }

    /// The view of that name, as scripts spell it: the same in small letters.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pane| pane.name().eq_ignore_ascii_case(name))
    }

    /// Whether it is there only once a person asks for it.
    fn opens_when_asked(self) -> bool {
        matches!(self, Self::Changes | Self::Words)
    }

    /// Whether models of a kind have it.
    pub fn suits(self, kind: Kind) -> bool {
        match self {
            Self::Dimensions | Self::Traversals => kind == Kind::Latent,
            Self::Codes
            | Self::Codebook
            | Self::Palette
            | Self::Changes
            | Self::Prior
            | Self::Words => kind == Kind::Codes,
            Self::Pad
            | Self::Picture
            | Self::Reconstructions
            | Self::Map
            | Self::Directions
            | Self::Bookmarks
            | Self::Walk
            | Self::SideBySide
            | Self::Layers
            | Self::OwnPicture
            | Self::FilmStrip => true,
        }
    }
}

/// What models have to show; each kind has an arrangement of its own.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A continuous latent.
    #[default]
    Latent,
    /// A codebook.
    Codes,
}

/// How the views of each kind of model are arranged.
#[derive(Clone, Debug, Default)]
pub struct Dock {
    /// The kind of the model that is shown.
    kind: Kind,
    arrangements: BTreeMap<Kind, Arrangement>,
    /// Views that are to come to the front.
    asked: Vec<Pane>,
    /// Where those were that were to be seen in the last frame.
    seen: BTreeMap<Pane, Rect>,
}

/// Tiles, and which of them still have the sizes that suit the window.
#[derive(Clone, Debug)]
struct Arrangement {
    tree: Tree<Pane>,
    /// Nothing once a person has arranged them.
    fitted: Option<Fitted>,
}

/// The tiles of the arrangement that is there at first.
#[derive(Clone, Debug)]
struct Fitted {
    column: TileId,
    row: TileId,
    upper: Vec<TileId>,
    lower: TileId,
}

impl Dock {
    /// Brings a view to the front, opening it where it is closed.
    pub fn show(&mut self, pane: Pane) {
        self.asked.push(pane);
    }

    /// Whether a view was to be seen in the last frame, or will be in the next.
    pub fn shows(&self, pane: Pane) -> bool {
        self.seen.contains_key(&pane) || self.asked.contains(&pane)
    }

    /// Where a view was in the last frame, in points, if it was to be seen.
    pub fn rect(&self, pane: Pane) -> Option<Rect> {
        self.seen.get(&pane).copied()
    }

    /// Whether a view has a place for the kind of model that is shown.
    pub fn has(&self, pane: Pane) -> bool {
        self.arrangements
            .get(&self.kind)
            .is_none_or(|tiles| tiles.tree.tiles.find_pane(&pane).is_some())
    }

    /// Takes a view away; it can be brought back.
    pub fn close(&mut self, pane: Pane) {
        if let Some(arrangement) = self.arrangements.get_mut(&self.kind)
            && let Some(tile) = arrangement.tree.tiles.find_pane(&pane)
        {
            arrangement.close(tile);
        }
    }

    /// The arrangement with a view one tile further on, where it can go there.
    pub fn moved(&self, pane: Pane, to: Towards) -> Option<Shape> {
        self.shape()?.moved(pane, to)
    }

    /// The arrangement with a view's tile larger or smaller, where it can be.
    pub fn resized(&self, pane: Pane, grow: Grow) -> Option<Shape> {
        self.shape()?.resized(pane, grow)
    }

    fn shape(&self) -> Option<Shape> {
        Shape::of(&self.arrangements.get(&self.kind)?.tree, &|_| false)
    }

    /// Arranges the views of the model's kind.
    pub fn rearrange(&mut self, shape: &Shape) {
        if let Some(tree) = shape.tree(self.kind) {
            self.arrangements.insert(self.kind, Arrangement { tree, fitted: None });
        }
    }

    /// Arranges everything as it was at first.
    pub fn reset(&mut self) {
        self.arrangements.clear();
    }

    /// The views of the model's kind.
    pub fn offered(&self) -> impl Iterator<Item = Pane> + use<> {
        let kind = self.kind;
        Pane::ALL.into_iter().filter(move |pane| pane.suits(kind))
    }

    /// The arrangements that a person made, to be kept.
    pub fn shapes(&self) -> BTreeMap<Kind, Shape> {
        let made = self.arrangements.iter().filter(|(_, tiles)| tiles.fitted.is_none());
        made.filter_map(|(kind, tiles)| Some((*kind, Shape::of(&tiles.tree, &|_| false)?)))
            .collect()
    }

    /// Arranges views as they were kept. What a kind of model does not have is left out.
    pub fn arrange(&mut self, shapes: &BTreeMap<Kind, Shape>) {
        self.arrangements.clear();
        for (&kind, shape) in shapes {
            if let Some(tree) = shape.tree(kind) {
                self.arrangements.insert(kind, Arrangement { tree, fitted: None });
            }
        }
    }

    /// The views in front of others, of each kind of model, to be kept.
    pub fn fronts(&self) -> Vec<(Kind, Pane)> {
        let of_kind = |(&kind, tiles): (&Kind, &Arrangement)| {
            let mut fronts: Vec<Pane> = tiles.fronts().collect();
            fronts.sort_unstable();
            fronts.into_iter().map(move |pane| (kind, pane)).collect::<Vec<_>>()
        };
        self.arrangements.iter().flat_map(of_kind).collect()
    }

    /// Brings views to the front as they were kept. One that is closed, or that its kind of model does not have,
    /// stays away.
    pub fn bring(&mut self, fronts: &[(Kind, Pane)]) {
        for &(kind, pane) in fronts {
            let arrangement =
                self.arrangements.entry(kind).or_insert_with(|| Arrangement::new(kind));
            if arrangement.tree.tiles.find_pane(&pane).is_some() {
                arrangement.show(pane);
            }
        }
    }
}

impl Arrangement {
    /// The views in front of others.
    fn fronts(&self) -> impl Iterator<Item = Pane> + '_ {
        self.tree.tiles.iter().filter_map(|(_, tile)| match tile {
            Tile::Container(Container::Tabs(tabs)) if tabs.children.len() > 1 => {
                self.tree.tiles.get_pane(&tabs.active?).copied()
            }
            _ => None,
        })
    }

    /// As it is at first.
    fn new(kind: Kind) -> Self {
        let mut tiles = Tiles::default();
        let mut tabs = |panes: &[Pane]| {
            let children = panes.iter().map(|&pane| tiles.insert_pane(pane)).collect::<Vec<_>>();
            tiles.insert_container(Tabs::new(children))
        };
        // The palette stands in for the pad, so that it lies beside the picture and its codes.
        let upper: &[&[Pane]] = match kind {
            Kind::Latent => &[&[Pane::Dimensions], &[Pane::Pad], &[Pane::Picture]],
            Kind::Codes => &[&[Pane::Pad, Pane::Palette], &[Pane::Picture], &[Pane::Codes]],
        };
        let is_lower = |pane: &Pane| {
            pane.suits(kind) && !pane.opens_when_asked() && !upper.concat().contains(pane)
        };
        let lower: Vec<Pane> = Pane::ALL.into_iter().filter(is_lower).collect();
        let upper: Vec<TileId> = upper.iter().map(|panes| tabs(panes)).collect();
        let lower = tabs(&lower);
        let row = tiles.insert_container(Linear::new(LinearDir::Horizontal, upper.clone()));
        let column = tiles.insert_container(Linear::new(LinearDir::Vertical, vec![row, lower]));
        let tree = Tree::new(egui::Id::unique(("views", kind)), column, tiles);
        Self { tree, fitted: Some(Fitted { column, row, upper, lower }) }
    }

    /// Gives the tiles the sizes that suit a room, unless a person gave them others.
    fn fit(&mut self, Parts { upper: widths, upper_height, lower_height }: &Parts) {
        let Some(Fitted { column, row, upper, lower }) = &self.fitted else { return };
        let mut set = |container: TileId, children: &[TileId], shares: &[f32]| {
            if let Some(Tile::Container(Container::Linear(linear))) =
                self.tree.tiles.get_mut(container)
            {
                for (&child, &share) in children.iter().zip(shares) {
                    linear.shares.set_share(child, share);
                }
            }
        };
        set(*column, &[*row, *lower], &[*upper_height, *lower_height]);
        set(*row, upper, widths);
    }

    /// Whether there are tiles among views that lie behind each other, as where one was dropped onto a part of another:
    /// a person means to part the whole tile.
    fn has_tiles_in_tabs(&self) -> bool {
        let tiles = &self.tree.tiles;
        let is_tile = |tile: &TileId| tiles.get_pane(tile).is_none();
        tiles.tiles().any(|tile| match tile {
            Tile::Container(Container::Tabs(tabs)) => tabs.children.iter().any(is_tile),
            _ => false,
        })
    }

    fn close(&mut self, tile: TileId) {
        self.tree.remove_recursively(tile);
        self.fitted = None;
    }

    /// Brings a view to the front.
    fn show(&mut self, pane: Pane) {
        if self.tree.tiles.find_pane(&pane).is_none() {
            self.open(pane);
        }
        self.tree.make_active(|_, tile| *tile == Tile::Pane(pane));
    }

    /// Puts a view where most others are.
    fn open(&mut self, pane: Pane) {
        let tabs = self.tree.tiles.iter().filter_map(|(id, tile)| match tile {
            Tile::Container(Container::Tabs(tabs)) => Some((tabs.children.len(), *id)),
            _ => None,
        });
        let widest = tabs.max_by_key(|(count, _)| *count);
        let tile = self.tree.tiles.insert_pane(pane);
        if let Some((count, container)) = widest {
            self.tree.move_tile_to_container(tile, container, count, false);
        } else {
            let root = self.tree.tiles.insert_tab_tile(vec![tile]);
            self.tree = Tree::new(self.tree.id(), root, std::mem::take(&mut self.tree.tiles));
        }
    }
}

/// Draws the views of the model.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let kind = if scene.codebook.is_some() { Kind::Codes } else { Kind::Latent };
    view.dock.kind = kind;
    let mut arrangement =
        view.dock.arrangements.remove(&kind).unwrap_or_else(|| Arrangement::new(kind));
    for pane in std::mem::take(&mut view.dock.asked) {
        if pane.suits(kind) {
            arrangement.show(pane);
        }
    }
    let room: Vec2 = ui.available_size();
    arrangement.fit(&parts(kind, scene, view, room));
    let mut views = Views::new(scene, view, out);
    arrangement.tree.ui(&mut views, ui);
    let (is_arranged, closed, seen) = views.done();
    if is_arranged {
        arrangement.fitted = None;
    }
    if let Some(tile) = closed {
        arrangement.close(tile);
    }
    if arrangement.has_tiles_in_tabs()
        && let Some(shape) =
            Shape::of(&arrangement.tree, &|pane| view.dock.seen.contains_key(&pane))
        && let Some(tree) = shape.tree(kind)
    {
        arrangement.tree = tree;
    }
    view.dock.seen = seen;
    view.dock.arrangements.insert(kind, arrangement);
}
