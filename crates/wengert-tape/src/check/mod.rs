//! The gradient check: one derivative found in three ways, and the first node where they part.
//!
//! - **reverse**: the adjoint by the sweep, which everything else in this crate uses;
//! - **forward**: by dual numbers, which read the same rules in the other direction. If these two
//!   disagree, a sweep is wrong;
//! - **difference**: by evaluating the list again at neighbouring numbers, which reads no rule at
//!   all, extrapolated to a step of zero with an estimate of its own error. If it disagrees, a rule
//!   is wrong, or the adjoint that the caller derived by hand.
//!
//! Differences are taken on a copy: the tape's numbers are not touched.

mod report;
mod ridders;
mod shifted;

use std::fmt;

pub use report::{Culprit, Disagreement, Reason, Report, Row, Verdict};

use ridders::{Estimate, Quotient, extrapolate};
use shifted::Shifted;

use crate::backward::Gradients;
use crate::dual::Dual;
use crate::error::{Error, NodeId, Place};
use crate::kernels::Numerics;
use crate::op::{Binary, Leaf, Op};
use crate::real::Scalar;
use crate::replay::evaluate_range;
use crate::tape::{Side, Step};
use crate::var::Var;
use wengert_ops::real::Scalar as Number;

/// A check of a single number's derivatives, as it is being described; [`run`](Check::run) does it.
///
/// # Examples
///
/// The adjoints of the tape itself:
///
/// ```
/// let tape = wengert::Tape::new();
/// let (x, y) = (tape.input(0.5).named("x"), tape.param(2.0).named("y"));
/// let z = ((x * y).sin() + x.exp()).named("z");
/// let report = z.check().run()?;
/// assert!(report.agrees(), "{report}");
/// # Ok::<(), wengert::Error>(())
/// ```
///
/// Deltas derived by hand, one of them wrong:
///
/// ```
/// # let tape = wengert::Tape::new();
/// let x = tape.input(0.5).named("x");
/// let s = x.sigmoid().named("s");
/// let loss = (0.5 * (s - 1.0).square()).named("loss");
/// let error = s.value() - 1.0;
/// let report = loss.check().claim(s, &[error]).claim(x, &[error]).run()?; // forgot s (1 − s)
/// assert_eq!(report.culprit.unwrap().row.label, "x");
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct Check<'t, S: Scalar = f64> {
    output: Var<'t, S>,
    leaves: Option<Vec<Var<'t, S>>>,
    claims: Vec<(Claimed<'t, S>, Vec<f64>, Place)>,
    claim_tolerance: f64,
    sample: usize,
}

enum Claimed<'t, S: Scalar> {
    Var(Var<'t, S>),
    Path(String),
}

impl<'t, S: Scalar> Var<'t, S> {
    /// Starts a check of this single number's derivatives: by default by every input and parameter
    /// recorded before it.
    ///
    /// The cost is a few dozen evaluations for every number checked, and as much for every node
    /// from the output to the first that disagrees, if any does.
    #[must_use]
    pub fn check(self) -> Check<'t, S> {
        Check {
            output: self,
            leaves: None,
            claims: Vec::new(),
            claim_tolerance: 1e-10,
            sample: usize::MAX,
        }
    }
}

