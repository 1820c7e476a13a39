//! What to train: the recipe's keys, and those that may change while it runs.

use egui::{ComboBox, DragValue, Id, Response, TextEdit, Ui};

use super::words::{bytes, grouped};
use super::{Command, Page, QueueAsk, Scene, View, theme};
use crate::data::corrupt::{self, Corruption};
use crate::language::{told, tr};
use crate::latent::Levels;
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

impl TrainForm {
    /// Would train a prior over the codes of a model.
    pub fn choose_prior(&mut self, codes: &str) {
        self.recipe = Recipe::Prior;
        self.settings = Settings::defaults(Recipe::Prior.keys());
        // Any text is a path.
        self.settings.set("codes", Value::Word(codes.to_owned())).ok();
    }
}

/// The button that queues a run, in points.
const QUEUE_WIDTH: f32 = 72.0;

/// The keys that are shown at once; the others are a click away.
pub(super) const FIRST_KEYS: [&str; 14] = [
    "codes",
    "order",
    "width",
    "layers",
    "arch",
    "latent_dim",
    "likelihood",
    "beta",
    "lr",
    "quantizer",
    "codebook_size",
    "code_dim",
    "codebook_update",
    "restart_threshold",
];

/// Live keys that are a click away while a run goes on.
const RARE_KEYS: [&str; 12] = [
    "label_smoothing",
    "r1",
    "lr_warmup",
    "lr_schedule",
    "weight_decay",
    "clip",
    "dropout",
    "flip",
    "crop",
    "rotate",
    "colour",
    corrupt::KEY,
];

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    ui.label(theme::heading(tr!("Training")));
    let busy = scene.session.run().is_some() && !scene.session.phase().is_over();
    let form = &mut view.form;
    recipe(ui, form, busy);
    length(ui, form, busy);
    if busy {
        let hint = tr!("Set up the run that follows this one, on the page Runs.");
        if ui.button(tr!("Queue another run…")).on_hover_text(hint).clicked() {
            view.runs.form = form.clone();
            out.push(Command::ShowPage(Page::Runs));
        }
        ui.label(theme::muted(tr!("What is below may change while it runs.")));
        keys(ui, "live", form, |key| key.live && !RARE_KEYS.contains(&key.name), Some(&mut *out));
        egui::CollapsingHeader::new(tr!("More keys")).id_salt("more live").show(ui, |ui| {
            let is_rare = |key: &Key| key.live && RARE_KEYS.contains(&key.name);
            keys(ui, "more live", form, is_rare, Some(out));
        });
    } else {
        start(ui, scene, form, out);
        keys(ui, "first", form, |key| FIRST_KEYS.contains(&key.name), None);
        egui::CollapsingHeader::new(tr!("More keys")).show(ui, |ui| {
            keys(ui, "more", form, |key| !FIRST_KEYS.contains(&key.name), None);
            let hint = tr!("Set every key back to its default.");
            if ui.button(tr!("Defaults")).on_hover_text(hint).clicked() {
                form.settings = Settings::defaults(form.recipe.keys());
            }
        });
    }
    let kept = scene
        .session
        .run()
        .map_or(scene.runs_folder.to_owned(), |run| run.run_dir.display().to_string());
    let label = egui::Label::new(theme::muted(tr!("kept in {}", kept)).small()).truncate();
    ui.add(label).on_hover_text(tr!("Runs are kept in {}", kept));
}

