//! What a run needs and what the machine has, in bytes.

use super::parts;
use crate::formats::run_dir::ModelConfig;

/// Distances that quantization keeps at once, as the quantizer bounds them.
const MOST_DISTANCES: usize = 1 << 24;

/// Bytes that training a model takes at its peak, estimated.
pub fn training_bytes(model: &ModelConfig, batch: usize) -> u64 {
    // Weights, gradients, two moments and one temporary copy; parts of a batch have gradients each.
    let weights = (4 + most_parts(model, batch)) * model.num_parameters();
    // Every activation is kept for the backward pass, with its gradient and about three temporaries.
    let activations = 5 * batch * model.activations();
    // The distances of a chunk of vectors from all codes.
    let vectors = batch * model.latent().iter().skip(1).product::<usize>();
    let of_codes = |[k, _]: [usize; 2]| 2 * (vectors * k).min(k.max(MOST_DISTANCES)) as u64;
    let distances = model.codebook().map_or(0, of_codes);
    4 * (weights + activations as u64 + distances)
}

/// Into how many parts a batch is cut at the most.
fn most_parts(model: &ModelConfig, batch: usize) -> u64 {
    match model {
        ModelConfig::Prior(_) | ModelConfig::VqVae(_) => {
            let threads = std::thread::available_parallelism().map_or(1, usize::from);
            threads.min(batch / parts::LEAST).max(1) as u64
        }
        _ => 1,
    }
}

/// Memory that could be allocated now, or nothing where the system does not say.
pub fn available_bytes() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    Some(system.available_memory()).filter(|bytes| *bytes > 0)
}

/// Tries to get `bytes` from the allocator and gives them straight back.
///
/// # Errors
/// What was asked for and what there is, as one sentence.
pub fn probe(bytes: u64) -> Result<(), String> {
    let available = available_bytes();
    let fits = available.is_none_or(|available| bytes <= available)
        && Vec::<u8>::new().try_reserve_exact(bytes as usize).is_ok();
    if fits {
        return Ok(());
    }
    let available = available.map_or_else(|| "less".to_owned(), human);
    Err(format!(
        "training needs about {}, {available} is free (choose a smaller batch or model)",
        human(bytes)
    ))
}

/// Refuses a run of a model that takes more bytes at once than `available`, where that is known.
///
/// # Errors
/// What takes how much, and what there is, as one sentence; it begins with `what`.
pub fn check_run(what: &str, bytes: u64, available: Option<u64>) -> Result<(), String> {
    match available {
        Some(available) if bytes > available => Err(format!(
            "{what} with {} of memory at once, {} is free (free some, or choose a model of smaller images)",
            human(bytes),
            human(available)
        )),
        _ => Ok(()),
    }
}

/// Refuses pictures that take more bytes together than `available`, where that is known: `count` of them, each with so
/// many values that are kept.
///
/// # Errors
/// What they take, and what there is, as one sentence.
pub fn check_pictures(count: usize, values: usize, available: Option<u64>) -> Result<(), String> {
    let bytes = (count as u64).saturating_mul(values as u64).saturating_mul(4);
    match available {
        Some(available) if bytes > available => Err(format!(
            "{count} pictures take {} of memory, {} is free (ask for fewer)",
            human(bytes),
            human(available)
        )),
        _ => Ok(()),
    }
}

/// A size for people, for example `1.5 GiB`.
pub fn human(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}
