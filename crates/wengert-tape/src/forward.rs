//! Forward mode: the same list on dual numbers.

use crate::dual::Dual;
use crate::error::{Error, NodeId, Place};
use crate::limits::By;
use crate::real::Scalar;
use crate::run::View;
use crate::tape::Tape;
use crate::var::{Var, or_panic};
use smallvec::SmallVec;
use wengert_ops::real::Scalar as Number;

/// The tangent of every node along one direction: `v̇ = Σ ∂v/∂x ẋ`.
#[derive(Debug)]
pub struct Tangents<'t, S: Scalar = f64> {
    tape: &'t Tape<S>,
    column: Vec<Dual<S>>,
    /// What moves.
    moving: SmallVec<[View; 4]>,
}

/// # Forward mode
impl<S: Scalar> Tape<S> {
    /// Carries a direction forward through the whole tape, one Jacobian-vector product for every
    /// node: each `(var, tangent)` moves, everything else stands still. The numbers on the tape are
    /// not touched.
    ///
    /// A direction may start at any node, not only at leaves: that node's own tangent is then
    /// replaced by the one given.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if a tangent does not fill its var, [`Error::Operand`] for a view that
    /// repeats a number (a broadcast), [`Error::TwoTapes`].
    ///
    /// # Panics
    ///
    /// On a tape of [`Dual`] numbers, which carry tangents already;
    /// [`record_tangent`](Var::record_tangent) gives tangents of those.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (x, y) = (tape.input(3.0), tape.input(2.0));
    /// let z = x * y;
    /// assert_eq!(tape.tangents(&[(x, &[1.0]), (y, &[10.0])])?.value(z), 2.0 + 30.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn tangents<'t>(
        &'t self,
        direction: &[(Var<'t, S>, &[S])],
    ) -> Result<Tangents<'t, S>, Error> {
        let column = self.dual_column("tangents", direction, None)?;
        let moving = direction.iter().map(|(var, _)| var.view).collect();
        Ok(Tangents { tape: self, column, moving })
    }

