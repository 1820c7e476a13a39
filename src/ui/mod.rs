//! What the window shows: one file per panel.
//!
//! Panels draw from a [`Scene`] and return [`Command`]s; they change nothing but their own [`View`].
//! Never burn, wgpu or files.

mod actions;
mod anchors;
mod beside;
mod bookmarks;
mod card;
mod code_changes;
mod code_map;
mod code_pictures;
mod code_plane;
mod code_plot;
mod code_tile;
mod codebook_panel;
mod codebook_view;
pub mod command;
mod command_palette;
mod companions;
mod compare;
mod curves;
mod data_panel;
mod directions;
mod dock;
mod evaluate;
mod explore_panel;
pub mod heatmap;
mod icons;
pub mod inside;
mod inspector;
mod keys;
mod lattice;
mod lines;
mod map;
mod menu;
mod notices;
mod own_picture;
mod pace;
mod pad;
mod palette;
mod path_prompt;
mod picture;
mod plot;
mod prior;
mod probe;
mod runs;
mod save;
pub mod scatter;
mod sliders;
mod strip;
mod texts;
pub mod theme;
mod tiles;
mod top_bar;
mod train_panel;
mod traversals;
mod view_keys;
mod walk;
mod words;

use std::collections::BTreeMap;

use egui::{CentralPanel, Panel, Rect, TextureId, Ui, Vec2, pos2, vec2};
use serde::{Deserialize, Serialize};

pub(crate) use anchors::name as anchor_name;
pub use bookmarks::BookmarksView;
pub use card::Card;
pub use codebook_view::{Clock, CodebookView, Order, PaletteOrder};
pub use command::{
    BookmarkAsk, CodesAsk, Command, CommandOf, CompanionAsk, Demo, DirectionsAsk, QueueAsk,
    RunsAsk, SeedsAsk, SheetOf, SheetPaths, StationAsk, StripAsk,
};
pub use command_palette::CommandPalette;
pub use companions::{CompanionLine, Link};
pub use curves::{CurvesView, KeptCurves};
pub use directions::{DirectionsView, Teachers};
pub use dock::{Dock, Grow, Kind, Pane, Shape, Towards};
pub use evaluate::MeasureForm;
pub use inside::InsideView;
pub use map::{Canvas, Ground, MapMode, MapScene, MapView, Sight, Thumbs, colours as map_colours};
pub use notices::Notice;
pub use own_picture::{InvertForm, OwnPictureView};
pub use palette::Palette;
pub use path_prompt::PathPrompt;
pub use prior::WordsView;
pub use runs::{QueuedRun, RunsView};
pub use train_panel::TrainForm;
pub use walk::FilmForm;

use crate::language::{told, tr};
use crate::session::anchor::Anchors;
use crate::session::bookmarks::Bookmarks;
use crate::session::codebook::{CodeMap, Codebook, ComparedCodes};
use crate::session::directions::Directions;
use crate::session::evaluate::Evaluate;
use crate::session::explore::Explore;
use crate::session::inside::Inside;
use crate::session::own_picture::OwnPictures;
use crate::session::pace::Pace;
use crate::session::prior::Prior;
use crate::session::queue::Queue;
use crate::session::runs::RunList;
use crate::session::sheets::{SheetName, SheetPoints};
use crate::session::strip::Strip;
use crate::session::texts::Texts;
use crate::session::traversals::Traversals;
use crate::session::walk::Walk;
use crate::session::{Compared, Session};

