//! Which codes stand beside the one in the inspector.

use egui::{Label, Layout, Ui};

use super::codebook_panel::select;
use super::codebook_view::CodebookView;
use super::words::{grouped, measure, percent};
use super::{CodesAsk, Command, Scene, code_pictures, code_tile, save, theme};
use crate::language::tr;
use crate::session::codebook::{Codebook, Direction, Pair};

/// Neighbours of each side that are shown.
const SHOWN: usize = 4;
/// A tile of a neighbour, in points.
const TILE: f32 = 20.0;

/// The most frequent neighbours on each side, with how probable they are.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    code: usize,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    let sides = view.beside(codebook, code).cloned();
    ui.add_space(4.0);
    ui.horizontal(|ui| heading(ui, codebook, sides.is_some(), &mut view.export_path, out));
    for (direction, pairs) in Direction::ALL.into_iter().zip(sides.iter().flatten()) {
        side(ui, scene, codebook, (direction, pairs), view, out);
    }
}

/// What the neighbours were counted in, and what is saved of all codes.
fn heading(
    ui: &mut Ui,
    codebook: &Codebook,
    is_counted: bool,
    path: &mut String,
    out: &mut Vec<Command>,
) {
    if is_counted {
        let images = codebook.survey.as_ref().map_or(0, |survey| survey.images);
        let hint = tr!(
            "Counted in the code maps of {} held-out images: of the cells with this code, how many have that one on \
             this side.",
            grouped(images as u64)
        );
        ui.label(theme::muted(tr!("Beside it")).small()).on_hover_text(hint);
    }
    ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
        if is_counted {
            let hint = tr!("Save how often every code stands beside every other as a CSV file.");
            if let Some(place) = save::button(ui, tr!("Save pairs…"), hint, path) {
                out.push(Command::Codes(CodesAsk::SavePairs(place.path())));
            }
        }
        let hint = tr!(
            "Save a row a code as a CSV file: uses, share, state, norm, nearest other code, place on the plane of the two first principal components."
        );
        if let Some(place) = save::button(ui, tr!("Save codes…"), hint, path) {
            out.push(Command::Codes(CodesAsk::SaveCodes(place.path())));
        }
    });
}

fn side(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    (direction, pairs): (Direction, &[Pair]),
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    let name = match direction {
        Direction::Left => tr!("Left"),
        Direction::Right => tr!("Right"),
        Direction::Above => tr!("Above"),
        Direction::Below => tr!("Below"),
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let height = if pairs.is_empty() { 16.0 } else { TILE };
        code_pictures::name(ui, name, height);
        if pairs.is_empty() {
            ui.add(Label::new(theme::muted(tr!("no code in the images seen")).small()).truncate());
        }
        let all: u64 = pairs.iter().map(|pair| pair.count).sum();
        for pair in pairs.iter().take(SHOWN) {
            let label = tr!("{}: code {}, {}", name, pair.code, percent(pair.count, all));
            let tile = code_tile::button(ui, scene, codebook, pair.code, TILE, &label, false);
            if tile.hovered() {
                view.hover(pair.code);
            }
            let told = tr!(
                "Code {} stands there in {} of {} cells ({}), {} times as often as beside any code.",
                pair.code,
                grouped(pair.count),
                grouped(all),
                percent(pair.count, all),
                measure(pair.lift as f32)
            );
            if tile.on_hover_text(&told).clicked() {
                select(view, pair.code, out);
            }
            let share = format!("{:.0}%", 100.0 * pair.share);
            ui.label(theme::muted(share).small()).on_hover_text(told);
        }
    });
}
