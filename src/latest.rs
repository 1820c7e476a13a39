//! A slot that keeps only the newest value: the road for heavy things such as pictures and weights.

use std::sync::{Arc, Mutex, PoisonError};

/// A shared slot with a generation number. Clones share the slot.
#[derive(Debug)]
pub struct Latest<T>(Arc<Mutex<Slot<T>>>);

#[derive(Debug)]
struct Slot<T> {
    generation: u64,
    value: Option<Arc<T>>,
}

impl<T> Clone for Latest<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Slot { generation: 0, value: None })))
    }
}

impl<T> Latest<T> {
    /// Replaces the value.
    pub fn put(&self, value: T) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.generation += 1;
        slot.value = Some(Arc::new(value));
    }

    /// The newest value and its generation, or nothing when it is not newer than `seen`.
    /// Generations start at 1, so `newer_than(0)` gives whatever is there.
    pub fn newer_than(&self, seen: u64) -> Option<(u64, Arc<T>)> {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = slot.value.as_ref().filter(|_| slot.generation > seen)?;
        Some((slot.generation, Arc::clone(value)))
    }
}
