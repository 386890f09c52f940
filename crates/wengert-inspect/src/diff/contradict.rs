//! A trace against itself: values that are not what the op makes of the operands, adjoints that are
//! not the sum of their contributions.

use super::evaluate::Evaluator;
use crate::reference::Quantity;
use crate::trace::{Adjoint, Precision, Slot, Trace, known_op};

/// A number that the trace's own other numbers deny.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Contradiction {
    /// Whether it is of the other side.
    pub theirs: bool,
    /// Where it stands on that side's trace.
    pub slot: Slot,
    /// What a reader calls it.
    pub path: String,
    /// A value is not the op of its operands, an adjoint is not the sum of its contributions.
    pub quantity: Quantity,
    /// What the trace states.
    pub stated: f64,
    /// What its other numbers make.
    pub computed: f64,
}

/// What rounding and another library's last digits may do to a single step.
fn allowed(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => 1e-7,
        Precision::F32 => 1e-3,
    }
}

/// Every number of a trace that the others deny: values in the order of the tape, adjoints in the
/// order of the sweep. One step each, so that one wrong number is one contradiction and what was
/// computed from it is none.
pub(super) fn contradictions(trace: &Trace, theirs: bool) -> Vec<Contradiction> {
    let mut found = values(trace, theirs);
    found.extend(adjoints(trace, theirs));
    found
}

fn values(trace: &Trace, theirs: bool) -> Vec<Contradiction> {
    let (mut found, mut evaluator) = (Vec::new(), Evaluator::default());
    let rtol = allowed(trace.precision());
    for (node, of) in trace.nodes().iter().enumerate() {
        let Some(computed) = evaluator.evaluate(trace, node) else { continue };
        let apart = |a: f64, b: f64| {
            a.is_nan() != b.is_nan() || (a - b).abs() > rtol * a.abs().max(b.abs())
        };
        if !computed.iter().zip(&of.values).any(|(&a, &b)| apart(a, b)) {
            continue;
        }
        // Terms that cancel leave the error of the terms.
        let mut magnitude = vec![0.0; computed.len()];
        let start = trace.start(node);
        trace.jacobian_uncut(node, |entry| {
            let term = entry.partial.value(1.0) * trace.value(Slot(entry.slot));
            magnitude[entry.reader - start] += term.abs();
        });
        for (i, (&computed, &stated)) in computed.iter().zip(&of.values).enumerate() {
            let scale = stated.abs().max(computed.abs()).max(magnitude[i]);
            let apart = computed.is_nan() != stated.is_nan()
                || (computed - stated).abs() > rtol * scale
                || (computed != stated && !scale.is_finite() && !scale.is_nan());
            if apart {
                let slot = Slot(start + i);
                let (path, quantity) = (trace.label(slot), Quantity::Value);
                found.push(Contradiction { theirs, slot, path, quantity, stated, computed });
            }
        }
    }
    found
}

fn adjoints(trace: &Trace, theirs: bool) -> Vec<Contradiction> {
    // A reader that is not on the trace, or does not say what it reads, leaves a sum incomplete.
    let hides = |node: usize| {
        let of = &trace.nodes()[node];
        of.operands.is_empty() && known_op(&of.op).is_none()
    };
    if trace.outputs().is_empty()
        || trace.omitted().is_some()
        || (0..trace.nodes().len()).any(hides)
    {
        return Vec::new();
    }
    let (rtol, slots) = (allowed(trace.precision()), trace.len());
    let (mut sum, mut magnitude, mut explained) =
        (vec![0.0; slots], vec![0.0; slots], vec![true; slots]);
    for output in trace.outputs() {
        let slot = trace.at(output.of).index();
        sum[slot] += output.cotangent;
        magnitude[slot] += output.cotangent.abs();
    }
    let last = trace.outputs().iter().map(|output| output.of.node).max().unwrap_or(0);
    let mut found = Vec::new();
    // What is recorded after the outputs adds nothing.
    for node in (0..=last).rev() {
        for slot in trace.slots_of(node) {
            let (computed, Some(stated)) = (sum[slot.index()], trace.adjoint(slot).number()) else {
                continue;
            };
            let scale = stated.abs() + magnitude[slot.index()];
            if explained[slot.index()]
                && scale.is_finite()
                && (stated - computed).abs() > rtol * scale
            {
                let (path, quantity) = (trace.label(slot), Quantity::Adjoint);
                found.push(Contradiction { theirs, slot, path, quantity, stated, computed });
            }
        }
        // One who derived some of the adjoints leaves the sums of the others open.
        let silent = |slot: Slot| *trace.adjoint(slot) == Adjoint::NotComputed;
        if !trace.says_jacobian(node) || trace.slots_of(node).any(silent) {
            let read = trace.nodes()[node].operands.iter().filter(|operand| !operand.cut);
            for operand in read {
                trace.resolve(&operand.elements).slots().for_each(|slot| explained[slot] = false);
            }
            continue;
        }
        trace.jacobian(node, |entry| {
            let Adjoint::Computed(adjoint) = *trace.adjoint(Slot(entry.reader)) else { return };
            if let Some(product) = trace.precision().times(entry.partial, adjoint) {
                sum[entry.slot] += product;
                magnitude[entry.slot] += product.abs();
            }
        });
    }
    found
}
