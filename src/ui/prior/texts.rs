//! Texts: what pictures are drawn of, what they go towards, and what is to be said of the picture in the explorer.

use egui::{
    Button, DragValue, Label, Role, ScrollArea, TextEdit, TextWrapMode, Ui, Vec2, WidgetInfo, vec2,
};

use crate::language::tr;
use crate::session::prior::{Form, PriorAsk};
use crate::ui::{Command, Scene, theme};

/// The least width of a field, in points.
const FIELD: f32 = 120.0;
/// The size of a list of texts, in points.
const LIST: Vec2 = vec2(400.0, 220.0);

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, form: &mut Form, out: &mut Vec<Command>) {
    draws(ui, scene, form, out);
    edit(ui, scene, out);
}

/// What pictures are drawn of, and what they go towards.
fn draws(ui: &mut Ui, scene: &Scene<'_>, form: &mut Form, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let (prior, room) = (scene.prior, ui.available_width());
        let goes_towards = !prior.towards().trim().is_empty();
        let label = ui.label(tr!("Draw of")).id;
        let mut text = prior.text().to_owned();
        let field = TextEdit::singleline(&mut text).desired_width((room * 0.4).max(FIELD));
        let field = ui.add(field.hint_text(tr!("a text: the pictures follow as you type")));
        let field = field.labelled_by(label);
        if field.on_hover_text(tr!("Pictures are drawn of this text; empty for any.")).changed() {
            out.push(Command::Prior(PriorAsk::Say(text)));
        }
        completions(ui, scene, out);
        let label = ui.label(tr!("towards")).id;
        let mut text = prior.towards().to_owned();
        let rest = ui.available_width() - if goes_towards { 128.0 } else { 0.0 };
        let field = TextEdit::singleline(&mut text).desired_width(rest.max(FIELD * 0.5));
        let field =
            ui.add(field.hint_text(tr!("another text, for what lies between"))).labelled_by(label);
        let hint = tr!("Pictures go from the first text to this one; empty for the first alone.");
        if field.on_hover_text(hint).changed() {
            out.push(Command::Prior(PriorAsk::Towards(text)));
        }
        if goes_towards {
            share(ui, form);
        }
    });
}

/// Where between the texts pictures are drawn: a row of all shares, or one share.
fn share(ui: &mut Ui, form: &mut Form) {
    let mut is_row = form.share.is_none();
    let hint = tr!(
        "A row from the first text to the second, by the same chance. Without it all pictures have one share of the second text, each by chance of its own."
    );
    if ui.checkbox(&mut is_row, tr!("Row")).on_hover_text(hint).changed() {
        form.share = (!is_row).then_some(0.5);
    }
    let mut share = form.share.unwrap_or(0.5);
    let drag = DragValue::new(&mut share).range(0.0..=1.0).speed(0.005).fixed_decimals(2);
    let hint = tr!("The share of the second text: 0 for the first one alone, 1 for the second.");
    let response = ui.add_enabled(!is_row, drag).on_hover_text(hint);
    response.widget_info(|| {
        WidgetInfo::labeled(Role::SpinButton, !is_row, tr!("Share of the second text"))
    });
    if response.changed() && !is_row {
        form.share = Some(share);
    }
}

/// What the text can become.
fn completions(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let prior = scene.prior;
    let menu = ui.menu_button("…", |ui| {
        ui.set_min_width(LIST.x);
        let Some(found) = prior.completions() else {
            ui.label(theme::muted(tr!("Texts are being drawn.")));
            if !prior.completes() {
                out.push(Command::Prior(PriorAsk::Complete));
            }
            return;
        };
        let list = ScrollArea::vertical().max_height(LIST.y).min_scrolled_height(LIST.y);
        list.show(ui, |ui| {
            for (text, bits) in &found.texts {
                let bits = tr!("{} bits", format_args!("{bits:.1}"));
                let button = Button::new(text).right_text(theme::muted(bits)).frame(false);
                let button = button.wrap_mode(TextWrapMode::Extend);
                if ui.add(button).clicked() {
                    out.push(Command::Prior(PriorAsk::Say(text.clone())));
                    ui.close();
                }
            }
        });
    });
    let name = tr!("Complete the text");
    menu.response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let hint = tr!("Texts that begin like this, as the prior knows them, the likeliest first.");
    menu.response.on_hover_text(format!("{name}\n{hint}"));
}

/// What the prior says of the picture in the explorer, and what is to be said of it instead.
fn edit(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let (prior, room) = (scene.prior, ui.available_width());
        let caption = prior.bits().and_then(|bits| bits.caption.as_deref()).unwrap_or("…");
        let hint = tr!("What the prior says of the picture in the explorer.");
        ui.scope(|ui| {
            ui.set_max_width((room * 0.4).max(FIELD));
            let told = Label::new(theme::muted(tr!("the picture: {}", caption))).truncate();
            ui.add(told).on_hover_text(format!("{caption}\n{hint}"));
        });
        let label = ui.label(tr!("but")).id;
        let mut text = prior.but().to_owned();
        let field = TextEdit::singleline(&mut text).desired_width((room * 0.18).max(FIELD * 0.75));
        let field = ui.add(field.hint_text(tr!("such as blue"))).labelled_by(label);
        let hint = tr!(
            "What is to be true of the picture: a whole text, or only words of it that change, such as blue."
        );
        let field = field.on_hover_text(hint);
        if field.changed() {
            out.push(Command::Prior(PriorAsk::But(text.clone())));
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let can = !text.trim().is_empty() && !prior.edits();
        let hint = tr!(
            "Erase the cells that do not fit it; then choose others with the eraser, if you like, and fill them."
        );
        let none = tr!("Type what is to be true of the picture first.");
        let erase = ui.add_enabled(can, Button::new(tr!("Erase what changes")));
        let is_clicked = erase.on_hover_text(hint).on_disabled_hover_text(none).clicked();
        if is_clicked || is_entered && can {
            out.push(Command::Prior(PriorAsk::Edit));
        }
        if let Some(edit) = prior.edit() {
            let hint = tr!("What fills the erased cells is drawn of this text. Restore ends that.");
            let told = Label::new(theme::muted(tr!("filled as: {}", edit.to))).truncate();
            ui.add(told).on_hover_text(format!("{}\n{hint}", edit.to));
        }
    });
}
