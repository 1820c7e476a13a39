//! The binary itself: what it prints, what it writes, and how it refuses.

mod codebook;
mod codes;
mod command_lines;
mod errors;
mod large;
mod models;
mod prior;
mod train;
mod walks;
mod world;
