//! Beside the map: the images that were selected, and those nearest to a point.

use egui::{Label, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, vec2};

use super::tell::tell;
use super::{MapScene, MapView};
use crate::language::tr;
use crate::latent::Metric;
use crate::session::map::Ask;
use crate::ui::words::{grouped, measure};
use crate::ui::{Command, Scene, SheetOf, SheetPaths, save, theme};

/// The side of a tile in points.
const TILE: f32 = 40.0;
const GAP: f32 = 2.0;

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut MapView,
    paths: &mut SheetPaths,
    out: &mut Vec<Command>,
) {
    let map = scene.map;
    ui.spacing_mut().item_spacing = vec2(4.0, 3.0);
    if let Some(point) = map.state.chosen() {
        neighbours(ui, map, view, point, out);
    }
    let selected = map.state.selected();
    if selected.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let count = grouped(selected.len() as u64);
        ui.label(theme::heading(&tr!("{} selected", count)));
        let hint = tr!("Select nothing. Esc on the map does so too.");
        if ui.small_button(tr!("Deselect")).on_hover_text(hint).clicked() {
            out.push(Command::Map(Ask::Deselect));
        }
        save::sheet(ui, tr!("Save…"), SheetOf::Selection, paths, out);
    });
    let counts = by_class(map);
    if !counts.is_empty() {
        ui.add(Label::new(theme::muted(counts).small()).wrap())
            .on_hover_text(tr!("How many of the selected points each class has."));
    }
    let room = ui.available_width() - 12.0;
    let columns = ((room + GAP) / (TILE + GAP)).floor().max(1.0) as usize;
    let rows = selected.len().div_ceil(columns);
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, TILE, rows, |ui, shown| {
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        for row in shown {
            let tiles = &selected[row * columns..selected.len().min((row + 1) * columns)];
            ui.horizontal(|ui| {
                for &point in tiles {
                    tile(ui, map, view, point, None, out);
                }
            });
        }
    });
}

/// How many of the selected points each class has, most first.
fn by_class(map: MapScene<'_>) -> String {
    let counts = map.state.selected_by_class(map.classes.len());
    if map.classes.is_empty() {
        return String::new();
    }
    let names = map.classes.iter().map(String::as_str).chain([tr!("without a class")]);
    let mut counts: Vec<(&str, usize)> =
        names.zip(counts).filter(|(_, count)| *count > 0).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let told = counts.iter().map(|(name, count)| format!("{name} {}", grouped(*count as u64)));
    told.collect::<Vec<_>>().join(" · ")
}

/// A point and those whose latents are nearest to its own.
fn neighbours(
    ui: &mut Ui,
    map: MapScene<'_>,
    view: &mut MapView,
    point: u32,
    out: &mut Vec<Command>,
) {
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::heading(tr!("Nearest in latent space")));
        for (metric, name, hint) in [
            (Metric::Euclidean, tr!("Euclidean"), tr!("By the length of the way between latents.")),
            (
                Metric::Cosine,
                tr!("Cosine"),
                tr!("By the angle between latents: one minus its cosine."),
            ),
        ] {
            let is_on = map.state.metric() == metric;
            if ui.selectable_label(is_on, name).on_hover_text(hint).clicked() {
                out.push(Command::Map(Ask::Measure(metric)));
            }
        }
        if ui.small_button(tr!("Close")).on_hover_text(tr!("Choose no point.")).clicked() {
            out.push(Command::Map(Ask::Choose(None)));
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(GAP);
        tile(ui, map, view, point, None, out);
        ui.add_space(6.0);
        let Some(near) = map.state.near() else {
            ui.label(theme::muted(tr!("searching…")).small());
            return;
        };
        for &(other, distance) in &near.points {
            tile(ui, map, view, other, Some(distance), out);
        }
    });
    ui.label(theme::muted(map.name_of(point)).small());
    ui.add_space(4.0);
}

/// The image of a point; a click takes the explorer there.
fn tile(
    ui: &mut Ui,
    map: MapScene<'_>,
    view: &mut MapView,
    point: u32,
    distance: Option<f32>,
    out: &mut Vec<Command>,
) {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(TILE), Sense::click());
    view.want(point);
    map.thumbs.paint(ui, point, Rect::from_center_size(rect.center(), Vec2::splat(TILE)));
    let name = map.name_of(point);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    crate::ui::keys::focus_ring(ui, &response, rect);
    if response.hovered() {
        theme::frame_around(ui, rect.shrink(1.0));
    }
    if response.clicked()
        && let Some(latent) = map.state.latent(point)
    {
        view.cursor = Some(point);
        out.push(Command::BeginEdit);
        out.push(Command::SetLatent(latent.to_vec()));
        out.push(Command::Map(Ask::Choose(Some(point))));
    }
    response.on_hover_ui(|ui| {
        tell(ui, map, point);
        if let Some(distance) = distance {
            ui.label(theme::muted(tr!("{} away", measure(distance))).small());
        }
    });
}
