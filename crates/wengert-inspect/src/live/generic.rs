//! A trace at numbers of which none is special.

use crate::diff::Evaluator;
use crate::trace::{Slot, Trace};
use crate::zero;

/// The trace with other numbers in its leaves, and what follows from them: none is 0, or 1, or large.
/// What is 0 there is so by the structure of the tape, and so is what a formula leaves out.
///
/// `None` if an operation cannot be computed.
pub(crate) fn generic(trace: &Trace) -> Option<Trace> {
    let mut generic = trace.clone();
    let mut evaluator = Evaluator::default();
    let mut part = 0.5_f64;
    for index in 0..trace.nodes().len() {
        let node = &trace.nodes()[index];
        if !node.operands.is_empty() {
            let values = evaluator.evaluate(&generic, index)?;
            generic.set_values(index, values);
        } else if node.op != "const" {
            // Multiples of the golden ratio are spread evenly.
            let values = node.values.iter().map(|_| {
                part = (part + 0.618_033_988_749_894_9).fract();
                0.15 + 0.7 * part
            });
            generic.set_values(index, values.collect());
        }
    }
    let precision = trace.precision();
    let mut adjoints = vec![0.0; trace.len()];
    for output in trace.outputs() {
        adjoints[trace.at(output.of).index()] += output.cotangent;
    }
    for index in (0..trace.nodes().len()).rev() {
        generic.jacobian(index, |entry| {
            let share = precision.times(entry.partial, adjoints[entry.reader]);
            adjoints[entry.slot] += share.unwrap_or(0.0);
        });
    }
    let computed = |slot: Slot| trace.adjoint(slot).number().is_some();
    let covered = trace.slots().take_while(|&slot| computed(slot)).count();
    let answers = zero::answers(&generic, &adjoints[..covered]);
    generic.set_adjoints(answers);
    Some(generic)
}
