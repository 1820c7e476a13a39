//! Directions of the latent space: a slider each, pictures along the one that is chosen, and where they come from.

mod sources;

use std::collections::BTreeSet;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align, Button, CursorIcon, Key, Label, Layout, PopupCloseBehavior, Rect, Role, ScrollArea,
    Sense, Slider, Stroke, TextEdit, Ui, Vec2, WidgetInfo, vec2,
};

pub(super) use sources::lessons;

use super::words::{grouped, measure};
use super::{Command, DirectionsAsk, Scene, SheetOf, View, keys, save, theme, tiles};
use crate::data::FactorInfo;
use crate::language::{told, tr, tr_later};
use crate::latent::Range;
use crate::latent::directions::{Direction, cosine};
use crate::measure::directions::Method;
use crate::session::anchor::Anchor;
use crate::session::sheets::SheetName;
use crate::session::traversals::Traversals;

/// The keys of the pictures along one.
pub(super) const KEYS: &[keys::Listed] =
    &[(tr_later!("Left, Right"), tr_later!("Go along the direction, picture by picture"))];

/// Pictures along a direction.
const COLUMNS: usize = 9;
/// The least and the greatest side of one, in points.
const TILE: [f32; 2] = [28.0, 96.0];
/// What pictures take of the height, at most.
const SHARE_OF_PICTURES: f32 = 0.4;
/// What a name takes, in points.
const NAME_WIDTH: f32 = 132.0;
/// The number of a slider, and the buttons behind it, in points.
const VALUE_WIDTH: f32 = 62.0;
const BUTTONS_WIDTH: f32 = 84.0;
/// What is told of a direction behind its slider, in points: accuracy or share, and the cosine.
const FACT_WIDTH: f32 = 74.0;
const COSINE_WIDTH: f32 = 44.0;
/// A row narrower than this tells neither.
const WITH_FACTS: f32 = 480.0;

/// What directions can be learnt from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Teachers<'a> {
    /// What the open data is called.
    pub data: &'a str,
    /// Its classes.
    pub classes: &'a [String],
    /// What is known to make its images differ.
    pub factors: &'a [FactorInfo],
    /// Why its images cannot teach this model anything; nothing where they can.
    pub why_not: Option<&'static str>,
    /// Whether the model only generates, so that its draws teach instead.
    pub generates: bool,
    /// Whether its decoder begins with a linear layer.
    pub has_linear_layer: bool,
}

/// What is chosen of the directions.
#[derive(Clone, Debug)]
pub struct DirectionsView {
    /// The one that pictures are shown of, and that others are compared with.
    chosen: usize,
    /// The one whose name is being typed, and what is typed.
    renamed: Option<(usize, String)>,
    /// Those that another one is to be at right angles to.
    against: BTreeSet<usize>,
    method: Method,
    images: usize,
    count: usize,
    between: [Anchor; 2],
    path: String,
}

impl Default for DirectionsView {
    fn default() -> Self {
        Self {
            chosen: 0,
            renamed: None,
            against: BTreeSet::new(),
            method: Method::Logistic,
            images: 2000,
            count: 8,
            between: [Anchor::Origin, Anchor::Point],
            path: String::new(),
        }
    }
}

/// Draws the directions and what can be done with them.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let form = &mut view.directions;
    ui.horizontal_wrapped(|ui| {
        sources::toolbar(ui, scene, form, &mut view.sheets, out);
        if !scene.directions.is_empty() {
            let text = tr!("Save pictures…");
            save::sheet(ui, text, SheetOf::Directions, &mut view.sheet_paths, out);
        }
    });
    let form = &mut view.directions;
    if scene.directions.is_empty() {
        return sources::none_yet(ui, scene, form, out);
    }
    form.chosen = form.chosen.min(scene.directions.len() - 1);
    let points = scene.directions.sweep(form.chosen, COLUMNS, scene.explore);
    view.sheets.insert(SheetName::Directions, points);
    let form = &mut view.directions;
    pictures(ui, scene, form.chosen, out);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for index in 0..scene.directions.len() {
            row(ui, scene, index, form, out);
        }
    });
}