/// All that a frame shows.
pub struct Scene<'a> {
    /// The run: curves, progress, trouble.
    pub session: &'a Session,
    /// Other runs behind its curves, [`Compared::MOST`] at most.
    pub compared: &'a [Compared],
    /// Models that are measured side by side.
    pub evaluate: &'a Evaluate,
    /// Where a person stands in latent space.
    pub explore: &'a Explore,
    /// The model in the explorer.
    pub model: ModelLine<'a>,
    /// Its codebook, for families that have one.
    pub codebook: Option<&'a Codebook>,
    /// Encoded images on a plane.
    pub map: MapScene<'a>,
    /// The codes of the picture, for families that have them.
    pub code_map: Option<&'a CodeMap>,
    /// Its codebook beside that of another model.
    pub compared_codes: &'a ComparedCodes,
    /// What is looked at inside of its networks.
    pub inside: &'a Inside,
    /// Pictures that a person brought along.
    pub own: &'a OwnPictures,
    /// How fast the window is.
    pub pace: &'a Pace,
    /// Pictures that are drawn elsewhere.
    pub pictures: &'a Pictures,
    /// The data that is open or being opened.
    pub data: &'a DataLine,
    /// What the run in the form would take, or why it cannot be; nothing while its data is not open.
    pub estimate: Option<Result<Estimate, String>>,
    /// The paths of the models that were opened last, the newest first.
    pub recent: &'a [String],
    /// Where new runs are kept.
    pub runs_folder: &'a str,
    /// What went wrong, or what was done; shown until dismissed.
    pub notices: &'a [Notice],
    /// The latents of the watched images.
    pub watched: &'a [Vec<f32>],
    /// Points that a person keeps for this model.
    pub bookmarks: &'a Bookmarks,
    /// Stations, and how the way between them goes.
    pub walk: &'a Walk,
    /// Directions of the latent space, as sliders.
    pub directions: &'a Directions,
    /// What more of them can be learnt from.
    pub teachers: Teachers<'a>,
    /// How fast the point drifts over the plane of seeds, in places a second, right and down.
    pub drift: [f32; 2],
    /// Long jobs under way.
    pub tasks: &'a [TaskLine],
    /// Models beside the one in the explorer.
    pub companions: &'a [CompanionLine],
    /// What all models draw.
    pub link: Link,
    /// All runs that are known.
    pub runs: &'a RunList,
    /// Runs that wait for their turn.
    pub queue: &'a Queue<QueuedRun>,
    /// The checkpoints of the run in the explorer.
    pub strip: &'a Strip,
    /// What the prior over its codes draws.
    pub prior: &'a Prior,
    /// Texts beside pictures.
    pub texts: &'a Texts,
}

impl Scene<'_> {
    /// Points that have names.
    fn anchors(&self) -> Anchors<'_> {
        Anchors {
            explore: self.explore,
            watched: self.watched,
            bookmarks: self.bookmarks,
            own: self.own,
            map: self.map.state,
        }
    }

    /// Whether there are traversals: dimensions of a code's vector mean nothing alone.
    fn has_traversals(&self) -> bool {
        self.codebook.is_none()
    }

    /// Whether the model in the explorer is in training.
    fn trains(&self) -> bool {
        self.model.is_live && !self.session.phase().is_over()
    }
}

/// What is said of the model in the explorer.
#[derive(Clone, Debug, Default)]
pub struct ModelLine<'a> {
    /// Its name, for example `demo` or a run directory's name.
    pub name: &'a str,
    /// Its family.
    pub family: &'a str,
    /// Updates behind the weights in the picture.
    pub step: u64,
    /// What decodes, for example `CPU (Flex)`.
    pub engine: &'a str,
    /// Whether the weights come from the run in progress.
    pub is_live: bool,
    /// The names of the classes that it can be asked for.
    pub classes: &'a [String],
    /// The one that it is asked for, by its number.
    pub class: usize,
    /// Whether the moving average of the generator is shown; nothing for families that keep none.
    pub averaged: Option<bool>,
    /// For a model without a run of its own: what a run that begins with its weights would learn from.
    pub trains_on: Option<String>,
    /// Where its codes are, for a model that a prior can be trained over.
    pub codes_of: Option<String>,
    /// Whether it makes no images: there is nothing to explore then.
    pub only_classifies: bool,
    /// What its card tells, where it was opened.
    pub card: Option<&'a Card>,
    /// Whether it is a codebook alone: there is nothing but codes then.
    pub only_codes: bool,
    /// What a person should know of how it was read.
    pub notes: &'a [String],
}

/// What a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Trainable values.
    pub parameters: u64,
    /// Peak memory in bytes.
    pub memory_bytes: u64,
}

