//! Arguments to the command line or to the window; nothing else.

fn main() {}
