//! How times grow with the work: decoding with the batch, the search for nearest codes with vectors and with codes.

use super::Rows;
use super::decode::{self, PAPER};
use super::quantize;
use crate::engine::wgsl::Gpu;
use crate::open::open;

/// Latents that are decoded at once.
const BATCHES: [usize; 6] = [1, 4, 16, 64, 256, 1024];
/// Grids of 4,096 vectors, each with the codes of the middle, and codes, each with the vectors of the middle.
const GRIDS: [usize; 4] = [1, 4, 16, 64];
const CODES: [usize; 4] = [256, 1024, 4096, 16_384];
const MIDDLE: [usize; 2] = [4, 1024];

pub(super) fn run(rows: &mut Rows, gpu: Option<&Gpu>) -> anyhow::Result<()> {
    // Modules that train are for real cards: imitated ones would take hours with the larger cases.
    let is_imitated = gpu.is_some_and(Gpu::is_software);
    rows.without = is_imitated.then_some("burn-wgpu");
    let folder = tempfile::tempdir()?;
    let (name, model) = &PAPER;
    model.make(folder.path())?;
    let opened = open(&folder.path().to_string_lossy())?;
    decode::of_model(rows, name, &opened, gpu, &BATCHES)?;
    let [grids, codes] = MIDDLE;
    for more in GRIDS {
        quantize::of_sizes(rows, gpu, more, codes)?;
    }
    for more in CODES.into_iter().filter(|more| *more != codes) {
        quantize::of_sizes(rows, gpu, grids, more)?;
    }
    rows.without = None;
    Ok(())
}
