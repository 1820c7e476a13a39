//! What was found: a column a model with a few of its pictures, a row a measure.

use egui::{
    Align, Label, Layout, RichText, ScrollArea, Sense, Ui, UiBuilder, Vec2, WidgetInfo, vec2,
};

use super::super::words::grouped;
use super::super::{Command, Picture, Scene, picture, save, theme};
use super::{MeasureForm, told_progress};
use crate::language::{told, tr};
use crate::measure::side_by_side::PICTURES;
use crate::session::evaluate::{Column, Evaluate, Row, Table};

/// A row of numbers, in points.
const ROW_HEIGHT: f32 = 19.0;
/// Between the edge of a column and what is in it.
const PADDING: f32 = 8.0;
/// Columns are no narrower and no wider.
const WIDTHS: [f32; 2] = [92.0, 264.0];
/// The same of the names.
const NAME_WIDTHS: [f32; 2] = [156.0, 264.0];
/// Names give way to columns of this width.
const COMFORTABLE: f32 = 108.0;
/// Pictures are no higher.
const PICTURES_HEIGHT: f32 = 136.0;
/// What marks the best of a row beside its colour; in the font of numbers, as are arrows, which others lack.
const MARK: &str = "◆";
/// The room that a vertical scroll bar takes.
const BAR: f32 = 12.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, form: &mut MeasureForm, out: &mut Vec<Command>) {
    let table = scene.evaluate.table();
    if table.columns.is_empty() {
        return empty(ui, scene.evaluate);
    }
    caption(ui, scene.evaluate, form, out);
    ui.add_space(8.0);
    let widths = Widths::fit(ui.available_width() - BAR, table.columns.len());
    ScrollArea::horizontal().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing = Vec2::ZERO;
        header(ui, scene, &table, widths);
        pictures(ui, scene, &table, widths);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            for (index, row) in table.rows.iter().enumerate() {
                numbers(ui, &table, row, index, widths);
            }
        });
    });
}

/// What will be here, and how it comes about.
fn empty(ui: &mut Ui, evaluate: &Evaluate) {
    ui.label(theme::heading(tr!("Models side by side")));
    if let Some(progress) = evaluate.progress() {
        ui.label(theme::muted(tr!(
            "Measuring, {}. Each model will be a column here as soon as it is measured.",
            told_progress(progress)
        )));
        return;
    }
    let lines = [
        tr!(
            "A table of what each model is worth on the same images will be here, with a few of its pictures: how near reconstructions come, how likely images are held to be, how draws compare with images that were not trained on."
        ),
        tr!(
            "1.  Models: the one in the explorer is listed already; add runs that you want to hold against it."
        ),
        tr!(
            "2.  Images: held-out ones of what the first model learned from, unless you name others."
        ),
        tr!(
            "3.  Measure. It goes on in the background, a model after the other; then save the table as CSV, Markdown or JSON."
        ),
    ];
    for line in lines {
        ui.add_space(4.0);
        let width = ui.available_width().min(620.0);
        ui.allocate_ui(vec2(width, 0.0), |ui| ui.add(Label::new(theme::muted(line)).wrap()));
    }
}

/// What the numbers were measured on, so that a picture of the table explains itself.
fn caption(ui: &mut Ui, evaluate: &Evaluate, form: &mut MeasureForm, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let hint = tr!("Save the table: the ending of the name says how, .csv, .md or .json; .png is the page as it is on the screen.");
            if let Some(place) = save::button(ui, tr!("Save as…"), hint, &mut form.save_path) {
                out.push(Command::SaveMeasures(place.path()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(theme::heading(&headline(evaluate))).truncate());
            });
        });
    });
    let details = details(evaluate);
    ui.add(Label::new(theme::muted(&details)).truncate()).on_hover_text(&details);
    let key = tr!("{} best of a row · ↑ higher is better · ↓ lower is better", MARK);
    ui.add(Label::new(theme::number(key).size(11.0).color(theme::colours().muted)).truncate());
}

/// How wide the names are, and each column.
#[derive(Clone, Copy)]
struct Widths {
    name: f32,
    column: f32,
}