/// Pictures along a direction; where they are held, the slider goes.
fn pictures(ui: &mut Ui, scene: &Scene<'_>, index: usize, out: &mut Vec<Command>) {
    let direction = &scene.directions[index];
    let reach = direction.unit.reach();
    let (range, swept) = (Range { lo: -reach, hi: reach }, Traversals::default());
    let room = ui.available_size();
    let tile = (room.x / COLUMNS as f32).min(SHARE_OF_PICTURES * room.y).floor();
    let tile = tile.clamp(TILE[0], TILE[1]);
    let size = vec2(tile * COLUMNS as f32, tile);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
    let value = scene.directions.value(index);
    response.widget_info(|| {
        let label = tr!("Pictures along {}", direction.name);
        WidgetInfo { value: Some(value.into()), ..WidgetInfo::labeled(Role::Image, true, label) }
    });
    for column in 0..COLUMNS {
        let corner = rect.min + vec2(column as f32 * tile, 0.0);
        let cell = Rect::from_min_size(corner, Vec2::splat(tile)).shrink(0.5);
        tiles::paint(ui, scene, SheetName::Directions, column, cell);
    }
    let share = swept.share(range, value);
    if (0.0..=1.0).contains(&share) {
        let x = rect.left() + share * rect.width();
        for (width, colour) in [(3.0, theme::colours().stage), (1.5, theme::colours().accent)] {
            ui.painter().vline(x, rect.y_range(), Stroke::new(width, colour));
        }
    }
    keys::focus_ring(ui, &response, rect);
    let [right, _] = keys::arrows(ui, &response);
    if right != 0 {
        let step = 2.0 * reach / (COLUMNS - 1) as f32;
        out.push(set(index, value + right as f32 * step, true));
    }
    let value_at = |x: f32| swept.value(range, (x - rect.left()) / rect.width());
    let held = response.dragged() || response.clicked();
    if let Some(at) = response.interact_pointer_pos().filter(|_| held) {
        let begins = response.drag_started() || response.clicked();
        out.push(set(index, value_at(at.x), begins));
    }
    if let Some(at) = response.hover_pos() {
        let value = format!("{:.2}{}", value_at(at.x), direction.unit.suffix());
        let text = tr!("{} at {}; drag to go there", direction.name, value);
        response.on_hover_text_at_pointer(text);
    }
}

fn row(
    ui: &mut Ui,
    scene: &Scene<'_>,
    index: usize,
    form: &mut DirectionsView,
    out: &mut Vec<Command>,
) {
    let direction = &scene.directions[index];
    ui.horizontal(|ui| {
        let has_facts = ui.available_width() > WITH_FACTS;
        name(ui, direction, index, form, out);
        let gap = ui.spacing().item_spacing.x;
        let facts = if has_facts { FACT_WIDTH + COSINE_WIDTH + 2.0 * gap } else { 0.0 };
        let taken = facts + VALUE_WIDTH + BUTTONS_WIDTH;
        ui.scope(|ui| {
            ui.spacing_mut().slider_width = (ui.available_width() - taken).max(60.0);
            ui.spacing_mut().interact_size.x = VALUE_WIDTH;
            slider(ui, scene, index, out);
        });
        if has_facts {
            fact(ui, direction);
            likeness(ui, scene, index, form.chosen);
        }
        let is_moved = scene.directions.value(index) != 0.0;
        let reset = ui.add_enabled(is_moved, Button::new("0").small());
        let label = tr!("Set {} to zero", direction.name);
        let hint = tr!("Set to zero");
        let reset = reset.on_hover_text(hint).on_disabled_hover_text(hint);
        reset.widget_info(|| WidgetInfo::labeled(Role::Button, is_moved, &label));
        if reset.clicked() {
            out.push(set(index, 0.0, true));
        }
        menu(ui, scene, index, form, out);
    });
}

