//! The look: one accent, a neutral surround, a 4-point grid. The only file that names colours.
#![expect(clippy::disallowed_methods, reason = "colours are made here and nowhere else")]

use std::cell::Cell;

use egui::{
    Color32, CornerRadius, FontId, Frame, Margin, RichText, Stroke, TextStyle, Theme, Visuals,
};

/// The colours of a ground, dark or light.
#[derive(Clone, Copy, Debug)]
pub struct Colours {
    /// What can be touched or is on.
    pub accent: Color32,
    /// Something went wrong.
    pub error: Color32,
    /// Text.
    pub text: Color32,
    /// Text that explains.
    pub muted: Color32,
    /// The ground of the window.
    pub stage: Color32,
    /// Behind menus and tooltips.
    pub panel: Color32,
    /// Where a picture will be, and behind typed text.
    pub empty: Color32,
    /// Lines behind curves.
    pub grid: Color32,
    /// The frame of a dead code, of which nothing else is left.
    pub dead: Color32,
    /// The stripes over a code that is dying.
    pub hatch: Color32,
    /// A code of whose use nothing is known.
    pub unknown: Color32,
    /// Over what is not meant.
    pub shade: Color32,
    /// Around what is meant.
    pub lit: Color32,
    /// Draws from the prior among points of images.
    pub draw: Color32,
    /// Behind a legend over points.
    pub legend: Color32,
    /// The explorer's point among others.
    pub here: Color32,
    /// Curves, told apart by people who see colours differently too.
    ///
    /// # Source
    /// Okabe & Ito, Color Universal Design, 2008, lightened for a dark ground and darkened for a light one.
    pub curves: [Color32; 7],
    /// How bright a value may be: the ends of the colour map that stand off the ground.
    viridis: [f32; 2],
}

/// On a dark ground.
pub const DARK: Colours = Colours {
    accent: Color32::from_rgb(86, 196, 140),
    error: Color32::from_rgb(232, 106, 92),
    text: Color32::from_rgb(222, 224, 228),
    muted: Color32::from_rgb(150, 154, 160),
    stage: Color32::from_rgb(22, 23, 25),
    panel: Color32::from_rgb(29, 30, 33),
    empty: Color32::from_rgb(36, 38, 41),
    grid: Color32::from_rgb(52, 54, 58),
    dead: Color32::from_rgb(164, 168, 174),
    hatch: Color32::from_rgb(206, 208, 212),
    unknown: Color32::from_rgb(74, 78, 84),
    shade: Color32::from_rgba_premultiplied(10, 11, 12, 176),
    lit: Color32::WHITE,
    draw: Color32::from_rgb(120, 126, 134),
    legend: Color32::from_rgba_premultiplied(18, 19, 20, 208),
    here: Color32::WHITE,
    curves: [
        Color32::from_rgb(86, 196, 140),
        Color32::from_rgb(240, 170, 60),
        Color32::from_rgb(96, 180, 240),
        Color32::from_rgb(220, 130, 180),
        Color32::from_rgb(240, 228, 90),
        Color32::from_rgb(230, 110, 60),
        Color32::from_rgb(150, 160, 240),
    ],
    viridis: [0.12, 1.0],
};

/// On a light ground.
pub const LIGHT: Colours = Colours {
    accent: Color32::from_rgb(14, 112, 72),
    error: Color32::from_rgb(184, 44, 30),
    text: Color32::from_rgb(28, 30, 34),
    muted: Color32::from_rgb(88, 92, 99),
    stage: Color32::from_rgb(246, 247, 248),
    panel: Color32::from_rgb(255, 255, 255),
    empty: Color32::from_rgb(228, 231, 235),
    grid: Color32::from_rgb(214, 217, 222),
    dead: Color32::from_rgb(96, 100, 107),
    hatch: Color32::from_rgb(238, 240, 243),
    unknown: Color32::from_rgb(176, 181, 188),
    shade: Color32::from_rgba_premultiplied(172, 173, 174, 176),
    lit: Color32::BLACK,
    draw: Color32::from_rgb(132, 138, 146),
    legend: Color32::from_rgba_premultiplied(200, 201, 202, 208),
    here: Color32::BLACK,
    curves: [
        Color32::from_rgb(0, 128, 92),
        Color32::from_rgb(184, 112, 0),
        Color32::from_rgb(0, 104, 178),
        Color32::from_rgb(178, 70, 134),
        Color32::from_rgb(132, 118, 0),
        Color32::from_rgb(196, 72, 0),
        Color32::from_rgb(84, 92, 196),
    ],
    viridis: [0.0, 0.9],
};

