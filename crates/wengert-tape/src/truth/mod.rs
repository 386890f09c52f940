//! The tape's numbers held against 32 digits.
//!
//! The list is evaluated and swept again on balls: the right number, and a running bound of how far
//! rounding can have taken the tape's own number from it. A bound of errors relative to the result
//! would not do: an adjoint that is the small difference of large contributions may be off by more
//! than itself, and nothing is wrong with the sweep.
//!
//! Source of running error bounds: J. H. Wilkinson, *Error analysis revisited*, IMA Bulletin 22
//! (1986); N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.3. Of balls:
//! J. van der Hoeven, *Ball arithmetic* (2009); F. Johansson, *Arb* (2017).

mod ball;
mod precision;
mod spread;

pub use precision::{Cause, Digits, Loss, Precision, Row};

use ball::{Ball, Rounding};

use wengert_ops::adjoints::Adjoints;
use wengert_ops::double_double::DoubleDouble;
use wengert_ops::real::Scalar as Number;
use wengert_ops::structural::reduction;

use crate::dual::Dual;
use crate::error::{Error, NodeId};
use crate::kernels::Numerics;
use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::replay::evaluate_range;
use crate::sweep::walk;
use crate::tape::{Side, Step, Tape};
use crate::var::Var;

/// The right number, and how far the computed one may be from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enclosed {
    /// What the formulas give at the leaves' values, to about 32 digits.
    pub truth: DoubleDouble,
    /// What all roundings together can do, to first order: `|computed − truth| ≤ bound`. Infinite
    /// where nothing can be said: overflow, NaN, or a pole, a domain's end within reach.
    pub bound: f64,
}

impl Enclosed {
    fn of(ball: Ball) -> Self {
        Enclosed { truth: ball.centre, bound: ball.bound() }
    }

    /// Whether a computed number is within the bound. Where nothing can be said, any is.
    #[must_use]
    pub fn holds(self, computed: f64) -> bool {
        self.bound == f64::INFINITY || self.error(computed) <= self.bound
    }

    /// How far a computed number is from the truth.
    #[must_use]
    pub fn error(self, computed: f64) -> f64 {
        (self.truth - computed.into()).to_f64().abs()
    }

    /// How many decimal digits the bound leaves: −lg(bound / |truth|), not below 0, and infinite
    /// for a number that is exact.
    #[must_use]
    pub fn digits(self) -> f64 {
        digits(self.bound, self.truth.to_f64().abs())
    }
}

/// −lg(error / size), not below 0.
fn digits(error: f64, size: f64) -> f64 {
    if error == 0.0 {
        f64::INFINITY
    } else if error < size {
        -libm::log10(error / size)
    } else {
        0.0
    }
}

/// A comparison with 32 digits, as it is being described; [`run`](Truths::run) does it.
#[derive(Clone)]
pub struct Truths<'t, S: Scalar = f64> {
    output: Var<'t, S>,
    numerics: Numerics,
    direction: Vec<(Var<'t, S>, Vec<f64>)>,
    at: Vec<(Var<'t, S>, Vec<DoubleDouble>)>,
}

impl<'t, S: Scalar> Var<'t, S> {
    /// Starts a comparison of this single number, its adjoints and whatever is asked beside them
    /// with 32 digits.
    ///
    /// It costs some hundred evaluations and sweeps. The tape is not touched.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(1e-9).named("x");
    /// let y = 1.0 - x.cos(); // 5e-19, of which a double near 1 keeps nothing
    /// let truth = y.truth().run()?;
    /// assert_eq!(y.value(), 0.0);
    /// assert_eq!(truth.value(y).truth.high(), 5e-19);
    /// assert!(truth.value(y).bound > 1e-16 && truth.value(y).holds(y.value()));
    /// // The adjoint, sin x, is good to the last digits.
    /// assert!(truth.adjoint(x).digits() > 15.0 && truth.adjoint(x).holds(y.backward().wrt(x)));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[must_use]
    pub fn truth(self) -> Truths<'t, S> {
        Truths {
            output: self,
            numerics: self.tape.numerics(),
            direction: Vec::new(),
            at: Vec::new(),
        }
    }
}

