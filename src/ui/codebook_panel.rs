//! The codebook as a heatmap or on a plane: how often each code is chosen, and which are dying or dead.

use egui::{
    Align, Align2, Color32, FontId, Key, Layout, Mesh, Modifiers, Pos2, Rect, Response, Role,
    ScrollArea, Sense, Shape, Ui, WidgetInfo, pos2, vec2,
};

use super::code_map::take_code;
use super::codebook_view::{Clock, CodebookView, Order};
use super::heatmap::{CellLook, HeatGrid, count_at};
use super::scatter::Dot;
use super::words::{self, grouped, measure, percent};
use super::{Command, Pane, Scene, code_plane, keys, picture, sliders, theme};
use crate::language::{told, tr, tr_later};
use crate::metrics::code_use::CodeState;
use crate::session::codebook::{Codebook, ReviveFrom, Usage, UsedBy};

/// The keys of what shows all codes.
pub(super) const KEYS: &[keys::Listed] = &[
    (tr_later!("Arrows"), tr_later!("Go to the code beside")),
    ("Enter", tr_later!("Inspect the code, or paint with it where a tool takes one")),
    ("R", tr_later!("Put the code onto a random vector of the encoder, in training")),
];

/// The legend below the heatmap.
const LEGEND_HEIGHT: f32 = 18.0;
/// What stands at its end needs so much.
const LEAST_AT_END: f32 = 84.0;
/// A cell of the legend, in points.
const SWATCH: usize = 12;
/// A dot of the legend, in points.
const SWATCH_RADIUS: f32 = 4.5;
/// The colour bar, in points.
const BAR: egui::Vec2 = vec2(132.0, 12.0);
/// Fine enough for a smooth colour bar.
const BAR_STEPS: usize = 33;

/// How many of the codes are used, in one line.
pub(super) fn summary(ui: &mut Ui, codebook: &Codebook, view: &CodebookView) {
    let overview = &view.overview;
    if overview.states.is_empty() {
        ui.label(theme::muted(tr!("{} codes", grouped(codebook.size() as u64))));
        return;
    }
    let number = |state| grouped(overview.number_of(state) as u64);
    let [used, dying, dead] = [CodeState::Used, CodeState::Dying, CodeState::Dead].map(number);
    let all = grouped(codebook.size() as u64);
    let perplexity = format!("{:.1}", overview.perplexity);
    let text = match (overview.batch_perplexity, &codebook.usage) {
        (Some(batch), _) => tr!(
            "{} of {} used, {} dying, {} dead · perplexity {} (window), {} (batch)",
            used,
            all,
            dying,
            dead,
            perplexity,
            format_args!("{batch:.1}"),
        ),
        (None, Usage::Averaged(_)) => tr!(
            "{} of {} used, {} dying, {} dead · perplexity {} (moving average)",
            used,
            all,
            dying,
            dead,
            perplexity,
        ),
        (None, _) => tr!(
            "{} of {} used, {} dying, {} dead · perplexity {} (evaluation)",
            used,
            all,
            dying,
            dead,
            perplexity,
        ),
    };
    let label = egui::Label::new(theme::muted(text)).truncate();
    ui.add(label).on_hover_text(tr!(
        "Used, dying and dead are judged over the window. Perplexity is how many codes, used evenly, would say \
         as much: exp of the entropy of use."
    ));
}

