//! Everything that a person can do, as one closed list: panels return it, shortcuts and scripts speak it.

mod asks;
mod sheet_of;

use std::path::PathBuf;

use super::{Grow, InvertForm, MapMode, MeasureForm, Order, Page, Pane, Towards, TrainForm};
use crate::event::Value;
use crate::graph::Perturbation;
use crate::language::{Language, tr_later};
use crate::latent::Mixing;
use crate::session::anchor::Anchor;
use crate::session::codebook::ReviveFrom;
use crate::session::explore::CornerSource;
use crate::session::inside::Side;
use crate::session::map::Ask;
use crate::session::own_picture::Source;
use crate::session::prior::PriorAsk;
use crate::session::texts::TextAsk;
pub use asks::{
    BookmarkAsk, CodesAsk, CompanionAsk, DirectionsAsk, QueueAsk, RunsAsk, SeedsAsk, StationAsk,
    StripAsk,
};
pub use sheet_of::{SheetOf, SheetPaths};

/// A model that is part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demo {
    /// A variational autoencoder.
    Vae,
    /// A vector-quantized one; some of its codes are dead.
    VqVae,
}

/// What a command on the command line can make, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandOf {
    /// The run in the form.
    Training,
    /// The picture of the point.
    Point,
    /// The upper edge of the pad.
    Pad,
    /// The traversals.
    Traversals,
    /// The measures of the model on the open data.
    Evaluation,
    /// The use of the codes on the open data.
    Codebook,
}

impl CommandOf {
    /// All of them, with what they are called.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Training, tr_later!("the run in the form")),
        (Self::Point, tr_later!("the picture of the point")),
        (Self::Pad, tr_later!("the upper edge of the pad")),
        (Self::Traversals, tr_later!("the traversals")),
        (Self::Evaluation, tr_later!("the measures on the open data")),
        (Self::Codebook, tr_later!("the use of the codes")),
    ];
}

impl Demo {
    /// What stands for its path, also on the command line.
    pub fn path(self) -> &'static str {
        match self {
            Self::Vae => "demo:vae",
            Self::VqVae => "demo:vq-vae",
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vae => "demo VAE",
            Self::VqVae => "demo VQ-VAE",
        }
    }
}

