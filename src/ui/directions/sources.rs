//! Where directions come from: labels, PCA, the first layer, two points, files.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, PopupCloseBehavior, Slider, Ui, WidgetInfo};

use super::super::{Command, DirectionsAsk, Scene, anchors, save, theme};
use super::DirectionsView;
use crate::language::{told, tr};
use crate::measure::directions::{Lesson, Method, Source};
use crate::session::sheets::SheetPoints;

/// How many images or draws are offered.
const IMAGES: std::ops::RangeInclusive<usize> = 200..=5000;
/// How many directions PCA is asked for.
const COUNT: std::ops::RangeInclusive<usize> = 1..=32;

/// One row of controls above the directions.
pub(super) fn toolbar(
    ui: &mut Ui,
    scene: &Scene<'_>,
    form: &mut DirectionsView,
    sheets: &mut SheetPoints,
    out: &mut Vec<Command>,
) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) =
        MenuButton::new(tr!("Learn…")).config(config).ui(ui, |ui| learn(ui, scene, form, out));
    response
        .on_hover_text(tr!("Learn directions from labels, by PCA or from the decoder's weights."));
    ui.separator();
    between(ui, scene, form, sheets, out);
    ui.separator();
    files(ui, scene, form, out);
    if scene.directions.is_empty() {
        return;
    }
    let can_reset = scene.directions.is_moved();
    let reset = ui.add_enabled(can_reset, Button::new(tr!("Reset")));
    let hint = tr!("Put all sliders back to zero: go back to where they were taken hold of.");
    if reset.on_hover_text(hint).on_disabled_hover_text(hint).clicked() {
        out.push(Command::Directions(DirectionsAsk::Reset));
    }
    let hint = tr!("Take all directions out; the point stays.");
    if ui.button(tr!("Clear")).on_hover_text(hint).clicked() {
        out.push(Command::Directions(DirectionsAsk::Clear));
    }
    if scene.directions.was_put_back() {
        let text = theme::muted(tr!("counted from the new point")).small();
        ui.label(text).on_hover_text(tr!(
            "The point was moved by other means: the sliders were put back to zero and count from where it is now. Undo gives them back."
        ));
    }
}

/// What will be here, and the next step.
pub(super) fn none_yet(
    ui: &mut Ui,
    scene: &Scene<'_>,
    form: &DirectionsView,
    out: &mut Vec<Command>,
) {
    ui.add_space(6.0);
    ui.label(theme::muted(tr!(
        "Directions that mean something will be here as sliders, several at once: what tells a class from the rest, what images differ in most, or the way from one point to another."
    )));
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        for (text, hint, source) in offers(scene) {
            if ui.button(text).on_hover_text(hint).clicked() {
                out.push(ask(form, source));
            }
        }
    });
    if let Some(why_not) = scene.teachers.why_not {
        ui.label(theme::muted(told(why_not)).small());
    }
}

/// What can be learnt now: what each is called, what it does, and where it comes from.
fn offers(scene: &Scene<'_>) -> Vec<(String, String, Source)> {
    let teachers = &scene.teachers;
    let mut offers = Vec::new();
    if !teachers.classes.is_empty() {
        let text = tr!("Classes of {}", teachers.data);
        let count = teachers.classes.len();
        let hint = tr!(
            "Encodes labelled images and finds what tells each of {} classes from the rest.",
            count
        );
        offers.push((text, hint, Source::Classes));
    }
    for factor in teachers.factors {
        let name = told(&factor.name);
        let text = tr!("Factor: {}", name);
        let hint = tr!(
            "Encodes images and finds what leads from a low {0} to a high one, or from the rest to each {0}.",
            name
        );
        offers.push((text, hint, Source::Factor(factor.name.clone())));
    }
    if teachers.why_not.is_none() && !teachers.data.is_empty() {
        let text = tr!("PCA of {}", teachers.data);
        let hint =
            tr!("Encodes images and finds the directions in which their latents spread most.");
        offers.push((text, hint.to_owned(), Source::Encodings));
    }
    if teachers.generates {
        let hint = tr!(
            "Draws from the prior, and finds the latents that go with what the pictures differ in most (GANSpace)."
        );
        offers.push((tr!("PCA of draws").to_owned(), hint.to_owned(), Source::Draws));
    }
    if teachers.has_linear_layer {
        let hint = tr!(
            "Finds the directions that the decoder's first layer passes on most of (SeFa). Needs no images."
        );
        offers.push((tr!("First layer").to_owned(), hint.to_owned(), Source::FirstLayer));
    }
    offers
}