/// Which family; another one begins with its own defaults.
pub(super) fn recipe(ui: &mut Ui, form: &mut TrainForm, busy: bool) {
    ui.horizontal(|ui| {
        let label = ui.label(tr!("Model")).on_hover_text(tr!("The family that is trained.")).id;
        ui.add_enabled_ui(!busy, |ui| {
            let shown = ComboBox::from_id_salt("recipe")
                .selected_text(form.recipe.name())
                .width(110.0)
                .show_ui(ui, |ui| {
                    for &recipe in Recipe::ALL {
                        let choice = ui.selectable_label(form.recipe == recipe, recipe.name());
                        if choice.on_hover_text(told(recipe.about())).clicked()
                            && form.recipe != recipe
                        {
                            form.recipe = recipe;
                            form.settings = Settings::defaults(recipe.keys());
                        }
                    }
                });
            let about = told(form.recipe.about());
            let shown = shown.response.on_hover_text(about).on_disabled_hover_text(about);
            shown.labelled_by(label);
        });
    });
}

/// How long, how many images at once, and from which random numbers.
pub(super) fn length(ui: &mut Ui, form: &mut TrainForm, busy: bool) {
    ui.horizontal(|ui| {
        let whole = |ui: &mut Ui, name: &str, hint: &str, value: &mut u64, range| {
            let label = ui.label(name).on_hover_text(hint).id;
            let drag = ui.add_enabled(!busy, DragValue::new(value).range(range));
            drag.on_hover_text(hint).on_disabled_hover_text(hint).labelled_by(label);
        };
        whole(
            ui,
            tr!("Epochs"),
            tr!("Passes over the training images."),
            &mut form.epochs,
            1..=1_000_000,
        );
        let mut batch = form.batch as u64;
        whole(ui, tr!("Batch"), tr!("Images in one update."), &mut batch, 1..=65_536);
        form.batch = batch as usize;
        let hint = tr!("Where every random number comes from: the same seed gives the same run.");
        whole(ui, tr!("Seed"), hint, &mut form.seed, 0..=u64::from(u32::MAX));
    });
}

/// The buttons that begin a run.
fn start(ui: &mut Ui, scene: &Scene<'_>, form: &TrainForm, out: &mut Vec<Command>) {
    let hint = tr!(
        "Trains on {} in the background; the run is kept under {}.",
        form.data,
        scene.runs_folder
    );
    let button = egui::Button::new(egui::RichText::new(tr!("Train")).strong())
        .fill(theme::colours().accent.gamma_multiply(0.4));
    ui.horizontal(|ui| {
        let wide = egui::vec2(ui.available_width() - QUEUE_WIDTH, 26.0);
        if ui.add_sized(wide, button).on_hover_text(hint).clicked() {
            out.push(Command::StartTraining(Box::new(form.clone())));
        }
        let hint = tr!("Put this run at the end of the queue on the page Runs: it begins when those before it are over.");
        let queue = egui::vec2(ui.available_width(), 26.0);
        if ui.add_sized(queue, egui::Button::new(tr!("Queue"))).on_hover_text(hint).clicked() {
            out.push(Command::Queue(QueueAsk::Add(Box::new(form.clone()))));
        }
    });
    estimate(ui, scene);
    way_on(ui, scene, form, out);
}

/// The way on for a run that has ended, to its end or beyond it, and for a model without a run.
pub(super) fn way_on(ui: &mut Ui, scene: &Scene<'_>, form: &TrainForm, out: &mut Vec<Command>) {
    let epochs = form.epochs;
    let Some(run) = scene.session.run() else {
        let Some(data) = &scene.model.trains_on else { return };
        let text = match epochs {
            1 => tr!("Train this model on for {} epoch", epochs),
            _ => tr!("Train this model on for {} epochs", epochs),
        };
        let hint =
            tr!("A new run on {} that begins with the weights of {}.", data, scene.model.name);
        if ui.button(text).on_hover_text(hint).clicked() {
            out.push(Command::TrainOn);
        }
        return;
    };
    let is_done = scene.session.step() >= run.total_steps;
    let dir = run.run_dir.clone();
    let (text, hint, more_epochs) = if is_done {
        let text = match epochs {
            1 => tr!("Train on for {} more epoch", epochs),
            _ => tr!("Train on for {} more epochs", epochs),
        };
        (text, tr!("Go on with the run in {}.", dir.display()), epochs)
    } else {
        let hint = tr!("Go on from the newest checkpoint in {}.", dir.display());
        (tr!("Continue the run").to_owned(), hint, 0)
    };
    if ui.button(text).on_hover_text(hint).clicked() {
        out.push(Command::ResumeRun { dir, more_epochs });
    }
}

