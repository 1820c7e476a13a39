//! What a node holds: its channels as a grid of pictures, as many as there is room for, or a vector as bars.

use std::sync::Arc;

use egui::{
    Align2, Color32, ColorImage, Mesh, Rect, Response, Role, Sense, Shape, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

use super::shades::{Look, sheet, whole_spread};
use crate::language::tr;
use crate::metrics::Spread;
use crate::session::inside::{Seen, SeenNode, plane};
use crate::ui::words::measure;
use crate::ui::{Scene, keys, picture, theme};

/// Between two channels.
const GAP: f32 = 4.0;
/// The least and the most that a channel takes along its longer side, in points.
const SIDES: [f32; 2] = [40.0, 224.0];
/// The row that turns pages.
const PAGER: f32 = 22.0;

/// Which channels are shown, and which one is chosen.
#[derive(Clone, Debug, Default)]
pub struct ChannelGrid {
    page: usize,
    channel: Option<usize>,
    node: String,
    /// What the frame that is laid out needs as a texture.
    wanted: Option<Wanted>,
    drawn: Option<Drawn>,
}

/// The channels of a sheet, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    first: usize,
    count: usize,
    columns: usize,
    /// Width and height of a channel in texels.
    tile: [usize; 2],
}

/// What is on the sheet.
#[derive(Clone, Debug)]
struct Drawn {
    wanted: Wanted,
    look: Look,
    seen: Arc<Seen>,
}

impl ChannelGrid {
    /// The channel that is chosen.
    pub(super) fn channel(&self) -> Option<usize> {
        self.channel
    }

    /// The sheet to be drawn, where another one is needed than was taken last.
    pub(super) fn take_picture(&mut self, seen: &Arc<Seen>, look: Look) -> Option<ColorImage> {
        let (wanted, node) = (self.wanted?, seen.node.as_ref()?);
        let is_there = |drawn: &Drawn| {
            drawn.wanted == wanted && drawn.look == look && Arc::ptr_eq(&drawn.seen, seen)
        };
        if self.drawn.as_ref().is_some_and(is_there) {
            return None;
        }
        self.drawn = Some(Drawn { wanted, look, seen: Arc::clone(seen) });
        let Wanted { first, count, columns, tile } = wanted;
        Some(sheet(node, look, [first, count], columns, tile))
    }
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, grid: &mut ChannelGrid, look: Look) {
    let Some(node) = scene.inside.seen_node() else {
        grid.wanted = None;
        let text = match scene.inside.chosen() {
            Some(_) => tr!("The values of this node will be here in a moment."),
            None => tr!("Choose a node: its channels will be here as pictures."),
        };
        ui.label(theme::muted(text));
        return;
    };
    if grid.node != node.name {
        *grid = ChannelGrid {
            node: node.name.clone(),
            drawn: grid.drawn.take(),
            ..ChannelGrid::default()
        };
    }
    grid.channel.take_if(|channel| *channel >= node.spreads.len());
    let [h, w] = plane(node.values.shape());
    if h * w == 1 {
        grid.wanted = None;
        bars(ui, node, grid, look);
    } else {
        pictures(ui, scene, node, grid);
    }
}

/// How a page of channels is laid out.
struct Layout {
    columns: usize,
    per_page: usize,
    /// Width and height of a channel in points.
    tile: Vec2,
}

impl Layout {
    /// As large as all channels fit, within limits; at whole-pixel scale where they are enlarged.
    fn of(room: Vec2, count: usize, [h, w]: [usize; 2], pixels_per_point: f32) -> Self {
        let texels = vec2(w as f32, h as f32);
        let longer = texels.max_elem() / pixels_per_point;
        let most = SIDES[1].min(room.x).min(room.y).max(8.0);
        let least = SIDES[0].min(most);
        let area = room.x * room.y / count.max(1) as f32;
        let mut side = (area.sqrt() * 1.3).clamp(least, most);
        loop {
            let scale = side / longer;
            let scale = if scale >= 1.0 { scale.floor() } else { scale };
            let tile = (texels * scale / pixels_per_point).max(Vec2::splat(1.0));
            let fit =
                |room: f32, tile: f32| (((room + GAP) / (tile + GAP)).floor() as usize).max(1);
            let (columns, rows) = (fit(room.x, tile.x), fit(room.y, tile.y));
            if columns * rows >= count || side <= least {
                return Self { columns: columns.min(count.max(1)), per_page: columns * rows, tile };
            }
            side = (side - 2.0).max(least);
        }
    }
}

