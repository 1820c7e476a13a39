//! Directions as sliders: several vectors, each so many times, are added to the point at which they were taken hold of.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::explore::Explore;
use super::wanted::Point;
use crate::latent::directions::{Direction, orthogonalised};

/// The most directions that are kept for a model.
pub const MOST_DIRECTIONS: usize = 64;
/// The most values of all of them together: what is kept has to be written in a moment.
const MOST_VALUES: usize = 1 << 20;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// Sliders lead no farther, in units.
const FARTHEST: f32 = 1000.0;
/// How many states undoing gives back to the sliders.
const STATES: usize = 100;

/// The directions that are kept for one model, and where their sliders stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Directions {
    all: Vec<Direction>,
    /// Nothing while all sliders are at zero and the point has not been moved by them.
    #[serde(skip)]
    moved: Option<Moved>,
    /// Where sliders stood before: undoing and redoing lead there.
    #[serde(skip)]
    before: VecDeque<Moved>,
    /// Whether the sliders were put back as the point was moved by other means.
    #[serde(skip)]
    was_put_back: bool,
}

/// A point that sliders made.
#[derive(Clone, Debug, PartialEq)]
struct Moved {
    /// What the sliders are added to.
    base: Vec<f32>,
    /// Where they stand, in units.
    values: Vec<f32>,
    /// The point that this makes.
    latent: Vec<f32>,
}

impl std::ops::Deref for Directions {
    type Target = [Direction];

    fn deref(&self) -> &[Direction] {
        &self.all
    }
}

impl Moved {
    /// What all sliders together make of the base.
    fn sum(&self, all: &[Direction]) -> Vec<f32> {
        let mut sum = self.base.clone();
        for (direction, &value) in all.iter().zip(&self.values).filter(|(_, value)| **value != 0.0)
        {
            sum.iter_mut().zip(&direction.step).for_each(|(sum, step)| *sum += value * step);
        }
        sum
    }

    /// Counts from what a slider has made: it stands at zero then, and the point stays.
    fn absorb(&mut self, index: usize, step: &[f32]) {
        let value = std::mem::take(&mut self.values[index]);
        self.base.iter_mut().zip(step).for_each(|(base, step)| *base += value * step);
    }

    fn is_at(&self, explore: &Explore) -> bool {
        self.latent == explore.latent() && explore.edited_cells().is_empty()
    }
}

impl Directions {
    /// Where a slider stands, in units of its direction.
    pub fn value(&self, index: usize) -> f32 {
        self.moved.as_ref().and_then(|moved| moved.values.get(index)).copied().unwrap_or(0.0)
    }

    /// Whether any slider stands elsewhere than at zero.
    pub fn is_moved(&self) -> bool {
        self.moved.as_ref().is_some_and(|moved| moved.values.iter().any(|value| *value != 0.0))
    }

    /// Whether the sliders were put back to zero because the point was moved by other means, and none was touched since.
    pub fn was_put_back(&self) -> bool {
        self.was_put_back
    }

    /// Adds directions, as many as there is room for; each gets a name of its own. Tells how many were left out.
    pub fn add(&mut self, directions: Vec<Direction>) -> usize {
        let mut left_out = 0;
        for mut direction in directions {
            let values = (self.all.len() + 1) * direction.step.len();
            let is_alike = self.all.iter().all(|other| other.step.len() == direction.step.len());
            let is_room = self.all.len() < MOST_DIRECTIONS && values <= MOST_VALUES;
            if !is_alike || !is_room || !direction.fits(direction.step.len()) {
                left_out += 1;
                continue;
            }
            direction.name = self.free_name(&direction.name, None);
            self.all.push(direction);
            self.states().for_each(|state| state.values.push(0.0));
        }
        left_out
    }

    /// Notes the state before sliders are moved, for undoing; call it where the explorer notes its own.
    pub fn grab(&mut self, explore: &Explore) {
        self.follow(explore);
        self.note();
    }

    /// Moves a slider; gives the point that all sliders make together. Nothing where there is no such slider, or the point
    /// would be none.
    pub fn set(&mut self, index: usize, value: f32, explore: &Explore) -> Option<Vec<f32>> {
        if index >= self.all.len() || !value.is_finite() {
            return None;
        }
        self.follow(explore);
        let mut moved = self.moved.clone().unwrap_or_else(|| self.here(explore));
        moved.values[index] = value.clamp(-FARTHEST, FARTHEST);
        self.take(moved)
    }

    /// Puts all sliders back to zero; gives the point at which they were taken hold of.
    pub fn reset(&mut self, explore: &Explore) -> Option<Vec<f32>> {
        self.follow(explore);
        let mut moved = self.moved.clone()?;
        moved.values.fill(0.0);
        self.take(moved)
    }

