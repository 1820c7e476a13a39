//! Passes that multiply two tables, in tiles that a workgroup shares.

use super::{Dispatch, Tile};
use crate::engine::kernel::Kernel;
use crate::engine::shader::Shader;

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

/// A pass that multiplies two tables, and how large they are.
pub(super) struct Product {
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
    pub(super) fn of(kernel: &Kernel) -> Option<Self> {
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
                phases: params.phases(),
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

    /// In those that suit it; nothing where none do.
    pub(super) fn in_best_tiles(&self) -> Option<Dispatch> {
        if !self.suits_tiles() {
            return None;
        }
        let fits = |&(tile, least): &(Tile, u32)| {
            let dispatch = self.in_tiles(tile);
            (dispatch.workgroups >= least).then_some(dispatch)
        };
        self.tiles.iter().find_map(fits)
    }

    pub(super) fn in_tiles(&self, tile: Tile) -> Dispatch {
        let tiles = self.channels.div_ceil(tile.channels) * self.places.div_ceil(tile.places);
        Dispatch { shader: self.shader, tile: Some(tile), workgroups: tiles * self.phases }
    }
}

fn depth(extents: [u32; 3]) -> u64 {
    extents.into_iter().map(u64::from).product()
}
