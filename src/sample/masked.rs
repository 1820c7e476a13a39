//! Several codes at once, the surest first.

use super::{OnCodes, Options, SampleError, Sampler, bits_of, drawn_among, places};
use crate::random::{self, Purpose};

/// The images that are drawn side by side, at most.
const AT_ONCE: u64 = 16;
/// How much chance decides at first which codes stay.
const CHOICE: f32 = 4.5;

impl Sampler {
    /// # Source
    /// `MaskGIT` (Chang et al., 2022, section 3.2, arXiv:2202.04200): in every step all places that are still hidden are
    /// drawn, and of these the least sure are hidden again, fewer from step to step, with noise that falls to nothing.
    pub(super) fn draw_masked(
        &mut self,
        options: &Options,
        known: &[Option<u32>],
        [first, count]: [u64; 2],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        let mut drawn: Vec<Vec<Option<u32>>> = vec![known.to_vec(); count as usize];
        let steps = options.steps.max(1);
        let at_once = (self.sequences_at_once() as u64 / 2).clamp(1, AT_ONCE);
        for start in (0..count).step_by(at_once as usize) {
            let rows = start as usize..count.min(start + at_once) as usize;
            for step in 0..steps {
                let guessed = self.guesses(options, &drawn[rows.clone()], first + start, step)?;
                for (codes, guessed) in drawn[rows.clone()].iter_mut().zip(guessed) {
                    keep_surest(codes, &guessed, known, (step + 1) as f32 / steps as f32);
                }
                // Of more steps than places the last ones have nothing left to tell.
                let is_whole = drawn[rows.clone()].iter().all(|codes| !codes.contains(&None));
                let share = if is_whole { 1.0 } else { (step + 1) as f32 / steps as f32 };
                let done = start as f32 + rows.len() as f32 * share;
                if !on_codes(&drawn, done / drawn.len() as f32) {
                    return Err(SampleError::Cancelled);
                }
                if is_whole {
                    break;
                }
            }
        }
        Ok(drawn.into_iter().map(|codes| codes.into_iter().flatten().collect()).collect())
    }

    /// A code for every hidden place of some images, with how sure it is.
    fn guesses(
        &mut self,
        options: &Options,
        drawn: &[Vec<Option<u32>>],
        first: u64,
        step: usize,
    ) -> Result<Vec<Vec<(u32, f32)>>, SampleError> {
        let n = self.config.num_places();
        let mask = self.config.mask().unwrap_or_default();
        let (starts, is_guided) = self.starts(options);
        let read = |start: u32| {
            drawn.iter().map(move |codes| {
                let codes = codes.iter().map(|code| code.unwrap_or(mask));
                std::iter::once(start).chain(codes).collect::<Vec<u32>>()
            })
        };
        let mut sequences: Vec<Vec<u32>> = read(starts[0]).collect();
        if is_guided {
            sequences.extend(read(starts[1]));
        }
        let logits = self.logits(&sequences)?;
        let at = |row: usize, place: usize| -> Vec<f32> {
            logits.row(row)[place + 1..].iter().step_by(n + 1).copied().collect()
        };
        let left = 1.0 - (step + 1) as f32 / options.steps.max(1) as f32;
        let of_image = |row: usize| {
            let index = first + row as u64;
            let seed = options.seed.wrapping_add((step as u64) << 32);
            let draws = random::uniforms(seed, index, Purpose::Prior, 2 * n, 0.0, 1.0);
            (0..n)
                .map(|place| {
                    let own = at(row, place);
                    let other = is_guided.then(|| at(drawn.len() + row, place));
                    let controls = options.controls(draws[place], [0, own.len()]);
                    let logits: Vec<f32> = match &other {
                        Some(other) => {
                            own.iter().zip(other).map(|(a, b)| controls.score(&[*a, *b])).collect()
                        }
                        None => own,
                    };
                    let code = drawn_among(&logits, controls);
                    let gumbel = -(-draws[n + place].max(1e-20).ln()).ln();
                    let sure = -bits_of(&logits, code) * std::f32::consts::LN_2;
                    (code as u32, sure + CHOICE * left * gumbel)
                })
                .collect()
        };
        Ok((0..drawn.len()).map(of_image).collect())
    }
}

/// Puts guesses at hidden places and hides the least sure of them again; none once `done` is 1.
fn keep_surest(
    codes: &mut [Option<u32>],
    guessed: &[(u32, f32)],
    known: &[Option<u32>],
    done: f32,
) {
    let open = known.iter().filter(|code| code.is_none()).count();
    let hidden: Vec<usize> = (0..codes.len()).filter(|&place| codes[place].is_none()).collect();
    let still =
        if done < 1.0 { (places::masked_share(done) * open as f32).ceil() as usize } else { 0 };
    // Every step tells at least one place.
    let still = still.min(hidden.len().saturating_sub(1));
    let mut order = hidden;
    order.sort_by(|&a, &b| guessed[b].1.total_cmp(&guessed[a].1));
    let told = order.len() - still;
    for place in order.into_iter().take(told) {
        codes[place] = Some(guessed[place].0);
    }
}
