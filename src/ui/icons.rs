//! Small pictures on buttons, drawn from lines.

use egui::{Color32, Painter, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use crate::session::canvas::Tool;

/// Draws a tool into a square.
pub(super) fn tool(painter: &Painter, square: Rect, tool: Tool, ink: Color32) {
    // On a grid of 16 by 16.
    let unit = square.width() / 16.0;
    let at = |x: f32, y: f32| square.min + vec2(x, y) * unit;
    let rect =
        |x: f32, y: f32, right: f32, down: f32| Rect::from_min_max(at(x, y), at(right, down));
    let line = Stroke::new(1.4 * unit, ink);
    match tool {
        Tool::Select => {
            let corners =
                [at(2.5, 3.0), at(13.5, 3.0), at(13.5, 13.0), at(2.5, 13.0), at(2.5, 3.0)];
            painter.extend(Shape::dashed_line(&corners, line, 2.6 * unit, 2.0 * unit));
        }
        Tool::Brush => {
            painter.line_segment([at(13.5, 2.5), at(8.0, 8.5)], Stroke::new(2.4 * unit, ink));
            painter.circle_filled(at(5.5, 11.0), 2.9 * unit, ink);
            painter.line_segment([at(4.5, 11.5), at(2.0, 14.0)], line);
        }
        Tool::Pick => {
            painter.circle_filled(at(12.2, 3.8), 2.6 * unit, ink);
            painter.line_segment([at(8.2, 4.8), at(11.2, 7.8)], Stroke::new(2.0 * unit, ink));
            painter.line_segment([at(9.5, 6.5), at(4.0, 12.0)], Stroke::new(2.0 * unit, ink));
            painter.line_segment([at(4.0, 12.0), at(2.2, 13.8)], line);
        }
        Tool::Fill => {
            let corners = [at(7.0, 2.5), at(12.5, 8.0), at(7.5, 13.0), at(2.0, 7.5)];
            painter.add(Shape::closed_line(corners.to_vec(), line));
            painter.line_segment([at(3.2, 8.0), at(11.5, 8.0)], line);
            painter.circle_filled(at(13.6, 12.2), 1.8 * unit, ink);
        }
        Tool::Clone => {
            painter.rect_stroke(rect(2.0, 2.0, 9.5, 9.5), 0.0, line, StrokeKind::Inside);
            painter.rect_filled(rect(6.5, 6.5, 14.0, 14.0), 0.0, ink);
        }
        Tool::Erase => {
            let corners = [at(9.0, 2.5), at(14.0, 7.5), at(8.0, 13.5), at(3.0, 8.5)];
            painter.add(Shape::closed_line(corners.to_vec(), line));
            painter.line_segment([at(6.0, 5.5), at(11.0, 10.5)], line);
            painter.line_segment([at(2.0, 14.0), at(14.0, 14.0)], line);
        }
        Tool::Paste => {
            painter.rect_stroke(rect(3.0, 3.0, 13.0, 14.5), 0.0, line, StrokeKind::Inside);
            painter.rect_filled(rect(5.8, 1.2, 10.2, 4.8), 0.0, ink);
            for y in [8.0, 11.0] {
                painter.line_segment([at(5.5, y), at(10.5, y)], line);
            }
        }
    }
}

/// Crosses a tile out, so that it is told apart by form.
pub(super) fn cross(painter: &Painter, square: Rect, ink: Color32) {
    let stroke = Stroke::new(1.0, ink);
    let [a, b] = [square.left_top(), square.right_bottom()];
    painter.line_segment([a, b], stroke);
    painter.line_segment([pos2(b.x, a.y), pos2(a.x, b.y)], stroke);
    painter.rect_stroke(square, 0.0, stroke, StrokeKind::Inside);
}

/// Stripes over the lower right of a tile.
pub(super) fn hatch(painter: &Painter, square: Rect, ink: Color32) {
    let side = square.width();
    for share in [0.25, 0.5, 0.75] {
        let reach = share * side;
        let ends = [
            pos2(square.right() - reach, square.bottom()),
            pos2(square.right(), square.bottom() - reach),
        ];
        painter.line_segment(ends, Stroke::new(1.0, ink));
    }
}
