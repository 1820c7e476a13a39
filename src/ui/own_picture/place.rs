//! Where a picture lies: its latent with how sure the encoder is, or its codes.

use egui::{Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::language::{told, tr, tr_later};
use crate::session::own_picture::Found;
use crate::ui::lattice::Lattice;
use crate::ui::words::measure;
use crate::ui::{Command, Scene, theme};

/// Each dimension takes at least so much.
const LEAST_DIM: f32 = 7.0;
/// The lowest plot of a latent that says something.
const LEAST_HEIGHT: f32 = 44.0;
/// Values up to this are in the picture, in deviations of the prior.
const REACH: f32 = 3.5;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, found: &Found, out: &mut Vec<Command>) {
    if let Some((codes, shape, _)) = &found.codes {
        return codes_ui(ui, scene, codes, *shape, out);
    }
    if let Some(latent) = &found.latent {
        latent_ui(ui, scene, latent, found.deviation.as_deref());
    }
}

/// The codes that the encoder chooses, in the colours that they have in the explorer.
fn codes_ui(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codes: &[u32],
    shape: [usize; 2],
    out: &mut Vec<Command>,
) {
    ui.label(theme::muted(tr!("Its codes")).small());
    let side = ui.available_size().min_elem().clamp(32.0, 240.0);
    let (square, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    let grids = codes.len() / (shape[0] * shape[1]).max(1);
    let lattice = Lattice::square_cells(ui, square, shape, grids);
    let response = ui.interact(lattice.rect, ui.scope_id().with("own codes"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, tr!("Codes of your picture")));
    lattice.fill(ui, |cell| codes.get(cell).map(|&code| theme::code_colour(code)));
    let pointed = response.hover_pos().and_then(|at| lattice.cell_at(at));
    let pointed = pointed.and_then(|cell| Some((cell, *codes.get(cell)? as usize)));
    if let Some((cell, code)) = pointed {
        let state = scene.codebook.map(|book| crate::ui::words::state(book.state(code)));
        if response.clicked() {
            out.push(Command::SelectCode(Some(code)));
        }
        response.on_hover_ui_at_pointer(|ui| {
            let state = told(state.unwrap_or(tr_later!("not counted")));
            ui.label(tr!("Cell {}: code {}, {}", cell, code, state));
            ui.label(theme::muted(tr!("Click to inspect it.")));
        });
    }
}

/// Each dimension as a dot with one deviation of the posterior around it, over the prior's own deviation.
fn latent_ui(ui: &mut Ui, scene: &Scene<'_>, latent: &[f32], deviation: Option<&[f32]>) {
    let room = ui.available_size();
    if room.y < LEAST_HEIGHT {
        return;
    }
    let fit = ((room.x / LEAST_DIM) as usize).clamp(1, latent.len().max(1));
    let order = scene.explore.order();
    let dims: Vec<usize> = if order.len() == latent.len() {
        order.iter().copied().take(fit).collect()
    } else {
        (0..fit).collect()
    };
    let text = match (deviation, fit < latent.len()) {
        (Some(_), false) => tr!("Its latent, and how sure the encoder is").to_owned(),
        (Some(_), true) => tr!("Its latent, the {} dimensions that say most", fit),
        (None, _) => tr!("Its latent, {} of {} dimensions", fit, latent.len()),
    };
    ui.add(egui::Label::new(theme::muted(text).small()).truncate());
    let size = vec2(room.x, (room.y - 20.0).clamp(24.0, 220.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, tr!("Latent of your picture")));
    let middle = rect.center().y;
    let y = |value: f32| middle - (value / REACH).clamp(-1.0, 1.0) * 0.5 * rect.height();
    let prior = Rect::from_x_y_ranges(rect.x_range(), y(1.0)..=y(-1.0));
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    ui.painter().rect_filled(prior, 0.0, theme::colours().grid);
    ui.painter().hline(rect.x_range(), middle, (1.0, theme::colours().unknown));
    let width = rect.width() / dims.len() as f32;
    for (place, &dim) in dims.iter().enumerate() {
        let x = rect.left() + (place as f32 + 0.5) * width;
        let value = latent[dim];
        if let Some(deviation) = deviation.and_then(|deviation| deviation.get(dim)) {
            let span = y(value + deviation)..=y(value - deviation);
            ui.painter().vline(x, span, (2.0, theme::curve(2)));
        }
        ui.painter().circle_filled(pos2(x, y(value)), 2.5, theme::colours().accent);
    }
    let pointed = response.hover_pos().map(|at| ((at.x - rect.left()) / width) as usize);
    if let Some(&dim) = pointed.and_then(|place| dims.get(place)) {
        let sure = deviation.and_then(|deviation| deviation.get(dim));
        let sure = sure.map(|deviation| format!(" ± {}", measure(*deviation))).unwrap_or_default();
        let text = tr!(
            "z{}: {}{}. The prior is 0 ± 1 (the lighter band).",
            dim,
            measure(latent[dim]),
            sure
        );
        response.on_hover_text_at_pointer(text);
    }
}
