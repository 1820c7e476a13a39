//! The codebook beside that of another checkpoint or model: how far each code moved, which died and which came alive.

use egui::{Align2, Rect, ScrollArea, Sense, TextEdit, Ui, Vec2, WidgetInfo, vec2};

use super::codebook_panel::select;
use super::codebook_view::CodebookView;
use super::words::{grouped, measure};
use super::{CodesAsk, Command, Scene, View, code_tile, save, sliders, theme};
use crate::language::{told, tr};
use crate::session::codebook::{Change, Changes, ChangesOrder, Codebook, Fate, Pairing};

/// A row of the table, in points.
const ROW: f32 = 22.0;
/// The bar of a movement at most.
const BAR: f32 = 90.0;
/// Where the columns begin: code, other, movement, shares, fate.
const COLUMNS: [f32; 6] = [28.0, 84.0, 150.0, 316.0, 390.0, 464.0];

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let Some(codebook) = scene.codebook else {
        ui.label(theme::muted(tr!(
            "The codes of a model with a codebook are compared with another's here."
        )));
        return;
    };
    let view = &mut view.codebook;
    choice(ui, scene, codebook, view, out);
    let compared = scene.compared_codes;
    if let Some(error) = &compared.error {
        ui.add(egui::Label::new(egui::RichText::new(error).color(theme::colours().error)).wrap());
    }
    match &compared.changes {
        Some(changes) => table(ui, scene, codebook, changes, view, out),
        None if compared.share.is_none() => {
            ui.add_space(8.0);
            ui.add(
                egui::Label::new(theme::muted(tr!(
                    "Choose another checkpoint of this run, or another model whose codes have as many values: every \
                     code will be here beside its counterpart, with how far it moved and who uses it."
                )))
                .wrap(),
            );
        }
        None => {}
    }
}

/// Which codebook to compare with, and how.
fn choice(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    let compared = scene.compared_codes;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let menu = ui.menu_button(tr!("Compare with"), |ui| {
            ScrollArea::vertical().max_height(240.0).show(ui, |ui| {
                for (step, path) in &compared.checkpoints {
                    let text = tr!("Step {}", grouped(*step));
                    let hint = tr!("A checkpoint of the same run.");
                    if ui.button(text).on_hover_text(hint).clicked() {
                        out.push(Command::Codes(CodesAsk::Compare(Some(path.clone()))));
                        ui.close();
                    }
                }
            });
            if !compared.checkpoints.is_empty() {
                ui.separator();
            }
            let hint = tr!("Choose a run or a model in a dialog.");
            if ui.button(tr!("Another model…")).on_hover_text(hint).clicked() {
                out.push(Command::Codes(CodesAsk::Compare(None)));
                ui.close();
            }
        });
        menu.response.on_hover_text(tr!("A checkpoint of this run, or another model."));
        let field = TextEdit::singleline(&mut view.changes_path)
            .hint_text(tr!("or a path, RUN@STEP"))
            .desired_width(150.0);
        let field = ui.add(field).on_hover_text(tr!("Which model; Enter compares."));
        let name = tr!("Path of the other model");
        field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, name));
        if field.lost_focus()
            && ui.input(|input| input.key_pressed(egui::Key::Enter))
            && !view.changes_path.trim().is_empty()
        {
            out.push(Command::Codes(CodesAsk::Compare(Some(view.changes_path.trim().into()))));
        }
        ui.separator();
        ui.label(theme::muted(tr!("matched")));
        for pairing in Pairing::ALL {
            let (name, hint) = match pairing {
                Pairing::Number => (tr!("By number"), tr!("Codes of one number: what training moved.")),
                Pairing::OneToOne => (
                    tr!("One to one"),
                    tr!(
                        "So that all codes together lie as near to their counterparts as they can (the assignment of \
                         least total distance)."
                    ),
                ),
                Pairing::Nearest => (
                    tr!("To the nearest"),
                    tr!("Each code with the nearest one there, which several may share."),
                ),
            };
            let too_many = pairing == Pairing::OneToOne
                && codebook.size() / codebook.layout.parts() > Pairing::MOST_ONE_TO_ONE;
            let button = egui::Button::selectable(view.pairing == pairing, name);
            let response = ui.add_enabled(!too_many, button).on_hover_text(hint);
            let none = tr!("Takes too long for more than {} codes.", Pairing::MOST_ONE_TO_ONE);
            if response.on_disabled_hover_text(none).clicked() {
                out.push(Command::Codes(CodesAsk::Pair(pairing)));
            }
        }
        if let Some(share) = compared.share {
            let hint = tr!("Opening the other model, encoding held-out images, matching codes.");
            ui.add(egui::ProgressBar::new(share).desired_width(96.0)).on_hover_text(hint);
            if sliders::enabled(ui, true, tr!("Cancel comparing"), tr!("Stop comparing codes.")) {
                out.push(Command::Codes(CodesAsk::CancelComparing));
            }
        }
    });
}

