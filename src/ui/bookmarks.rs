//! Points that a person keeps, as pictures, and sums of them.

use egui::{Rect, Response, Role, ScrollArea, Sense, Slider, TextEdit, Ui, Vec2, WidgetInfo, vec2};

use super::{
    BookmarkAsk, Command, Scene, SheetOf, StationAsk, View, anchors, pad, save, theme, tiles,
};
use crate::language::{told, tr};
use crate::session::anchor::Anchor;
use crate::session::bookmarks::{MOST_BOOKMARKS, analogy};
use crate::session::sheets::{SheetName, SheetPoints};

/// The side of a picture and the height of its name, in points.
const TILE: f32 = 72.0;
const NAME_HEIGHT: f32 = 16.0;
/// Between two pictures.
const GAP: f32 = 8.0;

/// What is chosen of the bookmarks.
#[derive(Clone, Debug)]
pub struct BookmarksView {
    /// The bookmark whose name is being typed, and what is typed.
    renamed: Option<(usize, String)>,
    /// Of `a + strength (c − b)`.
    terms: [Anchor; 3],
    strength: f32,
    /// Pictures in a row, where they were drawn last.
    pub columns: usize,
}

impl Default for BookmarksView {
    fn default() -> Self {
        Self { renamed: None, terms: [Anchor::Point; 3], strength: 1.0, columns: 8 }
    }
}

/// Draws the bookmarks and what can be done with them.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        let is_room = scene.bookmarks.len() < MOST_BOOKMARKS;
        let hint = tr!("Keep the point that is shown, with its picture and name (B).");
        let keep = ui.add_enabled(is_room, egui::Button::new(tr!("Keep this point")));
        let full = tr!("No more points can be kept.");
        if keep.on_hover_text(hint).on_disabled_hover_text(full).clicked() {
            out.push(Command::Bookmark(BookmarkAsk::Add));
        }
        if !scene.bookmarks.is_empty() {
            let text = tr!("Save pictures…");
            save::sheet(ui, text, SheetOf::Bookmarks, &mut view.sheet_paths, out);
        }
        ui.separator();
        sum(ui, scene, &mut view.bookmarks, &mut view.sheets, out);
    });
    if scene.bookmarks.is_empty() {
        ui.add_space(6.0);
        ui.label(theme::muted(tr!(
            "Points that you keep will be here as pictures: to return to, to walk between, to put at the pad's corners, and to add to and subtract from each other."
        )));
        return;
    }
    anchors::want_bookmarks(scene, &mut view.sheets);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(GAP, 6.0);
            let columns = (ui.available_width() + GAP) / (TILE + GAP);
            view.bookmarks.columns = columns.floor().max(1.0) as usize;
            for index in 0..scene.bookmarks.len() {
                bookmark(ui, scene, index, &mut view.bookmarks, out);
            }
        });
    });
}

/// One bookmark: its picture, and its name below.
fn bookmark(
    ui: &mut Ui,
    scene: &Scene<'_>,
    index: usize,
    view: &mut BookmarksView,
    out: &mut Vec<Command>,
) {
    let mark = &scene.bookmarks[index];
    let size = vec2(TILE, TILE + NAME_HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, tr!("Bookmark {}", mark.name)));
    let picture = Rect::from_min_size(rect.min, Vec2::splat(TILE));
    tiles::paint(ui, scene, SheetName::Bookmarks, index, picture);
    let is_here = mark.place.latent == scene.explore.latent()
        && mark.place.cells == *scene.explore.edited_cells();
    if is_here || response.hovered() || response.has_focus() {
        theme::frame_around(ui, picture.shrink(2.0));
    }
    let place = Rect::from_min_max(picture.left_bottom(), rect.max);
    if let Some((_, name)) = view.renamed.as_mut().filter(|(renamed, _)| *renamed == index) {
        let field = ui.put(place, TextEdit::singleline(name).font(egui::TextStyle::Small));
        if field.lost_focus() {
            let is_meant = !ui.input(|input| input.key_pressed(egui::Key::Escape));
            let name = std::mem::take(name);
            view.renamed = None;
            if is_meant {
                out.push(Command::Bookmark(BookmarkAsk::Rename { index, name }));
            }
        } else {
            field.request_focus();
        }
    } else {
        let font = egui::TextStyle::Small.resolve(ui.style());
        let colour = ui.visuals().text_color();
        let mut job = egui::text::LayoutJob::simple_singleline(mark.name.clone(), font, colour);
        job.wrap = egui::text::TextWrapping::truncate_at_width(TILE);
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(place.min + vec2(0.0, 1.0), galley, colour);
    }
    if response.clicked() {
        out.push(Command::Bookmark(BookmarkAsk::GoTo(index)));
    }
    menu(&response, scene, index, view, out);
    let hint = tr!("{}: click to go there; right-click for more.", mark.name);
    response.on_hover_text(hint);
}