fn pictures(ui: &mut Ui, scene: &Scene<'_>, node: &SeenNode, grid: &mut ChannelGrid) {
    let (shape, count) = (plane(node.values.shape()), node.spreads.len());
    let scale = ui.pixels_per_point();
    let room = ui.available_size();
    let mut layout = Layout::of(room, count, shape, scale);
    // Whole pixels, so that no channel shows a line of its neighbour.
    let corner = ui.cursor().min.to_vec2() * scale;
    let mut area = Rect::from_min_size((corner.round() / scale).to_pos2(), room);
    if layout.per_page < count {
        area.max.y -= PAGER;
        layout = Layout::of(area.size(), count, shape, scale);
    }
    let pages = count.div_ceil(layout.per_page);
    grid.page = grid.page.min(pages - 1);
    let response = ui.allocate_rect(area, Sense::click());
    turn(ui, &response, grid, pages);
    walk(ui, &response, grid, count, &layout);
    let first = grid.page * layout.per_page;
    let shown = layout.per_page.min(count - first);
    let texels = |points: f32, values: usize| ((points * scale).round() as usize).clamp(1, values);
    let tile = [texels(layout.tile.x, shape[1]), texels(layout.tile.y, shape[0])];
    let columns = layout.columns.min(shown);
    let wanted = Wanted { first, count: shown, columns, tile };
    grid.wanted = Some(wanted);
    let place = |index: usize| {
        let at = vec2((index % columns) as f32, (index / columns) as f32);
        Rect::from_min_size(area.min + at * (layout.tile + Vec2::splat(GAP)), layout.tile)
    };
    let sheet = scene.pictures.channels;
    let drawn = grid.drawn.as_ref().is_some_and(|drawn| drawn.wanted == wanted);
    for index in 0..shown {
        match sheet.filter(|_| drawn) {
            Some(sheet) => {
                let share = vec2(tile[0] as f32, tile[1] as f32) / sheet.size;
                let at = vec2((index % columns) as f32, (index / columns) as f32) * share;
                let part = Rect::from_min_size(at.to_pos2(), share);
                picture::paint_part(ui, sheet, place(index), part);
            }
            None => {
                ui.painter().rect_filled(place(index), 0.0, theme::colours().empty);
            }
        }
    }
    if let Some(chosen) = grid.channel.filter(|channel| (first..first + shown).contains(channel)) {
        theme::frame_around(ui, place(chosen - first));
    }
    let pointed = response.hover_pos().and_then(|at| {
        let index = (0..shown).find(|&index| place(index).contains(at))?;
        let share = (at - place(index).min) / layout.tile;
        let row = ((share.y * shape[0] as f32) as usize).min(shape[0] - 1);
        let column = ((share.x * shape[1] as f32) as usize).min(shape[1] - 1);
        Some((first + index, [row, column]))
    });
    if response.clicked() {
        response.request_focus();
        let clicked = pointed.map(|(channel, _)| channel);
        grid.channel = clicked.filter(|_| clicked != grid.channel);
    }
    keys::focus_ring(ui, &response, area);
    response.widget_info(|| described(node, grid.channel, [first, shown]));
    if let Some((channel, [row, column])) = pointed {
        let value = node.values.data()[(channel * shape[0] + row) * shape[1] + column];
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        response.on_hover_ui_at_pointer(|ui| {
            ui.label(theme::heading(&tr!("Channel {}", channel)));
            ui.label(tr!("{} at row {}, column {}", measure(value), row + 1, column + 1));
            let dead = scene.inside.dead_in_all(channel);
            tell(ui, &node.spreads[channel], shape[0] * shape[1], dead);
        });
    }
    if pages > 1 {
        pager(ui, grid, pages, [first, shown, count]);
    }
}

