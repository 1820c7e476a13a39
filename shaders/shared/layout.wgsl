// Where values lie in memory: row-major, batch outermost.

// The place in [b, c, h, w].
fn offset4(shape: vec4<u32>, item: u32, channel: u32, row: u32, column: u32) -> u32 {
    return ((item * shape.y + channel) * shape.z + row) * shape.w + column;
}

// The place in [n, d].
fn offset2(row: u32, column: u32, columns: u32) -> u32 {
    return row * columns + column;
}
