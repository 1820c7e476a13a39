//! Zscope, an oscilloscope for latent spaces.
//!
//! # The way of the data
//!
//! ```text
//!  sources ─▶ data ─▶ train ─────────▶ (config, named arrays) ─lower─▶ graph ─▶ engine ─▶ texture ─▶ ui
//!  (files,     batches  worker thread,        ▲                          plain     WGSL       egui
//!  procedural)          burn modules          │                          network   passes
//!                         │             formats ◀─ checkpoints
//!                         │                                              latent, metrics: pure mathematics
//!                         └─ events, latest values ─▶ session ─▶ ui ─commands─▶ app
//! ```
//!
//! The hub is [`graph`]: a trained or opened network as plain data, free of burn and of wgpu.
//! Live weights from a trainer, a run directory and a foreign checkpoint all reach it through
//! the same lowering, a function of (config, named arrays). [`engine`] then runs a graph with
//! WGSL compute passes, with burn tensors on the CPU, or with the scalar twins that specify both.
//!
//! State travels on three roads: small [`event::Event`]s over a bounded channel, heavy values in a
//! [`latest::Latest`] slot that keeps only the newest, and requests of which only the last is served.
//!
//! `tests/all/architecture.rs` enforces who may import whom.

pub mod array;
pub mod codec;
pub mod data;
pub mod engine;
pub mod event;
pub mod formats;
pub mod graph;
pub mod latent;
pub mod latest;
pub mod metrics;
pub mod model;
pub mod open;
pub mod picture;
pub mod random;
pub mod session;
pub mod train;

pub mod app;
pub mod cli;
pub mod ui;
