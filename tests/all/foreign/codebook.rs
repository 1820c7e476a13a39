//! Checkpoints of no known layout that hold a codebook: which tensor is taken for one, and what is told of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;
use zscope::array::{Array, NamedArrays};
use zscope::engine::EngineKind;
use zscope::formats::arrays::write_arrays;
use zscope::graph::lower::Task;
use zscope::open::{Opened, open};

use super::opened;
use crate::common::assert_says;

/// Values that tell where they lie.
fn counted(shape: &[usize]) -> Array {
    let len: usize = shape.iter().product();
    Array::new(shape, (0..len).map(|index| index as f32).collect()).expect("as many values")
}

/// A file of tensors of these names and shapes.
fn file(tensors: &[(&str, &[usize])]) -> (TempDir, PathBuf) {
    let named = tensors.iter().map(|(name, shape)| ((*name).to_owned(), counted(shape)));
    file_of(&named.collect())
}

fn file_of(tensors: &NamedArrays) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.safetensors");
    write_arrays(&path, tensors, &BTreeMap::new(), &BTreeMap::new()).expect("a file");
    (folder, path)
}

fn found(tensors: &[(&str, &[usize])]) -> Opened {
    let (_folder, path) = file(tensors);
    opened(&path)
}

fn refused(tensors: &[(&str, &[usize])]) -> String {
    let (_folder, path) = file(tensors);
    error(path.to_str().expect("a plain path"))
}

fn error(model: &str) -> String {
    open(model).err().unwrap_or_else(|| panic!("{model} opened")).to_string()
}

fn codes(opened: &Opened) -> &Array {
    opened.networks.codes.as_ref().expect("a codebook").codebook()
}

#[test]
fn names_of_many_libraries_are_known() {
    for name in [
        "quantize.embedding.weight",
        "quantize.embed.weight",
        "model.quantizer._codebook.embed",
        "_quantizer.embedding.weight",
        "_vq_vae._embedding.weight",
        "vq_layer.embedding.weight",
        "vector_quantization.embedding.weight",
        "codebook",
        "codebook.weight",
        "codebook.embedding.weight",
        "quantizer.quantizers.0.codebook.weight",
        "rvq.codebooks.3.weight",
        "quantizer.layers.0.codebook.embed",
        "quantizer.codevectors",
        "state_dict.module.VectorQuantizer.embedding.weight",
    ] {
        // Beside what every model has, and what might be taken for a codebook but is none.
        let opened = found(&[
            (name, &[6, 3]),
            ("encoder.0.weight", &[4, 3, 2, 2]),
            ("head.weight", &[6, 3]),
            ("token_embedding.weight", &[9, 3]),
            ("text_model.embedding.weight", &[9, 3]),
            ("quantize.embed_avg", &[6, 3]),
            ("optimizer.state.quantize.embedding.weight", &[6, 3]),
            ("quantize.embedding.weight.exp_avg", &[6, 3]),
        ]);
        assert_eq!(opened.facts["tensor"], name, "{:?}", opened.notes);
        assert_eq!(opened.model.codebook(), Some([6, 3]), "{name}");
        assert!(!opened.notes.iter().any(|note| note.contains("Other")), "{:?}", opened.notes);
    }
}

#[test]
fn the_likeliest_is_taken_and_the_others_are_listed() {
    let opened = found(&[
        ("a.token_codebook.weight", &[50, 4]),
        ("quantizer.layers.0._codebook.embed", &[1, 8, 4]),
        ("quantizer.layers.10._codebook.embed", &[1, 8, 4]),
        ("quantizer.layers.2._codebook.embed", &[1, 8, 4]),
        ("quantizer.layers.2._codebook.cluster_size", &[1, 8]),
    ]);
    assert_eq!(opened.facts["tensor"], "quantizer.layers.2._codebook.embed", "its use is known");
    assert_says(
        &opened.notes.join("\n"),
        &[
            "opened as a codebook alone, quantizer.layers.2._codebook.embed",
            "quantizer.layers.0._codebook.embed, quantizer.layers.10._codebook.embed, a.token_codebook.weight",
            "model.safetensors#quantizer.layers.0._codebook.embed opens another one",
            "is taken from quantizer.layers.2._codebook.cluster_size",
        ],
    );
    let many: Vec<String> = (0..12).map(|index| format!("vq.codebooks.{index}.weight")).collect();
    let shape: &[usize] = &[4, 2];
    let tensors: Vec<(&str, &[usize])> = many.iter().map(|name| (name.as_str(), shape)).collect();
    assert_says(&found(&tensors).notes.join("\n"), &["and 3 more"]);
}

