//! Which of many things is equal to one: a hash table for things with numbers, most of which are new,
//! and equal ones near each other.
//!
//! A hash map spreads them over all its memory, and every look-up of a large program waits for it.
//! Here a thing has a place where it is looked for first, which moves on with the number of what it
//! reads; only where many things have the same place are they spread.

/// Slots that are looked through around a place before a thing is spread.
const NEAR: usize = 8;

/// A table of numbers of things. It never forgets one.
#[derive(Debug)]
pub(crate) struct Interner {
    /// One more than a thing's number; 0 where there is none.
    slots: Vec<u32>,
}

impl Interner {
    /// Room for so many different things.
    pub(crate) fn with_room(things: usize) -> Self {
        Interner { slots: vec![0; (2 * things + NEAR).next_power_of_two()] }
    }

    /// The number of the thing that is equal to one, or `new` if there is none, which it is from
    /// now on. `near` is where it is looked for, `hash` what spreads it.
    #[inline]
    pub(crate) fn number(
        &mut self,
        near: usize,
        hash: u64,
        new: usize,
        is_equal: impl Fn(usize) -> bool,
    ) -> usize {
        let mask = self.slots.len() - 1;
        let hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        // Steps of its own: slots near each other may all be taken.
        let (spread, step) = ((hash >> 32) as usize, (hash >> 12) as usize | 1);
        let places = (0..NEAR)
            .map(|i| 2 * near + i)
            .chain((0..=mask).map(|i| spread.wrapping_add(i.wrapping_mul(step))));
        for place in places {
            let slot = &mut self.slots[place & mask];
            match *slot {
                0 => {
                    *slot = u32::try_from(new + 1).expect("the compiler's bounds are far below");
                    return new;
                }
                known if is_equal(known as usize - 1) => return known as usize - 1,
                _ => {}
            }
        }
        unreachable!("there is room for every thing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_have_one_number_wherever_they_are_looked_for() {
        let things: Vec<usize> = (0..4000).map(|i| i * 7919 % 1000).collect();
        for near in [|_: usize| 0, |thing: usize| thing, |thing: usize| thing / 100] {
            let mut interner = Interner::with_room(things.len());
            let mut first = vec![None; 1000];
            for (i, &thing) in things.iter().enumerate() {
                let equal = |known: usize| things[known] == thing;
                let found = interner.number(near(thing), thing as u64, i, equal);
                assert_eq!(found, *first[thing].get_or_insert(i));
            }
        }
    }
}
