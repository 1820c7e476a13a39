//! The codebook of a run between its updates: its use is counted, and a person may move its codes.

use super::learner::{Codes, Learner};
use crate::array::{Array, NamedArrays, prefixed};
use crate::metrics::code_use::{CodeUse, OF_TEXTS, codes_used, perplexity, text_use};
use crate::session::codebook::ReviveFrom;

/// Changes of codes that can be undone.
const UNDO_LIMIT: usize = 50;

/// What is known of the codebook of a run, beside its vectors.
pub(super) struct CodeKeeper {
    usage: CodeUse,
    /// How texts use it, where they share it with images.
    of_texts: Option<CodeUse>,
    steps_per_epoch: u64,
    undo: Vec<Undo>,
    /// How often a person has revived codes: each time draws other vectors.
    revivals: u64,
}

/// The way back from one change.
enum Undo {
    Moved { codes: Vec<usize>, before: Codes },
    Frozen { codes: Vec<usize>, frozen: bool },
}

impl CodeKeeper {
    /// The curves that [`Self::add_step`] gives: of a batch, then over the rolling window.
    pub(super) const CURVES: [&'static str; 5] =
        ["perplexity", "codes_used", "restarts", "perplexity_window", "codes_used_window"];

    /// Those of them that a family names among its own; the others follow.
    pub(super) const AFTER: &'static [&'static str] = Self::CURVES.split_at(3).1;

    /// A codebook of `k` codes that nothing has used yet; the window is an epoch.
    pub(super) fn new(k: usize, steps_per_epoch: u64) -> Self {
        let usage = CodeUse::new(k, steps_per_epoch);
        Self { usage, of_texts: None, steps_per_epoch, undo: Vec::new(), revivals: 0 }
    }

    /// Takes in one step, the uses and restarts of all codes one after the other, `[2k]`, or with their uses by texts
    /// behind them `[3k]`; gives [`Self::CURVES`], those of a batch of its images alone.
    pub(super) fn add_step(&mut self, step: u64, codes: &[f32]) -> [f32; 5] {
        let k = self.usage.size();
        let mut parts = codes.chunks(k.max(1));
        let mut part = || parts.next().unwrap_or_default();
        let (counts, restarted, of_texts) = (part(), part(), part());
        self.usage.add_step(step, counts, restarted);
        if !of_texts.is_empty() {
            let fresh = || CodeUse::new(k, self.steps_per_epoch);
            self.of_texts.get_or_insert_with(fresh).add_step(step, of_texts, &[]);
        }
        let texts = of_texts.iter().chain(std::iter::repeat(&0.0));
        let of_images = counts.iter().zip(texts).map(|(all, texts)| (all - texts) as u64);
        let batch: Vec<u64> = of_images.collect();
        let window = self.usage.window();
        let of = |counts: &[u64]| [perplexity(counts) as f32, codes_used(counts) as f32];
        let ([even, used], [even_window, used_window]) = (of(&batch), of(window));
        [even, used, restarted.iter().sum(), even_window, used_window]
    }

    /// How often each code is chosen, and what happened to it.
    pub(super) fn usage(&self) -> &CodeUse {
        &self.usage
    }

    /// How often texts choose each code, where they share the codebook with images.
    pub(super) fn of_texts(&self) -> Option<&CodeUse> {
        self.of_texts.as_ref()
    }

    /// Whether there is a change to be taken back.
    pub(super) fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Puts codes onto vectors of the last batch, or onto a given one. Tells what was done.
    pub(super) fn revive(
        &mut self,
        learner: &mut dyn Learner,
        codes: &[usize],
        from: &ReviveFrom,
        step: u64,
    ) -> Option<String> {
        let codes = self.known(codes);
        self.revivals += 1;
        let (codes, vectors) = learner.vectors_for_codes(&codes, from, step ^ self.revivals << 40);
        if codes.is_empty() {
            return None;
        }
        let before = learner.codes(&codes);
        // As if an even share of a batch had chosen each, so that they are not restarted at once.
        let share = self.usage.batch().iter().sum::<u32>() as f32 / self.usage.size() as f32;
        let sizes = vec![share.max(1.0); codes.len()];
        learner.put_codes(&codes, &Codes { vectors: vectors.into_data(), sizes });
        self.usage.revive(step, &codes);
        let message = told("revived", &codes);
        self.remember(Undo::Moved { codes, before });
        Some(message)
    }

    /// Keeps codes where they are, or lets them move again. Tells what was done.
    pub(super) fn freeze(
        &mut self,
        learner: &mut dyn Learner,
        codes: &[usize],
        frozen: bool,
    ) -> Option<String> {
        if learner.why_fixed().is_some() {
            return None;
        }
        let is_new = |code: &usize| learner.frozen().get(*code) == Some(&!frozen);
        let codes: Vec<usize> = self.known(codes).into_iter().filter(is_new).collect();
        if codes.is_empty() {
            return None;
        }
        learner.freeze(&codes, frozen);
        let message = told(if frozen { "froze" } else { "thawed" }, &codes);
        self.remember(Undo::Frozen { codes, frozen: !frozen });
        Some(message)
    }

    /// Takes the last change back. Tells what was done.
    pub(super) fn undo(&mut self, learner: &mut dyn Learner) -> Option<String> {
        match self.undo.pop()? {
            Undo::Moved { codes, before } => {
                learner.put_codes(&codes, &before);
                Some(told("put back", &codes))
            }
            Undo::Frozen { codes, frozen } => {
                learner.freeze(&codes, frozen);
                Some(told(if frozen { "froze again" } else { "thawed again" }, &codes))
            }
        }
    }

    /// Everything that is known, as arrays for a checkpoint.
    pub(super) fn to_arrays(&self, frozen: &[bool]) -> NamedArrays {
        let mut arrays = self.usage.to_arrays();
        if let Some(of_texts) = &self.of_texts {
            arrays.extend(prefixed(OF_TEXTS, of_texts.to_arrays()));
        }
        let marks = frozen.iter().map(|&frozen| f32::from(frozen)).collect();
        if let Ok(marks) = Array::new([frozen.len()], marks) {
            arrays.insert("frozen".to_owned(), marks);
        }
        arrays
    }

    /// Goes on from what a checkpoint kept; what it did not keep begins anew.
    pub(super) fn restore(&mut self, arrays: &NamedArrays, learner: &mut dyn Learner) {
        let known = CodeUse::from_arrays(arrays);
        if let Some(usage) = known.filter(|usage| usage.size() == self.usage.size()) {
            self.usage = usage;
        }
        let k = self.usage.size();
        self.of_texts = text_use(arrays).filter(|usage| usage.size() == k);
        if let Some(marks) = arrays.get("frozen") {
            let marked = marks.data().iter().enumerate().filter(|(_, mark)| **mark > 0.0);
            let codes: Vec<usize> = marked.map(|(code, _)| code).collect();
            learner.freeze(&codes, true);
        }
    }

    /// The codes that there are, each once.
    fn known(&self, codes: &[usize]) -> Vec<usize> {
        let mut codes: Vec<usize> =
            codes.iter().copied().filter(|&code| code < self.usage.size()).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    fn remember(&mut self, change: Undo) {
        self.undo.push(change);
        if self.undo.len() > UNDO_LIMIT {
            self.undo.remove(0);
        }
    }
}

/// For example `revived code 17` or `revived 3 codes`.
fn told(verb: &str, codes: &[usize]) -> String {
    match codes {
        [code] => format!("{verb} code {code}"),
        _ => format!("{verb} {} codes", codes.len()),
    }
}
