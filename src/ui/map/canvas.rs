//! What draws very many points; nothing is known of it here but how to ask.

use std::fmt;
use std::sync::Arc;

use egui::{Rect, Shape};

use super::Sight;

/// Draws the points of a map: made where the graphics device is, used where the map is laid out.
#[derive(Clone)]
pub struct Canvas(Arc<Draw>);

/// Where to draw and what is seen there, to a shape.
type Draw = dyn Fn(Rect, Sight) -> Shape + Send + Sync;

impl Canvas {
    /// Something that draws.
    pub fn new(draw: impl Fn(Rect, Sight) -> Shape + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    /// The points as a shape.
    pub fn shape(&self, rect: Rect, sight: Sight) -> Shape {
        (self.0)(rect, sight)
    }
}

impl fmt::Debug for Canvas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canvas")
    }
}
