//! Numbers that are ill: not finite, vanishing, exploding, saturated, subnormal.

mod text;

use std::collections::{HashMap, HashSet};

use wengert::op::{Op, Unary};

use crate::trace::{Adjoint, Precision, Slot, Spot, Trace, known_op};

/// What ails the numbers of a trace, with names and source lines.
///
/// - The first NaN or infinity, forward and backward told apart: in the order of the tape, so that
///   it arose there; and of the adjoints in the order of the sweep. With what it was computed from.
/// - Adjoints that vanish or explode from layer to layer: the root mean square by scope, beside
///   that of the last scope.
/// - Sigmoids and tanhs that are saturated, where the derivative hardly passes, and relus that are
///   shut.
/// - Subnormal numbers, which have lost digits, and which processors are slow with.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{Health, Trace};
///
/// let tape = wengert::Tape::new();
/// let x = tape.input(0.0).named("x");
/// let loss = (x.sqrt().named("root") * 2.0).named("L");
/// let trace = Trace::of(&loss.backward())?;
///
/// let health = Health::new(&trace);
/// assert_eq!(health.first_value(), None); // the root of 0 is 0
/// let first = health.first_adjoint().expect("and its derivative is infinite");
/// assert_eq!(trace.label(first), "x");
/// println!("{health}");
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Health<'a> {
    trace: &'a Trace,
    slope: f64,
    spread: f64,
}

/// The adjoints of one scope.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Layer {
    /// The scope: what stands before the last `/` of a path; empty at the root.
    pub scope: String,
    /// How many adjoints of computed nodes there are, finite and not; those without a path are left
    /// out.
    pub numbers: usize,
    /// The root mean square of those that are finite.
    pub rms: f64,
    /// The largest of them without its sign.
    pub largest: f64,
    /// The same root mean square over the scope's parameters; `None` if it has none.
    pub parameters: Option<f64>,
    /// `rms` as a multiple of that of the last scope; `None` where that is 0, or no number.
    pub of_last: Option<f64>,
}

/// Activations of one scope and op that pass next to nothing on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Saturation {
    /// The scope.
    pub scope: String,
    /// `sigmoid`, `tanh` or `relu`.
    pub op: String,
    /// How many there are in the scope.
    pub numbers: usize,
    /// How many have a slope below the threshold; of relus, the slope 0.
    pub saturated: usize,
    /// The first of them.
    pub first: Slot,
}

impl<'a> Health<'a> {
    /// The report on a trace. Saturated is a slope below 0.001; vanishing and exploding are a
    /// factor of 1000 to the last scope.
    #[must_use]
    pub fn new(trace: &'a Trace) -> Self {
        Health { trace, slope: 1e-3, spread: 1e3 }
    }

    /// The slope below which a sigmoid or tanh counts as saturated. A sigmoid's slope is 1/4 at
    /// most, a tanh's 1.
    #[must_use]
    pub fn saturated_below(mut self, slope: f64) -> Self {
        self.slope = slope;
        self
    }

    /// The factor to the last scope's adjoints beyond which those of a scope count as exploding,
    /// and below whose inverse as vanishing.
    #[must_use]
    pub fn spread(mut self, factor: f64) -> Self {
        self.spread = factor.max(1.0);
        self
    }

