//! Gradients: a reverse sweep's result, and what is computed of it on demand.

use std::cell::OnceCell;
use std::fmt;

use smallvec::SmallVec;

use crate::error::{Error, NodeId, Place};
use crate::limits::By;
use crate::op::Op;
use crate::real::Scalar;
use crate::rules;
use crate::run::View;
use crate::shape::Shape;
use crate::sweep::Sweep;
use crate::tape::{Held, Kind, Memory, Side, Step, Tape};
use crate::var::{Var, or_panic};
use wengert_ops::real::Scalar as Number;
use wengert_ops::structural::{Entry, Site};

/// The adjoint of every node before the one that was differentiated: `v̄ = ∂L/∂v` for a single
/// number L, or the cotangent carried back (a vector-Jacobian product) for a run.
///
/// Keyed by node, so any intermediate one can be read; it owns its numbers and borrows the tape for
/// their keys.
pub struct Gradients<'t, S: Scalar = f64> {
    tape: &'t Tape<S>,
    held: Held<S>,
    /// The slots that were seeded, each with its cotangent.
    seeded: SmallVec<[(u32, S); 1]>,
    stamp: u64,
    reach: OnceCell<Vec<bool>>,
}

/// What an adjoint is. Answers that differ are kept apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status<S> {
    /// Some path leads from the node to the output; its adjoint, which may well be zero.
    Reached(S),
    /// No path leads from the node to the output: nothing reads it, or every path is cut (a
    /// detached handle, a piecewise constant function, the branch that was not selected).
    NoPath,
    /// The node was recorded after the output: nothing was computed for it.
    NotComputed,
}

/// One line of a contribution ledger: what one reader of a number added to its adjoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution<S> {
    /// The reading node's slot.
    pub reader: NodeId,
    /// Which operand of the reader it is, from 0.
    pub operand: usize,
    /// The local partial: the derivative of the reader's value by this number.
    pub partial: S,
    /// The reader's adjoint.
    pub adjoint: S,
    /// Their product, which was added.
    pub product: S,
}

/// # The gradient: a sweep backwards
impl<'t, S: Scalar> Var<'t, S> {
    /// Differentiates this single number by everything before it.
    ///
    /// # Panics
    ///
    /// If this has axes: a run needs a cotangent, see [`backward_with`](Var::backward_with). And as
    /// [`try_backward`](Var::try_backward) errs.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let (x, unused) = (tape.input(3.0), tape.input(1.0));
    /// let gradients = (x * x).backward();
    /// assert_eq!(gradients.get(x), Some(6.0));
    /// assert_eq!(gradients.get(unused), None); // no path, which is not the same as zero
    /// ```
    #[doc(alias = "zero_grad")]
    #[doc(alias = "grad_fn")]
    #[must_use]
    #[track_caller]
    pub fn backward(self) -> Gradients<'t, S> {
        or_panic(self.try_backward())
    }

    /// The vector-Jacobian product `Σₖ cotangentₖ ∂yₖ/∂v` for every v before this, cotangent in
    /// row-major order.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there are not as many numbers as elements; [`Error::NoRule`].
    #[track_caller]
    pub fn backward_with(self, cotangent: &[S]) -> Result<Gradients<'t, S>, Error> {
        self.tape.backward_from(&[(self, cotangent)])
    }

    /// As [`try_backward`](Var::try_backward), in the memory of an earlier result.
    ///
    /// # Errors
    ///
    /// As [`try_backward`](Var::try_backward); then `gradients` is as it was.
    #[track_caller]
    pub fn backward_into(self, gradients: &mut Gradients<'t, S>) -> Result<(), Error> {
        if !self.is_scalar() {
            return self.try_backward().map(drop);
        }
        self.tape.differentiable("backward", By::Leaves, Some(&[self.view]), 1)?;
        let Gradients { tape, held, seeded, stamp, reach } = gradients;
        let memory = tape.pool.again(held);
        self.tape.sweep(&[(self, &[S::from_f64(1.0)])], memory, seeded);
        (*tape, *stamp, *reach) = (self.tape, self.tape.stamp(), OnceCell::new());
        Ok(())
    }

    /// As [`backward`](Var::backward).
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has axes; [`Error::NoRule`] if an [`External`](crate::External)
    /// on the way to an input or a parameter has no derivative.
    #[track_caller]
    pub fn try_backward(self) -> Result<Gradients<'t, S>, Error> {
        if !self.is_scalar() {
            return Err(self.operand_error(
                "backward",
                "a run has no single derivative; give a cotangent".to_owned(),
            ));
        }
        self.tape.differentiable("backward", By::Leaves, Some(&[self.view]), 1)?;
        Ok(self.tape.gradients(&[(self, &[S::from_f64(1.0)])]))
    }
}

