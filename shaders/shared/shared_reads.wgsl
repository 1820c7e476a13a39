// What eight neighbouring lanes need alike: each reads an eighth of it and tells the others. Stands in for own_reads.wgsl
// where a subgroup is eight lanes that follow one another. None of them may rest meanwhile.
// Needs `common_at`, which reads a value.

// Lanes that need the same.
const NEIGHBOURS: u32 = 8u;

// Where a lane's row of eight begins; rows past the last one are the last one again.
alias Rows = u32;

fn eight_rows(row: u32, last: u32, row_len: u32, lane: u32) -> Rows {
    return min(row + lane % NEIGHBOURS, last) * row_len;
}

// Of eight rows what lies at a place.
fn eight_at(rows: Rows, place: u32) -> mat2x4<f32> {
    let own = common_at(rows + place);
    return mat2x4<f32>(
        subgroupBroadcast(own, 0u),
        subgroupBroadcast(own, 1u),
        subgroupBroadcast(own, 2u),
        subgroupBroadcast(own, 3u),
        subgroupBroadcast(own, 4u),
        subgroupBroadcast(own, 5u),
        subgroupBroadcast(own, 6u),
        subgroupBroadcast(own, 7u),
    );
}
