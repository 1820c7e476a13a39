//! A codebook that nobody trained: used, dying and dead codes, with a past.

use std::sync::Arc;

use zscope::array::Array;
use zscope::latent::PrincipalPlane;
use zscope::metrics::code_use::CodeUse;
use zscope::random::{Purpose, normals};
use zscope::session::codebook::{CodeMap, Codebook, Survey, Usage};
use zscope::session::explore::Explore;

use super::window::Window;

/// Values in a code.
pub const D: usize = 16;
/// Rows and columns of a code map.
pub const GRID: [usize; 2] = [8, 8];
/// Steps in the window.
pub const WINDOW_STEPS: u64 = 100;

/// A codebook of `k` codes after some training; of every 40 codes one died half-way, one was never used and one
/// is dying.
pub fn codebook(k: usize) -> Codebook {
    let mut values = normals(5, 0, Purpose::Explore, k * D);
    for code in (0..k).filter(|code| is_unused(*code)) {
        values[code * D..(code + 1) * D].iter_mut().for_each(|value| *value *= 0.3);
    }
    let codes = Arc::new(Array::new([k, D], values).expect("k codes of D values"));
    let plane = PrincipalPlane::of(&codes, None);
    let mut codebook = Codebook::new(codes);
    codebook.usage = Usage::Trained(Arc::new(usage(k)));
    codebook.plane = Some(Arc::new(plane));
    codebook.survey = Some(Arc::new(survey(k)));
    codebook.frozen = (0..k).map(|code| code % 100 == 3).collect();
    codebook.can_undo = true;
    codebook
}

/// Never used at all.
pub fn is_unused(code: usize) -> bool {
    code % 40 == 5
}

/// Used in the first half.
pub fn is_past(code: usize) -> bool {
    code % 40 == 7
}

/// Used once in a while.
pub fn is_rare(code: usize) -> bool {
    code % 40 == 11
}

fn usage(k: usize) -> CodeUse {
    let rates: Vec<f32> =
        normals(6, 0, Purpose::Explore, k).into_iter().map(|z| (2.5 + z).exp()).collect();
    let mut usage = CodeUse::new(k, WINDOW_STEPS);
    let mut restarted = vec![0.0; k];
    for step in 1..=400 {
        let wave = 1.0 + 0.5 * (step as f32 / 40.0).sin();
        let count = |code: usize| {
            if is_unused(code) || (is_past(code) && step > 200) {
                0.0
            } else if is_rare(code) {
                f32::from(step % 37 == 0)
            } else {
                (rates[code] * wave).round().max(f32::from(step % 3 == 0))
            }
        };
        let counts: Vec<f32> = (0..k).map(count).collect();
        for code in (0..k).filter(|code| code % 80 == 5) {
            restarted[code] = f32::from(step == 150 || step == 151);
        }
        usage.add_step(step, &counts, &restarted);
    }
    usage
}

/// A grid of codes; a few of them come often.
pub fn map(k: usize, seed: usize) -> Vec<u32> {
    let [h, w] = GRID;
    let code = |cell: usize| {
        if cell.is_multiple_of(3) { seed % k } else { (cell * cell * 7 + seed * 13) % k }
    };
    (0..h * w).map(|cell| code(cell) as u32).collect()
}

fn survey(k: usize) -> Survey {
    let mut survey = Survey::new(k, GRID);
    for image in 0..64 {
        let map = map(k, image);
        let distances: Vec<f32> = (0..map.len()).map(|cell| cell as f32 * 0.01).collect();
        survey.add_image(image, &map, &distances);
    }
    survey.watched = (0..16).map(|image| map(k, image)).collect();
    survey
}

impl Window {
    /// A model with a codebook of `k` codes that trains.
    pub fn with_codes(k: usize) -> Self {
        let mut window = Self::running(3, 400);
        let [h, w] = GRID;
        window.explore = Some(Explore::new(D * h * w));
        let mut edited = vec![false; h * w];
        edited[9] = true;
        window.code_map = Some(CodeMap { shape: GRID, grids: 1, codes: map(k, 17), edited });
        window.codebook = Some(codebook(k));
        window
    }
}