thread_local! {
    /// The ground that the window of this thread has.
    static GROUND: Cell<Theme> = const { Cell::new(Theme::Dark) };
}

/// The colours on the ground that the window has.
pub fn colours() -> &'static Colours {
    if is_light() { &LIGHT } else { &DARK }
}

/// Whether the ground is a light one.
pub fn is_light() -> bool {
    GROUND.get() == Theme::Light
}

/// Takes the ground that the window has now; called first in every frame.
pub(super) fn follow(ctx: &egui::Context) {
    GROUND.set(ctx.theme());
}

/// Stops of the viridis colour map, evenly spaced: as bright as they are high, for every eye and in print.
///
/// # Source
/// Smith & van der Walt, "A Better Default Colormap for `Matplotlib`", `SciPy` 2015 (the map is in the public
/// domain, CC0).
const VIRIDIS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// Colours of up to ten classes of points on a dark ground, told apart by people who see colours differently too: as
/// they differ in brightness as well as in hue.
///
/// # Source
/// Okabe & Ito, Color Universal Design, 2008, blue lightened for a dark ground, with white, brown and violet.
pub const CLASSES: [Color32; 10] = [
    Color32::from_rgb(230, 159, 0),
    Color32::from_rgb(86, 180, 233),
    Color32::from_rgb(0, 158, 115),
    Color32::from_rgb(240, 228, 66),
    Color32::from_rgb(28, 112, 220),
    Color32::from_rgb(213, 94, 0),
    Color32::from_rgb(230, 140, 190),
    Color32::from_rgb(226, 226, 226),
    Color32::from_rgb(140, 98, 60),
    Color32::from_rgb(150, 90, 220),
];

/// The colour of a class among `classes`: where there are more than [`CLASSES`], one that differs from its neighbours'.
pub fn class_colour(class: u32, classes: usize) -> Color32 {
    match CLASSES.get(class as usize) {
        Some(&colour) if classes <= CLASSES.len() => colour,
        _ => many_colour(class),
    }
}

/// One of very many colours, bright on a dark ground.
fn many_colour(index: u32) -> Color32 {
    let hue = (index.wrapping_mul(0x9E37_79B9) >> 8) as f32 / (1 << 24) as f32;
    let [saturation, value] = [[0.75, 0.95], [0.45, 1.0], [0.9, 0.7]][index as usize % 3];
    egui::ecolor::Hsva::new(hue, saturation, value, 1.0).into()
}

/// The colour of curve `index`; they repeat.
pub fn curve(index: usize) -> Color32 {
    let curves = &colours().curves;
    curves[index % curves.len()]
}

/// The colour of a value in `[0, 1]`, brighter as it is higher.
pub fn viridis(value: f32) -> Color32 {
    let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
    let [least, most] = colours().viridis;
    let place = (least + (most - least) * value) * (VIRIDIS.len() - 1) as f32;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let share = place - below as f32;
    let [r, g, b] = std::array::from_fn(|channel| {
        let [from, to] = [below, below + 1].map(|stop| f32::from(VIRIDIS[stop][channel]));
        (from + share * (to - from)).round() as u8
    });
    Color32::from_rgb(r, g, b)
}

/// Below zero and above it in [`diverging`], told apart by people who see colours differently too.
const SIGNS: [[f32; 3]; 2] = [[82.0, 172.0, 255.0], [255.0, 158.0, 44.0]];
/// Zero in [`diverging`]: as dark as the ground of the window, yet to be told from it.
const ZERO: [f32; 3] = [12.0, 12.0, 14.0];

/// The colour of a value in `[-1, 1]`: blue below zero, orange above, dark at zero.
pub fn diverging(value: f32) -> Color32 {
    let value = if value.is_nan() { 0.0 } else { value.clamp(-1.0, 1.0) };
    let sign = SIGNS[usize::from(value > 0.0)];
    let share = value.abs();
    let [r, g, b] = std::array::from_fn(|channel| {
        (ZERO[channel] + share * (sign[channel] - ZERO[channel])).round() as u8
    });
    Color32::from_rgb(r, g, b)
}

/// A grey from black, 0, to white, 1.
pub fn grey(value: f32) -> Color32 {
    Color32::from_gray((value.clamp(0.0, 1.0) * 255.0).round() as u8)
}