/// The heatmap or the plane with its controls and its legend.
pub(super) fn show(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    toolbar(ui, scene, codebook, view, out);
    let room = ui.available_size() - vec2(0.0, LEGEND_HEIGHT + ui.spacing().item_spacing.y);
    if let Some(plane) = view.plane(codebook) {
        code_plane::show(ui, scene, codebook, &plane, view, room, out);
        return legend(ui, codebook, view, out);
    }
    view.seen = None;
    let scale = ui.pixels_per_point();
    // A little room around for the frames of cells at the border.
    let room_px = [room.x - 6.0, room.y - 6.0].map(|room| (room * scale).max(1.0) as usize);
    view.grid = HeatGrid::fit(codebook.size(), room_px);
    let size = egui::Vec2::from(view.grid.size_px().map(|px| px as f32 / scale));
    let height = size.y.min(room.y.max(24.0) - 6.0);
    ScrollArea::vertical().max_height(height + 6.0).show(ui, |ui| {
        egui::Frame::new().inner_margin(3.0).show(ui, |ui| {
            heatmap(ui, scene, codebook, view, size, out);
        });
    });
    legend(ui, codebook, view, out);
}

fn toolbar(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &mut CodebookView,
    out: &mut Vec<Command>,
) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        clock(ui, scene, codebook, view);
        ui.separator();
        let orders = [
            (Order::Index, tr!("Index"), tr!("Codes by their number.")),
            (Order::Use, tr!("Use"), tr!("The most used codes first. Stays as it is under the pointer.")),
            (Order::Norm, tr!("Norm"), tr!("The longest codes first.")),
            (
                Order::Similarity,
                tr!("Similarity"),
                tr!("Codes that are alike near each other: along the first principal component of their vectors."),
            ),
            (
                Order::Plane,
                "PCA",
                tr!(
                    "Codes as dots where they lie on the plane in which their vectors spread most, that of the two first \
                     principal components."
                ),
            ),
        ];
        ui.label(theme::muted(tr!("by")));
        if !offers(scene, view.order) {
            view.order = Order::Index;
        }
        for (order, name, hint) in orders.into_iter().filter(|(order, ..)| offers(scene, *order)) {
            let known = knows(codebook, view, order);
            let unknown = match order {
                Order::Similarity | Order::Plane => {
                    tr!("Not known yet: it is worked out in the background.")
                }
                Order::Use => tr!("How often codes are used is not known."),
                Order::Index | Order::Norm => "",
            };
            let button = egui::Button::selectable(view.order == order, name);
            let response = ui.add_enabled(known, button);
            if response.on_hover_text(hint).on_disabled_hover_text(unknown).clicked() {
                view.order = order;
            }
        }
        if scene.model.only_codes {
            return;
        }
        ui.separator();
        let why_fixed = codebook.layout.why_fixed();
        let hint = why_fixed.map_or(
            tr!("Put every dead code that is not frozen onto a random vector of the encoder."),
            told,
        );
        let dead = revivable(scene, codebook, view);
        if sliders::enabled(ui, !dead.is_empty(), tr!("Revive all dead"), hint) {
            out.push(Command::ReviveCodes { codes: dead, from: ReviveFrom::Random });
        }
    });
}

/// Whether codes can be laid out so in this window: beside what is done to codes there is no room for one more.
pub(super) fn offers(scene: &Scene<'_>, order: Order) -> bool {
    order != Order::Norm || scene.model.only_codes
}

/// Whether what codes are laid out by is known.
pub(super) fn knows(codebook: &Codebook, view: &CodebookView, order: Order) -> bool {
    match order {
        Order::Similarity | Order::Plane => codebook.plane.is_some(),
        Order::Use => !view.overview.counts.is_empty(),
        Order::Index | Order::Norm => true,
    }
}

/// The dead codes that can be put onto vectors of the encoder now.
pub(super) fn revivable(scene: &Scene<'_>, codebook: &Codebook, view: &CodebookView) -> Vec<usize> {
    if !scene.trains() || codebook.layout.why_fixed().is_some() {
        return Vec::new();
    }
    let is_dead = |code: &usize| {
        view.overview.state(*code) == Some(CodeState::Dead) && !codebook.is_frozen(*code)
    };
    (0..codebook.size()).filter(is_dead).collect()
}