/// The wheel turns pages.
fn turn(ui: &Ui, response: &Response, grid: &mut ChannelGrid, pages: usize) {
    if pages < 2 || !response.hovered() {
        return;
    }
    let wheel = ui.input(|input| {
        let turned = |event: &egui::Event| match event {
            egui::Event::MouseWheel { delta, .. } if delta.y != 0.0 => Some(-delta.y.signum()),
            _ => None,
        };
        input.events.iter().filter_map(turned).sum::<f32>()
    });
    if wheel != 0.0 {
        grid.page = grid.page.saturating_add_signed(wheel.signum() as isize).min(pages - 1);
    }
}

/// Arrows lead from channel to channel, and from page to page.
fn walk(ui: &Ui, response: &Response, grid: &mut ChannelGrid, count: usize, layout: &Layout) {
    let way = keys::arrows(ui, response);
    if way != [0, 0] {
        let first = grid.page * layout.per_page;
        let to =
            grid.channel.map_or(first, |channel| keys::walk(channel, way, layout.columns, count));
        grid.channel = Some(to);
        grid.page = to / layout.per_page;
    }
}

fn pager(ui: &mut Ui, grid: &mut ChannelGrid, pages: usize, [first, shown, count]: [usize; 3]) {
    ui.horizontal(|ui| {
        let page = grid.page;
        let mut button = |text: &str, label: &str, to: Option<usize>| {
            let response = ui.add_enabled(to.is_some(), egui::Button::new(text).small());
            let response = response.on_hover_text(label).on_disabled_hover_text(label);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, to.is_some(), label));
            if let Some(to) = to.filter(|_| response.clicked()) {
                grid.page = to;
            }
        };
        let next = Some(page + 1).filter(|next| *next < pages);
        button("◀", tr!("The channels before. The wheel turns pages too."), page.checked_sub(1));
        button("▶", tr!("The next channels. The wheel turns pages too."), next);
        let text = tr!("channels {} to {} of {}", first, first + shown - 1, count);
        ui.label(theme::muted(text));
    });
}

