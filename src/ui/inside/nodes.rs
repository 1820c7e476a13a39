//! The nodes of a network in their order, one a row.

use egui::{Align2, FontId, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::language::{told, tr, tr_later};
use crate::metrics::NodeSpread;
use crate::session::inside::{Inside, NodeLine};
use crate::ui::words::{grouped, measure};
use crate::ui::{Command, keys, theme};

/// The height of a row.
const ROW: f32 = 20.0;
/// The least that the name and the operation take.
const LEAST_NAME: f32 = 120.0;

/// Words with less room than this are left out.
const LEAST_TEXT: f32 = 28.0;

/// A column of numbers: its heading, what it means, its width.
type Column = (&'static str, &'static str, f32);

/// The columns, the one that is needed most first: where there is no room for all, the first ones stay.
const COLUMNS: [Column; 6] = [
    (tr_later!("shape"), tr_later!("Channels, rows and columns of its values."), 72.0),
    ("FLOPs", tr_later!("Its share of the network's floating-point operations."), 50.0),
    (
        tr_later!("time"),
        tr_later!("How long it takes for one picture. Measured while the hand rests."),
        56.0,
    ),
    (
        tr_later!("dead"),
        tr_later!(
            "Channels and entries of a vector that say nothing: they have one value everywhere."
        ),
        38.0,
    ),
    (
        tr_later!("mean ± dev."),
        tr_later!("Mean and deviation of its values. Measured while the hand rests."),
        104.0,
    ),
    (tr_later!("weights"), tr_later!("Values in the weights that it reads."), 64.0),
];

pub(super) fn show(ui: &mut Ui, inside: &Inside, out: &mut Vec<Command>) {
    let width = ui.available_width() - 14.0;
    let mut left = width - LEAST_NAME;
    let columns: Vec<Column> = COLUMNS
        .into_iter()
        .take_while(|(_, _, width)| {
            left -= width;
            left >= 0.0
        })
        .collect();
    let numbers: f32 = columns.iter().map(|(_, _, width)| width).sum();
    let name = width - numbers;
    heading(ui, inside, &columns, [name, width]);
    let lines = inside.lines();
    let chosen = lines.iter().position(|line| Some(line.name.as_str()) == inside.chosen());
    let list = ui.available_rect_before_wrap();
    let response =
        ui.interact(list, ui.scope_id().with("nodes"), Sense::focusable_noninteractive());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ListBox, true, tr!("Nodes of the network"));
        info.current_text_value = inside.chosen().map(str::to_owned);
        info
    });
    let [_, down] = keys::arrows(ui, &response);
    if let (Some(chosen), true) = (chosen, down != 0) {
        let to = chosen.saturating_add_signed(down).min(lines.len() - 1);
        out.push(Command::LookAt(lines[to].name.clone()));
    }
    keys::focus_ring(ui, &response, list);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().id_salt("nodes").auto_shrink([false, false]);
    area.show_rows(ui, ROW, lines.len(), |ui, rows| {
        for index in rows {
            let is_chosen = Some(index) == chosen;
            if row(ui, inside, &lines[index], is_chosen, &columns, [name, width]) {
                response.request_focus();
                out.push(Command::LookAt(lines[index].name.clone()));
            }
        }
    });
}

fn heading(ui: &mut Ui, inside: &Inside, columns: &[Column], [name, width]: [f32; 2]) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, 16.0), Sense::hover());
    let font = egui::TextStyle::Small.resolve(ui.style());
    let at = rect.left_center() + vec2(4.0, 0.0);
    ui.painter().text(at, Align2::LEFT_CENTER, tr!("node"), font.clone(), theme::colours().muted);
    let mut right = rect.left() + name;
    for (title, hint, width) in columns {
        right += width;
        let cell = Rect::from_min_max(pos2(right - width, rect.top()), pos2(right, rect.bottom()));
        ui.painter().text(
            cell.right_center() - vec2(4.0, 0.0),
            Align2::RIGHT_CENTER,
            told(title),
            font.clone(),
            theme::colours().muted,
        );
        let response = ui.interact(cell, ui.scope_id().with(title), Sense::hover());
        let more = match (*title, inside.measured()) {
            ("time", Some(measured)) => tr!(" By {}.", measured.engine),
            ("dead", Some(measured)) if measured.images > 1 => {
                tr!(
                    " Judged by {} images: the one that is shown, and watched ones or draws.",
                    measured.images
                )
            }
            ("dead", _) => {
                tr!(" Judged by this picture alone: in another one they may say something.")
                    .to_owned()
            }
            _ => String::new(),
        };
        response.on_hover_text(format!("{}{more}", told(hint)));
    }
}

