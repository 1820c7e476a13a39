//! The pad: four corners, everything between them, thumbnails behind the pointer.

use egui::{DragValue, Role, Sense, Slider, Stroke, Ui, Vec2, WidgetInfo, vec2};

use super::{Command, Scene, SeedsAsk, SheetOf, View, anchors, keys, picture, save, theme};
use crate::language::{told, tr, tr_later};
use crate::latent::Mixing;
use crate::session::anchor::Anchor;
use crate::session::explore::{CornerSource, SeedPlane};
use crate::session::sheets::SheetPoints;
use crate::session::walk::{slider_of_speed, speed_of_slider};

/// The greatest drift, in places a second.
const TOP_DRIFT: f32 = 5.0;

/// What the corners are called.
pub(super) const CORNERS: [&str; 4] = [
    tr_later!("Top left"),
    tr_later!("Top right"),
    tr_later!("Bottom left"),
    tr_later!("Bottom right"),
];

/// Its keys.
pub(super) const KEYS: &[keys::Listed] = &[
    (tr_later!("Arrows"), tr_later!("Move the point by a twentieth of a side")),
    (tr_later!("Shift+Arrows"), tr_later!("Move the point by a hundredth of a side")),
];

/// A narrower pad has the way that corners are mixed in a menu.
const WITH_MIXING: f32 = 210.0;

/// A square of `side` points to drag in.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    side: f32,
    view: &mut View,
    out: &mut Vec<Command>,
) {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click_and_drag());
    let response = response.on_hover_cursor(egui::CursorIcon::Crosshair);
    response.widget_info(|| described(scene));
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    if let Some(tiles) = scene.pictures.pad {
        picture::paint(ui, tiles, rect);
    }
    if let Some([u, v]) = scene.explore.pad() {
        let at = rect.min + vec2(u * side, v * side);
        ui.painter().circle_stroke(at, 7.0, Stroke::new(3.0, theme::colours().stage));
        ui.painter().circle_stroke(at, 7.0, Stroke::new(1.5, theme::colours().accent));
    }
    keys::focus_ring(ui, &response, rect);
    let held = response.dragged() || response.clicked();
    // Enter and Space click too, without a pointer.
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| held) {
        if response.drag_started() || response.clicked() {
            out.push(Command::BeginEdit);
        }
        let at = (pointer - rect.min) / side;
        out.push(Command::SetPad([at.x.clamp(0.0, 1.0), at.y.clamp(0.0, 1.0)]));
    }
    if let Some([right, down]) = keys::strides(ui, &response) {
        let [u, v] = scene.explore.pad().unwrap_or([0.5; 2]);
        let to = [u + right, v + down].map(|at| at.clamp(0.0, 1.0));
        out.extend([Command::BeginEdit, Command::SetPad(to)]);
    }
    response.context_menu(|ui| {
        for (index, name) in CORNERS.into_iter().enumerate() {
            ui.menu_button(told(name), |ui| corner_menu(ui, scene, index, &mut view.sheets, out));
        }
        ui.separator();
        save::sheet(ui, tr!("Save pictures…"), SheetOf::Pad, &mut view.sheet_paths, out);
    });
}

/// What a screen reader says.
fn described(scene: &Scene<'_>) -> WidgetInfo {
    let mut info = WidgetInfo::labeled(Role::Image, true, tr!("Latent pad"));
    let place = scene.explore.pad().map(|at| at.map(|share| (share * 100.0).round()));
    info.current_text_value = Some(match place {
        Some([right, down]) => tr!("{} % to the right, {} % down", right, down),
        None => tr!("The point is not on the pad").to_owned(),
    });
    info
}

/// The row under the pad: corners and how they are mixed.
pub(super) fn controls(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let is_wide = ui.available_width() > WITH_MIXING;
    ui.horizontal_wrapped(|ui| {
        ui.menu_button(tr!("Corners"), |ui| {
            if ui.button(tr!("Redraw all four")).clicked() {
                out.extend((0..CORNERS.len()).map(Command::RedrawCorner));
            }
            let watched = scene.pictures.probe.as_ref().map_or(0, |probe| probe.psnr_db.len());
            let has_four = watched >= CORNERS.len();
            if has_four && ui.button(tr!("Four watched images")).clicked() {
                let image = |index| CornerSource::Image(index);
                out.extend((0..4).map(|index| Command::SetCorner { index, source: image(index) }));
            }
            ui.separator();
            for (index, name) in CORNERS.into_iter().enumerate() {
                ui.menu_button(told(name), |ui| corner_menu(ui, scene, index, &mut view.sheets, out));
            }
            ui.separator();
            temperature(ui, scene, out);
            if !is_wide {
                ui.separator();
                mixing(ui, scene, out);
            }
            ui.separator();
            save::sheet(ui, tr!("Save pictures…"), SheetOf::Pad, &mut view.sheet_paths, out);
        })
        .response
        .on_hover_text(
            tr!(
                "What the corners of the pad are: watched images, draws from the prior, or this point. Saves its pictures, too."
            ),
        );
        let seeds = scene.explore.seeds();
        let hint = tr!(
            "Let the pad be a piece of an endless plane that has a draw from the prior at every whole place (S)."
        );
        if ui.selectable_label(seeds.is_some(), tr!("Seeds")).on_hover_text(hint).clicked() {
            out.push(match seeds {
                Some(_) => Command::Seeds(SeedsAsk::Leave),
                None => Command::Seeds(SeedsAsk::Go([0.5, 0.5])),
            });
        }
        if is_wide {
            mixing(ui, scene, out);
        }
    });
    // A row of their own: a field that is typed into is narrower, and would move up into the row above.
    if let Some(seeds) = scene.explore.seeds() {
        ui.horizontal_wrapped(|ui| seed_controls(ui, scene, seeds, out));
    }
}