/// The name; a click chooses the direction.
fn name(
    ui: &mut Ui,
    direction: &Direction,
    index: usize,
    form: &mut DirectionsView,
    out: &mut Vec<Command>,
) {
    let size = vec2(NAME_WIDTH, ui.spacing().interact_size.y);
    if let Some((_, name)) = form.renamed.as_mut().filter(|(renamed, _)| *renamed == index) {
        let field = ui.add_sized(size, TextEdit::singleline(name));
        field.widget_info(|| {
            WidgetInfo::labeled(Role::TextInput, true, tr!("Name of the direction"))
        });
        if field.lost_focus() {
            let is_meant = !ui.input(|input| input.key_pressed(Key::Escape));
            let name = std::mem::take(name);
            form.renamed = None;
            if is_meant {
                out.push(Command::Directions(DirectionsAsk::Rename { index, name }));
            }
        } else {
            field.request_focus();
        }
        return;
    }
    let is_chosen = form.chosen == index;
    let button = Button::selectable(is_chosen, &direction.name).truncate();
    let layout = Layout::left_to_right(Align::Center).with_main_align(Align::LEFT);
    let response =
        ui.allocate_ui_with_layout(size, layout, |ui| ui.add(button.min_size(size))).inner;
    let label = tr!("Choose {}", direction.name);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &label));
    if response.clicked() {
        form.chosen = index;
    }
    let hint = if direction.source.is_empty() {
        tr!("{}. Click for its pictures.", direction.name)
    } else {
        tr!("{}; {}. Click for its pictures.", direction.name, told(&direction.source))
    };
    response.on_hover_text(hint);
}

fn slider(ui: &mut Ui, scene: &Scene<'_>, index: usize, out: &mut Vec<Command>) {
    let direction = &scene.directions[index];
    let reach = direction.unit.reach();
    let mut value = scene.directions.value(index);
    let slider = Slider::new(&mut value, -reach..=reach)
        .clamping(egui::SliderClamping::Never)
        .trailing_fill(false)
        .fixed_decimals(2)
        .suffix(direction.unit.suffix());
    let response = ui.add(slider).on_hover_text(tr!(
        "How far along this direction, from where the sliders were taken hold of. Double-click the number to type."
    ));
    let along = f64::from(value);
    response.widget_info(|| WidgetInfo::slider(true, along, tr!("Along {}", direction.name)));
    // A screen reader and the keyboard change a value without taking hold of it.
    let begins = response.drag_started()
        || (response.changed() && !response.dragged() && !response.drag_stopped());
    if begins || response.changed() {
        out.push(set(index, value, begins));
    }
}

/// What is known of how good a direction is.
fn fact(ui: &mut Ui, direction: &Direction) {
    let percent = |share: f64| format!("{} %", measure((100.0 * share) as f32));
    let (text, hint) = match (direction.accuracy, direction.share) {
        (Some([right, chance]), _) => {
            let share = percent(right);
            let text = format!("{share} ({})", measure((100.0 * chance) as f32));
            let hint = tr!(
                "It tells {} of held-out images apart rightly; always guessing the commonest side would {}.",
                share,
                percent(chance)
            );
            (text, hint)
        }
        (None, Some(share)) => {
            let text = percent(share);
            let hint = tr!("{} of the variance lie along it.", text);
            (text, hint)
        }
        (None, None) => (String::new(), tr!("Nothing was measured of this direction.").to_owned()),
    };
    let label = Label::new(theme::muted(text).small());
    ui.add_sized([FACT_WIDTH, 18.0], label).on_hover_text(hint);
}

/// The cosine between a direction and the chosen one.
fn likeness(ui: &mut Ui, scene: &Scene<'_>, index: usize, chosen: usize) {
    let [own, other] = [index, chosen].map(|index| &scene.directions[index]);
    let text = if index == chosen {
        "cos".to_owned()
    } else {
        format!("{:+.2}", cosine(&own.step, &other.step))
    };
    let hint = if index == chosen {
        tr!("The others' cosines are taken with this one: 1 leads the same way, 0 is at right angles.")
            .to_owned()
    } else {
        tr!(
            "The cosine between {} and {}: 1 leads the same way, 0 is at right angles, -1 leads back.",
            own.name,
            other.name
        )
    };
    let label = Label::new(theme::muted(text).small().monospace());
    ui.add_sized([COSINE_WIDTH, 18.0], label).on_hover_text(hint);
}