/// One thing that a person does.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Marks where [`Command::Undo`] goes back to; sent when a hand takes hold of something.
    BeginEdit,
    /// Moves one latent dimension.
    SetDim {
        /// Which one.
        dim: usize,
        /// Where to.
        value: f32,
    },
    /// Moves the whole point.
    SetLatent(Vec<f32>),
    /// Moves to a place on the pad, right and down, in `[0, 1]`.
    SetPad([f32; 2]),
    /// Takes hold of the picture.
    BeginWalk,
    /// Walks from where it was taken hold of, right and down, in the latent's own units.
    Walk([f32; 2]),
    /// Lets walks move along the two dimensions that say most.
    WalkDims,
    /// Lets walks move along two random directions.
    WalkRandom,
    /// Chooses how corners are mixed.
    SetMixing(Mixing),
    /// Puts a corner of the pad somewhere.
    SetCorner {
        /// 0 to 3: top left, top right, bottom left, bottom right.
        index: usize,
        /// Where from.
        source: CornerSource,
    },
    /// Puts a corner of the pad onto a point that has a name.
    PointToCorner {
        /// 0 to 3: top left, top right, bottom left, bottom right.
        index: usize,
        /// Which point.
        point: Anchor,
    },
    /// Goes to a point that has a name, as an edit of its own.
    GoTo(Anchor),
    /// Holds the other dimensions of traversals at a point that has a name, and shows them.
    TraverseFrom(Anchor),
    /// Draws a corner afresh from the prior.
    RedrawCorner(usize),
    /// Jumps to a fresh draw from the prior.
    JumpToDraw,
    /// Moves on the plane of seeds.
    Seeds(SeedsAsk),
    /// Draws nearer to the middle of the prior (below 1) or farther from it.
    SetTemperature(f32),
    /// Keeps points, and returns to them.
    Bookmark(BookmarkAsk),
    /// Changes the walk from station to station.
    Station(StationAsk),
    /// Learns directions of the latent space, and moves along them.
    Directions(DirectionsAsk),
    /// Writes the pictures of a view as one, at the model's own pixels; asks where when no path is given.
    SaveSheet {
        /// Which ones.
        of: SheetOf,
        /// Where to.
        path: Option<PathBuf>,
    },
    /// Changes which models are beside the one in the explorer.
    Companion(CompanionAsk),
    /// Ends a long job, by its number.
    CancelTask(u64),
    /// Copies the point as text: its latent, or the codes of its picture.
    CopyPoint,
    /// Goes to a point that comes as text.
    PastePoint(String),
    /// Goes back one latent edit.
    Undo,
    /// Goes forward one latent edit.
    Redo,
    /// Keeps the weights of the picture, or follows the newest again.
    Freeze(bool),
    /// Asks a class-conditional model for another class, by its number.
    ShowClass(usize),
    /// Shows the moving average of the generator's weights, or the newest ones.
    ShowAverage(bool),
    /// Opens data by its specification.
    OpenData(String),
    /// Gives up the data that is being opened.
    CancelData,
    /// Opens whatever is at a path: a run, a model, a picture, a folder of pictures or other data.
    OpenPath(PathBuf),
    /// Asks for a folder of pictures or a data set.
    PickData,
    /// Asks for a run or a model.
    PickModel,
    /// Asks for a checkpoint's file.
    PickModelFile,
    /// Shows or hides the model's card.
    ShowCard(bool),
    /// Opens an embedded model.
    OpenDemo(Demo),
    /// Starts a run.
    StartTraining(Box<TrainForm>),
    /// Goes on with the run in a directory.
    ResumeRun {
        /// Where it is kept.
        dir: PathBuf,
        /// Passes over the training images beyond those that it was to take.
        more_epochs: u64,
    },
    /// Starts a run of the model in the explorer that begins with its weights.
    TrainOn,
    /// Waits after the current step.
    Pause,
    /// Goes on.
    Resume,
    /// Waits, or goes on.
    TogglePause,
    /// Takes one step.
    StepOnce,
    /// Saves and ends.
    Stop,
    /// Saves a checkpoint now.
    SaveCheckpoint,
    /// Changes a setting from the next step on.
    SetLive {
        /// The key.
        name: String,
        /// Its new value.
        value: Value,
    },
    /// Writes every curve to a CSV file; asks where when no path is given.
    SaveCurves(Option<PathBuf>),
    /// Keeps the curves of this run behind those of the next.
    KeepCurves,
    /// Puts the curves of the run in a directory behind those of this one; asks which when no path is given.
    CompareRun(Option<PathBuf>),
    /// Takes the curves of another run away again, by its place among them.
    StopComparing(usize),
    /// Adds the run in a directory to the models that are measured side by side; asks which when no path is given.
    EvaluateRun(Option<PathBuf>),
    /// Takes a model out of them, by its place.
    StopEvaluating(usize),
    /// Measures them all.
    Measure(Box<MeasureForm>),
    /// Stops measuring them.
    CancelMeasuring,
    /// Asks for the run of a classifier to judge by.
    PickClassifier,
    /// Writes what was measured to a CSV, Markdown or JSON file, or its page to a PNG file; asks where when no path is given.
    SaveMeasures(Option<PathBuf>),
    /// Writes the picture to a PNG file; asks where when no path is given.
    SavePicture(Option<PathBuf>),
    /// Lists, notes, compares and deletes runs.
    Runs(RunsAsk),
    /// Changes which runs wait for their turn.
    Queue(QueueAsk),
    /// Asks something of the prior over codes.
    Prior(PriorAsk),
    /// Asks something of texts beside pictures.
    Texts(TextAsk),
    /// Goes along a run's checkpoints.
    Strip(StripAsk),
    /// Shows a page of the window.
    ShowPage(Page),
    /// Brings a view of the model to the front, or opens it.
    ShowPane(Pane),
    /// Takes a view away.
    ClosePane(Pane),
    /// Moves a view one tile further on.
    MovePane(Pane, Towards),
    /// Gives a view's tile more room, or less.
    ResizePane(Pane, Grow),
    /// Arranges the views as they were at first.
    ResetLayout,
    /// Lays the codes of the codebook out in another way.
    OrderCodes(Order),
    /// Puts a code into the inspector, or closes it.
    SelectCode(Option<usize>),
    /// Puts codes of the model in training onto vectors of its encoder.
    ReviveCodes {
        /// Which ones.
        codes: Vec<usize>,
        /// Where to.
        from: ReviveFrom,
    },
    /// Keeps codes of the model in training where they are, or lets training move them again.
    FreezeCodes {
        /// Which ones.
        codes: Vec<usize>,
        /// Whether they stay.
        frozen: bool,
    },
    /// Takes the last change of codes back.
    UndoCodes,
    /// Puts another code into a cell of the picture, as an edit of its own.
    SetCell {
        /// The cell of the code map, row by row.
        cell: usize,
        /// The code.
        code: u32,
    },
    /// Something of the code map, the palette or the codebook beside another one.
    Codes(CodesAsk),
    /// Gives every cell of the picture the code that the encoder chose.
    ResetCells,
    /// Asks something of the map.
    Map(Ask),
    /// Shows all points of the map.
    FitMap,
    /// Lets drags on the map do something else.
    SetMapMode(MapMode),
    /// Writes a view as it is on the screen to a PNG file; asks where when no path is given.
    SaveView {
        /// Which one.
        pane: Pane,
        /// Where to.
        path: Option<PathBuf>,
    },
    /// Writes the page that is shown, as it is on the screen, to a PNG file; asks where when no path is given.
    SavePage(Option<PathBuf>),
    /// Writes the point and all bookmarks to a safetensors file; asks where when no path is given.
    SavePoints(Option<PathBuf>),
    /// Copies the command that makes what is shown without the window.
    CopyLine(CommandOf),
    /// Looks into one of the model's networks.
    LookInto(Side),
    /// Looks at a node of it, by its name.
    LookAt(String),
    /// Changes values of a node on their way; takes the place of a change of the same values.
    Perturb(Perturbation),
    /// Takes a change of values back, by its place.
    Unperturb(usize),
    /// Takes all changes of values back.
    UnperturbAll,
    /// Writes the node that is looked at: its channels as a picture to a .png file, its values to a .safetensors file,
    /// or what is known of all nodes to a .csv file; asks where when no path is given.
    SaveNode(Option<PathBuf>),
    /// Asks for a picture to look at with the model.
    PickPicture,
    /// Asks for the picture on the clipboard.
    PastePicture,
    /// Brings a picture along and goes to its point, where the model has an encoder.
    AddPicture {
        /// What people call it.
        name: String,
        /// Where it comes from.
        source: Source,
    },
    /// Looks at a picture that was brought along, by its number.
    ChoosePicture(u64),
    /// Takes a picture away again, by its number.
    RemovePicture(u64),
    /// Goes to the point of the picture that is looked at.
    GoToPicture,
    /// Puts a corner of the pad, by its place, onto the point of the picture that is looked at.
    PictureToCorner(usize),
    /// Searches for the point of the picture that is looked at, by gradient descent.
    Invert(Box<InvertForm>),
    /// Ends the search; the best point so far stays.
    StopInverting,
    /// Writes everything that returns on the next start to a file; asks where when no path is given.
    SaveWorkspace(Option<PathBuf>),
    /// Answers what a dialog would have asked for, where the system has none.
    TypedPath(PathBuf),
    /// Shows or hides the palette that finds what can be done.
    ShowCommandPalette(bool),
    /// Shows or hides the list of all keys.
    ShowKeys(bool),
    /// Chooses a dark or a light ground, or the system's.
    SetTheme(egui::ThemePreference),
    /// Chooses the language of the window.
    SetLanguage(Language),
    /// Makes everything in the window larger or smaller by so many steps; as large as at first by none.
    Zoom(i32),
    /// Removes a notice.
    Dismiss(usize),
    /// Closes the window.
    Quit,
}
