//! Latents to images, on every engine.

use burn::tensor::{Device, DeviceKind};

use super::train::Made;
use super::{Case, Rows, processor};
use crate::array::Array;
use crate::codec::Codec;
use crate::engine::EngineKind;
use crate::engine::wgsl::Gpu;
use crate::open::{Opened, open};
use crate::random::{self, Purpose};
use crate::train::recipe::Recipe;

/// How many latents are decoded at once.
const BATCHES: [usize; 3] = [1, 64, 256];

/// The network of the paper on vector quantization, on images of 32×32.
pub(super) const PAPER: (&str, Made<'_>) =
    ("vq-vae", Made { recipe: Recipe::VqVae, data: "shapes", keys: &["codebook_size=512"] });

/// Models beside the embedded ones: after one update, as speed does not depend on what was learnt.
const MODELS: [(&str, Made<'_>); 5] = [
    PAPER,
    (
        "vq-vae at 64",
        Made { recipe: Recipe::VqVae, data: "shapes?size=64", keys: &["codebook_size=512"] },
    ),
    ("vae of two layers", Made { recipe: Recipe::Vae, data: "shapes", keys: &["arch=mlp"] }),
    ("gan", Made { recipe: Recipe::Gan, data: "shapes", keys: &[] }),
    ("vqgan", Made { recipe: Recipe::Vqgan, data: "shapes", keys: &[] }),
];

pub(super) fn run(rows: &mut Rows, gpu: Option<&Gpu>) -> anyhow::Result<()> {
    for name in ["demo:vae", "demo:vq-vae"] {
        of_model(rows, name, &open(name)?, gpu, &BATCHES)?;
    }
    for (name, model) in MODELS {
        let folder = tempfile::tempdir()?;
        model.make(folder.path())?;
        of_model(rows, name, &open(&folder.path().to_string_lossy())?, gpu, &BATCHES)?;
    }
    Ok(())
}

/// So many latents of a model at once, on every engine.
pub(super) fn of_model(
    rows: &mut Rows,
    name: &str,
    opened: &Opened,
    gpu: Option<&Gpu>,
    batches: &[usize],
) -> anyhow::Result<()> {
    let flex = opened.module(&Device::flex())?;
    let mut engines: Vec<(&'static str, String, Box<dyn Codec>)> = vec![
        ("cpu", processor(), opened.codec(EngineKind::Cpu, None)?),
        ("burn-flex", processor(), flex),
    ];
    if let Some(gpu) = gpu {
        let wgpu = opened.module(&Device::wgpu(DeviceKind::DefaultDevice))?;
        engines.push(("wgsl", gpu.describe(), opened.codec(EngineKind::Wgsl, Some(gpu))?));
        engines.push(("burn-wgpu", gpu.describe(), wgpu));
    }
    for &batch in batches {
        let shape = [&[batch], &opened.model.latent()[..]].concat();
        let values = random::normals(0, 0, Purpose::Sample, shape.iter().product());
        let latents = Array::new(shape.clone(), values)?;
        let cases = engines.iter_mut().map(|(engine, device, codec)| {
            let latents = &latents;
            Case {
                engine,
                device: device.clone(),
                run: Box::new(move || match codec.decode(latents) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(anyhow::anyhow!(error)),
                }),
            }
        });
        rows.measure(&format!("decode {name}"), &shape, cases.collect())?;
    }
    Ok(())
}
