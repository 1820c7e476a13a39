//! Files from strangers: whatever is wrong with them is an error that says so, at once and in little memory.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use zscope::open::open;
use zscope::random::{Purpose, stream};

use super::golden;
use crate::common::{Work, assert_says, mutants};

/// The error of opening a path, which has to come at once.
#[track_caller]
fn refused(path: &Path) -> String {
    let work = Work::begin();
    let error = open(path.to_str().expect("a plain path")).err().map(|error| error.to_string());
    let what = path.display();
    assert!(work.elapsed() < Duration::from_secs(2), "{what} took {:?}", work.elapsed());
    error.unwrap_or_else(|| panic!("{what} opened"))
}

/// A folder with a file of some bytes.
fn file(name: &str, bytes: &[u8]) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a file");
    (folder, path)
}

/// A diffusers folder with a changed configuration.
fn configured(name: &str, change: impl Fn(&mut serde_json::Value)) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(golden(name)).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, folder.path().join(path.file_name().expect("a name"))).expect("a copy");
    }
    let path = folder.path().join("config.json");
    let text = fs::read_to_string(&path).expect("a text");
    let mut config = serde_json::from_str(&text).expect("JSON");
    change(&mut config);
    fs::write(path, config.to_string()).expect("a file");
    folder
}

#[test]
fn configurations_that_do_not_fit() {
    type Change = fn(&mut serde_json::Value);
    let cases: [(&str, Change, &[&str]); 12] = [
        ("vq_bin", |c| c["_class_name"] = json!("UNet2DModel"), &["UNet2DModel", "VQModel"]),
        ("vq_bin", |c| c["block_out_channels"] = json!([4, 8]), &["down_block_types has 3"]),
        (
            "vq_bin",
            |c| c["block_out_channels"] = json!([4, 8, 12]),
            &["conv_shortcut", "among them"],
        ),
        ("vq_bin", |c| c["block_out_channels"] = json!("4"), &["config.json", "expected"]),
        ("vq_bin", |c| c["num_vq_embeddings"] = json!(99), &["[23, 5]", "[99, 5]"]),
        ("vq_bin", |c| c["act_fn"] = json!("mish"), &["act_fn is mish", "silu"]),
        ("vq_bin", |c| c["norm_type"] = json!("layer"), &["layer"]),
        ("vq_bin", |c| c["layers_per_block"] = json!(1_000_000), &["1000000", "1 to 16"]),
        ("movq", |c| c["vq_embed_dim"] = json!(5), &["vq_embed_dim is 5"]),
        ("kl_shards", |c| c["sample_size"] = json!("big"), &["sample_size"]),
        ("tiny", |c| c["num_encoder_blocks"] = json!([1, 2, 9]), &["encoder.layers", "among them"]),
        (
            "tiny",
            |c| c["encoder_block_out_channels"] = json!([6, 8, 6]),
            &["one number throughout"],
        ),
    ];
    for (name, change, words) in cases {
        let folder = configured(name, change);
        let error = refused(folder.path());
        assert_says(&error, words);
    }
}

