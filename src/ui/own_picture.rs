//! A picture of a person's own: what the model makes of it, where it lies, and the search for its point.

mod place;
mod search;

use egui::{Label, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, vec2};

pub use self::search::InvertForm;
use super::pad::CORNERS;
use super::words::measure;
use super::{Command, Scene, SheetOf, View, picture, save, sliders, theme};
use crate::language::{told, tr};
use crate::session::own_picture::{Found, Rank, Source};

/// The side of a thumbnail.
const THUMBNAIL: f32 = 44.0;
/// Between the parts.
const GAP: f32 = 12.0;
/// Names above pictures, and what is said below them.
const AROUND: f32 = 40.0;
/// What the column at the right takes at least.
const LEAST_PLACE: f32 = 180.0;

/// What is remembered of pictures that were brought along.
#[derive(Clone, Debug, Default)]
pub struct OwnPictureView {
    /// How a point would be searched for.
    pub form: InvertForm,
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    if scene.own.pictures().is_empty() {
        ui.label(theme::muted(
            tr!(
                "What the model makes of a picture of your own will be here: what comes back, what is missed, and where in the latent space it lies."
            ),
        ));
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| {
            bring(ui, out);
            ui.label(theme::muted(tr!("or drop one on the window.")));
        });
        return;
    }
    ui.horizontal_wrapped(|ui| {
        bring(ui, out);
        ui.separator();
        goes(ui, scene, out);
        if scene.pictures.own.is_some() {
            let text = tr!("Save pictures…");
            save::sheet(ui, text, SheetOf::OwnPicture, &mut view.sheet_paths, out);
        }
        ui.separator();
        search::controls(ui, scene, &mut view.own_picture.form, out);
    });
    ui.add_space(2.0);
    let room = ui.available_size();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        strip(ui, scene, room.y, out);
        let left = ui.available_width();
        let side = ((left - LEAST_PLACE - 3.0 * GAP) / 3.0).min(room.y - AROUND).max(48.0).floor();
        pictures(ui, scene, side);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.set_min_width(ui.available_width());
            search::progress(ui, scene);
            let Some(found) = scene.own.found() else {
                ui.label(theme::muted(tr!("The model looks at the picture …")));
                return;
            };
            if scene.own.search().is_some() && found.errors.is_some() {
                ui.label(theme::muted(tr!("By the encoder alone")).small());
            }
            numbers(ui, found, scene.own.search().is_some());
            place::show(ui, scene, found, out);
        });
    });
}

/// Brings a picture along that was on the clipboard.
pub(super) fn pasted(image: &egui::ColorImage) -> Command {
    let rgba = image.pixels.iter().flat_map(egui::Color32::to_srgba_unmultiplied).collect();
    let source = Source::Pixels { size: image.size, rgba };
    Command::AddPicture { name: tr!("pasted picture").to_owned(), source }
}

/// What brings a picture along.
fn bring(ui: &mut Ui, out: &mut Vec<Command>) {
    let hint = tr!("Choose a picture file. Dropping one on the window does the same.");
    if ui.button(tr!("Open picture…")).on_hover_text(hint).clicked() {
        out.push(Command::PickPicture);
    }
    let hint = tr!("Take the picture on the clipboard (Ctrl+V).");
    if ui.button(tr!("Paste picture")).on_hover_text(hint).clicked() {
        ui.ctx().send_viewport_cmd(egui::ViewportCommand::RequestPaste);
    }
}

/// What leads to the picture's point.
fn goes(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let is_known = scene.own.latent().is_some();
    let hint = tr!(
        "Move the explorer to the point of this picture: the best that a search has found, else where the encoder puts it."
    );
    if sliders::enabled(ui, is_known, tr!("Go there"), hint) {
        out.push(Command::GoToPicture);
    }
    ui.add_enabled_ui(is_known, |ui| {
        let menu = ui.menu_button(tr!("Make it a corner"), |ui| {
            for (index, name) in CORNERS.into_iter().enumerate() {
                if ui.button(told(name)).clicked() {
                    out.push(Command::PictureToCorner(index));
                    ui.close();
                }
            }
        });
        menu.response.on_hover_text(tr!("Put a corner of the pad onto the point of this picture."));
    });
}

