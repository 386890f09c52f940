//! Long passes as several functions: what passes between two of them goes through the workspace.

use std::collections::{HashMap, HashSet};

use wengert_program::internals::{At, From, PassStep, PassTask};

use crate::passes;
use crate::unroll::{PIECE, count};

/// A function has no more steps of a pass than this: the time to give its numbers registers grows
/// faster than it.
const STEPS: usize = 160;

/// The loops of machine code that take the place of a pass's kernels, in order, if they do.
pub(crate) fn pieces(
    pass: &PassTask,
    exponent: impl Fn(&At) -> Option<f64>,
) -> Option<Vec<PassTask>> {
    if !can_be_cut(pass) {
        return None;
    }
    let pieces = cut(pass);
    pieces.iter().all(|piece| passes::is_worth_it(piece, &exponent)).then_some(pieces)
}

/// Whether a pass is short, or its registers hold a number for each of its elements at once.
pub(crate) fn can_be_cut(pass: &PassTask) -> bool {
    pass.steps.len() <= STEPS || pass.rows.iter().product::<usize>() == 1 && pass.len <= PIECE
}

/// A pass as several of about one size, of which one runs after the other. Registers that a later
/// one reads are places as any other.
fn cut(pass: &PassTask) -> Vec<PassTask> {
    let count = pass.steps.len().div_ceil(STEPS);
    if count < 2 {
        return vec![pass.clone()];
    }
    let size = pass.steps.len().div_ceil(count);
    // By register, which piece wrote it last.
    let mut written: HashMap<usize, usize> = HashMap::new();
    let mut crossing: HashSet<usize> = HashSet::new();
    for (s, step) in pass.steps.iter().enumerate() {
        let (out, read) = touched(step);
        for at in read.into_iter().flatten().filter(|at| at.register) {
            if written.get(&at.start) != Some(&(s / size)) {
                crossing.insert(at.start);
            }
        }
        if let Some(out) = out.filter(|at| at.register) {
            written.insert(out.start, s / size);
        }
    }
    let piece = |steps: &[PassStep]| {
        let mut steps = steps.to_vec();
        for at in steps.iter_mut().flat_map(all_mut) {
            if at.register && crossing.contains(&at.start) {
                (at.register, at.moves) = (false, true);
            }
        }
        PassTask { steps, rows: pass.rows.clone(), walks: pass.walks.clone(), len: pass.len }
    };
    pass.steps.chunks(size).map(piece).collect()
}

/// Where a step writes, and where it reads.
fn touched(step: &PassStep) -> (Option<At>, [Option<At>; 3]) {
    match step {
        PassStep::Compute { act, out, operands } => {
            let read = std::array::from_fn(|k| (k < count(*act)).then_some(operands[k]));
            (Some(*out), read)
        }
        PassStep::Bring { out, from } => {
            let read = match from {
                From::Stride { at, .. } | From::Cycle { at, .. } | From::Repeat { at, .. } => {
                    Some(*at)
                }
                From::List(_) => None,
            };
            (Some(*out), [read, None, None])
        }
        PassStep::Scatter { from, .. } => (None, [Some(*from), None, None]),
    }
}

/// Every place that a step names.
fn all_mut(step: &mut PassStep) -> Vec<&mut At> {
    match step {
        PassStep::Compute { out, operands, .. } => {
            std::iter::once(out).chain(operands.iter_mut()).collect()
        }
        PassStep::Bring { out, from } => match from {
            From::Stride { at, .. } | From::Cycle { at, .. } | From::Repeat { at, .. } => {
                vec![out, at]
            }
            From::List(_) => vec![out],
        },
        PassStep::Scatter { from, .. } => vec![from],
    }
}