/// What the run would take, said before it starts.
fn estimate(ui: &mut Ui, scene: &Scene<'_>) {
    match &scene.estimate {
        Some(Ok(estimate)) => {
            let text = tr!(
                "{} parameters, about {} of memory",
                grouped(estimate.parameters),
                bytes(estimate.memory_bytes)
            );
            ui.label(theme::muted(text).small())
                .on_hover_text(tr!("What training will take, estimated: weights, gradients, the optimizer's moments and every activation."));
        }
        Some(Err(error)) => {
            ui.label(egui::RichText::new(error).small().color(theme::colours().error));
        }
        None => {}
    }
}

/// A row a key. With `live`, a change is sent to the run as well.
pub(super) fn keys(
    ui: &mut Ui,
    name: &str,
    form: &mut TrainForm,
    wanted: impl Fn(&Key) -> bool,
    live: Option<&mut Vec<Command>>,
) {
    let mut changes = Vec::new();
    egui::Grid::new(name).num_columns(2).spacing([8.0, 4.0]).show(ui, |ui| {
        for key in form.settings.keys().iter().filter(|key| wanted(key)) {
            let hint = hint(key);
            let label = ui.label(key.name).on_hover_text(&hint).id;
            if let Some(value) = edit(ui, key, &form.settings, &hint, label) {
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
        let changes = changes.into_iter();
        out.extend(changes.map(|(name, value)| Command::SetLive { name: name.to_owned(), value }));
    }
}

fn hint(key: &Key) -> String {
    let unit = match key.unit {
        "" => String::new(),
        unit => format!(" ({})", told(unit)),
    };
    let [help, source] = [key.help, key.source].map(told);
    tr!("{}{}\nAccepts {}.\nSource: {}", help, unit, accepted(key.kind), source)
}

/// What a key accepts, as [`Kind`] tells it on the command line.
fn accepted(kind: Kind) -> String {
    match kind {
        Kind::Integer { lo, hi } => tr!("a whole number from {} to {}", lo, hi),
        Kind::Number { lo, hi } => tr!("a number from {} to {}", lo, hi),
        Kind::Choice(words) => words.join(tr!(" or ")),
        Kind::NumberOr { lo, hi, word } => tr!("a number from {} to {}, or {}", lo, hi, word),
        Kind::Levels { word } => {
            let ([lo, hi], most) = (Levels::RANGE, Levels::MOST);
            tr!("1 to {} whole numbers from {} to {} such as 8,5,5,5, or {}", most, lo, hi, word)
        }
        Kind::Corruption { word } => tr!("{}, or {}", told(Corruption::FORMS), word),
        Kind::Path => tr!("a path, or nothing").to_owned(),
    }
}

/// The widget of a key; its new value when it was changed.
fn edit(ui: &mut Ui, key: &Key, settings: &Settings, hint: &str, label: Id) -> Option<Value> {
    let hinted = |response: Response| response.on_hover_text(hint).labelled_by(label);
    match key.kind {
        Kind::Integer { lo, hi } => {
            let mut value = settings.number(key.name);
            let drag = DragValue::new(&mut value).range(lo as f64..=hi as f64).fixed_decimals(0);
            hinted(ui.add(drag)).changed().then(|| Value::Number(value.round()))
        }
        Kind::Number { lo, hi } => {
            let mut value = settings.number(key.name);
            let speed = (value.abs() * 0.01).max(1e-5);
            let drag = DragValue::new(&mut value).range(lo..=hi).speed(speed).max_decimals(6);
            hinted(ui.add(drag)).changed().then_some(Value::Number(value))
        }
        Kind::Choice(words) => choice(ui, key.name, settings.word(key.name), words, hinted),
        Kind::NumberOr { lo, hi, word } => number_or(ui, key.name, settings, [lo, hi], word, hint),
        Kind::Corruption { word } => corruption(ui, key.name, settings, word, hint, label),
        Kind::Levels { .. } | Kind::Path => text(ui, key.name, settings.word(key.name), hinted),
    }
}

/// A value that is typed, and taken when the keyboard leaves it.
fn text(
    ui: &mut Ui,
    name: &str,
    now: &str,
    hinted: impl Fn(Response) -> Response,
) -> Option<Value> {
    let id = ui.scope_id().with(name);
    let typed = ui.data(|data| data.get_temp::<String>(id));
    let mut text = typed.unwrap_or_else(|| now.to_owned());
    let response = hinted(ui.add(TextEdit::singleline(&mut text).desired_width(110.0)));
    if response.lost_focus() {
        ui.data_mut(|data| data.remove_temp::<String>(id));
        return (text != now).then_some(Value::Word(text));
    }
    if response.changed() {
        ui.data_mut(|data| data.insert_temp(id, text));
    }
    None
}

fn choice(
    ui: &mut Ui,
    name: &str,
    now: &str,
    words: &[&str],
    hinted: impl Fn(Response) -> Response,
) -> Option<Value> {
    let mut chosen = None;
    let shown = ComboBox::from_id_salt(name).selected_text(now).width(110.0).show_ui(ui, |ui| {
        for word in words {
            if ui.selectable_label(*word == now, *word).clicked() {
                chosen = Some(Value::Word((*word).to_owned()));
            }
        }
    });
    hinted(shown.response);
    chosen
}

/// The kind of a corruption, and how strong it is.
fn corruption(
    ui: &mut Ui,
    name: &str,
    settings: &Settings,
    word: &'static str,
    hint: &str,
    label: Id,
) -> Option<Value> {
    let now: Option<Corruption> = settings.word(name).parse().ok();
    let kinds = Corruption::USUAL.map(Corruption::kind);
    let mut wanted = now;
    // Side by side they are wider than the panel.
    ui.vertical(|ui| {
        let hinted = |response: Response| response.on_hover_text(hint).labelled_by(label);
        let shown = now.map_or(word, Corruption::kind);
        let words = [&[word], &kinds[..]].concat();
        if let Some(Value::Word(kind)) = choice(ui, name, shown, &words, hinted) {
            wanted = Corruption::USUAL.into_iter().find(|usual| usual.kind() == kind);
        }
        if let Some(strength) = now.and_then(|now| strength(ui, now, name, hint)) {
            wanted = Some(strength);
        }
    });
    let text = |wanted: Option<Corruption>| wanted.map_or(word.to_owned(), |some| some.to_string());
    (wanted != now).then(|| Value::Word(text(wanted)))
}

/// The strength of a corruption; another one when it was changed.
fn strength(ui: &mut Ui, now: Corruption, name: &str, hint: &str) -> Option<Corruption> {
    let mut new = now;
    let drag = match &mut new {
        Corruption::Noise { sigma } => {
            DragValue::new(sigma).range(0.0..=10.0).speed(0.002).max_decimals(3)
        }
        Corruption::Mask { probability } => {
            DragValue::new(probability).range(0.0..=1.0).speed(0.005).max_decimals(3)
        }
        Corruption::Downsample { factor } => {
            DragValue::new(factor).range(1..=1024).speed(0.05).fixed_decimals(0)
        }
    };
    let response = ui.add(drag).on_hover_text(hint);
    let name = tr!("{} strength", name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, &name));
    (new != now).then_some(new)
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
            let drag = ui.add(drag).on_hover_text(hint);
            drag.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name));
            if drag.changed() {
                changed = Some(Value::Number(value));
            }
        }
    });
    changed
}
