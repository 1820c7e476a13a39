//! How codes are drawn.

use egui::{ComboBox, DragValue, ProgressBar, Role, Ui, WidgetInfo};

use super::{is_masked, texts};
use crate::language::tr;
use crate::session::prior::{
    Form, LEAST_TOP_P, MOST, MOST_GUIDANCE, MOST_STEPS, MOST_TEMPERATURE, PriorAsk, PriorLine,
};
use crate::ui::{Command, Scene, SheetOf, View, save, theme};

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    line: &PriorLine,
    view: &mut View,
    out: &mut Vec<Command>,
) {
    let before = *scene.prior.form();
    let mut form = before;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        buttons(ui, scene, out);
        ui.separator();
        class(ui, line, &mut form);
        let goes_towards = line.knows_texts && !scene.prior.towards().trim().is_empty();
        numbers(ui, line, goes_towards, &mut form);
        if scene.trains() {
            let hint = tr!("Draw anew every few seconds while the prior learns.");
            ui.checkbox(&mut form.follows, tr!("Follow")).on_hover_text(hint);
        }
        saving(ui, scene, view, out);
        if let Some(share) = scene.prior.share() {
            let bar = ProgressBar::new(share).desired_width(96.0).show_percentage();
            ui.add(bar.fill(theme::colours().accent.gamma_multiply(0.55)));
        }
    });
    if line.knows_texts {
        texts::show(ui, scene, &mut form, out);
    }
    if form != before {
        out.push(Command::Prior(PriorAsk::Set(form)));
    }
}

fn buttons(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let mut ask = |asked: PriorAsk| out.push(Command::Prior(asked));
    if scene.prior.share().is_some() {
        let hint = tr!("End drawing; what is drawn so far stays.");
        let stop = ui.button(tr!("Stop")).on_hover_text(hint);
        // Training has a button of that name, too.
        let name = tr!("Stop drawing from the prior");
        stop.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        if stop.clicked() {
            ask(PriorAsk::Cancel);
        }
    } else {
        let hint = tr!("Draw new pictures, code by code, from this seed.");
        if ui.button(tr!("Draw")).on_hover_text(hint).clicked() {
            ask(PriorAsk::Draw);
        }
    }
    let is_erased = !scene.prior.erased().is_empty();
    let hint = tr!("Draw what is erased in the picture, several times: click one to take it.");
    let none = tr!("Nothing is erased: choose the eraser above the code map and rub cells out.");
    let fill = ui.add_enabled(is_erased, egui::Button::new(tr!("Fill erased")));
    if fill.on_hover_text(hint).on_disabled_hover_text(none).clicked() {
        ask(PriorAsk::Fill);
    }
    if is_erased || scene.prior.edit().is_some() {
        let hint = tr!("Bring all erased cells back.");
        if ui.button(tr!("Restore")).on_hover_text(hint).clicked() {
            ask(PriorAsk::Restore);
        }
    }
}

fn class(ui: &mut Ui, line: &PriorLine, form: &mut Form) {
    if line.classes.is_empty() {
        return;
    }
    let any = tr!("any class");
    let chosen = form.options.class.and_then(|class| line.classes.get(class as usize));
    let text = chosen.map_or(any, String::as_str);
    let shown = ComboBox::from_id_salt("prior class").selected_text(text).width(88.0);
    let shown = shown.show_ui(ui, |ui| {
        ui.selectable_value(&mut form.options.class, None, any);
        for (class, name) in (0..).zip(&line.classes) {
            ui.selectable_value(&mut form.options.class, Some(class), name);
        }
    });
    let response = shown.response.on_hover_text(tr!("The class that pictures are drawn of."));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, tr!("Class of the draws"));
        info.current_text_value = Some(text.to_owned());
        info
    });
}

fn numbers(ui: &mut Ui, line: &PriorLine, goes_towards: bool, form: &mut Form) {
    let options = &mut form.options;
    let number = |ui: &mut Ui, drag: DragValue<'_>, name: &'static str, hint: &'static str| {
        let response = ui.add(drag).on_hover_text(hint);
        response.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, name));
    };
    number(
        ui,
        DragValue::new(&mut options.temperature)
            .range(0.0..=MOST_TEMPERATURE)
            .speed(0.01)
            .prefix("T "),
        tr!("Temperature of the draws"),
        tr!("Temperature: below 1 likelier codes come more often, at 0 always the likeliest."),
    );
    number(
        ui,
        DragValue::new(&mut options.top_k)
            .range(0..=line.codes)
            .speed(0.5)
            .prefix(format!("{} ", tr!("top k"))),
        tr!("Top k"),
        tr!("Only so many of the likeliest codes are drawn; 0 for all."),
    );
    number(
        ui,
        DragValue::new(&mut options.top_p)
            .range(LEAST_TOP_P..=1.0)
            .speed(0.005)
            .prefix(format!("{} ", tr!("top p"))),
        tr!("Top p"),
        tr!("Only the likeliest codes are drawn, up to so much probability; 1 for all."),
    );
    // Between two texts there is nothing beyond.
    if !line.classes.is_empty() || line.knows_texts && !goes_towards {
        let hint = if line.knows_texts {
            tr!(
                "How far draws go from no text towards the text: 1 for the text, more for clearer but less various ones."
            )
        } else {
            tr!(
                "How far draws go from no class towards the class: 1 for the class, more for clearer but less various ones."
            )
        };
        number(
            ui,
            DragValue::new(&mut options.guidance)
                .range(0.0..=MOST_GUIDANCE)
                .speed(0.02)
                .prefix(format!("{} ", tr!("guidance"))),
            tr!("Guidance"),
            hint,
        );
    }
    if is_masked(line) {
        number(
            ui,
            DragValue::new(&mut options.steps)
                .range(1..=MOST_STEPS)
                .speed(0.1)
                .prefix(format!("{} ", tr!("steps"))),
            tr!("Steps of the draws"),
            tr!("In how many steps a picture is filled."),
        );
    }
    number(
        ui,
        DragValue::new(&mut options.seed).speed(0.1).prefix("seed "),
        tr!("Seed of the draws"),
        tr!("The seed that all draws follow from: the same one draws the same pictures."),
    );
    number(
        ui,
        DragValue::new(&mut form.count).range(1..=MOST).speed(0.1).prefix("× "),
        tr!("Pictures to draw"),
        tr!("How many pictures are drawn."),
    );
}

fn saving(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let count = scene.prior.drawn().len();
    if count == 0 || scene.prior.share().is_some() {
        return;
    }
    save::sheet(ui, tr!("Save pictures…"), SheetOf::Draws, &mut view.sheet_paths, out);
    let hint = tr!("Save how the pictures were drawn, as a GIF film.");
    if let Some(place) = save::button(ui, tr!("Film…"), hint, &mut view.prior_film_path) {
        out.push(Command::Prior(PriorAsk::SaveFilm(place.path())));
    }
}
