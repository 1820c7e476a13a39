//! One code after the other.

use super::{OnCodes, Options, SampleError, Sampler, output};
use crate::array::Array;
use crate::random::{self, Purpose};

/// The images that are drawn side by side.
const AT_ONCE: u64 = 64;

impl Sampler {
    pub(super) fn draw_raster(
        &mut self,
        options: &Options,
        known: &[Option<u32>],
        [first, count]: [u64; 2],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        let mut drawn: Vec<Vec<Option<u32>>> = vec![known.to_vec(); count as usize];
        for start in (0..count).step_by(AT_ONCE as usize) {
            let end = count.min(start + AT_ONCE);
            self.draw_some(options, known, first, [start, end], &mut drawn, on_codes)?;
        }
        Ok(drawn.into_iter().map(|codes| codes.into_iter().flatten().collect()).collect())
    }

    /// The images from `start` up to `end`, side by side.
    fn draw_some(
        &mut self,
        options: &Options,
        known: &[Option<u32>],
        first: u64,
        [start, end]: [u64; 2],
        drawn: &mut [Vec<Option<u32>>],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<(), SampleError> {
        let n = known.len();
        let all = drawn.len() as f32;
        let codes = self.config.num_codes();
        let (start_tokens, is_guided) = self.starts(options);
        let streams = if is_guided { 2 } else { 1 };
        let rows = start as usize..end as usize;
        let draws: Vec<Vec<f32>> = rows
            .clone()
            .map(|row| {
                random::uniforms(options.seed, first + row as u64, Purpose::Prior, n, 0.0, 1.0)
            })
            .collect();
        // Behind the last code that is not known nothing has to be told.
        let last = known.iter().rposition(Option::is_none).unwrap_or(0);
        for place in 0..=last {
            let mut input = Vec::new();
            for (row, draws) in rows.clone().zip(&draws) {
                let before = place.checked_sub(1).and_then(|before| drawn[row][before]);
                let token = |stream: usize| before.unwrap_or(start_tokens[stream]) as f32;
                input.extend((0..streams).map(token));
                input.extend(std::iter::repeat_n(place as f32, streams));
                input.extend(options.controls(draws[place], codes).values());
            }
            let len = input.len() / rows.len();
            let input = Array::new([rows.len(), len], input).expect("a row an image");
            let tokens = output(self.step(streams)?.run(&input)?, "token");
            for (row, token) in rows.clone().zip(tokens.data()) {
                drawn[row][place].get_or_insert(*token as u32);
            }
            let done = rows.len() as f32 * (place + 1) as f32 / (last + 1) as f32;
            if !on_codes(drawn, (start as f32 + done) / all) {
                return Err(SampleError::Cancelled);
            }
        }
        Ok(())
    }
}
