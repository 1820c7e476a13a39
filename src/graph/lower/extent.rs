//! Sizes in descriptions, which come from people and from files.

/// An extent is zero or absurd.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {found} (expected {lo} to {hi})")]
pub struct ExtentError {
    /// Which one.
    pub what: &'static str,
    /// Its value.
    pub found: usize,
    /// Least value.
    pub lo: usize,
    /// Greatest value.
    pub hi: usize,
}

/// Refuses the first extent that lies outside of its limits; each is named, with its value, the least and the greatest.
pub(super) fn check_extents(
    extents: impl IntoIterator<Item = (&'static str, usize, usize, usize)>,
) -> Result<(), ExtentError> {
    let is_outside = |(_, found, lo, hi): &(_, usize, usize, usize)| !(*lo..=*hi).contains(found);
    match extents.into_iter().find(is_outside) {
        Some((what, found, lo, hi)) => Err(ExtentError { what, found, lo, hi }),
        None => Ok(()),
    }
}
