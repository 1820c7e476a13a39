//! Other models beside the one in the explorer: the same latent, or the same image, drawn by each.

use egui::{Label, ScrollArea, TextEdit, Ui, vec2};
use serde::{Deserialize, Serialize};

use super::words::grouped;
use super::{Command, CompanionAsk, Demo, Picture, Scene, SheetOf, View, picture, save, theme};
use crate::language::{told, tr};

/// What all models draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The latent that the explorer is at.
    #[default]
    Latent,
    /// A watched image, encoded by each.
    Image(usize),
}

/// What is said of a model beside the one in the explorer.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanionLine {
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: String,
    /// Updates behind its weights.
    pub step: u64,
    /// What it draws.
    pub picture: Option<Picture>,
    /// Why it draws nothing.
    pub why: Option<String>,
}

/// The space between two models, in points.
const GAP: f32 = 12.0;
/// What is below a picture, in points.
const BELOW: f32 = 44.0;

/// Draws all models in a row.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    toolbar(ui, scene, view, out);
    if scene.companions.is_empty() {
        ui.add_space(6.0);
        ui.label(theme::muted(tr!(
            "Add other models, or other checkpoints of this one (PATH@STEP), and they draw the same latent as the explorer, or the same watched image."
        )));
        return;
    }
    let side = (ui.available_height() - BELOW).clamp(64.0, 420.0);
    ScrollArea::horizontal().auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            own(ui, scene, side);
            for (index, line) in scene.companions.iter().enumerate() {
                let buttons = |ui: &mut Ui, out: &mut Vec<Command>| {
                    let hint = tr!("Put this model into the explorer.");
                    if ui.small_button(tr!("Explore")).on_hover_text(hint).clicked() {
                        out.push(Command::Companion(CompanionAsk::Explore(index)));
                    }
                    if ui.small_button(tr!("Remove")).on_hover_text(tr!("Take it away.")).clicked()
                    {
                        out.push(Command::Companion(CompanionAsk::Remove(index)));
                    }
                };
                let about = tr!("{}, {}, step {}", line.name, line.family, grouped(line.step));
                model(ui, &about, side, |ui| {
                    draw(ui, line.picture, line.why.as_deref(), side);
                    ui.horizontal(|ui| buttons(ui, out));
                });
            }
        });
    });
}

/// The model in the explorer: the picture of its point, or the watched image and what it makes of that.
fn own(ui: &mut Ui, scene: &Scene<'_>, side: f32) {
    let about =
        tr!("{}, {}, step {}", scene.model.name, scene.model.family, grouped(scene.model.step));
    let Link::Image(image) = scene.link else {
        return model(ui, &about, side, |ui| draw(ui, scene.pictures.main, None, side));
    };
    let Some(probe) = scene.pictures.probe.as_ref().filter(|probe| image < probe.psnr_db.len())
    else {
        return;
    };
    for (name, row) in [(tr!("The image"), 0), (about.as_str(), 1)] {
        let (_, tiles) = probe.rows[row];
        let share = 1.0 / probe.columns.max(1) as f32;
        let part = egui::Rect::from_x_y_ranges(
            image as f32 * share..=(image + 1) as f32 * share,
            0.0..=1.0,
        );
        let size = vec2(tiles.size.x * share, tiles.size.y);
        model(ui, name, side, |ui| {
            let (rect, response) = ui.allocate_exact_size(vec2(side, side), egui::Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
            let size = size * picture::scale_to_fit(size, rect.size());
            let place = egui::Rect::from_center_size(rect.center(), size);
            picture::paint_part(ui, tiles, place, part);
        });
    }
}

/// One model: what is said of it, and whatever else.
fn model(ui: &mut Ui, about: &str, width: f32, add: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.add(Label::new(egui::RichText::new(about).small()).truncate()).on_hover_text(about);
        add(ui);
    });
}

fn draw(ui: &mut Ui, shown: Option<Picture>, why: Option<&str>, side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), egui::Sense::hover());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Image, true, tr!("What this model draws"))
    });
    if let Some(shown) = shown {
        let size = shown.size * picture::scale_to_fit(shown.size, rect.size());
        picture::paint(ui, shown, egui::Rect::from_center_size(rect.center(), size));
        return;
    }
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    if let Some(why) = why {
        let place = egui::UiBuilder::new().max_rect(rect.shrink(8.0));
        ui.new_child(place).add(Label::new(theme::muted(told(why)).small()).wrap());
    }
}

fn toolbar(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        ui.menu_button(tr!("Add"), |ui| {
            ui.horizontal(|ui| {
                let field = TextEdit::singleline(&mut view.companion_path)
                    .hint_text(tr!("a path, or RUN@STEP"))
                    .desired_width(220.0);
                let field = ui.add(field).on_hover_text(tr!("Enter adds it."));
                let entered =
                    field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                if entered && !view.companion_path.trim().is_empty() {
                    let path = std::mem::take(&mut view.companion_path);
                    out.push(Command::Companion(CompanionAsk::Add(Some(path.trim().into()))));
                    ui.close();
                }
            });
            let entries = [
                (tr!("Choose…").to_owned(), Command::Companion(CompanionAsk::Add(None))),
                (
                    tr!("Demo: VAE").to_owned(),
                    Command::Companion(CompanionAsk::Add(Some(Demo::Vae.path().into()))),
                ),
                (
                    tr!("Demo: VQ-VAE").to_owned(),
                    Command::Companion(CompanionAsk::Add(Some(Demo::VqVae.path().into()))),
                ),
            ];
            let recent = scene.recent.iter().map(|path| {
                let name = std::path::Path::new(path).file_name().unwrap_or_default();
                let command = Command::Companion(CompanionAsk::Add(Some(path.into())));
                (name.to_string_lossy().into_owned(), command)
            });
            for (name, command) in entries.into_iter().chain(recent) {
                if ui.button(name).clicked() {
                    out.push(command);
                    ui.close();
                }
            }
        })
        .response
        .on_hover_text(tr!("A model to draw beside the explorer's."));
        ui.separator();
        let is_latent = scene.link == Link::Latent;
        let hint = tr!(
            "All models draw the latent that the explorer is at, where theirs has as many values."
        );
        if ui.selectable_label(is_latent, tr!("Same latent")).on_hover_text(hint).clicked() {
            out.push(Command::Companion(CompanionAsk::Link(Link::Latent)));
        }
        let hint = tr!("Each model encodes the same watched image, and draws what is left of it.");
        let can = !scene.watched.is_empty();
        let button = egui::Button::selectable(!is_latent, tr!("Same image"));
        let response = ui.add_enabled(can, button).on_hover_text(hint);
        let none = tr!("There are no watched images.");
        if response.on_disabled_hover_text(none).clicked() && is_latent {
            out.push(Command::Companion(CompanionAsk::Link(Link::Image(0))));
        }
        if let Link::Image(image) = scene.link {
            let mut number = image + 1;
            let last = scene.watched.len().max(1);
            let field = egui::DragValue::new(&mut number).range(1..=last).prefix(tr!("image "));
            if ui.add(field).on_hover_text(tr!("Which of the watched images.")).changed() {
                out.push(Command::Companion(CompanionAsk::Link(Link::Image(number - 1))));
            }
        }
        if !scene.companions.is_empty() {
            ui.separator();
            let text = tr!("Save pictures…");
            save::sheet(ui, text, SheetOf::SideBySide, &mut view.sheet_paths, out);
        }
    });
}
