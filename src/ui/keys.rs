//! Arrow keys inside of a widget that has cells, or a place on it that moves.

use egui::{EventFilter, Key, Modifiers, Rect, Response, Stroke, StrokeKind, Ui};

use super::theme;

/// How far the arrow keys lead in a widget that has the keyboard, right and down. Without this they would lead
/// to another widget.
pub(super) fn arrows(ui: &Ui, response: &Response) -> [isize; 2] {
    arrows_with(ui, response, Modifiers::NONE)
}

/// As [`arrows`], together with other keys.
pub(super) fn arrows_with(ui: &Ui, response: &Response, modifiers: Modifiers) -> [isize; 2] {
    if !response.has_focus() {
        return [0, 0];
    }
    let filter =
        EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed =
        |key| ui.input_mut(|input| input.count_and_consume_key(modifiers, key)).cast_signed();
    [
        pressed(Key::ArrowRight) - pressed(Key::ArrowLeft),
        pressed(Key::ArrowDown) - pressed(Key::ArrowUp),
    ]
}

/// How far an arrow key moves a place, in shares of the side that it moves along.
const STRIDE: f32 = 0.05;
/// The same with Shift.
const FINE_STRIDE: f32 = 0.01;

/// How far the arrow keys move a place in a widget that has the keyboard, right and down, in shares of its sides.
pub(super) fn strides(ui: &Ui, response: &Response) -> Option<[f32; 2]> {
    // First: the arrows alone would take those with Shift, too.
    let fine = arrows_with(ui, response, Modifiers::SHIFT);
    let way = arrows(ui, response);
    let is_pressed = [way, fine] != [[0, 0]; 2];
    let stride = |axis: usize| way[axis] as f32 * STRIDE + fine[axis] as f32 * FINE_STRIDE;
    is_pressed.then(|| [stride(0), stride(1)])
}

/// Where arrows lead from a place among `count`, which lie row by row in `columns`: not beyond a border.
pub(super) fn walk(place: usize, [right, down]: [isize; 2], columns: usize, count: usize) -> usize {
    let columns = columns.max(1);
    let (row, column) = ((place / columns).cast_signed(), (place % columns).cast_signed());
    let last_row = (count.saturating_sub(1) / columns).cast_signed();
    let row = (row + down).clamp(0, last_row);
    let column = (column + right).clamp(0, columns.cast_signed() - 1);
    let to = (row * columns.cast_signed() + column).cast_unsigned();
    // The last row may be short.
    if to < count { to } else { place.min(count.saturating_sub(1)) }
}

/// Keys of a view while it has the keyboard: how they are written, and what they do.
pub(super) type Listed = (&'static str, &'static str);

/// Shows which widget has the keyboard.
pub(super) fn focus_ring(ui: &Ui, response: &Response, rect: Rect) {
    if response.has_focus() {
        let stroke = Stroke::new(1.0, theme::colours().accent);
        ui.painter().rect_stroke(rect.expand(2.0), 1.0, stroke, StrokeKind::Outside);
    }
}
