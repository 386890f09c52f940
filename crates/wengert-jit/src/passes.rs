//! Which passes become loops of machine code.

use std::ops::Range;

use wengert_program::internals::{Act, At, From, PassStep, PassTask};

use crate::live;
use crate::ops::is_inline;
use crate::pieces;
use crate::unroll::{count, elements};

/// Whether loops of machine code are as good as a pass's kernels: it has no call, and enough to do
/// for an element that vectors of 128 bits, loaded and stored once, are as good as longer ones that
/// go through memory at each step.
pub(crate) fn is_worth_it(pass: &PassTask, exponent: impl Fn(&At) -> Option<f64>) -> bool {
    let call = call(pass, exponent).is_some();
    !call && !is_left(pass) && period(pass).is_some() && is_in_order(pass)
}

/// What an interpreted pass is: the first function in it, or why it is no loop.
pub(crate) fn reason(pass: &PassTask, exponent: impl Fn(&At) -> Option<f64>) -> &'static str {
    match call(pass, exponent) {
        Some(Act::Unary(op)) => op.name(),
        Some(Act::Binary(op)) => op.name(),
        _ if is_left(pass) => "short pass",
        _ if !pieces::can_be_cut(pass) => "long pass",
        _ => "pass with an order of its own",
    }
}

/// The first operation that is a call.
pub(crate) fn call(pass: &PassTask, exponent: impl Fn(&At) -> Option<f64>) -> Option<Act> {
    pass.steps.iter().find_map(|step| match step {
        PassStep::Compute { act, operands, .. } => {
            (!is_inline(*act, exponent(&operands[1]))).then_some(*act)
        }
        _ => None,
    })
}

/// How much is done for an element.
fn steps(pass: &PassTask) -> usize {
    let weight = |step: &PassStep| if let PassStep::Compute { .. } = step { 1 } else { 2 };
    pass.steps.iter().map(weight).sum()
}

/// Whether there is so little to do for each of so many elements that kernels are quicker.
fn is_left(pass: &PassTask) -> bool {
    steps(pass) < FEWEST && elements(pass) > MOST
}

/// Fewer operations on an element than this are left to kernels,
const FEWEST: usize = 4;
/// if there are more elements than this: 131 elements of two operations took 71 ns by kernels and 20
/// as a loop, and a step with 256 of one operation 1.88 µs and 1.84.
const MOST: usize = 300;

/// The extent of the last axis, if a row is two axes walked as one; 0 if it is one.
pub(crate) fn period(pass: &PassTask) -> Option<usize> {
    let (mut period, mut strides) = (0, false);
    for step in &pass.steps {
        let own = match step {
            PassStep::Bring { from: From::Cycle { period, .. }, .. } => *period,
            PassStep::Bring { from: From::Repeat { times, .. }, .. } => *times,
            PassStep::Bring { from: From::Stride { .. }, .. } => {
                strides = true;
                continue;
            }
            _ => continue,
        };
        if period != 0 && period != own {
            return None;
        }
        period = own;
    }
    (period == 0 || pass.len.is_multiple_of(period) && !strides).then_some(period)
}

/// Whether a pass may go element by element: what it writes it reads nowhere else than at the same
/// element.
fn is_in_order(pass: &PassTask) -> bool {
    let along = |at: &At| if at.moves { (pass.len, 1) } else { (1, 0) };
    let mut written: Vec<(At, Range<usize>)> = Vec::new();
    for step in &pass.steps {
        match step {
            PassStep::Compute { out, .. } if !out.register => {
                written.push((*out, live::window(pass, out, along(out))));
            }
            PassStep::Scatter { to, .. } => {
                let (first, last) = (to.iter().min(), to.iter().max());
                let (Some(&first), Some(&last)) = (first, last) else { return false };
                let none = At { start: usize::MAX, walk: 0, moves: false, register: false };
                written.push((none, first as usize..last as usize + 1));
            }
            _ => {}
        }
    }
    let apart = |own: Option<&At>, places: &Range<usize>| {
        written.iter().all(|(at, range)| {
            own == Some(at) || places.end <= range.start || range.end <= places.start
        })
    };
    let mut fits = true;
    for step in &pass.steps {
        if let PassStep::Compute { act, operands, .. } = step {
            let read = operands[..count(*act)].iter().filter(|at| !at.register);
            for at in read {
                fits &= apart(Some(at), &live::window(pass, at, along(at)));
            }
        } else if let PassStep::Scatter { from, .. } = step
            && !from.register
        {
            fits &= apart(Some(from), &live::window(pass, from, along(from)));
        }
    }
    // Everything that is brought is read by steps of its own.
    let brought = PassTask {
        steps: pass
            .steps
            .iter()
            .filter(|step| matches!(step, PassStep::Bring { .. }))
            .cloned()
            .collect(),
        ..pass.clone()
    };
    live::pass_reads(&brought, |places| fits &= apart(None, &places));
    fits
}
