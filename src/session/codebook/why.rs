//! Why a code is used, hardly used or dead, in a plain sentence.

use std::fmt::Display;

use super::{Codebook, Neighbour, Usage, norm};
use crate::language::{fill, tr_later};
use crate::metrics::code_use::{CodeEvent, CodeEventKind, CodeState, CodeUse};
use crate::session::words::{grouped, measure, rounded};

/// Norms within this factor of the others' are like them.
const ALIKE: f32 = 1.25;

/// Ratios with a name of their own, and how near to them is near enough.
const NAMED: [(f32, &str); 7] = [
    (0.1, tr_later!("its norm is a tenth of the others'")),
    (0.2, tr_later!("its norm is a fifth of the others'")),
    (0.25, tr_later!("its norm is a quarter of the others'")),
    (1.0 / 3.0, tr_later!("its norm is a third of the others'")),
    (0.5, tr_later!("its norm is half the others'")),
    (2.0, tr_later!("its norm is twice the others'")),
    (3.0, tr_later!("its norm is three times the others'")),
];
const NEAR: f32 = 0.08;

/// Puts values into a text, in whatever language.
type Say<'a> = &'a dyn Fn(&str, &[&dyn Display]) -> String;

impl Codebook {
    /// Why a code is used, hardly used or dead: how often it was chosen, where its nearest living neighbour
    /// is, and whether its norm is odd. One sentence, for example "Dead: never the nearest for any of 3.2 M
    /// vectors in 4 100 steps; its nearest living neighbour, code 31, is 0.12 away; its norm is a third of
    /// the others'."
    pub fn why(&self, code: usize) -> String {
        self.why_said(code, &fill)
    }

    /// The same, each of its texts as `say` has it.
    pub(crate) fn why_said(&self, code: usize, say: Say<'_>) -> String {
        if code >= self.size() {
            let text = tr_later!("There is no code {}: the codebook has {}.");
            return say(text, &[&code, &self.size()]);
        }
        let state = self.state(code);
        let mut parts = match state {
            None => vec![say(tr_later!("How often it is chosen was not counted"), &[])],
            Some(CodeState::Dead) => vec![self.told_dead(code, say)],
            Some(CodeState::Dying) => vec![self.told_dying(code, say)],
            Some(CodeState::Used) => self.told_used(code, say).into(),
        };
        if state == Some(CodeState::Dead) {
            parts.extend(self.history().and_then(|history| put_in_vain(history, code, say)));
        }
        if self.vector(code).iter().all(|value| value.is_finite()) {
            parts.extend(self.told_neighbour(code, state, say));
            let is_well = state.is_none_or(|state| state == CodeState::Used);
            parts.extend(self.told_norm(code, is_well, say));
        } else {
            parts.push(say(tr_later!("its vector holds values that are no numbers"), &[]));
        }
        if self.is_frozen(code) {
            parts.push(say(tr_later!("it is frozen: training leaves it where it is"), &[]));
        }
        let all = parts.into_iter().reduce(|all, part| say(tr_later!("{}; {}"), &[&all, &part]));
        say(tr_later!("{}."), &[&all.unwrap_or_default()])
    }

    fn told_dead(&self, code: usize, say: Say<'_>) -> String {
        let Some(history) = self.history() else {
            if matches!(self.usage, Usage::Averaged(_)) {
                let text = tr_later!(
                    "Dead: by the checkpoint's moving average not even one vector in a million chose it"
                );
                return say(text, &[]);
            }
            let all = rounded(self.window_counts().iter().sum());
            let text = tr_later!("Dead: never the nearest for any of the {} vectors evaluated");
            return say(text, &[&all]);
        };
        match history.last_used(code) {
            None => say(
                tr_later!("Dead: never the nearest for any of {} vectors in {} steps"),
                &[&rounded(history.vectors_seen()), &grouped(history.step())],
            ),
            Some(step) => say(
                tr_later!("Dead: not the nearest for any of {} vectors since step {}"),
                &[&rounded(history.vectors_since_use(code)), &grouped(step)],
            ),
        }
    }

    fn told_dying(&self, code: usize, say: Say<'_>) -> String {
        let (count, all) = self.window_count(code);
        let share = 100.0 * count as f64 * self.size() as f64 / all.max(1) as f64;
        let (count, all, share) = (rounded(count), rounded(all), measure(share as f32));
        let window = self.told_window(say);
        match self.history().and_then(|history| history.last_used(code)) {
            None => say(
                tr_later!("Dying: the nearest for only {} of {} vectors {}, {} % of an even share"),
                &[&count, &all, &window, &share],
            ),
            Some(step) => say(
                tr_later!(
                    "Dying: the nearest for only {} of {} vectors {}, {} % of an even share, last at step {}"
                ),
                &[&count, &all, &window, &share, &grouped(step)],
            ),
        }
    }

