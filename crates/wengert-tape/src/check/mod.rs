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

mod bounds;
mod guess;
mod report;
mod ridders;
mod shifted;
mod ways;

use std::fmt;

pub use report::{Culprit, Disagreement, Reason, Report, Row, Verdict};

use ways::ThreeWays;

use crate::backward::Gradients;
use crate::error::{Error, Place};
use crate::op::{Leaf, Op};
use crate::real::Scalar;
use crate::var::Var;

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
/// let culprit = report.culprit.unwrap();
/// assert_eq!(culprit.row.label, "x");
/// assert_eq!(culprit.guesses, ["as if the sigmoid's derivative y (1 - y) of s were missing"]);
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
    /// [`Error::Length`] if a claim does not fill its node, [`Error::NoRule`]. A disagreement is no error: it stands
    /// in the report.
    #[track_caller]
    pub fn run(self) -> Result<Report, Error> {
        let gradients = self.output.try_backward().map_err(|error| error.within("check"))?;
        self.compare(&gradients)
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
            for (slot, &adjoint) in slots.into_iter().zip(adjoints) {
                // A leaf that is claimed has one row, as a number that is claimed twice has two.
                let row = wanted.iter_mut().find(|(row, claim)| *row == slot && claim.is_none());
                match row {
                    Some((_, claim)) => *claim = Some(adjoint),
                    None => wanted.push((slot, Some(adjoint))),
                }
            }
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
