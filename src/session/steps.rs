//! Ascending step numbers in next to no memory: stretches of even spacing.

/// Step numbers, strictly ascending; a million that follow one another take as much room as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    stretches: Vec<Stretch>,
    len: usize,
}

/// Steps of even spacing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    /// The place of its first step among all.
    start: usize,
    /// Its first step.
    first: u64,
    /// The distance between its steps; 0 while there is only one.
    stride: u64,
}

impl Stretch {
    fn step_at(&self, place: usize) -> u64 {
        self.first + self.stride * (place - self.start) as u64
    }
}

impl Steps {
    /// Adds a step, which is newer than all others.
    pub(super) fn push(&mut self, step: u64) {
        debug_assert!(self.last().is_none_or(|last| last < step), "steps ascend");
        let len = self.len;
        self.len += 1;
        if let Some(stretch) = self.stretches.last_mut() {
            if stretch.stride == 0 {
                stretch.stride = step - stretch.first;
            }
            if stretch.step_at(len) == step {
                return;
            }
        }
        self.stretches.push(Stretch { start: len, first: step, stride: 0 });
    }

    /// Forgets all but the first `len` steps.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.stretches.retain(|stretch| stretch.start < len);
        if let Some(stretch) = self.stretches.last_mut().filter(|last| last.start + 1 == len) {
            stretch.stride = 0;
        }
    }

    /// The step at a place.
    pub fn get(&self, place: usize) -> Option<u64> {
        let after = self.stretches.partition_point(|stretch| stretch.start <= place);
        let stretch = self.stretches.get(after.checked_sub(1)?)?;
        (place < self.len).then(|| stretch.step_at(place))
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The newest step.
    pub fn last(&self) -> Option<u64> {
        self.get(self.len.checked_sub(1)?)
    }

    /// All steps in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        (0..self.len).filter_map(|place| self.get(place))
    }

    /// The first place of `range` whose step is not `before`; its end where all are.
    pub(super) fn partition_point(
        &self,
        range: std::ops::Range<usize>,
        before: impl Fn(u64) -> bool,
    ) -> usize {
        let (mut low, mut high) = (range.start, range.end.min(self.len));
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(&before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
