//! Texts beside pictures: what a model reads of texts, and what it writes of the picture.

use std::sync::Arc;

use egui::{DragValue, Id, Label, Rect, Role, Sense, TextEdit, Ui, Vec2, WidgetInfo, vec2};

use super::{Command, Scene, SheetOf, View, save, theme, tiles};
use crate::language::tr;
use crate::session::sheets::SheetName;
use crate::session::texts::{CHANGES, FARTHEST, STEPS, TextAsk};
use crate::session::wanted::Point;

/// The least and the greatest side of a picture, in points.
const TILE: [f32; 2] = [32.0, 128.0];
const GAP: f32 = 4.0;
/// The least width of a field, in points.
const FIELD: f32 = 96.0;
/// Lines of fields and of numbers below pictures, in points.
const LINES: f32 = 48.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let texts = scene.texts;
    if !texts.is_known() {
        ui.label(theme::muted(tr!(
            "Pictures of texts and texts of pictures will be here, for a model that learns both by the same codes: train one by the recipe multimodal, on shapes or a folder with a captions.tsv."
        )));
        return;
    }
    typed(ui, scene, view, out);
    let between = texts.between();
    let changes = texts.changes(scene.explore.latent());
    let points: Vec<Point> = between.iter().chain(&changes).cloned().map(Point::Latent).collect();
    if !points.is_empty() {
        view.sheets.insert(SheetName::Texts, points.into_iter().collect::<Arc<[Point]>>());
    }
    let room = ui.available_size();
    let columns = between.len().max(CHANGES).max(texts.steps()) as f32;
    let side = ((room.y - LINES) / 2.0).min((room.x + GAP) / columns - GAP);
    let side = side.clamp(TILE[0], TILE[1]).floor();
    let share = |step: usize, last: usize| step as f32 / last.max(1) as f32;
    let last = between.len().saturating_sub(1);
    let said = |step: usize| match last {
        0 => tr!("The picture of the text").to_owned(),
        _ => tr!("Between the texts: {} %", percent(share(step, last))),
    };
    row(ui, scene, 0..between.len(), side, said, &|step| TextAsk::GoBetween(step), out);
    if between.is_empty() {
        ui.allocate_space(vec2(0.0, side));
    }
    change(ui, scene, out);
    let said = |step: usize| match step {
        0 => tr!("The picture as it is").to_owned(),
        _ => tr!("Changed: {} %", percent(FARTHEST * share(step, CHANGES - 1))),
    };
    let all = between.len()..between.len() + changes.len();
    row(ui, scene, all, side, said, &|step| TextAsk::GoChange(step), out);
}

fn percent(share: f32) -> String {
    format!("{:.0}", 100.0 * share)
}

/// What pictures are of.
fn typed(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let texts = scene.texts;
        let room = ui.available_width();
        let label = tr!("Picture of");
        let hint = tr!("The model reads this text as codes and paints them.");
        let text = field(ui, label, hint, tr!("a text"), texts.text(), room * 0.42);
        out.extend(text.map(|text| Command::Texts(TextAsk::Say(text))));
        let hint = tr!("Pictures lead in even steps to what the model reads of this text.");
        let rest = ui.available_width() - 216.0;
        let text = field(ui, tr!("towards"), hint, tr!("another text"), texts.towards(), rest);
        out.extend(text.map(|text| Command::Texts(TextAsk::Towards(text))));
        let mut steps = texts.steps();
        let drag = DragValue::new(&mut steps).range(STEPS[0]..=STEPS[1]).speed(0.05).prefix("× ");
        let response = ui.add(drag).on_hover_text(tr!("How many pictures there are."));
        let name = tr!("Pictures from text to text");
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, name));
        if response.changed() {
            out.push(Command::Texts(TextAsk::Steps(steps)));
        }
        save::sheet(ui, tr!("Save pictures…"), SheetOf::Texts, &mut view.sheet_paths, out);
    });
}

/// What the model writes of the picture in the explorer, and what is to be changed of it.
fn change(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let texts = scene.texts;
        let caption = texts.caption().unwrap_or("…");
        let hint = tr!("What the model writes of the picture in the explorer.");
        let room = ui.available_width();
        ui.scope(|ui| {
            ui.set_max_width((room * 0.55).max(FIELD));
            let told = Label::new(tr!("This picture: {}", caption)).truncate();
            ui.add(told).on_hover_text(format!("{caption}\n{hint}"));
        });
        let hint = tr!(
            "Pictures move from what the model reads of the caption to what it reads of this text: a whole text, or only words that change, such as blue."
        );
        let rest = ui.available_width() - 40.0;
        let text = field(ui, tr!("but"), hint, tr!("such as blue"), texts.but(), rest);
        out.extend(text.map(|text| Command::Texts(TextAsk::But(text))));
    });
}

/// A field with its name before it; what was typed where that changed.
fn field(
    ui: &mut Ui,
    name: &str,
    hint: &str,
    empty: &str,
    text: &str,
    width: f32,
) -> Option<String> {
    let label = ui.label(name).id;
    let mut text = text.to_owned();
    let field = TextEdit::singleline(&mut text).desired_width(width.max(FIELD)).hint_text(empty);
    let response = ui.add(field).labelled_by(label).on_hover_text(hint);
    response.changed().then_some(text)
}

/// Pictures of the sheet side by side; a click on one goes there.
fn row(
    ui: &mut Ui,
    scene: &Scene<'_>,
    tiles: std::ops::Range<usize>,
    side: f32,
    said: impl Fn(usize) -> String,
    go: &dyn Fn(usize) -> TextAsk,
    out: &mut Vec<Command>,
) {
    let count = tiles.len();
    if count == 0 {
        return;
    }
    let (rect, _) =
        ui.allocate_exact_size(vec2(count as f32 * (side + GAP) - GAP, side), Sense::hover());
    for (step, tile) in tiles.enumerate() {
        let corner = rect.min + vec2(step as f32 * (side + GAP), 0.0);
        let square = Rect::from_min_size(corner, Vec2::splat(side));
        let response = ui.interact(square, Id::unique(("text", tile)), Sense::click());
        tiles::paint(ui, scene, SheetName::Texts, tile, square);
        let name = said(step);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if response.hovered() || response.has_focus() {
            theme::frame_around(ui, square.shrink(2.0));
        }
        if response.clicked() {
            out.push(Command::Texts(go(step)));
        }
        response.on_hover_text(format!("{name}\n{}", tr!("Click to go there.")));
    }
}