    fn told_used(&self, code: usize, say: Say<'_>) -> [String; 2] {
        let (count, all) = self.window_count(code);
        let times = count as f64 * self.size() as f64 / all.max(1) as f64;
        let above = self.window_counts().iter().filter(|&&other| other > count).count();
        let above = match above {
            0 => say(tr_later!("no code is used more"), &[]),
            1 => say(tr_later!("1 code is used more"), &[]),
            _ => say(tr_later!("{} codes are used more"), &[&grouped(above as u64)]),
        };
        let (text, share) = if times < 1.0 {
            let text =
                tr_later!("Used: the nearest for {} of {} vectors {}, {} % of an even share");
            (text, times as f32 * 100.0)
        } else {
            let text =
                tr_later!("Used: the nearest for {} of {} vectors {}, {} times an even share");
            (text, times as f32)
        };
        let window = self.told_window(say);
        [say(text, &[&rounded(count), &rounded(all), &window, &measure(share)]), above]
    }

    /// A code's uses in the window, and those of all codes.
    fn window_count(&self, code: usize) -> (u64, u64) {
        let counts = self.window_counts();
        let all = match self.usage {
            Usage::Averaged(_) => 1_000_000,
            _ => counts.iter().sum(),
        };
        (counts.get(code).copied().unwrap_or(0), all)
    }

    fn told_window(&self, say: Say<'_>) -> String {
        match &self.usage {
            Usage::Trained(history) => {
                let steps = history.window_steps().min(history.step());
                say(tr_later!("in the last {} steps"), &[&grouped(steps)])
            }
            Usage::Averaged(_) => say(tr_later!("by the checkpoint's moving average"), &[]),
            Usage::Unknown | Usage::Evaluated(_) => say(tr_later!("evaluated"), &[]),
        }
    }

    /// The code beside it; nothing for one that is alone.
    fn told_neighbour(
        &self,
        code: usize,
        state: Option<CodeState>,
        say: Say<'_>,
    ) -> Option<String> {
        let (near, text) = match state {
            None => (
                self.neighbours(code, 1).first().copied(),
                tr_later!("its nearest neighbour, code {}, is {} away"),
            ),
            Some(_) => (
                self.nearest_living(code),
                tr_later!("its nearest living neighbour, code {}, is {} away"),
            ),
        };
        match near {
            None if self.size() == 1 => None,
            None => Some(say(tr_later!("no other code is used"), &[])),
            // Ties go to the lower number.
            Some(Neighbour { code: other, distance: 0.0 }) if other < code => Some(say(
                tr_later!("code {} lies at the same place, and the lower number is chosen"),
                &[&other],
            )),
            Some(Neighbour { code: other, distance }) => {
                Some(say(text, &[&other, &measure(distance)]))
            }
        }
    }

    /// How its norm compares with the others'; nothing for one that is like them where all is well.
    fn told_norm(&self, code: usize, is_well: bool, say: Say<'_>) -> Option<String> {
        let others = self.usual_norm(code)?;
        let ratio = norm(self.vector(code)) / others;
        if !ratio.is_finite() {
            return None;
        }
        if (1.0 / ALIKE..=ALIKE).contains(&ratio) {
            return (!is_well).then(|| say(tr_later!("its norm is like the others'"), &[]));
        }
        let named = NAMED.iter().find(|(named, _)| (ratio / named - 1.0).abs() < NEAR);
        Some(match named {
            Some((_, text)) => say(text, &[]),
            None if ratio < 0.05 => say(tr_later!("its norm is next to nothing"), &[]),
            None if ratio < 1.0 => {
                let percent = format!("{:.0}", ratio * 100.0);
                say(tr_later!("its norm is {} % of the others'"), &[&percent])
            }
            None => say(tr_later!("its norm is {} times the others'"), &[&measure(ratio)]),
        })
    }

    /// The median norm of the other codes: of the living ones, where there are any.
    fn usual_norm(&self, code: usize) -> Option<f32> {
        let counts = self.window_counts();
        let is_alive = |other: usize| counts.get(other).is_some_and(|&count| count > 0);
        let norms_of = |wanted: &dyn Fn(usize) -> bool| -> Vec<f32> {
            let others = (0..self.size()).filter(|&other| other != code && wanted(other));
            let norms = others.map(|other| norm(self.codes.row(other)));
            norms.filter(|norm| norm.is_finite()).collect()
        };
        let mut norms = norms_of(&is_alive);
        if norms.is_empty() {
            norms = norms_of(&|_| true);
        }
        let middle = norms.len() / 2;
        (!norms.is_empty()).then(|| *norms.select_nth_unstable_by(middle, f32::total_cmp).1)
    }
}

/// That a code was put somewhere else after its last use, and is dead all the same.
fn put_in_vain(history: &CodeUse, code: usize, say: Say<'_>) -> Option<String> {
    let is_move = |event: &&CodeEvent| {
        matches!(event.kind, CodeEventKind::Restarted | CodeEventKind::Revived)
    };
    let last = history.events(code).iter().rev().find(is_move)?;
    if history.last_used(code).is_some_and(|used| used > last.last_step) {
        return None;
    }
    let text = if last.kind == CodeEventKind::Revived {
        tr_later!("it was revived at step {} to no avail")
    } else {
        tr_later!("it was restarted at step {} to no avail")
    };
    Some(say(text, &[&grouped(last.last_step)]))
}
