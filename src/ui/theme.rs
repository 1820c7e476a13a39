//! The look: one accent, a neutral surround, a 4-point grid. The only file that names colours.
#![expect(clippy::disallowed_methods, reason = "colours are made here and nowhere else")]

use egui::{Color32, CornerRadius, FontId, Frame, Margin, RichText, Stroke, TextStyle, Visuals};

/// What can be touched or is on.
pub const ACCENT: Color32 = Color32::from_rgb(86, 196, 140);
/// Something went wrong.
pub const ERROR: Color32 = Color32::from_rgb(232, 106, 92);
/// Text that explains.
pub const MUTED: Color32 = Color32::from_rgb(150, 154, 160);
/// The ground of the window.
pub const STAGE: Color32 = Color32::from_rgb(22, 23, 25);
/// Behind menus and tooltips.
pub const PANEL: Color32 = Color32::from_rgb(29, 30, 33);
/// Where a picture will be, and behind typed text.
pub const EMPTY: Color32 = Color32::from_rgb(36, 38, 41);

/// Colours of curves, told apart by people who see colours differently too.
///
/// # Source
/// Okabe & Ito, Color Universal Design, 2008, lightened for a dark ground.
pub const CURVES: [Color32; 7] = [
    Color32::from_rgb(86, 196, 140),
    Color32::from_rgb(240, 170, 60),
    Color32::from_rgb(96, 180, 240),
    Color32::from_rgb(220, 130, 180),
    Color32::from_rgb(240, 228, 90),
    Color32::from_rgb(230, 110, 60),
    Color32::from_rgb(150, 160, 240),
];

/// The colour of curve `index`; they repeat.
pub fn curve(index: usize) -> Color32 {
    CURVES[index % CURVES.len()]
}

/// Sets fonts, spacing and colours of a context.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.visuals = visuals();
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

fn visuals() -> Visuals {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = PANEL;
    visuals.window_fill = PANEL;
    visuals.extreme_bg_color = EMPTY;
    visuals.selection.bg_fill = ACCENT.gamma_multiply(0.45);
    visuals.selection.stroke = Stroke::new(1.0, Color32::WHITE);
    visuals.hyperlink_color = ACCENT;
    visuals.slider_trailing_fill = true;
    visuals.override_text_color = Some(Color32::from_rgb(222, 224, 228));
    visuals
}

/// The frame of the top bar.
///
/// No panel paints its ground: the window is cleared to [`STAGE`], which costs nothing, while filling a
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
    Frame::new().inner_margin(Margin::symmetric(16, 12))
}

/// The frame of a notice.
pub fn notice_frame(is_error: bool) -> Frame {
    let colour = if is_error { ERROR } else { ACCENT };
    Frame::new()
        .fill(colour.gamma_multiply(0.16))
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
    RichText::new(text).color(MUTED)
}

/// A number whose digits keep their places.
pub fn number(text: impl Into<String>) -> RichText {
    RichText::new(text).monospace()
}
