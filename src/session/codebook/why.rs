//! Why a code is used, hardly used or dead, in a plain sentence.

use super::{Codebook, Neighbour, Usage, norm};
use crate::metrics::code_use::{CodeEvent, CodeEventKind, CodeState, CodeUse};
use crate::session::words::{grouped, measure, rounded};

/// Norms within this factor of the others' are like them.
const ALIKE: f32 = 1.25;

/// Ratios with a name of their own, and how near to them is near enough.
const NAMED: [(f32, &str); 7] = [
    (0.1, "a tenth of"),
    (0.2, "a fifth of"),
    (0.25, "a quarter of"),
    (1.0 / 3.0, "a third of"),
    (0.5, "half"),
    (2.0, "twice"),
    (3.0, "three times"),
];
const NEAR: f32 = 0.08;

impl Codebook {
    /// Why a code is used, hardly used or dead: how often it was chosen, where its nearest living neighbour
    /// is, and whether its norm is odd. One sentence, for example "Dead: never the nearest for any of 3.2 M
    /// vectors in 4 100 steps; its nearest living neighbour, code 31, is 0.12 away; its norm is a third of
    /// the others'."
    pub fn why(&self, code: usize) -> String {
        if code >= self.size() {
            return format!("There is no code {code}: the codebook has {}.", self.size());
        }
        let state = self.state(code);
        let mut parts = vec![match state {
            None => "How often it is chosen was not counted".to_owned(),
            Some(CodeState::Dead) => self.told_dead(code),
            Some(CodeState::Dying) => self.told_dying(code),
            Some(CodeState::Used) => self.told_used(code),
        }];
        if state == Some(CodeState::Dead) {
            parts.extend(self.history().and_then(|history| put_in_vain(history, code)));
        }
        if self.vector(code).iter().all(|value| value.is_finite()) {
            parts.push(self.told_neighbour(code, state));
            let is_well = state.is_none_or(|state| state == CodeState::Used);
            parts.extend(self.told_norm(code, is_well));
        } else {
            parts.push("its vector holds values that are no numbers".to_owned());
        }
        if self.is_frozen(code) {
            parts.push("it is frozen: training leaves it where it is".to_owned());
        }
        parts.retain(|part| !part.is_empty());
        format!("{}.", parts.join("; "))
    }

    fn told_dead(&self, code: usize) -> String {
        let Some(history) = self.history() else {
            if matches!(self.usage, Usage::Averaged(_)) {
                return "Dead: by the checkpoint's moving average not even one vector in a million chose it"
                    .to_owned();
            }
            let all = rounded(self.window_counts().iter().sum());
            return format!("Dead: never the nearest for any of the {all} vectors evaluated");
        };
        match history.last_used(code) {
            None => format!(
                "Dead: never the nearest for any of {} vectors in {} steps",
                rounded(history.vectors_seen()),
                grouped(history.step())
            ),
            Some(step) => format!(
                "Dead: not the nearest for any of {} vectors since step {}",
                rounded(history.vectors_since_use(code)),
                grouped(step)
            ),
        }
    }

    fn told_dying(&self, code: usize) -> String {
        let (count, all) = self.window_count(code);
        let share = 100.0 * count as f64 * self.size() as f64 / all.max(1) as f64;
        let last = self.history().and_then(|history| history.last_used(code));
        let last = last.map_or(String::new(), |step| format!(", last at step {}", grouped(step)));
        format!(
            "Dying: the nearest for only {} of {} vectors {}, {} % of an even share{last}",
            rounded(count),
            rounded(all),
            self.told_window(),
            measure(share as f32),
        )
    }

    fn told_used(&self, code: usize) -> String {
        let (count, all) = self.window_count(code);
        let times = count as f64 * self.size() as f64 / all.max(1) as f64;
        let above = self.window_counts().iter().filter(|&&other| other > count).count();
        let above = match above {
            0 => "no code is used more".to_owned(),
            1 => "1 code is used more".to_owned(),
            _ => format!("{} codes are used more", grouped(above as u64)),
        };
        format!(
            "Used: the nearest for {} of {} vectors {}, {} an even share; {above}",
            rounded(count),
            rounded(all),
            self.told_window(),
            if times < 1.0 {
                format!("{} % of", measure(times as f32 * 100.0))
            } else {
                format!("{} times", measure(times as f32))
            },
        )
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

    fn told_window(&self) -> String {
        match &self.usage {
            Usage::Trained(history) => {
                let steps = history.window_steps().min(history.step());
                format!("in the last {} steps", grouped(steps))
            }
            Usage::Averaged(_) => "by the checkpoint's moving average".to_owned(),
            Usage::Unknown | Usage::Evaluated(_) => "evaluated".to_owned(),
        }
    }

    fn told_neighbour(&self, code: usize, state: Option<CodeState>) -> String {
        let (near, kind) = match state {
            None => (self.neighbours(code, 1).first().copied(), "nearest neighbour"),
            Some(_) => (self.nearest_living(code), "nearest living neighbour"),
        };
        match near {
            None if self.size() == 1 => String::new(),
            None => "no other code is used".to_owned(),
            // Ties go to the lower number.
            Some(Neighbour { code: other, distance: 0.0 }) if other < code => {
                format!("code {other} lies at the same place, and the lower number is chosen")
            }
            Some(Neighbour { code: other, distance }) => {
                format!("its {kind}, code {other}, is {} away", measure(distance))
            }
        }
    }

    /// How its norm compares with the others'; nothing for one that is like them where all is well.
    fn told_norm(&self, code: usize, is_well: bool) -> Option<String> {
        let others = self.usual_norm(code)?;
        let ratio = norm(self.vector(code)) / others;
        if !ratio.is_finite() {
            return None;
        }
        if (1.0 / ALIKE..=ALIKE).contains(&ratio) {
            return (!is_well).then(|| "its norm is like the others'".to_owned());
        }
        let named = NAMED.iter().find(|(named, _)| (ratio / named - 1.0).abs() < NEAR);
        let times = match named {
            Some((_, words)) => (*words).to_owned(),
            None if ratio < 0.05 => return Some("its norm is next to nothing".to_owned()),
            None if ratio < 1.0 => format!("{:.0} % of", ratio * 100.0),
            None => format!("{} times", measure(ratio)),
        };
        Some(format!("its norm is {times} the others'"))
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
fn put_in_vain(history: &CodeUse, code: usize) -> Option<String> {
    let is_move = |event: &&CodeEvent| {
        matches!(event.kind, CodeEventKind::Restarted | CodeEventKind::Revived)
    };
    let last = history.events(code).iter().rev().find(is_move)?;
    if history.last_used(code).is_some_and(|used| used > last.last_step) {
        return None;
    }
    let verb = if last.kind == CodeEventKind::Revived { "revived" } else { "restarted" };
    Some(format!("it was {verb} at step {} to no avail", grouped(last.last_step)))
}
