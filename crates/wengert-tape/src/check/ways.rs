//! One derivative in three ways: the sweep's, that of duals, and that of differences.

use super::bounds::Bounds;
use super::guess::Claim;
use super::report::{Culprit, Disagreement, Reason, Row, Verdict};
use super::ridders::{Estimate, Quotient, extrapolate};
use super::shifted::Shifted;
use crate::backward::{Contribution, Gradients};
use crate::dual::Dual;
use crate::error::NodeId;
use crate::kernels::Numerics;
use crate::op::{Binary, Leaf, Op};
use crate::real::Scalar;
use crate::replay::evaluate_range;
use crate::tape::{Side, Step};
use crate::var::Var;
use wengert_ops::real::Scalar as Number;

/// A derivative found in three ways.
struct Numbers {
    reverse: f64,
    forward: f64,
    difference: Result<Estimate, Reason>,
    /// What rounding may do to the first two: some ulps of Σ |products along the paths to the
    /// output|.
    rounding: f64,
}

/// The tape's columns up to the output, ready to be moved at any slot.
pub(super) struct ThreeWays<'a, 't, S: Scalar> {
    gradients: &'a Gradients<'t, S>,
    output: usize,
    /// Whether the output's handle passes nothing on: then nothing moves it.
    is_detached: bool,
    values: &'a [S],
    duals: Suffix<'a, Dual<S>>,
    shifted: Suffix<'a, Shifted<S>>,
    bounds: Bounds,
    claim_tolerance: f64,
}

impl<'a, 't, S: Scalar> ThreeWays<'a, 't, S> {
    pub(super) fn new(
        output: Var<'t, S>,
        gradients: &'a Gradients<'t, S>,
        steps: &'a [Step],
        side: &'a Side,
        values: &'a [S],
        claim_tolerance: f64,
    ) -> Self {
        let values = &values[..gradients.adjoints().len()];
        ThreeWays {
            gradients,
            output: output.id().slot(),
            is_detached: output.view.is_cut(),
            values,
            duals: Suffix {
                steps,
                side,
                column: values.iter().map(|&v| Dual::constant(v)).collect(),
            },
            shifted: Suffix {
                steps,
                side,
                column: values.iter().map(|&v| Shifted::still(v)).collect(),
            },
            bounds: Bounds::new(gradients, side, values),
            claim_tolerance,
        }
    }

    pub(super) fn row(&mut self, slot: usize, claimed: Option<f64>) -> Row {
        let tape = self.gradients.tape();
        let id = NodeId(slot as u32);
        let numbers = self.numbers(slot);
        let verdict = verdict(&numbers, claimed, self.claim_tolerance);
        let estimate = numbers.difference.ok();
        // A slot that is wanted is on the tape.
        let (op, place) =
            tape.node(id).map_or((Op::Leaf(Leaf::Const), None), |node| (node.op, node.place));
        Row {
            id,
            label: tape.label(id),
            op,
            place,
            claimed,
            reverse: numbers.reverse,
            forward: numbers.forward,
            difference: estimate.map(|estimate| estimate.derivative),
            error: estimate.map_or(f64::NAN, |estimate| estimate.error),
            step: estimate.map_or(f64::NAN, |estimate| estimate.step),
            verdict,
        }
    }

    fn numbers(&mut self, slot: usize) -> Numbers {
        if slot >= self.values.len() {
            // What was recorded after the output does not move it.
            let still = Estimate { derivative: 0.0, error: 0.0, step: 0.0 };
            return Numbers { reverse: 0.0, forward: 0.0, difference: Ok(still), rounding: 0.0 };
        }
        // −0 stands where nothing was added.
        let reverse = self.gradients.adjoints()[slot].to_f64() + 0.0;
        if self.is_detached {
            let still = Estimate { derivative: 0.0, error: 0.0, step: 0.0 };
            return Numbers { reverse, forward: 0.0, difference: Ok(still), rounding: 0.0 };
        }
        self.duals.column[slot].tangent = S::from_f64(1.0);
        self.duals.evaluate_after(slot);
        let forward = self.duals.column[self.output].tangent.to_f64();
        self.duals.reset(slot, self.values, Dual::constant);
        let difference = self.difference(slot);
        Numbers { reverse, forward, difference, rounding: self.bounds.rounding(slot) }
    }