impl Widths {
    fn fit(room: f32, columns: usize) -> Self {
        let columns = columns.max(1) as f32;
        let wanted = (room - COMFORTABLE * columns).min(0.27 * room);
        let wanted = if columns > 2.0 { wanted } else { room / 3.0 };
        let name = wanted.clamp(NAME_WIDTHS[0], NAME_WIDTHS[1]).floor();
        let column = ((room - name) / columns).clamp(WIDTHS[0], WIDTHS[1]).floor();
        Self { name, column }
    }

    /// Where a picture fits in every column, so that all are drawn at one scale.
    fn picture(self) -> Vec2 {
        vec2(self.name.min(self.column) - PADDING, PICTURES_HEIGHT)
    }
}

/// A cell of exactly this size; what does not fit is cut off.
fn cell(ui: &mut Ui, size: Vec2, layout: Layout, add: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut inside = rect;
    inside.max.x -= PADDING;
    let mut child = ui.new_child(UiBuilder::new().max_rect(inside).layout(layout));
    add(&mut child);
}

/// What the table was measured on, in one line; empty before the images are open.
fn headline(evaluate: &Evaluate) -> String {
    let Some(images) = evaluate.basis().and_then(|basis| basis.images.as_ref()) else {
        return String::new();
    };
    let split = images.split.to_string();
    let (name, shape, split) = (&images.name, images.shape, told(&split));
    let [count, all] = [images.count, images.all].map(grouped);
    if images.count == images.all {
        tr!("{}, {}: all {} {} images", name, shape, all, split)
    } else {
        tr!("{}, {}: the first {} of {} {} images", name, shape, count, all, split)
    }
}

/// How it was measured, in one line.
fn details(evaluate: &Evaluate) -> String {
    let Some(basis) = evaluate.basis() else { return String::new() };
    let mut parts = Vec::new();
    let features: Vec<String> = evaluate.features().into_iter().map(told_features).collect();
    if !features.is_empty() {
        parts.push(tr!("sets of images compared by {}", features.join(tr!(" or "))));
    }
    if let Some(draws) = evaluate.draws() {
        parts.push(tr!("{} draws beside as many images", grouped(draws)));
    }
    parts.push(tr!("seed {}", basis.asked.seed));
    if let Some(images) = &basis.images {
        parts.push(tr!("data {}", images.spec));
    }
    parts.join(" · ")
}

/// What sets of images were compared by, which the report tells in English.
fn told_features(features: &str) -> String {
    if let Some(grid) = features.strip_prefix("pixels pooled to ") {
        tr!("pixels pooled to {}", grid)
    } else if let Some(judge) = features.strip_prefix("features of the classifier ") {
        tr!("features of the classifier {}", judge)
    } else {
        features.to_owned()
    }
}

/// Each model's name, family and step.
fn header(ui: &mut Ui, scene: &Scene<'_>, table: &Table<'_>, widths: Widths) {
    let asked = scene.evaluate.basis().and_then(|basis| basis.images.as_ref());
    let asked = asked.map_or(0, |images| images.count);
    ui.horizontal(|ui| {
        cell(ui, vec2(widths.name, 36.0), Layout::top_down(Align::Min), |_| {});
        for Column { entry, found } in &table.columns {
            cell(ui, vec2(widths.column, 36.0), Layout::top_down(Align::Max), |ui| {
                let name = Label::new(RichText::new(&entry.label).strong()).truncate();
                ui.add(name).on_hover_text(&entry.candidate.model);
                let (family, step) = (&found.family, grouped(found.step));
                let about = if found.images == asked {
                    tr!("{}, step {}", family, step)
                } else {
                    tr!("{}, step {}, {} images", family, step, grouped(found.images))
                };
                let label = Label::new(theme::muted(&about).small()).truncate();
                ui.add(label).on_hover_text(tr!("{}, {}", about, entry.candidate.model));
            });
        }
    });
}