/// The pictures that were brought along, the newest first.
fn strip(ui: &mut Ui, scene: &Scene<'_>, height: f32, out: &mut Vec<Command>) {
    let size = vec2(THUMBNAIL + 10.0, height);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        let area = ScrollArea::vertical().id_salt("own pictures").auto_shrink([false, false]);
        area.show(ui, |ui| {
            for own in scene.own.pictures() {
                let (rect, response) =
                    ui.allocate_exact_size(Vec2::splat(THUMBNAIL), Sense::click());
                let chosen = scene.own.chosen().is_some_and(|chosen| chosen.number == own.number);
                response.widget_info(|| {
                    WidgetInfo::selected(Role::Button, true, chosen, tr!("Picture {}", own.name))
                });
                let shown = scene.pictures.own_thumbnails.iter();
                let shown = shown.clone().find(|(number, _)| *number == own.number);
                match shown {
                    Some((_, thumbnail)) => {
                        let scale = (rect.size() / thumbnail.size).min_elem();
                        let size = thumbnail.size * scale;
                        picture::paint(ui, *thumbnail, Rect::from_center_size(rect.center(), size));
                    }
                    None => drop(ui.painter().rect_filled(rect, 0.0, theme::colours().empty)),
                }
                if chosen {
                    theme::frame_around(ui, rect.shrink(2.0));
                }
                super::keys::focus_ring(ui, &response, rect.shrink(2.0));
                if response.clicked() {
                    out.push(Command::ChoosePicture(own.number));
                }
                response.context_menu(|ui| {
                    if ui.button(tr!("Take it away")).clicked() {
                        out.push(Command::RemovePicture(own.number));
                        ui.close();
                    }
                });
                let hint =
                    tr!("{}: a click looks at it, a right click can take it away.", own.name);
                response.on_hover_text(hint);
            }
        });
    });
}

/// The picture, what comes back, and the difference.
fn pictures(ui: &mut Ui, scene: &Scene<'_>, side: f32) {
    let pictures = scene.pictures;
    let made =
        if scene.own.search().is_some() { tr!("Best found") } else { tr!("What comes back") };
    let reach = pictures.own_error_reach;
    let error = pictures.own_error.map(|_| tr!("0 to {}", measure(reach))).unwrap_or_default();
    for (shown, name, below, hint) in [
        (
            pictures.own,
            tr!("As the model sees it"),
            "",
            tr!("Cropped around its centre and resized to the model's images."),
        ),
        (pictures.own_made, made, "", tr!("What the decoder makes of the picture's point.")),
        (
            pictures.own_error,
            tr!("Error"),
            &*error,
            tr!(
                "Absolute difference of each pixel, the mean over colours, on pixels from 0 to 1: dark where there is none, yellow where it is largest."
            ),
        ),
    ] {
        ui.vertical(|ui| {
            ui.set_width(side);
            ui.add(Label::new(theme::muted(name).small()).truncate()).on_hover_text(hint);
            let size = shown.map_or(Vec2::splat(side), |shown| {
                shown.size * picture::scale_to_fit(shown.size, Vec2::splat(side))
            });
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
            match shown {
                Some(shown) => picture::paint(ui, shown, rect),
                None => drop(ui.painter().rect_filled(rect, 0.0, theme::colours().empty)),
            }
            ui.add(Label::new(theme::muted(below).small()).truncate());
        });
    }
}

/// How well the picture comes back, and how unusual it is.
fn numbers(ui: &mut Ui, found: &Found, is_searched: bool) {
    let Some(errors) = found.errors else {
        if is_searched {
            return;
        }
        let text = tr!(
            "This model only generates: it cannot say where a picture lies. A search by gradient descent can."
        );
        ui.add(Label::new(theme::muted(text)).wrap());
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        for (text, hint) in [
            (
                format!("MSE {}", measure(errors.mse as f32)),
                tr!("Mean squared error, on pixels from 0 to 1. Lower is better."),
            ),
            (
                format!("PSNR {:.1} dB", errors.psnr_db),
                tr!("Peak signal-to-noise ratio. Higher is better."),
            ),
            (
                format!("SSIM {:.3}", errors.ssim),
                tr!("Structural similarity; 1 is the same picture."),
            ),
        ] {
            ui.label(theme::number(text)).on_hover_text(hint);
        }
        if let Some(kl) = found.kl_nats {
            let hint = tr!(
                "KL of the encoder's answer to the prior: what the latent says about this picture."
            );
            ui.label(theme::number(format!("KL {kl:.1} nats"))).on_hover_text(hint);
        }
    });
    let ranks = [(tr!("error"), found.error_rank), ("KL", found.kl_rank)];
    for (what, rank) in ranks {
        let Some(Rank { below, of }) = rank.filter(|rank| rank.of > 0) else { continue };
        let unusual = if below == of { tr!(": unusual") } else { "" };
        let text =
            tr!("{} larger than that of {} of {} watched images{}", what, below, of, unusual);
        let hint = tr!(
            "A picture unlike those that the model was trained on errs more, and the encoder says more of it."
        );
        ui.add(Label::new(theme::muted(text)).wrap()).on_hover_text(hint);
    }
}