    /// Whether every number is finite and normal, no scope's adjoints vanish or explode, and no
    /// activation is saturated.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let apart = self.layers().iter().any(|layer| self.verdict(layer).is_some());
        let ill = self.first_value().is_some() || self.first_adjoint().is_some();
        !ill && !apart
            && self.saturation().is_empty()
            && self.subnormal_values().chain(self.subnormal_adjoints()).next().is_none()
    }

    /// The first value that is NaN or infinite, in the order of the tape: nothing that it was
    /// computed from is.
    #[must_use]
    pub fn first_value(&self) -> Option<Slot> {
        self.trace.slots().find(|&slot| !self.trace.value(slot).is_finite())
    }

    /// The first adjoint that is NaN or infinite, in the order of the sweep: the last node first.
    #[must_use]
    pub fn first_adjoint(&self) -> Option<Slot> {
        self.sweep().find(|&slot| self.computed(slot).is_some_and(|x| !x.is_finite()))
    }

    /// The values that are subnormal in the precision of the tape, in order.
    pub fn subnormal_values(&self) -> impl Iterator<Item = Slot> {
        self.trace.slots().filter(|&slot| self.is_subnormal(self.trace.value(slot)))
    }

    /// The adjoints that are subnormal in the precision of the tape, in the order of the sweep.
    pub fn subnormal_adjoints(&self) -> impl Iterator<Item = Slot> {
        self.sweep().filter(|&slot| self.computed(slot).is_some_and(|x| self.is_subnormal(x)))
    }

    /// Every slot, the last node first.
    fn sweep(&self) -> impl Iterator<Item = Slot> + use<'a> {
        let trace = self.trace;
        (0..trace.nodes().len()).rev().flat_map(|node| trace.slots_of(node))
    }

    fn is_subnormal(&self, x: f64) -> bool {
        match self.trace.precision() {
            Precision::F64 => x.is_subnormal(),
            Precision::F32 => (x as f32).is_subnormal(),
        }
    }

    fn computed(&self, slot: Slot) -> Option<f64> {
        match self.trace.adjoint(slot) {
            Adjoint::Computed(number) => Some(*number),
            _ => None,
        }
    }

    /// The adjoints by scope, in the order in which the scopes begin. Zeros with a reason count as
    /// zeros.
    #[must_use]
    pub fn layers(&self) -> Vec<Layer> {
        let trace = self.trace;
        let mut sums: Vec<(&str, Sum, Sum)> = Vec::new();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let parameters: HashSet<usize> =
            trace.parameters().iter().map(|slot| slot.index()).collect();
        for slot in trace.slots() {
            let op = known_op(&trace.nodes()[trace.spot(slot).node].op);
            let leaf = matches!(op, Some(Op::Leaf(_)));
            let adjoint = match trace.adjoint(slot) {
                Adjoint::NoPath | Adjoint::NotComputed => continue,
                adjoint => adjoint.number().unwrap_or(0.0),
            };
            let scope = scope_of(trace, slot);
            let index = *seen.entry(scope).or_insert_with(|| {
                sums.push((scope, Sum::default(), Sum::default()));
                sums.len() - 1
            });
            if parameters.contains(&slot.index()) {
                sums[index].2.add(adjoint);
            } else if !leaf {
                sums[index].1.add(adjoint);
            }
        }
        sums.retain(|(_, nodes, parameters)| nodes.count + parameters.count > 0);
        // What is computed of all layers together (the loss) stands at the root.
        let last = sums.iter().rev().find(|(scope, nodes, _)| !scope.is_empty() && nodes.count > 0);
        let last = last.map(|(_, nodes, _)| nodes.rms());
        let layer = |(scope, nodes, parameters): &(&str, Sum, Sum)| Layer {
            scope: (*scope).to_owned(),
            numbers: nodes.count,
            rms: nodes.rms(),
            largest: nodes.largest,
            parameters: (parameters.count > 0).then(|| parameters.rms()),
            of_last: last
                .filter(|&last| last > 0.0 && nodes.count > 0)
                .map(|last| nodes.rms() / last),
        };
        sums.iter().map(layer).collect()
    }

    /// `vanishing` or `exploding`; the root is no layer.
    fn verdict(&self, layer: &Layer) -> Option<&'static str> {
        let ratio = layer.of_last.filter(|_| !layer.scope.is_empty())?;
        if ratio * self.spread < 1.0 {
            Some("vanishing")
        } else if ratio > self.spread {
            Some("exploding")
        } else {
            None
        }
    }

    /// The scopes with saturated activations, in order.
    #[must_use]
    pub fn saturation(&self) -> Vec<Saturation> {
        let trace = self.trace;
        let mut found: Vec<Saturation> = Vec::new();
        let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
        for (index, node) in trace.nodes().iter().enumerate() {
            let Some(Op::Unary(op @ (Unary::Sigmoid | Unary::Tanh | Unary::Relu))) =
                known_op(&node.op)
            else {
                continue;
            };
            for (slot, operand) in trace.slots_of(index).zip(trace.slots_read(&node.operands[0])) {
                let partial =
                    trace.precision().unary(op, trace.value(operand), trace.value(slot)).value(0.0);
                let threshold = if op == Unary::Relu { 0.0 } else { self.slope };
                let saturated =
                    if op == Unary::Relu { partial == 0.0 } else { partial.abs() < threshold };
                let scope = scope_of(trace, slot);
                let position = *seen.entry((scope, node.op.as_str())).or_insert_with(|| {
                    found.push(Saturation {
                        scope: scope.to_owned(),
                        op: node.op.clone(),
                        numbers: 0,
                        saturated: 0,
                        first: slot,
                    });
                    found.len() - 1
                });
                let of = &mut found[position];
                of.numbers += 1;
                if saturated {
                    of.first = if of.saturated == 0 { slot } else { of.first };
                    of.saturated += 1;
                }
            }
        }
        found.retain(|of| of.saturated > 0);
        found
    }

    fn place(&self, slot: Slot) -> Option<&'a str> {
        let first = self.trace.at(Spot { node: self.trace.spot(slot).node, position: 0 });
        self.trace.place_of(slot).or_else(|| self.trace.place_of(first))
    }
}

/// What stands before the last `/` of what a reader calls a number.
fn scope_of(trace: &Trace, slot: Slot) -> &str {
    trace.label_of(slot).path.rsplit_once('/').map_or("", |(scope, _)| scope)
}

/// A sum of squares that neither overflows nor underflows: scaled by the largest.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    count: usize,
    finite: usize,
    largest: f64,
    squares: f64,
}

impl Sum {
    fn add(&mut self, x: f64) {
        self.count += 1;
        if !x.is_finite() {
            return;
        }
        self.finite += 1;
        let x = x.abs();
        if x > self.largest {
            self.squares = self.squares * (self.largest / x) * (self.largest / x) + 1.0;
            self.largest = x;
        } else if x > 0.0 {
            self.squares += (x / self.largest) * (x / self.largest);
        }
    }

    fn rms(self) -> f64 {
        if self.finite == 0 {
            0.0
        } else {
            self.largest * (self.squares / self.finite as f64).sqrt()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_mean_square_neither_overflows_nor_underflows() {
        let rms = |numbers: &[f64]| {
            let mut sum = Sum::default();
            numbers.iter().for_each(|&x| sum.add(x));
            sum.rms()
        };
        assert_eq!(rms(&[]), 0.0);
        assert_eq!(rms(&[0.0, 0.0]), 0.0);
        // A root of 25/32, scaled: three roundings.
        assert!((rms(&[3.0, -4.0, f64::NAN]) - 12.5_f64.sqrt()).abs() <= 4.0 * f64::EPSILON);
        assert_eq!(rms(&[1e300, -1e300]), 1e300);
        assert_eq!(rms(&[1e-200, 1e-200, 0.0, 0.0]), 1e-200 * 0.5_f64.sqrt());
    }
}