    /// The point may have been moved by other means: the sliders then count from there, or stand as they stood when they
    /// made it.
    pub fn follow(&mut self, explore: &Explore) {
        if self.moved.as_ref().is_some_and(|moved| moved.is_at(explore)) {
            return;
        }
        let was_moved = self.is_moved();
        self.note();
        self.moved = self.before.iter().rev().find(|state| state.is_at(explore)).cloned();
        self.was_put_back = self.moved.is_none() && (was_moved || self.was_put_back);
    }

    /// Points along a direction, the other sliders held: `columns` of them, over so many units to either side.
    pub fn sweep(&self, index: usize, columns: usize, explore: &Explore) -> Arc<[Point]> {
        let Some(direction) = self.all.get(index) else { return Arc::default() };
        let mut state = match &self.moved {
            Some(moved) if moved.is_at(explore) => moved.clone(),
            _ => self.here(explore),
        };
        let reach = direction.unit.reach();
        let point = |column: usize| {
            let share = column as f32 / (columns.max(2) - 1) as f32;
            state.values[index] = reach * (2.0 * share - 1.0);
            Point::Latent(state.sum(&self.all))
        };
        (0..columns).map(point).collect()
    }

    /// Turns a direction round; the point stays.
    pub fn invert(&mut self, index: usize) {
        let Some(direction) = self.all.get_mut(index) else { return };
        direction.step.iter_mut().for_each(|step| *step = -*step);
        self.states().for_each(|state| state.values[index] = -state.values[index]);
    }

    /// Gives a direction another name; an empty one is none, and one that is taken gets a number.
    pub fn rename(&mut self, index: usize, name: &str) {
        if index < self.all.len() && !name.trim().is_empty() {
            self.all[index].name = self.free_name(name, Some(index));
        }
    }

    /// Takes a direction out; the point stays.
    pub fn remove(&mut self, index: usize) {
        if index < self.all.len() {
            self.absorb(index);
            self.all.remove(index);
            for state in self.states() {
                state.values.remove(index);
            }
        }
    }

    /// Puts a direction to another place in the order.
    pub fn reorder(&mut self, from: usize, to: usize) {
        if from.max(to) < self.all.len() {
            let direction = self.all.remove(from);
            self.all.insert(to, direction);
            self.states().for_each(|state| {
                let value = state.values.remove(from);
                state.values.insert(to, value);
            });
        }
    }

    /// Takes out all directions; the point stays.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Leaves of a direction what is at right angles to others; tells whether anything was left, and changes nothing where
    /// not. The point stays.
    pub fn orthogonalise(&mut self, index: usize, against: &[usize]) -> bool {
        let others = against.iter().filter(|&&other| other != index);
        let others: Vec<&[f32]> =
            others.filter_map(|&other| self.all.get(other)).map(|other| &other.step[..]).collect();
        let left = self.all.get(index).and_then(|own| orthogonalised(&own.step, &others));
        let Some(left) = left else { return false };
        self.absorb(index);
        let direction = &mut self.all[index];
        direction.step = left;
        // What was measured was another direction.
        (direction.accuracy, direction.share) = (None, None);
        true
    }

    /// Forgets what does not fit a latent space of so many dimensions.
    pub fn retain_fitting(&mut self, d: usize) {
        let fitting = std::mem::take(self).all.into_iter().filter(|direction| direction.fits(d));
        self.add(fitting.collect());
    }

    /// All sliders at zero, where the point is.
    fn here(&self, explore: &Explore) -> Moved {
        let base = explore.latent_of(&explore.place());
        Moved { latent: base.clone(), base, values: vec![0.0; self.all.len()] }
    }

    fn take(&mut self, mut moved: Moved) -> Option<Vec<f32>> {
        moved.latent = moved.sum(&self.all);
        if !moved.latent.iter().all(|value| value.is_finite()) {
            return None;
        }
        let latent = moved.latent.clone();
        self.moved = Some(moved);
        self.was_put_back = false;
        Some(latent)
    }

    /// Keeps the present state for undoing and redoing.
    fn note(&mut self) {
        if let Some(moved) = self.moved.clone().filter(|moved| !self.before.contains(moved)) {
            self.before.push_back(moved);
            if self.before.len() > STATES {
                self.before.pop_front();
            }
        }
    }

    fn absorb(&mut self, index: usize) {
        let step = std::mem::take(&mut self.all[index].step);
        self.states().for_each(|state| state.absorb(index, &step));
        self.all[index].step = step;
    }

    fn states(&mut self) -> impl Iterator<Item = &mut Moved> {
        self.moved.iter_mut().chain(&mut self.before)
    }

    /// A name that no other direction has.
    fn free_name(&self, name: &str, own: Option<usize>) -> String {
        let name: String = name.trim().chars().take(LONGEST_NAME).collect();
        let name = if name.is_empty() { "Direction".to_owned() } else { name };
        let is_taken = |name: &str| {
            self.all.iter().enumerate().any(|(at, other)| other.name == name && Some(at) != own)
        };
        let numbered = (2..).map(|number| format!("{name} {number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        names.find(|name| !is_taken(name)).unwrap_or(name)
    }
}
