//! Which of the four answers an adjoint is: told from the trace's graph, with a reason for every
//! zero that has one.

use wengert::op::{Op, Structural};
use wengert::rulebook::rules::Partial;

use crate::digits::Digits;
use crate::jacobian::Entry;
use crate::trace::{Adjoint, Slot, Trace, known_op};

/// Why a contribution is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reason {
    /// The other factor of a product is zero.
    Factor { slot: usize },
    /// The derivative is zero wherever it exists.
    Flat { node: usize },
    /// The derivative is zero here: relu below its kink, the smaller side of a max.
    FlatHere { node: usize, slot: usize },
    /// The reader's adjoint is zero for a reason of its own.
    Reader { slot: usize },
}

/// What is known of a slot whose adjoint is zero, after all its readers were looked at.
#[derive(Clone, Debug, Default)]
struct Zero {
    /// The output was computed from it.
    live: bool,
    /// Some contribution is zero, or cancels, by its numbers alone.
    computed: bool,
    /// The first different reasons, in the order of the sweep.
    reasons: Vec<Reason>,
    /// Contributions that are zero for yet other reasons.
    more: usize,
}

/// Reasons that a text names before it counts the rest.
const SHOWN: usize = 2;

/// The answers of the slots that the sweep covered.
pub(crate) fn answers(trace: &Trace, adjoints: &[f64]) -> Vec<Adjoint> {
    let mut zeros: Vec<Option<Box<Zero>>> = vec![None; adjoints.len()];
    let seeds: Vec<usize> =
        trace.outputs().iter().map(|output| trace.at(output.of).index()).collect();
    for &seed in &seeds {
        if adjoints[seed] == 0.0 {
            zeros[seed] = Some(Box::new(Zero { live: true, computed: true, ..Zero::default() }));
        }
    }
    let covered =
        trace.nodes().iter().enumerate().rev().filter(|&(i, _)| trace.start(i) < adjoints.len());
    for (node, _) in covered {
        trace.jacobian(node, |entry| {
            if adjoints[entry.slot] == 0.0 {
                look_at(trace, node, &entry, adjoints, &mut zeros);
            }
        });
    }
    let answer = |slot: usize| {
        let adjoint = adjoints[slot];
        if adjoint != 0.0 {
            return Adjoint::Computed(adjoint);
        }
        match zeros[slot].as_deref() {
            Some(zero @ Zero { live: true, computed: false, .. }) => {
                Adjoint::Zero(text(trace, zero))
            }
            // Without the sign, which the sweep may only have left there.
            Some(Zero { live: true, .. }) => Adjoint::Computed(0.0),
            Some(Zero { live: false, .. }) | None => Adjoint::NoPath,
        }
    };
    (0..adjoints.len()).map(answer).collect()
}

/// Notes what one reader means for a number whose adjoint is zero.
fn look_at(
    trace: &Trace,
    node: usize,
    entry: &Entry,
    adjoints: &[f64],
    zeros: &mut [Option<Box<Zero>>],
) {
    let reader = adjoints[entry.reader];
    // Its readers stand later on the tape, so its own answer is known.
    let reader_zero = zeros[entry.reader].as_deref();
    let reader_live = reader != 0.0 || reader_zero.is_some_and(|zero| zero.live);
    if !reader_live {
        return;
    }
    let (reasons, more) = match entry.partial {
        // What is stated as 0 is so at these numbers, and need not be elsewhere.
        Partial::Zero if !trace.nodes()[node].partials.is_empty() => {
            (vec![Reason::FlatHere { node, slot: entry.slot }], 0)
        }
        Partial::Zero => (vec![Reason::Flat { node }], 0),
        // A reader with a name has a line of its own; through others the reasons are passed on.
        _ if reader == 0.0 => match reader_zero {
            Some(zero) if zero.computed => (vec![], 0),
            Some(zero) if !trace.label_of(Slot(entry.reader)).named => {
                (zero.reasons.clone(), zero.more)
            }
            _ => (vec![Reason::Reader { slot: entry.reader }], 0),
        },
        partial if partial.value(0.0) == 0.0 => match entry.factor {
            Some(slot) => (vec![Reason::Factor { slot }], 0),
            None => (vec![Reason::FlatHere { node, slot: entry.slot }], 0),
        },
        _ => (vec![], 0),
    };
    let zero = zeros[entry.slot].get_or_insert_default();
    zero.live = true;
    zero.computed |= reasons.is_empty();
    zero.more += more;
    for reason in reasons {
        if zero.reasons.contains(&reason) {
            continue;
        }
        if zero.reasons.len() < SHOWN {
            zero.reasons.push(reason);
        } else {
            zero.more += 1;
        }
    }
}

fn text(trace: &Trace, zero: &Zero) -> String {
    let mut texts: Vec<String> = zero.reasons.iter().map(|&reason| one(trace, reason)).collect();
    if zero.more > 0 {
        texts.push(format!("and {} more", zero.more));
    }
    texts.join("; ")
}

fn one(trace: &Trace, reason: Reason) -> String {
    let label = |slot: usize| trace.label(Slot(slot));
    match reason {
        Reason::Factor { slot } if trace.nodes()[trace.spot(Slot(slot)).node].op == "const" => {
            "a constant factor is 0".to_owned()
        }
        Reason::Factor { slot } => format!("{} = 0", label(slot)),
        Reason::Reader { slot } => format!("the adjoint of {} is zero", label(slot)),
        Reason::FlatHere { node, slot } => {
            let (op, value) = (&trace.nodes()[node].op, Digits::new(trace.value(Slot(slot))));
            format!("the slope of {op} is 0 at {} = {value}", label(slot))
        }
        Reason::Flat { node } => {
            let node = &trace.nodes()[node];
            match known_op(&node.op) {
                Some(Op::Structural(Structural::Select)) => {
                    "select chose the other branch".to_owned()
                }
                Some(Op::Structural(_)) => format!("{} chose another element", node.op),
                Some(Op::Binary(wengert::op::Binary::Powi)) => {
                    "the exponent of powi is an integer".to_owned()
                }
                Some(Op::Binary(op)) if op.takes_an_integer() => {
                    format!("the order of {op} is an integer", op = node.op)
                }
                _ => format!("{} is piecewise constant", node.op),
            }
        }
    }
}