    /// The values with their tangents; of a direction along which the gradient of a view is
    /// differentiated, if one is said.
    #[track_caller]
    fn dual_column(
        &self,
        op: &'static str,
        direction: &[(Var<'_, S>, &[S])],
        twice: Option<View>,
    ) -> Result<Vec<Dual<S>>, Error> {
        let mut seeds = Vec::new();
        for &(var, tangent) in direction {
            if !std::ptr::eq(self, var.tape) {
                let at = Place::caller();
                return Err(Error::TwoTapes {
                    op,
                    left: self.made_at(),
                    right: var.tape.made_at(),
                    at,
                });
            }
            if tangent.len() != var.len() {
                let found = tangent.len();
                return Err(Error::Length {
                    op,
                    of: var.whose(),
                    shape: var.shape(),
                    found,
                    at: Place::caller(),
                });
            }
            var.each_number_once(op)?;
            let layout = var.layout();
            seeds.extend(
                layout
                    .offsets()
                    .map(|offset| var.view.start() as usize + offset)
                    .zip(tangent.iter().copied()),
            );
        }
        if let Some(output) = twice {
            let moving: SmallVec<[View; 4]> = direction.iter().map(|(var, _)| var.view).collect();
            self.differentiable(op, By::Leaves, Some(&[output]), 1)?;
            self.differentiable(op, By::Views(&moving), Some(&[output]), 2)?;
        }
        let side = self.side.borrow();
        self.columns.read(|steps, values| {
            let mut column: Vec<Dual<S>> =
                values.iter().map(|&value| Dual::constant(value)).collect();
            // Node by node up to each seed, whose tangent is then set, whatever its operands do.
            seeds.sort_by_key(|seed| seed.0);
            let mut done = 0;
            for part in seeds.chunk_by(|a, b| side.step_of(a.0 as u32) == side.step_of(b.0 as u32))
            {
                let first = part[0].0;
                let end = side
                    .wide_at(first as u32)
                    .map_or(first + 1, |wide| (wide.out + wide.len) as usize);
                S::evaluate_duals(steps, &side, &mut column, done..end);
                for &(slot, tangent) in part {
                    column[slot].tangent = tangent;
                }
                done = end;
            }
            S::evaluate_duals(steps, &side, &mut column, done..values.len());
            Ok(column)
        })
    }

    /// The Hessian-vector product by forward over reverse: for every node v before `output`, the
    /// change of its adjoint along the direction, `Σ ∂²L/∂v∂x ẋ`.
    ///
    /// # Errors
    ///
    /// As [`tangents`](Tape::tangents), and [`Error::Operand`] if the output has axes;
    /// [`Error::NoRule`] if an [`External`](crate::External) moves on which the output depends: its
    /// derivative has no derivative.
    ///
    /// # Panics
    ///
    /// As [`tangents`](Tape::tangents).
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (x, y) = (tape.input(3.0), tape.input(2.0));
    /// let z = x * x * y;
    /// // Hessian [[2y, 2x], [2x, 0]] times (1, 0)
    /// assert_eq!(tape.hvp(z, &[(x, &[1.0])], &[x, y])?, [vec![4.0], vec![6.0]]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn hvp<'t>(
        &'t self,
        output: Var<'t, S>,
        direction: &[(Var<'t, S>, &[S])],
        wrt: &[Var<'t, S>],
    ) -> Result<Vec<Vec<S>>, Error> {
        if !output.is_scalar() {
            return Err(output.operand_error("hvp", "a run has no single Hessian".to_owned()));
        }
        for &var in wrt.iter().chain([&output]) {
            Var { tape: self, view: output.view }.same_tape("hvp", var)?;
        }
        let column = self.dual_column("hvp", direction, Some(output.view))?;
        let slots = output.view.start() as usize + 1;
        let side = self.side.borrow();
        let end =
            side.wide_at(output.view.start()).map_or(slots, |wide| (wide.out + wide.len) as usize);
        let mut adjoints = vec![Dual::<S>::EMPTY; end];
        if !output.view.is_cut() {
            adjoints[slots - 1] = Dual::from_f64(1.0);
        }
        self.columns.read(|steps, _| S::sweep_duals(steps, &side, &column, &mut adjoints));
        let read = |var: &Var<'t, S>| {
            let slots: Vec<usize> = side
                .layouts
                .get(var.view.layout())
                .offsets()
                .map(|offset| var.view.start() as usize + offset)
                .collect();
            slots
                .iter()
                .map(|&slot| {
                    adjoints.get(slot).map_or(S::from_f64(0.0), |a| a.tangent + S::from_f64(0.0))
                })
                .collect()
        };
        Ok(wrt.iter().map(read).collect())
    }
}

impl<'t, S: Scalar> Tangents<'t, S> {
    /// The tangent of a single number.
    ///
    /// # Panics
    ///
    /// If `var` has axes, and as [`values`](Tangents::values).
    #[must_use]
    #[track_caller]
    pub fn value(&self, var: Var<'t, S>) -> S {
        assert!(var.is_scalar(), "value: {} has shape {}; use values()", var.id(), var.shape());
        or_panic(self.of("value", var))[0]
    }

    /// The tangents of a run, in row-major order; 0 of a [detached](Var::detach) handle.
    ///
    /// # Panics
    ///
    /// As [`try_values`](Tangents::try_values) errs, and if `var` was recorded later.
    #[must_use]
    #[track_caller]
    pub fn values(&self, var: Var<'t, S>) -> Vec<S> {
        or_panic(self.of("values", var))
    }

    /// As [`values`](Tangents::values).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`]; [`Error::NoRule`] if nobody knows the tangent: an
    /// [`External`](crate::External) without a derivative moves on the way, or a recorded
    /// derivative of one.
    ///
    /// # Panics
    ///
    /// If `var` was recorded later.
    #[track_caller]
    pub fn try_values(&self, var: Var<'t, S>) -> Result<Vec<S>, Error> {
        self.of("tangents", var)
    }

    #[track_caller]
    fn of(&self, op: &'static str, var: Var<'t, S>) -> Result<Vec<S>, Error> {
        Var { tape: self.tape, view: var.view }.same_tape(op, var)?;
        let start = var.view.start() as usize;
        assert!(
            start < self.column.len(),
            "{} was recorded after the tangents were computed",
            var.id()
        );
        if var.view.is_cut() {
            return Ok(vec![S::from_f64(0.0); var.len()]);
        }
        let layout = var.layout();
        let slots = layout.offsets().map(|offset| start + offset);
        let tangents: Vec<S> = slots.map(|slot| self.column[slot].tangent).collect();
        // Where a tangent is not known it is NaN.
        if tangents.iter().any(|tangent| tangent.to_f64().is_nan()) {
            self.tape.differentiable(op, By::Views(&self.moving), Some(&[var.view]), 1)?;
        }
        Ok(tangents)
    }

    /// The tangent in a slot; NaN where nobody knows it, as
    /// [`try_values`](Tangents::try_values) says.
    ///
    /// # Panics
    ///
    /// If the slot is past the end.
    #[must_use]
    pub fn at(&self, slot: NodeId) -> S {
        self.column[slot.slot()].tangent
    }
}