/// The entries of a vector as bars from zero; where there are more than pixels, each shows the furthest of several.
fn bars(ui: &mut Ui, node: &SeenNode, grid: &mut ChannelGrid, look: Look) {
    let values = node.values.data();
    let (rect, response) =
        ui.allocate_exact_size(ui.available_size() - vec2(0.0, 18.0), Sense::click());
    ui.painter().rect_filled(rect, 0.0, theme::colours().empty);
    let all = whole_spread(&node.spreads);
    let [low, high] =
        Look { colours: super::Colours::Diverging, ..look_at_all(look) }.window(&all, &all);
    let reach = high.max(-low).max(f32::MIN_POSITIVE);
    let count = values.len();
    let bars = count.min((rect.width() * ui.pixels_per_point()) as usize).max(1);
    let width = rect.width() / bars as f32;
    let middle = rect.center().y;
    let height = |value: f32| (value / reach).clamp(-1.0, 1.0) * 0.5 * rect.height();
    let mut mesh = Mesh::default();
    for bar in 0..bars {
        let entries = bar * count / bars..((bar + 1) * count / bars).max(bar * count / bars + 1);
        let furthest = values[entries.clone()].iter().copied();
        let value = furthest.max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or_default();
        let colour: Color32 = if value.is_finite() {
            look.colour(value, [-reach, reach])
        } else {
            theme::colours().error
        };
        let is_chosen = grid.channel.is_some_and(|channel| entries.contains(&channel));
        let colour = if is_chosen { theme::colours().lit } else { lifted(colour) };
        let left = rect.left() + bar as f32 * width;
        let gap = if width >= 4.0 { 1.0 } else { 0.0 };
        let to = if value.is_finite() { height(value) } else { height(reach) };
        let bar = Rect::from_two_pos(pos2(left, middle), pos2(left + width - gap, middle - to));
        mesh.add_colored_rect(bar, colour);
    }
    ui.painter().add(Shape::mesh(mesh));
    ui.painter().hline(rect.x_range(), middle, (1.0, theme::colours().grid));
    let small = egui::TextStyle::Small.resolve(ui.style());
    let text = format!("± {}", measure(reach));
    ui.painter().text(rect.right_top(), Align2::RIGHT_TOP, text, small, theme::colours().muted);
    let [right, down] = keys::arrows(ui, &response);
    if right != 0 || down != 0 {
        let channel = grid.channel.unwrap_or(0).saturating_add_signed(right - down);
        grid.channel = Some(channel.min(count - 1));
    }
    let pointed = response.hover_pos().map(|at| {
        let share = (at.x - rect.left()) / rect.width();
        ((share * count as f32) as usize).min(count - 1)
    });
    if response.clicked() {
        response.request_focus();
        grid.channel = pointed.filter(|_| pointed != grid.channel);
    }
    keys::focus_ring(ui, &response, rect);
    response.widget_info(|| described(node, grid.channel, [0, count]));
    if let Some(entry) = pointed {
        let text = tr!("Entry {}: {}", entry, measure(values[entry]));
        response.on_hover_text_at_pointer(text);
    }
    let told = grid.channel.and_then(|entry| Some((entry, values.get(entry)?)));
    ui.label(theme::muted(match told {
        Some((entry, value)) => tr!("entry {}: {}", entry, measure(*value)),
        None => tr!("{} entries", count),
    }));
}

/// A vector has one range for all of its entries.
fn look_at_all(look: Look) -> Look {
    let scaling = match look.scaling {
        super::Scaling::Channel => super::Scaling::Node,
        other => other,
    };
    Look { scaling, ..look }
}

/// A bar's colour, which has to stand off the ground however small the bar is.
fn lifted(colour: Color32) -> Color32 {
    if theme::luma(colour) < 0.35 {
        colour.lerp_to_gamma(theme::colours().dead, 0.5)
    } else {
        colour
    }
}

fn described(node: &SeenNode, channel: Option<usize>, [first, shown]: [usize; 2]) -> WidgetInfo {
    let mut info = WidgetInfo::labeled(Role::Image, true, tr!("Channels of the node"));
    info.current_text_value = Some(match channel {
        Some(channel) => tr!("{}: channel {}", node.name, channel),
        None => tr!("{}: channels {} to {}", node.name, first, first + shown - 1),
    });
    info
}

/// What is known of a channel of `count` values; `dead` as [`Inside::dead_in_all`] tells.
///
/// [`Inside::dead_in_all`]: crate::session::inside::Inside::dead_in_all
fn tell(ui: &mut Ui, spread: &Spread, count: usize, dead: Option<(bool, usize)>) {
    ui.label(tr!("mean {}, deviation {}", measure(spread.mean), measure(spread.deviation)));
    ui.label(tr!("from {} to {}", measure(spread.min), measure(spread.max)));
    if spread.not_finite > 0 {
        let text = tr!("{} values are no numbers", spread.not_finite);
        ui.label(egui::RichText::new(text).color(theme::colours().error));
    } else if spread.is_dead(count) {
        ui.label(theme::muted(match dead {
            Some((true, images)) => tr!("Dead in all of {} images: one value everywhere.", images),
            Some((false, images)) => {
                tr!("One value everywhere in this picture, but not in all of {} images.", images)
            }
            None => tr!("Dead in this picture: one value everywhere.").to_owned(),
        }));
    }
    ui.label(theme::muted(tr!("Click to choose it, to be changed.")));
}
