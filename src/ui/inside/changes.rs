//! Changes of values on their way, and what comes of them.

use egui::{Role, ScrollArea, Sense, Slider, Ui, Vec2, WidgetInfo, vec2};

use crate::graph::Perturbation;
use crate::language::tr;
use crate::metrics::Spread;
use crate::session::inside::{Inside, Judged, MOST_CHANGES, Side};
use crate::ui::words::measure;
use crate::ui::{Command, Picture, Scene, picture, theme};

/// How far factors reach.
const SCALES: std::ops::RangeInclusive<f32> = -2.0..=4.0;
/// The room for a list of changes beside the pictures.
const LIST: f32 = 92.0;

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    channel: Option<usize>,
    whole: &mut bool,
    out: &mut Vec<Command>,
) {
    let inside = scene.inside;
    ScrollArea::vertical().id_salt("changes").auto_shrink([false, false]).show(ui, |ui| {
        target(ui, inside, channel, whole, out);
        list(ui, inside, out);
        before_and_after(ui, scene);
    });
}

/// What is changed, and how.
fn target(
    ui: &mut Ui,
    inside: &Inside,
    channel: Option<usize>,
    whole: &mut bool,
    out: &mut Vec<Command>,
) {
    let Some(line) = inside.chosen_line() else {
        ui.label(theme::muted(tr!("Choose a node to change its values.")));
        return;
    };
    if line.holds_codes {
        ui.label(theme::muted(tr!("This node numbers codes: its values cannot be changed.")));
        return;
    }
    let has_channel = channel.is_some() && line.has_channels();
    ui.horizontal(|ui| {
        let name = channel
            .map_or_else(|| tr!("Channel …").to_owned(), |channel| tr!("Channel {}", channel));
        let hint = tr!("Change the channel that is chosen in the grid.");
        let none = tr!("Choose a channel in the grid first.");
        let label = egui::Button::selectable(has_channel && !*whole, name);
        let response = ui.add_enabled(has_channel, label).on_hover_text(hint);
        if response.on_disabled_hover_text(none).clicked() {
            *whole = false;
        }
        let hint = tr!("Change all values of the node.");
        let is_whole = *whole || !has_channel;
        if ui.selectable_label(is_whole, tr!("Whole node")).on_hover_text(hint).clicked() {
            *whole = true;
        }
    });
    let channel = channel.filter(|_| has_channel && !*whole);
    let same = |change: &&Perturbation| change.node == line.name && change.channel == channel;
    let known = inside.changes().iter().position(|change| same(&change));
    let none = Perturbation { node: line.name.clone(), channel, scale: 1.0, shift: 0.0 };
    let mut change = known.map_or_else(|| none.clone(), |index| inside.changes()[index].clone());
    let magnitude = inside
        .seen_node()
        .map_or(1.0, |node| node.spreads.iter().map(Spread::magnitude).fold(0.0, f32::max));
    let reach = (2.0 * magnitude).clamp(1e-3, 1e6);
    let before = change.clone();
    ui.spacing_mut().slider_width = (ui.available_width() - 130.0).clamp(60.0, 240.0);
    ui.horizontal(|ui| {
        slider(ui, &mut change.scale, SCALES, "×", tr!("Factor of the values; 0 takes them out."));
        let hint = tr!("Take these values out: all become zero.");
        let zero = ui.small_button(tr!("Zero")).on_hover_text(hint);
        zero.widget_info(|| WidgetInfo::labeled(Role::Button, true, tr!("Take these values out")));
        if zero.clicked() {
            (change.scale, change.shift) = (0.0, 0.0);
        }
    });
    ui.horizontal(|ui| {
        let hint = tr!("Added to the values, in their own units.");
        slider(ui, &mut change.shift, -reach..=reach, "+", hint);
        let hint = tr!("Take this change back.");
        let reset = ui.add_enabled(known.is_some(), egui::Button::new(tr!("Reset")).small());
        let reset = reset.on_hover_text(hint).on_disabled_hover_text(hint);
        reset.widget_info(|| {
            WidgetInfo::labeled(Role::Button, known.is_some(), tr!("Take this change back"))
        });
        if let Some(index) = known.filter(|_| reset.clicked()) {
            out.push(Command::Unperturb(index));
            change = before.clone();
        }
    });
    if change == before {
        return;
    }
    match known {
        Some(index) if change == none => out.push(Command::Unperturb(index)),
        None if inside.changes().len() >= MOST_CHANGES => {}
        _ => out.push(Command::Perturb(change)),
    }
}

fn slider(
    ui: &mut Ui,
    value: &mut f32,
    range: std::ops::RangeInclusive<f32>,
    sign: &str,
    hint: &str,
) {
    ui.label(theme::number(sign));
    let slider = Slider::new(value, range).clamping(egui::SliderClamping::Never);
    let response = ui.add(slider.trailing_fill(false).max_decimals(3)).on_hover_text(hint);
    let value = f64::from(*value);
    response.widget_info(|| {
        let name = if sign == "+" { tr!("Summand") } else { tr!("Factor") };
        let mut info = WidgetInfo::slider(true, value, name);
        info.label = Some(name.to_owned());
        info
    });
}

