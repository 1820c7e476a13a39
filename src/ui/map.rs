//! The map: encoded images as points on a plane that is walked on, looked at and chosen from.

mod canvas;
mod chosen;
mod colours;
mod legend;
mod plot;
mod sight;
mod tell;
mod thumbs;
mod toolbar;

use egui::{Label, Rect, Ui, vec2};
use serde::{Deserialize, Serialize};

pub use canvas::Canvas;
pub use colours::colours;
pub(super) use plot::KEYS;
pub use sight::Sight;
pub use thumbs::Thumbs;

use super::{Command, Scene, View, theme};
use crate::data::{FactorInfo, FactorKind, Split};
use crate::language::tr;
use crate::session::map::{Ask, Colouring, Map, Source};

/// A wider view has room for what is chosen beside the map.
const LEAST_BESIDE: f32 = 380.0;
/// What the chosen take there, as a share of the room and in points.
const SHARE_OF_CHOSEN: f32 = 0.34;
const MOST_CHOSEN: f32 = 320.0;

/// What a drag on the map does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MapMode {
    /// Moves the explorer's point.
    #[default]
    Walk,
    /// Moves the map.
    Pan,
    /// Selects the points in a rectangle.
    Box,
    /// Selects the points inside of a line drawn by hand.
    Lasso,
}

/// What the map remembers for itself.
#[derive(Clone, Debug)]
pub struct MapView {
    /// What a drag does.
    pub mode: MapMode,
    /// Whether images stand for points once few are in view.
    pub shows_images: bool,
    /// The point that the keyboard is at.
    pub cursor: Option<u32>,
    /// The paths that are typed to save the picture, the points and the latents.
    paths: [String; 3],
    /// The line that is being drawn, in the map's units.
    line: Vec<[f32; 2]>,
    /// The latent that a walk began at.
    walk: Option<Vec<f32>>,
    /// The points whose images are shown.
    wanted: Vec<u32>,
    /// Where the map was drawn, in points, with its legend.
    rect: Option<Rect>,
    /// What is seen of it: the lower left and the upper right corner.
    seen: Option<[[f64; 2]; 2]>,
    has_moved: bool,
    /// Counts the times that all was to be seen again.
    fits: u64,
}

impl Default for MapView {
    fn default() -> Self {
        Self {
            mode: MapMode::default(),
            shows_images: true,
            cursor: None,
            paths: std::array::from_fn(|_| String::new()),
            line: Vec::new(),
            walk: None,
            wanted: Vec::new(),
            rect: None,
            seen: None,
            has_moved: false,
            fits: 0,
        }
    }
}

impl MapView {
    /// Shows all points in the next frame.
    pub fn fit(&mut self) {
        self.fits += 1;
    }

    /// The points whose images were shown in the last frame, and are to be there for the next.
    pub fn take_wanted(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.wanted)
    }

    /// Where the map was drawn in the last frame, in points.
    pub fn rect(&self) -> Option<Rect> {
        self.rect
    }

    /// The lower left and the upper right corner of what is seen, in the map's units.
    pub fn seen(&self) -> Option<[[f64; 2]; 2]> {
        self.seen
    }

    /// Whether another part of the map is seen than in the frame before.
    pub fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.has_moved)
    }

    fn want(&mut self, point: u32) {
        self.wanted.push(point);
    }
}

/// What there is to be put on the map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Images to learn from and held out.
    Images([usize; 2]),
    /// No encoder: draws from the prior alone.
    Draws,
    /// Nothing, and why.
    #[default]
    Nothing,
    /// Nothing, as the images do not fit the model.
    Misfit(String),
}

/// The map with what its points come from.
#[derive(Clone, Copy)]
pub struct MapScene<'a> {
    /// The points and what is chosen of them.
    pub state: &'a Map,
    /// What there is to be put on it.
    pub ground: &'a Ground,
    /// The names of the classes.
    pub classes: &'a [String],
    /// What the data knows of its images.
    pub factors: &'a [FactorInfo],
    /// What points look like.
    pub thumbs: &'a Thumbs,
    /// Their colours, `[n]`, as [`fn@colours`] tells them.
    pub colours: &'a [egui::Color32],
    /// What draws points, where there is a graphics device.
    pub canvas: Option<&'a Canvas>,
}

