//! Decoding what takes long and much memory.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Command;

use zscope::array::NamedArrays;
use zscope::formats::arrays::{NamedIndices, write_arrays};
use zscope::formats::run_dir::{ModelConfig, RunConfig};
use zscope::graph::lower::patchgan::PatchGanConfig;
use zscope::graph::lower::quantizer::CodebookUpdate;
use zscope::graph::lower::vq_model::VqModelConfig;
use zscope::graph::lower::vqgan::VqganConfig;
use zscope::latent::draws;
use zscope::picture::ValueRange;

use super::world::World;
use crate::large::{autoencoder, tensors};

/// A model for pictures of 1024 by 1024, in the folder `model`.
fn write_model(world: &World) -> VqModelConfig {
    let autoencoder = VqModelConfig {
        mid_block_add_attention: false,
        ..autoencoder(1024, &[32, 32, 32, 32], 1, 4)
    };
    let image = autoencoder.image;
    let config = RunConfig {
        format: 1,
        program: "a test".to_owned(),
        recipe: "vqgan".to_owned(),
        data: "shapes".to_owned(),
        image,
        range: ValueRange::SIGNED,
        batch: 1,
        seed: 0,
        total_steps: 0,
        threads: 1,
        device: "cpu".to_owned(),
        settings: serde_json::Map::new(),
        model: ModelConfig::Vqgan(VqganConfig {
            autoencoder: autoencoder.clone(),
            discriminator: PatchGanConfig { image_channels: 3, channels: 1, layers: 1 },
            update: CodebookUpdate::Ema,
            perceptual: None,
        }),
        classes: Vec::new(),
        init: None,
    };
    let folder = world.path("model");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config.json"), serde_json::to_vec(&config).unwrap()).unwrap();
    let file = folder.join("model.safetensors");
    write(&file, &tensors(&autoencoder, 8));
    autoencoder
}

fn write(file: &std::path::Path, arrays: &NamedArrays) {
    let texts = std::collections::BTreeMap::new();
    write_arrays(file, arrays, &NamedIndices::new(), &texts).unwrap();
}

#[test]
#[cfg(unix)]
fn a_long_decoding_says_what_it_takes_and_ends_with_ctrl_c() {
    let world = World::new();
    let config = write_model(&world);
    let latent = draws(&config.latent_planes(), 1, 3);
    write(&world.path("z.safetensors"), &NamedArrays::from([("latent".to_owned(), latent)]));
    let before = world.tree();
    let args = ["decode", "model/model.safetensors", "--engine=cpu", "--input", "z.safetensors"];
    let mut child =
        world.command(&[&args[..], &["--output", "image.png"]].concat()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(
        said.starts_with("one image is decoded with ")
            && said.ends_with(" MiB of memory at most\n"),
        "{said}"
    );
    // The shell's own kill: a bare system has no program of that name.
    let killed = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
    assert!(killed.unwrap().success(), "the signal is sent");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert_eq!(rest, "stopped before it was done: nothing was written\n", "what it says");
    assert_eq!(world.tree(), before, "nothing is left behind");
}