/// How the corners are mixed.
fn mixing(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    for (mixing, name, hint) in [
        (
            Mixing::Slerp,
            tr!("Spherical"),
            tr!("Along great circles: keeps the length that draws from the prior have."),
        ),
        (Mixing::Lerp, tr!("Linear"), tr!("Along straight lines.")),
    ] {
        let chosen = scene.explore.mixing() == mixing;
        if ui.selectable_label(chosen, name).on_hover_text(hint).clicked() {
            out.push(Command::SetMixing(mixing));
        }
    }
}

/// How far from the middle of the prior draws lie.
fn temperature(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let mut temperature = scene.explore.temperature();
    let hint = tr!(
        "Temperature, also called truncation: how far from the middle of the prior draws lie. Below 1 they are more typical, above 1 stranger. Corners that are draws follow."
    );
    ui.label(tr!("Temperature of draws")).on_hover_text(hint);
    ui.horizontal(|ui| {
        let slider = Slider::new(&mut temperature, 0.0..=2.0).fixed_decimals(2);
        let response = ui.add(slider).on_hover_text(hint);
        let value = f64::from(temperature);
        response.widget_info(|| WidgetInfo::slider(true, value, tr!("Temperature")));
        if response.changed() {
            out.push(Command::SetTemperature(temperature));
        }
        if ui.button("1").on_hover_text(tr!("Back to what the prior says.")).clicked() {
            out.push(Command::SetTemperature(1.0));
        }
    });
}

/// Where on the plane of seeds the point is, and how it drifts.
fn seed_controls(ui: &mut Ui, scene: &Scene<'_>, seeds: SeedPlane, out: &mut Vec<Command>) {
    for (axis, name) in ["x", "y"].into_iter().enumerate() {
        let mut at = seeds.at;
        let field =
            DragValue::new(&mut at[axis]).speed(0.01).max_decimals(3).prefix(format!("{name} "));
        let response = ui.add(field).on_hover_text(
            tr!(
                "A place on the plane. At whole places lies the draw with the seed x + 100 y, which seed:N names on the command line."
            ),
        );
        let value = at[axis];
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::SpinButton, true, tr!("Seed {}", name));
            info.value = Some(value);
            info
        });
        if response.drag_started() || (response.changed() && !response.dragged()) {
            out.push(Command::BeginEdit);
        }
        if response.changed() {
            out.push(Command::Seeds(SeedsAsk::Go(at)));
        }
    }
    if ui
        .button(tr!("Snap"))
        .on_hover_text(tr!("Go to the nearest whole place: one draw."))
        .clicked()
    {
        out.push(Command::Seeds(SeedsAsk::Snap));
    }
    let drifts = scene.drift.iter().any(|speed| *speed != 0.0);
    let menu = ui.menu_button(if drifts { tr!("Drifting") } else { tr!("Drift") }, |ui| {
        let mut drift = scene.drift;
        for (axis, name) in [tr!("right"), tr!("down")].into_iter().enumerate() {
            let mut slider = slider_of_speed(drift[axis], TOP_DRIFT);
            let shown = Slider::new(&mut slider, -1.0..=1.0)
                .custom_formatter(|slider, _| {
                    format!("{:.2} / s", speed_of_slider(slider as f32, TOP_DRIFT))
                })
                .text(name);
            let response = ui.add(shown).on_hover_text(tr!("Places a second, fine around zero."));
            drift[axis] = speed_of_slider(slider, TOP_DRIFT);
            let value = f64::from(drift[axis]);
            response.widget_info(|| WidgetInfo::slider(true, value, tr!("Drift {}", name)));
            if response.changed() {
                out.push(Command::Seeds(SeedsAsk::Drift(drift)));
            }
        }
        if ui.button(tr!("Halt")).clicked() {
            out.push(Command::Seeds(SeedsAsk::Drift([0.0; 2])));
            ui.close();
        }
    });
    menu.response.on_hover_text(tr!("Let the point move over the plane by itself."));
}

fn corner_menu(
    ui: &mut Ui,
    scene: &Scene<'_>,
    index: usize,
    sheets: &mut SheetPoints,
    out: &mut Vec<Command>,
) {
    if ui.button(tr!("A fresh draw")).clicked() {
        out.push(Command::RedrawCorner(index));
        ui.close();
    }
    if ui.button(tr!("The point I am at")).clicked() {
        out.push(Command::SetCorner { index, source: CornerSource::Point });
        ui.close();
    }
    let mut offered: Vec<Anchor> = scene.anchors().all().collect();
    offered.retain(|anchor| *anchor != Anchor::Point);
    ui.menu_button(tr!("An image or a bookmark"), |ui| {
        if let Some(point) = anchors::list(ui, scene, sheets, &offered, None) {
            out.push(Command::PointToCorner { index, point });
        }
    });
}
