//! The table: a row a run.

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Button, Checkbox, Color32, FontId, Modifiers, Rect, Role, ScrollArea, Sense, TextStyle, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::super::words::{bytes, duration, grouped};
use super::super::{Command, Scene, theme};
use super::{RunsView, steps, training};
use crate::formats::run_list::{Ended, RunSummary};
use crate::language::{told, tr};
use crate::session::runs::{Column, Standing, date};

/// A row, in points.
const ROW: f32 = 22.0;
/// What chooses a row, before all columns.
const CHECK: f32 = 24.0;
/// On either side of what is in a cell.
const PADDING: f32 = 4.0;
/// The room that a vertical scroll bar takes.
const BAR: f32 = 12.0;
/// Notes take what is left, at least this much.
const LEAST_NOTES: f32 = 76.0;

fn width(column: Column) -> f32 {
    match column {
        Column::Name => 124.0,
        Column::Recipe | Column::Codes => 60.0,
        Column::State | Column::Psnr | Column::Frechet => 72.0,
        Column::Elbo | Column::Trained => 84.0,
        Column::Data => 96.0,
        Column::Steps => 104.0,
        Column::Changed => 132.0,
        Column::Bytes => 58.0,
        Column::Notes => LEAST_NOTES,
    }
}

/// Columns that are left out where there is no room, the first of them first.
const FIRST_LEFT_OUT: [Column; 9] = [
    Column::Trained,
    Column::Bytes,
    Column::Data,
    Column::Recipe,
    Column::Changed,
    Column::Codes,
    Column::Frechet,
    Column::Elbo,
    Column::Psnr,
];

/// The columns that tell something of some run and have room, with their widths. What is left out is told when the
/// pointer rests on a run.
fn columns(all: &[RunSummary], room: f32) -> Vec<(Column, f32)> {
    let tells = |column: &Column| {
        column.measure().is_none_or(|name| all.iter().any(|run| run.measures.contains_key(name)))
    };
    let mut columns: Vec<(Column, f32)> =
        Column::ALL.into_iter().filter(tells).map(|column| (column, width(column))).collect();
    let used = |columns: &[(Column, f32)]| CHECK + columns.iter().map(|(_, w)| w).sum::<f32>();
    for column in FIRST_LEFT_OUT {
        if used(&columns) > room {
            columns.retain(|(other, _)| *other != column);
        }
    }
    let rest = room - used(&columns);
    if let Some((_, notes)) = columns.last_mut() {
        *notes = (*notes + rest).max(0.0);
    }
    columns
}

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    places: &[usize],
    view: &mut RunsView,
    out: &mut Vec<Command>,
) {
    let columns = columns(&scene.runs.all, ui.available_width() - BAR);
    let whole: f32 = CHECK + columns.iter().map(|(_, width)| width).sum::<f32>();
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    header(ui, &columns, view);
    let area = ScrollArea::vertical().auto_shrink([false, false]);
    area.show_rows(ui, ROW, places.len(), |ui, rows| {
        for row in rows {
            let run = &scene.runs.all[places[row]];
            if let Some(how) = line(ui, scene, run, &columns, whole, view, out) {
                choose(scene, places, row, how, view);
            }
        }
    });
}

/// The names of the columns, which sort.
fn header(ui: &mut Ui, columns: &[(Column, f32)], view: &mut RunsView) {
    let (rect, _) = ui.allocate_exact_size(
        vec2(CHECK + columns.iter().map(|(_, width)| width).sum::<f32>(), ROW),
        Sense::hover(),
    );
    let mut left = rect.left() + CHECK;
    for &(column, width) in columns {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, ROW));
        left += width;
        let is_sorted = view.column == column;
        let mark = match (is_sorted, view.falling) {
            (false, _) => "",
            (true, true) => "↓",
            (true, false) => "↑",
        };
        let mut child = ui.new_child(
            egui::UiBuilder::new()
                .max_rect(cell.with_min_x(cell.left() + PADDING))
                .layout(egui::Layout::left_to_right(egui::Align::Center)),
        );
        let mut text = LayoutJob::default();
        let small = TextStyle::Small.resolve(child.style());
        let ink =
            if is_sorted { child.visuals().strong_text_color() } else { theme::colours().muted };
        text.append(told(column.name()), 0.0, egui::TextFormat::simple(small, ink));
        // Other fonts lack arrows.
        let mono = FontId::monospace(11.0);
        text.append(mark, 3.0, egui::TextFormat::simple(mono, ink));
        let button = child.add(Button::new(text).frame(false).truncate());
        let label = tr!("Sort by {}", told(column.name()));
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        let hint = tr!("{} A click sorts by it.", told(column.hint()));
        if button.on_hover_text(hint).clicked() {
            view.falling = if is_sorted { !view.falling } else { column.falls_first() };
            view.column = column;
        }
    }
}

/// How a run was chosen.
enum How {
    /// By a click on it, with what was held down.
    Row(Modifiers),
    /// By its box.
    Check,
}

