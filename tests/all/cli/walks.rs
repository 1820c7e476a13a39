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

/// Whatever names an end of a way names what the other dimensions are held at, too.
#[test]
fn traversals_lead_through_any_point() {
    let world = World::trained();
    let latents = [0.5, -1.0, 2.0, 0.25, 0.75, -0.5];
    world.write("points.safetensors", super::world::tensor_file("latent", &[2, 3], &latents));
    run(&world, &["decode", "--input", "points.safetensors", "--output", "points-as.safetensors"]);
    let decoded = images(&world, "points-as.safetensors").1;
    for (base, row, ranges) in [
        ("points.safetensors", 0, ["--range=-0.5,1.5", "--range=1,3"]),
        ("points.safetensors#1", 1, ["--range=-0.75,1.25", "--range=-1.5,0.5"]),
    ] {
        let args = ["traverse", "--dims", "0,2", "--steps", "3", "--base", base];
        run(&world, &[&args[..], &ranges, &["--out", "through.safetensors"]].concat());
        let (shape, values) = images(&world, "through.safetensors");
        assert_eq!(shape, [6, 3, 16, 16], "two rows of three");
        for dim in 0..2 {
            let middle = &values[(dim * 3 + 1) * 768..][..768];
            assert_close(middle, &decoded[row * 768..][..768], Tolerance::ENGINE);
        }
    }
    let ends = ["--from", "points.safetensors", "--to", "points.safetensors#1", "--steps", "2"];
    run(&world, &[&["interpolate"], &ends[..], &["--out", "way.safetensors"]].concat());
    assert_close(&images(&world, "way.safetensors").1, &decoded, Tolerance::ENGINE);
    let through = |base: &[&str]| {
        let args = ["traverse", "--dims", "1", "--range", "0,0", "--steps", "1"];
        run(&world, &[&args[..], base, &["--out", "one.safetensors"]].concat());
        images(&world, "one.safetensors").1
    };
    let bases = [&[][..], &["--base", "seed:4"], &["--base", "7"], &["--base", "8"]];
    let pictures = bases.map(through);
    for (index, picture) in pictures.iter().enumerate() {
        let is_other =
            |other: &Vec<f32>| other.iter().zip(picture).any(|(a, b)| a.to_bits() != b.to_bits());
        assert!(pictures[..index].iter().all(is_other), "{:?} leads elsewhere", bases[index]);
    }
}
