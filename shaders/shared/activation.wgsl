// Functions of one number; none of them overflows.

const RELU: u32 = 1u;
const LEAKY_RELU: u32 = 2u;
const SILU: u32 = 3u;
const TANH: u32 = 4u;
const SIGMOID: u32 = 5u;
const GELU: u32 = 6u;

fn sigmoid(x: f32) -> f32 {
    let decay = exp(-abs(x));
    return select(decay, 1.0, x >= 0.0) / (1.0 + decay);
}

// The built-in tanh overflows on some drivers.
fn tangent(x: f32) -> f32 {
    let decay = exp(-2.0 * abs(x));
    return sign(x) * (1.0 - decay) / (1.0 + decay);
}

// Half of one and the tangent of sqrt(2 / pi) * (x + 0.044715 * x^3) is the sigmoid of twice as much, which does not
// change beyond 20.
fn gelu(x: f32) -> f32 {
    let near = clamp(x, -20.0, 20.0);
    return x * sigmoid(1.5957691 * (near + 0.044715 * near * near * near));
}

fn activate(x: f32, activation: u32, slope: f32) -> f32 {
    switch activation {
        case RELU: { return max(x, 0.0); }
        case LEAKY_RELU: { return select(slope * x, x, x >= 0.0); }
        case SILU: { return x * sigmoid(x); }
        case TANH: { return tangent(x); }
        case SIGMOID: { return sigmoid(x); }
        case GELU: { return gelu(x); }
        default: { return x; }
    }
}
