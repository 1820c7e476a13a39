//! What waits for its turn: one begins when the one before is over.

/// As many can wait.
pub const MOST_QUEUED: usize = 400;

/// Something that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued<T> {
    /// Tells it from all others, however the queue changes.
    pub number: u64,
    /// What is to be done.
    pub what: T,
}

/// What waits, the next one first.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue<T> {
    waiting: Vec<Queued<T>>,
    newest: u64,
    is_held: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), newest: 0, is_held: false }
    }
}

impl<T> std::ops::Deref for Queue<T> {
    type Target = [Queued<T>];

    fn deref(&self) -> &[Queued<T>] {
        &self.waiting
    }
}

impl<T> Queue<T> {
    /// Puts something at the end; whether there was room.
    pub fn add(&mut self, what: T) -> bool {
        let has_room = self.waiting.len() < MOST_QUEUED;
        if has_room {
            self.newest += 1;
            self.waiting.push(Queued { number: self.newest, what });
        }
        has_room
    }

    /// Takes one out.
    pub fn remove(&mut self, number: u64) {
        self.waiting.retain(|queued| queued.number != number);
    }

    /// Puts one to another place, 0 for the next; the last place where there are fewer.
    pub fn move_to(&mut self, number: u64, place: usize) {
        if let Some(at) = self.waiting.iter().position(|queued| queued.number == number) {
            let queued = self.waiting.remove(at);
            self.waiting.insert(place.min(self.waiting.len()), queued);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Lets nothing begin, or lets the queue go on.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Whether nothing is to begin.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Whether something begins as soon as it can.
    pub fn goes_on(&self) -> bool {
        !self.is_held && !self.waiting.is_empty()
    }

    /// Takes the next one, unless the queue is held.
    pub fn take_next(&mut self) -> Option<Queued<T>> {
        self.goes_on().then(|| self.waiting.remove(0))
    }
}
