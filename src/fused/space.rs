//! Memory that sums are worked out in, kept by each thread for the next time: clearing and giving back as much costs up to
//! a fifth of the sums.

use std::cell::Cell;
use std::mem::take;
use std::ops::{Deref, DerefMut};

use super::grid::Filled;

thread_local! {
    static KEPT: Cell<Memory> = Cell::default();
}

/// What it is used for; values are whatever was there before.
#[derive(Default)]
pub(super) struct Memory {
    /// Planes in a grid.
    pub(super) planes: Filled,
    /// Transformed planes, and sums.
    pub(super) values: Vec<f32>,
    /// Transformed gradients.
    pub(super) lines: Vec<f32>,
}

/// A thread's memory, or some of its own where that is in use.
pub(super) struct Space(Memory);

impl Space {
    /// Takes it until it is dropped.
    pub(super) fn take() -> Self {
        Self(KEPT.take())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        KEPT.set(take(&mut self.0));
    }
}

impl Deref for Space {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        &self.0
    }
}

impl DerefMut for Space {
    fn deref_mut(&mut self) -> &mut Memory {
        &mut self.0
    }
}

/// So many values of some memory, which grows where it has fewer.
pub(super) fn of_len(memory: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if memory.len() < len {
        memory.resize(len, 0.0);
    }
    &mut memory[..len]
}
