//! The embedded models: trained by this program on `shapes`, their recipes beside them in `assets/demo`.

use std::path::Path;
use std::sync::Arc;

use super::ZscopeApp;
use super::jobs::Done;
use crate::array::NamedArrays;
use crate::formats::arrays::ArrayFile;
use crate::formats::run_dir::RunConfig;
use crate::metrics::code_use::CodeUse;
use crate::open::Opened;
use crate::ui::Demo;

/// The files of a model.
struct Files {
    name: &'static str,
    config: &'static str,
    model: &'static [u8],
    codes: Option<&'static [u8]>,
}

const VAE: Files = Files {
    name: "demo VAE",
    config: include_str!("../../assets/demo/vae/config.json"),
    model: include_bytes!("../../assets/demo/vae/model.safetensors"),
    codes: None,
};

const VQ_VAE: Files = Files {
    name: "demo VQ-VAE",
    config: include_str!("../../assets/demo/vq-vae/config.json"),
    model: include_bytes!("../../assets/demo/vq-vae/model.safetensors"),
    codes: Some(include_bytes!("../../assets/demo/vq-vae/codes.safetensors")),
};

impl ZscopeApp {
    /// Puts an embedded model into the explorer.
    pub(super) fn open_demo(&mut self, demo: Demo) {
        let Some(question) = self.ask_for_model() else { return };
        let files = match demo {
            Demo::Vae => &VAE,
            Demo::VqVae => &VQ_VAE,
        };
        self.jobs.spawn("demo", move |done| {
            let opened = open(files).map_err(|error| format!("open the {}: {error}", files.name));
            done(Done::Model { question, opened: opened.map(Box::new) });
        });
    }
}

/// An embedded model.
pub(super) fn open_demo(demo: Demo) -> anyhow::Result<Opened> {
    open(match demo {
        Demo::Vae => &VAE,
        Demo::VqVae => &VQ_VAE,
    })
}

/// Which embedded model an opened one is, by the name that stands for its path.
pub(super) fn of_path(path: &Path) -> Option<Demo> {
    let named = |files: &Files| path == Path::new(files.name);
    let demos = [(Demo::Vae, &VAE), (Demo::VqVae, &VQ_VAE)];
    demos.into_iter().find(|(_, files)| named(files)).map(|(demo, _)| demo)
}

/// The embedded model of a name, where there is one.
pub(super) fn named(name: &str) -> Option<anyhow::Result<Opened>> {
    [&VAE, &VQ_VAE].into_iter().find(|files| files.name == name).map(open)
}

fn open(files: &Files) -> anyhow::Result<Opened> {
    let run: RunConfig = serde_json::from_str(files.config)?;
    let read =
        |bytes| -> anyhow::Result<NamedArrays> { Ok(ArrayFile::from_bytes(bytes)?.arrays()?) };
    let tensors = read(files.model)?;
    let usage = files.codes.map(read).transpose()?.and_then(|codes| CodeUse::from_arrays(&codes));
    let step = run.total_steps;
    let opened = Opened::of_run(files.name.into(), run, step, tensors)?;
    Ok(Opened { usage: usage.map(Arc::new), ..opened })
}
