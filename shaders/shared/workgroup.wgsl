// Sums and maxima over the lanes of a workgroup. Needs dispatch.wgsl.

var<workgroup> partial_sums: array<vec2<f32>, WORKGROUP_SIZE>;

// The sum of what all lanes give, in a fixed order; every lane gets it.
fn workgroup_sum(lane: u32, value: vec2<f32>) -> vec2<f32> {
    // Others may still be reading the sum before.
    workgroupBarrier();
    partial_sums[lane] = value;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            partial_sums[lane] += partial_sums[lane + half];
        }
    }
    workgroupBarrier();
    return partial_sums[0];
}

var<workgroup> partial_maxima: array<f32, WORKGROUP_SIZE>;

// The largest of what all lanes give; every lane gets it.
fn workgroup_max(lane: u32, value: f32) -> f32 {
    // Others may still be reading the maximum before.
    workgroupBarrier();
    partial_maxima[lane] = value;
    for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            partial_maxima[lane] = max(partial_maxima[lane], partial_maxima[lane + half]);
        }
    }
    workgroupBarrier();
    return partial_maxima[0];
}
