//! The walk as a timeline: stations as pictures, a play head, and how it goes.

use egui::{
    ComboBox, CursorIcon, DragValue, Rect, Response, Role, Sense, Slider, Stroke, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::{Command, Scene, StationAsk, View, anchors, keys, save, theme, tiles};
use crate::language::{told, tr, tr_later};
use crate::session::anchor::Anchor;
use crate::session::sheets::SheetName;
use crate::session::walk::{
    Easing, Looping, MOST_STATIONS, STATION_SECS, TOP_SPEED, Walk, slider_of_speed, speed_of_slider,
};

/// The greatest side of a station's picture, in points.
const TILE: f32 = 72.0;
/// The line with the play head, in points.
const TRACK: f32 = 18.0;

/// The keys of its time.
pub(super) const KEYS: &[keys::Listed] = &[
    (tr_later!("Left, Right"), tr_later!("Go along the time of the walk")),
    (tr_later!("Shift+Left, Shift+Right"), tr_later!("Go along the time in smaller steps")),
];

/// How the walk would be saved.
#[derive(Clone, Debug)]
pub struct FilmForm {
    /// Pictures of a whole round.
    pub pictures: usize,
    /// The path that is typed.
    pub path: String,
}

impl Default for FilmForm {
    fn default() -> Self {
        Self { pictures: 60, path: String::new() }
    }
}

/// Draws the walk and what changes it.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    toolbar(ui, scene, view, out);
    let walk = scene.walk;
    if walk.stations().is_empty() {
        ui.add_space(6.0);
        ui.label(theme::muted(tr!(
            "Stations of a walk will be here: go to a point, add it, go on to the next. The picture then moves from one to the next, as a film that can be saved."
        )));
        return;
    }
    let stations = walk.stations().iter();
    let points = stations.map(|station| scene.explore.point_of(&station.place));
    view.sheets.insert(SheetName::Keyframes, points.collect());
    timeline(ui, scene, out);
}

fn toolbar(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, out: &mut Vec<Command>) {
    let walk = scene.walk;
    ui.horizontal_wrapped(|ui| {
        let is_room = walk.stations().len() < MOST_STATIONS;
        let hint = tr!("Make the point that is shown the last station of the walk (K).");
        let add = ui.add_enabled(is_room, egui::Button::new(tr!("Add this point")));
        if add.on_hover_text(hint).on_disabled_hover_text(tr!("There are too many.")).clicked() {
            out.push(Command::Station(StationAsk::Add(Anchor::Point)));
        }
        ui.add_enabled_ui(is_room, |ui| {
            let offered: Vec<Anchor> = scene.anchors().all().collect();
            let menu = ui.menu_button(tr!("Add…"), |ui| {
                anchors::list(ui, scene, &mut view.sheets, &offered, None)
            });
            let hint = tr!("Make an image, a bookmark or another point the last station.");
            let response = menu.response.on_hover_text(hint);
            let label = tr!("Add a station");
            response.widget_info(|| WidgetInfo::labeled(Role::Button, is_room, label));
            if let Some(anchor) = menu.inner.flatten() {
                out.push(Command::Station(StationAsk::Add(anchor)));
            }
        });
        let can_play = walk.stations().len() > 1;
        let (text, hint) = if walk.is_playing() {
            (tr!("Halt"), tr!("Stop where the walk is (W)."))
        } else {
            (tr!("Play"), tr!("Let the walk go on by itself (W)."))
        };
        let play = ui.add_enabled(can_play, egui::Button::new(text)).on_hover_text(hint);
        if play.on_disabled_hover_text(tr!("A walk needs two stations.")).clicked() {
            out.push(Command::Station(StationAsk::Play(!walk.is_playing())));
        }
        ui.separator();
        how(ui, walk, out);
        ui.separator();
        let hint = tr!("Save the walk: a .gif film, or a .png or .jpg strip of its pictures.");
        if let Some(place) = save::button(ui, tr!("Save…"), hint, &mut view.film.path) {
            let pictures = view.film.pictures;
            out.push(Command::Station(StationAsk::Save { pictures, path: place.path() }));
        }
        let pictures = DragValue::new(&mut view.film.pictures).range(2..=1000);
        ui.add(pictures.suffix(tr!(" pictures")))
            .on_hover_text(tr!("Pictures of a whole round, in the saved film or strip."));
        if ui.button(tr!("Clear")).on_hover_text(tr!("Forget all stations.")).clicked() {
            out.push(Command::Station(StationAsk::Clear));
        }
    });
}

