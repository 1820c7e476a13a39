//! How many bits each code of the picture takes, as a map of its cells.

use egui::{Label, Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::is_masked;
use crate::language::tr;
use crate::session::prior::{Bits, PriorLine};
use crate::ui::lattice::Lattice;
use crate::ui::{Scene, theme};

/// The title above the map and the scale and the numbers below, in points.
pub(super) const AROUND: f32 = 92.0;
/// The height of the scale below.
const SCALE: f32 = 8.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, line: &PriorLine, side: f32) {
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
    let [rows, columns] = line.grid;
    let cells = rows * columns;
    let of_cell = |cell: usize| -> f32 {
        let places = cell * line.per_cell..(cell + 1) * line.per_cell;
        bits.bits.get(places).map_or(0.0, |bits| bits.iter().sum())
    };
    let most = (0..cells).map(of_cell).fold(f32::MIN_POSITIVE, f32::max);
    let (square, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    let lattice = Lattice::square_cells(ui, square, line.grid, 1);
    lattice.fill(ui, |cell| Some(theme::viridis(of_cell(cell) / most)));
    let mean = bits.sum() / bits.bits.len().max(1) as f32;
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, title);
        info.current_text_value = Some(told(bits, mean));
        info
    });
    if let Some(cell) = response.hover_pos().and_then(|at| lattice.cell_at(at)) {
        response.on_hover_ui_at_pointer(|ui| tell_cell(ui, bits, line, cell));
    }
    scale(ui, lattice.rect.width(), most);
    ui.add(Label::new(theme::number(told(bits, mean)).small()).extend());
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

/// From no bits to the most that a cell has.
fn scale(ui: &mut Ui, width: f32, most: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width, SCALE), Sense::hover());
    let steps = 32;
    for step in 0..steps {
        let [from, to] =
            [step, step + 1].map(|at| rect.left() + rect.width() * at as f32 / steps as f32);
        let part = Rect::from_min_max(pos2(from, rect.top()), pos2(to, rect.bottom()));
        let colour = theme::viridis(step as f32 / (steps - 1) as f32);
        ui.painter().rect_filled(part, 0.0, colour);
    }
    ui.label(theme::muted(tr!("0 to {} bits", format_args!("{most:.1}"))).small());
}