    fn difference(&mut self, slot: usize) -> Result<Estimate, Reason> {
        let x = self.values[slot];
        let (at, value) = (x.to_f64(), self.values[self.output].to_f64());
        if !x.is_finite() || !value.is_finite() {
            return Err(Reason::NotFinite);
        }
        let smallest = 8.0 * self.bounds.epsilon * at.abs();
        let (mut moved, mut noise) = (value.abs(), f64::INFINITY);
        let one_sided = self.side_of_a_jump(slot, at, smallest);
        let (estimate, obstacle) = extrapolate(0.37 * at.abs().max(1.0), smallest, |h| {
            if let Some(side) = one_sided {
                let quotient = self.one_sided_quotient(slot, at, side * h)?;
                (moved, noise) = (moved.max((quotient.value * h).abs()), noise.min(quotient.noise));
                return if quotient.value.is_finite() {
                    Ok(quotient)
                } else {
                    Err(Obstacle::NotFinite)
                };
            }
            let (up, down) = (S::from_f64(at + h), S::from_f64(at - h));
            let (up_value, up_noise) = self.moved(slot, up)?;
            let (down_value, down_noise) = self.moved(slot, down)?;
            let quotient = (up_value - down_value) / (up.to_f64() - down.to_f64());
            let here = up_noise.max(down_noise);
            (moved, noise) = (moved.max((up_value - down_value).abs()), noise.min(here));
            if quotient.is_finite() {
                Ok(Quotient { value: quotient, noise: here })
            } else {
                Err(Obstacle::NotFinite)
            }
        });
        self.shifted.reset(slot, self.values, Shifted::still);
        let comparable = |estimate: &Estimate| {
            // Relative to the derivative, or to the products that cancel in it; and not rounding
            // errors alone.
            let size = estimate.derivative.abs().max(self.bounds.products[slot]);
            (estimate.error <= 1e-3 * size || size == 0.0) && noise <= 1e-3 * moved
        };
        match estimate.filter(comparable) {
            Some(estimate) => Ok(estimate),
            None => Err(obstacle.map_or(Reason::Unresolved, |obstacle| self.reason(obstacle))),
        }
    }

    /// Where a remainder is within rounding of its jump, so that every step to one side crosses it,
    /// the other side: 1 or −1.
    fn side_of_a_jump(&mut self, slot: usize, at: f64, step: f64) -> Option<f64> {
        let [up, down] = [at + step, at - step].map(|number| self.moved(slot, S::from_f64(number)));
        let is_jump = |ways: &Self, obstacle: &Obstacle| match *obstacle {
            Obstacle::Crossed(slot) => {
                let node = ways.gradients.tape().node(NodeId(slot as u32));
                node.is_some_and(|node| node.op == Op::Binary(Binary::Rem))
            }
            _ => false,
        };
        match (up, down) {
            (Ok(_), Err(obstacle)) if is_jump(self, &obstacle) => Some(1.0),
            (Err(obstacle), Ok(_)) if is_jump(self, &obstacle) => Some(-1.0),
            _ => None,
        }
    }

    /// The derivative from two steps to one side, `h` and `2h`, whose error is of the order h² as a
    /// central difference's.
    fn one_sided_quotient(&mut self, slot: usize, at: f64, h: f64) -> Result<Quotient, Obstacle> {
        let here = self.values[self.output].to_f64();
        let numbers = [h, 2.0 * h].map(|h| S::from_f64(at + h));
        let [(first, noise), (second, more)] =
            [self.moved(slot, numbers[0])?, self.moved(slot, numbers[1])?];
        let [a, b] = numbers.map(|number| number.to_f64() - at);
        let value = ((first - here) * b / a - (second - here) * a / b) / (b - a);
        Ok(Quotient { value, noise: 4.0 * noise.max(more) })
    }

    /// The output with one number replaced, and its rounding error.
    fn moved(&mut self, slot: usize, number: S) -> Result<(f64, f64), Obstacle> {
        let base = self.values[slot];
        self.shifted.column[slot] = Shifted { base, moved: number, crossed: false };
        self.shifted.evaluate_after(slot);
        let column = &self.shifted.column;
        let before = |slot: u32| (slot as usize) < column.len();
        for (index, guard) in self.shifted.side.guards.iter().enumerate() {
            // A comparison after the output has no say in it.
            if before(guard.left) && before(guard.right) {
                let (left, right) =
                    (column[guard.left as usize].moved, column[guard.right as usize].moved);
                if guard.comparison.holds(&left, &right) != guard.outcome {
                    return Err(Obstacle::Guard(index));
                }
            }
        }
        let output = column[self.output];
        if output.crossed {
            let first = (slot..column.len()).find(|&at| column[at].crossed);
            return Err(Obstacle::Crossed(first.unwrap_or(self.output)));
        }
        if !output.moved.is_finite() {
            return Err(Obstacle::NotFinite);
        }
        Ok((output.moved.to_f64(), self.bounds.noise(slot, column, self.gradients.adjoints())))
    }

    fn reason(&self, obstacle: Obstacle) -> Reason {
        let tape = self.gradients.tape();
        match obstacle {
            Obstacle::NotFinite => Reason::NotFinite,
            Obstacle::Guard(index) => {
                Reason::Guard { index, place: self.shifted.side.guards[index].place }
            }
            Obstacle::Crossed(slot) => {
                let id = NodeId(slot as u32);
                let op = tape.node(id).map_or(Op::Leaf(Leaf::Const), |node| node.op);
                Reason::Kink { node: tape.label(id), op }
            }
        }
    }

