//! Numbers as people write them.

/// A count with thin spaces between thousands, for example `12 400`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// A count in a sentence: exact up to a million, then for example `3.2 M` or `14.0 G`, never
/// broken between lines.
pub fn rounded(count: u64) -> String {
    match count {
        0..1_000_000 => grouped(count),
        1_000_000..1_000_000_000 => format!("{:.1}\u{a0}M", count as f64 / 1e6),
        _ => format!("{:.1}\u{a0}G", count as f64 / 1e9),
    }
}

/// A measure with two digits that say something, for example `0.12`, `3.4` or `270`.
pub fn measure(value: f32) -> String {
    if !value.is_finite() {
        return "no number".to_owned();
    }
    let size = f64::from(value.abs());
    if size == 0.0 {
        return "0".to_owned();
    }
    let places = (1.0 - size.log10().floor()).max(0.0) as usize;
    if places > 5 { format!("{value:.1e}") } else { format!("{value:.places$}") }
}