/// Every code with its counterpart.
fn table(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    changes: &Changes,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    let summary = changes.summary();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(theme::muted(tr!("by")));
        for order in ChangesOrder::ALL {
            let (name, hint) = match order {
                ChangesOrder::Movement => (tr!("Movement"), tr!("Those that moved farthest first.")),
                ChangesOrder::Number => (tr!("Number"), tr!("Codes by their number here.")),
                ChangesOrder::Use => (tr!("Use"), tr!("The most used here first.")),
                ChangesOrder::Fate => {
                    (tr!("Fate"), tr!("Those that died first, then those that came alive."))
                }
            };
            let response = ui.selectable_label(view.changes_order == order, name);
            if response.on_hover_text(hint).clicked() {
                view.changes_order = order;
            }
        }
        let hint = tr!("Save this table in this order as a CSV file.");
        if let Some(place) = save::button(ui, tr!("Save changes…"), hint, &mut view.export_path) {
            out.push(Command::Codes(CodesAsk::SaveChanges(place.path())));
        }
        let text = tr!(
            "{}: moved {} in the middle, {} at most · {} died, {} came alive",
            changes.name,
            measure(summary.median),
            measure(summary.most),
            grouped(summary.died as u64),
            grouped(summary.arose as u64)
        );
        let hint = tr!(
            "{}\n\nMovement is the Euclidean distance between a code and its counterpart. Used is judged on the same \
             held-out images in both, where the data is open.",
            text
        );
        ui.add(egui::Label::new(theme::muted(text)).truncate()).on_hover_text(hint);
    });
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    let titles = [tr!("Code"), tr!("Other"), tr!("Moved"), tr!("Use here"), tr!("There"), ""];
    for (title, x) in titles.into_iter().zip(COLUMNS) {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let at = head.left_center() + vec2(x, 0.0);
        ui.painter().text(at, Align2::LEFT_CENTER, title, font, theme::colours().muted);
    }
    let order = changes.sorted(view.changes_order);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(
        ui,
        ROW,
        order.len(),
        |ui, seen| {
            for row in order.get(seen).unwrap_or_default() {
                let change = &changes.rows[*row];
                if line(ui, scene, codebook, change, summary.most, view).clicked() {
                    select(view, change.code, out);
                }
            }
        },
    );
}

/// One code of the table.
fn line(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    change: &Change,
    most: f32,
    view: &mut CodebookView,
) -> egui::Response {
    let size = vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 2.0, theme::colours().empty);
        view.hover(change.code);
    }
    let square = Rect::from_min_size(rect.min + vec2(2.0, 1.0), Vec2::splat(ROW - 2.0));
    code_tile::paint(ui, scene, square, change.code, codebook.state(change.code));
    let text_colour = ui.visuals().text_color();
    let cell = |column: usize, text: String, colour| {
        let font = egui::TextStyle::Monospace.resolve(ui.style());
        let at = rect.left_center() + vec2(COLUMNS[column], 0.0);
        ui.painter().text(at, Align2::LEFT_CENTER, text, font, colour);
    };
    let share = |share: Option<f64>| {
        share.map_or("–".to_owned(), |share| format!("{} %", measure(100.0 * share as f32)))
    };
    let other = change.other.map_or("–".to_owned(), |other| other.to_string());
    let moved = change.distance.map_or("–".to_owned(), measure);
    cell(0, change.code.to_string(), text_colour);
    cell(1, other.clone(), text_colour);
    cell(2, moved.clone(), text_colour);
    cell(3, share(change.shares[0]), text_colour);
    cell(4, share(change.shares[1]), text_colour);
    let is_turn = matches!(change.fate, Fate::Died | Fate::Arose);
    let sign = match change.fate {
        Fate::Died => "× ",
        Fate::Arose => "+ ",
        Fate::Lives | Fate::Dead | Fate::Unknown => "",
    };
    let colour = if is_turn { text_colour } else { theme::colours().muted };
    cell(5, format!("{sign}{}", told(change.fate.name())), colour);
    if let Some(distance) = change.distance {
        let length = BAR * distance / most.max(f32::MIN_POSITIVE);
        let bar = Rect::from_min_size(
            rect.left_center() + vec2(COLUMNS[2] + 56.0, -3.0),
            vec2(length.max(1.0), 6.0),
        );
        ui.painter().rect_filled(bar, 0.0, theme::curve(2));
    }
    let name = tr!("Code {} moved {}, {}", change.code, moved, told(change.fate.name()));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
    response.on_hover_text(tr!("{}. Its counterpart is code {}. Click to inspect it.", name, other))
}