/// Which uses are counted, where there is a choice.
fn clock(ui: &mut Ui, scene: &Scene<'_>, codebook: &Codebook, view: &mut CodebookView) {
    match &codebook.usage {
        Usage::Trained(history) => {
            let window = tr!("Window ({} steps)", grouped(history.window_steps()));
            let clocks = [
                (
                    Clock::Batch,
                    tr!("Batch").to_owned(),
                    tr!("Uses in the last batch: few, and different every time."),
                ),
                (
                    Clock::Window,
                    window,
                    tr!("Uses in the last steps; an epoch, unless set otherwise."),
                ),
            ];
            for (clock, name, hint) in clocks {
                let chosen = view.clock == clock;
                if ui.selectable_label(chosen, name).on_hover_text(hint).clicked() {
                    view.clock = clock;
                }
            }
            if codebook.text_usage.is_some() {
                sides(ui, view);
            } else if matches!(view.clock, Clock::Images | Clock::Texts) {
                view.clock = Clock::Window;
            }
        }
        Usage::Evaluated(_) => {
            let vectors = grouped(view.overview.vectors);
            ui.label(theme::muted(tr!("{} vectors evaluated", vectors)));
        }
        Usage::Averaged(_) => {
            ui.label(theme::muted(tr!("use as the file tells it"))).on_hover_text(
                tr!("A moving average that training kept: of a million vectors, how many chose each code."),
            );
        }
        Usage::Unknown if scene.model.only_codes => {
            ui.label(theme::muted(tr!("use not known")))
                .on_hover_text(tr!("Nothing in the file tells how often each code is used."));
        }
        Usage::Unknown => {
            ui.label(theme::muted(tr!("use not counted yet")))
                .on_hover_text(tr!("It is counted while a model trains, or over images."));
        }
    }
}

/// Whose uses are counted, where images and texts share the codebook.
fn sides(ui: &mut Ui, view: &mut CodebookView) {
    let [images, texts, both] = view.overview.sides;
    let hint = tr!(
        "{} codes are used by images alone, {} by texts alone, {} by both: a side counts from a twentieth of a code's uses on.",
        images,
        texts,
        both
    );
    for (clock, name, count) in
        [(Clock::Images, tr!("Images"), images + both), (Clock::Texts, tr!("Texts"), texts + both)]
    {
        let text = format!("{name} {count}");
        if ui.selectable_label(view.clock == clock, text).on_hover_text(&hint).clicked() {
            view.clock = clock;
        }
    }
}

/// Who uses a code, where images and texts share the codebook.
pub(super) fn used_by(codebook: &Codebook, code: usize) -> Option<String> {
    let uses = codebook.uses_of_sides(code)?;
    let by = UsedBy::of(uses)?;
    let share = percent(uses[1], uses.iter().sum());
    Some(match by {
        UsedBy::Images => tr!("used by images, {} of its uses by texts", share),
        UsedBy::Texts => tr!("used by texts, {} of its uses", share),
        UsedBy::Both => tr!("used by images and texts, {} of its uses by texts", share),
    })
}

