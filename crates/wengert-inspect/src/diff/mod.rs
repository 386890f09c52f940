//! The difference of two sides, told by its first cause.

mod pairs;
mod align;
mod evaluate;
mod follow;
mod contradict;
mod names;
mod guess;
mod between;
mod headline;
mod text;

pub use align::Structure;
pub use contradict::Contradiction;
pub(crate) use evaluate::Evaluator;
pub use names::Names;

use align::Aligned;
use follow::Followed;
use guess::Guessing;

use crate::compare::{Tolerance, relative};
use crate::digits::Digits;
use crate::reference::{Quantity, Reference};
use crate::trace::{Adjoint, Precision, Slot, Trace};

/// What a trace is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Side<'a> {
    /// Another trace.
    Trace(&'a Trace),
    /// Numbers by path, from a side without a tape.
    Reference(&'a Reference),
}

impl<'a> From<&'a Trace> for Side<'a> {
    fn from(trace: &'a Trace) -> Self {
        Side::Trace(trace)
    }
}

impl<'a> From<&'a Reference> for Side<'a> {
    fn from(reference: &'a Reference) -> Self {
        Side::Reference(reference)
    }
}

/// Where a trace and another side differ first, and what merely follows from that.
///
/// Numbers are lined up by path. The **first cause** is the first value that differs, in the order
/// of the tape; only if all values agree, the first adjoint that differs, in the order of the
/// reverse *sweep*: the last node first. The order is that of the trace; the other side may be a
/// trace too, or a [`Reference`]: hand-derived numbers, a paper's table, a stored snapshot.
///
/// Every other difference is tried: the trace's steps are taken with the other side's numbers, and
/// a number that comes out of them *follows* from those before it. One that does not has a cause of
/// its own ([`Origin`]). The tolerance is |ours − theirs| ≤ atol + rtol |theirs|; NaN equals NaN.
///
/// What differs in structure (a node more, another op, other operands) is told apart from numbers.
///
/// # Examples
///
/// One neuron; somebody's own derivation has the wrong sign.
///
/// ```
/// use wengert_inspect::{Diff, Origin, Reference, Trace};
///
/// let tape = wengert::Tape::new();
/// let (x, w) = (tape.data([3.0]).at(0).named("x"), tape.param(0.5).named("w"));
/// let z = (w * x).named("z");
/// let loss = (0.5 * (1.0 - z.sigmoid().named("y")).square()).named("L");
/// let trace = Trace::of(&loss.backward())?;
///
/// let y: f64 = 1.0 / (1.0 + (-1.5_f64).exp());
/// let delta = (y - 1.0) * y * (1.0 - y); // it should be 1 − y
/// let mut by_hand = Reference::new();
/// by_hand.value("z", 1.5).value("y", y).delta("z", delta).adjoint("w", -delta * 3.0);
///
/// let diff = Diff::new(&trace, &by_hand).titles("from the tape", "by hand");
/// let found = diff.findings();
/// assert_eq!((found.differences[0].path.as_str(), found.differences[0].origin), ("z", Origin::First));
/// assert_eq!((found.differences[1].path.as_str(), found.differences[1].origin), ("w", Origin::Follows));
/// assert!(diff.to_string().contains("the sign is flipped"));
/// # Ok::<(), wengert_inspect::Stale>(())
/// ```
#[derive(Clone, Debug)]
pub struct Diff<'a> {
    ours: &'a Trace,
    theirs: Side<'a>,
    titles: [String; 2],
    /// If none was given, by the coarser of the two sides.
    tolerance: Option<Tolerance>,
    shown: usize,
}

/// What a diff found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Findings {
    /// Where a trace denies itself; looked for if both sides are traces.
    pub contradictions: Vec<Contradiction>,
    /// How much lines up by name.
    pub names: Names,
    /// Differences in what was recorded.
    pub structure: Vec<Structure>,
    /// Numbers that differ: values in the order of the tape, then adjoints in the order of the
    /// sweep. The first is the first cause.
    pub differences: Vec<Difference>,
    /// Adjoints whose numbers agree and whose answers do not: no path on the one side, a zero that
    /// was computed on the other.
    pub answers: Vec<Difference>,
    /// How many values were compared.
    pub values: usize,
    /// How many adjoints were compared.
    pub adjoints: usize,
    /// How many of the differences, from the first on, are of its node and quantity.
    group: usize,
}

/// What a diff found, and what its texts are made of.
struct Looked {
    found: Findings,
    aligned: Aligned,
    /// If something differs, what the trace's steps make of the other side's numbers.
    followed: Option<Followed>,
}

impl Findings {
    /// Whether numbers were compared, and none differs.
    #[must_use]
    pub fn agree(&self) -> bool {
        self.differences.is_empty() && self.values + self.adjoints > 0
    }

