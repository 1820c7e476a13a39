//! All tests in one binary: each further one would link burn, wgpu and eframe again.

mod architecture;
mod cli;
mod common;
mod data;
mod engine_matches_twin;
mod fetch;
mod formats;
mod graph;
mod graph_matches_burn;
mod latent;
mod losses;
mod metrics;
mod session;
mod shader_validation;
mod training;
mod ui;