fn heatmap(
    ui: &mut Ui,
    scene: &Scene<'_>,
    codebook: &Codebook,
    view: &mut CodebookView,
    size: egui::Vec2,
    out: &mut Vec<Command>,
) {
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    // A name of its own: it keeps the keyboard when the inspector opens beside it.
    let response = ui.interact(rect, egui::Id::unique("codebook heatmap"), Sense::click());
    // A pixel of the picture is a pixel of the screen.
    let scale = ui.pixels_per_point();
    let corner = pos2((rect.left() * scale).round(), (rect.top() * scale).round()) / scale;
    let rect = Rect::from_min_size(corner, size);
    if let Some(texture) = scene.pictures.codes {
        picture::paint(ui, texture, rect);
    }
    let clicked = match response.interact_pointer_pos() {
        Some(at) => code_at(ui, rect, view, at),
        None => Some(view.cursor),
    };
    let next = |view: &CodebookView, way| {
        let place = *view.overview.place.get(view.cursor)?;
        view.overview.order.get(keys::walk(place, way, view.grid.columns, view.grid.cells)).copied()
    };
    if keys_and_clicks(ui, scene, &response, view, clicked, next, out)
        && let Some(cell) = cell_rect(ui, rect, view, view.cursor)
    {
        ui.scroll_to_rect(cell.expand(3.0), None);
    }
    let is_shown = response.has_focus() || view.selected.is_some();
    if is_shown && let Some(cell) = cell_rect(ui, rect, view, view.cursor) {
        theme::frame_around(ui, cell);
    }
    if let Some(cell) = view.hovered().and_then(|code| cell_rect(ui, rect, view, code)) {
        let stroke = egui::Stroke::new(1.0, theme::colours().lit);
        ui.painter().rect_stroke(cell.expand(1.0), 0.0, stroke, egui::StrokeKind::Outside);
    }
    keys::focus_ring(ui, &response, rect);
    named(&response, view, tr!("Codebook heatmap"));
    let hovered = response.hover_pos().and_then(|at| code_at(ui, rect, view, at));
    view.is_held = hovered.is_some();
    if let Some(code) = hovered {
        view.hover(code);
        response.on_hover_ui_at_pointer(|ui| tell_code(ui, codebook, view, code));
    }
}

/// Gives what shows all codes its accessible name, and the code where the keyboard is as its value.
pub(super) fn named(response: &Response, view: &CodebookView, name: &str) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, name);
        let state = told(words::state(view.overview.state(view.cursor)));
        info.current_text_value = Some(tr!("Code {}, {}", view.cursor, state));
        info
    });
}

/// Clicks and arrows choose a code; Enter opens the inspector, R revives. Says whether arrows led to another code.
///
/// `clicked` is the code under the pointer, or where the keyboard is: Enter and Space click too, without a pointer.
/// `next` tells where arrows lead, right and down.
pub(super) fn keys_and_clicks(
    ui: &Ui,
    scene: &Scene<'_>,
    response: &Response,
    view: &mut CodebookView,
    clicked: Option<usize>,
    next: impl FnOnce(&CodebookView, [isize; 2]) -> Option<usize>,
    out: &mut Vec<Command>,
) -> bool {
    if response.clicked() {
        response.request_focus();
        if let Some(code) = clicked {
            view.cursor = code;
            if !take_code(scene, view, code, out) {
                select(view, code, out);
            }
        }
    }
    let way = keys::arrows(ui, response);
    let led_to = if way == [0, 0] { None } else { next(view, way) };
    if let Some(code) = led_to {
        view.cursor = code;
        // An open inspector follows.
        if view.selected.is_some_and(|selected| selected != view.cursor) {
            select(view, view.cursor, out);
        }
    }
    let asks_for_life = || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::R));
    if response.has_focus() && asks_for_life() {
        out.push(Command::ReviveCodes { codes: vec![view.cursor], from: ReviveFrom::Random });
    }
    led_to.is_some()
}

/// Puts a code into the inspector.
pub(super) fn select(view: &mut CodebookView, code: usize, out: &mut Vec<Command>) {
    view.select(Some(code));
    out.push(Command::SelectCode(Some(code)));
}

fn code_at(ui: &Ui, rect: Rect, view: &CodebookView, at: Pos2) -> Option<usize> {
    let px = (at - rect.min) * ui.pixels_per_point();
    let place = view.grid.place_at(px.into())?;
    view.overview.order.get(place).copied()
}

fn cell_rect(ui: &Ui, rect: Rect, view: &CodebookView, code: usize) -> Option<Rect> {
    let place = *view.overview.place.get(code)?;
    let [left, top, side] = view.grid.cell(place).map(|px| px as f32 / ui.pixels_per_point());
    Some(Rect::from_min_size(rect.min + vec2(left, top), vec2(side, side)))
}

