//! What happened, told in a corner over everything else: what lies below keeps its place.

use std::time::{Duration, Instant};

use egui::{Align2, Area, Context, Order, vec2};

use super::{Command, theme};
use crate::language::tr;

/// News are there for so long; errors until they are dismissed.
const NEWS_LAST: Duration = Duration::from_secs(8);
/// As wide as a line that can be read, in points.
const MOST_WIDTH: f32 = 460.0;

/// Something to tell.
#[derive(Clone, Debug)]
pub struct Notice {
    /// What happened.
    pub text: String,
    /// Whether it went wrong.
    pub is_error: bool,
    /// When it was told.
    pub told: Instant,
}

impl Notice {
    /// Tells something now.
    pub fn new(text: impl Into<String>, is_error: bool) -> Self {
        Self { text: text.into(), is_error, told: Instant::now() }
    }

    /// How long it is still to be seen; an error has no end.
    pub fn time_left(&self) -> Option<Duration> {
        (!self.is_error).then(|| NEWS_LAST.saturating_sub(self.told.elapsed()))
    }
}

pub(super) fn show(ctx: &Context, notices: &[Notice], out: &mut Vec<Command>) {
    if notices.is_empty() {
        return;
    }
    let corner = Area::new(egui::Id::unique("notices")).order(Order::Foreground);
    corner.anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -12.0)).show(ctx, |ui| {
        ui.set_max_width(MOST_WIDTH.min(0.6 * ctx.content_rect().width()));
        for (index, notice) in notices.iter().enumerate() {
            theme::notice_frame(notice.is_error).show(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.label(&notice.text);
                    if ui.small_button(tr!("Dismiss")).clicked() {
                        out.push(Command::Dismiss(index));
                    }
                });
            });
        }
    });
}