/// The first images, and what each model makes.
fn pictures(ui: &mut Ui, scene: &Scene<'_>, table: &Table<'_>, widths: Widths) {
    let shown = &scene.pictures.evaluated;
    let of = |id| shown.models.iter().find(|(known, _)| *known == id).map(|(_, picture)| *picture);
    let Some(size) = shown.originals.map(|picture| picture.size) else { return };
    let room = widths.picture();
    let height = picture_height(size, room) + 20.0;
    let tile = |ui: &mut Ui, picture: Option<Picture>, name: &str, caption: &str, hint: &str| {
        if let Some(picture) = picture {
            picture::fitted(ui, picture, room, name).on_hover_text(hint);
        }
        let label = Label::new(theme::muted(caption).small()).truncate();
        ui.add(label).on_hover_text(hint);
    };
    ui.horizontal(|ui| {
        cell(ui, vec2(widths.name, height), Layout::top_down(Align::Min), |ui| {
            let hint = tr!("The first of the images that the models were measured on.");
            tile(ui, shown.originals, tr!("First images"), tr!("the first images"), hint);
        });
        for Column { entry, found } in &table.columns {
            cell(ui, vec2(widths.column, height), Layout::top_down(Align::Max), |ui| {
                let (caption, hint) = match found.draws_pictures {
                    Some(false) => (
                        tr!("its reconstructions"),
                        tr!("What the model makes of the first images, from its mean latents.")
                            .to_owned(),
                    ),
                    Some(true) => (
                        tr!("its first draws"),
                        tr!("{} draws from the prior: this family does not encode.", PICTURES),
                    ),
                    None => (
                        tr!("makes no pictures"),
                        tr!("This family only tells classes.").to_owned(),
                    ),
                };
                tile(ui, of(entry.id), &tr!("Pictures of {}", entry.label), caption, &hint);
            });
        }
    });
    ui.add_space(6.0);
}

fn picture_height(size: Vec2, room: Vec2) -> f32 {
    size.y * picture::scale_to_fit(size, room)
}

/// The name of a measure with its unit.
fn title(row: &Row) -> String {
    let label = told(row.kind.label);
    match row.kind.unit {
        "" => label.to_owned(),
        unit => format!("{label} / {}", told(unit)),
    }
}

/// One measure of all models.
fn numbers(ui: &mut Ui, table: &Table<'_>, row: &Row, index: usize, widths: Widths) {
    let wide = widths.name + widths.column * table.columns.len() as f32;
    let stripe = egui::Rect::from_min_size(ui.cursor().min, vec2(wide, ROW_HEIGHT));
    if index.is_multiple_of(2) {
        ui.painter().rect_filled(stripe, 2.0, theme::colours().empty.gamma_multiply(0.6));
    }
    ui.horizontal(|ui| {
        cell(ui, vec2(widths.name, ROW_HEIGHT), Layout::left_to_right(Align::Center), |ui| {
            ui.add_space(4.0);
            let (title, arrow) = (title(row), row.arrow());
            let about = row.about().map(told).collect::<Vec<_>>().join(" ");
            ui.add(Label::new(title).truncate()).on_hover_text(&about);
            if !arrow.is_empty() {
                ui.add_space(4.0);
                ui.label(theme::number(arrow).color(theme::colours().muted)).on_hover_text(about);
            }
        });
        for (column, Column { entry, found }) in table.columns.iter().enumerate() {
            cell(ui, vec2(widths.column, ROW_HEIGHT), Layout::right_to_left(Align::Center), |ui| {
                let (text, is_best) = (row.text(column), row.best[column]);
                let best = if is_best { tr!(", the best") } else { "" };
                let kind = row.kind;
                let spoken = tr!("{} of {}: {}{}", told(kind.label), entry.label, text, best);
                let response = if is_best {
                    let ground = ui.max_rect().expand2(vec2(4.0, 0.0));
                    ui.painter().rect_filled(
                        ground,
                        2.0,
                        theme::colours().accent.gamma_multiply(0.16),
                    );
                    let marked =
                        theme::number(format!("{MARK} {text}")).color(theme::colours().accent);
                    ui.add(Label::new(marked).truncate())
                } else if row.values[column].is_some() {
                    ui.add(Label::new(theme::number(&text)).truncate())
                } else {
                    ui.add(Label::new(theme::muted(&text)).truncate())
                };
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &spoken));
                let exact = match (kind.name, row.values[column], &found.classes) {
                    (_, None, _) => tr!("{} has no such measure.", found.family),
                    ("classes_covered", _, Some(counts)) => {
                        let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
                        tr!("Draws of each class, in order: {}", counts.join(" "))
                    }
                    (_, Some(value), _) => {
                        format!("{value} {}", told(kind.unit)).trim_end().to_owned()
                    }
                };
                response.on_hover_text(exact);
            });
        }
    });
}
