//! How fast the window is, in a few characters.

use egui::{Label, Ui};

use super::inside::time;
use super::{Scene, theme};
use crate::language::tr;

/// Frames and pictures, apart: the two are made by different hands.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>) {
    let pace = scene.pace;
    let quantile = |q: f32| pace.frame_quantile(q).map(|secs| time(f64::from(secs)));
    let (Some(middle), Some(slow)) = (quantile(0.5), quantile(0.95)) else { return };
    let decode = pace.decode_secs().map(|secs| time(f64::from(secs)));
    let text = match &decode {
        Some(decode) => format!("{middle} · {decode}"),
        None => middle.clone(),
    };
    let decode = match decode {
        Some(decode) => tr!("The picture of the point took {} to decode.", decode),
        None => {
            tr!("How long the picture of the point takes on the graphics device shows in Layers.")
                .to_owned()
        }
    };
    let count = pace.frames();
    let hint = tr!(
        "Work for a frame of the window: half of the last {} took at most {}, 95 of 100 at most {}.\n{}",
        count,
        middle,
        slow,
        decode
    );
    let label = Label::new(theme::number(text).small().color(theme::colours().muted));
    let response = ui.add(label).on_hover_text(hint);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Label, true, tr!("Time of a frame and of a picture"))
    });
}