/// Speed, easing and what comes after the last station.
fn how(ui: &mut Ui, walk: &Walk, out: &mut Vec<Command>) {
    let mut slider = slider_of_speed(walk.speed, TOP_SPEED);
    ui.spacing_mut().slider_width = 90.0;
    let response = ui.add(
        Slider::new(&mut slider, -1.0..=1.0)
            .custom_formatter(|slider, _| {
                format!("{:.2}", speed_of_slider(slider as f32, TOP_SPEED))
            })
            .custom_parser(|text| {
                let speed = text.trim().parse::<f32>().ok()?;
                Some(slider_of_speed(speed, TOP_SPEED).into())
            })
            .prefix(tr!("speed ")),
    );
    let speed = speed_of_slider(slider, TOP_SPEED);
    response.widget_info(|| WidgetInfo::slider(true, speed.into(), tr!("Speed of the walk")));
    let (mut easing, mut looping) = (walk.easing, walk.looping);
    let is_other = response.changed();
    response
        .on_hover_text(tr!("How fast, in times of the stations' own speed; backwards below zero."));
    let word = |all: &[(Easing, &'static str)]| {
        all.iter().find(|(other, _)| *other == walk.easing).map_or("", |(_, name)| told(name))
    };
    let shown = ComboBox::from_id_salt("easing").width(84.0).selected_text(word(&Easing::ALL));
    let shown = shown.show_ui(ui, |ui| {
        for (other, name) in Easing::ALL {
            ui.selectable_value(&mut easing, other, told(name));
        }
    });
    let response =
        shown.response.on_hover_text(tr!("How the way between two stations begins and ends."));
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, tr!("Easing")));
    let name =
        Looping::ALL.iter().find(|(other, _)| *other == looping).map_or("", |(_, name)| told(name));
    let shown = ComboBox::from_id_salt("looping").width(104.0).selected_text(name);
    let shown = shown.show_ui(ui, |ui| {
        for (other, name) in Looping::ALL {
            ui.selectable_value(&mut looping, other, told(name));
        }
    });
    let response = shown.response.on_hover_text(tr!("What comes after the last station."));
    response
        .widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, tr!("After the last station")));
    if is_other || easing != walk.easing || looping != walk.looping {
        let speed = if is_other { speed } else { walk.speed };
        out.push(Command::Station(StationAsk::Change { speed, easing, looping }));
    }
}

/// Stations at their moments, one after the other, and the line below with the play head.
fn timeline(ui: &mut Ui, scene: &Scene<'_>, out: &mut Vec<Command>) {
    let walk = scene.walk;
    let count = walk.stations().len();
    let room = ui.available_size();
    let length = walk.length().max(1e-3);
    // The last picture needs room beyond its moment where nothing comes after it.
    let tile = TILE.min((room.y - TRACK - 40.0).max(24.0)).min(room.x / 2.0);
    let ends = walk.looping != Looping::Loop;
    let width = room.x - if ends { tile } else { 0.0 };
    let x_of = |secs: f32| secs / length * width;
    let (track, response) = ui.allocate_exact_size(vec2(room.x, TRACK), Sense::click_and_drag());
    let response = response.on_hover_cursor(CursorIcon::ResizeHorizontal);
    let [at, all] = [walk.secs(), length].map(|secs| format!("{secs:.1}"));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Slider, true, tr!("Time of the walk"));
        info.value = Some(walk.secs().into());
        info.current_text_value = Some(tr!("{} s of {} s", at, all));
        info
    });
    let painter = ui.painter();
    let y = track.center().y;
    painter.hline(track.left()..=track.left() + width, y, Stroke::new(1.0, theme::colours().muted));
    for index in 0..count {
        let x = track.left() + x_of(walk.secs_of(index));
        painter.vline(x, (y - 4.0)..=(y + 4.0), Stroke::new(1.0, theme::colours().muted));
    }
    let head = pos2(track.left() + x_of(walk.secs()), y);
    painter.circle_filled(head, 5.0, theme::colours().accent);
    keys::focus_ring(ui, &response, track.shrink(2.0));
    seek(ui, &response, (walk.secs(), length), (track.left(), width), out);
    let hint = tr!("{} s of {} s; drag to go to a moment.", at, all);
    response.on_hover_text(hint);
    let (rows, _) = ui.allocate_exact_size(vec2(room.x, tile + 24.0), Sense::hover());
    for index in 0..count {
        let left = rows.left() + x_of(walk.secs_of(index));
        let until = rows.left() + x_of(walk.secs_of(index + 1)).min(room.x);
        // Narrower than their pictures where ways are short: later ones lie on top of earlier ones.
        let side =
            if index + 1 == count && ends { tile } else { tile.min((until - left - 2.0).max(8.0)) };
        let rect = Rect::from_min_size(pos2(left, rows.top()), Vec2::splat(side));
        station(ui, scene, index, rect, out);
    }
}

