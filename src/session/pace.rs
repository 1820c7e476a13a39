//! How fast the window is: recent frames, and the newest picture.

use std::collections::VecDeque;

/// Frames that are remembered.
const FRAMES: usize = 240;

/// Times of recent frames and of the newest picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    frames: VecDeque<f32>,
    decode_secs: Option<f32>,
}

impl Pace {
    /// Notes how long the program worked for a frame, in seconds; what is no such time is left out.
    pub fn add_frame(&mut self, secs: f32) {
        if secs.is_finite() && secs >= 0.0 {
            self.frames.push_back(secs);
            if self.frames.len() > FRAMES {
                self.frames.pop_front();
            }
        }
    }

    /// Notes how long the newest picture of the point took, in seconds.
    pub fn set_decode(&mut self, secs: Option<f32>) {
        self.decode_secs = secs.filter(|secs| secs.is_finite() && *secs >= 0.0);
    }

    /// The seconds that the share `q` of recent frames, in `[0, 1]`, did not take longer than.
    ///
    /// # Source
    /// The nearest rank: the smallest value that at least that share of all is no larger than.
    pub fn frame_quantile(&self, q: f32) -> Option<f32> {
        let mut sorted: Vec<f32> = self.frames.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let rank = (q.clamp(0.0, 1.0) * sorted.len() as f32).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied()
    }

    /// The number of frames that this is told of.
    pub fn frames(&self) -> usize {
        self.frames.len()
    }

    /// The seconds that the newest picture took, where that is known.
    pub fn decode_secs(&self) -> Option<f32> {
        self.decode_secs
    }
}
