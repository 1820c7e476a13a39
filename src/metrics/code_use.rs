//! How the codes of a codebook are used: in the last batch, over a rolling window, and through training.

mod arrays;

use std::collections::VecDeque;
use std::sync::Arc;

pub use arrays::{OF_TEXTS, text_use};

/// A window is counted in this many parts; the oldest part leaves it when a new one is full.
const PARTS: u64 = 32;
/// A code with less than this share of an even share is dying.
const DYING: f64 = 0.1;
/// Snapshots of a code's use that are kept, as long as all together hold no more than a million values.
const MOST_SNAPSHOTS: usize = 256;
/// Events that are kept of one code; the oldest go first.
const MOST_EVENTS: usize = 24;

/// Where a code stands, judged over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeState {
    /// No vector chose it.
    Dead,
    /// Fewer vectors chose it than a tenth of an even share.
    Dying,
    /// It is used.
    Used,
}

/// What can happen to a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeEventKind {
    /// A whole window has passed since its last use; the step is that of the last use.
    Died,
    /// It was used again after it had died, by itself.
    Returned,
    /// Training put it onto a random vector of the batch, because it was used too little.
    Restarted,
    /// A person put it somewhere.
    Revived,
}

/// Something that happened to a code, once or several times in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeEvent {
    /// What happened.
    pub kind: CodeEventKind,
    /// The step at which it first happened.
    pub first_step: u64,
    /// The step at which it last happened.
    pub last_step: u64,
    /// How often it happened with nothing else between.
    pub times: u64,
}

/// The use of all codes over a stretch of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The last step of the stretch.
    pub step: u64,
    /// The share of all vectors that chose each code, `[k]`.
    pub shares: Arc<[f32]>,
}

/// The use of a codebook of `k` codes on two clocks, and what happened to each of them.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeUse {
    window_steps: u64,
    step: u64,
    batch: Vec<u32>,
    /// Full parts of the window, oldest first.
    parts: VecDeque<Arc<[u64]>>,
    /// The part that is being filled, and its steps.
    part: Vec<u64>,
    part_steps: u64,
    window: Vec<u64>,
    total: Vec<u64>,
    /// The step of the last use of each code, 0 before the first.
    last_used: Vec<u64>,
    /// Vectors seen up to then.
    seen_at_last_use: Vec<u64>,
    has_died: Vec<bool>,
    events: Vec<Vec<CodeEvent>>,
    snapshots: Vec<Snapshot>,
    /// Parts in one snapshot.
    parts_per_snapshot: u64,
    pending_parts: u64,
    pending: Vec<u64>,
}

impl CodeUse {
    /// Codes that nothing has used yet; `window_steps` is the length of the rolling window in steps.
    pub fn new(k: usize, window_steps: u64) -> Self {
        Self {
            window_steps: window_steps.max(1),
            step: 0,
            batch: vec![0; k],
            parts: VecDeque::new(),
            part: vec![0; k],
            part_steps: 0,
            window: vec![0; k],
            total: vec![0; k],
            last_used: vec![0; k],
            seen_at_last_use: vec![0; k],
            has_died: vec![false; k],
            events: vec![Vec::new(); k],
            snapshots: Vec::new(),
            parts_per_snapshot: 1,
            pending_parts: 0,
            pending: vec![0; k],
        }
    }

    /// Takes in one step: how many vectors of its batch chose each code, and which codes were restarted
    /// after it, both `[k]`. Values that are missing count as zero.
    pub fn add_step(&mut self, step: u64, counts: &[f32], restarted: &[f32]) {
        self.step = step;
        let seen: u64 = self.vectors_seen() + counts.iter().map(|&count| count as u64).sum::<u64>();
        for code in 0..self.size() {
            let count = counts.get(code).map_or(0, |&count| count as u32);
            self.batch[code] = count;
            for sum in [&mut self.part[code], &mut self.window[code], &mut self.total[code]] {
                *sum += u64::from(count);
            }
            if count > 0 {
                self.last_used[code] = step;
                self.seen_at_last_use[code] = seen;
                if std::mem::take(&mut self.has_died[code]) {
                    self.note(code, step, CodeEventKind::Returned);
                }
            }
            if restarted.get(code).is_some_and(|&mark| mark > 0.0) {
                self.note(code, step, CodeEventKind::Restarted);
                self.has_died[code] = false;
            }
        }
        self.part_steps += 1;
        if self.part_steps >= (self.window_steps / PARTS).max(1) {
            self.close_part();
        }
        self.bury();
    }

    /// Notes that a person revived codes after a step.
    pub fn revive(&mut self, step: u64, codes: &[usize]) {
        let k = self.size();
        for &code in codes.iter().filter(|&&code| code < k) {
            self.note(code, step, CodeEventKind::Revived);
            self.has_died[code] = false;
        }
    }

    /// Codes that have had a whole window without use since anything happened to them have died.
    fn bury(&mut self) {
        for code in 0..self.size() {
            let last = self.events[code].last().map_or(0, |event| event.last_step);
            let since = self.last_used[code].max(last);
            if !self.has_died[code] && self.step >= since.saturating_add(self.window_steps) {
                self.has_died[code] = true;
                self.note(code, since, CodeEventKind::Died);
            }
        }
    }