impl<'t, S: Scalar> Truths<'t, S> {
    /// Bounds for numbers computed as `numerics` say, instead of as the tape says. Those for
    /// [`Numerics::Fast`] hold for sums in any order, so for compiled programs too.
    #[must_use]
    pub fn numerics(mut self, numerics: Numerics) -> Self {
        self.numerics = numerics;
        self
    }

    /// Tangents and second derivatives along a direction too: each leaf with its tangent.
    #[must_use]
    pub fn along(mut self, direction: &[(Var<'t, S>, &[S])]) -> Self {
        let plain = |&(var, tangent): &(Var<'t, S>, &[S])| {
            (var, tangent.iter().map(|x| x.to_f64()).collect())
        };
        self.direction = direction.iter().map(plain).collect();
        self
    }

    /// The numbers that leaves stand for, where those are not the tape's rounded ones: 1/10, and
    /// not the `f64` nearest to it. How far the tape's are from them then counts as their error.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::number::DoubleDouble;
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(0.1);
    /// let y = x * 3.0;
    /// let tenth = DoubleDouble::from(1.0) / DoubleDouble::from(10.0);
    /// let truth = y.truth().at(&[(x, &[tenth])]).run()?;
    /// assert_eq!(format!("{:.20e}", truth.value(y).truth), "3.00000000000000000000e-1");
    /// assert!(truth.value(x).bound > 0.0 && truth.value(y).holds(y.value()));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[must_use]
    pub fn at(mut self, leaves: &[(Var<'t, S>, &[DoubleDouble])]) -> Self {
        self.at = leaves.iter().map(|&(var, numbers)| (var, numbers.to_vec())).collect();
        self
    }

    /// Computes the right numbers and the bounds.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the output has axes, the tape's numbers have more digits than `f64`, or
    /// an [`External`](crate::External) stands before the output;
    /// [`Error::NotSettable`] for a direction of what is no leaf; [`Error::TwoTapes`];
    /// [`Error::Length`] if a tangent does not fill its leaf.
    #[track_caller]
    pub fn run(self) -> Result<Truth<'t, S>, Error> {
        let (output, tape) = (self.output, self.output.tape);
        if !output.is_scalar() {
            return Err(output.operand_error("truth", "a run has no single derivative".to_owned()));
        }
        let any_order = self.numerics == Numerics::Fast;
        let above_one = |unit: f64| S::from_f64(1.0) + S::from_f64(unit) != S::from_f64(1.0);
        let rounding = if above_one(1e-25) {
            let why =
                "its tape's numbers have more digits than f64, or rounding is not theirs alone";
            return Err(output.operand_error("truth", why.to_owned()));
        } else if above_one(f64::EPSILON) {
            Rounding::of_f64(any_order)
        } else {
            Rounding::of_f32(any_order)
        };
        let (tangents, meant) = (self.spread_out(&self.direction)?, self.spread_out(&self.at)?);
        let start = output.view.start() as usize;
        // A detached output has no derivatives, as in the sweep.
        let seeded = (!output.view.is_cut()).then_some(start);
        let side = tape.side.borrow();
        let end =
            side.wide_at(start as u32).map_or(start + 1, |wide| (wide.out + wide.len) as usize);
        if let Some((external, _)) =
            side.externals.iter().find(|&&(_, wide)| (side.wides[wide].out as usize) < end)
        {
            let key = external.key();
            let why = format!("{key} is a function of plain numbers, which has no 32 digits");
            drop(side);
            return Err(output.operand_error("truth", why));
        }
        tape.columns.read(|steps, values| {
            let plain: Vec<f64> = values[..end].iter().map(|value| value.to_f64()).collect();
            let mut leaves: Vec<Ball> =
                plain.iter().map(|&value| Ball::exact(value.into(), rounding)).collect();
            for &(slot, number) in meant.iter().filter(|(slot, _)| *slot < end) {
                leaves[slot] = Ball::standing_for(number, plain[slot], rounding);
            }
            // The tape sweeps plain numbers, and each bound follows the loops that it is of: those of
            // dual numbers compute a structural operation in another order.
            let rounded = |ball: &mut Ball| ball.round_as(rounding);
            let (values, adjoints) = both_columns(steps, &side, leaves.clone(), seeded, rounded);
            let mut wide = Columns { values, adjoints, tangents: Vec::new(), second: Vec::new() };
            if !self.direction.is_empty() {
                let mut column: Vec<Dual<Ball>> = leaves.into_iter().map(Dual::constant).collect();
                for (slot, tangent) in tangents {
                    // What was recorded after the output does not move it.
                    if slot < end {
                        column[slot].tangent = Ball::exact(tangent.into(), rounding);
                    }
                }
                let rounded = |dual: &mut Dual<Ball>| {
                    dual.value.round_as(rounding);
                    dual.tangent.round_as(rounding);
                };
                let (values, adjoints) = both_columns(steps, &side, column, seeded, rounded);
                let tangent = |column: &[Dual<Ball>]| {
                    column.iter().map(|dual| Enclosed::of(dual.tangent)).collect()
                };
                (wide.second, wide.tangents) = (tangent(&adjoints), tangent(&values));
            }
            let undetermined = undetermined(&side, &wide.values, &plain);
            Ok(Truth { output, unit: rounding.unit(), columns: wide, undetermined })
        })
    }

    /// The slots of some leaves, each with its number.
    #[track_caller]
    fn spread_out<T: Copy>(
        &self,
        leaves: &[(Var<'t, S>, Vec<T>)],
    ) -> Result<Vec<(usize, T)>, Error> {
        let mut all = Vec::new();
        for (var, numbers) in leaves {
            self.output.same_tape("truth", *var)?;
            self.output.tape.check_settable("truth", *var, numbers.len())?;
            all.extend(slots(*var).zip(numbers.iter().copied()));
        }
        Ok(all)
    }
}

fn slots<S: Scalar>(var: Var<'_, S>) -> impl Iterator<Item = usize> {
    let start = var.view.start() as usize;
    var.layout().offsets().map(move |offset| start + offset).collect::<Vec<_>>().into_iter()
}

/// Evaluates the list from its leaves and sweeps it from the slot `output`, if it has derivatives.
///
/// A kernel fills what nothing is added to with zeros that do not know how they are rounded;
/// `rounded` tells them.
fn both_columns<T: Number>(
    steps: &[Step],
    side: &Side,
    mut values: Vec<T>,
    output: Option<usize>,
    rounded: impl Fn(&mut T),
) -> (Vec<T>, Vec<T>) {
    let (mut done, end) = (0, values.len());
    for wide in side.wides.iter().take_while(|wide| (wide.out as usize) < end) {
        let to = (wide.out + wide.len) as usize;
        evaluate_range(Numerics::Exact, steps, side, &mut values, done..to);
        values[wide.out as usize..to].iter_mut().for_each(&rounded);
        done = to;
    }
    evaluate_range(Numerics::Exact, steps, side, &mut values, done..end);
    let mut adjoints = vec![T::EMPTY; end];
    if let Some(output) = output {
        adjoints[output] = T::from_f64(1.0);
        rounded(&mut adjoints[output]);
    }
    let all = Adjoints { column: &mut adjoints, unwritten: &mut Vec::new() };
    walk(Numerics::Exact, steps, side, &values, all, &mut |_, _| {});
    (values, adjoints)
}

/// The nodes whose choice of an operand is within the bounds of their operands' errors: the tape
/// may have chosen another element than the truth does, and derivatives then go another way. `own`
/// are the tape's values: what the truth ties is rounded alike in `Exact` numerics, and in `Fast`
/// may not be.
fn undetermined(side: &Side, values: &[Ball], own: &[f64]) -> Vec<NodeId> {
    let in_reach = side.wides.iter().take_while(|wide| (wide.out as usize) < values.len());
    let doubtful = in_reach.filter(|wide| {
        let slots = |i: usize| {
            let view = wide.operands[i];
            let offsets = side.layouts.get(view.layout()).offsets();
            offsets.map(move |offset| view.start() as usize + offset)
        };
        match wide.op {
            Op::Structural(Structural::Select) => {
                let mut conditions = slots(0).map(|slot| values[slot]);
                conditions.any(|cond| cond.bound() > 0.0 && cond.to_f64().abs() <= cond.bound())
            }
            Op::Structural(Structural::Max | Structural::Min) => {
                let layout = side.layouts.get(wide.operands[0].layout());
                let target = reduction::target(layout, wide.attributes.axes());
                let out = wide.out as usize;
                let slots = slots(0).zip(target.offsets().map(|offset| out + offset));
                slots.into_iter().any(|(element, extreme)| {
                    let room = values[element].bound() + values[extreme].bound();
                    let apart = (values[element].centre - values[extreme].centre).to_f64().abs();
                    if apart == 0.0 { own[element] != own[extreme] } else { apart <= room }
                })
            }
            _ => false,
        }
    });
    doubtful.map(|wide| NodeId(wide.out)).collect()
}

/// What was computed, slot by slot.
struct Columns {
    values: Vec<Ball>,
    adjoints: Vec<Ball>,
    tangents: Vec<Enclosed>,
    second: Vec<Enclosed>,
}

/// The right numbers of a tape up to an output, each with a bound of how far the tape's own may be.
pub struct Truth<'t, S: Scalar = f64> {
    output: Var<'t, S>,
    unit: f64,
    columns: Columns,
    undetermined: Vec<NodeId>,
}

impl<'t, S: Scalar> Truth<'t, S> {
    /// A value.
    ///
    /// # Panics
    ///
    /// If `var` has axes, stands on another tape, or was recorded after the output. So do the other
    /// three.
    #[must_use]
    #[track_caller]
    pub fn value(&self, var: Var<'t, S>) -> Enclosed {
        self.values(var)[0]
    }

    /// The derivative of the output by a number.
    #[must_use]
    #[track_caller]
    pub fn adjoint(&self, var: Var<'t, S>) -> Enclosed {
        self.adjoints(var)[0]
    }

    /// The values of a run in row-major order.
    #[must_use]
    #[track_caller]
    pub fn values(&self, var: Var<'t, S>) -> Vec<Enclosed> {
        self.slots(var).map(|slot| Enclosed::of(self.columns.values[slot])).collect()
    }

    /// The adjoints of a run in row-major order.
    #[must_use]
    #[track_caller]
    pub fn adjoints(&self, var: Var<'t, S>) -> Vec<Enclosed> {
        self.slots(var).map(|slot| Enclosed::of(self.columns.adjoints[slot])).collect()
    }

    /// The tangents of a run along the direction, in row-major order; empty if none was given.
    #[must_use]
    #[track_caller]
    pub fn tangents(&self, var: Var<'t, S>) -> Vec<Enclosed> {
        self.slots(var).filter_map(|slot| self.columns.tangents.get(slot).copied()).collect()
    }

    /// The changes of a run's adjoints along the direction, which is a Hessian-vector product;
    /// empty if no direction was given.
    #[must_use]
    #[track_caller]
    pub fn second(&self, var: Var<'t, S>) -> Vec<Enclosed> {
        self.slots(var).filter_map(|slot| self.columns.second.get(slot).copied()).collect()
    }

    /// The value in a slot.
    ///
    /// # Panics
    ///
    /// If the slot is after the output. So does [`adjoint_at`](Truth::adjoint_at).
    #[must_use]
    pub fn value_at(&self, slot: NodeId) -> Enclosed {
        Enclosed::of(self.columns.values[slot.slot()])
    }

    /// The adjoint of a slot.
    #[must_use]
    pub fn adjoint_at(&self, slot: NodeId) -> Enclosed {
        Enclosed::of(self.columns.adjoints[slot.slot()])
    }

    /// The slots that there are numbers for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.values.len()
    }

    /// Whether there are none, which is never so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.values.is_empty()
    }

    /// The selections, maxima and minima of which the computed numbers may choose another operand
    /// than the right ones do. The derivatives of what they are made of are then those of another
    /// piece, and no bound holds for them.
    #[must_use]
    pub fn undetermined(&self) -> &[NodeId] {
        &self.undetermined
    }

    #[track_caller]
    fn slots(&self, var: Var<'t, S>) -> impl Iterator<Item = usize> {
        crate::var::or_panic(self.output.same_tape("truth", var));
        let slots: Vec<usize> = slots(var).collect();
        let all = slots.iter().all(|&slot| slot < self.columns.values.len());
        assert!(
            all,
            "{} was recorded after the output: nothing was computed for it",
            self.output.tape.label(var.id())
        );
        slots.into_iter()
    }

    fn tape(&self) -> &'t Tape<S> {
        self.output.tape
    }
}

impl<S: Scalar> std::fmt::Debug for Truth<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Truth({} numbers of the tape made at {})", self.len(), self.tape().made_at())
    }
}

impl<S: Scalar> std::fmt::Debug for Truths<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Truths(of {}, {:?})", self.output.id(), self.numerics)
    }
}
