//! Which code stands beside which in the maps of held-out images.

use std::collections::BTreeMap;
use std::io::{self, Write};

/// On which side of a code another one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To its left.
    Left,
    /// To its right.
    Right,
    /// Above it.
    Above,
    /// Below it.
    Below,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Left, Self::Right, Self::Above, Self::Below];

    /// Its name, as files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Above => "above",
            Self::Below => "below",
        }
    }

    /// Whether neighbours of a row are meant, rather than of a column, and whether the other one comes after.
    fn way(self) -> (Axis, bool) {
        match self {
            Self::Left => (Axis::Rows, false),
            Self::Right => (Axis::Rows, true),
            Self::Above => (Axis::Columns, false),
            Self::Below => (Axis::Columns, true),
        }
    }
}

/// How often another code stands on one side of a code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The other code.
    pub code: usize,
    /// How often.
    pub count: u64,
    /// Of all cells with the code that have a neighbour there, the share that have this one, in `(0, 1]`.
    pub share: f64,
    /// That share over the share of this neighbour beside any code: over 1 more often than by chance.
    pub lift: f64,
}

/// Whether cells lie side by side in a row, or one below the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Rows,
    Columns,
}

/// Counts of codes that follow one another along one axis of one grid.
#[derive(Clone, Debug, Default, PartialEq)]
struct Table {
    /// By the code that comes first and the one after it.
    pairs: BTreeMap<(u32, u32), u64>,
    firsts: BTreeMap<u32, u64>,
    seconds: BTreeMap<u32, u64>,
    all: u64,
}

impl Table {
    fn add(&mut self, first: u32, second: u32) {
        *self.pairs.entry((first, second)).or_default() += 1;
        *self.firsts.entry(first).or_default() += 1;
        *self.seconds.entry(second).or_default() += 1;
        self.all += 1;
    }
}

/// How often codes stand side by side and one below the other, for every grid of codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// Along rows and along columns, by grid.
    grids: Vec<[Table; 2]>,
}

impl Beside {
    /// Takes in the codes of an image, `[q * h * w]`, the grids one after the other; `shape` is that of one.
    pub fn add(&mut self, codes: &[u32], [rows, columns]: [usize; 2]) {
        let cells = (rows * columns).max(1);
        for (grid, codes) in codes.chunks_exact(cells).enumerate() {
            if self.grids.len() <= grid {
                self.grids.push(<[Table; 2]>::default());
            }
            let [along_rows, along_columns] = &mut self.grids[grid];
            for row in codes.chunks_exact(columns.max(1)) {
                row.windows(2).for_each(|pair| along_rows.add(pair[0], pair[1]));
            }
            let below = codes.iter().zip(codes.iter().skip(columns));
            below.for_each(|(&above, &below)| along_columns.add(above, below));
        }
    }

    /// The codes on one side of a code, the most frequent first; of equally frequent ones the lower.
    pub fn around(&self, code: usize, direction: Direction) -> Vec<Pair> {
        let (axis, comes_after) = direction.way();
        let Ok(code) = u32::try_from(code) else { return Vec::new() };
        // Grids in which the code never has such a neighbour say nothing of it.
        let ends = |table: &Table| {
            if comes_after { table.firsts.get(&code) } else { table.seconds.get(&code) }.copied()
        };
        let tables: Vec<&Table> = self
            .grids
            .iter()
            .map(|tables| &tables[axis as usize])
            .filter(|table| ends(table).is_some())
            .collect();
        let cells: u64 = tables.iter().filter_map(|table| ends(table)).sum();
        let all: u64 = tables.iter().map(|table| table.all).sum();
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for table in &tables {
            if comes_after {
                for (&(_, other), count) in table.pairs.range((code, 0)..=(code, u32::MAX)) {
                    *counts.entry(other).or_default() += count;
                }
            } else {
                for (&(other, _), count) in
                    table.pairs.iter().filter(|((_, second), _)| *second == code)
                {
                    *counts.entry(other).or_default() += count;
                }
            }
        }
        let by_chance = |other: u32| {
            let ends = |table: &&Table| {
                let ends = if comes_after { &table.seconds } else { &table.firsts };
                ends.get(&other).copied().unwrap_or(0)
            };
            tables.iter().map(ends).sum::<u64>() as f64 / all as f64
        };
        let pair = |(other, count): (u32, u64)| {
            let share = count as f64 / cells as f64;
            Pair { code: other as usize, count, share, lift: share / by_chance(other) }
        };
        let mut pairs: Vec<Pair> = counts.into_iter().map(pair).collect();
        pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.count), pair.code));
        pairs
    }

    /// Writes every pair as a row: the code, the side, its neighbour there, how often, probability and lift.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn write_csv(&self, codes: usize, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "code,side,neighbour,count,probability,lift")?;
        for code in 0..codes {
            // A left neighbour is a right one told from the other end.
            for direction in [Direction::Right, Direction::Below] {
                for Pair { code: other, count, share, lift } in self.around(code, direction) {
                    writeln!(out, "{code},{},{other},{count},{share},{lift}", direction.name())?;
                }
            }
        }
        Ok(())
    }
}
