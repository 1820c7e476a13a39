//! What draws very many points; nothing is known of it here but how to ask.

use std::fmt;
use std::sync::Arc;

use egui::{Rect, Shape};

/// Draws the points of a map: made where the graphics device is, used where the map is laid out.
#[derive(Clone)]
pub struct Canvas(Arc<Draw>);

/// From where to draw, what part of the plane is seen there (its lower left and upper right corner) and the radius of a
/// dot in points to a shape.
type Draw = dyn Fn(Rect, [[f64; 2]; 2], f32) -> Shape + Send + Sync;

impl Canvas {
    /// Something that draws.
    pub fn new(draw: impl Fn(Rect, [[f64; 2]; 2], f32) -> Shape + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }

    /// The points as a shape.
    pub fn shape(&self, rect: Rect, seen: [[f64; 2]; 2], radius_pts: f32) -> Shape {
        (self.0)(rect, seen, radius_pts)
    }
}

impl fmt::Debug for Canvas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canvas")
    }
}
