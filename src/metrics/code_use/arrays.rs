//! The use of a codebook as arrays, so that a checkpoint keeps it and a resumed run goes on counting.
//!
//! Whole numbers over 2²⁴ do not fit an `f32`: they are kept as two, the quotient and the rest by 2²⁴.

use std::collections::VecDeque;

use super::{CodeEvent, CodeEventKind, CodeUse, Snapshot};
use crate::array::{Array, NamedArrays, under};

/// The part of a checkpoint's arrays that tells how texts use codes which they share with images.
pub const OF_TEXTS: &str = "texts";

/// How texts use the codes, as a checkpoint's arrays tell it; nothing where they do not.
pub fn text_use(arrays: &NamedArrays) -> Option<CodeUse> {
    CodeUse::from_arrays(&under(arrays, OF_TEXTS))
}

const BASE: u64 = 1 << 24;

impl CodeUse {
    /// Everything that is known, as arrays.
    pub fn to_arrays(&self) -> NamedArrays {
        let parts = self.parts.iter().flat_map(|part| part.iter().copied()).collect();
        let wide: [(&str, Vec<u64>); 11] = [
            (
                "scalars",
                vec![
                    self.window_steps,
                    self.step,
                    self.part_steps,
                    self.parts_per_snapshot,
                    self.pending_parts,
                ],
            ),
            ("batch", self.batch.iter().map(|&count| u64::from(count)).collect()),
            ("part", self.part.clone()),
            ("parts", parts),
            ("total", self.total.clone()),
            ("last_used", self.last_used.clone()),
            ("seen_at_last_use", self.seen_at_last_use.clone()),
            ("has_died", self.has_died.iter().map(|&died| u64::from(died)).collect()),
            ("pending", self.pending.clone()),
            ("snapshot_steps", self.snapshots.iter().map(|snapshot| snapshot.step).collect()),
            ("events", self.event_numbers()),
        ];
        let mut arrays: NamedArrays =
            wide.into_iter().map(|(name, values)| (name.to_owned(), narrow(&values))).collect();
        let mut shares = Array::zeros([self.snapshots.len(), self.size()]);
        let rows = shares.data_mut().chunks_mut(self.size().max(1));
        rows.zip(&self.snapshots).for_each(|(row, snapshot)| row.copy_from_slice(&snapshot.shares));
        arrays.insert("snapshots".to_owned(), shares);
        arrays
    }

    /// What [`CodeUse::to_arrays`] gave; nothing where the arrays are not of its making.
    pub fn from_arrays(arrays: &NamedArrays) -> Option<Self> {
        let wide = |name: &str| arrays.get(name).and_then(widened);
        let &[window_steps, step, part_steps, parts_per_snapshot, pending_parts] =
            wide("scalars")?.as_slice()
        else {
            return None;
        };
        let total = wide("total")?;
        let k = total.len();
        let part = wide("part")?;
        let parts: VecDeque<_> = wide("parts")?.chunks(k.max(1)).map(Into::into).collect();
        let mut window: Vec<u64> = vec![0; k];
        for counts in parts.iter().map(AsRef::as_ref).chain([part.as_slice()]) {
            if counts.len() != k {
                return None;
            }
            window.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        let shares = arrays.get("snapshots")?;
        let snapshot_steps = wide("snapshot_steps")?;
        let rows = |(row, step)| Snapshot { step, shares: shares.row(row).into() };
        let new = Self {
            window_steps,
            step,
            batch: wide("batch")?.into_iter().map(|count| count as u32).collect(),
            parts,
            part,
            part_steps,
            window,
            last_used: wide("last_used")?,
            seen_at_last_use: wide("seen_at_last_use")?,
            has_died: wide("has_died")?.iter().map(|&died| died != 0).collect(),
            events: events_from_numbers(&wide("events")?, k)?,
            snapshots: if shares.shape() == [snapshot_steps.len(), k] {
                snapshot_steps.into_iter().enumerate().map(rows).collect()
            } else {
                return None;
            },
            parts_per_snapshot,
            pending_parts,
            pending: wide("pending")?,
            total,
        };
        let lens = [
            new.batch.len(),
            new.last_used.len(),
            new.seen_at_last_use.len(),
            new.has_died.len(),
            new.pending.len(),
        ];
        (new.window_steps > 0 && lens.iter().all(|&len| len == k)).then_some(new)
    }

    /// Every event as its code, kind, two steps and number of times.
    fn event_numbers(&self) -> Vec<u64> {
        let all = self.events.iter().enumerate();
        let all = all.flat_map(|(code, events)| events.iter().map(move |event| (code, event)));
        all.flat_map(|(code, event)| {
            let kind = match event.kind {
                CodeEventKind::Died => 0,
                CodeEventKind::Returned => 1,
                CodeEventKind::Restarted => 2,
                CodeEventKind::Revived => 3,
            };
            [code as u64, kind, event.first_step, event.last_step, event.times]
        })
        .collect()
    }
}

fn events_from_numbers(numbers: &[u64], k: usize) -> Option<Vec<Vec<CodeEvent>>> {
    let (all, rest) = numbers.as_chunks::<5>();
    let mut events = vec![Vec::new(); k];
    for &[code, kind, first_step, last_step, times] in all {
        let kind = match kind {
            0 => CodeEventKind::Died,
            1 => CodeEventKind::Returned,
            2 => CodeEventKind::Restarted,
            3 => CodeEventKind::Revived,
            _ => return None,
        };
        let event = CodeEvent { kind, first_step, last_step, times };
        events.get_mut(usize::try_from(code).ok()?)?.push(event);
    }
    rest.is_empty().then_some(events)
}

/// Whole numbers as `[2, n]`: quotients and rests by 2²⁴.
fn narrow(values: &[u64]) -> Array {
    let quotients = values.iter().map(|value| (value / BASE) as f32);
    let rests = values.iter().map(|value| (value % BASE) as f32);
    Array::new([2, values.len()], quotients.chain(rests).collect()).expect("two numbers for each")
}

/// The opposite of [`narrow`]; nothing for values that it cannot have given.
fn widened(array: &Array) -> Option<Vec<u64>> {
    let &[2, n] = array.shape() else { return None };
    let whole = |value: f32| {
        let is_whole = value.fract() == 0.0 && (0.0..=BASE as f32).contains(&value);
        is_whole.then_some(value as u64)
    };
    let (quotients, rests) = array.data().split_at(n);
    let joined = quotients.iter().zip(rests);
    joined.map(|(&quotient, &rest)| Some(whole(quotient)? * BASE + whole(rest)?)).collect()
}
