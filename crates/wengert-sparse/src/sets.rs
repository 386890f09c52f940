//! Sets of input positions, one for each slot of a tape, shared between slots.
//!
//! A small set is a sorted run of positions. The union of large ones only remembers its parts, and
//! is written out when somebody reads it: the running total of a sum of n terms costs one note a
//! step, where n sorted runs would cost n² positions.

/// A set, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId(u32);

/// The set without elements.
pub(crate) const EMPTY: SetId = SetId(0);

/// A union of at most this many positions is written out at once.
const SMALL: usize = 16;

#[derive(Clone, Copy, Debug)]
enum Set {
    /// Positions `from..to` of the pool.
    Flat { from: usize, to: usize },
    /// The union of `from..to` of the parts.
    Union { from: usize, to: usize },
}

#[derive(Debug)]
pub(crate) struct Sets {
    sets: Vec<Set>,
    pool: Vec<u32>,
    parts: Vec<SetId>,
    /// The walk that a set was last visited in.
    visited: Vec<u32>,
    walks: u32,
}

impl Sets {
    pub(crate) fn new() -> Self {
        Sets {
            sets: vec![Set::Flat { from: 0, to: 0 }],
            pool: Vec::new(),
            parts: Vec::new(),
            visited: Vec::new(),
            walks: 0,
        }
    }

    /// The set of one position.
    pub(crate) fn one(&mut self, position: usize) -> SetId {
        self.pool.push(position as u32);
        self.push(Set::Flat { from: self.pool.len() - 1, to: self.pool.len() })
    }

    fn push(&mut self, set: Set) -> SetId {
        self.sets.push(set);
        SetId(u32::try_from(self.sets.len() - 1).expect("a tape has fewer slots than 2^28"))
    }

    /// The union of some sets, which are left in `of` without order.
    pub(crate) fn union(&mut self, of: &mut Vec<SetId>) -> SetId {
        of.sort_unstable();
        of.dedup();
        if of.first() == Some(&EMPTY) {
            of.remove(0);
        }
        match of[..] {
            [] => return EMPTY,
            [one] => return one,
            _ => {}
        }
        let mut merged: Vec<u32> = Vec::with_capacity(SMALL);
        for &id in of.iter() {
            match self.sets[id.0 as usize] {
                Set::Flat { from, to } if merged.len() + to - from <= 2 * SMALL => {
                    merged.extend_from_slice(&self.pool[from..to]);
                }
                _ => return self.lazy(of),
            }
        }
        merged.sort_unstable();
        merged.dedup();
        if merged.len() > SMALL {
            return self.lazy(of);
        }
        // One of them may hold all the others.
        let whole = of.iter().find(|id| self.flat_len(**id) == merged.len());
        if let Some(&whole) = whole {
            return whole;
        }
        let from = self.pool.len();
        self.pool.extend(merged);
        self.push(Set::Flat { from, to: self.pool.len() })
    }

    fn flat_len(&self, id: SetId) -> usize {
        match self.sets[id.0 as usize] {
            Set::Flat { from, to } => to - from,
            Set::Union { .. } => usize::MAX,
        }
    }

    fn lazy(&mut self, of: &[SetId]) -> SetId {
        let from = self.parts.len();
        self.parts.extend_from_slice(of);
        self.push(Set::Union { from, to: self.parts.len() })
    }

    /// Writes a set out, once: its positions, ascending, are then read by
    /// [`positions`](Sets::positions).
    pub(crate) fn write_out(&mut self, id: SetId) {
        if let Set::Flat { .. } = self.sets[id.0 as usize] {
            return;
        }
        self.walks += 1;
        self.visited.resize(self.sets.len(), 0);
        let (mut stack, mut found) = (vec![id], Vec::new());
        while let Some(id) = stack.pop() {
            let visited = &mut self.visited[id.0 as usize];
            if std::mem::replace(visited, self.walks) == self.walks {
                continue;
            }
            match self.sets[id.0 as usize] {
                Set::Flat { from, to } => found.extend_from_slice(&self.pool[from..to]),
                Set::Union { from, to } => stack.extend_from_slice(&self.parts[from..to]),
            }
        }
        found.sort_unstable();
        found.dedup();
        let from = self.pool.len();
        self.pool.extend(found);
        self.sets[id.0 as usize] = Set::Flat { from, to: self.pool.len() };
    }

    /// The positions of a set that was written out, ascending.
    pub(crate) fn positions(&self, id: SetId) -> &[u32] {
        match self.sets[id.0 as usize] {
            Set::Flat { from, to } => &self.pool[from..to],
            Set::Union { .. } => unreachable!("write_out goes first"),
        }
    }
}
