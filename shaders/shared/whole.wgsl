// Whole numbers from values that may come from outside.

const INFINITY_BITS: u32 = 0x7f800000u;

// A value without its fraction, at most `last`. Told by the bits, which of positive numbers lie in the same order as
// the numbers: what is negative or no number counts as 0, what lies past the end as the last.
fn whole(value: f32, last: u32) -> u32 {
    let bits = bitcast<u32>(value);
    if bits > INFINITY_BITS {
        return 0u;
    }
    if bits >= bitcast<u32>(f32(last)) {
        return last;
    }
    return u32(value);
}
