//! Cells over a rectangle: where each lies, and what is painted into them.

use egui::{Color32, Mesh, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::theme;

/// Cells of this many points or more have a gap between them, and outlines.
const WITH_GAP: f32 = 8.0;

/// `rows` by `columns` cells over a rectangle, row by row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lattice {
    /// What they cover.
    pub rect: Rect,
    /// The size of a cell.
    pub cell: Vec2,
    columns: usize,
    rows: usize,
    gap: f32,
}

impl Lattice {
    /// Cells of `shape`, rows and columns, that cover a picture.
    pub(super) fn over(rect: Rect, [rows, columns]: [usize; 2]) -> Self {
        let cell = rect.size() / vec2(columns.max(1) as f32, rows.max(1) as f32);
        Self { rect, cell, columns, rows, gap: 0.0 }
    }

    /// Square cells of `shape`, whole pixels wide, as large as they fit into a square, at its top left.
    pub(super) fn square_cells(ui: &Ui, square: Rect, [rows, columns]: [usize; 2]) -> Self {
        let pixel = 1.0 / ui.pixels_per_point();
        let side = square.width() / rows.max(columns).max(1) as f32;
        let side = if side > pixel { (side / pixel).floor() * pixel } else { side };
        let size = side * vec2(columns as f32, rows as f32);
        let gap = if side >= WITH_GAP { pixel } else { 0.0 };
        let rect = Rect::from_min_size(square.min, size);
        Self { rect, cell: Vec2::splat(side), columns, rows, gap }
    }

    /// The cell under a point.
    pub(super) fn cell_at(&self, at: Pos2) -> Option<usize> {
        if !self.rect.contains(at) {
            return None;
        }
        let place = (at - self.rect.min) / self.cell;
        let (row, column) = (place.y as usize, place.x as usize);
        (row < self.rows && column < self.columns).then_some(row * self.columns + column)
    }

    /// The point nearest to one that lies over a cell.
    pub(super) fn clamp(&self, at: Pos2) -> Pos2 {
        self.rect.shrink(0.01).clamp(at)
    }

    /// Where a cell lies.
    pub(super) fn cell_rect(&self, cell: usize) -> Rect {
        let columns = self.columns.max(1);
        let place = vec2((cell % columns) as f32, (cell / columns) as f32);
        Rect::from_min_size(self.rect.min + place * self.cell, self.cell - Vec2::splat(self.gap))
    }

    /// Fills the cells that have a colour, in one shape.
    pub(super) fn fill(&self, ui: &Ui, colour: impl Fn(usize) -> Option<Color32>) {
        let mut mesh = Mesh::default();
        for cell in 0..self.rows * self.columns {
            if let Some(colour) = colour(cell) {
                mesh.add_colored_rect(self.cell_rect(cell), colour);
            }
        }
        ui.painter().add(Shape::mesh(mesh));
    }

    /// Outlines the cells that have a code, where they are large enough.
    pub(super) fn outline(&self, ui: &Ui, codes: &[u32], code: usize) {
        if self.cell.min_elem() < WITH_GAP {
            return;
        }
        let stroke = Stroke::new(1.0, theme::LIT);
        for (cell, _) in codes.iter().enumerate().filter(|(_, found)| **found as usize == code) {
            ui.painter().rect_stroke(self.cell_rect(cell), 0.0, stroke, StrokeKind::Inside);
        }
    }

    /// Draws a line above a row, which begins something else.
    pub(super) fn part_rows(&self, ui: &Ui, row: usize) {
        let y = self.rect.top() + row as f32 * self.cell.y - 0.5 * self.gap;
        ui.painter().hline(self.rect.x_range(), y, Stroke::new(2.0, theme::LIT));
    }

    /// Cuts a corner off a cell, as a sign.
    pub(super) fn mark_corner(&self, ui: &Ui, cell: usize) {
        let rect = self.cell_rect(cell);
        let side = (self.cell.x * 0.35).clamp(2.0, 9.0);
        let corner = |size: f32| {
            let tip = rect.right_top();
            vec![tip, tip - vec2(size, 0.0), pos2(tip.x, tip.y + size)]
        };
        let painter = ui.painter();
        painter.add(Shape::convex_polygon(corner(side + 1.5), theme::STAGE, Stroke::NONE));
        painter.add(Shape::convex_polygon(corner(side), theme::LIT, Stroke::NONE));
    }
}
