//! All that is known of one code: where it stands and why, its vector, its neighbours, what it paints.

use egui::{Align, Label, Layout, RichText, Ui, vec2};

use super::codebook_panel::{select, swatch, used_by};
use super::codebook_view::{CodebookView, Details};
use super::words::{self, grouped, measure, rounded};
use super::{
    Command, Picture, Scene, TrainForm, beside, code_pictures, code_plot, theme, train_panel,
};
use crate::language::{told, tr, tr_later};
use crate::session::codebook::{Codebook, ReviveFrom, Usage};

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    code: usize,
    view: &mut CodebookView,
    form: &TrainForm,
    out: &mut Vec<Command>,
) {
    heading(ui, codebook, code, view, out);
    let details = view.details(codebook, code).clone();
    egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.spacing_mut().interact_size.y = 16.0;
        ui.add(Label::new(theme::muted(&details.why)).wrap());
        if let Some(by) = used_by(codebook, code) {
            ui.add(Label::new(theme::muted(by)).wrap());
        }
        ui.add_space(2.0);
        if !scene.model.only_codes {
            changes(ui, scene, codebook, code, view, form, out);
        }
        numbers(ui, codebook, code, &details);
        if !scene.model.only_codes {
            pictures(ui, scene, codebook, code);
        }
        neighbours(ui, codebook, &details, view, out);
        beside::show(ui, scene, codebook, code, view, out);
        if let Some(history) = codebook.history() {
            code_plot::show(ui, history, code);
        }
        vector(ui, codebook, code);
    });
}

/// What can be done with a code, or why nothing can.
fn changes(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    code: usize,
    view: &CodebookView,
    form: &TrainForm,
    out: &mut Vec<Command>,
) {
    let trains = scene.trains();
    let why_fixed = codebook.layout.why_fixed();
    let may_change = trains && why_fixed.is_none();
    ui.add_enabled_ui(may_change, |ui| actions(ui, scene, codebook, code, view, out));
    if let Some(why) = why_fixed {
        ui.add(Label::new(theme::muted(told(why))).wrap());
        ui.add_space(4.0);
    } else if !trains {
        ui.add(
            Label::new(theme::muted(tr!("Codes can be changed while the model trains."))).wrap(),
        );
        train_panel::way_on(ui, scene, form, out);
        ui.add_space(4.0);
    }
}

fn heading(
    ui: &mut Ui,
    codebook: &Codebook,
    code: usize,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        let overview = &view.overview;
        let (look, bright) = overview.look(code, view.log);
        swatch(ui, look, bright, codebook.is_frozen(code));
        ui.label(theme::heading(&tr!("Code {}", code)));
        if codebook.layout.parts() > 1 {
            let part = codebook.siblings(code).start / codebook.siblings(code).len().max(1) + 1;
            ui.label(theme::muted(format!("{} {part}", told(codebook.layout.word()))));
        }
        let state = told(words::state(overview.state(code)));
        ui.label(theme::muted(if codebook.is_frozen(code) {
            tr!("{}, frozen", state)
        } else {
            state.to_owned()
        }));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = ui.small_button("×").on_hover_text(tr!("Close the inspector."));
            close.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, tr!("Close the inspector"))
            });
            if close.clicked() {
                view.select(None);
                out.push(Command::SelectCode(None));
            }
        });
    });
}

/// What can be done with a code while its model trains.
fn actions(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    code: usize,
    view: &CodebookView,
    out: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let revive = ui.menu_button(tr!("Revive"), |ui| {
            let mut entries = vec![
                (tr!("Onto a random vector").to_owned(), ReviveFrom::Random),
                (tr!("Onto the farthest vector").to_owned(), ReviveFrom::Farthest),
            ];
            if let Some((cell, vector)) = vector_of_cell(scene, codebook, view, code) {
                entries.push((tr!("Onto the vector of cell {}", cell), ReviveFrom::Vector(vector)));
            }
            for (text, from) in entries {
                if ui.button(text).clicked() {
                    out.push(Command::ReviveCodes { codes: vec![code], from });
                    ui.close();
                }
            }
        });
        let hint = tr!(
            "Put this code onto a vector that the encoder makes (R puts it onto a random one)."
        );
        revive.response.on_hover_text(hint).widget_info(|| named(tr!("Revive this code")));
        let is_frozen = codebook.is_frozen(code);
        let (text, name, hint) = if is_frozen {
            (tr!("Thaw"), tr!("Thaw this code"), tr!("Let training move this code again."))
        } else {
            (
                tr!("Freeze"),
                tr!("Freeze this code"),
                tr!("Keep this code where it is while training goes on."),
            )
        };
        let freeze = ui.button(text).on_hover_text(hint);
        freeze.widget_info(|| named(name));
        if freeze.clicked() {
            out.push(Command::FreezeCodes { codes: vec![code], frozen: !is_frozen });
        }
        let hint = tr!("Take the last change of codes back.");
        let undo = ui.add_enabled(codebook.can_undo, egui::Button::new(tr!("Undo")));
        let undo = undo.on_hover_text(hint).on_disabled_hover_text(hint);
        undo.widget_info(|| {
            let mut info = named(tr!("Undo the change of codes"));
            info.enabled = codebook.can_undo;
            info
        });
        if undo.clicked() {
            out.push(Command::UndoCodes);
        }
    });
}

fn named(name: &str) -> egui::WidgetInfo {
    egui::WidgetInfo::labeled(egui::Role::Button, true, name)
}

