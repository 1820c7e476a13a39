//! Other models beside the one in the explorer: the same latent, or the same image, drawn by each.

use egui::{Label, ScrollArea, TextEdit, Ui, vec2};
use serde::{Deserialize, Serialize};

use super::words::grouped;
use super::{
    Command, CompanionAsk, Demo, Picture, Scene, SheetOf, View, anchors, menu, picture, save, theme,
};
use crate::language::{told, tr};
use crate::session::anchor::Anchor;

/// What all models draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The latent that the explorer is at.
    #[default]
    Latent,
    /// A watched image, encoded by each.
    Image(usize),
    /// The picture of one's own that is looked at, encoded by each.
    OwnPicture,
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
            "Add other models, or other checkpoints of this one (PATH@STEP), and they draw the same latent as the explorer, or the same image."
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
    let pictures = scene.pictures;
    let whole = |shown: Option<Picture>| {
        Some((shown?, egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(1.0, 1.0))))
    };
    let shown = match scene.link {
        Link::Latent => {
            return model(ui, &about, side, |ui| draw(ui, pictures.main, None, side));
        }
        Link::Image(image) => {
            [0, 1].map(|row| pictures.probe.as_ref().and_then(|probe| probe.tile(row, image)))
        }
        Link::OwnPicture => [pictures.own, pictures.own_made].map(whole),
    };
    for (name, shown) in [tr!("The image"), about.as_str()].into_iter().zip(shown) {
        let Some((tiles, part)) = shown else { continue };
        let size = tiles.size * part.size();
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
                menu::give_keyboard(&field);
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
        let hint = tr!(
            "Each model encodes the same image, a watched one or your picture, and draws what is left of it."
        );
        let offered = images(scene);
        let button = egui::Button::selectable(!is_latent, tr!("Same image"));
        let response = ui.add_enabled(!offered.is_empty(), button).on_hover_text(hint);
        let none = tr!("There are no watched images, and there is no picture of your own.");
        if response.on_disabled_hover_text(none).clicked() && is_latent {
            let first = if scene.watched.is_empty() { Link::OwnPicture } else { Link::Image(0) };
            out.push(Command::Companion(CompanionAsk::Link(first)));
        }
        which_image(ui, scene, view, &offered, out);
        if !scene.companions.is_empty() {
            ui.separator();
            let text = tr!("Save pictures…");
            save::sheet(ui, text, SheetOf::SideBySide, &mut view.sheet_paths, out);
        }
    });
}

/// Which image all models draw, where they draw one.
fn which_image(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut View,
    offered: &[Anchor],
    out: &mut Vec<Command>,
) {
    let mut image = match scene.link {
        Link::Latent => return,
        Link::Image(index) => Anchor::Image(index),
        Link::OwnPicture => Anchor::OwnPicture,
    };
    let what = tr!("Which image all models draw");
    if anchors::pick_of(ui, what, scene, &mut view.sheets, offered, &mut image) {
        let link = match image {
            Anchor::Image(index) => Link::Image(index),
            _ => Link::OwnPicture,
        };
        out.push(Command::Companion(CompanionAsk::Link(link)));
    }
}

/// The images that all models can draw.
fn images(scene: &Scene<'_>) -> Vec<Anchor> {
    let own = scene.own.chosen().map(|_| Anchor::OwnPicture);
    own.into_iter().chain((0..scene.watched.len()).map(Anchor::Image)).collect()
}
