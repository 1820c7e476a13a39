//! The film strip: one point or image as each kept checkpoint of the run draws it.

use egui::containers::scroll_area::{DragScroll, ScrollSource};
use egui::{
    Align2, CursorIcon, ProgressBar, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};

use super::words::grouped;
use super::{Command, Scene, StripAsk, View, anchors, keys, picture, save, theme};
use crate::language::{tr, tr_later};
use crate::session::anchor::Anchor;

/// The least and the greatest side of a picture, in points.
const TILE: [f32; 2] = [48.0, 192.0];
/// Between two pictures.
const GAP: f32 = 4.0;
/// The step below a picture.
const BELOW: f32 = 18.0;
/// The scroll bar below all of them.
const BAR: f32 = 14.0;

/// Its keys.
pub(super) const KEYS: &[keys::Listed] =
    &[(tr_later!("Left, Right"), tr_later!("Show the checkpoint before or after"))];

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    toolbar(ui, scene, view, out);
    if scene.session.run().is_none() {
        ui.label(theme::muted(
            tr!("A run's checkpoints will be here side by side, each drawing the same point or image. Train a model, or open a run: the page Runs lists them."),
        ));
        return;
    }
    let strip = scene.strip;
    if let Some(trouble) = strip.trouble() {
        ui.label(egui::RichText::new(trouble).small().color(theme::colours().error));
    }
    let count = strip.steps().len();
    if count == 0 {
        ui.label(theme::muted(tr!("The run's checkpoints will be here as soon as they are read.")));
        return;
    }
    let room = ui.available_size();
    let fit = (room.x / count as f32 - GAP).floor();
    let side = (room.y - BELOW - BAR).floor().min(fit.max(TILE[0])).clamp(TILE[0], TILE[1]);
    // Dragging goes along the checkpoints: only the bar and the wheel scroll.
    let source = ScrollSource { drag: DragScroll::Never, ..Default::default() };
    ScrollArea::horizontal().scroll_source(source).auto_shrink([false, false]).show(ui, |ui| {
        row(ui, scene, side, out);
    });
}

fn row(ui: &mut Ui, scene: &Scene<'_>, side: f32, out: &mut Vec<Command>) {
    let strip = scene.strip;
    let steps = strip.steps();
    let pitch = side + GAP;
    let size = vec2(pitch * steps.len() as f32, side + BELOW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
    let at = strip.at().or(Some(scene.model.step));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Slider, true, tr!("Checkpoints"));
        info.value = at.map(|step| step as f64);
        info
    });
    for (index, &step) in steps.iter().enumerate() {
        let corner = rect.min + vec2(index as f32 * pitch, 0.0);
        let tile = Rect::from_min_size(corner, Vec2::splat(side));
        if !ui.is_rect_visible(tile) {
            continue;
        }
        ui.painter().rect_filled(tile, 0.0, theme::colours().empty);
        let sheet = scene.pictures.strip.filter(|_| strip.is_drawn(step));
        if let Some((sheet, part)) = sheet.and_then(|sheet| Some((sheet, sheet.part(index)?))) {
            picture::paint_part(ui, sheet.picture, tile, part);
        }
        let is_at = at == Some(step);
        if is_at {
            theme::frame_around(ui, tile.shrink(2.0));
        }
        let font = egui::TextStyle::Small.resolve(ui.style());
        let colour = if is_at { ui.visuals().strong_text_color() } else { theme::colours().muted };
        let below = pos2(tile.center().x, tile.bottom() + 3.0);
        ui.painter().text(below, Align2::CENTER_TOP, grouped(step), font, colour);
    }
    keys::focus_ring(ui, &response, rect);
    let pointed = response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on());
    if let Some(place) = pointed {
        let index = ((place.x - rect.left()) / pitch).max(0.0) as usize;
        go(strip.at(), steps.get(index.min(steps.len() - 1)).copied(), out);
    }
    let [right, _] = keys::arrows(ui, &response);
    if right != 0 {
        go(strip.at(), strip.beside(right), out);
    }
    response.on_hover_text(tr!(
        "Drag along the checkpoints, or use the arrow keys: the explorer shows their weights."
    ));
}

/// Asks for a checkpoint, unless it is shown already.
fn go(at: Option<u64>, step: Option<u64>, out: &mut Vec<Command>) {
    if let Some(step) = step.filter(|step| at != Some(*step)) {
        out.push(Command::Strip(StripAsk::Show(step)));
    }
}

fn toolbar(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let strip = scene.strip;
    ui.horizontal_wrapped(|ui| {
        ui.label(tr!("Of"));
        let mut source = strip.source();
        let what = tr!("What each checkpoint draws");
        if anchors::pick(ui, what, scene, &mut view.sheets, &mut source) {
            out.push(Command::Strip(StripAsk::Source(source)));
        }
        let is_there = scene.anchors().latent(source).is_some();
        let hint = match source {
            Anchor::Point => Some(tr!(
                "Draw the point that the explorer is at now; moving it later changes nothing here."
            )),
            Anchor::OwnPicture | Anchor::MapPoint | Anchor::MapSelection if is_there => Some(tr!(
                "Draw what is chosen there now; choosing something else later changes nothing here."
            )),
            _ => None,
        };
        if let Some(hint) = hint
            && ui.button(tr!("Take again")).on_hover_text(hint).clicked()
        {
            out.push(Command::Strip(StripAsk::Source(source)));
        }
        ui.separator();
        let (text, hint) = if scene.model.is_live {
            (tr!("Newest again"), tr!("Follow the weights of the run again."))
        } else {
            (
                tr!("Back to the run's weights"),
                tr!("Show the weights that were there before the checkpoint."),
            )
        };
        let leave = ui.add_enabled(strip.at().is_some(), egui::Button::new(text));
        let disabled = tr!("The explorer shows no checkpoint of the strip.");
        if leave.on_hover_text(hint).on_disabled_hover_text(disabled).clicked() {
            out.push(Command::Strip(StripAsk::Newest));
        }
        if !strip.steps().is_empty() {
            let hint = tr!("Save the strip as one PNG or JPEG file.");
            if let Some(place) = save::button(ui, tr!("Save strip…"), hint, &mut view.strip_path)
            {
                out.push(Command::Strip(StripAsk::Save(place.path())));
            }
        }
        let of = strip.steps().len();
        let text = match strip.shown() {
            Some(step) => tr!("the explorer shows step {}", grouped(step)),
            None if of == 1 => tr!("1 checkpoint").to_owned(),
            None => tr!("{} checkpoints", of),
        };
        ui.label(theme::muted(text));
        if strip.is_drawing() {
            let bar = ProgressBar::new(strip.share())
                .desired_width(80.0)
                .fill(theme::colours().accent.gamma_multiply(0.55));
            ui.add(bar).on_hover_text(tr!("How many of the checkpoints are drawn."));
            let hint =
                tr!("Leave the others undrawn until there is a new checkpoint or another source.");
            if ui.small_button(tr!("Cancel")).on_hover_text(hint).clicked() {
                out.push(Command::Strip(StripAsk::Cancel));
            }
        }
    });
}