/// What can be done with one direction.
fn menu(
    ui: &mut Ui,
    scene: &Scene<'_>,
    index: usize,
    form: &mut DirectionsView,
    out: &mut Vec<Command>,
) {
    let directions = scene.directions;
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::new("…").config(config).ui(ui, |ui| {
        let last = directions.len() - 1;
        let entries = [
            (
                true,
                tr!("Invert"),
                tr!("Lead the other way; the point stays."),
                DirectionsAsk::Invert(index),
            ),
            (
                index > 0,
                tr!("Move up"),
                tr!("Put it before the one above."),
                DirectionsAsk::Move { from: index, to: index.saturating_sub(1) },
            ),
            (
                index < last,
                tr!("Move down"),
                tr!("Put it behind the one below."),
                DirectionsAsk::Move { from: index, to: index + 1 },
            ),
            (
                true,
                tr!("Remove"),
                tr!("Take it out; the point stays."),
                DirectionsAsk::Remove(index),
            ),
        ];
        if ui.button(tr!("Rename")).on_hover_text(tr!("Type another name.")).clicked() {
            form.renamed = Some((index, directions[index].name.clone()));
            ui.close();
        }
        for (is_offered, text, hint, ask) in entries {
            let button = ui.add_enabled(is_offered, Button::new(text)).on_hover_text(hint);
            if button.clicked() {
                // The choice stays with the direction that it was made of.
                if let DirectionsAsk::Move { to, .. } = &ask
                    && form.chosen == index
                {
                    form.chosen = *to;
                }
                out.push(Command::Directions(ask));
                ui.close();
            }
        }
        if last > 0 {
            ui.separator();
            orthogonalise(ui, scene, index, form, out);
        }
    });
    let label = tr!("More of {}", directions[index].name);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    response.on_hover_text(tr!("Rename, invert, move, remove, orthogonalise."));
}

fn orthogonalise(
    ui: &mut Ui,
    scene: &Scene<'_>,
    index: usize,
    form: &mut DirectionsView,
    out: &mut Vec<Command>,
) {
    let others = || (0..scene.directions.len()).filter(|&other| other != index);
    ui.label(tr!("At right angles to")).on_hover_text(tr!(
        "Takes out of this direction what it has in common with others, so that moving along it leaves alone what they change."
    ));
    ScrollArea::vertical().max_height(200.0).show(ui, |ui| {
        for other in others() {
            let mut is_meant = form.against.contains(&other);
            let name = &scene.directions[other].name;
            let hint = tr!("Keep {} out of this direction.", name);
            if ui.checkbox(&mut is_meant, name).on_hover_text(hint).changed() {
                if is_meant {
                    form.against.insert(other);
                } else {
                    form.against.remove(&other);
                }
            }
        }
    });
    ui.horizontal(|ui| {
        if ui.button(tr!("All")).on_hover_text(tr!("Check all others.")).clicked() {
            form.against = others().collect();
        }
        let against: Vec<usize> = others().filter(|other| form.against.contains(other)).collect();
        let button = ui.add_enabled(!against.is_empty(), Button::new(tr!("Orthogonalise")));
        let hint =
            tr!("Keep {} checked directions out of this one.", grouped(against.len() as u64));
        let none = tr!("Check others first.");
        if button.on_hover_text(hint).on_disabled_hover_text(none).clicked() {
            out.push(Command::Directions(DirectionsAsk::Orthogonalise { index, against }));
            form.against.clear();
            ui.close();
        }
    });
}

fn set(index: usize, value: f32, begins: bool) -> Command {
    Command::Directions(DirectionsAsk::Set { index, value, begins })
}
