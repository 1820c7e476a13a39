//! Runs that wait for their turn, and the form that queues one or a sweep.

use egui::{Button, CollapsingHeader, ComboBox, Label, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::super::train_panel::{FIRST_KEYS, keys, length, recipe};
use super::super::{Command, QueueAsk, Scene, TrainForm, theme};
use super::{RunsView, training};
use crate::language::{told, tr};
use crate::session::queue::Queued;
use crate::session::sweep::{self, FORMS};
use crate::train::settings::{Kind, Settings};

/// The longest name of a run's directory that a sweep gives, in characters.
const LONGEST_NAME: usize = 80;
/// Keys of the form beside those of a recipe.
const OF_FORM: [&str; 3] = ["seed", "epochs", "batch"];
/// The buttons behind a run that waits, in points.
const BUTTONS: f32 = 84.0;

/// A run that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuedRun {
    /// What is trained.
    pub form: TrainForm,
    /// What its directory is to be called; the recipe and a number where nothing is said.
    pub name: Option<String>,
}

impl QueuedRun {
    /// A run for each value of a key, whose names carry the value.
    ///
    /// # Errors
    /// When the values are none, or the key does not take one of them.
    pub fn swept(form: &TrainForm, key: &str, values: &str) -> Result<Vec<Self>, String> {
        let kind = form.settings.keys().iter().find(|known| known.name == key);
        let is_whole = kind.is_none_or(|key| matches!(key.kind, Kind::Integer { .. }));
        let values = sweep::values(values, is_whole).map_err(|error| error.to_string())?;
        values.iter().map(|value| Self::with(form, key, value)).collect()
    }

    fn with(form: &TrainForm, key: &str, value: &str) -> Result<Self, String> {
        let mut form = form.clone();
        let whole = |from: u64, to: u64| {
            let number = value.parse::<u64>().ok().filter(|number| (from..=to).contains(number));
            number.ok_or_else(|| tr!("{} is {} (expected {} to {})", key, value, from, to))
        };
        match key {
            "seed" => form.seed = whole(0, u64::from(u32::MAX))?,
            "epochs" => form.epochs = whole(1, 1_000_000)?,
            "batch" => form.batch = whole(1, 65_536)? as usize,
            _ => {
                let text = format!("{key}={value}");
                form.settings.set_text(&text).map_err(|error| error.to_string())?;
            }
        }
        let name = format!("{}-{key}={value}", form.recipe.name());
        // Whatever a file system may not like.
        let plain = |c: char| if c.is_alphanumeric() || "-_.=".contains(c) { c } else { '-' };
        let name = Some(name.chars().take(LONGEST_NAME).map(plain).collect());
        Ok(Self { form, name })
    }

    /// What it is called in the list.
    pub fn label(&self) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| tr!("{} on {}", self.form.recipe.name(), self.form.data))
    }
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut RunsView, out: &mut Vec<Command>) {
    waiting(ui, scene, out);
    ui.add_space(8.0);
    ui.separator();
    form(ui, view, out);
}

/// The queue.
fn waiting(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let queue = scene.queue;
    ui.label(theme::heading(tr!("Queue")));
    if queue.is_empty() {
        ui.add(Label::new(theme::muted(tr!("Runs that wait for their turn will be here: one begins when the one before is over, however it ended."))).wrap());
        return;
    }
    let is_busy = training(scene).is_some();
    let text = match (queue.is_held(), is_busy) {
        (true, _) => tr!("Held: nothing begins until you let it go on."),
        (false, true) => tr!("The first begins when the run in training is over."),
        (false, false) => tr!("The first is about to begin."),
    };
    ui.add(Label::new(theme::muted(text)).wrap());
    ui.horizontal(|ui| {
        let (text, hint) = if queue.is_held() {
            (tr!("Go on"), tr!("Begin the first as soon as no other run is in training."))
        } else {
            (tr!("Hold"), tr!("Begin no further run; the one in training goes on."))
        };
        if ui.button(text).on_hover_text(hint).clicked() {
            out.push(Command::Queue(QueueAsk::Hold(!queue.is_held())));
        }
        let hint = tr!("Take all runs out of the queue.");
        if ui.button(tr!("Clear")).on_hover_text(hint).clicked() {
            out.push(Command::Queue(QueueAsk::Clear));
        }
    });
    for (place, queued) in queue.iter().enumerate() {
        row(ui, place, queue.len(), queued, out);
    }
}

fn row(
    ui: &mut Ui,
    place: usize,
    count: usize,
    queued: &Queued<QueuedRun>,
    out: &mut Vec<Command>,
) {
    let name = queued.what.label();
    let number = queued.number;
    ui.horizontal(|ui| {
        let form = &queued.what.form;
        let text = Label::new(format!("{}. {name}", place + 1)).truncate();
        let room = vec2((ui.available_width() - BUTTONS).max(60.0), 18.0);
        let left = egui::Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(room, left, |ui| {
            ui.set_min_width(room.x);
            let hint = tr!(
                "{}: {} on {}, {} epochs, batch {}, seed {}",
                name,
                form.recipe.name(),
                form.data,
                form.epochs,
                form.batch,
                form.seed
            );
            ui.add(text).on_hover_text(hint);
        });
        ui.spacing_mut().item_spacing.x = 2.0;
        let mut button = |text: &str, what: &str, hint: &str, can: bool, ask: QueueAsk| {
            let small = Button::new(theme::number(text)).small();
            let button = ui.add_enabled(can, small).on_hover_text(hint);
            let label = format!("{what}: {}. {name}", place + 1);
            button.widget_info(|| WidgetInfo::labeled(Role::Button, can, &label));
            if button.clicked() {
                out.push(Command::Queue(ask));
            }
        };
        let earlier = QueueAsk::Move { number, place: place.saturating_sub(1) };
        let hint = tr!("Let it begin before the one above.");
        button("↑", tr!("Earlier"), hint, place > 0, earlier);
        let later = QueueAsk::Move { number, place: place + 1 };
        let hint = tr!("Let the one below begin first.");
        button("↓", tr!("Later"), hint, place + 1 < count, later);
        let hint = tr!("Take it out of the queue.");
        button("×", tr!("Take out"), hint, true, QueueAsk::Remove(number));
    });
}

