//! What of an image changes when another text tells of it.

use super::course::Course;
use super::raster::step_input;
use super::{Options, SampleError, Sampler, bits_of, output};
use crate::array::Array;

/// A code has to take so many bits more given the other text to be one that changes: a quarter of its probability.
pub const LEAST_BITS: f32 = 2.0;

impl Sampler {
    /// Which codes of an image do not fit another text: those that take at least `least_bits` more given the text `to`
    /// than given the text `from`, and with such a code all that follow in its cell. What does not fit is replaced by
    /// the likeliest code before the next ones are judged, as codes that follow a wrong one seem right beside it.
    ///
    /// # Shapes
    /// - `codes`, result: `[places]`; `from`, `to`: `[text_places]`
    ///
    /// # Errors
    /// When the device fails.
    ///
    /// # Panics
    /// Never: the graph tells logits.
    pub fn changes(
        &mut self,
        codes: &[u32],
        [from, to]: [&[u32]; 2],
        least_bits: f32,
    ) -> Result<Vec<bool>, SampleError> {
        let per_cell = self.config.per_cell();
        let known: Vec<Option<u32>> = codes.iter().map(|&code| Some(code)).collect();
        let mut course = Course::between(&self.config, [from, to], &known, Vec::new());
        let likeliest = Options { temperature: 0.0, ..Options::default() };
        let mut changed = vec![false; codes.len()];
        for (place, at) in course.places.clone().into_iter().enumerate() {
            let tokens = [0, 1].map(|stream: usize| match place.checked_sub(1) {
                None => course.starts[stream],
                Some(before) => course.given[stream][before].unwrap_or_default(),
            });
            let controls = likeliest.controls(0.0, [at.first, at.count]);
            let input: Vec<f32> = step_input(&tokens, at, place, controls).collect();
            let input = Array::new([1, input.len()], input).expect("a row");
            let mut outputs = self.step(2)?.run(&input)?;
            let Some(told) = place.checked_sub(course.told.start) else { continue };
            let logits = outputs.remove("logits").expect("an output of the graph");
            let bits = |stream: usize| {
                let of_stream = logits.row(0)[stream..].iter().step_by(2);
                let among: Vec<f32> = of_stream.skip(at.first).take(at.count).copied().collect();
                bits_of(&among, codes[told] as usize - at.first)
            };
            let follows = told % per_cell > 0 && changed[told - 1];
            if follows || bits(0) - bits(1) >= least_bits {
                changed[told] = true;
                course.given[0][place] = Some(output(outputs, "token").data()[0] as u32);
            }
        }
        Ok(changed)
    }
}
