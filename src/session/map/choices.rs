//! How a person looks at the map, whatever lies on it.

use serde::{Deserialize, Serialize};

use super::{Ask, Colouring, Extent, Map, Projection};
use crate::latent::Metric;
use crate::session::lenient::or_default;

/// What is chosen, to be kept for the next start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// Which images are encoded.
    #[serde(deserialize_with = "or_default")]
    pub extent: Extent,
    /// How points are put onto the plane.
    #[serde(deserialize_with = "or_default")]
    pub projection: Projection,
    /// What colours them.
    #[serde(deserialize_with = "or_default")]
    pub colouring: Colouring,
    /// What tells how near they are.
    #[serde(deserialize_with = "or_default")]
    pub metric: Metric,
}

impl Choices {
    /// What of it holds for every model and all data.
    pub fn for_any_model(self) -> Self {
        let colouring = match self.colouring {
            kept @ (Colouring::Label | Colouring::Nothing) => kept,
            _ => Colouring::default(),
        };
        let projection = match self.projection {
            // Another model may not have these.
            Projection::Dims(_) => Projection::Pca,
            kept @ (Projection::Pca | Projection::Layout(_)) => kept,
        };
        Self { projection, colouring, ..self }
    }

    /// What of it holds for latents of `d` values and data with so many factors.
    pub fn admitted(self, d: usize, factors: usize) -> Self {
        let has_dims = match self.projection {
            Projection::Dims(dims) => dims.iter().all(|&dim| dim < d),
            Projection::Pca | Projection::Layout(_) => true,
        };
        let has_factor = match self.colouring {
            Colouring::Factor(factor) => factor < factors,
            _ => true,
        };
        Self {
            extent: self.extent.admitted(),
            projection: if has_dims { self.projection } else { Projection::default() },
            colouring: if has_factor { self.colouring } else { Colouring::default() },
            ..self
        }
    }
}

impl Map {
    /// How it is looked at.
    pub fn choices(&self) -> Choices {
        Choices {
            extent: self.extent(),
            projection: self.projection(),
            colouring: self.colouring(),
            metric: self.metric(),
        }
    }

    /// Looks at it in another way.
    pub fn choose(&mut self, Choices { extent, projection, colouring, metric }: Choices) {
        for ask in [
            Ask::Extent(extent),
            Ask::Project(projection),
            Ask::Colour(colouring),
            Ask::Measure(metric),
        ] {
            self.apply(&ask);
        }
    }
}
