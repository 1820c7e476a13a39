// The place of an invocation in a dispatch of one or two dimensions.

const WORKGROUP_SIZE: u32 = 64u;

// Rows of workgroups follow one another, so that more than 65535 workgroups can be asked for.
fn invocation_index(id: vec3<u32>, groups: vec3<u32>) -> u32 {
    return id.y * groups.x * WORKGROUP_SIZE + id.x;
}

// The number of a workgroup, the same for all of its invocations.
fn workgroup_index(id: vec3<u32>, groups: vec3<u32>) -> u32 {
    return id.y * groups.x + id.x;
}

fn blocks(length: u32, block: u32) -> u32 {
    return (length + block - 1u) / block;
}