/// # Sweeps from several outputs
impl<S: Scalar> Tape<S> {
    /// One sweep from several outputs, each with its cotangent: the gradient of
    /// `Σ cotangent · output`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if a cotangent does not fill its output, [`Error::TwoTapes`];
    /// [`Error::NoRule`].
    #[track_caller]
    pub fn backward_from<'t>(
        &'t self,
        outputs: &[(Var<'t, S>, &[S])],
    ) -> Result<Gradients<'t, S>, Error> {
        for &(output, cotangent) in outputs {
            Var { tape: self, view: output.view }.same_tape("backward", output)?;
            if cotangent.len() != output.len() {
                let at = crate::error::Place::caller();
                return Err(Error::Length {
                    op: "backward",
                    of: output.whose(),
                    shape: output.shape(),
                    found: cotangent.len(),
                    at,
                });
            }
        }
        let views: SmallVec<[View; 4]> = outputs.iter().map(|(output, _)| output.view).collect();
        self.differentiable("backward", By::Leaves, Some(&views), 1)?;
        Ok(self.gradients(outputs))
    }

    fn gradients<'t>(&'t self, outputs: &[(Var<'t, S>, &[S])]) -> Gradients<'t, S> {
        let mut seeded = SmallVec::new();
        let held = self.pool.written(|memory| self.sweep(outputs, memory, &mut seeded));
        Gradients { tape: self, held, seeded, stamp: self.stamp(), reach: OnceCell::new() }
    }

    fn sweep(
        &self,
        outputs: &[(Var<'_, S>, &[S])],
        memory: &mut Memory<S>,
        seeded: &mut SmallVec<[(u32, S); 1]>,
    ) {
        let side = self.side.borrow();
        seeded.clear();
        let mut last = 0;
        for &(output, cotangent) in outputs {
            let (facts, start) = (side.layouts.facts(output.view.layout()), output.view.start());
            // Nothing passes through a handle that is detached, the output's own no more than an
            // operand's.
            if output.is_scalar() && !output.is_detached() {
                seeded.push((start, cotangent[0]));
            } else if !output.is_detached() {
                let offsets = side.layouts.get(output.view.layout()).offsets();
                let slots = offsets.map(|offset| start + offset as u32);
                seeded.extend(slots.zip(cotangent.iter().copied()));
            }
            let end = start + facts.last as u32;
            // A run is swept as a whole, even if only its first elements are outputs.
            last = last.max(side.wide_at(end).map_or(end + 1, |wide| wide.out + wide.len) as usize);
        }
        self.columns.read(|steps, values| {
            Sweep::new(memory, &side.wides, last).run(
                self.numerics(),
                steps,
                &side,
                values,
                seeded,
            );
        });
    }
}

impl<'t, S: Scalar> Gradients<'t, S> {
    /// The tape whose nodes these adjoints belong to.
    #[must_use]
    pub fn tape(&self) -> &'t Tape<S> {
        self.tape
    }

    /// The adjoint of a single number; 0 where no path leads to the output, which is the derivative
    /// there. [`get`](Gradients::get) and [`status`](Gradients::status) tell the two apart.
    ///
    /// # Panics
    ///
    /// As [`try_wrt`](Gradients::try_wrt) errs.
    #[doc(alias = "grad")]
    #[must_use]
    #[track_caller]
    pub fn wrt(&self, var: Var<'t, S>) -> S {
        or_panic(self.try_wrt(var))
    }

    /// The adjoints of a run in row-major order, 0 where no path leads to the output.
    ///
    /// # Panics
    ///
    /// As [`try_values_wrt`](Gradients::try_values_wrt) errs.
    #[must_use]
    #[track_caller]
    pub fn values_wrt(&self, var: Var<'t, S>) -> Vec<S> {
        or_panic(self.try_values_wrt(var))
    }

    /// As [`try_values_wrt`](Gradients::try_values_wrt), into a slice, without allocating.
    ///
    /// # Errors
    ///
    /// As [`try_wrt`](Gradients::try_wrt), and [`Error::Length`] if the slice has another length.
    #[track_caller]
    pub fn values_wrt_into(&self, var: Var<'t, S>, to: &mut [S]) -> Result<(), Error> {
        let facts = var.facts();
        if to.len() != facts.len {
            let (of, shape, at) = (var.whose(), var.shape(), Place::caller());
            return Err(Error::Length { op: "values_wrt_into", of, shape, found: to.len(), at });
        }
        self.refuse_without_adjoint("values_wrt_into", var)?;
        self.copy_adjoints(var, to);
        Ok(())
    }

    /// The adjoints of a handle that has some.
    fn copy_adjoints(&self, var: Var<'t, S>, to: &mut [S]) {
        let column = &self.adjoints()[var.view.start() as usize..];
        if var.facts().contiguous {
            for (to, &adjoint) in to.iter_mut().zip(column) {
                *to = unsigned_zero(adjoint);
            }
            return;
        }
        for (to, offset) in to.iter_mut().zip(var.layout().offsets()) {
            *to = unsigned_zero(column[offset]);
        }
    }

    /// The adjoint of a single number, or `None` if no path leads from it to the output.
    ///
    /// # Panics
    ///
    /// If `var` has axes, stands on another tape, or was recorded after the output.
    #[must_use]
    #[track_caller]
    pub fn get(&self, var: Var<'t, S>) -> Option<S> {
        match self.status_of("get", var) {
            Status::Reached(adjoint) => Some(adjoint),
            Status::NoPath => None,
            Status::NotComputed => {
                panic!("get: {} was recorded after the output and has no adjoint", var.id())
            }
        }
    }

    /// What the adjoint of a single number is.
    ///
    /// # Panics
    ///
    /// If `var` has axes or stands on another tape.
    #[must_use]
    #[track_caller]
    pub fn status(&self, var: Var<'t, S>) -> Status<S> {
        self.status_of("status", var)
    }

    /// What the adjoint in a slot is.
    ///
    /// # Panics
    ///
    /// If the adjoint is zero and the gradients are stale: whether a path leads to the output may
    /// depend on values, by [`select`](Var::select), and the tape no longer has those.
    #[must_use]
    pub fn status_at(&self, slot: NodeId) -> Status<S> {
        match self.adjoints().get(slot.slot()) {
            None => Status::NotComputed,
            // The reach is only asked for where the number does not tell.
            Some(adjoint) if !adjoint.is_zero() || self.reach()[slot.slot()] => {
                Status::Reached(unsigned_zero(*adjoint))
            }
            Some(_) => Status::NoPath,
        }
    }

    /// The column of adjoints, slot by slot; −0 where nothing was added.
    #[must_use]
    pub fn adjoints(&self) -> &[S] {
        &self.held.memory().adjoints
    }

    /// Whether the tape's values were changed since: then these are the gradients at the old ones.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.stamp != self.tape.stamp()
    }

    /// The slots that were differentiated from, each with its cotangent: 1 for the output of
    /// [`Var::backward`], and none for an output that is [detached](Var::detach), which no path
    /// leads to. A ledger starts from it; a slot given twice comes twice.
    pub fn seeds(&self) -> impl ExactSizeIterator<Item = (NodeId, S)> + '_ {
        self.seeded.iter().map(|&(slot, seed)| (NodeId(slot), seed))
    }

    /// The ledger of every slot in `wanted`: each contribution to its adjoint, in the order in
    /// which the sweep added them. Added up in that order, from the seed if it is an output, the
    /// products give the adjoint bit for bit; only a running sum ([`cumsum`](Var::cumsum)) adds its
    /// own up first, so there to the last digits. On a tape of
    /// [`Fast`](wengert_ops::numerics::Numerics::Fast) numerics the runs' contributions are summed
    /// in another order, and the adjoint is within that mode's bound of the sum.
    ///
    /// # Panics
    ///
    /// If the gradients are stale.
    #[must_use]
    pub fn ledgers(&self, wanted: impl Fn(NodeId) -> bool) -> Vec<(NodeId, Vec<Contribution<S>>)> {
        assert!(!self.is_stale(), "{}", Error::Stale);
        let mut ledgers: Vec<Option<Vec<Contribution<S>>>> = (0..self.adjoints().len())
            .map(|slot| wanted(NodeId(slot as u32)).then(Vec::new))
            .collect();
        self.edges(|reader, operand, slot, partial| {
            let adjoint = self.adjoints()[reader];
            let Some(ledger) = &mut ledgers[slot] else { return };
            if !adjoint.is_zero()
                && let Some(product) = partial.times(adjoint)
            {
                let partial = partial.value(adjoint);
                ledger.push(Contribution {
                    reader: NodeId(reader as u32),
                    operand,
                    partial,
                    adjoint,
                    product,
                });
            }
        });
        let with_id =
            |(slot, ledger): (usize, Option<_>)| ledger.map(|ledger| (NodeId(slot as u32), ledger));
        ledgers.into_iter().enumerate().filter_map(with_id).collect()
    }

    /// As [`wrt`](Gradients::wrt).
    ///
    /// # Errors
    ///
    /// [`Error::NoAdjoint`] for what no adjoint is computed for: data, a constant, a detached
    /// handle, what is computed of those alone, and what was recorded after the output;
    /// [`Error::Operand`] if `var` has axes; [`Error::TwoTapes`].
    #[track_caller]
    pub fn try_wrt(&self, var: Var<'t, S>) -> Result<S, Error> {
        if !var.is_scalar() {
            return Err(var.operand_error(
                "wrt",
                "it has axes: values_wrt() gives the adjoints of all its elements".to_owned(),
            ));
        }
        self.refuse_without_adjoint("wrt", var)?;
        // A zero is zero, whether or not a path leads here: the reach need not be asked.
        Ok(unsigned_zero(self.adjoints()[var.view.start() as usize]))
    }

    /// As [`values_wrt`](Gradients::values_wrt).
    ///
    /// # Errors
    ///
    /// As [`try_wrt`](Gradients::try_wrt), of a `var` of any shape.
    #[track_caller]
    pub fn try_values_wrt(&self, var: Var<'t, S>) -> Result<Vec<S>, Error> {
        self.refuse_without_adjoint("values_wrt", var)?;
        let mut adjoints = vec![S::from_f64(0.0); var.len()];
        self.copy_adjoints(var, &mut adjoints);
        Ok(adjoints)
    }

    #[track_caller]
    fn refuse_without_adjoint(&self, op: &'static str, var: Var<'t, S>) -> Result<(), Error> {
        Var { tape: self.tape, view: var.view }.same_tape(op, var)?;
        let at = Place::caller();
        let none = |reason| Error::NoAdjoint { op, node: self.tape.culprit(var.view), reason, at };
        if var.view.start() as usize + var.facts().last >= self.adjoints().len() {
            return Err(none("it was recorded after the output: its adjoint was not computed"));
        }
        if var.is_detached() {
            return Err(none(
                "no derivative passes: it is data, a constant, detached, or computed of those \
                 alone",
            ));
        }
        Ok(())
    }

    #[track_caller]
    fn status_of(&self, op: &'static str, var: Var<'t, S>) -> Status<S> {
        let (id, shape) = (var.id(), var.shape());
        assert!(var.is_scalar(), "{op}: {id} has shape {shape}; take its elements");
        or_panic(Var { tape: self.tape, view: var.view }.same_tape(op, var));
        self.status_at(NodeId(var.view.start()))
    }

    /// To plant a wrong one.
    #[cfg(test)]
    pub(crate) fn adjoints_mut(&mut self) -> &mut [S] {
        &mut self.tape.pool.again(&mut self.held).adjoints
    }

    /// Every entry of every node's Jacobian, in the order of the sweep: reader's slot, operand,
    /// slot read, partial.
    pub(crate) fn edges(&self, visit: impl FnMut(usize, usize, usize, rules::Partial<S>)) {
        let side = self.tape.side.borrow();
        self.tape.columns.read(|steps, values| {
            for_each_edge(steps, &side, &values[..self.adjoints().len()], S::entries, visit);
        });
    }

    /// For every slot, whether a path of edges that are not known to be zero leads to an output.
    fn reach(&self) -> &[bool] {
        assert!(self.reach.get().is_some() || !self.is_stale(), "{}", Error::Stale);
        self.reach.get_or_init(|| {
            let mut reach = vec![false; self.adjoints().len()];
            for &(slot, _) in &self.seeded {
                reach[slot as usize] = true;
            }
            self.edges(|reader, _, slot, partial| {
                if reach[reader] && !matches!(partial, rules::Partial::Zero) {
                    reach[slot] = true;
                }
            });
            reach
        })
    }
}

/// Every entry of the Jacobian of every node that fills a column, in the order of the sweep:
/// reader's slot, operand, slot read, partial. `entries` lists those of a run.
pub(crate) fn for_each_edge<S: Number>(
    steps: &[Step],
    side: &Side,
    values: &[S],
    entries: impl Fn(Op, &Site<'_, S>, &mut dyn FnMut(Entry<S>)),
    mut visit: impl FnMut(usize, usize, usize, rules::Partial<S>),
) {
    let mut slot = values.len();
    let mut index = side.step_of(slot.saturating_sub(1) as u32) as usize + usize::from(slot > 0);
    while index > 0 {
        index -= 1;
        let step = steps[index];
        let (a, b) = (step.a() as usize, step.b() as usize);
        match step.kind() {
            Kind::Leaf(_) => slot -= 1,
            Kind::Unary(op) => {
                slot -= 1;
                if !step.cuts_first() {
                    visit(slot, 0, a, rules::unary(op, values[a], values[slot]));
                }
            }
            Kind::Binary(op) => {
                slot -= 1;
                if !step.cuts_first() {
                    visit(slot, 0, a, rules::first(op, values[a], values[b], values[slot]));
                }
                if !step.cuts_second() {
                    visit(slot, 1, b, rules::second(op, values[a], values[b], values[slot]));
                }
            }
            Kind::Wide => {
                let wide = &side.wides[a];
                slot = wide.out as usize;
                let site = Site::of(wide, &side.layouts, &values[..slot + wide.len as usize]);
                entries(wide.op, &site, &mut |entry| {
                    visit(slot + entry.out, entry.operand, entry.slot, entry.partial);
                });
            }
        }
    }
}

/// The number itself, with 0 for −0, which the sweep leaves where it added nothing.
fn unsigned_zero<S: Scalar>(adjoint: S) -> S {
    adjoint + S::from_f64(0.0)
}

impl<S: Scalar> fmt::Debug for Gradients<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = Shape::from([self.adjoints().len()]);
        write!(f, "Gradients({shape} adjoints of the tape made at {})", self.tape.made_at())
    }
}
