//! What the colours of points mean.

use egui::{Align, Area, Color32, Frame, Id, Label, Layout, Order, Rect, Sense, Ui, vec2};

use super::MapScene;
use crate::language::{told, tr};
use crate::session::map::{Ask, Colouring};
use crate::ui::words::{grouped, measure};
use crate::ui::{Command, theme};

/// A lower map has no room for a legend.
const LEAST_HEIGHT: f32 = 96.0;
/// More classes than this are not listed.
const MOST_CLASSES: usize = 24;
/// Of codes, those that most points have.
const MOST_CODES: usize = 8;

/// Shows the legend in the upper right corner of the map.
pub(super) fn show(ui: &Ui, map: MapScene<'_>, rect: Rect, out: &mut Vec<Command>) {
    if rect.height() < LEAST_HEIGHT {
        return;
    }
    let Some(points) = map.state.points() else { return };
    let at = rect.right_top() + vec2(-6.0, 6.0);
    let area = Area::new(Id::unique("legend of the map"))
        .order(Order::Middle)
        .fixed_pos(at)
        .pivot(egui::Align2::RIGHT_TOP)
        .constrain_to(rect);
    let frame = Frame::new().fill(theme::colours().legend).corner_radius(3.0).inner_margin(4.0);
    area.show(ui.ctx(), |ui| {
        frame.show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(4.0, 1.0);
            let most = rect.height() - 24.0;
            egui::ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(
                ui,
                |ui| {
                    match map.state.colouring() {
                        Colouring::Label => classes(ui, map, out),
                        Colouring::Code => codes(ui, points.codes.as_deref().unwrap_or_default()),
                        Colouring::Loss => numbers(ui, map, tr!("Squared error")),
                        Colouring::Factor(factor) => {
                            numbers(
                                ui,
                                map,
                                map.factors.get(factor).map_or("", |known| told(&known.name)),
                            );
                        }
                        Colouring::Nothing => {}
                    }
                    if points.draws() > 0 {
                        entry(ui, theme::colours().draw, tr!("draws"));
                    }
                },
            );
        });
    });
}

fn entry(ui: &mut Ui, colour: Color32, name: &str) {
    ui.horizontal(|ui| {
        swatch(ui, colour);
        ui.label(egui::RichText::new(name).small());
    });
}

fn swatch(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.0, colour);
}

/// The classes; each selects its points.
fn classes(ui: &mut Ui, map: MapScene<'_>, out: &mut Vec<Command>) {
    for (class, name) in (0..).zip(map.classes).take(MOST_CLASSES) {
        ui.horizontal(|ui| {
            swatch(ui, theme::class_colour(class, map.classes.len()));
            let text = egui::RichText::new(name).small();
            let button = ui.add(egui::Button::new(text).frame(false).small());
            let button = button.on_hover_text(tr!("Select the points of this class."));
            if button.clicked() {
                out.push(Command::Map(Ask::SelectClass(class)));
            }
        });
    }
    if map.classes.len() > MOST_CLASSES {
        let more = grouped((map.classes.len() - MOST_CLASSES) as u64);
        ui.label(theme::muted(tr!("and {} more", more)).small());
    }
}

/// The codes that most points have.
fn codes(ui: &mut Ui, codes: &[u32]) {
    let mut counts = std::collections::BTreeMap::new();
    for &code in codes {
        *counts.entry(code).or_insert(0usize) += 1;
    }
    let mut counts: Vec<(u32, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    ui.label(theme::muted(tr!("Code of most cells")).small());
    for (code, count) in counts.iter().take(MOST_CODES) {
        let count = grouped(*count as u64);
        entry(ui, theme::code_colour(*code), &tr!("{} ({} points)", code, count));
    }
    if counts.len() > MOST_CODES {
        let more = grouped((counts.len() - MOST_CODES) as u64);
        ui.label(theme::muted(tr!("and {} more", more)).small());
    }
}

/// Numbers from dark to bright, or the names that they stand for.
fn numbers(ui: &mut Ui, map: MapScene<'_>, name: &str) {
    ui.label(theme::muted(name).small());
    let Some(scale) = map.state.scale() else {
        ui.label(theme::muted(tr!("not measured yet")).small());
        return;
    };
    if let Some(names) = map.categories() {
        for (value, name) in (0..).zip(names).take(MOST_CLASSES) {
            entry(ui, theme::class_colour(value, names.len()), name);
        }
        return;
    }
    let (rect, _) = ui.allocate_exact_size(vec2(96.0, 8.0), Sense::hover());
    let steps = 24;
    for step in 0..steps {
        let [left, right] =
            [step, step + 1].map(|at| rect.left() + rect.width() * at as f32 / steps as f32);
        let part = Rect::from_x_y_ranges(left..=right, rect.y_range());
        ui.painter().rect_filled(part, 0.0, theme::viridis((step as f32 + 0.5) / steps as f32));
    }
    ui.allocate_ui(vec2(96.0, 14.0), |ui| {
        ui.horizontal(|ui| {
            ui.label(theme::number(measure(scale.lo)).small());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let hint = tr!("From the lowest to the highest hundredth of all points.");
                ui.add(Label::new(theme::number(measure(scale.hi)).small())).on_hover_text(hint);
            });
        });
    });
}
