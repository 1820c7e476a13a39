//! What a person does with what is kept, in parts of their own.

use std::path::PathBuf;

use crate::measure::directions::Lesson;
use crate::session::anchor::Anchor;
use crate::session::canvas::{Area, Tool};
use crate::session::codebook::Pairing;
use crate::session::walk::{Easing, Looping};
use crate::ui::{Link, PaletteOrder, TrainForm};

/// A move on the plane of seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SeedsAsk {
    /// Goes to a place, right and down; the pad becomes the square around it.
    Go([f64; 2]),
    /// Goes to the nearest whole place.
    Snap,
    /// Keeps the pad's corners as they are, no longer a piece of the plane.
    Leave,
    /// Lets the point drift, in places a second, right and down.
    Drift([f32; 2]),
}

/// Points that a person keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum BookmarkAsk {
    /// Keeps the point that is shown.
    Add,
    /// Goes to one.
    GoTo(usize),
    /// Gives one another name.
    Rename {
        /// Which one.
        index: usize,
        /// What it is called from now on.
        name: String,
    },
    /// Keeps the point that is shown in the stead of one.
    Replace(usize),
    /// Forgets one.
    Remove(usize),
    /// Puts a corner of the pad where one is.
    AtCorner {
        /// Which one.
        index: usize,
        /// 0 to 3: top left, top right, bottom left, bottom right.
        corner: usize,
    },
}

/// The walk from station to station.
#[derive(Clone, Debug, PartialEq)]
pub enum StationAsk {
    /// Makes a point the last station.
    Add(Anchor),
    /// Puts the point that is shown in the stead of a station.
    Replace(usize),
    /// Puts a station to another place in the order.
    Move {
        /// Which one.
        from: usize,
        /// Its new place.
        to: usize,
    },
    /// Takes a station out.
    Remove(usize),
    /// Changes how long the way from a station to the next takes.
    SetSecs {
        /// Which one.
        index: usize,
        /// In seconds.
        secs: f32,
    },
    /// Forgets all stations.
    Clear,
    /// Changes how the walk goes.
    Change {
        /// How fast, in times of the stations' own speed; backwards where negative.
        speed: f32,
        /// How ways begin and end.
        easing: Easing,
        /// What comes after the last station.
        looping: Looping,
    },
    /// Goes to a moment, in seconds.
    Seek(f32),
    /// Lets the walk go on by itself, or stops it.
    Play(bool),
    /// Writes a whole round as a film or a strip; asks where when no path is given.
    Save {
        /// Pictures in it.
        pictures: usize,
        /// Where to.
        path: Option<PathBuf>,
    },
}

/// Directions of the latent space.
#[derive(Clone, Debug, PartialEq)]
pub enum DirectionsAsk {
    /// Learns some in the background.
    Learn(Lesson),
    /// Adds the one from one point to another.
    Between {
        /// Where from.
        from: Anchor,
        /// Where to.
        to: Anchor,
    },
    /// Moves a slider.
    Set {
        /// Which one.
        index: usize,
        /// Where to, in units of the direction.
        value: f32,
        /// Whether a hand takes hold of it here: where undoing goes back to.
        begins: bool,
    },
    /// Puts all sliders back to zero.
    Reset,
    /// Turns one round.
    Invert(usize),
    /// Gives one another name.
    Rename {
        /// Which one.
        index: usize,
        /// What it is called from now on.
        name: String,
    },
    /// Puts one to another place in the order.
    Move {
        /// Which one.
        from: usize,
        /// Its new place.
        to: usize,
    },
    /// Leaves of one what is at right angles to others.
    Orthogonalise {
        /// Which one.
        index: usize,
        /// Which others.
        against: Vec<usize>,
    },
    /// Takes one out.
    Remove(usize),
    /// Takes all out.
    Clear,
    /// Writes all to a file; asks where when no path is given.
    Save(Option<PathBuf>),
    /// Adds those of a file; asks which when no path is given.
    Load(Option<PathBuf>),
}

/// Models beside the one in the explorer.
#[derive(Clone, Debug, PartialEq)]
pub enum CompanionAsk {
    /// Opens one; asks which when no path is given.
    Add(Option<PathBuf>),
    /// Takes one away, by its place.
    Remove(usize),
    /// Puts one into the explorer, by its place.
    Explore(usize),
    /// Lets all models draw the same latent, or the same image.
    Link(Link),
}

/// The table of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunsAsk {
    /// Reads them anew.
    Refresh,
    /// Lists the runs of another folder as well; asks which when no path is given.
    AddFolder(Option<PathBuf>),
    /// Lists a folder no more, by its place.
    RemoveFolder(usize),
    /// Chooses runs by their names.
    Choose(Vec<String>),
    /// Keeps what a person notes of a run.
    SetNotes {
        /// Its directory.
        dir: PathBuf,
        /// All that is noted.
        text: String,
    },
    /// Writes the table to a CSV file, or its page to a PNG file; asks where when no path is given.
    Save(Option<PathBuf>),
    /// Lays the curves of these runs over each other.
    CompareCurves(Vec<PathBuf>),
    /// Moves runs into the folder of deleted ones.
    Delete(Vec<PathBuf>),
}

/// Runs that wait for their turn.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueAsk {
    /// Puts a run at the end.
    Add(Box<TrainForm>),
    /// Puts a run for each value of a key at the end.
    Sweep {
        /// What all of them have in common.
        form: Box<TrainForm>,
        /// The key.
        key: String,
        /// Its values, as typed.
        values: String,
    },
    /// Takes one out, by its number.
    Remove(u64),
    /// Puts one to another place.
    Move {
        /// Its number.
        number: u64,
        /// Its new place, 0 for the next.
        place: usize,
    },
    /// Forgets all.
    Clear,
    /// Lets nothing begin, or lets the queue go on.
    Hold(bool),
}

/// The film strip over a run's checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StripAsk {
    /// Shows the weights of a checkpoint in the explorer, by its step.
    Show(u64),
    /// Shows the newest weights again.
    Newest,
    /// Draws another point or image.
    Source(Anchor),
    /// Leaves pictures that are not drawn yet as they are.
    Cancel,
    /// Writes the strip as one picture; asks where when no path is given.
    Save(Option<PathBuf>),
}

/// What can be asked of codes.
#[derive(Clone, Debug, PartialEq)]
pub enum CodesAsk {
    /// Puts codes into cells of the picture, as a part of the edit that [`Command::BeginEdit`](super::Command::BeginEdit) began.
    Paint(Vec<(usize, u32)>),
    /// Decodes every code alone, for the palette.
    MakePalette,
    /// Stops that.
    CancelPalette,
    /// Writes the palette in its order to a PNG or JPEG file; asks where when no path is given.
    SavePalette(Option<PathBuf>),
    /// Writes all codes with their use to a CSV file; asks where when no path is given.
    SaveCodes(Option<PathBuf>),
    /// Writes how often codes stand beside each other to a CSV file; asks where when no path is given.
    SavePairs(Option<PathBuf>),
    /// Compares the codebook with that of another model; asks which when no path is given.
    Compare(Option<PathBuf>),
    /// Stops comparing codebooks.
    CancelComparing,
    /// Matches the codes of the two codebooks in another way.
    Pair(Pairing),
    /// Writes how codes moved to a CSV file; asks where when no path is given.
    SaveChanges(Option<PathBuf>),
    /// Takes a tool for the code map into the hand.
    TakeTool(Tool),
    /// Sorts the palette in another way.
    OrderPalette(PaletteOrder),
    /// Selects cells of the code map together, those of all grids at these places.
    Select(Area),
}
