//! Directions in files: there and back, of other programs, and hostile.

use std::collections::BTreeMap;

use zscope::array::{Array, NamedArrays};
use zscope::formats::arrays::{ArrayFile, NamedIndices, write_arrays};
use zscope::formats::directions::{read_directions, write_directions};
use zscope::latent::directions::{Direction, Unit};

use super::direction;
use crate::common::runs::folder;

fn written(arrays: &[(&str, &[usize], &[f32])]) -> tempfile::TempDir {
    let dir = folder();
    let arrays: NamedArrays = arrays
        .iter()
        .map(|(name, shape, values)| {
            ((*name).to_owned(), Array::new(*shape, values.to_vec()).expect("a shape"))
        })
        .collect();
    let path = dir.path().join("a.safetensors");
    write_arrays(&path, &arrays, &NamedIndices::new(), &BTreeMap::new()).expect("a file");
    dir
}

#[test]
fn directions_come_back_from_a_file() {
    let dir = folder();
    let path = dir.path().join("smiles.safetensors");
    let all = [
        Direction {
            accuracy: Some([0.97, 0.9]),
            source: "logistic regression, 2000 images".to_owned(),
            ..direction("zebra: „striped“", &[0.1, -0.2, 3.0])
        },
        Direction { share: Some(0.25), ..direction("b", &[1.0, 0.0, 0.0]) },
        Direction { unit: Unit::Way, ..direction("a", &[0.0, 1e-20, 0.0]) },
    ];
    write_directions(&path, &all).expect("a file");
    assert_eq!(read_directions(&path, 3).expect("the same"), all, "in their order");
    let file = ArrayFile::open(&path).expect("a safetensors file");
    assert_eq!(file.array("b").expect("by its name").data(), [1.0, 0.0, 0.0], "for other programs");
}

#[test]
fn arrays_of_other_programs_are_directions() {
    let dir = written(&[
        ("boundary", &[1, 4], &[0.0, 1.0, 0.0, 0.0]),
        ("comp", &[2, 4], &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0]),
        ("grid", &[1, 2, 2], &[1.0; 4]),
        ("mean", &[3], &[9.0; 3]),
    ]);
    let found = read_directions(&dir.path().join("a.safetensors"), 4).expect("directions");
    let names: Vec<&str> = found.iter().map(|direction| direction.name.as_str()).collect();
    assert_eq!(names, ["boundary", "comp 1", "comp 2", "grid"], "others are left out");
    assert_eq!(found[2].step, [0.0, 0.0, 2.0, 0.0]);
    assert_eq!(found[0].source, "a.safetensors");
}

#[test]
fn what_is_no_direction_is_said() {
    type Arrays = &'static [(&'static str, &'static [usize], &'static [f32])];
    let cases: [(Arrays, &str); 5] = [
        (&[("a", &[3], &[1.0; 3])], "a of shape [3] (expected arrays of 4 values"),
        (&[("a", &[4], &[0.0; 4])], "all zero"),
        (&[("a", &[4], &[1.0, f32::NAN, 0.0, 0.0])], "no numbers"),
        (&[("a", &[0, 4], &[])], "expected arrays of 4 values"),
        (&[], "no array at all"),
    ];
    for (arrays, words) in cases {
        let dir = written(arrays);
        let error = read_directions(&dir.path().join("a.safetensors"), 4).expect_err(words);
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let dir = written(&[("a", &[2000, 1], &[1.0; 2000])]);
    let error = read_directions(&dir.path().join("a.safetensors"), 1).expect_err("too many");
    assert!(error.to_string().contains("at most 1024"), "{error}");
    let path = dir.path().join("text.safetensors");
    std::fs::write(&path, "no safetensors at all").expect("a file");
    assert!(read_directions(&path, 4).is_err(), "another kind of file");
    assert!(read_directions(&dir.path().join("nowhere"), 4).is_err(), "no file");
    assert!(read_directions(&dir.path().join("a.safetensors"), 0).is_err(), "no latent space");
}

#[test]
fn a_hostile_text_beside_the_arrays_tells_nothing() {
    let dir = folder();
    let path = dir.path().join("a.safetensors");
    let arrays = NamedArrays::from([("a".to_owned(), Array::filled([2], 1.0))]);
    for told in ["", "{", "[[[[", "[{\"name\":7}]", "[{\"name\":\"a\",\"step\":[1,2,3]}]"] {
        let texts = BTreeMap::from([("zscope.directions".to_owned(), told.to_owned())]);
        write_arrays(&path, &arrays, &NamedIndices::new(), &texts).expect("a file");
        let found = read_directions(&path, 2).expect("an array that fits");
        assert_eq!((found.len(), &found[0].step[..]), (1, &[1.0, 1.0][..]), "{told}");
    }
}
