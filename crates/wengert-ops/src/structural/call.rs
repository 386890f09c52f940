//! A function that is called: one step of the list, whatever it does inside.

use std::collections::HashSet;
use std::sync::Arc;

use smallvec::SmallVec;

use super::body::elements;
use super::{At, Entry, Misfit, Reading, Rule, Site};
use crate::algebra::Algebra;
use crate::attributes::{self, Attributes, Body, Elements};
use crate::elementwise::accumulate;
use crate::op::Structural;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::Shape;
use crate::tensor::Tensor;

pub(super) struct Call;

fn call(attributes: &Attributes) -> &attributes::Call {
    match attributes {
        Attributes::Call(call) => call,
        _ => unreachable!("the shape rule asks for a function"),
    }
}

impl Rule for Call {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let Attributes::Call(call) = attributes else {
            let rule = "a call needs the function that it calls".to_owned();
            return Err(Misfit::One { operand: 0, rule });
        };
        fits(operands, &call.body)?;
        Ok(returned(&call.body))
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let call = call(site.attributes);
        match &call.rule {
            Some(rule) if S::IS_DUAL => by_rule(site, &call.body, rule, run),
            _ => run_body(&call.body, inputs(site), run),
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        each_row(site, visit, Self::reverse);
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        let call = call(site.attributes);
        let mut given = inputs(site);
        let back = match &call.rule {
            Some(rule) => {
                given.extend_from_slice(&site.run[..site.shape.len()]);
                Arc::clone(rule)
            }
            None => call.body.pullback(),
        };
        given.extend_from_slice(g);
        add_pullback(site, &back, given, 0, adjoints);
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let wants: SmallVec<[bool; 3]> = (0..at.operands.len()).map(|k| k == i).collect();
        Self::shares(at, &wants, g)[i]
    }

    fn shares<T: Algebra>(at: &At<'_, T>, wants: &[bool], g: T) -> SmallVec<[Option<T>; 3]> {
        let call = call(at.attributes);
        let mut given = at.operands.to_vec();
        let back = match &call.rule {
            Some(rule) => {
                given.push(at.value);
                Arc::clone(rule)
            }
            None => call.body.pullback(),
        };
        given.extend(cotangents(&call.body, g));
        let name = format!("{}'", call.name);
        let flat = called(name, Arc::clone(&back), &given);
        pick(&back, flat, wants)
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let call = call(at.attributes);
        let mut given = at.operands.to_vec();
        let tangents = (0..given.len()).map(|k| if k == i { t } else { nothing(at.operands[k]) });
        let (along, skip) = match &call.rule {
            Some(rule) => {
                // The rule is linear in the cotangent: its transpose carries tangents.
                given.extend([at.value, nothing(at.value)]);
                (rule.pullback(), at.operands.len() + 1)
            }
            None => (call.body.pushforward(), call.body.outputs.len()),
        };
        given.extend(tangents);
        let outputs = along.outputs[skip..].to_vec();
        let along = Arc::new(along.returning(outputs));
        let name = format!("{}·", call.name);
        Some(called(name, along, &given))
    }

    fn composed<T: Algebra>(operands: &[T], attributes: &Attributes) -> Option<T> {
        let body = &call(attributes).body;
        // Written out, nobody would ask whether it has a result.
        if body.can_fail() {
            return None;
        }
        let outputs = body.written_out(operands);
        Some(match outputs.as_slice() {
            [output] => *output,
            _ => joined(&outputs),
        })
    }

    const JOINT: bool = true;

    const READING: Reading = Reading::Called;
}

/// A call of a body.
#[track_caller]
pub(super) fn called<T: Algebra>(name: String, body: Arc<Body>, given: &[T]) -> T {
    let call = attributes::Call { name, body, rule: None };
    T::structural(Structural::Call, given, Attributes::Call(Arc::new(call)))
}

/// The shape of what a body returns: its output's, or that of all of them, one after the other.
pub(super) fn returned(body: &Body) -> Shape {
    match body.outputs.as_slice() {
        [output] => output.layout.shape().clone(),
        _ => Shape::from([body.output_len()]),
    }
}

/// Whether operands have the shapes of a body's inputs.
pub(super) fn fits(operands: &[&Shape], body: &Body) -> Result<(), Misfit> {
    if operands.len() != body.inputs.len() {
        return Err(Misfit::Count);
    }
    for (i, (&found, wanted)) in operands.iter().zip(&body.inputs).enumerate() {
        if found != wanted {
            let rule = format!("the function was recorded for shape {wanted}");
            return Err(Misfit::One { operand: i, rule });
        }
    }
    Ok(())
}

/// The operands' numbers, one operand after the other. What is cut stands still.
pub(super) fn inputs<S: Scalar>(site: &Site<'_, S>) -> Vec<S> {
    inputs_from(site, 0)
}

/// Those of the operands from `first` on.
pub(super) fn inputs_from<S: Scalar>(site: &Site<'_, S>, first: usize) -> Vec<S> {
    let each = site.operands[first..].iter().zip(&site.cut[first..]);
    let still = |x: S, cut: bool| if S::HAS_TANGENT && cut { x.detached() } else { x };
    each.flat_map(|(operand, &cut)| operand.elements().map(move |x| still(x, cut))).collect()
}

