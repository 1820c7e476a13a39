//! Cells over a rectangle: where each lies, and what is painted into them.

use egui::{Color32, Mesh, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::theme;

/// Cells of this many points or more have a gap between them, and outlines.
const WITH_GAP: f32 = 8.0;

/// `rows` by `columns` cells over a rectangle, row by row; of several grids those of one before those of the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lattice {
    /// What they cover.
    pub rect: Rect,
    /// The size of a cell.
    pub cell: Vec2,
    columns: usize,
    rows: usize,
    /// Grids, and how many of them lie side by side.
    grids: [usize; 2],
    gap: f32,
}

impl Lattice {
    /// Cells of `shape`, rows and columns, that cover a picture.
    pub(super) fn over(rect: Rect, [rows, columns]: [usize; 2]) -> Self {
        let cell = rect.size() / vec2(columns.max(1) as f32, rows.max(1) as f32);
        Self { rect, cell, columns, rows, grids: [1, 1], gap: 0.0 }
    }

    /// Square cells of `grids` grids of `shape`, whole pixels wide, as large as they fit into a square, at its top
    /// left. Two grids lie one below the other, more of them as nearly in a square as they can.
    pub(super) fn square_cells(
        ui: &Ui,
        square: Rect,
        [rows, columns]: [usize; 2],
        grids: usize,
    ) -> Self {
        let pixel = 1.0 / ui.pixels_per_point();
        let grids = grids.max(1);
        let across = if grids > 2 { (grids as f64).sqrt().ceil() as usize } else { 1 };
        let [down, right] = [grids.div_ceil(across) * rows, across * columns];
        let side = square.width() / down.max(right).max(1) as f32;
        let side = if side > pixel { (side / pixel).floor() * pixel } else { side };
        let size = side * vec2(right as f32, down as f32);
        let gap = if side >= WITH_GAP { pixel } else { 0.0 };
        let rect = Rect::from_min_size(square.min, size);
        Self { rect, cell: Vec2::splat(side), columns, rows, grids: [grids, across], gap }
    }

    /// The cell under a point.
    pub(super) fn cell_at(&self, at: Pos2) -> Option<usize> {
        if !self.rect.contains(at) {
            return None;
        }
        let place = (at - self.rect.min) / self.cell;
        let (row, column) = (place.y as usize, place.x as usize);
        let [grids, across] = self.grids;
        let [below, beside] = [row / self.rows.max(1), column / self.columns.max(1)];
        let grid = below * across + beside;
        let [row, column] = [row % self.rows.max(1), column % self.columns.max(1)];
        let is_there = beside < across && grid < grids;
        is_there.then_some((grid * self.rows + row) * self.columns + column)
    }

    /// The point nearest to one that lies over a cell.
    pub(super) fn clamp(&self, at: Pos2) -> Pos2 {
        self.rect.shrink(0.01).clamp(at)
    }

    /// Where a cell lies.
    pub(super) fn cell_rect(&self, cell: usize) -> Rect {
        let [columns, rows] = [self.columns, self.rows].map(|side| side.max(1));
        let (grid, row) = (cell / (columns * rows), cell / columns % rows);
        let corner = [grid / self.grids[1] * rows, grid % self.grids[1] * columns];
        let place = vec2((corner[1] + cell % columns) as f32, (corner[0] + row) as f32);
        Rect::from_min_size(self.rect.min + place * self.cell, self.cell - Vec2::splat(self.gap))
    }

    /// Fills the cells that have a colour, in one shape.
    pub(super) fn fill(&self, ui: &Ui, colour: impl Fn(usize) -> Option<Color32>) {
        let mut mesh = Mesh::default();
        for cell in 0..self.grids[0] * self.rows * self.columns {
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
        let stroke = Stroke::new(1.0, theme::colours().lit);
        for (cell, _) in codes.iter().enumerate().filter(|(_, found)| **found as usize == code) {
            ui.painter().rect_stroke(self.cell_rect(cell), 0.0, stroke, StrokeKind::Inside);
        }
    }

    /// Draws lines between grids.
    pub(super) fn part_grids(&self, ui: &Ui) {
        let [grids, across] = self.grids;
        let stroke = Stroke::new(2.0, theme::colours().lit);
        for below in 1..grids.div_ceil(across) {
            let y = self.rect.top() + (below * self.rows) as f32 * self.cell.y - 0.5 * self.gap;
            ui.painter().hline(self.rect.x_range(), y, stroke);
        }
        for beside in 1..across {
            let x =
                self.rect.left() + (beside * self.columns) as f32 * self.cell.x - 0.5 * self.gap;
            ui.painter().vline(x, self.rect.y_range(), stroke);
        }
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
        painter.add(Shape::convex_polygon(
            corner(side + 1.5),
            theme::colours().stage,
            Stroke::NONE,
        ));
        painter.add(Shape::convex_polygon(corner(side), theme::colours().lit, Stroke::NONE));
    }
}
