//! A word on the desktop when a long job ends while nobody looks at the window.

use std::time::Duration;

use eframe::egui;

/// A job that takes less is over before anybody turns away.
const LONG: Duration = Duration::from_secs(20);

/// Tells the desktop that something is over, unless it was short or the window has the focus.
pub(super) fn over(ctx: &egui::Context, text: String, took: Duration) {
    if took < LONG || ctx.input(|input| input.focused) {
        return;
    }
    // The desktop's service may be slow to answer, or not there.
    let told = std::thread::Builder::new().name("zscope-notify".to_owned()).spawn(move || {
        let shown =
            notify_rust::Notification::new().appname("Zscope").summary("Zscope").body(&text).show();
        if let Err(error) = shown {
            log::info!("no desktop to notify: {error}");
        }
    });
    if let Err(error) = told {
        log::info!("no thread to notify the desktop: {error}");
    }
}
