//! How a pass runs on a device: by which shader, in which tiles, in how many workgroups.

use super::kernel::Kernel;
use super::params::WORKGROUP_SIZE;
use super::shader::Shader;

/// What a workgroup makes of a product in tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Output channels or features, or codes.
    pub channels: u32,
    /// Places of all items, rows, or vectors.
    pub places: u32,
}

impl Tile {
    /// Every lane has sums of its own: for passes that fill a device with such tiles.
    pub const WIDE: Self = Self { channels: 64, places: 64 };
    /// Four lanes share a sum.
    pub const EVEN: Self = Self { channels: 32, places: 32 };
    /// Sixteen lanes share a sum: for passes that make few.
    pub const NARROW: Self = Self { channels: 16, places: 16 };
    /// Many codes for few vectors.
    pub const OF_FEW_VECTORS: Self = Self { channels: 256, places: 16 };
}

/// The tiles of sums, each with the workgroups from which it is faster than those after it: measured on an H200, which
/// has 132 processors.
pub const OF_SUMS: [(Tile, u32); 3] = [(Tile::WIDE, 256), (Tile::EVEN, 128), (Tile::NARROW, 0)];
/// Those of searches for codes, likewise.
pub const OF_SEARCHES: [(Tile, u32); 2] = [(Tile::WIDE, 256), (Tile::OF_FEW_VECTORS, 0)];

/// With so few channels tiles are all but empty, and with so many places each can have an invocation of its own.
const FEW_CHANNELS: u32 = 8;
const MANY_PLACES: u32 = 1 << 16;
/// Products of a sum past which a shader in tiles cannot count.
const DEEPEST: u64 = 1 << 22;

/// What is handed to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// What runs.
    pub shader: Shader,
    /// Its tile; nothing where it does not work in tiles.
    pub tile: Option<Tile>,
    /// How many workgroups compute everything.
    pub workgroups: u32,
}

impl Dispatch {
    /// A shader that does not work in tiles.
    pub fn new(shader: Shader, invocations: u32) -> Self {
        Self { shader, tile: None, workgroups: invocations.div_ceil(WORKGROUP_SIZE) }
    }

    /// What suits a kernel on a device, of which `is_serial` says that workgroups gain nothing by sharing memory.
    pub fn of(kernel: &Kernel, is_serial: bool) -> Self {
        match Product::of(kernel) {
            Some(product) if !is_serial && product.suits_tiles() => product.in_best_tiles(),
            _ => Self::serial(kernel),
        }
    }

    /// A kernel in tiles of one size; nothing where it has none.
    pub fn in_tiles(kernel: &Kernel, tile: Tile) -> Option<Self> {
        Product::of(kernel).map(|product| product.in_tiles(tile))
    }

    /// A kernel without tiles.
    pub fn serial(kernel: &Kernel) -> Self {
        match kernel {
            Kernel::Linear(params) => Self::new(Shader::LinearSerial, params.invocations()),
            Kernel::Conv2d(params) => Self::new(Shader::Conv2dSerial, params.invocations()),
            Kernel::ConvTranspose2d(params) => {
                Self::new(Shader::ConvTranspose2dSerial, params.invocations())
            }
            Kernel::GroupNorm(params) => Self::new(Shader::GroupNorm, params.invocations()),
            Kernel::LayerNorm(params) => Self::new(Shader::LayerNorm, params.invocations()),
            Kernel::Attention(params) => Self::new(Shader::Attention, params.invocations()),
            Kernel::CachedAttention(params) => {
                Self::new(Shader::CachedAttention, params.invocations())
            }
            Kernel::Modulate(params) => Self::new(Shader::Modulate, params.invocations()),
            Kernel::Elementwise(params) => Self::new(Shader::Elementwise, params.invocations()),
            Kernel::NearestCode(params) => {
                Self::new(Shader::NearestCodeSerial, params.invocations())
            }
            Kernel::ArgMax(params) => Self::new(Shader::ArgMax, params.places),
            Kernel::Gather(params) => Self::new(Shader::Gather, params.invocations()),
            Kernel::Draw(params) => Self::new(Shader::Draw, params.invocations()),
        }
    }
}

/// A pass that multiplies two tables, and how large they are.
struct Product {
    shader: Shader,
    tiles: &'static [(Tile, u32)],
    /// Rows of the left one that are spread over workgroups.
    channels: u32,
    /// Columns of the right one, in each phase.
    places: u32,
    phases: u32,
    /// Products of a sum.
    depth: u64,
}

impl Product {
    fn of(kernel: &Kernel) -> Option<Self> {
        let product = match kernel {
            Kernel::Linear(params) => Self {
                shader: Shader::Linear,
                tiles: &OF_SUMS,
                channels: params.out_features,
                places: params.rows,
                phases: 1,
                depth: params.in_features.into(),
            },
            Kernel::Conv2d(params) => Self {
                shader: Shader::Conv2d,
                tiles: &OF_SUMS,
                channels: params.out_channels,
                places: params.batch * params.out_height * params.out_width,
                phases: 1,
                depth: depth([params.in_channels, params.kernel_height, params.kernel_width]),
            },
            Kernel::ConvTranspose2d(params) => Self {
                shader: Shader::ConvTranspose2d,
                tiles: &OF_SUMS,
                channels: params.out_channels,
                places: params.batch
                    * params.out_height.div_ceil(params.stride_y)
                    * params.out_width.div_ceil(params.stride_x),
                phases: params.stride_y * params.stride_x,
                depth: depth([params.in_channels, params.kernel_height, params.kernel_width]),
            },
            // A workgroup looks at all codes.
            Kernel::NearestCode(params) => Self {
                shader: Shader::NearestCode,
                tiles: &OF_SEARCHES,
                channels: 1,
                places: params.vectors,
                phases: 1,
                depth: params.dim.into(),
            },
            _ => return None,
        };
        Some(product)
    }

    fn suits_tiles(&self) -> bool {
        let is_thin = self.channels <= FEW_CHANNELS && self.shader != Shader::NearestCode;
        let has_many = u64::from(self.places) * u64::from(self.phases) >= u64::from(MANY_PLACES);
        !(is_thin && has_many) && self.depth < DEEPEST
    }

    fn in_best_tiles(&self) -> Dispatch {
        let fits = |&(tile, least): &(Tile, u32)| {
            let dispatch = self.in_tiles(tile);
            (dispatch.workgroups >= least).then_some(dispatch)
        };
        self.tiles.iter().find_map(fits).expect("the last tile suits any pass")
    }

    fn in_tiles(&self, tile: Tile) -> Dispatch {
        let tiles = self.channels.div_ceil(tile.channels) * self.places.div_ceil(tile.places);
        Dispatch { shader: self.shader, tile: Some(tile), workgroups: tiles * self.phases }
    }
}

fn depth(extents: [u32; 3]) -> u64 {
    extents.into_iter().map(u64::from).product()
}
