//! A row of pictures a latent dimension: swept over a range, the one that says most first.

use std::ops::Range as Rows;

use egui::style::ScrollAnimation;
use egui::{CursorIcon, Rect, Role, ScrollArea, Sense, Slider, Stroke, Ui, WidgetInfo, vec2};

use super::words::measure;
use super::{Command, Scene, SheetOf, View, anchors, keys, save, theme, tiles};
use crate::language::{tr, tr_later};
use crate::latent::Range;
use crate::session::anchor::Anchor;
use crate::session::sheets::{SheetName, SheetPoints};
use crate::session::traversals::{COLUMNS, REACH, SHARES, Span, Traversals, encoded};

/// The name and the KL of a dimension, in points.
const LABEL_WIDTH: f32 = 76.0;
/// The least and the greatest side of a picture, in points.
const TILE: [f32; 2] = [28.0, 96.0];
/// No more pictures than a sheet holds.
const MOST_TILES: usize = 256;

/// Their keys.
pub(super) const KEYS: &[keys::Listed] = &[
    (tr_later!("Left, Right"), tr_later!("Go along the row")),
    (tr_later!("Shift+Left, Shift+Right"), tr_later!("Go along the row in smaller steps")),
    (tr_later!("Up, Down"), tr_later!("Go to the row above or below")),
];

/// A row's name for the keyboard.
fn id(dim: usize) -> egui::Id {
    egui::Id::unique(("traversal", dim))
}

/// Draws the rows that are in view.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    toolbar(ui, scene, view, out);
    let Some(base) = scene.anchors().latent(view.traversals.base) else {
        view.traversals.base = Anchor::Point;
        return;
    };
    let order = scene.explore.order();
    let columns = view.traversals.columns;
    let room = ui.available_width() - LABEL_WIDTH - 12.0;
    let tile = (room / columns as f32).floor().clamp(TILE[0], TILE[1]);
    let gap = ui.spacing().item_spacing.y;
    let area = ScrollArea::vertical().auto_shrink([false, false]);
    area.show_rows(ui, tile, order.len(), |ui, rows| {
        let most = (MOST_TILES / columns).max(1);
        let rows = rows.start..rows.end.min(rows.start + most);
        let latents = encoded(scene.map.state, scene.watched);
        let points = view.traversals.points(&base, &order[rows.clone()], &latents);
        view.sheets.insert(SheetName::Traversals, points);
        ui.spacing_mut().item_spacing.y = gap;
        draw(ui, scene, &view.traversals, &base, rows, tile, out);
    });
}

fn draw(
    ui: &mut Ui,
    scene: &Scene<'_>,
    traversals: &Traversals,
    base: &[f32],
    rows: Rows<usize>,
    tile: f32,
    out: &mut Vec<Command>,
) {
    let columns = traversals.columns;
    let order = scene.explore.order();
    let latents = encoded(scene.map.state, scene.watched);
    for (index, place) in rows.enumerate() {
        let dim = order[place];
        let range = traversals.range(dim, &latents);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            label(ui, scene, dim, range, tile);
            let size = vec2(tile * columns as f32, tile);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            let response = ui.interact(rect, id(dim), Sense::click_and_drag());
            let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
            let value = scene.explore.latent()[dim];
            response.widget_info(|| {
                let mut info =
                    WidgetInfo::labeled(Role::Image, true, tr!("Traversal of dimension {}", dim));
                info.value = Some(f64::from(value));
                info
            });
            for column in 0..columns {
                let cell = Rect::from_min_size(
                    rect.min + vec2(column as f32 * tile, 0.0),
                    egui::Vec2::splat(tile),
                );
                let number = index * columns + column;
                tiles::paint(ui, scene, SheetName::Traversals, number, cell.shrink(0.5));
            }
            let share = traversals.share(range, value);
            if (0.0..=1.0).contains(&share) {
                let x = rect.left() + share * rect.width();
                let line = |width, colour| {
                    ui.painter().vline(x, rect.y_range(), Stroke::new(width, colour));
                };
                line(3.0, theme::colours().stage);
                line(1.5, theme::colours().accent);
            }
            keys::focus_ring(ui, &response, rect.shrink(2.0));
            let row = Row { traversals, base, dim, range, rect };
            row.take(&response, out);
            if let Some([right, down]) = keys::strides(ui, &response) {
                row.step(value, right, out);
                lead(ui, rect, order, place, down);
            }
            if let Some(at) = response.hover_pos() {
                response.on_hover_text_at_pointer(tr!(
                    "z{} = {}; drag to go there",
                    dim,
                    format_args!("{:.2}", row.value_at(at))
                ));
            }
        });
    }
}

/// A row as it lies on the screen.
struct Row<'a> {
    traversals: &'a Traversals,
    base: &'a [f32],
    dim: usize,
    range: Range,
    rect: Rect,
}