/// The encoder's vector of the cell that is chosen in the code map, where this code could stand for it.
fn vector_of_cell(
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &CodebookView,
    code: usize,
) -> Option<(usize, Vec<f32>)> {
    let cell = view.cell?;
    let chosen = scene.code_map?.code(cell)?;
    let vector = scene.explore.vector_of_cell(cell)?;
    let fits =
        vector.len() == codebook.codes.row_len() && codebook.siblings(code).contains(&chosen);
    fits.then_some((cell, vector))
}

/// Uses on every clock, and the norm.
fn numbers(ui: &mut Ui, codebook: &Codebook, code: usize, details: &Details) {
    let count = |counts: &[u64]| rounded(counts.get(code).copied().unwrap_or(0));
    let mut rows: Vec<(&str, &str, String)> = Vec::new();
    if let Some(history) = codebook.history() {
        let batch = history.batch().get(code).copied().unwrap_or(0);
        let uses = [rounded(u64::from(batch)), count(history.window()), count(history.total())];
        let hint =
            tr!("Vectors that chose it: in the last batch, in the window, in all of training.");
        rows.push((
            tr!("Uses"),
            hint,
            tr!("{} batch · {} window · {} in all", uses[0], uses[1], uses[2]),
        ));
    } else if let Usage::Averaged(_) = codebook.usage {
        let hint =
            tr!("Of a million vectors, how many chose it, by the checkpoint's moving average.");
        rows.push((tr!("Uses"), hint, tr!("{} in a million", count(codebook.window_counts()))));
    } else if !codebook.window_counts().is_empty() {
        let hint = tr!("Vectors that chose it in the evaluation.");
        rows.push((tr!("Uses"), hint, count(codebook.window_counts())));
    }
    let hint =
        tr!("Euclidean length of its vector, and its place among all codes, the longest first.");
    let place = [details.norm_rank, codebook.size()].map(|number| grouped(number as u64));
    let rank = tr!("{}, rank {} of {}", measure(details.norm), place[0], place[1]);
    rows.push((tr!("Norm"), hint, rank));
    for (name, hint, value) in rows {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            code_pictures::name(ui, name, 16.0).on_hover_text(hint);
            let value = Label::new(RichText::new(value).small()).truncate();
            ui.add(value).on_hover_text(hint);
        });
    }
}

/// What the code paints and what it is chosen for.
fn pictures(ui: &mut Ui, scene: &Scene<'_>, codebook: &Codebook, code: usize) {
    let pictures = scene.pictures;
    ui.add_space(4.0);
    let strips: [(&str, &str, Option<Picture>, &str); 3] = [
        (
            tr_later!("Alone"),
            tr!("A picture of nothing but this code, decoded."),
            pictures.code_alone,
            tr!("What the code decodes to will be here."),
        ),
        (
            tr_later!("In pictures"),
            tr!("The piece that it makes inside of pictures that use it."),
            pictures.code_in_context,
            tr!("No watched picture uses it."),
        ),
        (
            tr_later!("Chosen for"),
            tr!("Pieces of the data that choose it, the most typical first."),
            pictures.code_patches,
            tr!("No piece of the data chose it yet."),
        ),
    ];
    for (name, hint, picture, empty) in strips {
        let survey = codebook.survey.as_ref().filter(|_| name == "Chosen for");
        let patches = survey.map_or(&[][..], |survey| survey.patches(code));
        code_pictures::strip(ui, name, hint, picture, empty, patches);
    }
    code_pictures::fires(ui, scene, codebook, code);
}

/// The nearest codes, in two columns.
fn neighbours(
    ui: &mut Ui,
    codebook: &Codebook,
    details: &Details,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    if details.neighbours.is_empty() {
        return;
    }
    ui.add_space(4.0);
    ui.label(theme::muted(tr!("Nearest codes")).small())
        .on_hover_text(tr!("By the Euclidean distance between vectors, which stands beside each."));
    let half = details.neighbours.len().div_ceil(2);
    let width = (ui.available_width() - 8.0) / 2.0;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for column in details.neighbours.chunks(half) {
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = 1.0;
                for near in column {
                    let state = view.overview.state(near.code);
                    let row = ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = 6.0;
                        ui.spacing_mut().button_padding = vec2(0.0, 0.0);
                        let (look, bright) = view.overview.look(near.code, view.log);
                        swatch(ui, look, bright, codebook.is_frozen(near.code));
                        let text = format!("{:<5} {}", near.code, measure(near.distance));
                        let button = egui::Button::new(theme::number(text).size(11.0)).frame(false);
                        ui.add(button.truncate())
                    });
                    let response = row.inner;
                    let about = tr!(
                        "Code {}, {} away, {}",
                        near.code,
                        measure(near.distance),
                        told(words::state(state))
                    );
                    response.widget_info(|| named(&about));
                    if response.hovered() {
                        view.hover(near.code);
                    }
                    if response.on_hover_text(&about).clicked() {
                        select(view, near.code, out);
                    }
                }
            });
        }
    });
}

/// The vector as bars, to be copied.
fn vector(ui: &mut Ui, codebook: &Codebook, code: usize) {
    ui.add_space(4.0);
    let vector = codebook.vector(code);
    ui.horizontal(|ui| {
        let range = vector.iter().fold([f32::MAX, f32::MIN], |[lo, hi], &v| [lo.min(v), hi.max(v)]);
        let text =
            tr!("Vector, {} values, {} to {}", vector.len(), measure(range[0]), measure(range[1]));
        ui.label(theme::muted(text).small());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let copy = ui.small_button(tr!("Copy")).on_hover_text(tr!("Copy all values as text."));
            copy.widget_info(|| named(tr!("Copy the vector")));
            if copy.clicked() {
                let values: Vec<String> = vector.iter().map(ToString::to_string).collect();
                ui.ctx().copy_text(values.join(", "));
            }
        });
    });
    code_plot::bars(ui, vector);
}
