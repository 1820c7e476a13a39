//! What to train: the recipe's keys, and those that may change while it runs.

use egui::{ComboBox, DragValue, Ui};

use super::{Command, Scene, View, theme};
use crate::train::recipe::Recipe;
use crate::train::settings::{Key, Kind, Settings, Value};

/// What would be trained when the button is pressed.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainForm {
    /// The family.
    pub recipe: Recipe,
    /// Its keys.
    pub settings: Settings,
    /// The data's specification, as typed.
    pub data: String,
    /// Passes over the training images.
    pub epochs: u64,
    /// Images in one update.
    pub batch: usize,
    /// Seed of every random number.
    pub seed: u64,
}

impl Default for TrainForm {
    fn default() -> Self {
        Self {
            recipe: Recipe::Vae,
            settings: Settings::defaults(Recipe::Vae.keys()),
            data: "shapes".to_owned(),
            epochs: 10,
            batch: 128,
            seed: 0,
        }
    }
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    ui.label(theme::heading("Training"));
    let busy = scene.session.run().is_some() && !scene.session.phase().is_over();
    let form = &mut view.form;
    egui::Grid::new("length").num_columns(2).spacing([8.0, 4.0]).show(ui, |ui| {
        let whole = |ui: &mut Ui, name: &str, hint: &str, value: &mut u64, hi: u64| {
            ui.label(name).on_hover_text(hint);
            ui.add_enabled(!busy, DragValue::new(value).range(1..=hi)).on_hover_text(hint);
            ui.end_row();
        };
        whole(ui, "Epochs", "Passes over the training images.", &mut form.epochs, 1_000_000);
        let mut batch = form.batch as u64;
        whole(ui, "Batch", "Images in one update.", &mut batch, 65_536);
        form.batch = batch as usize;
    });
    if busy {
        ui.label(theme::muted("Training. What is below may change while it runs."));
        ui.add_space(4.0);
        keys(ui, form, |key| key.live, Some(out));
    } else {
        let hint = format!(
            "Trains on {} in the background; the run is kept under {}.",
            form.data, scene.runs_folder
        );
        let button = egui::Button::new(egui::RichText::new("Train").strong())
            .fill(theme::ACCENT.gamma_multiply(0.4));
        let wide = egui::vec2(ui.available_width(), 28.0);
        if ui.add_sized(wide, button).on_hover_text(hint).clicked() {
            out.push(Command::StartTraining(Box::new(form.clone())));
        }
        ui.add_space(4.0);
        keys(ui, form, |_| true, None);
        if ui.button("Defaults").on_hover_text("Set every key back to its default.").clicked() {
            form.settings = Settings::defaults(form.recipe.keys());
        }
    }
    ui.add_space(4.0);
    let kept = scene
        .session
        .run()
        .map_or(scene.runs_folder.to_owned(), |run| run.run_dir.display().to_string());
    ui.label(theme::muted("Runs are kept in").small());
    ui.label(theme::muted(kept).small());
}

/// A row a key. With `live`, a change is sent to the run as well.
fn keys(
    ui: &mut Ui,
    form: &mut TrainForm,
    wanted: impl Fn(&Key) -> bool,
    live: Option<&mut Vec<Command>>,
) {
    let mut changes = Vec::new();
    egui::Grid::new("keys").num_columns(2).spacing([8.0, 4.0]).show(ui, |ui| {
        for key in form.settings.keys().iter().filter(|key| wanted(key)) {
            let hint = hint(key);
            ui.label(key.name).on_hover_text(&hint);
            if let Some(value) = edit(ui, key, &form.settings, &hint) {
                changes.push((key.name, value));
            }
            ui.end_row();
        }
    });
    for (name, value) in &changes {
        // Widgets keep to the key's range; what one lets through all the same stays as it was.
        form.settings.set(name, value.clone()).ok();
    }
    if let Some(out) = live {
        out.extend(changes.into_iter().filter_map(|(name, value)| match value {
            Value::Number(value) => Some(Command::SetLive { name: name.to_owned(), value }),
            Value::Word(_) => None,
        }));
    }
}

fn hint(key: &Key) -> String {
    let unit = if key.unit.is_empty() { String::new() } else { format!(" ({})", key.unit) };
    format!("{}{unit}\nAccepts {}.\nSource: {}", key.help, key.kind, key.source)
}

/// The widget of a key; its new value when it was changed.
fn edit(ui: &mut Ui, key: &Key, settings: &Settings, hint: &str) -> Option<Value> {
    match key.kind {
        Kind::Integer { lo, hi } => {
            let mut value = settings.number(key.name);
            let drag = DragValue::new(&mut value).range(lo as f64..=hi as f64).fixed_decimals(0);
            ui.add(drag).on_hover_text(hint).changed().then(|| Value::Number(value.round()))
        }
        Kind::Number { lo, hi } => {
            let mut value = settings.number(key.name);
            let speed = (value.abs() * 0.01).max(1e-5);
            let drag = DragValue::new(&mut value).range(lo..=hi).speed(speed).max_decimals(6);
            ui.add(drag).on_hover_text(hint).changed().then_some(Value::Number(value))
        }
        Kind::Choice(words) => choice(ui, key.name, settings.word(key.name), words, hint),
        Kind::NumberOr { lo, hi, word } => number_or(ui, key.name, settings, [lo, hi], word, hint),
    }
}

fn choice(ui: &mut Ui, name: &str, now: &str, words: &[&str], hint: &str) -> Option<Value> {
    let mut chosen = None;
    ComboBox::from_id_salt(name)
        .selected_text(now)
        .width(110.0)
        .show_ui(ui, |ui| {
            for word in words {
                if ui.selectable_label(*word == now, *word).clicked() {
                    chosen = Some(Value::Word((*word).to_owned()));
                }
            }
        })
        .response
        .on_hover_text(hint);
    chosen
}

fn number_or(
    ui: &mut Ui,
    name: &str,
    settings: &Settings,
    [lo, hi]: [f64; 2],
    word: &str,
    hint: &str,
) -> Option<Value> {
    let mut changed = None;
    ui.horizontal(|ui| {
        let mut is_word = settings.word(name) == word;
        if ui.checkbox(&mut is_word, word).on_hover_text(hint).changed() {
            let middle = (lo * hi).sqrt();
            changed =
                Some(if is_word { Value::Word(word.to_owned()) } else { Value::Number(middle) });
        }
        let mut value = settings.number(name);
        if !is_word && value.is_finite() {
            let drag = DragValue::new(&mut value).range(lo..=hi).speed(0.01);
            if ui.add(drag).changed() {
                changed = Some(Value::Number(value));
            }
        }
    });
    changed
}
