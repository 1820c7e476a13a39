//! The explorer: sliders or codes, pad and picture side by side; the watched reconstructions or the codebook
//! below.

use egui::{Label, Ui, Vec2, vec2};

use super::words::grouped;
use super::{
    Command, Scene, Tab, View, code_map, codebook_panel, map, pad, picture, probe, save, sliders,
    theme,
};
use crate::session::codebook::Codebook;

/// Between the three columns.
const GAP: f32 = 16.0;
/// A slider needs so much to be of use, and so large a share of the room.
const LEAST_SLIDERS: f32 = 196.0;
const SHARE_OF_SLIDERS: f32 = 0.34;
/// A title above a column, and up to two rows of controls below.
const AROUND: f32 = 78.0;
/// A codebook of more codes than this gets more room for its heatmap.
const MANY_CODES: usize = 4096;
/// The plane of codes gets more room where this much leaves the pad enough.
const LEAST_WITH_PLANE: f32 = 460.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    if scene.model.only_classifies {
        return only_classifies(ui);
    }
    if let Some(codebook) = scene.codebook.filter(|_| scene.model.only_codes) {
        return only_codes(ui, scene, codebook, view, out);
    }
    let room = ui.available_size();
    let lower = lower_height(scene, view, room.y);
    let top = room.y - lower - 8.0;
    ui.allocate_ui(vec2(room.x, top), |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.horizontal_top(|ui| match scene.codebook {
            None => with_sliders(ui, scene, &mut view.picture_path, vec2(room.x, top), out),
            Some(_) => with_codes(ui, scene, view, vec2(room.x, top), out),
        });
    });
    ui.add_space(8.0);
    below(ui, scene, view, out);
}