#[test]
fn files_that_are_no_checkpoints() {
    let (_folder, path) = file("model.ckpt", b"");
    assert_says(&refused(&path), &["an empty file"]);
    let (_folder, path) = file("model.ckpt", b"hello, I am a text");
    assert_says(&refused(&path), &["neither safetensors nor a zip archive nor a pickle"]);
    let (_folder, path) = file("model.bin", b"\x80\x02}q\x00.");
    assert_says(&refused(&path), &["a pickle without"]);
    let (_folder, path) = file("model.pth", b"PK\x03\x04 and nothing more");
    assert_says(&refused(&path), &["a zip archive that does not open"]);
    let (_folder, path) = file("model.safetensors", b"\xff\xff\xff\xff\xff\x00\x00\x00{");
    assert_says(&refused(&path), &["a header of"]);
    let empty = tempfile::tempdir().expect("a folder");
    assert_says(&refused(empty.path()), &["no model there"]);
    fs::write(empty.path().join("config.json"), r#"{"_class_name": "VQModel"}"#).expect("a file");
    assert_says(&refused(empty.path()), &["without weights"]);
}

/// An index may name only files beside it.
#[test]
fn indices_do_not_lead_out_of_their_folder() {
    let outside = golden("kl_shards/diffusion_pytorch_model-00001-of-00003.safetensors");
    for name in ["../secret.safetensors", outside.to_str().expect("a path"), "a/../../b", ""] {
        let folder = configured("kl_shards", |_| {});
        let index = json!({ "weight_map": { "encoder.conv_in.weight": name } });
        let path = folder.path().join("diffusion_pytorch_model.safetensors.index.json");
        fs::write(path, index.to_string()).expect("a file");
        assert_says(&refused(folder.path()), &["the name", "inside of the model's folder"]);
    }
    let folder = configured("kl_shards", |_| {});
    let path = folder.path().join("diffusion_pytorch_model.safetensors.index.json");
    fs::write(
        &path,
        r#"{"weight_map": {"not.there": "diffusion_pytorch_model-00001-of-00003.safetensors"}}"#,
    )
    .expect("a file");
    assert_says(&refused(folder.path()), &["not.there", "which lacks it"]);
}

/// A zip archive as torch.save writes it, with a pickle of choice.
fn archive(pickle: &[u8], method: zip::CompressionMethod) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.pt");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).expect("a file"));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    zip.start_file("model/data.pkl", options).expect("an entry");
    zip.write_all(pickle).expect("written");
    zip.start_file("model/data/0", options).expect("an entry");
    zip.write_all(&[0; 64]).expect("written");
    zip.finish().expect("an archive");
    (folder, path)
}