/// What a body returns for numbers.
pub(super) fn run_body<S: Scalar>(body: &Body, given: Vec<S>, run: &mut [S]) {
    let mut column = body.column();
    column[..given.len()].copy_from_slice(&given);
    body.run(&mut column);
    for (to, value) in run.iter_mut().zip(body.outputs_of(&column)) {
        *to = value;
    }
}

/// Runs a pullback and adds its outputs to the adjoints of the operands from `first` on.
pub(super) fn add_pullback<S: Scalar>(
    site: &Site<'_, S>,
    back: &Body,
    given: Vec<S>,
    first: usize,
    adjoints: &mut [S],
) {
    let mut column = back.column();
    column[..given.len()].copy_from_slice(&given);
    back.run(&mut column);
    for (i, output) in (first..).zip(&back.outputs) {
        if let Some(operand) = site.operands.get(i)
            && !site.cut[i]
        {
            let source =
                Tensor { data: &column, start: output.start as usize, layout: &output.layout };
            accumulate(source, (operand.start, operand.layout), adjoints);
        }
    }
}

/// The Jacobian row by row, by a sweep for each element of the result.
pub(super) fn each_row<S: Scalar>(
    site: &Site<'_, S>,
    visit: &mut dyn FnMut(Entry<S>),
    sweep: impl Fn(&Site<'_, S>, &[S], &mut [S]),
) {
    let zero = S::from_f64(0.0);
    let mut g = vec![zero; site.shape.len()];
    let end = |i: usize| site.operands[i].start + site.operands[i].layout.last_offset() + 1;
    let slots = (0..site.operands.len()).map(end).max().unwrap_or(0);
    for out in 0..g.len() {
        g[out] = S::from_f64(1.0);
        // An operand at a time: two of them may read the same slot.
        for (i, operand) in site.operands.iter().enumerate().filter(|(i, _)| !site.cut[*i]) {
            let mut alone = Site {
                operands: site.operands.clone(),
                cut: SmallVec::from_elem(true, site.operands.len()),
                shape: site.shape,
                attributes: site.attributes,
                run: site.run,
            };
            alone.cut[i] = false;
            let mut adjoints = vec![S::EMPTY; slots];
            sweep(&alone, &g, &mut adjoints);
            let mut seen = HashSet::new();
            for offset in operand.layout.offsets() {
                let slot = operand.start + offset;
                if seen.insert(slot) {
                    visit(Entry::new(out, i, slot, Partial::Of(adjoints[slot])));
                }
            }
        }
        g[out] = zero;
    }
}

/// The value by the body, and its tangent by the rule, of numbers that carry one.
///
/// The pullback of a rule that is linear in the cotangent g is, as a function of the cotangents of
/// its outputs, what carries tangents along: `ġ = J ẋ`.
fn by_rule<S: Scalar>(site: &Site<'_, S>, body: &Body, rule: &Body, run: &mut [S]) {
    let moving = inputs(site);
    let mut given: Vec<S> = moving.iter().map(|x| x.detached()).collect();
    run_body(body, given.clone(), run);
    if rule.limit().is_some_and(|limit| limit.times == 0) {
        // What it calls has no derivative, and of what stands still none is needed.
        if let Some(moved) = moving.iter().find(|x| !x.tangent_alone().is_zero()) {
            let unknown = moved.tangent_alone() * S::from_f64(f64::NAN);
            run.iter_mut().for_each(|value| *value = value.with_tangent_of(unknown));
        }
        return;
    }
    given.extend_from_slice(run);
    given.extend(run.iter().map(|_| S::from_f64(0.0)));
    given.extend(moving.iter().map(|x| x.tangent_alone()));
    let back = rule.pullback();
    let mut column = back.column();
    column[..given.len()].copy_from_slice(&given);
    back.run(&mut column);
    let tangents = elements(&column, &back.outputs[site.operands.len() + 1]);
    for (value, tangent) in run.iter_mut().zip(tangents) {
        *value = value.with_tangent_of(tangent);
    }
}

/// The cotangents of a body's outputs, of that of all of them.
pub(super) fn cotangents<T: Algebra>(body: &Body, g: T) -> Vec<T> {
    if body.outputs.len() == 1 {
        return vec![g];
    }
    parts(body, g)
}

/// The outputs of a body, of what it returns.
fn parts<T: Algebra>(body: &Body, returned: T) -> Vec<T> {
    let mut first = 0;
    let part = |output: &Elements| {
        let shape = output.layout.shape();
        let range = first..first + shape.len();
        first = range.end;
        returned.part(0, range).reshaped(shape)
    };
    body.outputs.iter().map(part).collect()
}

/// Those of a pullback's outputs that are wanted.
pub(super) fn pick<T: Algebra>(
    back: &Body,
    returned: T,
    wants: &[bool],
) -> SmallVec<[Option<T>; 3]> {
    let shares = if back.outputs.len() == 1 { vec![returned] } else { parts(back, returned) };
    shares.into_iter().zip(wants).map(|(share, &wanted)| wanted.then_some(share)).collect()
}

/// A tangent of nothing, of the shape of `x`.
pub(super) fn nothing<T: Algebra>(x: T) -> T {
    x.like(0.0).repeated(&x.extents())
}

/// One after the other.
pub(super) fn joined<T: Algebra>(outputs: &[T]) -> T {
    let flat = |output: &T| output.reshaped(&Shape::from([output.extents().len()]));
    let flat: Vec<T> = outputs.iter().map(flat).collect();
    T::structural(Structural::Concat, &flat, Attributes::axes_of(&[0]))
}