/// What is there instead of an explorer for a model that makes no images.
fn only_classifies(ui: &mut Ui) {
    ui.add_space(0.3 * ui.available_height());
    ui.vertical_centered(|ui| {
        ui.label(theme::heading("A classifier makes no images: it tells the class of those that it sees"));
        ui.add_space(6.0);
        ui.label(theme::muted("Its accuracy is on the curves below. Generators are measured by it on the page Evaluate."));
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
    view.tab = Tab::Codebook;
    ui.label(theme::heading("Only a codebook is open"));
    ui.label(theme::muted(
        "No pad, picture or sliders: there is no decoder that makes images of its codes.",
    ));
    for note in scene.model.notes {
        ui.add(Label::new(theme::muted(note).small()).wrap());
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.label(theme::heading("Codebook"));
        codebook_panel::summary(ui, codebook, &view.codebook);
    });
    codebook_panel::show(ui, scene, codebook, &mut view.codebook, out);
}

/// What the tabs below the explorer take.
fn lower_height(scene: &Scene<'_>, view: &View, room: f32) -> f32 {
    let shows_plane = |codebook: &Codebook| {
        let is_shown = view.tab == Tab::Codebook && view.codebook.plane(codebook).is_some();
        is_shown && room >= LEAST_WITH_PLANE
    };
    if view.tab == Tab::Map {
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

/// Sliders, pad and picture.
fn with_sliders(
    ui: &mut Ui,
    scene: &Scene<'_>,
    path: &mut String,
    room: Vec2,
    out: &mut Vec<Command>,
) {
    let sliders = LEAST_SLIDERS.max(SHARE_OF_SLIDERS * room.x);
    let side = (room.y - AROUND).min((room.x - sliders) / 2.0 - GAP).max(120.0).floor();
    column(ui, room.x - 2.0 * (side + GAP), |ui| {
        let hint =
            "Sorted by how much each says about the image. Drag; double-click a number to type.";
        title(ui, "Dimensions", hint);
        sliders::show(ui, scene, side, out);
    });
    ui.add_space(GAP);
    pad_and_picture(ui, scene, path, side, None, out);
}

/// Pad, picture and the picture's codes.
fn with_codes(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, room: Vec2, out: &mut Vec<Command>) {
    let side = (room.y - AROUND).min((room.x - 2.0 * GAP) / 3.0).max(80.0).floor();
    pad_and_picture(ui, scene, &mut view.picture_path, side, view.codebook.hovered(), out);
    ui.add_space(GAP);
    column(ui, room.x - 2.0 * (side + GAP), |ui| {
        title(
            ui,
            "Codes",
            "The picture as codes: equal colours are equal codes. Click one to change it.",
        );
        code_map::show(ui, scene, &mut view.codebook, view.tab, side, out);
    });
}

fn pad_and_picture(
    ui: &mut Ui,
    scene: &Scene<'_>,
    path: &mut String,
    side: f32,
    lit: Option<usize>,
    out: &mut Vec<Command>,
) {
    column(ui, side, |ui| {
        let hint = "Drag between the four corners. Right-click to choose what a corner is.";
        title(ui, "Pad", hint);
        pad::show(ui, scene, side, out);
        pad::controls(ui, scene, out);
    });
    ui.add_space(GAP);
    column(ui, side, |ui| {
        ui.scope(|ui| {
            // As high as the other titles, which stand alone.
            ui.spacing_mut().interact_size.y = 0.0;
            ui.horizontal(|ui| {
                title(ui, "Picture", "Drag on the picture to walk.");
                unfinished(ui, scene);
            });
        });
        picture::walkable(ui, scene, side, lit, out);
        controls(ui, scene, path, out);
    });
}

/// The watched reconstructions, the map, and the codebook where the model has one.
fn below(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let shown = match (view.tab, scene.codebook) {
        (Tab::Codebook, None) => Tab::Reconstructions,
        (tab, _) => tab,
    };
    ui.horizontal(|ui| {
        let tabs = [
            (
                Tab::Reconstructions,
                probe::title(scene),
                "Held-out images and what the model makes of them.",
            ),
            (
                Tab::Codebook,
                "Codebook",
                "How often each code is chosen, and which are dying or dead.",
            ),
            (Tab::Map, "Map", "Encoded images as points on a plane: who lies near whom."),
        ];
        let is_there = |tab: Tab| tab != Tab::Codebook || scene.codebook.is_some();
        for (tab, name, hint) in tabs.into_iter().filter(|(tab, ..)| is_there(*tab)) {
            let text = egui::RichText::new(name).heading();
            if ui.selectable_label(shown == tab, text).on_hover_text(hint).clicked() {
                view.tab = tab;
            }
        }
        match (shown, scene.codebook) {
            (Tab::Codebook, Some(codebook)) => {
                codebook_panel::summary(ui, codebook, &view.codebook)
            }
            (Tab::Reconstructions, _) => probe::summary(ui, scene),
            _ => {}
        }
    });
    match (shown, scene.codebook) {
        (Tab::Codebook, Some(codebook)) => {
            codebook_panel::show(ui, scene, codebook, &mut view.codebook, out);
        }
        (Tab::Map, _) => map::show(ui, scene, view, out),
        _ => {
            let lit = scene.codebook.and(view.codebook.hovered().or(view.codebook.selected));
            probe::show(ui, scene, lit);
        }
    }
}

/// A column of a fixed width.
fn column(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.set_width(width);
        add(ui);
    });
}

fn title(ui: &mut Ui, name: &str, hint: &str) {
    ui.label(theme::heading(name)).on_hover_text(hint);
}

/// That the picture is a smaller one for now, and how far the whole one is.
fn unfinished(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(unfinished) = scene.pictures.unfinished else { return };
    let percent = (unfinished.share * 100.0).floor();
    let text = theme::muted(format!("preview 1/{}, {percent} %", unfinished.factor));
    let hint = "A smaller picture of the same point stands in while the whole one is decoded: so much of it is done. It begins anew when the point moves.";
    ui.add(egui::Label::new(text).truncate()).on_hover_text(hint);
}

fn controls(ui: &mut Ui, scene: &Scene<'_>, path: &mut String, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        let explore = scene.explore;
        let along = match explore.plane_dims() {
            None => "Random directions".to_owned(),
            Some([u, v]) if u == v => format!("Along z{u}"),
            Some([u, v]) => format!("Along z{u} × z{v}"),
        };
        ui.menu_button(along, |ui| {
            if ui.button("The two dimensions that say most").clicked() {
                out.push(Command::WalkDims);
                ui.close();
            }
            if ui.button("Two random directions").clicked() {
                out.push(Command::WalkRandom);
                ui.close();
            }
        })
        .response
        .on_hover_text(
            "Where dragging on the picture walks: right along the first, down along the second.",
        );
        let hint = "Save the picture as a PNG or JPEG file.";
        if let Some(place) = save::button(ui, "Save…", hint, path) {
            out.push(Command::SavePicture(place.path()));
        }
        which(ui, scene, out);
        if scene.model.is_live {
            let mut frozen = explore.is_frozen();
            let hint = "Keep these weights while training goes on.";
            if ui.checkbox(&mut frozen, "Freeze").on_hover_text(hint).changed() {
                out.push(Command::Freeze(frozen));
            }
        }
        let step = theme::muted(format!("step {}", grouped(scene.model.step)));
        ui.add(egui::Label::new(step).extend())
            .on_hover_text("Updates behind the weights that make this picture");
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
        let hint = "The class that the model is asked for.";
        let response = shown.response.on_hover_text(hint);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Class"));
    }
    if let Some(mut averaged) = model.averaged {
        let hint = "Show the moving average of the generator's weights, which is steadier, or the newest ones.";
        if ui.checkbox(&mut averaged, "Averaged").on_hover_text(hint).changed() {
            out.push(Command::ShowAverage(averaged));
        }
    }
}
