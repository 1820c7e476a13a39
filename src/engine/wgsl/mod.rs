//! Networks as compute passes on a wgpu device, which may be the window's own.
//!
//! [`BatchRunner`] runs batches and reads results back; [`Screen`] draws into a texture and never waits.
//! Both share the weights of a [`Network`]. Errors of the device come back as values, never as panics.

mod batch;
mod clock;
mod gpu;
mod network;
mod screen;
mod single;
mod step;
mod texture;

pub use batch::BatchRunner;
pub use gpu::{Gpu, headless, headless_hardware, optional_features};
pub use network::Network;
pub use screen::Screen;
pub use single::{SinglePass, run_pixels, run_single, run_single_into};