impl<'t, S: Scalar> Check<'t, S> {
    /// Checks the derivatives by these nodes instead of those by all inputs and parameters. They
    /// need not be leaves, and there may be none, when only claims matter.
    #[must_use]
    pub fn leaves(mut self, leaves: &[Var<'t, S>]) -> Self {
        self.leaves = Some(leaves.to_vec());
        self
    }

    /// At most `numbers` of every leaf, evenly spaced; the report says how many were left out.
    #[must_use]
    pub fn sample(mut self, numbers: usize) -> Self {
        self.sample = numbers.max(1);
        self
    }

    /// An adjoint that the caller has found in another way, such as a delta derived by hand: one
    /// number per element.
    #[must_use]
    #[track_caller]
    pub fn claim(mut self, var: Var<'t, S>, adjoints: &[f64]) -> Self {
        self.claims.push((Claimed::Var(var), adjoints.to_vec(), Place::caller()));
        self
    }

    /// As [`claim`](Check::claim), of the node at a path: a name such as `hidden/0.z`, or that of
    /// an unnamed node, `hidden/mul#2`.
    #[must_use]
    #[track_caller]
    pub fn claim_path(mut self, path: &str, adjoints: &[f64]) -> Self {
        self.claims.push((Claimed::Path(path.to_owned()), adjoints.to_vec(), Place::caller()));
        self
    }

    /// How far a claim may be from the adjoint, relative to it; 1e-10 at first.
    #[must_use]
    pub fn claim_tolerance(mut self, relative: f64) -> Self {
        self.claim_tolerance = relative;
        self
    }

    /// Finds every derivative in three ways and compares.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the output has axes, [`Error::TwoTapes`], [`Error::NoSuchPath`],
    /// [`Error::Length`] if a claim does not fill its node. A disagreement is no error: it stands
    /// in the report.
    #[track_caller]
    pub fn run(self) -> Result<Report, Error> {
        self.compare(&self.output.try_backward()?)
    }

    #[track_caller]
    fn compare(&self, gradients: &Gradients<'t, S>) -> Result<Report, Error> {
        let tape = self.output.tape;
        let mut wanted: Vec<(usize, Option<f64>)> = Vec::new();
        let mut left_out = 0;
        for slots in self.leaf_slots(gradients.adjoints().len())? {
            let take = slots.len().min(self.sample);
            wanted.extend((0..take).map(|i| (slots[i * slots.len() / take], None)));
            left_out += slots.len() - take;
        }
        for (claimed, adjoints, place) in &self.claims {
            let slots = self.claimed_slots(claimed, adjoints.len(), *place)?;
            wanted.extend(slots.into_iter().zip(adjoints.iter().copied().map(Some)));
        }
        let side = tape.side.borrow();
        let (rows, culprit) = tape.columns.read(|steps, values| {
            let mut ways =
                ThreeWays::new(self.output, gradients, steps, &side, values, self.claim_tolerance);
            let rows: Vec<Row> =
                wanted.iter().map(|&(slot, claimed)| ways.row(slot, claimed)).collect();
            let culprit = ways.culprit(&rows);
            (rows, culprit)
        });
        let value = self.output.value().to_f64();
        Ok(Report { output: tape.label(self.output.id()), value, rows, left_out, culprit })
    }

    /// The slots of every leaf to check by.
    #[track_caller]
    fn leaf_slots(&self, end: usize) -> Result<Vec<Vec<usize>>, Error> {
        let Some(leaves) = &self.leaves else {
            let moves = |op: Op| matches!(op, Op::Leaf(Leaf::Input | Leaf::Param));
            let nodes = self.output.tape.nodes().take_while(|node| node.id.slot() < end);
            return Ok(nodes
                .filter(|node| moves(node.op))
                .map(|node| node.slots().collect())
                .collect());
        };
        // A loop and not a closure, so that the error names the caller's line.
        let mut slots = Vec::with_capacity(leaves.len());
        for &leaf in leaves {
            self.output.same_tape("check", leaf)?;
            slots.push(slots_of(leaf));
        }
        Ok(slots)
    }

    fn claimed_slots(
        &self,
        claimed: &Claimed<'t, S>,
        found: usize,
        at: Place,
    ) -> Result<Vec<usize>, Error> {
        let tape = self.output.tape;
        let (slots, shape): (Vec<usize>, _) = match claimed {
            Claimed::Var(var) => {
                if !std::ptr::eq(tape, var.tape) {
                    let (left, right) = (tape.made_at(), var.tape.made_at());
                    return Err(Error::TwoTapes { op: "claim", left, right, at });
                }
                (slots_of(*var), var.shape())
            }
            Claimed::Path(path) => match tape.names().into_iter().find(|name| name.path == *path) {
                Some(name) => {
                    let slots =
                        name.layout.offsets().map(|offset| name.start.slot() + offset).collect();
                    (slots, name.layout.shape().clone())
                }
                None => {
                    let found = tape.nodes().zip(tape.paths()).find(|(_, own)| own == path);
                    let Some((node, _)) = found else {
                        return Err(Error::NoSuchPath { path: path.clone(), at });
                    };
                    (node.slots().collect(), node.shape)
                }
            },
        };
        if slots.len() == found {
            return Ok(slots);
        }
        let of = match claimed {
            Claimed::Var(var) => var.whose(),
            Claimed::Path(path) => format!("{path} of "),
        };
        Err(Error::Length { op: "claim", of, shape, found, at })
    }
}

fn slots_of<S: Scalar>(var: Var<'_, S>) -> Vec<usize> {
    var.layout().offsets().map(|offset| var.id().slot() + offset).collect()
}

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
struct ThreeWays<'a, 't, S: Scalar> {
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
    fn new(
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

    fn row(&mut self, slot: usize, claimed: Option<f64>) -> Row {
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
    fn culprit(&mut self, rows: &[Row]) -> Option<Culprit> {
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
        for contribution in self
            .gradients
            .ledgers(|slot| slot == first.id)
            .into_iter()
            .flat_map(|(_, ledger)| ledger)
        {
            let Some(node) = self.gradients.tape().node(contribution.reader) else { continue };
            if last != Some(node.id) {
                readers.push((self.gradients.tape().label(node.id), node.op));
                last = Some(node.id);
            }
        }
        Some(Culprit { row: first, readers })
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

/// What rounding may do, from one sweep over the magnitudes.
struct Bounds {
    /// The spacing of numbers at 1.
    epsilon: f64,
    /// For every slot, Σ |products of partials along the paths to the output|.
    products: Vec<f64>,
    /// For every slot, the number of edges of the longest path.
    depth: Vec<u32>,
    /// For every slot, the rounding error of the output's value that comes of the nodes after it.
    noise_after: Vec<f64>,
}

impl Bounds {
    fn new<S: Scalar>(gradients: &Gradients<'_, S>, side: &Side, values: &[S]) -> Self {
        let mut epsilon = 1.0;
        while S::from_f64(1.0 + epsilon / 2.0).to_f64() > 1.0 {
            epsilon /= 2.0;
        }
        let (mut products, mut depth) = (vec![0.0; values.len()], vec![0; values.len()]);
        for (slot, _) in gradients.seeds() {
            products[slot.slot()] = 1.0;
        }
        // A sum of many terms is off by ulps of its terms, not of itself.
        let mut terms: Vec<f64> = values.iter().map(|value| value.to_f64().abs()).collect();
        let mut sums = vec![false; values.len()];
        for wide in side.wides.iter().take_while(|wide| (wide.out as usize) < values.len()) {
            sums[wide.out as usize..(wide.out + wide.len) as usize]
                .fill(matches!(wide.op, Op::Structural(_)));
        }
        gradients.edges(|reader, _, slot, partial| {
            let partial = partial.value(values[slot]).to_f64().abs();
            // As in the sweep, a zero passes nothing on.
            if products[reader] > 0.0 && partial > 0.0 {
                products[slot] += products[reader] * partial;
                depth[slot] = depth[slot].max(depth[reader] + 1);
            }
            if sums[reader] {
                terms[reader] += partial * values[slot].to_f64().abs();
            }
        });
        let noises = gradients
            .adjoints()
            .iter()
            .zip(&terms)
            .map(|(adjoint, term)| adjoint.to_f64().abs() * term);
        let mut noise_after: Vec<f64> = noises.collect();
        let mut sum = 0.0;
        for noise in noise_after.iter_mut().rev() {
            let own = if noise.is_finite() { 2.0 * epsilon * *noise } else { 0.0 };
            *noise = sum;
            sum += own;
        }
        Bounds { epsilon, products, depth, noise_after }
    }

    /// The rounding error of the output where `slot` and what depends on it has moved.
    fn noise<S: Scalar>(&self, slot: usize, column: &[Shifted<S>], adjoints: &[S]) -> f64 {
        let after = column[slot + 1..].iter().zip(&adjoints[slot + 1..]);
        let moved = after.map(|(number, adjoint)| {
            (number.moved - number.base).to_f64().abs() * adjoint.to_f64().abs()
        });
        self.noise_after[slot]
            + 2.0 * self.epsilon * moved.filter(|noise| noise.is_finite()).sum::<f64>()
    }

    fn rounding(&self, slot: usize) -> f64 {
        (64.0 + 8.0 * f64::from(self.depth[slot])) * self.epsilon * self.products[slot]
    }
}

impl<S: Scalar> fmt::Debug for Check<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check of {:?} with {} claims", self.output, self.claims.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::tape::Tape;

    /// `out = w₂ σ(w₁ x)`, its loss, and every node's adjoint wrong that is named.
    #[track_caller]
    fn check(wrong: &[&str], culprit: &str, readers: &[&str]) {
        let tape = Tape::new();
        let x = tape.input(0.4).named("x");
        let (w1, w2) = (tape.param(1.5).named("w1"), tape.param(-0.7).named("w2"));
        let z1 = (w1 * x).named("z1");
        let a1 = z1.sigmoid().named("a1");
        let out = (w2 * a1).named("out");
        let loss = ((out - 1.0).square() + z1 * 0.1).named("loss");
        let mut gradients = loss.backward();
        for name in wrong {
            let var = [x, w1, w2, z1, a1, out]
                .into_iter()
                .find(|var| tape.label(var.id()) == *name)
                .unwrap();
            gradients.adjoints_mut()[var.id().slot()] *= 1.0 + 1e-6;
        }
        let report = loss.check().compare(&gradients).unwrap();
        let found = report.culprit.as_ref().unwrap();
        assert_eq!(found.row.label, culprit, "{report}");
        assert_eq!(
            found.readers.iter().map(|(reader, _)| reader.as_str()).collect::<Vec<_>>(),
            readers,
            "{report}"
        );
    }

    #[test]
    fn the_first_wrong_adjoint_is_named() {
        check(&["w2"], "w2", &["out"]);
        // As if the derivative of σ were wrong, and what follows from it.
        check(&["z1", "w1", "x"], "z1", &["v11", "a1"]);
        check(&["x", "w2", "a1", "z1"], "a1", &["out"]);
        check(&["x", "w1"], "w1", &["z1"]);
    }

    #[test]
    fn a_wrong_adjoint_that_nothing_checked_depends_on_is_not_looked_for() {
        let tape = Tape::new();
        let (x, y) = (tape.input(2.0), tape.input(3.0));
        let (u, v) = (x.exp(), y.exp());
        let sum = u + v;
        let mut gradients = sum.backward();
        gradients.adjoints_mut()[v.id().slot()] = 0.5;
        assert!(sum.check().leaves(&[x]).compare(&gradients).unwrap().agrees());
        assert!(!sum.check().leaves(&[v]).compare(&gradients).unwrap().agrees());
    }
}
