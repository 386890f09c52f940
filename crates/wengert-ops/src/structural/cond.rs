//! Two bodies of the same inputs and outputs, of which one is run.

use std::sync::Arc;

use smallvec::SmallVec;

use super::call::{
    add_pullback, cotangents, each_row, fits, inputs_from, nothing, pick, returned, run_body,
};
use super::{At, Entry, Misfit, Reading, Rule, Site};
use crate::algebra::Algebra;
use crate::attributes::{self, Attributes, Body};
use crate::op::Structural;
use crate::real::Scalar;
use crate::shape::Shape;

pub(super) struct Cond;

fn cond(attributes: &Attributes) -> &attributes::Cond {
    match attributes {
        Attributes::Cond(cond) => cond,
        _ => unreachable!("the shape rule asks for two bodies"),
    }
}

/// The body that is run.
fn chosen<'a, S: Scalar>(site: &Site<'a, S>) -> &'a Arc<Body> {
    let cond = cond(site.attributes);
    let condition = site.operands[0].elements().next();
    if condition.is_some_and(|condition| !condition.detached().is_zero()) {
        &cond.yes
    } else {
        &cond.no
    }
}

/// The body that is run, and what it is given.
pub(super) fn taken<'a, S: Scalar>(site: &Site<'a, S>) -> (&'a Arc<Body>, Vec<S>) {
    (chosen(site), inputs(site))
}

/// The numbers that the body is given.
fn inputs<S: Scalar>(site: &Site<'_, S>) -> Vec<S> {
    inputs_from(site, 1)
}

impl Rule for Cond {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let Attributes::Cond(cond) = attributes else {
            let rule = "a cond needs the two bodies that it chooses from".to_owned();
            return Err(Misfit::One { operand: 0, rule });
        };
        let Some((condition, operands)) = operands.split_first() else {
            return Err(Misfit::Count);
        };
        if !condition.is_scalar() {
            let rule = "the condition is a single number".to_owned();
            return Err(Misfit::One { operand: 0, rule });
        }
        for body in [&cond.yes, &cond.no] {
            fits(operands, body).map_err(|misfit| match misfit {
                Misfit::One { operand, rule } => Misfit::One { operand: operand + 1, rule },
                misfit => misfit,
            })?;
        }
        let (shape, other) = (returned(&cond.yes), returned(&cond.no));
        if shape != other {
            let rule = format!("one branch returns shape {shape}, the other {other}");
            return Err(Misfit::One { operand: 0, rule });
        }
        Ok(shape)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        run_body(chosen(site), inputs(site), run);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        each_row(site, visit, Self::reverse);
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        let mut given = inputs(site);
        given.extend_from_slice(g);
        add_pullback(site, &chosen(site).pullback(), given, 1, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let wants: SmallVec<[bool; 3]> = (0..at.operands.len()).map(|k| k == i).collect();
        Self::shares(at, &wants, g)[i]
    }

    fn shares<T: Algebra>(at: &At<'_, T>, wants: &[bool], g: T) -> SmallVec<[Option<T>; 3]> {
        let cond = cond(at.attributes);
        let (yes, no) = (cond.yes.pullback(), cond.no.pullback());
        let mut given = at.operands.to_vec();
        given.extend(cotangents(&cond.yes, g));
        let mut shares = SmallVec::from_slice(&[None]);
        let flat = branches((Arc::clone(&yes), no), &given);
        shares.extend(pick(&yes, flat, &wants[1..]));
        shares
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        if i == 0 {
            return None;
        }
        let cond = cond(at.attributes);
        let along = |body: &Body| {
            let along = body.pushforward();
            Arc::new(along.returning(along.outputs[body.outputs.len()..].to_vec()))
        };
        let mut given = at.operands.to_vec();
        let tangents =
            (1..at.operands.len()).map(|k| if k == i { t } else { nothing(at.operands[k]) });
        given.extend(tangents);
        Some(branches((along(&cond.yes), along(&cond.no)), &given))
    }

    const JOINT: bool = true;

    const READING: Reading = Reading::Called;
}

#[track_caller]
fn branches<T: Algebra>((yes, no): (Arc<Body>, Arc<Body>), given: &[T]) -> T {
    let attributes = Attributes::Cond(Arc::new(attributes::Cond { yes, no }));
    T::structural(Structural::Cond, given, attributes)
}
