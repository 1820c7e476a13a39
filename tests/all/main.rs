//! All tests in one binary: each further one would link burn, wgpu and eframe again.

#![allow(
    unreachable_pub,
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests share helpers, read tensors back, say what they skip, and fail by panicking"
)]

mod adversarial;
mod adversarial_training;
mod architecture;
mod canvas;
mod cli;
mod code_space;
mod code_use;
mod codebook;
mod codebook_views;
mod common;
mod data;
mod described;
mod directions;
mod engine_matches_twin;
mod evaluate;
mod explore;
mod fetch;
mod foreign;
mod formats;
mod fused;
mod graph;
mod graph_matches_burn;
mod inside;
mod large;
mod latent;
mod losses;
mod map;
mod measure;
mod mending;
mod metrics;
mod multimodal;
mod optimizer;
mod pad;
mod patchgan;
mod planes;
mod principal;
mod prior;
mod quantization;
mod quantizer;
mod run_dir;
mod runs;
mod session;
mod settings;
mod shader_validation;
mod text;
mod tokens;
mod training;
mod ui;
mod vq_model;
mod vq_training;
mod vq_vae;
mod vqgan;
mod walks;