/// Textures, registered once and filled by the app.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    /// The decoded point.
    pub main: Option<Picture>,
    /// What stands in for the decoded point while it is in the making.
    pub unfinished: Option<Unfinished>,
    /// The thumbnails of the whole pad; transparent where they are yet to come.
    pub pad: Option<Picture>,
    /// Small pictures beside the pad.
    pub sheets: BTreeMap<SheetName, SheetPicture>,
    /// What shows how a model changes: watched images or draws.
    pub probe: Option<ProbePictures>,
    /// A sheet of training images.
    pub preview: Option<Picture>,
    /// The heatmap or plane of codes that [`CodebookView::take_picture`] gave last.
    pub codes: Option<Picture>,
    /// What the code in the inspector decodes to when every cell has it.
    pub code_alone: Option<Picture>,
    /// The pieces that this code makes inside of pictures that use it, as one row of tiles.
    pub code_in_context: Option<Picture>,
    /// The pieces of the data that choose this code, the most typical first, as one row of tiles.
    pub code_patches: Option<Picture>,
    /// What every code decodes to.
    pub palette: Palette,
    /// Channels of the node that is looked at, on the sheet that [`InsideView::take_picture`] gave last.
    pub channels: Option<Picture>,
    /// What comes of changes inside of a network.
    pub changed: Option<Picture>,
    /// The same without them, where that is not the picture of the point.
    pub unchanged: Option<Picture>,
    /// The picture that was brought along, as the model sees it.
    pub own: Option<Picture>,
    /// What the model makes of it: its reconstruction, or the best that a search for its point has found.
    pub own_made: Option<Picture>,
    /// How the two differ, pixel by pixel.
    pub own_error: Option<Picture>,
    /// The brightest colour of the differences stands for this much, of pixels in `[0, 1]`.
    pub own_error_reach: f32,
    /// The pictures that were brought along, by their numbers, as far as they were looked at.
    pub own_thumbnails: Vec<(u64, Picture)>,
    /// What the models that were measured side by side make.
    pub evaluated: EvaluatedPictures,
    /// A picture for each checkpoint of the run.
    pub strip: Option<SheetPicture>,
}

/// A smaller picture in the place of one that is in the making.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unfinished {
    /// How much smaller it is along each side.
    pub factor: usize,
    /// The share of the whole one that is done, in `[0, 1]`.
    pub share: f32,
}

/// Pictures of models that were measured side by side, equal in size, each a sheet of a few tiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EvaluatedPictures {
    /// The first images that they were measured on.
    pub originals: Option<Picture>,
    /// What each model makes of them, or of draws, by the model's number.
    pub models: Vec<(u64, Picture)>,
}

/// A texture and its size in texels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    /// The texture.
    pub id: TextureId,
    /// Width and height in texels.
    pub size: Vec2,
}

/// A sheet of small pictures, numbered row by row; transparent where they are yet to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SheetPicture {
    /// All of them.
    pub picture: Picture,
    /// Columns and rows.
    pub sides: [usize; 2],
}

impl SheetPicture {
    /// The part of the texture that a picture takes, in shares of its width and height; nothing where it has no place
    /// of this number.
    pub fn part(&self, index: usize) -> Option<Rect> {
        let [columns, rows] = self.sides;
        let at = [index % columns.max(1), index / columns.max(1)].map(|index| index as f32);
        let size = vec2(1.0 / columns as f32, 1.0 / rows as f32);
        let part = Rect::from_min_size(pos2(at[0] * size.x, at[1] * size.y), size);
        (index < columns * rows).then_some(part)
    }
}

