//! The embedded models: trained by this program on `shapes`, their recipes beside them in `assets/demo`.

use std::sync::Arc;

use super::{OpenError, Opened};
use crate::array::NamedArrays;
use crate::formats::arrays::ArrayFile;
use crate::formats::run_dir::RunConfig;
use crate::metrics::code_use::CodeUse;

/// The files of a model.
struct Files {
    name: &'static str,
    config: &'static str,
    model: &'static [u8],
    codes: Option<&'static [u8]>,
}

/// All of them. A variational autoencoder, and a vector-quantized one of whose codes some are dead.
const ALL: [Files; 2] = [
    Files {
        name: "demo:vae",
        config: include_str!("../../assets/demo/vae/config.json"),
        model: include_bytes!("../../assets/demo/vae/model.safetensors"),
        codes: None,
    },
    Files {
        name: "demo:vq-vae",
        config: include_str!("../../assets/demo/vq-vae/config.json"),
        model: include_bytes!("../../assets/demo/vq-vae/model.safetensors"),
        codes: Some(include_bytes!("../../assets/demo/vq-vae/codes.safetensors")),
    },
];

/// Whether an embedded model has this name.
pub(super) fn is_named(name: &str) -> bool {
    ALL.iter().any(|files| files.name == name)
}

/// The embedded model of a name, `demo:vae` or `demo:vq-vae`; nothing of another name.
///
/// # Errors
/// When the program was put together wrongly.
pub(super) fn named(name: &str) -> Option<Result<Opened, OpenError>> {
    let files = ALL.iter().find(|files| files.name == name)?;
    Some(open(files).map_err(|error| {
        log::error!("open {name}: {error}");
        let found = "an embedded model that cannot be read";
        OpenError::Path { found, path: name.to_owned() }
    }))
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