#[test]
fn what_it_is_is_told() {
    let opened = found(&[("vq.embedding.weight", &[5, 3]), ("vq.cluster_size", &[5])]);
    let info = opened.info();
    assert_eq!((info.family, info.source), ("codebook", "tensor"), "{info:?}");
    assert_eq!((info.latent.kind, &info.latent.shape[..]), ("codes", &[3][..]), "{info:?}");
    assert_eq!((info.latent.grid, info.parameters), (None, 15), "{info:?}");
    let codebook = info.codebook.expect("a codebook");
    assert_eq!([codebook.size, codebook.dim], [5, 3], "{info:?}");
    assert_eq!(opened.model.task(), Task::Quantize, "{info:?}");
    assert_eq!(opened.told_use(), Some(&[0.0, 1.0, 2.0, 3.0, 4.0][..]), "its use");
    let mut codec = opened.codec(EngineKind::Cpu, None).expect("nothing to run");
    assert!(codec.encode(&Array::zeros([1, 3, 8, 8])).is_err(), "no encoder");
    assert!(codec.decode(&Array::zeros([1, 3])).is_err(), "no decoder");
    assert!(codec.decode_indices(&Array::zeros([1, 1, 1])).is_err(), "none of codes either");
    assert!(opened.codec(EngineKind::Burn, None).is_err(), "no training module");
}

#[test]
fn codes_lie_in_rows_columns_and_heads() {
    let rows = found(&[("vq.embed", &[1, 4, 3])]);
    assert_eq!(codes(&rows), &counted(&[4, 3]), "one head");
    let columns = found(&[("quantize_t.embed", &[3, 4]), ("quantize_t.cluster_size", &[4])]);
    let expected = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map(|value| value as f32).to_vec();
    assert_eq!(codes(&columns).data(), expected, "columns are codes");
    assert_says(&columns.notes.join("\n"), &["columns are the codes"]);
    let heads =
        found(&[("vq._codebook.embed", &[2, 4, 3]), ("vq._codebook.cluster_size", &[2, 4])]);
    assert_eq!(codes(&heads), &counted(&[8, 3]), "one head after the other");
    assert_eq!(heads.model.latent(), [6], "a vector of two parts");
    let space = heads.networks.codes.as_ref().expect("a codebook").space();
    assert_eq!(space.range(1), 4..8, "codes of the second head");
    assert_eq!(heads.told_use().expect("its use").len(), 8, "of all heads");
    let other = found(&[("vq.embed", &[4, 3]), ("vq.cluster_size", &[7])]);
    assert_eq!(other.told_use(), None, "of another codebook");
}

#[test]
fn a_person_names_another_one() {
    let (folder, path) = file(&[
        ("quantize.embedding.weight", &[6, 3]),
        ("something", &[5, 2]),
        ("kernel", &[5, 2, 3, 3]),
        ("long", &[2, 5000]),
    ]);
    let named = |tensor: &str| format!("{}#{tensor}", path.display());
    let opened = open(&named("something")).expect("any matrix");
    assert_eq!(opened.model.codebook(), Some([5, 2]), "{:?}", opened.notes);
    let folder = format!("{}#something", folder.path().display());
    assert_eq!(open(&folder).expect("by its folder").tensors, opened.tensors, "the same");
    assert!(zscope::open::names_model(folder.as_ref()), "the window opens it");
    assert!(zscope::open::names_model("demo:vq-vae".as_ref()), "as it does an embedded model");
    assert_says(&error(&named("nothing")), &["\"nothing\"", "quantize.embedding.weight"]);
    assert_says(&error(&named("kernel")), &["kernel is", "[5, 2, 3, 3]"]);
    assert_says(&error(&named("long")), &["[2, 5000]", "4096"]);
    // The codebook of a model of a known layout.
    let model = format!(
        "{}#quantize.embedding.weight",
        super::golden("vq_bin/diffusion_pytorch_model.bin").display()
    );
    assert_eq!(open(&model).expect("a tensor").model.family(), "codebook", "alone");
}

#[test]
fn what_looks_like_no_codebook_stays_refused() {
    let known = "tensors of no known layout";
    for tensors in [
        &[("encoder.weight", &[6, 3][..]), ("decoder.weight", &[3, 6])][..],
        &[("embedding.weight", &[90, 3]), ("lstm.weight", &[12, 3])],
        &[("text_model.embedding.weight", &[90, 3])],
        &[("word_embeddings.weight", &[90, 3])],
        &[("optimizer.codebook", &[6, 3])],
        &[("codebook", &[6])],
        &[("codebook", &[1, 3])],
        &[("codebook", &[6, 5000])],
        &[("codebook", &[65, 6, 3])],
        &[("codebook", &[2, 2, 6, 3])],
    ] {
        assert_says(&refused(tensors), &[known]);
    }
    let lone = found(&[("embedding.weight", &[6, 3]), ("bias", &[3])]);
    assert_eq!(lone.model.family(), "codebook", "the only matrix");
}

#[test]
fn numbers_that_are_none_are_refused() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut bad = counted(&[6, 3]);
        bad.data_mut()[7] = value;
        let name = "vq.embedding.weight".to_owned();
        let (_folder, path) = file_of(&NamedArrays::from([(name.clone(), bad)]));
        assert_says(&error(path.to_str().expect("a path")), &["not finite"]);
        let mut usage = counted(&[6]);
        usage.data_mut()[2] = value;
        let both =
            [(name, counted(&[6, 3])), ("vq.cluster_size".to_owned(), usage)].into_iter().collect();
        let (_folder, path) = file_of(&both);
        assert_says(&error(path.to_str().expect("a path")), &["use", "finite"]);
    }
}
