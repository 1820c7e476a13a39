//! The embedded demo model: trained by this program on `shapes`, its recipe beside it in `assets/demo`.

use super::ZscopeApp;
use super::jobs::Done;
use crate::formats::arrays::ArrayFile;
use crate::open::{Opened, lower_model};

const CONFIG: &str = include_str!("../../assets/demo/config.json");
const MODEL: &[u8] = include_bytes!("../../assets/demo/model.safetensors");

impl ZscopeApp {
    /// Puts the demo model into the explorer.
    pub(super) fn open_demo(&mut self) {
        let Some(question) = self.ask_for_model() else { return };
        self.jobs.spawn("demo", move |done| {
            done(Done::Model { question, opened: demo().map(Box::new) });
        });
    }
}

/// The demo model.
fn demo() -> Result<Opened, String> {
    let run: crate::formats::run_dir::RunConfig =
        serde_json::from_str(CONFIG).map_err(|error| format!("open the demo: {error}"))?;
    let tensors = ArrayFile::from_bytes(MODEL).and_then(|file| file.arrays());
    let tensors = tensors.map_err(|error| format!("open the demo: {error}"))?;
    let networks =
        lower_model(&run.model, &tensors).map_err(|error| format!("open the demo: {error}"))?;
    let step = run.total_steps;
    let path = "demo".into();
    Ok(Opened { path, run_dir: None, step, run, tensors, networks, usage: None })
}
