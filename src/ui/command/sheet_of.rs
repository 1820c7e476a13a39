//! Views whose pictures are saved as one, at the model's own pixels.

use std::collections::BTreeMap;

use crate::language::tr_later;
use crate::ui::Pane;

/// Pictures of a view, written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SheetOf {
    /// All thumbnails of the pad, in their rows.
    Pad,
    /// Watched images above what the model makes of them, or draws.
    Reconstructions,
    /// The swept dimensions in view, a row each.
    Traversals,
    /// One row along the direction that is chosen.
    Directions,
    /// Points that a person keeps, in rows as on the screen.
    Bookmarks,
    /// The stations of the walk in one row.
    Stations,
    /// A picture that was brought along, what comes back, and the error, side by side.
    OwnPicture,
    /// What each model draws, side by side.
    SideBySide,
    /// What is drawn from the prior over codes, in about as many rows as columns.
    Draws,
    /// Pictures of texts, and below them changes of the picture by a text, in one row.
    Texts,
    /// The images that are selected on the map, in about as many rows as columns.
    Selection,
}

/// The paths that are typed to save them.
pub type SheetPaths = BTreeMap<SheetOf, String>;

impl SheetOf {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Pad,
        Self::Reconstructions,
        Self::Traversals,
        Self::Directions,
        Self::Bookmarks,
        Self::Stations,
        Self::OwnPicture,
        Self::SideBySide,
        Self::Draws,
        Self::Texts,
        Self::Selection,
    ];

    /// What it is called in scripts, and its file at first.
    pub fn key(self) -> &'static str {
        match self {
            Self::Pad => "pad",
            Self::Reconstructions => "reconstructions",
            Self::Traversals => "traversals",
            Self::Directions => "directions",
            Self::Bookmarks => "bookmarks",
            Self::Stations => "stations",
            Self::OwnPicture => "your-picture",
            Self::SideBySide => "side-by-side",
            Self::Draws => "draws",
            Self::Texts => "texts",
            Self::Selection => "selection",
        }
    }

    /// What it is called in sentences.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pad => tr_later!("the pad"),
            Self::Reconstructions => tr_later!("the reconstructions"),
            Self::Traversals => tr_later!("the traversals"),
            Self::Directions => tr_later!("the pictures along the direction"),
            Self::Bookmarks => tr_later!("the bookmarks"),
            Self::Stations => tr_later!("the stations of the walk"),
            Self::OwnPicture => tr_later!("your picture and its error"),
            Self::SideBySide => tr_later!("the models side by side"),
            Self::Draws => tr_later!("the draws from the prior"),
            Self::Texts => tr_later!("the pictures of texts"),
            Self::Selection => tr_later!("the selected images"),
        }
    }

    /// The one that a script calls by this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.key() == key)
    }

    /// The view that shows it.
    pub fn pane(self) -> Pane {
        match self {
            Self::Pad => Pane::Pad,
            Self::Reconstructions => Pane::Reconstructions,
            Self::Traversals => Pane::Traversals,
            Self::Directions => Pane::Directions,
            Self::Bookmarks => Pane::Bookmarks,
            Self::Stations => Pane::Walk,
            Self::OwnPicture => Pane::OwnPicture,
            Self::SideBySide => Pane::SideBySide,
            Self::Draws => Pane::Prior,
            Self::Texts => Pane::Words,
            Self::Selection => Pane::Map,
        }
    }
}
