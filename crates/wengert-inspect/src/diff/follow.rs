//! What follows from what: the trace's steps taken with the other side's numbers.
//!
//! Where the other side states a number that differs, that number is put in; everything else is
//! computed from it by the core's operations and rules. A differing number that comes out is
//! explained by those before it; one that does not has a cause of its own.

use std::collections::HashMap;

use wengert::rulebook::rules::Partial;

use super::align::Aligned;
use super::evaluate::Evaluator;
use crate::compare::Tolerance;
use crate::jacobian::Entry;
use crate::trace::{Adjoint, Slot, Trace, known_op};

/// What a number should be, given the other side's numbers that it is computed from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) number: f64,
    /// The sum of the terms' absolute values: rounding of the terms makes an error of that size,
    /// however much they cancel.
    magnitude: f64,
}

impl Expected {
    pub(super) fn explains(self, stated: f64, tolerance: Tolerance) -> bool {
        let allowed = tolerance.atol() + tolerance.rtol() * (stated.abs() + self.magnitude);
        (stated.is_nan() && self.number.is_nan())
            || stated == self.number
            || (stated - self.number).abs() <= allowed
    }
}

/// The trace's structure with the other side's numbers.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) star: Trace,
    /// Of the values that differ; none where an op cannot be evaluated.
    pub(super) values: HashMap<usize, Expected>,
    /// Of the adjoints that differ; none where a reader cannot be explained.
    pub(super) adjoints: HashMap<usize, Expected>,
}

/// Whether two numbers differ, ours first.
pub(super) type Differs<'a> = &'a dyn Fn(f64, f64) -> bool;

/// Takes the steps of `ours` with the numbers of the other side, forward and then back.
pub(super) fn follow(ours: &Trace, aligned: &Aligned, differs: Differs<'_>) -> Followed {
    let mut star = ours.clone();
    let mut values = HashMap::new();
    let touched = forward(&mut star, aligned, differs, &mut values);
    let adjoints = backward(&mut star, ours, aligned, differs, &touched);
    Followed { star, values, adjoints }
}

/// Puts the other side's values in; returns which numbers are no longer the trace's own.
fn forward(
    star: &mut Trace,
    aligned: &Aligned,
    differs: Differs<'_>,
    expected: &mut HashMap<usize, Expected>,
) -> Vec<bool> {
    let (mut touched, mut evaluator) = (vec![false; star.len()], Evaluator::default());
    for node in 0..star.nodes().len() {
        let mut operands =
            star.nodes()[node].operands.iter().flat_map(|operand| star.slots_read(operand));
        let follows = operands.any(|slot| touched[slot.index()]);
        let computed = if follows { evaluator.evaluate(star, node) } else { None };
        let mut own = star.nodes()[node].values.clone();
        for (position, slot) in star.slots_of(node).map(Slot::index).enumerate() {
            let ours = own[position];
            let should = computed.as_ref().map_or(ours, |values| values[position]);
            match aligned.values[slot] {
                Some(stated) if differs(ours, stated) => {
                    own[position] = stated;
                    touched[slot] = true;
                    if computed.is_some() || !follows {
                        expected.insert(slot, Expected { number: should, magnitude: 0.0 });
                    }
                }
                Some(_) => {}
                None => {
                    own[position] = should;
                    // What cannot be evaluated is not known to be the same.
                    touched[slot] =
                        follows && (computed.is_none() || should.to_bits() != ours.to_bits());
                }
            }
        }
        if follows || own != star.nodes()[node].values {
            star.set_values(node, own);
        }
        if follows {
            let mut terms: HashMap<usize, f64> = HashMap::new();
            star.jacobian(node, |entry| {
                let term = entry.partial.value(1.0) * star.value(Slot(entry.slot));
                *terms.entry(entry.reader).or_default() += term.abs();
            });
            for (slot, magnitude) in terms {
                expected.entry(slot).and_modify(|expected| expected.magnitude = magnitude);
            }
        }
    }
    touched
}

/// Sweeps back with the other side's adjoints put in.
fn backward(
    star: &mut Trace,
    ours: &Trace,
    aligned: &Aligned,
    differs: Differs<'_>,
    changed: &[bool],
) -> HashMap<usize, Expected> {
    let (slots, precision) = (star.len(), star.precision());
    let mut expected = HashMap::new();
    // From the empty sum, as the sweep.
    let (mut sum, mut magnitude) = (vec![-0.0; slots], vec![0.0; slots]);
    let (mut touched, mut explained) = (vec![false; slots], vec![true; slots]);
    let mut adjoint = vec![0.0; slots];
    for output in ours.outputs() {
        let slot = ours.at(output.of).index();
        sum[slot] = precision.add(sum[slot], output.cotangent);
        magnitude[slot] += output.cotangent.abs();
    }
    for node in (0..star.nodes().len()).rev() {
        for slot in star.slots_of(node) {
            let own = ours.adjoint(slot).number();
            let stated = aligned.adjoints[slot.index()].as_ref().and_then(Adjoint::number);
            let slot = slot.index();
            let swept = sum[slot] + 0.0;
            let should = if touched[slot] { swept } else { own.unwrap_or(swept) };
            adjoint[slot] = should;
            let (Some(own), Some(stated)) = (own, stated) else { continue };
            let other = differs(own, stated);
            if other && explained[slot] {
                expected.insert(slot, Expected { number: should, magnitude: magnitude[slot] });
            }
            adjoint[slot] = if other { stated } else { own };
            (touched[slot], explained[slot], magnitude[slot]) = (other, true, adjoint[slot].abs());
        }
        // Partials that are stated are those of our own numbers.
        let stated = known_op(&star.nodes()[node].op).is_none();
        if stated && (!star.says_jacobian(node) || reads_changed(star, node, changed)) {
            let read = star.nodes()[node].operands.iter().filter(|operand| !operand.cut);
            read.flat_map(|operand| star.slots_read(operand))
                .for_each(|slot| explained[slot.index()] = false);
        }
        star.jacobian(node, |entry| {
            if let Some(product) = precision.times(entry.partial, adjoint[entry.reader]) {
                sum[entry.slot] = precision.add(sum[entry.slot], product);
                magnitude[entry.slot] += (entry.partial.value(1.0) * magnitude[entry.reader]).abs();
            }
            touched[entry.slot] |= touched[entry.reader] || depends(&entry, changed);
            explained[entry.slot] &= explained[entry.reader];
        });
    }
    let answers = star.slots().map(|slot| match ours.adjoint(slot) {
        answer
            if answer
                .number()
                .is_none_or(|own| own.to_bits() == adjoint[slot.index()].to_bits()) =>
        {
            answer.clone()
        }
        _ => Adjoint::Computed(adjoint[slot.index()]),
    });
    let answers: Vec<Adjoint> = answers.collect();
    star.set_adjoints(answers);
    expected
}

/// Whether a node's operands changed.
fn reads_changed(star: &Trace, node: usize, changed: &[bool]) -> bool {
    let mut read = star.nodes()[node].operands.iter().flat_map(|operand| star.slots_read(operand));
    read.any(|slot| changed[slot.index()])
}

/// Whether a partial is computed from numbers that changed.
fn depends(entry: &Entry, changed: &[bool]) -> bool {
    match (entry.partial, entry.factor) {
        (Partial::One | Partial::MinusOne, _) => false,
        (_, Some(factor)) => changed[factor],
        (_, None) => changed[entry.slot] || changed[entry.reader],
    }
}
