// Sine and arc cosine to f32 rounding: the built-in ones may be off by 1e-3 within the specification.

const PI: f32 = 3.14159265;

// The angle in [0, pi] whose cosine is given. Abramowitz and Stegun, 4.4.46.
fn angle_from_cosine(cosine: f32) -> f32 {
    let c = min(abs(cosine), 1.0);
    var sum = -0.0012624911;
    sum = sum * c + 0.0066700901;
    sum = sum * c - 0.0170881256;
    sum = sum * c + 0.0308918810;
    sum = sum * c - 0.0501743046;
    sum = sum * c + 0.0889789874;
    sum = sum * c - 0.2145988016;
    sum = sum * c + 1.5707963050;
    let angle = sqrt(1.0 - c) * sum;
    return select(PI - angle, angle, cosine >= 0.0);
}

// The sine of an angle in [0, pi]: Taylor's series, mirrored at pi / 2.
fn sine_of(angle: f32) -> f32 {
    let x = min(angle, PI - angle);
    let square = x * x;
    var sum = 1.0 / 6227020800.0;
    sum = sum * square - 1.0 / 39916800.0;
    sum = sum * square + 1.0 / 362880.0;
    sum = sum * square - 1.0 / 5040.0;
    sum = sum * square + 1.0 / 120.0;
    sum = sum * square - 1.0 / 6.0;
    return x + x * square * sum;
}