/// All changes of this network.
fn list(ui: &mut Ui, inside: &Inside, out: &mut Vec<Command>) {
    let changes = inside.changes();
    if changes.is_empty() {
        return;
    }
    ui.separator();
    ui.horizontal(|ui| {
        let text = if changes.len() == 1 {
            tr!("1 change").to_owned()
        } else {
            tr!("{} changes", changes.len())
        };
        ui.label(text).on_hover_text(tr!(
            "They hold while you look here; the model's weights stay as they are."
        ));
        let hint = tr!("Take all changes back.");
        if ui.small_button(tr!("Reset all")).on_hover_text(hint).clicked() {
            out.push(Command::UnperturbAll);
        }
    });
    let area = ScrollArea::vertical().id_salt("list of changes").max_height(LIST);
    area.show(ui, |ui| {
        for (index, change) in changes.iter().enumerate() {
            ui.horizontal(|ui| {
                let hint = tr!("Take this change back.");
                let remove = ui.small_button("✖").on_hover_text(hint);
                remove.widget_info(|| {
                    let label = tr!("Take back the change of {}", named(change));
                    WidgetInfo::labeled(Role::Button, true, label)
                });
                if remove.clicked() {
                    out.push(Command::Unperturb(index));
                }
                let (scale, shift) = (measure(change.scale), measure(change.shift));
                let text = format!("{}  × {scale}  + {shift}", named(change));
                let label = egui::Label::new(theme::muted(text)).truncate().sense(Sense::click());
                if ui.add(label).on_hover_text(tr!("Look at this node.")).clicked() {
                    out.push(Command::LookAt(change.node.clone()));
                }
            });
        }
    });
}

fn named(change: &Perturbation) -> String {
    match change.channel {
        Some(channel) => format!("{} · {channel}", change.node),
        None => change.node.clone(),
    }
}

/// The picture without and with the changes.
fn before_and_after(ui: &mut Ui, scene: &Scene<'_>) {
    let before = match scene.inside.side() {
        Side::Decoder => scene.pictures.main,
        Side::Encoder => scene.pictures.unchanged,
        Side::Discriminator => return scores(ui, scene),
    };
    let Some(after) = scene.pictures.changed.filter(|_| !scene.inside.changes().is_empty()) else {
        let text = tr!(
            "Scale a channel, zero it or add to it: what comes of it will be here, beside the picture without changes."
        );
        ui.label(theme::muted(text));
        return;
    };
    let side = ((ui.available_width() - 8.0) / 2.0).max(24.0);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for (shown, name, label) in [
            (before, tr!("without"), tr!("Picture without changes")),
            (Some(after), tr!("with changes"), tr!("Picture with changes")),
        ] {
            ui.vertical(|ui| {
                ui.set_width(side);
                ui.label(theme::muted(name).small());
                framed(ui, shown, side, label);
            });
        }
    });
}

/// What the discriminator says without and with the changes: a number, and where it judges patches their map.
fn scores(ui: &mut Ui, scene: &Scene<'_>) {
    let Some(judged) = scene.inside.seen().and_then(|seen| seen.judged.as_ref()) else { return };
    let after = judged.after.as_ref().filter(|_| !scene.inside.changes().is_empty());
    let side = ((ui.available_width() - 8.0) / 2.0).max(24.0);
    let has_map = judged.map().is_some();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for (score, map, name, label) in [
            (Some(&judged.before), scene.pictures.unchanged, tr!("without"), tr!("Scores of patches without changes")),
            (after, scene.pictures.changed, tr!("with changes"), tr!("Scores of patches with changes")),
        ] {
            let Some(score) = score else { continue };
            ui.vertical(|ui| {
                ui.set_width(side);
                ui.label(theme::muted(name).small());
                let mean = measure(Judged::mean(score));
                let text = if has_map { tr!("mean score {}", mean) } else { tr!("score {}", mean) };
                ui.label(text).on_hover_text(tr!("The higher, the more the discriminator takes the picture for one of the data. Batch normalization counts by its running statistics."));
                if has_map {
                    framed(ui, map, side, label);
                }
            });
        }
    });
    if after.is_none() {
        let text = tr!(
            "Scale a channel, zero it or add to it: the score that comes of it will be here, beside the one without changes."
        );
        ui.label(theme::muted(text));
    }
}

fn framed(ui: &mut Ui, shown: Option<Picture>, side: f32, label: &str) {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    let Some(shown) = shown else {
        ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
        return;
    };
    let scale = picture::scale_to_fit(shown.size, vec2(side, side));
    let size = shown.size * scale;
    picture::paint(ui, shown, egui::Rect::from_min_size(rect.min, size));
}
