//! Passes that multiply two tables, without memory that a workgroup shares.

use super::{Dispatch, Tile};
use crate::engine::kernel::Kernel;
use crate::engine::params::{
    Conv2dParams, ConvTranspose2dParams, LinearParams, NearestCodeParams, PLACE_BLOCK,
};
use crate::engine::shader::Shader;

/// Rows of an invocation that reads together with its neighbours, the most first. Of more, Mesa does not unroll the loops, and
/// sums leave the registers.
pub const OF_NEIGHBOURS: [u32; 3] = [32, 16, 8];
/// Invocations in a workgroup of those: a processor's threads all want one.
pub const NEIGHBOUR_WORKGROUP: u32 = 16;
/// Neighbours that read together.
const NEIGHBOURS: u32 = 8;
/// Rows of an invocation that reads for itself.
const OWN_ROWS: u32 = 8;

/// A product of rows, which neighbours have in common, with places, of which each invocation has a block of its own.
pub(super) struct Serial {
    shader: Shader,
    /// Channels, codes, or for a linear layer the rows of its input.
    rows: u32,
    /// Whether an invocation goes through all rows instead of having a few of its own.
    takes_all_rows: bool,
    place_blocks: u32,
    phases: u32,
}

impl Serial {
    pub(super) fn of(kernel: &Kernel) -> Option<Self> {
        Some(match kernel {
            Kernel::Linear(params) => Self::linear(params),
            Kernel::Conv2d(params) => Self::conv2d(params),
            Kernel::ConvTranspose2d(params) => Self::conv_transpose2d(params),
            Kernel::NearestCode(params) => Self::nearest_code(params),
            _ => return None,
        })
    }

    pub(super) fn linear(params: &LinearParams) -> Self {
        Self {
            shader: Shader::LinearSerial,
            rows: params.rows,
            takes_all_rows: false,
            place_blocks: params.out_features.div_ceil(PLACE_BLOCK),
            phases: 1,
        }
    }

    pub(super) fn conv2d(params: &Conv2dParams) -> Self {
        Self {
            shader: Shader::Conv2dSerial,
            rows: params.out_channels,
            takes_all_rows: false,
            place_blocks: params.place_blocks(),
            phases: 1,
        }
    }

    pub(super) fn conv_transpose2d(params: &ConvTranspose2dParams) -> Self {
        Self {
            shader: Shader::ConvTranspose2dSerial,
            rows: params.out_channels,
            takes_all_rows: false,
            place_blocks: params.place_blocks(),
            phases: params.phases(),
        }
    }

    pub(super) fn nearest_code(params: &NearestCodeParams) -> Self {
        Self {
            shader: Shader::NearestCodeSerial,
            rows: params.codes,
            takes_all_rows: true,
            place_blocks: params.vectors.div_ceil(PLACE_BLOCK),
            phases: 1,
        }
    }

    pub(super) fn alone(&self) -> Dispatch {
        Dispatch::new(self.shader, self.place_blocks * self.phases * self.row_blocks(OWN_ROWS))
    }

    /// With so many rows to an invocation, or as many as suit it.
    pub(super) fn by_neighbours(&self, rows: Option<u32>) -> Dispatch {
        let [most, .., least] = OF_NEIGHBOURS;
        let suited = self.rows.clamp(least, most).next_power_of_two();
        let channels = rows.unwrap_or(suited);
        let places = self.place_blocks.next_multiple_of(NEIGHBOURS);
        let invocations = places * self.phases * self.row_blocks(channels);
        Dispatch {
            shader: self.shader,
            tile: Some(Tile { channels, places: PLACE_BLOCK }),
            workgroups: invocations.div_ceil(NEIGHBOUR_WORKGROUP),
        }
    }

    fn row_blocks(&self, rows: u32) -> u32 {
        if self.takes_all_rows { 1 } else { self.rows.div_ceil(rows) }
    }
}
