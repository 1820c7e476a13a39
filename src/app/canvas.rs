//! What is asked of codes, above all what a person paints into those of the picture, copies and pastes.

use eframe::egui;

use super::jobs::Chosen;
use super::{ZscopeApp, dialogs};
use crate::language::tr;
use crate::session::canvas::{Area, Region};
use crate::session::codebook::CodeMap;
use crate::session::explore::PasteError;
use crate::ui::CodesAsk;

impl ZscopeApp {
    /// Does what is asked of codes.
    pub(super) fn ask_codes(&mut self, ask: CodesAsk) {
        match ask {
            CodesAsk::Paint(cells) => self.paint_cells(&cells),
            CodesAsk::Select(area) => self.select_cells(area),
            CodesAsk::TakeTool(tool) => self.view.codebook.canvas.tool = tool,
            CodesAsk::MakePalette => self.make_palette(),
            CodesAsk::CancelPalette => self.cancel_palette(),
            CodesAsk::OrderPalette(order) => self.view.codebook.palette_order = order,
            CodesAsk::SavePalette(Some(path)) => self.save_palette(path),
            CodesAsk::SavePalette(None) => dialogs::ask(&self.jobs, Chosen::Palette),
            CodesAsk::SaveCodes(Some(path)) => self.save_codes(path),
            CodesAsk::SaveCodes(None) => dialogs::ask(&self.jobs, Chosen::CodeTable),
            CodesAsk::SavePairs(Some(path)) => self.save_code_pairs(path),
            CodesAsk::SavePairs(None) => dialogs::ask(&self.jobs, Chosen::CodePairs),
            CodesAsk::Compare(Some(path)) => self.compare_codes(path),
            CodesAsk::Compare(None) => dialogs::ask(&self.jobs, Chosen::CodeChanges),
            CodesAsk::CancelComparing => self.cancel_comparing_codes(),
            CodesAsk::Pair(pairing) => self.pair_codes(pairing),
            CodesAsk::SaveChanges(Some(path)) => self.save_code_changes(path),
            CodesAsk::SaveChanges(None) => {
                dialogs::ask(&self.jobs, Chosen::SavedCodeChanges);
            }
        }
    }

    /// Puts codes into cells of the picture, as a part of an edit.
    fn paint_cells(&mut self, cells: &[(usize, u32)]) {
        let ignored = self.explore.paint(cells);
        if ignored > 0 {
            let text = tr!(
                "paint codes: {} of {} are none that their cells can have (expected codes of the cell's own codebook)",
                ignored,
                cells.len()
            );
            self.notice(text, true);
        }
        self.picture_is_stale = true;
        self.log_moved("cells");
    }

    /// Copies the selected codes, or the whole point where none are.
    pub(super) fn copy_point(&mut self, ctx: &egui::Context) {
        let canvas = &mut self.view.codebook.canvas;
        let Some(map) = &self.codes.map else { return ctx.copy_text(self.explore.to_text()) };
        if let Some(region) = canvas.selected(map) {
            ctx.copy_text(region.to_text());
            canvas.clipboard = Some(region);
        } else {
            ctx.copy_text(self.explore.to_text());
            canvas.clipboard = Region::whole(map.grid_shape(), map.grids, map.codes.clone());
        }
    }

    /// Pastes rows of codes that are fewer than a whole picture; where they are none, says what was wrong with them as
    /// a point.
    pub(super) fn paste_codes(&mut self, text: &str, as_point: &PasteError) {
        let Some(map) = self.codes.map.clone() else {
            return self.notice(as_point.to_string(), true);
        };
        match Region::parse(text, map.grids) {
            Ok(region) => self.paste_region(&map, region),
            Err(error) => self.notice(format!("{error}; {as_point}"), true),
        }
    }

    /// Puts codes where the selection or the chosen cell is, or at the top left.
    fn paste_region(&mut self, map: &CodeMap, region: Region) {
        let view = &mut self.view.codebook;
        let corner = match (view.canvas.selection, view.cell) {
            (Some(area), _) => area.corner,
            (None, Some(cell)) => map.place(cell),
            (None, None) => [0, 0],
        };
        let area = Area { corner, shape: region.shape() }.within(map.grid_shape());
        view.canvas.clipboard = Some(region);
        let cells = view.canvas.paste_at(map, corner);
        view.canvas.selection = area;
        view.cell = map.cell(0, corner);
        self.explore.begin_edit();
        self.paint_cells(&cells);
    }

    /// Selects cells together.
    fn select_cells(&mut self, area: Area) {
        let Some(map) = &self.codes.map else { return };
        let view = &mut self.view.codebook;
        view.canvas.selection = area.within(map.grid_shape());
        view.cell = view.canvas.selection.and_then(|area| map.cell(0, area.corner));
    }
}
