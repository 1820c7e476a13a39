//! A word on the desktop when a long job ends while nobody looks at the window.

use std::time::{Duration, Instant};

use eframe::egui;

use super::ZscopeApp;
use crate::language::{told, tr, tr_later};
use crate::session::long_jobs::LongJob;
use crate::session::map::Work;

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

impl ZscopeApp {
    /// Tells the desktop of long jobs that have ended since the last frame.
    pub(super) fn tell_long_jobs(&mut self, ctx: &egui::Context) {
        let running = self.running_jobs();
        for (name, took) in self.long_jobs.follow(running, Instant::now()) {
            over(ctx, tr!("{} is over.", told(&name)), took);
        }
    }

    /// What a person may turn away from, under the names that it has in the window. A run has words of its own, and
    /// what follows it by itself has none.
    fn running_jobs(&self) -> Vec<LongJob> {
        let is_live = self.model.as_ref().is_some_and(|model| model.is_live);
        let map = self.map.state.work.and_then(|work| match work {
            Work::Encoding(_) | Work::Measuring(_) if is_live => None,
            Work::Encoding(_) | Work::Measuring(_) => Some(work.told().0.to_owned()),
            Work::Placing(_) | Work::Neighbours(_) | Work::Moving(_) => {
                Some(self.map.state.projection().name())
            }
        });
        let named = |is_running: bool, name: &str| is_running.then(|| name.to_owned());
        let is_searching = self.own.state.search().is_some_and(|search| search.is_running);
        let alone = [
            map,
            named(self.evaluation.is_measuring(), tr_later!("Measuring models")),
            named(is_searching, tr_later!("Searching for your picture's point")),
            named(self.film.strip.is_drawing() && !is_live, tr_later!("Drawing the film strip")),
        ];
        let alone = alone.into_iter().flatten().map(|name| LongJob { name, number: 0 });
        let tasks = self
            .task_lines
            .iter()
            .map(|task| LongJob { name: task.name.clone(), number: task.number });
        alone.chain(tasks).collect()
    }
}
