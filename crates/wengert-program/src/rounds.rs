//! Rounds: a loop of the caller's that recorded the same steps over and over, once for each row of
//! its data.
//!
//! The tape does not know of it; what is left of the loop is that the operations repeat. In the
//! middle of a tape that is such a loop for the most part, a window of operations has the period of
//! one round, found in a walk over it, and the loop goes as far as the period holds.

use super::ids::Slot;
use crate::ids::Id;

/// What a slot was recorded by: equal codes are equal operations.
pub(crate) type Code = u32;

/// A stretch of the tape in which the same operations repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rounds {
    start: usize,
    end: usize,
    period: usize,
    /// Of the slots before the start, from the last one back, which of a round's they are.
    first: Vec<Option<usize>>,
}

/// The fewest rounds that are one.
const FEWEST: usize = 64;
/// The first may have, or lack, so many operations at a place, and then so many agree again.
const MORE: usize = 4;
const AGREEING: usize = 4;

impl Rounds {
    /// The loop that most of the slots were recorded by, if there is one.
    pub(crate) fn of(codes: &[Code]) -> Option<Self> {
        let len = codes.len();
        let window = len / FEWEST;
        if window == 0 {
            return None;
        }
        // A loop that is half of the tape goes through one of these places.
        [2, 1, 3].into_iter().find_map(|quarter| {
            let middle = quarter * len / 4;
            let period = period(&codes[middle..(middle + 2 * window).min(len)])?;
            let back = codes[..middle + period].iter().rev();
            let back = back.zip(codes[..middle].iter().rev()).take_while(|(a, b)| a == b).count();
            let on = codes[middle..].iter().zip(&codes[middle + period..]);
            let on = on.take_while(|(a, b)| a == b).count();
            let (start, end) = (middle - back, middle + period + on);
            if end - start < FEWEST * period || end - start < len / 2 {
                return None;
            }
            Some(Rounds { start, end, period, first: first(codes, start, period) })
        })
    }

    /// How many rounds there are.
    pub(crate) fn count(&self) -> usize {
        // The first round may be no whole one, and the stretch may begin in the midst of it.
        (self.end - self.start + self.first.len() + self.period / 2) / self.period
    }

    /// Which of a round's slots this one is, in a round.
    pub(crate) fn position(&self, slot: Slot) -> Option<usize> {
        let slot = slot.index();
        let inside = (self.start..self.end).contains(&slot);
        if slot < self.start {
            return self.first.get(self.start - 1 - slot).copied().flatten();
        }
        inside.then(|| (slot - self.start) % self.period)
    }
}

/// The round before the others: of its slots, from the last one back, which of a round's they are.
///
/// It may lack what others have, such as the addition to a sum, and have what they lack: constants
/// are recorded when they are used first.
fn first(codes: &[Code], start: usize, period: usize) -> Vec<Option<usize>> {
    let (mut positions, mut next) = (Vec::new(), start + period);
    let agree = |a: usize, b: usize, many: usize| {
        let pairs = codes[..a].iter().rev().zip(codes[start..b].iter().rev());
        pairs.take(many).all(|(a, b)| a == b)
    };
    while positions.len() < start && next > start {
        let before = start - positions.len();
        let skips = (0..=MORE).flat_map(|more| [(more, 0), (0, more)]);
        let skip = skips.filter(|&(own, its)| own < before && its < next - start);
        let found = { skip }.find(|&(own, its)| {
            agree(before - own, next - its, if own + its == 0 { 1 } else { AGREEING })
        });
        let Some((own, its)) = found else { break };
        positions.extend(std::iter::repeat_n(None, own));
        next -= its + 1;
        positions.push(Some(next - start));
    }
    positions
}

/// The smallest period of a word that is at least twice as long as it.
///
/// By the prefix function of Knuth, Morris and Pratt: the longest part that the word both begins and
/// ends with leaves the period.
fn period(word: &[Code]) -> Option<usize> {
    let mut longest = vec![0; word.len()];
    for i in 1..word.len() {
        let mut len = longest[i - 1];
        while len > 0 && word[i] != word[len] {
            len = longest[len - 1];
        }
        longest[i] = len + usize::from(word[i] == word[len]);
    }
    let period = word.len() - longest.last()?;
    (2 * period <= word.len()).then_some(period)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some other operations, then rounds of these, then others.
    fn tape(before: usize, round: &[Code], rounds: usize, after: usize) -> Vec<Code> {
        let other = |from: usize, len: usize| (from..from + len).map(|i| 1000 + i as Code);
        let all = round.iter().copied().cycle().take(rounds * round.len());
        other(0, before).chain(all).chain(other(before, after)).collect()
    }

    #[test]
    fn a_loop_is_found_where_it_begins_and_ends() {
        let codes = tape(50, &[1, 2, 1, 2, 3], 100, 31);
        let rounds = Rounds::of(&codes).unwrap();
        assert_eq!(rounds, Rounds { start: 50, end: 550, period: 5, first: Vec::new() });
        let position = |slot| rounds.position(Slot::new(slot));
        assert_eq!(
            [position(49), position(50), position(54), position(55)].map(|p| p),
            [None, Some(0), Some(4), Some(0)]
        );
        assert_eq!(position(550), None);
    }

    #[test]
    fn loops_inside_a_round_are_part_of_it() {
        let round: Vec<Code> = [1, 2, 3].repeat(20).into_iter().chain([4, 5]).collect();
        let rounds = Rounds::of(&tape(0, &round, 70, 0)).unwrap();
        assert_eq!((rounds.start, rounds.end, rounds.period), (0, 70 * 62, 62));
    }

    #[test]
    fn a_first_round_without_a_sum_is_one_too() {
        // A round without a sum, one that has it, and so on.
        let codes = [&tape(9, &[1, 2, 3, 4, 5], 1, 0)[..], &tape(0, &[1, 2, 3, 4, 5, 6], 99, 7)];
        let codes = codes.concat();
        let rounds = Rounds::of(&codes).unwrap();
        let at = |slot| rounds.position(Slot::new(slot));
        assert_eq!((9..14).map(at).collect::<Vec<_>>(), (14..19).map(at).collect::<Vec<_>>());
        assert_eq!((at(8), at(13).is_some(), at(codes.len() - 8).is_some()), (None, true, true));
        assert_eq!((at(codes.len() - 7), rounds.count()), (None, 100));
    }

    #[test]
    fn what_is_too_short_is_no_loop() {
        assert_eq!(Rounds::of(&[]), None);
        assert_eq!(Rounds::of(&[1; 63]), None);
        assert_eq!(Rounds::of(&tape(0, &[1, 2], 63, 0)), None);
        // A third of the tape.
        assert_eq!(Rounds::of(&tape(800, &[1, 2, 3, 4], 100, 400)), None);
        assert!(Rounds::of(&(0..10_000).collect::<Vec<_>>()).is_none());
    }

    #[test]
    fn a_loop_at_an_end_is_found_too() {
        for (before, after) in [(280, 0), (0, 280)] {
            let rounds = Rounds::of(&tape(before, &[1, 2, 3], 100, after)).unwrap();
            assert_eq!((rounds.start, rounds.end), (before, before + 300));
        }
    }
}
