//! How tiles look and what they ask for.

use std::collections::BTreeMap;

use egui::{Color32, Rect, Response, RichText, Stroke, Style, Ui, Visuals, WidgetText};
use egui_tiles::{
    Behavior, Container, EditAction, ResizeState, SimplificationOptions, TabState, Tabs, Tile,
    TileId, Tiles, UiResponse,
};

use super::Pane;
use crate::language::{told, tr};
use crate::ui::{Command, Scene, SheetOf, View, explore_panel, save, theme};

/// The bar with the names of views, in points.
pub(in crate::ui) const TAB_BAR: f32 = 22.0;
/// The size of names: there are many of them.
const NAME_SIZE: f32 = 13.5;
/// On either side of a view's name, in points.
const NAME_MARGIN: f32 = 8.0;
/// Less room is no use for what is told beside the names, in points.
const LEAST_SUMMARY: f32 = 80.0;
/// Between two tiles, in points.
const GAP: f32 = 6.0;

/// Draws panes into their tiles.
pub(super) struct Views<'a, 'scene> {
    scene: &'a Scene<'scene>,
    view: &'a mut View,
    out: &'a mut Vec<Command>,
    is_arranged: bool,
    closed: Option<TileId>,
    seen: BTreeMap<Pane, Rect>,
}

impl<'a, 'scene> Views<'a, 'scene> {
    pub(super) fn new(
        scene: &'a Scene<'scene>,
        view: &'a mut View,
        out: &'a mut Vec<Command>,
    ) -> Self {
        let (is_arranged, closed, seen) = (false, None, BTreeMap::new());
        Self { scene, view, out, is_arranged, closed, seen }
    }

    /// Whether a person arranged tiles, the one that is to go, and the views that were drawn.
    pub(super) fn done(self) -> (bool, Option<TileId>, BTreeMap<Pane, Rect>) {
        (self.is_arranged, self.closed, self.seen)
    }
}