    fn note(&mut self, code: usize, step: u64, kind: CodeEventKind) {
        let events = &mut self.events[code];
        match events.last_mut().filter(|last| last.kind == kind) {
            Some(last) => {
                last.last_step = step;
                last.times += 1;
            }
            None => events.push(CodeEvent { kind, first_step: step, last_step: step, times: 1 }),
        }
        if events.len() > MOST_EVENTS {
            events.remove(0);
        }
    }

    fn close_part(&mut self) {
        for (sum, count) in self.pending.iter_mut().zip(&self.part) {
            *sum += count;
        }
        self.pending_parts += 1;
        if self.pending_parts >= self.parts_per_snapshot {
            self.take_snapshot();
        }
        self.part_steps = 0;
        self.parts.push_back(self.part.as_slice().into());
        self.part.fill(0);
        if self.parts.len() as u64 > PARTS.min(self.window_steps)
            && let Some(oldest) = self.parts.pop_front()
        {
            for (sum, count) in self.window.iter_mut().zip(oldest.iter()) {
                *sum -= count;
            }
        }
    }

    fn take_snapshot(&mut self) {
        let all = self.pending.iter().sum::<u64>().max(1) as f32;
        let shares = self.pending.iter().map(|&count| count as f32 / all).collect();
        self.snapshots.push(Snapshot { step: self.step, shares });
        self.pending.fill(0);
        self.pending_parts = 0;
        let most = ((1 << 20) / self.size().max(1)).clamp(32, MOST_SNAPSHOTS);
        if self.snapshots.len() >= most {
            // Neighbours join, so that a longer past takes no more room.
            self.snapshots = self.snapshots.chunks(2).map(joined).collect();
            self.parts_per_snapshot *= 2;
        }
    }

    /// The number of codes.
    pub fn size(&self) -> usize {
        self.total.len()
    }

    /// The last step that was taken in.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The steps that the window covers when it is full.
    pub fn window_steps(&self) -> u64 {
        self.window_steps
    }

    /// Vectors of the last batch that chose each code, `[k]`.
    pub fn batch(&self) -> &[u32] {
        &self.batch
    }

    /// Vectors of the window that chose each code, `[k]`.
    pub fn window(&self) -> &[u64] {
        &self.window
    }

    /// Vectors of all steps that chose each code, `[k]`.
    pub fn total(&self) -> &[u64] {
        &self.total
    }

    /// Vectors of all steps.
    pub fn vectors_seen(&self) -> u64 {
        self.total.iter().sum()
    }

    /// Where a code stands, over the window.
    pub fn state(&self, code: usize) -> CodeState {
        code_state(&self.window, code)
    }

    /// The step of a code's last use; nothing when it was never used.
    pub fn last_used(&self, code: usize) -> Option<u64> {
        self.last_used.get(code).copied().filter(|&step| step > 0)
    }

    /// Vectors that were seen since a code's last use.
    pub fn vectors_since_use(&self, code: usize) -> u64 {
        let at = self.seen_at_last_use.get(code).copied().unwrap_or(0);
        self.vectors_seen().saturating_sub(at)
    }

    /// What happened to a code, oldest first.
    pub fn events(&self, code: usize) -> &[CodeEvent] {
        self.events.get(code).map_or(&[], Vec::as_slice)
    }

    /// The use of all codes through training, oldest first.
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }
}

/// Two neighbouring snapshots as one; a single one as it is.
fn joined(pair: &[Snapshot]) -> Snapshot {
    let [first, second] = pair else { return pair[0].clone() };
    let means = first.shares.iter().zip(second.shares.iter()).map(|(a, b)| f32::midpoint(*a, *b));
    Snapshot { step: second.step, shares: means.collect() }
}

/// Where a code stands by how often each was chosen.
pub fn code_state(counts: &[u64], code: usize) -> CodeState {
    let count = counts.get(code).copied().unwrap_or(0);
    state_of(count, even_share(counts))
}

/// Where every code stands by how often each was chosen, `[k]`.
pub fn code_states(counts: &[u64]) -> Vec<CodeState> {
    let even = even_share(counts);
    counts.iter().map(|&count| state_of(count, even)).collect()
}

/// How often each code would be chosen if all were chosen as often.
fn even_share(counts: &[u64]) -> f64 {
    counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64
}

fn state_of(count: u64, even: f64) -> CodeState {
    match count {
        0 => CodeState::Dead,
        _ if (count as f64) < DYING * even => CodeState::Dying,
        _ => CodeState::Used,
    }
}

/// Shares of no fixed sum as counts among a million vectors, `[k]`; nothing where no code has a share.
pub fn per_million(shares: &[f32]) -> Option<Vec<u64>> {
    let all: f64 = shares.iter().map(|&share| f64::from(share)).sum();
    let count = |&share: &f32| (1e6 * f64::from(share) / all).round() as u64;
    (all > 0.0).then(|| shares.iter().map(count).collect())
}

/// The number of codes that were chosen at all.
pub fn codes_used(counts: &[u64]) -> usize {
    counts.iter().filter(|&&count| count > 0).count()
}

/// exp of the entropy of use: the number of codes that, used evenly, would say as much. In `[1, k]`; 1 where
/// nothing was counted.
///
/// # Source
/// Neural Discrete Representation Learning (van den Oord et al., 2017, arXiv:1711.00937), as its authors log it.
pub fn perplexity(counts: &[u64]) -> f64 {
    let all = counts.iter().sum::<u64>() as f64;
    let shares = counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / all);
    let entropy: f64 = shares.map(|share| -share * share.ln()).sum();
    entropy.exp()
}
