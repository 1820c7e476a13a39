//! How many bits each code of the picture takes, or how much it attends to a word, as a map of its cells.

use egui::{Label, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::is_masked;
use super::words::{self, WordsView, of_cell, percent};
use crate::language::tr;
use crate::sample::Words;
use crate::session::prior::{Bits, PriorLine};
use crate::ui::lattice::Lattice;
use crate::ui::{Scene, theme};

/// The title above the map and the scale and the numbers below, in points.
pub(super) const AROUND: f32 = 92.0;
/// The height of the scale below.
const SCALE: f32 = 8.0;

pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    line: &PriorLine,
    side: f32,
    view: &mut WordsView,
) {
    view.cell = None;
    if let (Some(words), Some(word)) = (scene.prior.words(), view.word) {
        return attention(ui, scene, line, side, words, (view.layer, word));
    }
    let title = tr!("Bits of the picture's codes");
    let hint = if is_masked(line) {
        tr!("How unlikely the prior finds each code of the picture, given all others, in bits.")
    } else {
        tr!(
            "How unlikely the prior finds each code of the picture, given those before it, in bits."
        )
    };
    ui.add(Label::new(theme::muted(title).small()).truncate()).on_hover_text(hint);
    let Some(bits) = scene.prior.bits() else {
        ui.label(theme::muted(tr!("They are being measured.")));
        return;
    };
    let of_cell = |cell: usize| -> f32 {
        let places = cell * line.per_cell..(cell + 1) * line.per_cell;
        bits.bits.get(places).map_or(0.0, |bits| bits.iter().sum())
    };
    let most = (0..cells(line)).map(of_cell).fold(f32::MIN_POSITIVE, f32::max);
    let mean = bits.sum() / bits.bits.len().max(1) as f32;
    let (lattice, response) = map(ui, scene, line, side, |cell| of_cell(cell) / most);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, title);
        info.current_text_value = Some(told(bits, mean));
        info
    });
    view.cell = response.hover_pos().and_then(|at| lattice.cell_at(at));
    if let Some(cell) = view.cell {
        response.on_hover_ui_at_pointer(|ui| {
            tell_cell(ui, bits, line, cell);
            if let Some(known) = scene.prior.words() {
                words::tell_cell(ui, known, line, view.layer, cell);
            }
        });
    }
    scale(ui, lattice.rect.width(), tr!("0 to {} bits", format_args!("{most:.1}")));
    ui.add(Label::new(theme::number(told(bits, mean)).small()).extend());
}

/// How much each cell attends to a word.
fn attention(
    ui: &mut Ui,
    scene: &Scene<'_>,
    line: &PriorLine,
    side: f32,
    words: &Words,
    (layer, word): (Option<usize>, usize),
) {
    let title = tr!("Attention to \"{}\"", words.words[word]);
    ui.add(Label::new(theme::muted(title.as_str()).small()).truncate());
    let share = |cell: usize| of_cell(words, line, layer, cell, word);
    let shares: Vec<f32> = (0..cells(line)).map(share).collect();
    let most = shares.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mean = percent(shares.iter().sum::<f32>() / shares.len().max(1) as f32);
    let (lattice, response) = map(ui, scene, line, side, |cell| shares[cell] / most);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, &title);
        info.current_text_value = Some(tr!("{} % on average", mean));
        info
    });
    scale(ui, lattice.rect.width(), tr!("0 to {} %", percent(most)));
    ui.add(Label::new(theme::number(tr!("{} % on average", mean)).small()).extend());
}

fn cells(line: &PriorLine) -> usize {
    line.grid[0] * line.grid[1]
}

/// The cells with values between 0 and 1; those that are erased have a cross.
fn map(
    ui: &mut Ui,
    scene: &Scene<'_>,
    line: &PriorLine,
    side: f32,
    value: impl Fn(usize) -> f32,
) -> (Lattice, Response) {
    let (square, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    let lattice = Lattice::square_cells(ui, square, line.grid, 1);
    lattice.fill(ui, |cell| Some(theme::viridis(value(cell))));
    let mut erased: Vec<usize> =
        scene.prior.erased().iter().map(|cell| cell % cells(line).max(1)).collect();
    erased.sort_unstable();
    erased.dedup();
    for cell in erased {
        cross(ui, lattice.cell_rect(cell));
    }
    (lattice, response)
}

/// The mark of a cell that is erased.
fn cross(ui: &Ui, cell: Rect) {
    let stroke = Stroke::new(1.5, theme::colours().lit);
    let at = cell.shrink(cell.width() * 0.25);
    ui.painter().line_segment([at.left_top(), at.right_bottom()], stroke);
    ui.painter().line_segment([at.right_top(), at.left_bottom()], stroke);
}

fn told(bits: &Bits, mean: f32) -> String {
    let (sum, mean) = (format!("{:.0}", bits.sum()), format!("{mean:.2}"));
    tr!("{} bits, {} a code", sum, mean)
}

fn tell_cell(ui: &mut Ui, bits: &Bits, line: &PriorLine, cell: usize) {
    for place in cell * line.per_cell..(cell + 1) * line.per_cell {
        let (Some(code), Some(bits)) = (bits.codes.get(place), bits.bits.get(place)) else {
            continue;
        };
        let percent = format!("{:.2}", 100.0 * (-bits).exp2());
        ui.label(tr!(
            "Code {}: {} bits, a probability of {} %",
            code,
            format_args!("{bits:.2}"),
            percent
        ));
    }
}

/// From nothing to the most that a cell has.
fn scale(ui: &mut Ui, width: f32, told: String) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, SCALE), Sense::hover());
    let steps = 32;
    for step in 0..steps {
        let [from, to] =
            [step, step + 1].map(|at| rect.left() + rect.width() * at as f32 / steps as f32);
        let part = Rect::from_min_max(pos2(from, rect.top()), pos2(to, rect.bottom()));
        let colour = theme::viridis(step as f32 / (steps - 1) as f32);
        ui.painter().rect_filled(part, 0.0, colour);
    }
    ui.label(theme::muted(told).small());
}