    /// The first disagreement in sweep order, if any row disagrees.
    pub(super) fn culprit(&mut self, rows: &[Row]) -> Option<Culprit> {
        let disagreement = |row: &Row| match row.verdict {
            Verdict::Disagrees(disagreement) => Some(disagreement),
            _ => None,
        };
        let start = |row: &Row| self.gradients.tape().node(row.id).map_or(row.id, |node| node.id);
        let known = rows
            .iter()
            .filter(|row| disagreement(row).is_some())
            .max_by_key(|row| (start(row), std::cmp::Reverse(row.id)));
        let mut first = known?.clone();
        // Where the tape's own numbers disagree, any node from the output on may be the first.
        if rows
            .iter()
            .filter_map(disagreement)
            .any(|disagreement| disagreement != Disagreement::Claim)
        {
            let nodes: Vec<_> = self
                .gradients
                .tape()
                .nodes()
                .take_while(|node| node.id.slot() < self.values.len())
                .collect();
            let after = nodes
                .iter()
                .rev()
                .take_while(|node| node.id > first.id)
                .filter(|node| node.op != Op::Leaf(Leaf::Const));
            let found = after
                .flat_map(|node| node.slots())
                .map(|slot| self.row(slot, None))
                .find(|row| disagreement(row).is_some());
            first = found.unwrap_or(first);
        }
        let mut readers: Vec<(String, Op)> = Vec::new();
        let mut last = None;
        let ledgers = self.gradients.ledgers(|slot| slot == first.id);
        let terms: Vec<_> = ledgers.into_iter().flat_map(|(_, ledger)| ledger).collect();
        let guesses = self.guesses(&first, &terms);
        for contribution in &terms {
            let Some(node) = self.gradients.tape().node(contribution.reader) else { continue };
            if last != Some(node.id) {
                readers.push((self.gradients.tape().label(node.id), node.op));
                last = Some(node.id);
            }
        }
        Some(Culprit { row: first, readers, guesses })
    }

    /// What may be wrong with a claim.
    fn guesses(&self, row: &Row, terms: &[Contribution<S>]) -> Vec<String> {
        let wrong = row.verdict == Verdict::Disagrees(Disagreement::Claim);
        let Some(claimed) = row.claimed.filter(|_| wrong) else { return Vec::new() };
        let tape = self.gradients.tape();
        let number = |slot: NodeId| self.values.get(slot.slot()).map_or(f64::NAN, |v| v.to_f64());
        let reader = |term: &Contribution<S>| {
            let op = tape.node(term.reader).map_or(Op::Leaf(Leaf::Const), |node| node.op);
            (tape.label(term.reader), op, number(term.reader))
        };
        let readers: Vec<_> = terms.iter().map(reader).collect();
        let (value, tolerance) = (number(row.id), self.claim_tolerance);
        let (reverse, readers) = (row.reverse, &readers);
        Claim { claimed, reverse, value, terms, readers, tolerance }.guesses()
    }
}

fn verdict(numbers: &Numbers, claimed: Option<f64>, claim_tolerance: f64) -> Verdict {
    let &Numbers { reverse, forward, rounding, .. } = numbers;
    let comparable = reverse.is_finite() && forward.is_finite() && rounding.is_finite();
    if comparable && (reverse - forward).abs() > rounding {
        return Verdict::Disagrees(Disagreement::Forward);
    }
    if comparable
        && let Ok(Estimate { derivative, error, .. }) = numbers.difference
        && (reverse - derivative).abs() > error + rounding
    {
        return Verdict::Disagrees(Disagreement::Difference);
    }
    if let Some(claimed) = claimed {
        let same = claimed == reverse || (claimed.is_nan() && reverse.is_nan());
        let near = (claimed - reverse).abs() <= claim_tolerance * reverse.abs() + rounding;
        if !(same || comparable && near) {
            return Verdict::Disagrees(Disagreement::Claim);
        }
    }
    match &numbers.difference {
        Ok(_) if comparable => Verdict::Agrees,
        Ok(_) => Verdict::Excluded(Reason::NotFinite),
        Err(reason) => Verdict::Excluded(reason.clone()),
    }
}

/// Why a step cannot be used.
#[derive(Clone, Copy)]
enum Obstacle {
    NotFinite,
    /// The slot where the first kink was crossed.
    Crossed(usize),
    /// The guard that would flip.
    Guard(usize),
}

/// A copy of the tape's values up to the output, of which one number moves at a time.
struct Suffix<'a, T> {
    steps: &'a [Step],
    side: &'a Side,
    column: Vec<T>,
}

impl<T: Number> Suffix<'_, T> {
    /// Computes everything after the node that holds `slot`.
    fn evaluate_after(&mut self, slot: usize) {
        let first =
            self.side.wide_at(slot as u32).map_or(slot + 1, |wide| (wide.out + wide.len) as usize);
        let end = self.column.len();
        if first < end {
            evaluate_range(Numerics::Exact, self.steps, self.side, &mut self.column, first..end);
        }
    }

    fn reset<S: Copy>(&mut self, slot: usize, values: &[S], still: impl Fn(S) -> T) {
        for (number, &value) in self.column[slot..].iter_mut().zip(&values[slot..]) {
            *number = still(value);
        }
    }
}
