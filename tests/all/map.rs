//! The map: planes and ways back, neighbours, lines around points, layouts in a process of their own, and its state.

mod chart;
mod layouts;
mod neighbours;
mod sight;
pub mod state;
