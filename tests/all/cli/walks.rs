//! `zscope interpolate` and `zscope traverse`: ways through a latent space.

use super::world::World;
use crate::common::{Tolerance, assert_close};

fn run(world: &World, args: &[&str]) {
    let (verb, rest) = args.split_first().expect("a verb");
    let ran = world.run(&[&[*verb, "run", "--engine", "cpu"], rest].concat()).ok();
    assert!(ran.stdout.is_empty(), "no result on standard output: {}", ran.stdout);
}

fn images(world: &World, file: &str) -> (Vec<usize>, Vec<f32>) {
    let mut tensors = world.tensors(file);
    assert_eq!(tensors.len(), 1, "only images in {file}");
    tensors.remove("image").expect("images")
}

/// The model's image of the latents' origin.
fn origin(world: &World) -> Vec<f32> {
    world.write("zero.safetensors", super::world::tensor_file("latent", &[1, 3], &[0.0; 3]));
    run(world, &["decode", "--input", "zero.safetensors", "--output", "origin.safetensors"]);
    images(world, "origin.safetensors").1
}

#[test]
fn ways_begin_and_end_where_they_should() {
    let world = World::trained();
    for seed in ["1", "2"] {
        let out = format!("{seed}.safetensors");
        run(&world, &["sample", "-n", "1", "--seed", seed, "--out", &out]);
    }
    let [first, last] = ["1.safetensors", "2.safetensors"].map(|file| images(&world, file).1);
    for mode in ["slerp", "lerp"] {
        let ends = ["--from", "seed:1", "--to", "seed:2", "--steps", "5", "--mode", mode];
        run(&world, &[&["interpolate"], &ends[..], &["--out", "way.safetensors"]].concat());
        let (shape, values) = images(&world, "way.safetensors");
        assert_eq!(shape, [5, 3, 16, 16], "{mode}: both ends included");
        assert_close(&values[..768], &first, Tolerance::ENGINE);
        assert_close(&values[4 * 768..], &last, Tolerance::ENGINE);
    }
    let ends = ["interpolate", "--from", "seed:1", "--to", "seed:2", "--steps", "5"];
    run(&world, &[&ends[..], &["--out", "way.png"]].concat());
    let strip = image::open(world.path("way.png")).expect("a picture");
    assert_eq!((strip.width(), strip.height()), (5 * 17 - 1, 16), "a strip");
    run(&world, &[&ends[..], &["--out", "way.gif"]].concat());
    assert_eq!(&world.bytes("way.gif")[..4], b"GIF8", "an animation");
}

/// An index, a picture, a draw: each names an end.
#[test]
fn ends_are_named_in_three_ways() {
    let world = World::trained();
    let picture = image::RgbImage::from_pixel(16, 16, image::Rgb([200, 30, 60]));
    picture.save(world.path("red.png")).unwrap();
    run(&world, &["reconstruct", "--input", "red.png", "--output", "red.safetensors"]);
    let red = images(&world, "red.safetensors").1;
    let data = ["--data", "shapes?size=16&test=32"];
    for (from, more) in [("0", &data[..]), ("0", &[]), ("31", &data[..]), ("seed:5", &[])] {
        let args = ["interpolate", "--from", from, "--to", "red.png", "--steps", "2"];
        run(&world, &[&args[..], &["--out", "way.safetensors"], more].concat());
        let (shape, values) = images(&world, "way.safetensors");
        assert_eq!(shape[0], 2, "{from}");
        assert_close(&values[768..], &red, Tolerance::ENGINE);
    }
}

#[test]
fn traversals_sweep_one_dimension_a_row() {
    let world = World::trained();
    let middle = origin(&world);
    run(&world, &["traverse", "--steps", "3", "--out", "all.safetensors"]);
    let (shape, values) = images(&world, "all.safetensors");
    assert_eq!(shape, [9, 3, 16, 16], "every dimension, three pictures each");
    for row in 0..3 {
        assert_close(&values[(row * 3 + 1) * 768..][..768], &middle, Tolerance::ENGINE);
    }
    let some = ["traverse", "--dims", "2,0", "--range", "-3,3", "--steps", "3"];
    run(&world, &[&some[..], &["--out", "some.safetensors"]].concat());
    let (shape, found) = images(&world, "some.safetensors");
    assert_eq!(shape[0], 6, "two rows");
    assert_close(&found[..3 * 768], &values[6 * 768..], Tolerance::ENGINE);
    assert_close(&found[3 * 768..], &values[..3 * 768], Tolerance::ENGINE);
    run(&world, &[&some[..], &["--out", "some.png"]].concat());
    let sheet = image::open(world.path("some.png")).expect("a picture");
    assert_eq!((sheet.width(), sheet.height()), (3 * 17 - 1, 2 * 17 - 1), "a row a dimension");
}
