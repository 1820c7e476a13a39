//! The explorer: what each view shows, and how views share the room.

use egui::{Label, Ui, Vec2};

use super::dock::{Kind, Pane, TAB_BAR};
use super::words::grouped;
use super::{
    Command, Scene, View, bookmarks, code_changes, code_map, codebook_panel, companions,
    directions, dock, inside, map, own_picture, pad, palette, picture, prior, probe, save, sliders,
    strip, texts, theme, traversals, walk,
};
use crate::language::{told, tr};
use crate::session::codebook::Codebook;

/// What a view leaves free at its left and right together.
const MARGINS: f32 = 8.0;
/// A slider needs so much to be of use, and so large a share of the room.
const LEAST_SLIDERS: f32 = 224.0;
const SHARE_OF_SLIDERS: f32 = 0.35;
/// A smaller pad or picture is of no use.
const LEAST_SIDE: f32 = 80.0;
/// A row of controls.
const ROW: f32 = 26.0;
/// Up to two rows of controls and a line below a pad or picture.
const CONTROLS: f32 = 2.0 * ROW + 10.0;
/// A title above a view, what is around it, and its controls.
const AROUND: f32 = TAB_BAR + 7.0 + CONTROLS;
/// A codebook of more codes than this gets more room for its heatmap.
const MANY_CODES: usize = 4096;
/// The plane of codes gets more room where this much leaves the pad enough.
const LEAST_WITH_PLANE: f32 = 460.0;

/// How the room of the views is shared, in points, until a person shares it otherwise.
pub(super) struct Parts {
    /// The widths of the upper views.
    pub(super) upper: Vec<f32>,
    /// Their height.
    pub(super) upper_height: f32,
    /// The height of the views below.
    pub(super) lower_height: f32,
}

/// Draws what the model in the explorer has to show.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    if scene.model.only_classifies {
        return only_classifies(ui);
    }
    if let Some(codebook) = scene.codebook.filter(|_| scene.model.only_codes) {
        return only_codes(ui, scene, codebook, view, out);
    }
    dock::show(ui, scene, view, out);
}

/// What a view is called.
pub(super) fn title(pane: Pane, scene: &Scene<'_>) -> &'static str {
    told(match pane {
        Pane::Reconstructions => probe::title(scene),
        _ => pane.name(),
    })
}

/// What a view tells beside its name.
pub(super) fn summary(ui: &mut Ui, pane: Pane, scene: &Scene<'_>) {
    match pane {
        Pane::Picture => unfinished(ui, scene),
        Pane::Reconstructions => probe::summary(ui, scene),
        _ => {}
    }
}

/// Draws a view into the room that there is.
pub(super) fn pane(
    ui: &mut Ui,
    pane: Pane,
    scene: &Scene<'_>,
    view: &mut View,
    out: &mut Vec<Command>,
) {
    ui.spacing_mut().item_spacing.x = 6.0;
    let room = ui.available_size();
    let side = (room.y - CONTROLS).min(room.x).max(LEAST_SIDE).floor();
    match pane {
        Pane::Dimensions => sliders::show(ui, scene, room.y - ROW, out),
        Pane::Pad => {
            pad::show(ui, scene, side, view, out);
            pad::controls(ui, scene, view, out);
        }
        Pane::Picture => {
            picture::walkable(ui, scene, side, view.codebook.hovered(), out);
            controls(ui, scene, &mut view.picture_path, out);
        }
        Pane::Codes => {
            let beside = view.dock.shows(Pane::Codebook) || view.dock.shows(Pane::Palette);
            code_map::show(ui, scene, view, beside, side, out);
        }
        Pane::Reconstructions => {
            let lit = view.codebook.hovered().or(view.codebook.selected);
            let lit = lit.filter(|_| scene.codebook.is_some());
            probe::show(ui, scene, lit, &mut view.sheet_paths, out);
        }
        Pane::Map => map::show(ui, scene, view, out),
        Pane::Traversals => traversals::show(ui, scene, view, out),
        Pane::Directions => directions::show(ui, scene, view, out),
        Pane::Bookmarks => bookmarks::show(ui, scene, view, out),
        Pane::Walk => walk::show(ui, scene, view, out),
        Pane::Palette => palette::show(ui, scene, view, out),
        Pane::Changes => code_changes::show(ui, scene, view, out),
        Pane::SideBySide => companions::show(ui, scene, view, out),
        Pane::Layers => inside::show(ui, scene, view, out),
        Pane::OwnPicture => own_picture::show(ui, scene, view, out),
        Pane::FilmStrip => strip::show(ui, scene, view, out),
        Pane::Prior => prior::show(ui, scene, view, out),
        Pane::Words => texts::show(ui, scene, view, out),
        Pane::Codebook => {
            if let Some(codebook) = scene.codebook {
                codebook_panel::summary(ui, codebook, &view.codebook);
                codebook_panel::show(ui, scene, codebook, &mut view.codebook, out);
            }
        }
    }
}

/// How the room of the views is shared at first.
pub(super) fn parts(kind: Kind, scene: &Scene<'_>, view: &View, room: Vec2) -> Parts {
    let least_lower = lower_height(scene, view, room.y);
    let widest = match kind {
        Kind::Latent => (room.x - LEAST_SLIDERS.max(SHARE_OF_SLIDERS * room.x)) / 2.0,
        Kind::Codes => room.x / 3.0,
    };
    let side = (room.y - least_lower - AROUND).min(widest - MARGINS).max(LEAST_SIDE);
    // What pad and picture leave is for the views below.
    let lower_height = least_lower.max(room.y - side - AROUND);
    let width = side + MARGINS;
    let rest = room.x - 2.0 * width;
    let upper = match kind {
        Kind::Latent => vec![rest, width, width],
        Kind::Codes => vec![width, width, rest],
    };
    Parts { upper, upper_height: room.y - lower_height, lower_height }
}

/// What is there instead of an explorer for a model that makes no images.
fn only_classifies(ui: &mut Ui) {
    ui.add_space(0.3 * ui.available_height());
    ui.vertical_centered(|ui| {
        ui.label(theme::heading(tr!(
            "A classifier makes no images: it tells the class of those that it sees"
        )));
        ui.add_space(6.0);
        ui.label(theme::muted(tr!(
            "Its accuracy is on the curves below. Generators are measured by it on the page Evaluate."
        )));
    });
}

/// What is there instead of an explorer for a codebook alone, and its codes.
fn only_codes(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &mut View,
    out: &mut Vec<Command>,
) {
    ui.label(theme::heading(tr!("Only a codebook is open")));
    ui.label(theme::muted(tr!(
        "No pad, picture or sliders: there is no decoder that makes images of its codes."
    )));
    for note in scene.model.notes {
        ui.add(Label::new(theme::muted(note).small()).wrap());
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.label(theme::heading(tr!("Codebook")));
        codebook_panel::summary(ui, codebook, &view.codebook);
    });
    codebook_panel::show(ui, scene, codebook, &mut view.codebook, out);
}