pub(super) fn tell_code(ui: &mut Ui, codebook: &Codebook, view: &CodebookView, code: usize) {
    let overview = &view.overview;
    let state = told(words::state(overview.state(code)));
    ui.label(if codebook.is_frozen(code) {
        tr!("Code {}, {}, frozen", code, state)
    } else {
        tr!("Code {}, {}", code, state)
    });
    if let Some(norm) = overview.norms.get(code) {
        ui.label(theme::muted(tr!("norm {}", measure(*norm))));
    }
    if overview.counts.is_empty() {
        return;
    }
    let count = overview.count(code);
    let share = percent(count, overview.vectors);
    let count = grouped(count);
    ui.label(theme::muted(match &codebook.usage {
        Usage::Trained(_) if view.clock == Clock::Batch => {
            tr!("{} uses, {} of the vectors of the last batch", count, share)
        }
        Usage::Trained(_) => tr!("{} uses, {} of the vectors of the window", count, share),
        Usage::Averaged(_) => tr!("{} of the vectors in training", share),
        Usage::Unknown | Usage::Evaluated(_) => {
            tr!("{} uses, {} of the vectors evaluated", count, share)
        }
    }));
    if let Some(by) = used_by(codebook, code) {
        ui.label(theme::muted(by));
    }
    if let Some(history) = codebook.history() {
        let last = match history.last_used(code) {
            Some(step) => tr!("last used at step {}", grouped(step)),
            None => tr!("never used").to_owned(),
        };
        ui.label(theme::muted(last));
    }
}

/// What brightness and form mean.
fn legend(ui: &mut Ui, codebook: &Codebook, view: &mut CodebookView, out: &mut Vec<Command>) {
    ui.allocate_ui_with_layout(
        vec2(ui.available_width(), LEGEND_HEIGHT),
        Layout::left_to_right(Align::Center),
        |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            if view.overview.counts.is_empty() {
                let [least, most] = view.overview.span.map(measure);
                let middle = measure(view.overview.span.iter().sum::<f32>() / 2.0);
                colour_bar(ui, [tr!("norm {}", least), middle, most]);
            } else {
                let most = view.overview.most;
                let brightest = match &codebook.usage {
                    Usage::Averaged(_) => tr!("{} in a million", grouped(most)),
                    _ => tr!("{} uses", grouped(most)),
                };
                let middle = grouped(count_at(0.5, most, view.log));
                colour_bar(ui, ["0".to_owned(), middle, brightest]);
                let hint = tr!(
                    "Brightness follows the logarithm of use, so that rare codes are told apart too."
                );
                ui.checkbox(&mut view.log, tr!("log")).on_hover_text(hint);
                for (state, brightness) in
                    [(CodeState::Used, 0.7), (CodeState::Dying, 0.15), (CodeState::Dead, 0.0)]
                {
                    ui.add_space(6.0);
                    sample(ui, view, state, brightness, false);
                    ui.label(theme::muted(told(words::state(Some(state)))).small())
                        .on_hover_text(told(words::explain_state(state)));
                }
            }
            if codebook.frozen.contains(&true) {
                ui.add_space(6.0);
                sample(ui, view, CodeState::Used, 0.7, true);
                ui.label(theme::muted(tr!("frozen")).small())
                    .on_hover_text(tr!("Training leaves it where it is."));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let hint = tr!(
                    "Put the codebook beside that of another checkpoint or model: how far each code moved."
                );
                if ui.available_width() > LEAST_AT_END
                    && ui.small_button(tr!("Changes…")).on_hover_text(hint).clicked()
                {
                    out.push(Command::ShowPane(Pane::Changes));
                }
                rate(ui, codebook);
            });
        },
    );
}