/// One node; whether it was clicked.
fn row(
    ui: &mut Ui,
    inside: &Inside,
    line: &NodeLine,
    is_chosen: bool,
    columns: &[Column],
    [name, width]: [f32; 2],
) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
    let measured = inside.measured();
    let spread = measured.and_then(|measured| measured.spreads.get(&line.name));
    let secs = measured.and_then(|measured| measured.secs.get(&line.name)).copied();
    response.widget_info(|| {
        let label = format!("{}: {}, {}", line.name, line.op, shape(line));
        WidgetInfo::selected(Role::Button, true, is_chosen, label)
    });
    if is_chosen || response.hovered() {
        let colour =
            if is_chosen { ui.visuals().selection.bg_fill } else { theme::colours().empty };
        ui.painter().rect_filled(rect, 2.0, colour);
    }
    let changed = inside.changes().iter().any(|change| change.node == line.name);
    let colour = if changed { theme::colours().accent } else { ui.visuals().text_color() };
    let mut at = rect.left() + 4.0;
    for (text, style, colour) in [
        (&line.name, egui::TextStyle::Body, colour),
        (&line.op, egui::TextStyle::Small, theme::colours().muted),
    ] {
        let room = rect.left() + name - 8.0 - at;
        if room >= LEAST_TEXT {
            let text = egui::WidgetText::from(egui::RichText::new(text).color(colour));
            let truncate = Some(egui::TextWrapMode::Truncate);
            let galley = text.into_galley(ui, truncate, room, style);
            let (size, middle) = (galley.size(), rect.center().y);
            ui.painter().galley(pos2(at, middle - 0.5 * size.y), galley, colour);
            at += size.x + 8.0;
        }
    }
    let mut right = rect.left() + name;
    for (title, _, width) in columns {
        right += width;
        let (text, colour) = cell(title, line, spread, secs);
        let at = pos2(right - 4.0, rect.center().y);
        let font = FontId::monospace(11.0);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, font, colour);
    }
    let clicked = response.clicked();
    let images = measured.map_or(1, |measured| measured.images);
    response.on_hover_ui(|ui| tell(ui, line, spread, images, secs));
    clicked
}

/// What a column says of a node.
fn cell(
    title: &str,
    line: &NodeLine,
    spread: Option<&NodeSpread>,
    secs: Option<f64>,
) -> (String, egui::Color32) {
    let muted = theme::colours().muted;
    match title {
        "shape" => (shape(line), muted),
        "weights" if line.parameters == 0 => ("–".to_owned(), muted),
        "weights" => (short(line.parameters), muted),
        "FLOPs" if line.share == 0.0 => ("–".to_owned(), muted),
        "FLOPs" => (format!("{:.1} %", 100.0 * line.share), muted),
        "time" => (secs.map_or_else(|| "–".to_owned(), time), muted),
        "dead" => match spread {
            None => ("–".to_owned(), muted),
            Some(NodeSpread { dead: 0, .. }) => ("0".to_owned(), muted),
            Some(spread) => (grouped(spread.dead as u64), theme::colours().hatch),
        },
        _ => match spread {
            None => ("–".to_owned(), muted),
            Some(NodeSpread { all, .. }) if all.not_finite > 0 => {
                (tr!("not finite").to_owned(), theme::colours().error)
            }
            Some(NodeSpread { all, .. }) => {
                (format!("{} ± {}", measure(all.mean), measure(all.deviation)), muted)
            }
        },
    }
}

fn tell(
    ui: &mut Ui,
    line: &NodeLine,
    spread: Option<&NodeSpread>,
    images: usize,
    secs: Option<f64>,
) {
    ui.label(theme::heading(&line.name));
    ui.label(format!("{}, {}", line.op, shape(line)));
    let weights = grouped(line.parameters as u64);
    ui.label(tr!(
        "{} weights, {} % of all operations",
        weights,
        format_args!("{:.1}", 100.0 * line.share)
    ));
    if let Some(NodeSpread { all, channels, dead }) = spread {
        let (low, high) = (measure(all.min), measure(all.max));
        ui.label(tr!("mean {}, deviation {}", measure(all.mean), measure(all.deviation)));
        ui.label(tr!("from {} to {}", low, high));
        ui.label(if images > 1 {
            tr!("{} of {} channels dead in all of {} images", dead, channels, images)
        } else {
            tr!("{} of {} channels dead, judged by this picture alone", dead, channels)
        });
        if all.not_finite > 0 {
            let text = tr!("{} values are no numbers", grouped(all.not_finite as u64));
            ui.label(egui::RichText::new(text).color(theme::colours().error));
        }
    } else {
        ui.label(theme::muted(tr!("Its values are measured while the hand rests.")));
    }
    if let Some(secs) = secs {
        ui.label(tr!("{} for one picture", time(secs)));
    }
}

fn shape(line: &NodeLine) -> String {
    let sides: Vec<String> = line.shape.iter().map(ToString::to_string).collect();
    sides.join("×")
}

/// A number of weights, for example `1.2 M`.
fn short(count: usize) -> String {
    match count {
        0..10_000 => grouped(count as u64),
        10_000..1_000_000 => format!("{:.0} k", count as f64 / 1e3),
        _ => format!("{:.1} M", count as f64 / 1e6),
    }
}

/// A time for people, for example `12 µs` or `3.4 ms`.
pub(in crate::ui) fn time(secs: f64) -> String {
    match secs {
        0.0..1e-3 => format!("{:.0} µs", secs * 1e6),
        1e-3..0.1 => format!("{:.1} ms", secs * 1e3),
        0.1..1.0 => format!("{:.0} ms", secs * 1e3),
        _ => format!("{secs:.1} s"),
    }
}
