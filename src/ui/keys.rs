//! Arrow keys inside of a widget that has cells.

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

/// Shows which widget has the keyboard.
pub(super) fn focus_ring(ui: &Ui, response: &Response, rect: Rect) {
    if response.has_focus() {
        let stroke = Stroke::new(1.0, theme::colours().accent);
        ui.painter().rect_stroke(rect.expand(2.0), 1.0, stroke, StrokeKind::Outside);
    }
}