impl MapScene<'_> {
    /// The names of what points are coloured by, where it is a factor of names without an order.
    fn categories(&self) -> Option<&[String]> {
        let Colouring::Factor(factor) = self.state.colouring() else { return None };
        match &self.factors.get(factor)?.kind {
            FactorKind::Categories(names) => Some(names),
            FactorKind::Continuous { .. } => None,
        }
    }

    /// What a point is, in a few words.
    fn name_of(&self, point: u32) -> String {
        let Some(points) = self.state.points() else { return String::new() };
        let at = point as usize;
        match points.sources.get(at) {
            Some(Source::Image { split, index }) => {
                let class = points.labels[at].and_then(|label| self.classes.get(label as usize));
                let image = match split {
                    Split::Train => tr!("train image {}", index),
                    Split::Test => tr!("test image {}", index),
                };
                match class {
                    Some(name) => tr!("{}, {}", image, name),
                    None => image,
                }
            }
            Some(Source::Draw(index)) => tr!("draw {} from the prior", index),
            None => String::new(),
        }
    }
}

/// Shows the map in all the room that there is.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let (map, paths, view) = (scene.map, &mut view.sheet_paths, &mut view.map);
    view.rect = None;
    if map.state.points().is_none() {
        return empty(ui, scene, out);
    }
    toolbar::show(ui, scene, view, out);
    let room = ui.available_size();
    let has_chosen = !map.state.selected().is_empty() || map.state.chosen().is_some();
    let has_room = has_chosen && room.x >= LEAST_BESIDE;
    let beside = if has_room { (SHARE_OF_CHOSEN * room.x).min(MOST_CHOSEN) } else { 0.0 };
    // In one row with or without them, so that the map stays the same one, where it was moved to.
    ui.horizontal_top(|ui| {
        let gap = if has_room { 12.0 } else { 0.0 };
        plot::show(ui, scene, view, vec2(room.x - beside - gap, room.y), out);
        if has_room {
            ui.allocate_ui(vec2(beside, room.y), |ui| {
                ui.vertical(|ui| chosen::show(ui, scene, view, paths, out));
            });
        }
    });
}

/// What will be there, and what to do for it.
fn empty(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let map = scene.map;
    let text = match map.ground {
        Ground::Images([train, test]) => tr!(
            "Images of the data as points in latent space will be here: those that the model sees as alike lie near each other. {} to learn from and {} held out are open.",
            super::words::grouped(*train as u64),
            super::words::grouped(*test as u64)
        ),
        Ground::Draws => tr!(
            "This model only generates, so no image can be put on a map. Draws from its prior can: where they lie, and what they look like."
        )
        .to_owned(),
        Ground::Nothing => tr!(
            "Encoded images as points in latent space will be here, once a model and data of its size are open."
        )
        .to_owned(),
        Ground::Misfit(why) => {
            tr!("Encoded images as points in latent space will be here. {}", why)
        }
    };
    ui.add(Label::new(theme::muted(text)).wrap());
    if map.state.work.is_some() {
        ui.horizontal(|ui| toolbar::working(ui, map.state, out));
        return;
    }
    if matches!(map.ground, Ground::Images(_) | Ground::Draws) {
        ui.horizontal_wrapped(|ui| {
            let (name, hint) = match map.ground {
                Ground::Draws => {
                    (tr!("Draw points"), tr!("Draws latents from the prior and decodes them."))
                }
                _ => (tr!("Encode"), tr!("Encodes these images in the background.")),
            };
            if ui.button(name).on_hover_text(hint).clicked() {
                out.push(Command::Map(Ask::Encode));
            }
            toolbar::extent(ui, map, out);
        });
    }
}
