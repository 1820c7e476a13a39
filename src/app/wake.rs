//! How other threads wake the window.

use std::time::Duration;

use eframe::egui;

/// Until the frame that shows what a thread has made. Without any wait egui would paint two.
pub(super) const SOON: Duration = Duration::from_millis(1);

/// Asks for a frame.
pub(super) fn wake(ctx: &egui::Context) {
    ctx.request_repaint_after(SOON);
}