/// One run; tells how it was chosen.
fn line(
    ui: &mut Ui,
    scene: &Scene<'_>,
    run: &RunSummary,
    columns: &[(Column, f32)],
    whole: f32,
    view: &RunsView,
    out: &mut Vec<Command>,
) -> Option<How> {
    let standing = Standing::of(run, training(scene));
    let (id, rect) = ui.allocate_space(vec2(whole, ROW));
    // Its box lies beside it.
    let place = rect.with_min_x(rect.left() + CHECK);
    let response = ui.interact(place, id, Sense::click());
    let mut is_chosen = view.chosen.contains(&run.dir);
    let cells = cells(scene, run, standing);
    response.widget_info(|| {
        let mut info = WidgetInfo::selected(Role::Button, true, is_chosen, tr!("Run {}", run.name));
        info.current_text_value =
            Some(cells.iter().map(|(_, text)| &**text).collect::<Vec<_>>().join(", "));
        info
    });
    if is_chosen {
        ui.painter().rect_filled(rect, 2.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 2.0, theme::colours().empty);
    }
    let mut left = rect.left() + CHECK;
    for &(column, width) in columns {
        let text = cells.iter().find(|(of, _)| *of == column).map_or("", |(_, text)| text);
        let colour = match (column, standing) {
            (Column::State, Standing::Training) => theme::colours().accent,
            (Column::State, Standing::Damaged | Standing::Diverged) => theme::colours().error,
            (Column::Name, _) => ui.visuals().strong_text_color(),
            _ => ui.visuals().text_color(),
        };
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, ROW));
        paint(ui, cell, column, text, colour);
        left += width;
    }
    let place = Rect::from_min_size(rect.min, vec2(CHECK, ROW));
    let check = ui.put(place, Checkbox::without_text(&mut is_chosen));
    let label = tr!("Choose {}", run.name);
    check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_chosen, &label));
    let check = check.on_hover_text(tr!("Choose this run, beside others."));
    if response.double_clicked() && !matches!(run.ended, Ended::Damaged(_)) {
        out.push(Command::OpenPath(run.dir.clone()));
    }
    let clicked = response.clicked();
    response.on_hover_ui(|ui| hint(ui, run, &cells));
    let held = ui.input(|input| input.modifiers);
    match (check.changed(), clicked) {
        (true, _) => Some(How::Check),
        (_, true) => Some(How::Row(held)),
        _ => None,
    }
}

fn hint(ui: &mut Ui, run: &RunSummary, cells: &[(Column, String)]) {
    ui.label(run.dir.display().to_string());
    if let Ended::Damaged(why) = &run.ended {
        ui.colored_label(theme::colours().error, why);
    }
    for (column, text) in cells.iter().filter(|(column, _)| *column != Column::Notes) {
        ui.label(theme::muted(format!("{}: {text}", told(column.name()))));
    }
    if !run.notes.is_empty() {
        ui.label(&run.notes);
    }
    ui.label(theme::muted(tr!(
        "A click chooses it, with Ctrl beside others, with Shift all between; two clicks open it."
    )));
}

fn paint(ui: &Ui, cell: Rect, column: Column, text: &str, colour: Color32) {
    let is_number = column.falls_first();
    let style = if is_number { TextStyle::Monospace } else { TextStyle::Body };
    let mut job = LayoutJob::simple_singleline(text.to_owned(), style.resolve(ui.style()), colour);
    job.wrap = TextWrapping::truncate_at_width(cell.width() - 2.0 * PADDING);
    let galley = ui.painter().layout_job(job);
    let top = cell.center().y - 0.5 * galley.size().y;
    ui.painter().galley(pos2(cell.left() + PADDING, top), galley, colour);
}

/// What each column tells of a run.
fn cells(scene: &Scene<'_>, run: &RunSummary, standing: Standing) -> Vec<(Column, String)> {
    let tell = |column: Column| {
        if let Some(name) = column.measure() {
            let value = run.measures.get(name).copied().filter(|value| value.is_finite());
            return value.map_or_else(String::new, |value| measure(column, value));
        }
        let [done, all] = steps(scene, run, standing);
        let is_known = all > 0;
        match column {
            Column::Name => run.name.clone(),
            Column::State => told(standing.name()).to_owned(),
            Column::Recipe => run.recipe.clone(),
            Column::Data => short(&run.data),
            Column::Steps if is_known => format!("{}/{}", grouped(done), grouped(all)),
            Column::Changed if run.changed_secs > 0 => date(run.changed_secs),
            Column::Trained if is_known => duration(run.trained_secs),
            Column::Bytes => bytes(run.bytes),
            Column::Notes => run.notes.lines().collect::<Vec<_>>().join(" · "),
            _ => String::new(),
        }
    };
    Column::ALL
        .into_iter()
        .map(|column| (column, tell(column)))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

fn measure(column: Column, value: f64) -> String {
    match column {
        Column::Codes => format!("{value:.0}"),
        Column::Frechet => format!("{value:.3}"),
        _ => format!("{value:.2}"),
    }
}

/// Data without the folders on the way to it.
fn short(data: &str) -> String {
    let (kind, rest) = data.split_once(':').unwrap_or(("", data));
    let last = rest.rsplit(['/', '\\']).next().unwrap_or(rest);
    // A path often says it again.
    if last.starts_with(kind) { last.to_owned() } else { format!("{kind}: {last}") }
}

/// Changes which runs are chosen.
fn choose(scene: &Scene<'_>, places: &[usize], row: usize, how: How, view: &mut RunsView) {
    let dir = |row: usize| &scene.runs.all[places[row]].dir;
    let own = dir(row).clone();
    let begin = view.last.as_ref().and_then(|last| (0..places.len()).find(|&row| dir(row) == last));
    match (how, begin) {
        (How::Row(held), Some(begin)) if held.shift => {
            let rows = begin.min(row)..=begin.max(row);
            view.chosen.extend(rows.map(|row| dir(row).clone()));
            return;
        }
        (How::Row(held), _) if !held.command && !held.shift => {
            view.chosen.clear();
            view.chosen.insert(own.clone());
        }
        _ => {
            if !view.chosen.remove(&own) {
                view.chosen.insert(own.clone());
            }
        }
    }
    view.last = Some(own);
}
