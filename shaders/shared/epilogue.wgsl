// What follows a weighted sum, in this order: bias, residual, activation.
// Needs `params` with has_bias, has_residual, activation and slope, the arrays `bias` and `residual`,
// and activation.wgsl.

fn epilogue(sum: f32, channel: u32, place: u32) -> f32 {
    var value = sum;
    if params.has_bias != 0u {
        value += bias[channel];
    }
    if params.has_residual != 0u {
        value += residual[place];
    }
    return activate(value, params.activation, params.slope);
}
