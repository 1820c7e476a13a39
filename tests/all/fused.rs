//! Operations of our own on the CPU backend: against their equations, against burn's, and their ways back.

mod convolutions;
mod ranking;
mod transformer;
