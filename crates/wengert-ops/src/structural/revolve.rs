//! The states of a loop, the last first, with few of them kept.

use std::ops::Range;

use crate::attributes::Snapshots;

/// What [`Snapshots::Auto`] keeps without a second thought, in bytes.
const SMALL: usize = 64 << 10;

/// A loop that is gone through from its end: its first state, and how a state becomes the next.
pub(super) struct Backwards<S, A> {
    /// The number of steps.
    pub(super) steps: usize,
    /// The state before the first step.
    pub(super) first: Vec<S>,
    /// Makes the state before a step the one after it.
    pub(super) advance: A,
}

impl<S: Copy, A: FnMut(&mut [S], usize)> Backwards<S, A> {
    /// Calls `visit` with the state before every step, the last step first.
    pub(super) fn visit(self, keep: Snapshots, mut visit: impl FnMut(&[S], usize)) {
        self.segments(keep, |advance, first, range| segment(range, first, advance, &mut visit));
    }

    /// Calls `each` with ranges of steps that are gone through without a snapshot, the last range
    /// first, and with the state before the first step of each; and with what advances it.
    pub(super) fn segments(
        self,
        keep: Snapshots,
        mut each: impl FnMut(&mut A, Vec<S>, Range<usize>),
    ) {
        let Backwards { steps, first, mut advance } = self;
        let all = size_of_val(first.as_slice()).saturating_mul(steps);
        match keep {
            Snapshots::All => each(&mut advance, first, 0..steps),
            Snapshots::Auto if all <= SMALL => each(&mut advance, first, 0..steps),
            Snapshots::Auto => {
                let length = steps.isqrt().max(1);
                let mut starts = Vec::new();
                let mut state = first;
                for from in (0..steps).step_by(length) {
                    starts.push((from, state.clone()));
                    // The last range is gone through by whoever takes it.
                    if from + length < steps {
                        for t in from..from + length {
                            advance(&mut state, t);
                        }
                    }
                }
                for (from, state) in starts.into_iter().rev() {
                    each(&mut advance, state, from..(from + length).min(steps));
                }
            }
            Snapshots::Count(count) => {
                // Ranges of steps with the state before the first of them, and the snapshots that
                // may be kept for it, this one included.
                let mut open = vec![(0, steps, first, count.max(1))];
                while let Some((from, to, state, count)) = open.pop() {
                    if to <= from + 1 {
                        if to > from {
                            each(&mut advance, state, from..to);
                        }
                        continue;
                    }
                    let middle = from + split(to - from, count);
                    let mut later = state.clone();
                    for t in from..middle {
                        advance(&mut later, t);
                    }
                    open.push((from, middle, state, count));
                    open.push((middle, to, later, count.saturating_sub(1).max(1)));
                }
            }
        }
    }
}

/// A range of steps of which all states are kept.
pub(super) fn segment<S: Copy>(
    range: Range<usize>,
    first: Vec<S>,
    advance: &mut impl FnMut(&mut [S], usize),
    visit: &mut impl FnMut(&[S], usize),
) {
    let width = first.len();
    let mut states = first;
    states.reserve(width * range.len().saturating_sub(1));
    for t in range.clone().skip(1) {
        let before = states.len() - width;
        states.extend_from_within(before..);
        advance(&mut states[before + width..], t - 1);
    }
    for (i, t) in range.enumerate().rev() {
        visit(&states[i * width..(i + 1) * width], t);
    }
}

/// Where a range of `steps` is divided, so that fewest steps are run again with `count` snapshots.
///
/// With c snapshots and no step run more than r times a range of β(c, r) = (c + r)!/(c! r!) steps
/// can be gone through; the part before the division has c snapshots and r − 1 runs, the part after
/// it c − 1 and r.
fn split(steps: usize, count: usize) -> usize {
    if count == 1 {
        // The last state is found by running all steps before it.
        return steps - 1;
    }
    let mut runs = 1;
    while beta(count, runs) < steps {
        runs += 1;
    }
    let least = beta(count, runs.saturating_sub(2));
    let least = if runs >= 2 { least } else { 1 };
    steps.saturating_sub(beta(count - 1, runs)).max(least).clamp(1, steps - 1)
}

fn beta(count: usize, runs: usize) -> usize {
    // Each partial product is a binomial coefficient, so the division leaves no rest.
    (1..=runs).fold(1, |product: usize, i| match product.checked_mul(count + i) {
        Some(product) => product / i,
        None => usize::MAX,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of steps that were run, and the most states kept, for a loop that counts.
    fn runs(steps: usize, keep: Snapshots) -> usize {
        let mut run = 0;
        let mut expected = steps;
        let advance = |state: &mut [usize], t: usize| {
            assert_eq!(state[0], t, "the state before step {t}");
            state[0] += 1;
            run += 1;
        };
        Backwards { steps, first: vec![0], advance }.visit(keep, |state, t| {
            expected -= 1;
            assert_eq!((state[0], t), (expected, expected));
        });
        assert_eq!(expected, 0);
        run
    }

    #[test]
    fn every_state_is_visited_once_the_last_first() {
        for steps in 1..40 {
            for keep in [Snapshots::All, Snapshots::Auto, Snapshots::Count(3)] {
                runs(steps, keep);
            }
        }
        assert_eq!(runs(0, Snapshots::Auto), 0);
        // Long enough to be kept in part: every step is run once, and once more.
        assert!((10_000..20_000).contains(&runs(10_000, Snapshots::Auto)));
    }

    /// The least number of steps run is r n − β(c + 1, r − 1): Griewank and Walther (2000).
    #[test]
    fn as_few_steps_are_run_as_can_be() {
        for count in 1..8 {
            for steps in 2..200 {
                let r = (1..).find(|&r| beta(count, r) >= steps).unwrap();
                let least = r * steps - beta(count + 1, r - 1);
                assert_eq!(runs(steps, Snapshots::Count(count)), least, "{steps} by {count}");
            }
        }
    }
}
