//! Data sources and their options; their text form is beside this.

mod text;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A data source and its options.
///
/// Its text form names only what differs from the defaults, which therefore never change.
/// A folder whose own name holds a `?` is written with another one at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DataSpec {
    /// Procedural shapes with known factors.
    Shapes(ShapesOptions),
    /// The MNIST files in a folder.
    Mnist(PathBuf),
    /// The Fashion-MNIST files in a folder.
    FashionMnist(PathBuf),
    /// The CIFAR-10 binary batches in a folder.
    Cifar10 {
        /// Where the batches are.
        dir: PathBuf,
        /// Chooses the test part where there is no test batch.
        seed: u64,
    },
    /// The dSprites archive, or a part of it.
    Dsprites {
        /// The `.npz` file.
        file: PathBuf,
        /// What is made of it.
        options: DspritesOptions,
    },
    /// Pictures in a folder and its sub-folders.
    Folder {
        /// Where the pictures are.
        dir: PathBuf,
        /// What is made of them.
        options: FolderOptions,
    },
}

impl DataSpec {
    /// The same images at `size` pixels a side, where the source can give any; others stay as they are.
    pub fn with_size(mut self, size: usize) -> Self {
        match &mut self {
            Self::Shapes(options) => options.size = size,
            Self::Dsprites { options, .. } => options.size = size,
            Self::Folder { options, .. } => options.size = size,
            Self::Mnist(_) | Self::FashionMnist(_) | Self::Cifar10 { .. } => {}
        }
        self
    }

    /// The same source, named so that it is found from any working directory.
    pub fn absolute(mut self) -> Self {
        let path = match &mut self {
            Self::Shapes(_) => return self,
            Self::Mnist(path)
            | Self::FashionMnist(path)
            | Self::Cifar10 { dir: path, .. }
            | Self::Dsprites { file: path, .. }
            | Self::Folder { dir: path, .. } => path,
        };
        if let Ok(absolute) = std::path::absolute(&*path) {
            *path = absolute;
        }
        self
    }
}

/// What procedural shapes look like and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapesOptions {
    /// The side of an image in pixels: 16, 32, 64 or 128.
    pub size: usize,
    /// The number of training images.
    pub train: usize,
    /// The number of test images.
    pub test: usize,
    /// Chooses the images.
    pub seed: u64,
    /// How images are told of.
    pub captions: CaptionStyle,
    /// How many of the 48 combinations of shape and colour only test images have, at most
    /// [`ShapesOptions::MOST_HELD_OUT`]; the seed chooses which.
    pub hold_out: usize,
}

impl ShapesOptions {
    /// Half of all combinations of shape and colour.
    pub const MOST_HELD_OUT: usize = 24;
}

impl Default for ShapesOptions {
    fn default() -> Self {
        Self {
            size: 32,
            train: 50_000,
            test: 10_000,
            seed: 0,
            captions: CaptionStyle::Plain,
            hold_out: 0,
        }
    }
}

/// The sentences that tell of procedural shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptionStyle {
    /// One form for all: "a small red triangle on navy, top left".
    Plain,
    /// Many forms with synonyms, some of which leave causes out.
    Varied,
}

impl CaptionStyle {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Varied => "varied",
        }
    }
}

/// What is made of the dSprites archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DspritesOptions {
    /// The side of an image in pixels: one of [`DspritesOptions::SIZES`]. Smaller images are means over blocks.
    pub size: usize,
    /// Chooses the test part.
    pub seed: u64,
}

impl DspritesOptions {
    /// The sides that an image can have; the largest is the set's own.
    pub const SIZES: &[usize] = &[16, 32, 64];
}

impl Default for DspritesOptions {
    fn default() -> Self {
        Self { size: 64, seed: 0 }
    }
}

/// What is made of the pictures in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderOptions {
    /// The side of an image in pixels after cropping and resizing, 4 to 1024.
    pub size: usize,
    /// Colour planes: 1 (grey) or 3 (RGB).
    pub channels: usize,
    /// What shows through transparency.
    pub background: Background,
    /// Chooses the test part.
    pub seed: u64,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self { size: 64, channels: 3, background: Background::White, seed: 0 }
    }
}

/// The colour behind transparent pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Level 255.
    White,
    /// Level 0.
    Black,
    /// Level 128.
    Grey,
}

impl Background {
    /// The 8-bit level of every channel.
    pub const fn level(self) -> u8 {
        match self {
            Self::White => 255,
            Self::Black => 0,
            Self::Grey => 128,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Black => "black",
            Self::Grey => "grey",
        }
    }
}
