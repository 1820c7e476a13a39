//! Other runs behind the curves of this one: which they are, and which to add.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Button, PopupCloseBehavior, Sense, Shape, Stroke, TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use egui_plot::LineStyle;

use super::{Command, Scene, menu, plot, theme};
use crate::language::tr;
use crate::session::Compared;

/// The sample of a line, in points.
const SAMPLE: egui::Vec2 = vec2(26.0, 12.0);

/// The menu that adds a run.
pub(super) fn menu(ui: &mut Ui, scene: &Scene<'_>, path: &mut String, out: &mut Vec<Command>) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::new(tr!("Compare")).config(config).ui(ui, |ui| {
        let has_room = scene.compared.len() < Compared::MOST;
        let has_curves = scene.session.series().any(|(_, series)| !series.is_empty());
        let full = tr!("Three runs are compared already: take one away first.");
        let keep =
            ui.add_enabled(has_room && has_curves, Button::new(tr!("Keep this run's curves")));
        let hint = tr!("They stay in the plots, dashed, while another run trains.");
        let empty = if has_room { tr!("There are no curves yet.") } else { full };
        let mut is_done = false;
        if keep.on_hover_text(hint).on_disabled_hover_text(empty).clicked() {
            out.push(Command::KeepCurves);
            is_done = true;
        }
        ui.add_enabled_ui(has_room, |ui| {
            ui.horizontal(|ui| {
                let field = TextEdit::singleline(path).hint_text(tr!("a run directory"));
                let field = ui
                    .add(field.desired_width(200.0))
                    .on_hover_text(tr!("Which run; Enter adds it."));
                menu::give_keyboard(&field);
                let entered =
                    field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                let clicked = ui.button(tr!("Add run")).on_disabled_hover_text(full).clicked();
                if (entered || clicked) && !path.trim().is_empty() {
                    out.push(Command::CompareRun(Some(path.trim().into())));
                    is_done = true;
                }
                if ui
                    .button(tr!("Choose…"))
                    .on_hover_text(tr!("Choose a run in a dialog."))
                    .clicked()
                {
                    out.push(Command::CompareRun(None));
                    is_done = true;
                }
            });
        });
        if is_done {
            ui.close();
        }
    });
    response.on_hover_text(tr!("Put the curves of other runs behind those of this one."));
}

/// The runs that are compared, each with its line and a way to take it away.
pub(super) fn list(ui: &mut Ui, compared: &[Compared], out: &mut Vec<Command>) {
    for (index, run) in compared.iter().enumerate() {
        sample(ui, plot::style(index + 1));
        ui.add(egui::Label::new(theme::muted(run.name()).small()).truncate()).on_hover_text(tr!(
            "The curves of {} up to step {}",
            run.name(),
            run.step()
        ));
        let remove = ui.small_button("×").on_hover_text(tr!("Take it out of the plots."));
        let name = tr!("Stop comparing with {}", run.name());
        remove.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        if remove.clicked() {
            out.push(Command::StopComparing(index));
        }
    }
}

/// A piece of a line as the plots draw it.
fn sample(ui: &mut Ui, style: LineStyle) {
    let (rect, _) = ui.allocate_exact_size(SAMPLE, Sense::hover());
    let y = rect.center().y;
    let ends = [pos2(rect.left(), y), pos2(rect.right(), y)];
    let stroke = Stroke::new(1.5, theme::colours().muted);
    match style {
        LineStyle::Solid => {
            ui.painter().line_segment(ends, stroke);
        }
        LineStyle::Dashed { length } => {
            ui.painter().extend(Shape::dashed_line(&ends, stroke, length, 0.6 * length));
        }
        LineStyle::Dotted { spacing } => {
            ui.painter().extend(Shape::dotted_line(&ends, theme::colours().muted, spacing, 0.75));
        }
    }
}
