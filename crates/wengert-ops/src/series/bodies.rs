//! What runs bodies, as power series: the bodies written out.

use super::Power;
use crate::algebra::Algebra;
use crate::attributes::{Attributes, Body, Given, Returned, Scan};
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

impl<S: Scalar> Power<'_, S> {
    /// What a loop does, written out.
    pub(super) fn looped(operands: &[Self], scan: &Scan) -> Self {
        let body: &Body = &scan.body;
        let mut given = operands.to_vec();
        let outputs = scan.returned.len();
        let mut rows: Vec<Vec<Self>> = vec![Vec::new(); outputs];
        let mut last = Vec::new();
        for t in 0..scan.steps {
            let row = if scan.backwards { scan.steps - 1 - t } else { t };
            let inputs = given.iter().zip(&scan.given).zip(&body.inputs);
            let inputs = inputs.map(|((&x, kind), shape)| match kind {
                Given::Row => x.part(0, row..row + 1).reshaped(shape),
                Given::Carried(_) | Given::Fixed => x,
            });
            last = body.written_out(&inputs.collect::<Vec<_>>());
            for (o, (returned, &output)) in scan.returned.iter().zip(&last).enumerate() {
                match *returned {
                    Returned::Row => rows[o].push(output),
                    Returned::Carried(k) => {
                        let is_it = |given: &Given| *given == Given::Carried(k);
                        let state = scan.given.iter().position(is_it);
                        given[state.expect("every state is given")] = output;
                    }
                }
            }
        }
        // The states, then the rows, in the order in which the loop returns them.
        let mut parts: Vec<(usize, Self)> = Vec::new();
        for (o, returned) in scan.returned.iter().enumerate() {
            let output = match returned {
                Returned::Carried(_) => last[o],
                Returned::Row => {
                    if scan.backwards {
                        rows[o].reverse();
                    }
                    Self::structural(Structural::Stack, &rows[o], Attributes::None)
                }
            };
            parts.push((scan.output_start(o), output));
        }
        parts.sort_by_key(|&(start, _)| start);
        one_after_the_other(&parts.into_iter().map(|(_, part)| part).collect::<Vec<_>>())
    }
}

/// Arrays as one run.
fn one_after_the_other<'a, S: Scalar>(parts: &[Power<'a, S>]) -> Power<'a, S> {
    let flat = |part: &Power<'a, S>| part.reshaped(&Shape::from([part.extents().len()]));
    let flat: Vec<Power<'a, S>> = parts.iter().map(flat).collect();
    Algebra::structural(Structural::Concat, &flat, Attributes::axes_of(&[0]))
}

/// What a body returns, as a step that runs it does.
pub(super) fn ran<'a, S: Scalar>(body: &Body, operands: &[Power<'a, S>]) -> Power<'a, S> {
    match body.written_out(operands).as_slice() {
        [output] => *output,
        outputs => one_after_the_other(outputs),
    }
}