/// What can be learnt now, as the form says: what each is called, and what learns it.
pub(in crate::ui) fn lessons(scene: &Scene<'_>, form: &DirectionsView) -> Vec<(String, Command)> {
    let all = offers(scene).into_iter();
    all.map(|(text, _, source)| (text, ask(form, source))).collect()
}

fn ask(form: &DirectionsView, source: Source) -> Command {
    let lesson = Lesson { source, method: form.method, images: form.images, count: form.count };
    Command::Directions(DirectionsAsk::Learn(lesson))
}

fn learn(ui: &mut Ui, scene: &Scene<'_>, form: &mut DirectionsView, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let hints = [
            (
                Method::Logistic,
                tr!("Logistic regression"),
                tr!("The plane that tells two sides apart best; what others share is left out."),
            ),
            (
                Method::Means,
                tr!("Difference of means"),
                tr!("From the mean of one side to that of the other: what comes along with the label, too."),
            ),
        ];
        for (method, text, hint) in hints {
            ui.radio_value(&mut form.method, method, text).on_hover_text(hint);
        }
    });
    let mut number = |value: &mut usize, range, text: &str, hint: &str| {
        let slider = Slider::new(value, range).text(text);
        let response = ui.add(slider).on_hover_text(hint);
        let value = *value as f64;
        response.widget_info(|| WidgetInfo::slider(true, value, text));
    };
    let hint = tr!(
        "How many images are encoded, or draws decoded; a quarter as many held-out ones check what was learnt."
    );
    number(&mut form.images, IMAGES, tr!("images to learn from"), hint);
    number(
        &mut form.count,
        COUNT,
        tr!("components"),
        tr!("How many directions PCA and the first layer give."),
    );
    ui.separator();
    for (text, hint, source) in offers(scene) {
        if ui.button(text).on_hover_text(hint).clicked() {
            out.push(ask(form, source));
            ui.close();
        }
    }
    if let Some(why_not) = scene.teachers.why_not {
        ui.label(theme::muted(told(why_not)).small());
    }
}

fn between(
    ui: &mut Ui,
    scene: &Scene<'_>,
    form: &mut DirectionsView,
    sheets: &mut SheetPoints,
    out: &mut Vec<Command>,
) {
    let named = scene.anchors();
    // What is gone is no end any more.
    for end in &mut form.between {
        if named.latent(*end).is_none() {
            *end = crate::session::anchor::Anchor::Origin;
        }
    }
    let [from, to] = &mut form.between;
    ui.label(tr!("From"));
    anchors::pick(ui, tr!("Where the direction leads from"), scene, sheets, from);
    ui.label(tr!("to"));
    anchors::pick(ui, tr!("Where the direction leads to"), scene, sheets, to);
    let hint = tr!("Add the way from the one point to the other as a direction.");
    if ui.button(tr!("Add")).on_hover_text(hint).clicked() {
        let [from, to] = form.between;
        out.push(Command::Directions(DirectionsAsk::Between { from, to }));
    }
}

fn files(ui: &mut Ui, scene: &Scene<'_>, form: &mut DirectionsView, out: &mut Vec<Command>) {
    if !scene.directions.is_empty() {
        let hint = tr!("Save all directions as a .safetensors file, an array each under its name.");
        if let Some(place) = save::button(ui, tr!("Save…"), hint, &mut form.path) {
            out.push(Command::Directions(DirectionsAsk::Save(place.path())));
        }
    }
    let hint = tr!(
        "Add the directions of a .safetensors file: saved here, or arrays of another program that are as long as the latent."
    );
    if ui.button(tr!("Load…")).on_hover_text(hint).clicked() {
        out.push(Command::Directions(DirectionsAsk::Load(None)));
    }
}