    /// The first difference, of which the others may be consequences.
    #[must_use]
    pub fn cause(&self) -> Option<&Difference> {
        self.differences.first()
    }

    /// Of the node that the [cause](Findings::cause) is in, the number that is farthest off.
    #[must_use]
    pub fn worst(&self) -> Option<&Difference> {
        let off = |difference: &Difference| {
            let number = |answer: &Adjoint| answer.number().unwrap_or(f64::NAN);
            let off = (number(&difference.ours) - number(&difference.theirs)).abs();
            // What is not a number is as far off as can be.
            if off.is_nan() { f64::INFINITY } else { off }
        };
        let group = self.differences.iter().take(self.group.max(1));
        group.reduce(|worst, other| if off(other) > off(worst) { other } else { worst })
    }

    /// The differences of one origin, in order.
    pub fn of(&self, origin: Origin) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.origin == origin)
    }
}

/// Why a number differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the first cause.
    First,
    /// It does not come out of the other side's own numbers before it: a cause of its own.
    Own,
    /// It comes out of the other side's own numbers before it, or cannot be told.
    Follows,
}

/// A number that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where it stands on the trace.
    pub slot: Slot,
    /// What a reader calls it.
    pub path: String,
    /// Whether it is a value, an adjoint, or a delta because the other side states that.
    pub quantity: Quantity,
    /// The trace's; a value is always [`Adjoint::Computed`].
    pub ours: Adjoint,
    /// The other side's.
    pub theirs: Adjoint,
    /// What the other side should have, given its own numbers before it.
    pub expected: f64,
    /// Why it differs.
    pub origin: Origin,
}

impl Difference {
    /// `|ours − theirs| / |theirs|`.
    #[must_use]
    pub fn relative(&self) -> f64 {
        relative(self.ours.number().unwrap_or(f64::NAN), self.theirs.number().unwrap_or(f64::NAN))
    }
}

impl<'a> Diff<'a> {
    /// The diff of a trace and another side, in the default tolerance; if one of the sides computed
    /// in `f32`, in [that of its digits](Diff::tolerance).
    #[must_use]
    pub fn new(ours: &'a Trace, theirs: impl Into<Side<'a>>) -> Self {
        let titles = ["here".to_owned(), "there".to_owned()];
        Diff { ours, theirs: theirs.into(), titles, tolerance: None, shown: 5 }
    }

    /// What the two sides are called in the text, the trace first: `here` and `there` unless said
    /// otherwise.
    #[must_use]
    pub fn titles(mut self, ours: impl Into<String>, theirs: impl Into<String>) -> Self {
        self.titles = [ours.into(), theirs.into()];
        self
    }

    /// How far numbers may be apart: unless said otherwise as
    /// [`Tolerance::default`], and rtol=1e-4 atol=1e-7 if a side computed in `f32`.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// How many paths a list of the text names before it counts the rest: 5 unless said otherwise.
    #[must_use]
    pub fn shown(mut self, paths: usize) -> Self {
        self.shown = paths.max(1);
        self
    }

    /// What differs, computed anew on each call.
    #[must_use]
    pub fn findings(&self) -> Findings {
        self.look().found
    }

    fn allowed(&self) -> Tolerance {
        let theirs = match self.theirs {
            Side::Trace(theirs) => theirs.precision(),
            Side::Reference(_) => Precision::F64,
        };
        let single = [self.ours.precision(), theirs].contains(&Precision::F32);
        let coarser =
            if single { Tolerance::relative(1e-4).absolute(1e-7) } else { Tolerance::default() };
        self.tolerance.unwrap_or(coarser)
    }

    fn look(&self) -> Looked {
        let mut aligned = match self.theirs {
            Side::Trace(theirs) => Aligned::with_trace(self.ours, theirs),
            Side::Reference(theirs) => Aligned::with_reference(self.ours, theirs),
        };
        let structure = std::mem::take(&mut aligned.structure);
        let contradictions = match self.theirs {
            Side::Trace(theirs) => {
                let mut of = contradict::contradictions(self.ours, false);
                of.extend(contradict::contradictions(theirs, true));
                of
            }
            Side::Reference(_) => Vec::new(),
        };
        let mut found = Findings {
            contradictions,
            names: Names::of(self.ours, self.theirs),
            structure,
            differences: vec![],
            answers: vec![],
            values: 0,
            adjoints: 0,
            group: 0,
        };
        self.compare(&aligned, &mut found);
        if found.differences.is_empty() {
            return Looked { found, aligned, followed: None };
        }
        let key = |difference: &Difference| {
            (self.ours.spot(difference.slot).node, difference.quantity == Quantity::Value)
        };
        let first = key(&found.differences[0]);
        found.group = found.differences.iter().take_while(|other| key(other) == first).count();
        let followed =
            follow::follow(self.ours, &aligned, &|ours, theirs| self.differs(ours, theirs));
        let tolerance = self.allowed();
        for (i, difference) in found.differences.iter_mut().enumerate() {
            let values = difference.quantity == Quantity::Value;
            let expected = if values { &followed.values } else { &followed.adjoints };
            let expected = expected.get(&difference.slot.index());
            let stated = difference.stated();
            if let Some(expected) = expected {
                difference.expected = difference.quantity.of_adjoint(expected.number);
            }
            difference.origin = match expected {
                _ if i == 0 => Origin::First,
                Some(expected) if !expected.explains(stated, tolerance) => Origin::Own,
                Some(_) | None => Origin::Follows,
            };
        }
        Looked { found, aligned, followed: Some(followed) }
    }