impl Behavior<Pane> for Views<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        self.seen.insert(*pane, ui.max_rect());
        theme::view_frame().show(ui, |ui| {
            explore_panel::pane(ui, *pane, self.scene, self.view, self.out);
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        // A placeholder gives way to the colour that tells whether the view is in front.
        let title = RichText::new(told(explore_panel::title(*pane, self.scene)));
        title.size(NAME_SIZE).color(Color32::PLACEHOLDER).into()
    }

    fn on_tab_button(
        &mut self,
        tiles: &mut Tiles<Pane>,
        tile: TileId,
        response: Response,
    ) -> Response {
        let Some(&pane) = tiles.get_pane(&tile) else { return response };
        response.context_menu(|ui| {
            let hint = tr!("The menu Views brings it back.");
            if ui.button(tr!("Close")).on_hover_text(hint).clicked() {
                self.closed = Some(tile);
                ui.close();
            }
            let hint = tr!("Save the view as it is on the screen, as a PNG file.");
            let text = tr!("Save as a picture…");
            if let Some(place) = save::button(ui, text, hint, &mut self.view.view_path) {
                self.out.push(Command::SaveView { pane, path: place.path() });
            }
            let of = SheetOf::ALL.into_iter().find(|of| of.pane() == pane);
            if let Some(of) = of.filter(|of| save::has_sheet(self.scene, self.view, *of)) {
                let text = tr!("Save pictures…");
                save::sheet(ui, text, of, &mut self.view.sheet_paths, self.out);
            }
            if ui.button(tr!("Reset layout")).clicked() {
                self.out.push(Command::ResetLayout);
                ui.close();
            }
        });
        response.on_hover_text(told(pane.hint()))
    }

    fn top_bar_right_ui(
        &mut self,
        tiles: &Tiles<Pane>,
        ui: &mut Ui,
        _tile: TileId,
        tabs: &Tabs,
        _scroll: &mut f32,
    ) {
        let active = tabs.active.and_then(|tile| tiles.get_pane(&tile));
        let Some(&pane) = active else { return };
        // The names come first: what is told beside them takes what they leave.
        let font = egui::FontId::proportional(NAME_SIZE);
        let width = |tile: &TileId| {
            let name = tiles
                .get_pane(tile)
                .map_or("", |pane| told(explore_panel::title(*pane, self.scene)));
            let galley =
                ui.painter().layout_no_wrap(name.to_owned(), font.clone(), theme::colours().muted);
            galley.size().x.ceil() + 2.0 * NAME_MARGIN
        };
        let names: f32 = tabs.children.iter().map(width).sum();
        // With none to spare, arrows to scroll the names would come.
        let gaps = 2.0 * (NAME_MARGIN + ui.spacing().item_spacing.x);
        let room = ui.available_width() - names - gaps;
        if room < LEAST_SUMMARY {
            return;
        }
        ui.add_space(NAME_MARGIN);
        ui.allocate_ui_with_layout(
            egui::vec2(room, TAB_BAR),
            egui::Layout::right_to_left(egui::Align::Center),
            |ui| explore_panel::summary(ui, pane, self.scene),
        );
    }

    fn on_edit(&mut self, action: EditAction) {
        self.is_arranged |= matches!(action, EditAction::TileResized | EditAction::TileDropped);
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..Default::default() }
    }

    fn tab_title_for_tile(&mut self, tiles: &Tiles<Pane>, tile: TileId) -> WidgetText {
        match tiles.get(tile) {
            Some(Tile::Pane(pane)) => self.tab_title_for_pane(pane),
            Some(Tile::Container(Container::Tabs(tabs))) => {
                let first = tabs.active.and_then(|tile| tiles.get_pane(&tile)).copied();
                first.map_or_else(WidgetText::default, |pane| self.tab_title_for_pane(&pane))
            }
            _ => WidgetText::from(tr!("Views")),
        }
    }

    fn tab_title_spacing(&self, _visuals: &Visuals) -> f32 {
        NAME_MARGIN
    }

    fn tab_bar_height(&self, _style: &Style) -> f32 {
        TAB_BAR
    }

    fn gap_width(&self, _style: &Style) -> f32 {
        GAP
    }

    fn min_size(&self) -> f32 {
        96.0
    }

    fn resize_stroke(&self, _style: &Style, state: ResizeState) -> Stroke {
        match state {
            ResizeState::Idle => Stroke::NONE,
            ResizeState::Hovering => Stroke::new(1.0, theme::colours().muted),
            ResizeState::Dragging => Stroke::new(2.0, theme::colours().accent),
        }
    }

    fn drag_preview_stroke(&self, _visuals: &Visuals) -> Stroke {
        Stroke::new(1.0, theme::colours().accent)
    }

    fn drag_preview_color(&self, _visuals: &Visuals) -> Color32 {
        theme::colours().accent.gamma_multiply(0.25)
    }

    fn tab_bar_color(&self, _visuals: &Visuals) -> Color32 {
        Color32::TRANSPARENT
    }

    fn tab_bg_color(
        &self,
        _visuals: &Visuals,
        _tiles: &Tiles<Pane>,
        _tile: TileId,
        _state: &TabState,
    ) -> Color32 {
        Color32::TRANSPARENT
    }

    fn tab_outline_stroke(
        &self,
        _visuals: &Visuals,
        _tiles: &Tiles<Pane>,
        _tile: TileId,
        _state: &TabState,
    ) -> Stroke {
        Stroke::NONE
    }

    fn tab_bar_hline_stroke(&self, _visuals: &Visuals) -> Stroke {
        Stroke::NONE
    }

    fn tab_text_color(
        &self,
        visuals: &Visuals,
        _tiles: &Tiles<Pane>,
        _tile: TileId,
        state: &TabState,
    ) -> Color32 {
        if state.active { visuals.strong_text_color() } else { theme::colours().muted }
    }
}