/// The watched batch as three rows of tiles: images, what the model makes of them and the absolute difference; or
/// spoilt images, what the model makes of them and the clean ones; or what a family that only generates makes of fixed draws.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbePictures {
    /// Updates behind it.
    pub step: u64,
    /// Tiles in a row.
    pub columns: usize,
    /// What each row is called, and its tiles; the first row holds the images as they are encoded.
    pub rows: [(&'static str, Picture); 3],
    /// PSNR of each image in dB; nothing for draws.
    pub psnr_db: Vec<f64>,
    /// The same before they were mended; nothing where they were not spoilt.
    pub spoilt_psnr_db: Vec<f64>,
}

impl ProbePictures {
    /// One of the watched images as a part of a row's texture; nothing where there is none of this number.
    pub fn tile(&self, row: usize, index: usize) -> Option<(Picture, Rect)> {
        let (_, tiles) = self.rows.get(row).filter(|_| index < self.psnr_db.len())?;
        let share = 1.0 / self.columns.max(1) as f32;
        let corner = pos2(index as f32 * share, 0.0);
        Some((*tiles, Rect::from_min_size(corner, vec2(share, 1.0))))
    }
}

/// What is said of the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataLine {
    /// Its specification, as typed.
    pub spec: String,
    /// Its name, once it is open.
    pub name: String,
    /// Images to learn from and held out.
    pub counts: [usize; 2],
    /// The shape of an image, for people.
    pub shape: String,
    /// Class names with their number of training images.
    pub classes: Vec<(String, usize)>,
    /// Whether it is being opened, with images done and in all; 0 in all while that is not known.
    pub opening: Option<(usize, usize)>,
}

/// A long job.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskLine {
    /// Its number, to cancel it by.
    pub number: u64,
    /// What it does.
    pub name: String,
    /// The share of it that is done, in `[0, 1]`.
    pub share: f64,
}

/// What the window is for at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// Training a model and walking in its latent space.
    #[default]
    Explore,
    /// Measuring models side by side.
    Evaluate,
    /// All runs, and those that wait for their turn.
    Runs,
}

/// What panels remember for themselves.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// How curves are drawn.
    pub curves: CurvesView,
    /// What would be trained.
    pub form: TrainForm,
    /// The path that is typed beside the Open button.
    pub open_path: String,
    /// The path that is typed to save the picture.
    pub picture_path: String,
    /// Whether the model's card is shown.
    pub shows_card: bool,
    /// The page that is shown.
    pub page: Page,
    /// How models would be measured.
    pub measure: MeasureForm,
    /// What is chosen of the runs, and which would be queued.
    pub runs: RunsView,
    /// The path that is typed to save the film strip.
    pub strip_path: String,
    /// The path that is typed to save a film of drawing.
    pub prior_film_path: String,
    /// What is looked at of the words that a prior attends to.
    pub prior_words: WordsView,
    /// How the views are arranged.
    pub dock: Dock,
    /// The sheets of small pictures that this frame shows.
    pub sheets: SheetPoints,
    /// How dimensions are swept.
    pub traversals: Traversals,
    /// The paths that are typed to save the pictures of views.
    pub sheet_paths: SheetPaths,
    /// The path that is typed to save a view as it is on the screen.
    pub view_path: String,
    /// The path that is typed to save a page as it is on the screen.
    pub page_path: String,
    /// Where the page was drawn, below the bar at the top.
    pub page_rect: Option<Rect>,
    /// What is chosen of the bookmarks.
    pub bookmarks: BookmarksView,
    /// What is chosen of the directions.
    pub directions: DirectionsView,
    /// How the walk is saved.
    pub film: FilmForm,
    /// The path that is typed to add a model beside the explorer's.
    pub companion_path: String,
    /// What a path is typed for, where the system has no dialog to choose one in.
    pub path_prompt: Option<PathPrompt>,
    /// The palette, while it is open.
    pub command_palette: Option<CommandPalette>,
    /// Whether the list of all keys is shown.
    pub shows_keys: bool,
    /// What is chosen of the codebook.
    pub codebook: CodebookView,
    /// How the map is looked at.
    pub map: MapView,
    /// How the inside of networks is shown.
    pub inside: InsideView,
    /// How pictures that were brought along are looked at.
    pub own_picture: OwnPictureView,
}

/// What keys ask for, and what the palette finds.
fn keyboard_and_palette(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let is_open = view.command_palette.is_some() || view.shows_keys;
    if view.path_prompt.is_some() || (!is_open && ui.input(|input| input.events.is_empty())) {
        return;
    }
    let actions = actions::all(scene, view);
    if is_open {
        command_palette::show(ui, &actions, view, out);
    } else {
        out.extend(actions::of_keys(ui, scene, &actions));
    }
}