    fn guessing<'l>(&'l self, looked: &'l Looked) -> Option<Guessing<'l>> {
        let followed = looked.followed.as_ref()?;
        let theirs = match self.theirs {
            Side::Trace(theirs) => Some(theirs),
            Side::Reference(_) => None,
        };
        let (ours, aligned, tolerance) = (self.ours, &looked.aligned, self.allowed());
        Some(Guessing { star: &followed.star, followed, theirs, ours, aligned, tolerance })
    }

    fn compare(&self, aligned: &Aligned, found: &mut Findings) {
        let difference = |slot: Slot, quantity, ours: Adjoint, theirs: Adjoint| {
            let (path, expected) = (self.ours.label(slot), ours.number().unwrap_or(f64::NAN));
            Difference { slot, path, quantity, ours, theirs, expected, origin: Origin::Follows }
        };
        for slot in self.ours.slots() {
            let (ours, theirs) = (self.ours.value(slot), aligned.values[slot.index()]);
            let Some(theirs) = theirs else { continue };
            found.values += 1;
            if self.differs(ours, theirs) {
                let [ours, theirs] = [ours, theirs].map(Adjoint::Computed);
                found.differences.push(difference(slot, Quantity::Value, ours, theirs));
            }
        }
        for node in (0..self.ours.nodes().len()).rev() {
            for slot in self.ours.slots_of(node) {
                let (ours, Some(theirs)) =
                    (self.ours.adjoint(slot), &aligned.adjoints[slot.index()])
                else {
                    continue;
                };
                let (Some(a), Some(b)) = (ours.number(), theirs.number()) else { continue };
                found.adjoints += 1;
                let delta = aligned.deltas.contains(&slot.index());
                let quantity = if delta { Quantity::Delta } else { Quantity::Adjoint };
                let both = || {
                    if delta {
                        (ours.delta(), theirs.delta())
                    } else {
                        (ours.clone(), theirs.clone())
                    }
                };
                if self.differs(a, b) {
                    let (ours, theirs) = both();
                    found.differences.push(difference(slot, quantity, ours, theirs));
                } else if self.has_words() && !same_answer(ours, theirs) {
                    let (ours, theirs) = both();
                    found.answers.push(difference(slot, quantity, ours, theirs));
                }
            }
        }
    }

    fn has_words(&self) -> bool {
        match self.theirs {
            Side::Trace(_) => true,
            Side::Reference(reference) => reference.has_words(),
        }
    }

    fn differs(&self, ours: f64, theirs: f64) -> bool {
        if ours.is_nan() && theirs.is_nan() {
            return false;
        }
        let rounded = match self.theirs {
            Side::Trace(_) => None,
            Side::Reference(reference) => reference.digits(),
        };
        match rounded {
            None => !self.allowed().accepts(ours, theirs),
            Some(digits) => {
                let ours =
                    Digits::new(ours).significant(digits).to_string().parse().unwrap_or(ours);
                !self.allowed().accepts_rounded(ours, theirs, digits)
            }
        }
    }
}

impl Difference {
    /// The other side's value, or its adjoint (not the delta).
    fn stated(&self) -> f64 {
        self.quantity.of_adjoint(self.theirs.number().unwrap_or(f64::NAN))
    }
}

impl Quantity {
    /// A delta of an adjoint, or back: the other sign. Anything else as it is.
    fn of_adjoint(self, number: f64) -> f64 {
        if self == Quantity::Delta { -number } else { number }
    }
}

/// Whether two answers with the same number say the same. A zero with a reason and a computed one
/// do: not every side can tell the reason.
fn same_answer(ours: &Adjoint, theirs: &Adjoint) -> bool {
    match (ours, theirs) {
        (Adjoint::NoPath, Adjoint::NoPath) => true,
        (Adjoint::NoPath, _) | (_, Adjoint::NoPath) => false,
        (Adjoint::Zero(a), Adjoint::Zero(b)) => a == b,
        _ => true,
    }
}