/// Goes to the moment where the line is held, and along it by the arrows; it begins at `left` and is so wide.
fn seek(
    ui: &Ui,
    response: &Response,
    (now, length): (f32, f32),
    (left, width): (f32, f32),
    out: &mut Vec<Command>,
) {
    let held = response.dragged() || response.clicked();
    // Enter and Space click too, without a pointer.
    if let Some(at) = response.interact_pointer_pos().filter(|_| held) {
        if response.drag_started() || response.clicked() {
            out.push(Command::BeginEdit);
        }
        let secs = ((at.x - left) / width.max(1.0)).clamp(0.0, 1.0) * length;
        out.push(Command::Station(StationAsk::Seek(secs)));
    }
    let along = keys::strides(ui, response).map(|[right, _]| right).filter(|right| *right != 0.0);
    if let Some(right) = along {
        let secs = (now + right * length).clamp(0.0, length);
        out.extend([Command::BeginEdit, Command::Station(StationAsk::Seek(secs))]);
    }
}

/// One station: its picture, and how long it takes to the next one.
fn station(ui: &mut Ui, scene: &Scene<'_>, index: usize, rect: Rect, out: &mut Vec<Command>) {
    let walk = scene.walk;
    let id = egui::Id::unique(("station", index));
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, tr!("Station {}", index + 1)));
    tiles::paint(ui, scene, SheetName::Keyframes, index, rect);
    if response.hovered() || response.has_focus() {
        theme::frame_around(ui, rect.shrink(2.0));
    }
    if response.clicked() {
        out.extend([Command::BeginEdit, Command::Station(StationAsk::Seek(walk.secs_of(index)))]);
    }
    let count = walk.stations().len();
    response.context_menu(|ui| {
        let mut entry = |text: &str, is_offered: bool, command: Command| {
            if ui.add_enabled(is_offered, egui::Button::new(text)).clicked() {
                out.push(command);
                ui.close();
            }
        };
        entry(
            tr!("Put this point here instead"),
            true,
            Command::Station(StationAsk::Replace(index)),
        );
        let earlier =
            Command::Station(StationAsk::Move { from: index, to: index.saturating_sub(1) });
        entry(tr!("Earlier"), index > 0, earlier);
        entry(
            tr!("Later"),
            index + 1 < count,
            Command::Station(StationAsk::Move { from: index, to: index + 1 }),
        );
        entry(tr!("Remove"), true, Command::Station(StationAsk::Remove(index)));
    });
    response.on_hover_text(tr!("Station {}: click to go there; right-click for more.", index + 1));
    let leads_on = index + 1 < count || walk.looping == Looping::Loop;
    if !leads_on || rect.width() < 24.0 {
        return;
    }
    let mut secs = walk.stations()[index].secs;
    let place = Rect::from_min_size(
        rect.left_bottom() + vec2(0.0, 3.0),
        vec2(rect.width().min(52.0), 18.0),
    );
    let value =
        DragValue::new(&mut secs).range(STATION_SECS).speed(0.05).fixed_decimals(1).suffix(" s");
    let response =
        ui.put(place, value).on_hover_text(tr!("How long it takes to the next station."));
    response.widget_info(|| {
        let label = tr!("Seconds after station {}", index + 1);
        let mut info = WidgetInfo::labeled(Role::SpinButton, true, label);
        info.value = Some(secs.into());
        info
    });
    if response.changed() {
        out.push(Command::Station(StationAsk::SetSecs { index, secs }));
    }
}
