//! Networks as plain data.

pub mod lower;
