// What neighbouring lanes need alike, read by each of them for itself: where lanes cannot tell one another.
// Needs `common_at`, which reads a value.

// Lanes that need the same.
const NEIGHBOURS: u32 = 1u;

// Where eight rows begin; those past the last one are the last one again.
struct Rows {
    first: vec4<u32>,
    second: vec4<u32>,
}

fn eight_rows(row: u32, last: u32, row_len: u32, lane: u32) -> Rows {
    let fours = vec4<u32>(0u, 1u, 2u, 3u);
    let lasts = vec4<u32>(last);
    return Rows(min(row + fours, lasts) * row_len, min(row + 4u + fours, lasts) * row_len);
}

// Of eight rows what lies at a place.
fn eight_at(rows: Rows, place: u32) -> mat2x4<f32> {
    return mat2x4<f32>(four_at(rows.first + place), four_at(rows.second + place));
}

fn four_at(places: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(common_at(places.x), common_at(places.y), common_at(places.z), common_at(places.w));
}