/// A state dictionary of one tensor, whose storage has 16 numbers, with a shape and strides in opcodes.
fn tensor(shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((".to_vec();
    pickle.extend(b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x10tQK\x00");
    pickle.extend(shape);
    pickle.extend(strides);
    pickle.extend(b"\x89}tRs.");
    pickle
}

#[test]
fn tensors_stay_within_their_storage() {
    let stored = zip::CompressionMethod::Stored;
    let one = |number: &[u8]| [b"(", number, b"t"].concat();
    let max: &[u8] = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
    for (shape, strides) in [
        (one(b"K\x11"), one(b"K\x01")),     // one more than there are
        (one(b"K\x02"), one(b"K\x10")),     // the second behind the end
        (one(b"M\xff\xff"), one(b"K\x00")), // the same one very often
        (one(max), one(b"K\x01")),          // no real size
        (one(b"K\x02"), one(max)),          // no real stride
        ([b"(", max, max, b"t"].concat(), [b"(", max, max, b"t"].concat()),
        (one(b"K\x02"), [&b"(K\x01K\x01t"[..]].concat()), // more strides than axes
    ] {
        let (_folder, path) = archive(&tensor(&shape, &strides), stored);
        assert_says(&refused(&path), &["a tensor of the shape"]);
    }
    // What lies within opens, and is no model that is known.
    let (_folder, path) = archive(&tensor(&one(b"K\x10"), &one(b"K\x01")), stored);
    assert_says(&refused(&path), &["tensors of no known layout (a"]);
}

/// Nothing of what a pickle would call is called, and nothing grows beyond the pickle.
#[test]
fn pickles_run_nothing_and_stay_small() {
    let stored = zip::CompressionMethod::Stored;
    let (folder, path) = archive(
        format!("cos\nsystem\n(S'touch {}'\ntR.", "/tmp/zscope-was-here").as_bytes(),
        stored,
    );
    assert_says(&refused(&path), &["no known layout"]);
    assert!(!Path::new("/tmp/zscope-was-here").exists(), "nothing ran");
    drop(folder);
    let packed = zip::CompressionMethod::Deflated;
    // A gigabyte of empty lists in a megabyte.
    let mut bomb = b"\x80\x02(".to_vec();
    bomb.resize(64 << 20, b']');
    let (_folder, path) = archive(&bomb, packed);
    assert_says(&refused(&path), &["opcodes"]);
    // A text that is longer than anything.
    let (_folder, path) = archive(b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.", stored);
    assert_says(&refused(&path), &["breaks off"]);
    // Dictionaries in dictionaries, each twice in the next: few objects, no end of paths.
    let mut doubled = b"\x80\x02}q\x00".to_vec();
    for level in 0..60u8 {
        let [before, here] = [level, level + 1];
        doubled
            .extend([b'}', b'q', here, b'(', b'K', 0, b'h', before, b'K', 1, b'h', before, b'u']);
    }
    doubled.push(b'.');
    let (_folder, path) = archive(&doubled, stored);
    assert_says(&refused(&path), &["more entries than a checkpoint has"]);
    // One that holds itself.
    let (_folder, path) = archive(b"\x80\x02}q\x00(K\x00h\x00u.", stored);
    assert_says(&refused(&path), &["no known layout"]);
    for broken in [&b"\x80\x02"[..], b"\x80\x02.", b"\x80\x02(t", b"h\x07.", b"R.", b"u.", b"\xff."]
    {
        let (_folder, path) = archive(broken, stored);
        refused(&path);
    }
}

/// Storages that torch.save did not write are refused before they are unpacked.
#[test]
fn packed_storages_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["taesd_encoder.pth", "taesd_decoder.pth"] {
        let mut from =
            zip::ZipArchive::new(fs::File::open(golden("taesd").join(name)).expect("a file"))
                .expect("an archive");
        let to = fs::File::create(folder.path().join(name)).expect("a file");
        let mut to = zip::ZipWriter::new(to);
        for index in 0..from.len() {
            let mut entry = from.by_index(index).expect("an entry");
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Deflated);
            to.start_file(entry.name().expect("a name").into_owned(), options).expect("an entry");
            std::io::copy(&mut entry, &mut to).expect("copied");
        }
        to.finish().expect("an archive");
    }
    assert_says(&refused(folder.path()), &["stored"]);
}

#[test]
fn weights_that_are_no_numbers() {
    let folder = configured("tiny", |_| {});
    let path = folder.path().join("diffusion_pytorch_model.safetensors");
    let mut bytes = fs::read(&path).expect("a file");
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, bytes).expect("a file");
    assert_says(&refused(folder.path()), &["finite"]);
}

/// Every kind of file with bytes changed, cut and moved: it opens or it says why not, and never takes long.
#[test]
fn changed_files_never_break_anything() {
    let mutants = mutants(600);
    for (folder, name) in [
        ("taesd", "taesd_encoder.pth"),
        ("ldm", "model.ckpt"),
        ("ldm", "model.yaml"),
        ("vq_bin", "diffusion_pytorch_model.bin"),
        ("vq_bin", "config.json"),
        ("tiny", "diffusion_pytorch_model.safetensors"),
        ("kl_shards", "diffusion_pytorch_model.safetensors.index.json"),
    ] {
        let copy = tempfile::tempdir().expect("a temporary folder");
        for entry in fs::read_dir(golden(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let file = path.file_name().expect("a name").to_owned();
            if file != "io.safetensors" {
                fs::copy(&path, copy.path().join(file)).expect("a copy");
            }
        }
        let whole = fs::read(golden(folder).join(name)).expect("a file");
        for mutant in 0..mutants {
            fs::write(copy.path().join(name), changed(&whole, mutant)).expect("a file");
            let work = Work::begin();
            let result = open(copy.path().to_str().expect("a plain path"));
            let took = work.elapsed();
            assert!(took < Duration::from_secs(2), "{name}, mutant {mutant}: {took:?}");
            if let Err(error) = result {
                assert!(error.to_string().len() < 2000, "{name}, mutant {mutant}: {error}");
            }
        }
    }
}

/// Some bytes of a file changed, by the number of the mutant. Headers, which are short, are as likely as all the rest.
fn changed(whole: &[u8], mutant: u64) -> Vec<u8> {
    use rand::RngExt as _;
    let mut random = stream(7, mutant, Purpose::Sample);
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..4) {
        let len = bytes.len();
        let near = if random.random_bool(0.5) { len } else { len.min(600) };
        let at = random.random_range(0..near.max(1)).min(len.saturating_sub(1));
        let end = (at + random.random_range(1..24)).min(len);
        match random.random_range(0..6) {
            _ if len == 0 => {}
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => bytes[at..end].fill(if random.random_bool(0.5) { 0xff } else { 0 }),
            _ => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}
