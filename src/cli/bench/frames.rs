//! Frames of the window: at rest, under a hand that drags, beside a training, and all of it at once; and the updates of
//! that training, with a window and without.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::train::Made;
use super::window::{self, Window};
use super::{Row, Rows, processor};
use crate::train::recipe::Recipe;

/// What a window is measured at.
struct Phase {
    name: &'static str,
    is_dragged: bool,
    is_trained: bool,
}

/// A training begins before the first that wants one, and goes on.
const PHASES: [Phase; 4] = [
    Phase { name: "at rest", is_dragged: false, is_trained: false },
    Phase { name: "under a hand", is_dragged: true, is_trained: false },
    Phase { name: "beside a training", is_dragged: false, is_trained: true },
    Phase { name: "under a hand, training", is_dragged: true, is_trained: true },
];
/// How long each is measured, in seconds.
const ENOUGH: usize = 15;
/// Points of the window.
const SIZE: [usize; 2] = [1280, 800];
/// Images of an update.
const BATCH: usize = 64;

pub(super) fn run(rows: &mut Rows) -> anyhow::Result<()> {
    let mut updates = vec![(String::new(), alone()?)];
    let window = Window::open(&script())?;
    let (engine, device) = window::engine();
    for Phase { name, is_trained, .. } in &PHASES {
        window.wait_told()?;
        let [frames_before, updates_before] = [frames(&window)?.len(), beside(&window).len()];
        window.wait_told()?;
        let times = frames(&window)?.split_off(frames_before);
        let row = Row::new(&format!("frame {name}"), &SIZE, engine, device.clone(), times);
        rows.push(Row { resident_mb: window.resident_mb(), ..row });
        if *is_trained {
            updates.push((format!(", window {name}"), beside(&window).split_off(updates_before)));
        }
    }
    for (where_, times) in updates {
        let what = format!("train vq-vae{where_}");
        rows.push(Row::new(&what, &[BATCH, 3, 32, 32], "burn-flex", processor(), times));
    }
    Ok(())
}

/// The script of the window: it tells when a phase begins and when it ends.
fn script() -> String {
    let [width, height] = SIZE;
    let mut script = format!("size {width} {height}\nwait picture\nwait 2\n");
    let mut is_training = false;
    for phase in &PHASES {
        if phase.is_trained && !is_training {
            is_training = true;
            writeln!(script, "train shapes recipe=vq-vae epochs=1000 batch={BATCH}\nwait-step 20")
                .expect("text grows");
        }
        script += "tell begun\n";
        let verb = if phase.is_dragged { "drag" } else { "wait" };
        writeln!(script, "{verb} {ENOUGH}").expect("text grows");
        script += "tell ended\n";
    }
    script += "wait 600\n";
    script
}

/// Milliseconds of the window's frames so far.
fn frames(window: &Window) -> anyhow::Result<Vec<f64>> {
    Ok(column(&fs::read_to_string(window.frames())?, 1))
}

/// Milliseconds of the updates of the window's run so far.
fn beside(window: &Window) -> Vec<f64> {
    let metrics = window.runs().join("vq-vae-1").join("metrics.csv");
    // Before the run begins there is none.
    let text = fs::read_to_string(metrics).unwrap_or_default();
    column(&text, 2).into_iter().map(|images_per_s| BATCH as f64 * 1e3 / images_per_s).collect()
}

/// Milliseconds of updates on a processor that a window leaves alone.
fn alone() -> anyhow::Result<Vec<f64>> {
    let folder = tempfile::tempdir()?;
    let out: &Path = &folder.path().join("run");
    Made { recipe: Recipe::VqVae, data: "shapes", keys: &[] }.updates(out, BATCH, "cpu")
}

/// A column of the whole rows of a table, below its title.
fn column(text: &str, index: usize) -> Vec<f64> {
    text.split_inclusive('\n')
        .skip(1)
        .filter(|line| line.ends_with('\n'))
        .filter_map(|line| line.split(',').nth(index)?.parse().ok())
        .collect()
}