/// What the views below pad and picture take.
fn lower_height(scene: &Scene<'_>, view: &View, room: f32) -> f32 {
    let shows_plane = |codebook: &Codebook| {
        let is_shown = view.dock.shows(Pane::Codebook) && view.codebook.plane(codebook).is_some();
        is_shown && room >= LEAST_WITH_PLANE
    };
    if view.dock.shows(Pane::Map) {
        return (room * 0.5).clamp(170.0, 620.0);
    }
    match scene.codebook {
        // The reconstructions need three rows of tiles; the rest is the explorer's.
        None => (room * 0.34).clamp(108.0, 300.0),
        Some(codebook) if codebook.size() > MANY_CODES || shows_plane(codebook) => {
            (room * 0.5).clamp(150.0, 520.0)
        }
        Some(_) => (room * 0.38).clamp(150.0, 420.0),
    }
}

/// That the picture is a smaller one for now, and how far the whole one is.
fn unfinished(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(unfinished) = scene.pictures.unfinished else { return };
    let percent = (unfinished.share * 100.0).floor();
    let text = theme::muted(tr!("preview 1/{}, {} %", unfinished.factor, percent));
    let hint = tr!(
        "A smaller picture of the same point stands in while the whole one is decoded: so much of it is done. It begins anew when the point moves."
    );
    ui.add(egui::Label::new(text).truncate()).on_hover_text(hint);
}

fn controls(ui: &mut Ui, scene: &Scene<'_>, path: &mut String, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        let explore = scene.explore;
        ui.menu_button(picture::along(explore), |ui| {
            if ui.button(tr!("The two dimensions that say most")).clicked() {
                out.push(Command::WalkDims);
                ui.close();
            }
            if ui.button(tr!("Two random directions")).clicked() {
                out.push(Command::WalkRandom);
                ui.close();
            }
        })
        .response
        .on_hover_text(tr!(
            "Where dragging on the picture walks: right along the first, down along the second."
        ));
        let hint = tr!("Save the picture as a PNG or JPEG file.");
        if let Some(place) = save::button(ui, tr!("Save…"), hint, path) {
            out.push(Command::SavePicture(place.path()));
        }
        which(ui, scene, out);
        if scene.model.is_live {
            let mut frozen = explore.is_frozen();
            let hint = tr!("Keep these weights while training goes on.");
            if ui.checkbox(&mut frozen, tr!("Freeze")).on_hover_text(hint).changed() {
                out.push(Command::Freeze(frozen));
            }
        }
        let step = theme::muted(tr!("step {}", grouped(scene.model.step)));
        ui.add(egui::Label::new(step).extend())
            .on_hover_text(tr!("Updates behind the weights that make this picture"));
    });
}

/// Which class, and which weights, where the model leaves a choice.
fn which(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let model = &scene.model;
    if let Some(name) = model.classes.get(model.class) {
        let shown = egui::ComboBox::from_id_salt("class").selected_text(name).width(96.0);
        let shown = shown.show_ui(ui, |ui| {
            for (class, name) in model.classes.iter().enumerate() {
                if ui.selectable_label(class == model.class, name).clicked() {
                    out.push(Command::ShowClass(class));
                }
            }
        });
        let hint = tr!("The class that the model is asked for.");
        let response = shown.response.on_hover_text(hint);
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, tr!("Class")));
    }
    if let Some(mut averaged) = model.averaged {
        let hint = tr!(
            "Show the moving average of the generator's weights, which is steadier, or the newest ones."
        );
        if ui.checkbox(&mut averaged, tr!("Averaged")).on_hover_text(hint).changed() {
            out.push(Command::ShowAverage(averaged));
        }
    }
}