/// What would be queued.
fn form(ui: &mut Ui, view: &mut RunsView, out: &mut Vec<Command>) {
    ui.label(theme::heading(tr!("New runs")));
    ui.horizontal(|ui| {
        let hint = tr!("What to learn from: shapes, mnist:DIR, fashion-mnist:DIR, cifar10:DIR, dsprites:FILE or folder:DIR.");
        let label = ui.label(tr!("Data")).on_hover_text(hint).id;
        let field = TextEdit::singleline(&mut view.form.data).desired_width(ui.available_width() - 8.0);
        ui.add(field).on_hover_text(hint).labelled_by(label);
    });
    recipe(ui, &mut view.form, false);
    length(ui, &mut view.form, false);
    sweep(ui, view);
    let typed = !view.sweep_values.trim().is_empty();
    let swept = typed.then(|| QueuedRun::swept(&view.form, &view.sweep_key, &view.sweep_values));
    let count = match &swept {
        None => Some(1),
        Some(swept) => swept.as_ref().ok().map(Vec::len),
    };
    let text = match count {
        None | Some(1) => tr!("Queue 1 run").to_owned(),
        Some(count) => tr!("Queue {} runs", count),
    };
    let wide = vec2(ui.available_width(), 26.0);
    let button = Button::new(egui::RichText::new(text).strong())
        .fill(theme::colours().accent.gamma_multiply(0.4));
    let hint = tr!(
        "Put this at the end of the queue: it begins when the runs before it are over, at once where there are none."
    );
    let queue = ui.add_enabled_ui(count.is_some(), |ui| ui.add_sized(wide, button)).inner;
    let queue = queue.on_hover_text(hint);
    if queue.on_disabled_hover_text(tr!("Mend the sweep's values first.")).clicked() {
        let form = Box::new(view.form.clone());
        out.push(Command::Queue(if typed {
            let (key, values) = (view.sweep_key.clone(), view.sweep_values.clone());
            QueueAsk::Sweep { form, key, values }
        } else {
            QueueAsk::Add(form)
        }));
    }
    match swept {
        Some(Ok(swept)) => {
            let names: Vec<String> = swept.iter().map(QueuedRun::label).collect();
            let text = Label::new(theme::muted(names.join(", ")).small()).truncate();
            ui.add(text).on_hover_text(names.join("\n"));
        }
        Some(Err(error)) => {
            ui.add(
                Label::new(egui::RichText::new(error).small().color(theme::colours().error)).wrap(),
            );
        }
        None => {}
    }
    let first = |key: &crate::train::settings::Key| FIRST_KEYS.contains(&key.name);
    keys(ui, "queued", &mut view.form, first, None);
    CollapsingHeader::new(tr!("More keys")).id_salt("more queued").show(ui, |ui| {
        keys(ui, "more queued", &mut view.form, |key| !first(key), None);
        let hint = tr!("Set every key back to its default.");
        if ui.button(tr!("Defaults")).on_hover_text(hint).clicked() {
            view.form.settings = Settings::defaults(view.form.recipe.keys());
        }
    });
}

/// A key and the values that it is to take, one a run.
fn sweep(ui: &mut Ui, view: &mut RunsView) {
    let names: Vec<&str> = view.form.settings.keys().iter().map(|key| key.name).collect();
    let all = || OF_FORM.into_iter().chain(names.iter().copied());
    if !all().any(|name| name == view.sweep_key) {
        OF_FORM[0].clone_into(&mut view.sweep_key);
    }
    ui.horizontal(|ui| {
        let hint = tr!("A run for each value of one key. Without values it is a single run.");
        let label = ui.label(tr!("Sweep")).on_hover_text(hint).id;
        let shown = ComboBox::from_id_salt("sweep").selected_text(&view.sweep_key).width(96.0);
        let shown = shown.show_ui(ui, |ui| {
            for name in all() {
                if ui.selectable_label(name == view.sweep_key, name).clicked() {
                    name.clone_into(&mut view.sweep_key);
                }
            }
        });
        shown.response.on_hover_text(hint).labelled_by(label);
        let field = TextEdit::singleline(&mut view.sweep_values).hint_text(tr!("values"));
        let field = ui.add(field.desired_width(ui.available_width() - 8.0));
        field
            .widget_info(|| WidgetInfo::labeled(Role::TextInput, true, tr!("Values of the sweep")));
        field.on_hover_text(tr!("Expected {}.", told(FORMS)));
    });
}
