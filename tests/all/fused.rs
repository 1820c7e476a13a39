//! Operations of our own on burn's backends: against their equations, against burn's, and their ways back.

mod adam;
mod convolutions;
mod ranking;
mod transformer;
