//! The verbs on a checkpoint that holds only a codebook.

use std::collections::BTreeMap;

use zscope::array::{Array, NamedArrays};
use zscope::formats::arrays::write_arrays;

use super::world::World;

/// A world with a codebook of six codes in `vq.safetensors`: the last lies where the second does, one is dead.
fn world() -> World {
    let world = World::new();
    let codes = vec![3.0, 4.0, 1.0, 0.0, 0.0, 2.0, -1.0, 0.0, 5.0, 12.0, 1.0, 0.0];
    let usage = vec![10.0, 10.0, 0.0, 10.0, 0.5, 9.5];
    let tensors = NamedArrays::from([
        ("vq._codebook.embed".to_owned(), Array::new([1, 6, 2], codes).expect("codes")),
        ("vq._codebook.cluster_size".to_owned(), Array::new([1, 6], usage).expect("use")),
        ("other.codebook".to_owned(), Array::filled([4, 3], 0.5)),
        ("net.weight".to_owned(), Array::zeros([2, 2, 3, 3])),
    ]);
    let none = BTreeMap::new();
    write_arrays(&world.path("vq.safetensors"), &tensors, &BTreeMap::new(), &none).expect("a file");
    world
}

#[test]
fn a_codebook_alone_is_told_of_without_images() {
    let world = world();
    let told = world.run(&["codebook", "vq.safetensors", "--json", "--csv", "c.csv"]).ok().json();
    assert_eq!(told["codebook_size"], 6, "{told}");
    assert_eq!((&told["codes_used"], &told["dead"]), (&5.into(), &1.into()), "{told}");
    assert_eq!(told["norms"][4], 13.0, "{told}");
    assert_eq!(told["nearest"][1], serde_json::json!({"code": 5, "distance": 0.0}), "{told}");
    assert_eq!(told["duplicates"], 1, "{told}");
    assert_eq!(told["usage"][4], 0.5, "{told}");
    let csv = String::from_utf8(world.bytes("c.csv")).expect("text");
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows[0], "code,uses,share,state,norm,nearest,distance,pc1,pc2", "{csv}");
    assert!(rows[3].starts_with("2,0,0,dead,2,1,2.236068,"), "{csv}");
    assert!(rows[5].starts_with("4,0.5,0.0125,dying,13,0,8.246211,"), "{csv}");
    // The plane of codes of two values is theirs: from their mean, (1.5, 3), all is as far as it was.
    let far = |row: &str| -> f32 {
        let places: Vec<f32> =
            row.split(',').skip(7).map(|value| value.parse().expect("a number")).collect();
        assert_eq!(places.len(), 2, "{row}");
        places[0].hypot(places[1])
    };
    for (row, [x, y]) in [(1, [3.0f32, 4.0]), (3, [0.0, 2.0]), (5, [5.0, 12.0])] {
        let expected = (x - 1.5).hypot(y - 3.0);
        assert!((far(rows[row]) - expected).abs() < 1e-4, "{expected}: {csv}");
    }
    let said = world.run(&["codebook", "vq.safetensors"]).ok().stdout;
    for words in
        ["6 codes of 2", "1.0 to 13", "(5 = 1)", "5, 1 of them dying, 1 dead", "other.codebook"]
    {
        assert!(said.contains(words), "{words:?} in {said}");
    }
    let args = ["codebook", "vq.safetensors#other.codebook", "--json", "--csv", "c.csv"];
    let told = world.run(&args).ok().json();
    assert!(told["usage"].is_null() && told["dead"].is_null(), "nothing tells its use: {told}");
    assert_eq!(told["duplicates"], 3, "{told}");
    let csv = String::from_utf8(world.bytes("c.csv")).expect("text");
    assert!(csv.lines().nth(1).is_some_and(|row| row.starts_with("0,,,,0.8660254,1,0")), "{csv}");
}

#[test]
fn info_tells_of_a_codebook_alone() {
    let world = world();
    let info = world.run(&["info", "vq.safetensors", "--json"]).ok().json();
    assert_eq!(
        (&info["family"], &info["source"]),
        (&"codebook".into(), &"tensor".into()),
        "{info}"
    );
    assert_eq!(info["codebook"], serde_json::json!({"size": 6, "dim": 2}), "{info}");
    assert_eq!(info["latent"]["shape"], serde_json::json!([2]), "{info}");
    let said = world.run(&["info", "vq.safetensors"]).ok().stdout;
    for words in ["image       none", "6 codes of 2", "vq.safetensors#other.codebook opens another"]
    {
        assert!(said.contains(words), "{words:?} in {said}");
    }
}

#[test]
fn what_runs_a_model_refuses_a_codebook_alone() {
    let world = world();
    let model = "vq.safetensors";
    for args in [
        &["encode", model, "--input", "a.png", "--output", "a.safetensors"][..],
        &["decode", model, "--input", "a.safetensors", "--output", "a.png"],
        &["reconstruct", model, "--input", "a.png", "--output", "b.png"],
        &["sample", model, "-n", "4", "--out", "a.png"],
        &["eval", model, "--data", "shapes"],
        &["traverse", model, "--out", "a.png"],
        &["interpolate", model, "--from", "0", "--to", "1", "--out", "a.png"],
        &["export", model, "--format", "diffusers", "--out", "a"],
        &["codebook", model, "--data", "shapes"],
        &["codebook", model, "--limit", "5"],
        &["codebook", model, "--png", "a.png"],
    ] {
        let ran = world.run(args);
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        let begins = format!("error: {}: ", args[0]);
        let says = ran.stderr.starts_with(&begins) && ran.stderr.contains("only a codebook");
        assert!(says, "{args:?}: {}", ran.stderr);
    }
}
