//! All codes as a table for other programs.

use std::io::{self, Write};

use crate::array::Array;
use crate::latent::PrincipalPlane;
use crate::metrics::code_use::{CodeState, code_states};

/// How often each code is used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uses<'a> {
    /// As it was told, where it is no count, `[k]`.
    pub told: Option<&'a [f32]>,
    /// What shares and states follow from, `[k]`; nothing where it is not known.
    pub counts: Option<&'a [u64]>,
}

/// Writes a row a code: uses, share, state, norm, nearest other code with its distance, place on the plane of the two
/// first principal components.
///
/// # Shapes
/// - `codes`: `[k, d]`
/// - `nearest`: `[k]`, as [`nearest_others`](crate::latent::nearest_others) tells them
///
/// # Errors
/// When `out` takes no more.
pub fn write_table(
    codes: &Array,
    nearest: &[Option<(usize, f32)>],
    uses: Uses<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = uses.counts.map_or(0, |counts| counts.iter().sum::<u64>()).max(1) as f64;
    let states = uses.counts.map(code_states).unwrap_or_default();
    let plane = PrincipalPlane::of(codes, None);
    writeln!(out, "code,uses,share,state,norm,nearest,distance,pc1,pc2")?;
    for (code, near) in nearest.iter().enumerate() {
        write!(out, "{code},")?;
        match (uses.told, uses.counts) {
            (Some(told), _) => write!(out, "{},", told[code])?,
            (None, Some(counts)) => write!(out, "{},", counts[code])?,
            (None, None) => write!(out, ",")?,
        }
        match uses.counts {
            Some(counts) => {
                let state = match states[code] {
                    CodeState::Used => "used",
                    CodeState::Dying => "dying",
                    CodeState::Dead => "dead",
                };
                write!(out, "{},{state}", counts[code] as f64 / all)?;
            }
            None => write!(out, ",")?,
        }
        write!(out, ",{}", norm(codes.row(code)))?;
        match near {
            Some((other, square)) => write!(out, ",{other},{}", square.sqrt())?,
            None => write!(out, ",,")?,
        }
        match plane.places[code] {
            Some([first, second]) => writeln!(out, ",{},{}", first as f32, second as f32)?,
            None => writeln!(out, ",,")?,
        }
    }
    Ok(())
}

fn norm(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}