fn menu(
    response: &Response,
    scene: &Scene<'_>,
    index: usize,
    view: &mut BookmarksView,
    out: &mut Vec<Command>,
) {
    response.context_menu(|ui| {
        let mut entry = |ui: &mut Ui, text: &str, command: Command| {
            if ui.button(text).clicked() {
                out.push(command);
                ui.close();
            }
        };
        entry(ui, tr!("Go there"), Command::Bookmark(BookmarkAsk::GoTo(index)));
        entry(
            ui,
            tr!("Add to the walk"),
            Command::Station(StationAsk::Add(Anchor::Bookmark(index))),
        );
        let from = Command::TraverseFrom(Anchor::Bookmark(index));
        if scene.has_traversals() {
            entry(ui, tr!("Use as base of traversals"), from);
        }
        ui.menu_button(tr!("Put at a corner of the pad"), |ui| {
            for (corner, name) in pad::CORNERS.into_iter().enumerate() {
                let command = Command::Bookmark(BookmarkAsk::AtCorner { index, corner });
                entry(ui, told(name), command);
            }
        });
        entry(
            ui,
            tr!("Keep this point here instead"),
            Command::Bookmark(BookmarkAsk::Replace(index)),
        );
        if ui.button(tr!("Rename")).clicked() {
            view.renamed = Some((index, scene.bookmarks[index].name.clone()));
            ui.close();
        }
        let mut entry = |text: &str, command: Command| {
            if ui.button(text).clicked() {
                out.push(command);
                ui.close();
            }
        };
        entry(tr!("Remove"), Command::Bookmark(BookmarkAsk::Remove(index)));
    });
}

/// `a + strength (c − b)`, live while the strength is dragged.
fn sum(
    ui: &mut Ui,
    scene: &Scene<'_>,
    view: &mut BookmarksView,
    sheets: &mut SheetPoints,
    out: &mut Vec<Command>,
) {
    let [a, b, c] = &mut view.terms;
    ui.label(tr!("Go to"))
        .on_hover_text(tr!("a + strength × (c − b): what leads from b to c, put onto a."));
    anchors::pick(ui, tr!("What is changed: a"), scene, sheets, a);
    ui.label("+");
    ui.spacing_mut().slider_width = 80.0;
    let slider = Slider::new(&mut view.strength, -2.0..=2.0).fixed_decimals(2).suffix(" ×");
    let response = ui.add(slider).on_hover_text(tr!("How much of the change."));
    let strength = f64::from(view.strength);
    response.widget_info(|| WidgetInfo::slider(true, strength, tr!("Strength of the change")));
    ui.label("(");
    anchors::pick(ui, tr!("Where the change leads to: c"), scene, sheets, c);
    ui.label("−");
    anchors::pick(ui, tr!("Where the change leads from: b"), scene, sheets, b);
    ui.label(")");
    let go = ui.button(tr!("Go")).on_hover_text(tr!("Go to that point.")).clicked();
    // From the point itself every step of a drag would start where the one before ended.
    let is_live = !view.terms.contains(&Anchor::Point);
    if response.drag_started() || go {
        out.push(Command::BeginEdit);
    }
    if go || (response.changed() && is_live) {
        let anchors = scene.anchors();
        let [a, b, c] = view.terms.map(|term| anchors.latent(term));
        if let (Some(a), Some(b), Some(c)) = (a, b, c) {
            out.push(Command::SetLatent(analogy(&a, &b, &c, view.strength)));
        }
    }
}
