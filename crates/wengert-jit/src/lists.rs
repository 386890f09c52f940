//! Lists of places that are a walk: nothing has to be looked up for them.

use wengert_program::internals::{Act, At, From, PassStep, PassTask};

/// A cycle shorter than this is left a list: it would be a loop of few elements.
const CYCLE: usize = 8;

/// The same pass with walks in the place of lists, where it is one row.
pub(crate) fn walked(mut pass: PassTask) -> PassTask {
    if pass.rows.iter().product::<usize>() != 1 || pass.walks.is_empty() {
        return pass;
    }
    let at = |start: u32, moves| At { start: start as usize, walk: 0, moves, register: false };
    for step in &mut pass.steps {
        match step {
            PassStep::Bring { from, .. } => {
                let From::List(list) = &*from else { continue };
                let period = period(list);
                let Some(stride) = stride(&list[..period]) else { continue };
                let at = at(list[0], false);
                if period == list.len() {
                    *from = From::Stride { at, stride };
                } else if period >= CYCLE && period.is_multiple_of(4) {
                    *from = From::Cycle { at, stride, period };
                }
            }
            PassStep::Scatter { from, to } if stride(to) == Some(1) => {
                let operands = [*from; 3];
                *step = PassStep::Compute { act: Act::Copy, out: at(to[0], true), operands };
            }
            PassStep::Scatter { .. } | PassStep::Compute { .. } => {}
        }
    }
    pass
}

/// After how many places a list is itself again.
fn period(list: &[u32]) -> usize {
    let again = list.iter().skip(1).position(|place| *place == list[0]);
    let Some(period) = again.map(|before| before + 1) else { return list.len() };
    let repeats = list.len().is_multiple_of(period)
        && list.iter().zip(&list[period..]).all(|(place, later)| place == later);
    if repeats { period } else { list.len() }
}

/// By how much each place is further on than the one before.
fn stride(list: &[u32]) -> Option<isize> {
    let by = |pair: &[u32]| pair[1] as isize - pair[0] as isize;
    let mut all = list.windows(2).map(by);
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_repeats_itself_from_end_to_end_or_not_at_all() {
        assert_eq!(period(&[5, 6, 7, 5, 6, 7]), 3);
        assert_eq!(period(&[5, 6, 7, 5, 6]), 5);
        assert_eq!(period(&[5, 6, 5, 7]), 4);
        assert_eq!(period(&[5, 5]), 1);
    }

    #[test]
    fn a_walk_is_even() {
        assert_eq!(stride(&[9, 6, 3, 0]), Some(-3));
        assert_eq!(stride(&[4, 4, 4]), Some(0));
        assert_eq!(stride(&[1, 2, 4]), None);
        assert_eq!(stride(&[1]), None);
    }
}