/// A colour for a code, the same wherever it is seen; neighbours in number differ.
pub fn code_colour(code: u32) -> Color32 {
    // The golden ratio of the circle of hues, in whole numbers.
    let hue = (code.wrapping_mul(0x9E37_79B9) >> 8) as f32 / (1 << 24) as f32;
    let level = (code.wrapping_mul(0x85EB_CA6B) >> 30) as f32;
    egui::ecolor::Hsva::new(hue, 0.72, 0.16 + 0.08 * level, 1.0).into()
}

/// A colour that steps back.
pub fn faded(colour: Color32) -> Color32 {
    colours().stage.lerp_to_gamma(colour, 0.3)
}

/// A frame around what is chosen, to be seen on any ground.
pub fn frame_around(ui: &egui::Ui, rect: egui::Rect) {
    let frame = |stroke, by| {
        ui.painter().rect_stroke(rect.expand(by), 0.0, stroke, egui::StrokeKind::Outside);
    };
    frame(Stroke::new(1.0, Color32::BLACK), 2.0);
    frame(Stroke::new(2.0, Color32::WHITE), 0.0);
}

/// What can be read on a colour: black or white.
pub fn ink_on(colour: Color32) -> Color32 {
    if luma(colour) > 0.5 { Color32::BLACK } else { Color32::WHITE }
}

/// How bright a colour looks, in `[0, 1]`.
///
/// # Source
/// ITU-R BT.601, on gamma-encoded values.
pub fn luma(colour: Color32) -> f32 {
    let [r, g, b, _] = colour.to_array().map(f32::from);
    (0.299 * r + 0.587 * g + 0.114 * b) / 255.0
}

/// Sets fonts, spacing and colours of a context, for both grounds.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(Theme::Dark);
    for (theme, colours) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.style_mut_of(theme, |style| style.visuals = visuals(theme, colours));
    }
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(8.0, 4.0);
        style.spacing.button_padding = egui::vec2(8.0, 3.0);
        style.spacing.slider_width = 120.0;
        style.text_styles = [
            (TextStyle::Heading, FontId::proportional(15.0)),
            (TextStyle::Body, FontId::proportional(13.0)),
            (TextStyle::Button, FontId::proportional(13.0)),
            (TextStyle::Small, FontId::proportional(11.0)),
            (TextStyle::Monospace, FontId::monospace(12.0)),
        ]
        .into();
    });
}

fn visuals(theme: Theme, colours: &Colours) -> Visuals {
    let mut visuals = theme.default_visuals();
    visuals.panel_fill = colours.panel;
    visuals.window_fill = colours.panel;
    visuals.extreme_bg_color = colours.empty;
    visuals.selection.bg_fill = colours.accent.gamma_multiply(0.45);
    let on_accent = if theme == Theme::Dark { Color32::WHITE } else { Color32::BLACK };
    visuals.selection.stroke = Stroke::new(1.0, on_accent);
    visuals.hyperlink_color = colours.accent;
    visuals.slider_trailing_fill = true;
    visuals.override_text_color = Some(colours.text);
    visuals
}

/// The frame of the top bar.
///
/// No panel paints its ground: the window is cleared to [`Colours::stage`], which costs nothing, while filling a
/// million pixels is most of a frame on a software adapter.
pub fn bar_frame() -> Frame {
    Frame::new().inner_margin(Margin::symmetric(12, 6))
}

/// The frame of a side panel.
pub fn panel_frame() -> Frame {
    Frame::new().inner_margin(Margin::symmetric(12, 8))
}

/// The frame around the pictures.
pub fn stage_frame() -> Frame {
    Frame::new().inner_margin(Margin::symmetric(8, 6))
}

/// The frame of one view.
pub fn view_frame() -> Frame {
    Frame::new().inner_margin(Margin { left: 4, right: 4, top: 4, bottom: 3 })
}

/// The frame of a notice.
pub fn notice_frame(is_error: bool) -> Frame {
    let colour = if is_error { colours().error } else { colours().accent };
    Frame::new()
        .fill(colours().panel.lerp_to_gamma(colour, 0.16))
        .stroke(Stroke::new(1.0, colour))
        .corner_radius(CornerRadius::same(4))
        .inner_margin(Margin::symmetric(8, 4))
}

/// A heading.
pub fn heading(text: &str) -> RichText {
    RichText::new(text).heading().strong()
}

/// Text that explains.
pub fn muted(text: impl Into<String>) -> RichText {
    RichText::new(text).color(colours().muted)
}

/// A number whose digits keep their places.
pub fn number(text: impl Into<String>) -> RichText {
    RichText::new(text).monospace()
}