/// A narrower window has no room for the inspector beside everything else.
const LEAST_WITH_INSPECTOR: f32 = 1100.0;

/// Draws the window and tells what a person did.
pub fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View) -> Vec<Command> {
    let mut commands = Vec::new();
    let out = &mut commands;
    view.codebook.begin_frame(scene.codebook, scene.code_map);
    view.sheets.clear();
    theme::follow(ui.ctx());
    keyboard_and_palette(ui, scene, view, out);
    path_prompt::show(ui, view, out);
    notices::show(ui.ctx(), scene.notices, out);
    if let Some(card) = scene.model.card.filter(|_| view.shows_card) {
        card::show(ui.ctx(), scene.model.name, card, &mut view.shows_card);
    }
    if view.page != Page::Explore {
        Panel::top("top")
            .frame(theme::bar_frame())
            .show(ui, |ui| top_bar::show(ui, scene, view, out));
        view.page_rect = Some(ui.available_rect_before_wrap());
        match view.page {
            Page::Runs => runs::show(ui, scene, view, out),
            _ => evaluate::show(ui, scene, view, out),
        }
        return commands;
    }
    let inspected = scene.codebook.zip(view.codebook.selected);
    // A small window has no room for both: the inspector then stands in for the setup.
    let shows_setup = inspected.is_none() || ui.available_width() >= LEAST_WITH_INSPECTOR;
    Panel::top("top").frame(theme::bar_frame()).show(ui, |ui| top_bar::show(ui, scene, view, out));
    view.page_rect = Some(ui.available_rect_before_wrap());
    if curves::are_empty(scene) {
        // The room is the explorer's until there is something to draw.
        Panel::bottom("no curves")
            .resizable(false)
            .frame(theme::panel_frame())
            .show(ui, |ui| curves::show_none(ui, scene, &mut view.curves, out));
    } else {
        // A small window leaves the explorer its share.
        let curves_height = (ui.available_height() * 0.27).clamp(132.0, 210.0);
        Panel::bottom("curves")
            .resizable(true)
            .default_size(curves_height)
            .size_range(120.0..=520.0)
            .frame(theme::panel_frame())
            .show(ui, |ui| curves::show(ui, scene, &mut view.curves, out));
    }
    if shows_setup {
        setup_panel(ui, "setup", |ui| {
            data_panel::show(ui, scene, view, out);
            ui.add_space(8.0);
            ui.separator();
            train_panel::show(ui, scene, view, out);
        });
    }
    if let Some((codebook, code)) = inspected {
        Panel::right("inspector")
            .resizable(true)
            .default_size(260.0)
            .size_range(240.0..=420.0)
            .frame(theme::panel_frame())
            .show(ui, |ui| {
                inspector::show(ui, scene, codebook, code, &mut view.codebook, &view.form, out);
            });
    }
    CentralPanel::default().frame(theme::stage_frame()).show(ui, |ui| {
        tasks(ui, scene.tasks, out);
        explore_panel::show(ui, scene, view, out);
    });
    if view.codebook.has_moved() {
        ui.ctx().request_repaint();
    }
    commands
}

/// The panel at the left of a page, for what is set up there.
fn setup_panel(ui: &mut Ui, id: &'static str, add: impl FnOnce(&mut Ui)) {
    Panel::left(id)
        .resizable(true)
        .default_size(268.0)
        .size_range(240.0..=420.0)
        .frame(theme::panel_frame())
        .show(ui, |ui| {
            egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, add);
        });
}

fn tasks(ui: &mut Ui, tasks: &[TaskLine], out: &mut Vec<Command>) {
    for task in tasks {
        ui.horizontal(|ui| {
            let bar = egui::ProgressBar::new(task.share as f32)
                .desired_width(240.0)
                .fill(theme::colours().accent.gamma_multiply(0.55))
                .text(
                    theme::number(format!("{}: {:.0} %", told(&task.name), task.share * 100.0))
                        .size(11.0),
                );
            ui.add(bar);
            if ui
                .small_button(tr!("Cancel"))
                .on_hover_text(tr!("End this job; no file is written."))
                .clicked()
            {
                out.push(Command::CancelTask(task.number));
            }
        });
    }
}
