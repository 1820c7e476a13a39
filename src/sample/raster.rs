//! One token after the other.

use super::course::Course;
use super::{OnCodes, Options, SampleError, Sampler, output};
use crate::array::Array;
use crate::graph::DrawControls;
use crate::graph::lower::prior::Place;
use crate::random::{self, Purpose};

/// The sequences that are drawn side by side.
const AT_ONCE: u64 = 64;

impl Sampler {
    /// What a course tells, `[count][told]`.
    pub(super) fn draw_along(
        &mut self,
        course: &Course,
        options: &Options,
        [first, count]: [u64; 2],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        let given = &course.given[0][course.told.clone()];
        self.draw_rows(course, vec![given.to_vec(); count as usize], options, first, on_codes)
    }

    /// The same of sequences of which each has known tokens of its own, `[count][told]`.
    pub(super) fn draw_rows(
        &mut self,
        course: &Course,
        mut drawn: Vec<Vec<Option<u32>>>,
        options: &Options,
        first: u64,
        on_codes: &mut OnCodes<'_>,
    ) -> Result<Vec<Vec<u32>>, SampleError> {
        let count = drawn.len() as u64;
        for start in (0..count).step_by(AT_ONCE as usize) {
            let end = count.min(start + AT_ONCE);
            self.draw_some(course, options, first, [start, end], &mut drawn, on_codes)?;
        }
        Ok(drawn.into_iter().map(|codes| codes.into_iter().flatten().collect()).collect())
    }

    /// The sequences from `start` up to `end`, side by side.
    fn draw_some(
        &mut self,
        course: &Course,
        options: &Options,
        first: u64,
        [start, end]: [u64; 2],
        drawn: &mut [Vec<Option<u32>>],
        on_codes: &mut OnCodes<'_>,
    ) -> Result<(), SampleError> {
        let all = drawn.len() as f32;
        let streams = if course.is_guided { 2 } else { 1 };
        let rows = start as usize..end as usize;
        let n = course.told.len();
        let number = |row: usize| if course.row.is_empty() { first + row as u64 } else { first };
        let draws: Vec<Vec<f32>> = rows
            .clone()
            .map(|row| random::uniforms(options.seed, number(row), Purpose::Prior, n, 0.0, 1.0))
            .collect();
        let told_from = course.told.start;
        // Behind the last token that is not given nothing has to be told.
        let last = course.given[0].iter().rposition(Option::is_none).unwrap_or(0);
        for (place, at) in course.places.iter().enumerate().take(last + 1) {
            let mut input = Vec::new();
            for (row, draws) in rows.clone().zip(&draws) {
                let token = |stream: usize| match place.checked_sub(1) {
                    None => course.starts[stream],
                    Some(before) => course.given[stream][before]
                        .or_else(|| *drawn[row].get(before.checked_sub(told_from)?)?)
                        .unwrap_or_default(),
                };
                let u = place.checked_sub(told_from).map_or(0.0, |place| draws[place]);
                let guidance = course.row.get(row).copied().unwrap_or(options.guidance);
                let controls = options.controls(u, [at.first, at.count]);
                let controls = DrawControls { guidance, ..controls };
                let tokens: Vec<u32> = (0..streams).map(token).collect();
                input.extend(step_input(&tokens, *at, place, controls));
            }
            let len = input.len() / rows.len();
            let input = Array::new([rows.len(), len], input).expect("a row a sequence");
            let tokens = output(self.step(streams)?.run(&input)?, "token");
            let Some(told) = place.checked_sub(told_from) else { continue };
            for (row, token) in rows.clone().zip(tokens.data()) {
                drawn[row][told].get_or_insert(*token as u32);
            }
            let done = rows.len() as f32 * (place + 1) as f32 / (last + 1) as f32;
            if !on_codes(drawn, (start as f32 + done) / all) {
                return Err(SampleError::Cancelled);
            }
        }
        Ok(())
    }
}

/// What one more token of a sequence is told from; see
/// [`crate::graph::lower::transformer::TransformerConfig::step`].
pub(super) fn step_input(
    tokens: &[u32],
    at: Place,
    place: usize,
    controls: DrawControls,
) -> impl Iterator<Item = f32> {
    let row = std::iter::repeat_n(at.row as f32, tokens.len());
    let tokens = tokens.iter().map(|&token| token as f32);
    tokens.chain(row).chain([place as f32]).chain(controls.values())
}