impl Row<'_> {
    fn value_at(&self, at: egui::Pos2) -> f32 {
        self.traversals.value(self.range, (at.x - self.rect.left()) / self.rect.width())
    }

    /// Goes to where the row is held.
    fn take(&self, response: &egui::Response, out: &mut Vec<Command>) {
        let held = response.dragged() || response.clicked();
        // Enter and Space click too, without a pointer.
        let Some(at) = response.interact_pointer_pos().filter(|_| held) else { return };
        if response.drag_started() || response.clicked() {
            out.push(Command::BeginEdit);
        }
        out.push(self.go(self.value_at(at)));
    }

    /// Goes a share of the row on, not beyond its ends.
    fn step(&self, value: f32, share: f32, out: &mut Vec<Command>) {
        if share != 0.0 {
            let Range { lo, hi } = self.range;
            let to = (value + share * (hi - lo)).min(hi).max(lo);
            out.extend([Command::BeginEdit, self.go(to)]);
        }
    }

    fn go(&self, value: f32) -> Command {
        if self.traversals.base == Anchor::Point {
            return Command::SetDim { dim: self.dim, value };
        }
        let mut latent = self.base.to_vec();
        latent[self.dim] = value;
        Command::SetLatent(latent)
    }
}

/// The keyboard goes to the row below, or above where `down` is less than nothing, which comes into view.
fn lead(ui: &Ui, rect: Rect, order: &[usize], place: usize, down: f32) {
    let by = if down == 0.0 { 0.0 } else { down.signum() };
    let to = place.checked_add_signed(by as isize).filter(|to| *to != place);
    let Some(&dim) = to.and_then(|to| order.get(to)) else { return };
    ui.memory_mut(|memory| memory.request_focus(id(dim)));
    let row = rect.translate(vec2(0.0, by * (rect.height() + ui.spacing().item_spacing.y)));
    // At once: a row out of view is not drawn, and would lose the keyboard.
    ui.scroll_to_rect_animation(row, None, ScrollAnimation::none());
}

fn label(ui: &mut Ui, scene: &Scene<'_>, dim: usize, range: Range, height: f32) {
    let kl = scene.explore.kl()[dim];
    let (rect, response) = ui.allocate_exact_size(vec2(LABEL_WIDTH, height), Sense::hover());
    let text = |at: egui::Pos2, text: String, style, colour| {
        let font = egui::TextStyle::resolve(&style, ui.style());
        ui.painter().text(at, egui::Align2::LEFT_CENTER, text, font, colour);
    };
    let middle = rect.left_center();
    let colour = ui.visuals().text_color();
    if kl.is_nan() {
        text(middle, format!("z{dim}"), egui::TextStyle::Monospace, colour);
    } else {
        let line = vec2(0.0, 7.0);
        text(middle - line, format!("z{dim}"), egui::TextStyle::Monospace, colour);
        text(
            middle + line,
            format!("{} nats", measure(kl)),
            egui::TextStyle::Small,
            theme::colours().muted,
        );
    }
    let about = if kl.is_nan() {
        tr!("its KL is not known yet").to_owned()
    } else {
        tr!("KL {} nats: what it says about the image", format_args!("{kl:.3}"))
    };
    let [lo, hi] = [range.lo, range.hi].map(|end| format!("{end:.2}"));
    response.on_hover_text(tr!("Dimension {} from {} to {}; {}", dim, lo, hi, about));
}

fn toolbar(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let traversals = &mut view.traversals;
        spans(ui, scene, traversals);
        ui.separator();
        bases(ui, scene, traversals, &mut view.sheets);
        ui.separator();
        ui.spacing_mut().slider_width = 70.0;
        ui.add(Slider::new(&mut traversals.columns, COLUMNS).text(tr!("pictures")))
            .on_hover_text(tr!("Pictures in a row."));
        save::sheet(ui, tr!("Save…"), SheetOf::Traversals, &mut view.sheet_paths, out);
    });
}

fn spans(ui: &mut Ui, scene: &Scene<'_>, traversals: &mut Traversals) {
    let is_absolute = matches!(traversals.span, Span::Absolute(_));
    let hint = tr!("So far to either side of zero, in deviations of the prior.");
    if ui.selectable_label(is_absolute, tr!("Prior")).on_hover_text(hint).clicked() && !is_absolute
    {
        traversals.span = Span::Absolute(Range::PRIOR.hi);
    }
    let hint = tr!(
        "Between two quantiles of where the encoder puts images: those on the map, once there are some, else the watched ones."
    );
    let can_watch = !scene.watched.is_empty();
    let button = egui::Button::selectable(!is_absolute, tr!("Watched images"));
    let response = ui.add_enabled(can_watch, button).on_hover_text(hint);
    let response = response.on_disabled_hover_text(tr!("There are no watched images."));
    if response.clicked() && is_absolute {
        traversals.span = Span::Watched { share: SHARES[1] };
    }
    match &mut traversals.span {
        Span::Absolute(reach) => {
            ui.spacing_mut().slider_width = 80.0;
            let slider = Slider::new(reach, REACH).fixed_decimals(1).prefix("±").suffix(" σ");
            let response = ui.add(slider).on_hover_text(tr!("How far each dimension is swept."));
            let reach = f64::from(*reach);
            response
                .widget_info(|| WidgetInfo::slider(true, reach, tr!("Range of the traversals")));
        }
        Span::Watched { share } => {
            let number = encoded(scene.map.state, scene.watched).len();
            for offered in SHARES {
                let percent = (offered * 100.0).round();
                let text = tr!("{} to {} %", percent, 100.0 - percent);
                ui.selectable_value(share, offered, text)
                    .on_hover_text(tr!("Quantiles over {} images", number));
            }
        }
    }
}

fn bases(ui: &mut Ui, scene: &Scene<'_>, traversals: &mut Traversals, sheets: &mut SheetPoints) {
    ui.label(tr!("from"));
    let what = tr!("What the other dimensions are held at");
    anchors::pick(ui, what, scene, sheets, &mut traversals.base);
}
