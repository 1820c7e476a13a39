//! The codes of the picture, and the codebook.

use super::Actions;
use crate::language::{told, tr};
use crate::session::canvas::Tool;
use crate::session::codebook::ReviveFrom;
use crate::ui::{
    CodesAsk, Command, Order, PaletteOrder, Scene, View, code_map, codebook_panel, palette,
};

pub(super) fn codes(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    actions.group = tr!("Codes");
    let has_map = scene.code_map.is_some();
    // Their keys are the map's own, while it has the keyboard.
    for tool in Tool::ALL {
        let name = tr!("Take a tool: {}", told(code_map::tool_name(tool)).to_lowercase());
        actions.add_if(has_map, name, None, Command::Codes(CodesAsk::TakeTool(tool)));
    }
    let is_edited = scene.code_map.is_some_and(|map| map.edited.contains(&true));
    let reset = vec![Command::BeginEdit, Command::ResetCells];
    actions.add_all_if(is_edited, tr!("Give all cells the encoder's codes"), None, reset);
    codebook(actions, scene, view);
    tiles(actions, scene, view);
    files(actions, scene);
}

fn codebook(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    for (order, name) in [
        (Order::Index, tr!("Order the codebook by number")),
        (Order::Use, tr!("Order the codebook by use")),
        (Order::Norm, tr!("Order the codebook by norm")),
        (Order::Similarity, tr!("Order the codebook by similarity")),
        (Order::Plane, tr!("Lay the codebook out by PCA")),
    ] {
        let is_known = scene.codebook.is_some_and(|codebook| {
            codebook_panel::offers(scene, order)
                && codebook_panel::knows(codebook, &view.codebook, order)
        });
        let is_other = view.codebook.order != order;
        actions.add_if(is_known && is_other, name, None, Command::OrderCodes(order));
    }
    let dead = scene.codebook.map_or_else(Vec::new, |codebook| {
        codebook_panel::revivable(scene, codebook, &view.codebook)
    });
    let revives = !dead.is_empty();
    let revive = Command::ReviveCodes { codes: dead, from: ReviveFrom::Random };
    actions.add_if(revives, tr!("Revive all dead codes"), None, revive);
    let is_free = |fixed: Option<&str>| fixed.is_none();
    let can_undo = scene.trains()
        && scene
            .codebook
            .is_some_and(|codebook| codebook.can_undo && is_free(codebook.layout.why_fixed()));
    actions.add_if(can_undo, tr!("Undo the last change of codes"), None, Command::UndoCodes);
    let inspects = scene.codebook.is_some() && view.codebook.selected.is_some();
    let close = tr!("Close the inspector of the code");
    actions.add_if(inspects, close, None, Command::SelectCode(None));
}

/// What every code decodes to.
fn tiles(actions: &mut Actions, scene: &Scene<'_>, view: &View) {
    for (order, name) in [
        (PaletteOrder::Similarity, tr!("Sort the palette of codes by similarity")),
        (PaletteOrder::Use, tr!("Sort the palette of codes by use")),
        (PaletteOrder::Number, tr!("Sort the palette of codes by number")),
        (PaletteOrder::Brightness, tr!("Sort the palette of codes by brightness")),
    ] {
        let is_known = scene
            .codebook
            .is_some_and(|codebook| palette::knows(scene, codebook, &view.codebook, order));
        let is_offered = is_known && view.codebook.palette_order != order;
        actions.add_if(is_offered, name, None, Command::Codes(CodesAsk::OrderPalette(order)));
    }
    let tiles = &scene.pictures.palette;
    let (is_made, is_stopped) = (tiles.share.is_some(), tiles.is_stopped);
    for (is_offered, name, ask) in [
        (
            is_stopped && !is_made,
            tr!("Make the tiles of the palette of codes"),
            CodesAsk::MakePalette,
        ),
        (is_made, tr!("Cancel the tiles of the palette of codes"), CodesAsk::CancelPalette),
        (tiles.known > 0, tr!("Save the palette of codes…"), CodesAsk::SavePalette(None)),
    ] {
        actions.add_if(is_offered, name, None, Command::Codes(ask));
    }
}

fn files(actions: &mut Actions, scene: &Scene<'_>) {
    let has_codes = scene.codebook.is_some();
    let has_pairs = scene.codebook.is_some_and(|codebook| codebook.survey.is_some());
    let compared = scene.compared_codes;
    for (is_offered, name, ask) in [
        (has_codes, tr!("Save the table of all codes as CSV…"), CodesAsk::SaveCodes(None)),
        (has_pairs, tr!("Save which codes stand beside which…"), CodesAsk::SavePairs(None)),
        (has_codes, tr!("Compare the codebook with another model's…"), CodesAsk::Compare(None)),
        (
            compared.share.is_some(),
            tr!("Cancel comparing the codebooks"),
            CodesAsk::CancelComparing,
        ),
        (
            compared.changes.is_some(),
            tr!("Save how the codes changed as CSV…"),
            CodesAsk::SaveChanges(None),
        ),
    ] {
        actions.add_if(is_offered, name, None, Command::Codes(ask));
    }
}
