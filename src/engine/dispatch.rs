//! How a pass runs on a device: by which shader, in which tiles, in how many workgroups.

mod product;
mod serial;

use super::kernel::Kernel;
use super::params::WORKGROUP_SIZE;
use super::shader::Shader;
use product::Product;
pub use product::{OF_SEARCHES, OF_SUMS};
use serial::Serial;
pub use serial::{NEIGHBOUR_WORKGROUP, OF_NEIGHBOURS};

/// How the lanes of a device work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// Those of a workgroup share memory: real graphics devices.
    Workgroups,
    /// Eight neighbours, a subgroup, tell one another what each has read: processors that imitate a graphics device, where
    /// reads are dear.
    Neighbours,
    /// Each for itself: the same without subgroups of eight.
    Alone,
}

/// What a workgroup makes of a product in tiles, or an invocation that reads together with its neighbours.
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

    /// At least so many workgroups, in rows of one length, none longer than `limit`.
    pub(crate) fn rows(&self, limit: u32) -> [u32; 2] {
        let groups = self.workgroups.max(1);
        let rows = groups.div_ceil(limit);
        [groups.div_ceil(rows), rows]
    }

    /// What suits a kernel on a device.
    pub fn of(kernel: &Kernel, lanes: Lanes) -> Self {
        let suited = match lanes {
            Lanes::Workgroups => Product::of(kernel).and_then(|product| product.in_best_tiles()),
            Lanes::Neighbours => Serial::of(kernel).map(|serial| serial.by_neighbours(None)),
            Lanes::Alone => None,
        };
        suited.unwrap_or_else(|| Self::alone(kernel))
    }

    /// A kernel in tiles of one size; nothing where it has none.
    pub fn in_tiles(kernel: &Kernel, tile: Tile) -> Option<Self> {
        Product::of(kernel).map(|product| product.in_tiles(tile))
    }

    /// A kernel by neighbours that read so many rows together; nothing where it has none.
    pub fn by_neighbours(kernel: &Kernel, rows: u32) -> Option<Self> {
        Serial::of(kernel).map(|serial| serial.by_neighbours(Some(rows)))
    }

    /// A kernel whose invocations share nothing.
    pub fn alone(kernel: &Kernel) -> Self {
        match kernel {
            Kernel::Linear(params) => Serial::linear(params).alone(),
            Kernel::Conv2d(params) => Serial::conv2d(params).alone(),
            Kernel::ConvTranspose2d(params) => Serial::conv_transpose2d(params).alone(),
            Kernel::NearestCode(params) => Serial::nearest_code(params).alone(),
            Kernel::GroupNorm(params) => Self::new(Shader::GroupNorm, params.invocations()),
            Kernel::LayerNorm(params) => Self::new(Shader::LayerNorm, params.invocations()),
            Kernel::Attention(params) => Self::new(Shader::Attention, params.invocations()),
            Kernel::CachedAttention(params) => {
                Self::new(Shader::CachedAttention, params.invocations())
            }
            Kernel::Modulate(params) => Self::new(Shader::Modulate, params.invocations()),
            Kernel::Elementwise(params) => Self::new(Shader::Elementwise, params.invocations()),
            Kernel::ArgMax(params) => Self::new(Shader::ArgMax, params.places),
            Kernel::Gather(params) => Self::new(Shader::Gather, params.invocations()),
            Kernel::Draw(params) => Self::new(Shader::Draw, params.invocations()),
        }
    }
}
