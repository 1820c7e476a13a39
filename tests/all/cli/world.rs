//! A folder to run the program in, and what it left there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tempfile::TempDir;

/// A training that takes next to no time.
pub const TINY: [&str; 14] = [
    "train",
    "vae",
    "--data",
    "shapes?size=16&train=128&test=32",
    "--device",
    "cpu",
    "--batch=16",
    "--set=arch=mlp",
    "--set",
    "hidden=24",
    "--set",
    "latent_dim=3",
    "--set",
    "checkpoint_every=5",
];

/// A folder of its own for every test; nothing is read or written elsewhere.
pub struct World {
    root: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["work", "runs", "home", "runtime"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root }
    }

    /// With a run in `run`, trained for 12 steps, checkpoints at 0, 5, 10 and 12.
    pub fn trained() -> Self {
        Self::trained_with(&[])
    }

    pub fn trained_with(more: &[&str]) -> Self {
        let world = Self::new();
        world.tiny(&[&["--steps", "12", "--out", "run"], more].concat()).ok();
        world
    }

    /// Where commands run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("work").join(name)
    }

    /// The runs folder.
    pub fn runs(&self) -> PathBuf {
        self.root.path().join("runs")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zscope"));
        let home = self.root.path().join("home");
        command
            .args(args)
            .current_dir(self.root.path().join("work"))
            .env("ZSCOPE_RUNS", self.runs())
            .env("HOME", &home)
            .env("XDG_RUNTIME_DIR", self.root.path().join("runtime"))
            .env("XDG_DATA_HOME", &home)
            .env("XDG_CACHE_HOME", &home)
            .env("XDG_CONFIG_HOME", &home)
            .env_remove("RUST_LOG")
            // Whatever goes wrong, no window opens on the screen of whoever runs the tests.
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let output = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Ran {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// [`TINY`] and more arguments.
    pub fn tiny(&self, more: &[&str]) -> Ran {
        self.run(&[&TINY[..], more].concat())
    }

    /// Every file and folder under the working folder and the runs folder, with its bytes.
    pub fn tree(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut tree = BTreeMap::new();
        for folder in ["work", "runs"] {
            add_tree(&mut tree, self.root.path(), &self.root.path().join(folder));
        }
        tree
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The tensors of a safetensors file by name: shape and values; all of them f32, but for indices, i32.
    pub fn tensors(&self, name: &str) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let bytes = self.bytes(name);
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        file.iter()
            .map(|(name, view)| {
                let is_index = name == "indices";
                assert_eq!(view.dtype(), if is_index { Dtype::I32 } else { Dtype::F32 }, "{name}");
                let value = |chunk: &[u8; 4]| {
                    if is_index {
                        i32::from_le_bytes(*chunk) as f32
                    } else {
                        f32::from_le_bytes(*chunk)
                    }
                };
                let values = view.data().as_chunks::<4>().0.iter().map(value).collect();
                (name.to_owned(), (view.shape().to_vec(), values))
            })
            .collect()
    }
}

fn add_tree(tree: &mut BTreeMap<PathBuf, Option<Vec<u8>>>, root: &Path, folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_owned();
        if path.is_dir() {
            tree.insert(name, None);
            add_tree(tree, root, &path);
        } else {
            tree.insert(name, Some(std::fs::read(&path).unwrap()));
        }
    }
}

/// A safetensors file of one tensor, written here and not by the program.
pub fn tensor_file(name: &str, shape: &[usize], values: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = safetensors::tensor::TensorView::new(Dtype::F32, shape.to_vec(), &bytes)
        .expect("values that fill the shape");
    safetensors::serialize([(name, view)], None).unwrap()
}

impl Ran {
    /// Fails unless the command did what it was asked.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:#?}");
        assert!(!self.panicked(), "{self:#?}");
        self
    }

    pub fn panicked(&self) -> bool {
        ["panicked", "RUST_BACKTRACE", "stack backtrace", "unreachable", "src/"]
            .iter()
            .any(|word| self.stderr.contains(word) || self.stdout.contains(word))
    }

    /// The one JSON value on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "one line: {}", self.stdout);
        serde_json::from_str(&self.stdout).expect("JSON")
    }

    /// The JSON objects on standard output, one a line.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.stdout.lines().map(parse).collect()
    }
}

/// A number in a JSON object.
#[track_caller]
pub fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("{key} is a number in {value}"))
}

/// Fails unless the keys of an object are all there.
#[track_caller]
pub fn assert_keys(value: &Value, keys: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("an object: {value}"));
    let missing: Vec<_> = keys.iter().filter(|key| !object.contains_key(**key)).collect();
    assert!(missing.is_empty(), "no {missing:?} in {value}");
}