/// How many bits the codes of an image take.
fn rate(ui: &mut Ui, codebook: &Codebook) {
    let rate = codebook.survey.as_ref().and_then(|survey| survey.rate(&codebook.layout));
    let Some(rate) = rate else { return };
    let per_pixel = |bits: f64| measure(rate.per_pixel(bits) as f32);
    let whole = |bits: f64| grouped(bits.round() as u64);
    let text = match rate.png_bits {
        Some(png) => tr!("{} bits a pixel, PNG {}", per_pixel(rate.bits), per_pixel(png)),
        None => tr!("{} bits a pixel", per_pixel(rate.bits)),
    };
    let label = egui::Label::new(theme::muted(text).small()).truncate();
    ui.add(label).on_hover_ui(|ui| {
        let images = grouped(rate.images as u64);
        let pixels = grouped(rate.pixels as u64);
        ui.label(tr!("Over {} held-out images of {} pixels", images, pixels));
        ui.label(theme::muted(tr!(
            "{} bits a pixel, {} an image: every code written with log2 K bits",
            per_pixel(rate.bits),
            whole(rate.bits),
        )));
        ui.label(theme::muted(tr!(
            "{} bits a pixel, {} an image: by the entropy of how often codes are used",
            per_pixel(rate.entropy_bits),
            whole(rate.entropy_bits),
        )));
        if let Some(png) = rate.png_bits {
            ui.label(theme::muted(tr!(
                "{} bits a pixel, {} an image: the same images as PNG files, which lose nothing",
                per_pixel(png),
                whole(png),
            )));
        }
    });
}

/// The colours of use or of norms, with the numbers of the darkest, the middle and the brightest.
fn colour_bar(ui: &mut Ui, [least, middle, most]: [String; 3]) {
    let text = |ui: &mut Ui, text: String| {
        ui.label(theme::number(text).size(11.0).color(theme::colours().muted));
    };
    let name = tr!("Colours from {} to {}", least, most);
    text(ui, least);
    let (rect, response) = ui.allocate_exact_size(BAR, Sense::hover());
    let mut mesh = Mesh::default();
    for step in 0..BAR_STEPS {
        let share = step as f32 / (BAR_STEPS - 1) as f32;
        let width = BAR.x / BAR_STEPS as f32;
        let left = rect.left() + step as f32 * width;
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width, BAR.y));
        mesh.add_colored_rect(part, theme::viridis(share));
    }
    ui.painter().add(Shape::mesh(mesh));
    let ink = theme::ink_on(theme::viridis(0.5));
    let font = FontId::monospace(10.0);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, middle, font, ink);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    response.on_hover_text(tr!(
        "What the colour of a code tells; the number inside is the middle of the scale."
    ));
    text(ui, most);
}

/// A code as it is drawn above: a dot of the plane or a cell of the heatmap.
fn sample(ui: &mut Ui, view: &CodebookView, state: CodeState, brightness: f32, is_frozen: bool) {
    if view.seen.is_none() {
        return swatch(ui, Some(state), brightness, is_frozen);
    }
    let dot = Dot { state: Some(state), brightness, is_frozen };
    let middle = (SWATCH as f32 - 1.0) / 2.0;
    let colour =
        |x: usize, y: usize| dot.colour(SWATCH_RADIUS, [x as f32 - middle, y as f32 - middle]);
    pixels(ui, colour);
}

/// A cell as the heatmap draws it.
pub(super) fn swatch(ui: &mut Ui, state: Option<CodeState>, brightness: f32, is_frozen: bool) {
    let look = CellLook { side: SWATCH, state, brightness, is_frozen };
    pixels(ui, |x, y| look.pixel(x, y));
}

fn pixels(ui: &mut Ui, colour: impl Fn(usize, usize) -> Color32) {
    let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(SWATCH as f32), Sense::hover());
    let mut mesh = Mesh::default();
    for (x, y) in (0..SWATCH).flat_map(|y| (0..SWATCH).map(move |x| (x, y))) {
        let at = rect.min + vec2(x as f32, y as f32);
        mesh.add_colored_rect(Rect::from_min_size(at, vec2(1.0, 1.0)), colour(x, y));
    }
    ui.painter().add(Shape::mesh(mesh));
}
