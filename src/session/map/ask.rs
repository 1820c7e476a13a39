//! What can be asked of the map.

use std::path::PathBuf;

use super::{Colouring, Extent, Projection};
use crate::latent::Metric;

/// What a person asks of the map.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Encodes images, or encodes them anew.
    Encode,
    /// Ends what is being made.
    Cancel,
    /// Makes the projection anew from the points as they are.
    Refit,
    /// Encodes other images, once asked to.
    Extent(Extent),
    /// Puts the points onto another plane.
    Project(Projection),
    /// Colours them by something else.
    Colour(Colouring),
    /// Selects the points inside of a closed line, in the map's own units; adds them to those selected, or not.
    SelectWithin {
        /// The corners of the line.
        line: Vec<[f32; 2]>,
        /// Whether those selected before stay so.
        adds: bool,
    },
    /// Selects the points of a class.
    SelectClass(u32),
    /// Selects nothing.
    Deselect,
    /// Shows the nearest neighbours of a point, or of none.
    Choose(Option<u32>),
    /// Measures what is near by another distance.
    Measure(Metric),
    /// Writes the map as it is seen to a PNG file; asks where when no path is given.
    SavePicture(Option<PathBuf>),
    /// Writes the selected points, or all, to a CSV file; asks where when no path is given.
    SavePoints(Option<PathBuf>),
    /// Writes their latents to a safetensors file; asks where when no path is given.
    SaveLatents(Option<PathBuf>),
}
