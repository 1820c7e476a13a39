//! The window by its accessible labels, without a display: what a hand does, and what the panels ask for.

mod actions;
mod anchors;
pub mod any_commands;
mod behaviour;
mod canvas;
mod card;
mod code_plane;
mod codebook;
mod codes_alone;
mod command_palette;
mod directions;
mod dock;
mod evaluate;
mod inside;
mod kept_points;
mod keyboard;
mod language;
mod layout;
mod made_up;
mod map;
mod own_picture;
mod prior;
mod prior_run;
mod runs;
mod saved_pictures;
mod window;
mod workspace;
