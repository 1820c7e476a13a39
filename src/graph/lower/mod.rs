//! Lowering: one file per architecture, from (config, named arrays) to a [`Graph`](super::Graph).
