//! Why a step has no result: a pivot that nothing can be divided by, an equation whose root was not
//! found; on the tape itself, or inside a function that a step runs.
//!
//! A fault shows in the numbers of a result: rules compute and do not fail. Where one may have
//! shown, the step is gone through again for the fault. A body with a fault inside returns NaN, so
//! that it shows however little of the result depends on it.

use super::call::inputs;
use super::linalg::pivots::BadPivot;
use super::{Site, root};
use crate::attributes::{self, Attributes, Body, Given, Returned};
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

/// Why a step has no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// It would divide by a pivot that is 0, not a number, or of a Cholesky factor not above 0.
    Pivot {
        /// The operation.
        op: Structural,
        /// The shape of the matrices.
        shape: Shape,
        /// The pivot.
        pivot: BadPivot,
    },
    /// An equation whose root Newton's method did not find.
    NoRoot {
        /// `root`, or `fixed_point`.
        name: &'static str,
        /// The steps that were made.
        iterations: usize,
        /// The largest of the equations' sides that should be 0, at the end.
        residual: f64,
    },
}

/// A fault, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What it is.
    pub fault: Fault,
    /// The functions that it stands in, the outermost first, as a message has them: `step 3 of
    /// scan`. None of what the tape computes itself.
    pub inside: Vec<String>,
}

impl Found {
    pub(super) fn of(fault: Fault) -> Self {
        Found { fault, inside: Vec::new() }
    }

    fn within(mut self, name: String) -> Self {
        self.inside.insert(0, name);
        self
    }
}

impl Structural {
    /// Whether the operation may have no result for some operands.
    #[must_use]
    pub fn can_fail(self, attributes: &Attributes) -> bool {
        match attributes {
            Attributes::Root(_) => true,
            Attributes::Call(call) => call.body.can_fail(),
            Attributes::Scan(scan) => scan.body.can_fail(),
            Attributes::Cond(cond) => cond.yes.can_fail() || cond.no.can_fail(),
            _ => self.pivots().is_some(),
        }
    }

    /// Whether numbers of a result, those that [`shown`](Structural::shown) names, may be the sign
    /// of a fault.
    pub fn shows_fault<S: Scalar>(self, shown: impl IntoIterator<Item = S>) -> bool {
        let mut shown = shown.into_iter();
        match self.pivots() {
            Some(pivots) => shown.any(|number| !pivots.is_good(number)),
            None => shown.any(|number| number.to_f64().is_nan()),
        }
    }

    /// The first fault, if there is one.
    #[must_use]
    pub fn fault<S: Scalar>(self, site: &Site<'_, S>) -> Option<Found> {
        S::fault_of(self, site)
    }

    pub(crate) fn fault_by_loops<S: Scalar>(self, site: &Site<'_, S>) -> Option<Found> {
        match site.attributes {
            Attributes::Root(root) => root::solve(root, inputs(site)).err().map(Found::of),
            Attributes::Call(call) => {
                let found = call.body.fault(inputs(site))?;
                Some(found.within(call.name.clone()))
            }
            Attributes::Scan(scan) => in_a_loop(scan, site),
            Attributes::Cond(_) => {
                let (body, given) = super::cond::taken(site);
                Some(body.fault(given)?.within(Structural::Cond.name().to_owned()))
            }
            _ => {
                let (pivot, a) = (self.bad_pivot(site.operands[0])?, site.operands[0]);
                let shape = a.layout.shape().clone();
                Some(Found::of(Fault::Pivot { op: self, shape, pivot }))
            }
        }
    }
}

/// The first step of a loop with a fault inside.
fn in_a_loop<S: Scalar>(scan: &attributes::Scan, site: &Site<'_, S>) -> Option<Found> {
    let body: &Body = &scan.body;
    let operand = |i: usize| site.operands[i].elements().collect::<Vec<S>>();
    let mut given: Vec<Vec<S>> = (0..site.operands.len()).map(operand).collect();
    for t in 0..scan.steps {
        let row = if scan.backwards { scan.steps - 1 - t } else { t };
        let mut inputs = Vec::with_capacity(body.input_len());
        for ((kind, shape), numbers) in scan.given.iter().zip(&body.inputs).zip(&given) {
            let len = shape.len();
            inputs.extend_from_slice(match kind {
                Given::Row => &numbers[row * len..(row + 1) * len],
                Given::Carried(_) | Given::Fixed => numbers,
            });
        }
        let mut column = body.column::<S>();
        column[..inputs.len()].copy_from_slice(&inputs);
        if let Some(found) = body.try_run(&mut column) {
            return Some(found.within(format!("step {t} of {}", Structural::Scan.name())));
        }
        for (output, returned) in body.outputs.iter().zip(&scan.returned) {
            let Returned::Carried(k) = *returned else { continue };
            let next: Vec<S> = super::body::elements(&column, output).collect();
            let state = scan.given.iter().position(|given| *given == Given::Carried(k));
            given[state.expect("every state is given")] = next;
        }
    }
    None
}
