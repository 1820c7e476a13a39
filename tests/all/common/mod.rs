//! What several test modules share: tolerances, comparators, where the reference data is.

pub mod runs;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use zscope::array::NamedArrays;
use zscope::formats::arrays::ArrayFile;

/// A file or folder under `../shared`, or nothing, said loudly.
pub fn shared(path: &str) -> Option<PathBuf> {
    let full = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if full.exists() {
        Some(full)
    } else {
        eprintln!("SKIPPED: needs ../shared/{path}");
        None
    }
}

/// The arrays of a safetensors file under `../shared`, or nothing, said loudly.
pub fn shared_arrays(path: &str) -> Option<NamedArrays> {
    let file = ArrayFile::open(&shared(path)?).expect("a safetensors file");
    Some(file.arrays().expect("its arrays"))
}

/// How many changed files of a kind are tried: so many, or what `ZSCOPE_MUTANTS` says, as `./dev fuzz` sets it.
pub fn mutants(usual: u64) -> u64 {
    std::env::var("ZSCOPE_MUTANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// How far two numbers may lie apart: `abs + rel * max|expected|` over the whole array.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Absolute part.
    pub abs: f32,
    /// Part relative to the largest expected magnitude.
    pub rel: f32,
}

impl Tolerance {
    /// What every engine keeps to in f32: sums run in another order, nothing else differs.
    pub const ENGINE: Self = Self { abs: 1e-4, rel: 1e-4 };
    /// Same arithmetic in f32 against a reference in f64.
    pub const TIGHT: Self = Self { abs: 1e-5, rel: 1e-5 };
}

/// The first place where the two differ by more than the tolerance; NaN always differs.
pub fn first_difference(found: &[f32], expected: &[f32], tolerance: Tolerance) -> Option<String> {
    if found.len() != expected.len() {
        return Some(format!("{} values, expected {}", found.len(), expected.len()));
    }
    let largest = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let bound = tolerance.abs + tolerance.rel * largest;
    found
        .iter()
        .zip(expected)
        .position(|(f, e)| (f - e).abs() > bound || f.is_nan() || e.is_nan())
        .map(|i| format!("at {i}: {} differs from {} by more than {bound}", found[i], expected[i]))
}

/// Fails with the first difference.
#[track_caller]
pub fn assert_close(found: &[f32], expected: &[f32], tolerance: Tolerance) {
    if let Some(difference) = first_difference(found, expected, tolerance) {
        panic!("{difference}");
    }
}

/// Fails unless the message holds every one of the words.
#[track_caller]
pub fn assert_says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{message:?} should say {word:?}");
    }
}

#[test]
fn comparator_sees_one_changed_value() {
    let expected = [1.0, 2.0, 3.0];
    assert!(first_difference(&[1.0, 2.0, 3.0], &expected, Tolerance::ENGINE).is_none(), "equal");
    assert!(
        first_difference(&[1.0, 2.001, 3.0], &expected, Tolerance::ENGINE).is_some(),
        "changed"
    );
    assert!(first_difference(&[1.0, f32::NAN, 3.0], &expected, Tolerance::ENGINE).is_some(), "NaN");
    assert!(first_difference(&[1.0, 2.0], &expected, Tolerance::ENGINE).is_some(), "shorter");
}

/// How long this thread works, whatever else a busy machine does meanwhile.
pub struct Work {
    begun: Instant,
    worked: Option<Duration>,
}

impl Work {
    /// Begins to count.
    pub fn begin() -> Self {
        Self { begun: Instant::now(), worked: on_processor() }
    }

    /// What this thread worked since; where the system does not tell, the time that went by.
    pub fn elapsed(&self) -> Duration {
        let worked = on_processor().zip(self.worked).map(|(now, then)| now.saturating_sub(then));
        worked.unwrap_or_else(|| self.begun.elapsed())
    }
}

/// The time that this thread was on a processor, as Linux tells it.
fn on_processor() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
