//! The gradient as more nodes: the same rules, read by `Var`.

use smallvec::SmallVec;
use wengert_ops::structural::At;

use super::store::Recorded;
use crate::error::Error;
use crate::limits::{By, active};
use crate::op::Op;
use crate::real::{Real, Scalar};
use crate::rules::{self, Partial};
use crate::run::{View, Wide};
use crate::shape::Shape;
use crate::tape::{Kind, Step, Tape};
use crate::var::Var;

/// # The gradient as nodes
impl<'t, S: Scalar> Var<'t, S> {
    /// Records the gradient of this single number as nodes after it, and returns the adjoint of
    /// each of `wrt`, of the same shape; `None` if no path leads to it.
    ///
    /// The result is as good as any other `Var`: it has a listing, it replays at other inputs, and
    /// it can be differentiated again.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if this has axes, [`Error::TwoTapes`], [`Error::Full`];
    /// [`Error::NoRule`] if a derivative of an [`External`](crate::External) is not known.
    ///
    /// # Panics
    ///
    /// If the tape fills up inside a derivative rule, which is written in operators; nodes recorded
    /// until then stay.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(2.0);
    /// let y = x * x * x;
    /// let dy = y.record_gradient(&[x])?[0].unwrap();
    /// let d2y = dy.backward().wrt(x);
    /// assert_eq!((dy.value(), d2y), (12.0, 12.0)); // 3x², 6x
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "create_graph")]
    #[track_caller]
    pub fn record_gradient(self, wrt: &[Var<'t, S>]) -> Result<Vec<Option<Var<'t, S>>>, Error> {
        if !self.is_scalar() {
            return Err(
                self.operand_error("record_gradient", "a run has no single derivative".to_owned())
            );
        }
        for &var in wrt {
            self.same_tape("record_gradient", var)?;
        }
        let recorded = self.tape.record_vjp(&[(self, self.like(1.0))], wrt);
        recorded.map_err(|error| error.within("record_gradient"))
    }
}

/// # Products with the Jacobian as nodes
impl<S: Scalar> Tape<S> {
    /// Records the vector-Jacobian product of outputs, each with its cotangent, as nodes after
    /// them: what [`record_gradient`](Var::record_gradient) does for one number. Returns the
    /// adjoint of each of `wrt`, of its shape; `None` if no path leads to it.
    ///
    /// # Errors
    ///
    /// [`Error::Shapes`] if a cotangent has another shape than its output, [`Error::TwoTapes`],
    /// [`Error::Full`]; [`Error::NoRule`].
    ///
    /// # Panics
    ///
    /// As [`record_gradient`](Var::record_gradient).
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input([1.0, 2.0]);
    /// let (y, g) = (x * x, tape.input([1.0, 10.0]));
    /// let share = tape.record_vjp(&[(y, g)], &[x])?[0].unwrap();
    /// assert_eq!(share.values(), [2.0, 40.0]); // 2x g
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "vjp")]
    #[track_caller]
    pub fn record_vjp<'t>(
        &'t self,
        outputs: &[(Var<'t, S>, Var<'t, S>)],
        wrt: &[Var<'t, S>],
    ) -> Result<Vec<Option<Var<'t, S>>>, Error> {
        const OP: &str = "record_vjp";
        for &(output, cotangent) in outputs {
            self.owns(OP, output)?;
            self.owns(OP, cotangent)?;
            if output.shape() != cotangent.shape() {
                let rule = "a cotangent has the shape of its output";
                return Err(output.shapes_error(OP, cotangent, rule));
            }
        }
        for &var in wrt {
            self.owns(OP, var)?;
        }
        let to: SmallVec<[View; 3]> = outputs.iter().map(|(output, _)| output.view).collect();
        let from: SmallVec<[View; 3]> = wrt.iter().map(|var| var.view).collect();
        self.differentiable(OP, By::Views(&from), Some(&to), 1)?;
        let mut found = vec![None; wrt.len()];
        let end = |output: &Var<'t, S>| output.view.start() + output.facts().last as u32;
        let passes = outputs.iter().filter(|(output, _)| !output.view.is_cut());
        let Some(last_slot) = passes.clone().map(|(output, _)| end(output)).max() else {
            return Ok(found);
        };
        let mut recorder = Recorder::new(self, wrt, last_slot);
        for &(output, cotangent) in passes {
            recorder.adjoints.add(output.view, cotangent)?;
        }
        let (last, after) = {
            let side = self.side.borrow();
            let after = side.wide_at(last_slot).map_or(last_slot + 1, |wide| wide.out + wide.len);
            (side.step_of(last_slot), after)
        };
        let mut slot = after;
        for index in (0..=last).rev() {
            let step = self.columns.step(index);
            let wide = match step.kind() {
                Kind::Wide => Some(self.side.borrow().wides[step.a() as usize].clone()),
                _ => None,
            };
            slot = wide.as_ref().map_or(slot - 1, |wide| wide.out);
            // The adjoint of everything in this node's run is complete now.
            let len = wide.as_ref().map_or(1, |wide| wide.len);
            recorder.step(slot, step, wide.as_ref())?;
            for (var, found) in wrt.iter().zip(&mut found) {
                if (slot..slot + len).contains(&var.view.start()) && found.is_none() {
                    *found = recorder.adjoints.of(*var)?;
                }
            }
        }
        Ok(found)
    }
}

/// The adjoints under way.
struct Recorder<'t, S: Scalar> {
    tape: &'t Tape<S>,
    /// The slots that depend on what is differentiated by; nothing is recorded for the others.
    active: Vec<bool>,
    adjoints: Recorded<'t, S>,
}

impl<'t, S: Scalar> Recorder<'t, S> {
    fn new(tape: &'t Tape<S>, wrt: &[Var<'t, S>], last: u32) -> Self {
        let side = tape.side.borrow();
        let end = side.wide_at(last).map_or(last + 1, |wide| wide.out + wide.len) as usize;
        let from: Vec<View> = wrt.iter().map(|var| var.view).collect();
        let reached = |steps: &[Step]| active(steps, &side, By::Views(&from), end);
        let active = tape.columns.read(|steps, _| reached(steps));
        drop(side);
        Recorder { tape, active, adjoints: Recorded::new(tape) }
    }

    fn var(&self, view: View) -> Var<'t, S> {
        Var { tape: self.tape, view }
    }

    /// Passes on the adjoint of the node at `slot`, if it has one.
    #[track_caller]
    fn step(&mut self, slot: u32, step: Step, wide: Option<&Wide>) -> Result<(), Error> {
        if let Some(wide) = wide {
            if wide.op.is_leaf() {
                return Ok(());
            }
            let node = self.var(View::new(wide.out, wide.layout));
            let Some(g) = self.adjoints.of(node)? else { return Ok(()) };
            return self.wide_step(wide, node, g);
        }
        let Some(g) = self.adjoints.number(slot) else { return Ok(()) };
        let v = self.var(View::scalar(slot));
        let x = self.var(View::scalar(step.a()).cut_if(step.cuts_first()));
        match step.kind() {
            Kind::Unary(op) if self.wants(x) => self.add_partial(x, rules::unary(op, x, v), g)?,
            Kind::Binary(op) => {
                let y = self.var(View::scalar(step.b()).cut_if(step.cuts_second()));
                if self.wants(x) {
                    self.add_partial(x, rules::first(op, x, y, v), g)?;
                }
                if self.wants(y) {
                    self.add_partial(y, rules::second(op, x, y, v), g)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    #[track_caller]
    fn wide_step(&mut self, wide: &Wide, v: Var<'t, S>, g: Var<'t, S>) -> Result<(), Error> {
        let operands: SmallVec<[Var<'t, S>; 3]> =
            wide.operands.iter().map(|&view| self.var(view)).collect();
        let wants: SmallVec<[bool; 3]> = operands.iter().map(|&x| self.wants(x)).collect();
        let at = At { operands: &operands, value: v, attributes: &wide.attributes };
        if let Op::Structural(op) = wide.op
            && op.shares_are_joint()
        {
            for (&x, share) in operands.iter().zip(op.shares(&at, &wants, g)) {
                self.add_share(x, share)?;
            }
            return Ok(());
        }
        for (i, &x) in operands.iter().enumerate().filter(|(i, _)| wants[*i]) {
            let share = match wide.op {
                Op::Unary(op) => rules::unary(op, x, v).times(g),
                Op::Binary(op) if i == 0 => rules::first(op, x, operands[1], v).times(g),
                Op::Binary(op) => rules::second(op, operands[0], x, v).times(g),
                Op::Structural(op) => op.share(&at, i, g),
                Op::Leaf(_) => None,
            };
            self.add_share(x, share)?;
        }
        Ok(())
    }

    #[track_caller]
    fn add_share(&mut self, x: Var<'t, S>, share: Option<Var<'t, S>>) -> Result<(), Error> {
        match share {
            Some(share) => self.adjoints.add(x.view, share.sum_to(&x.shape())?),
            None => Ok(()),
        }
    }

    /// Whether anything is differentiated by that `x` depends on.
    fn wants(&self, x: Var<'t, S>) -> bool {
        !x.view.is_cut()
            && x.layout().offsets().any(|offset| self.active[x.view.start() as usize + offset])
    }

    #[track_caller]
    fn add_partial(
        &mut self,
        x: Var<'t, S>,
        partial: Partial<Var<'t, S>>,
        g: Var<'t, S>,
    ) -> Result<(), Error> {
        match partial.times(g) {
            Some(share) => self.adjoints.add(x.view, share),
            None => Ok(()),
        }
    }
}

impl<'t, S: Scalar> Var<'t, S> {
    /// The sum over whatever broadcasting from `shape` had repeated.
    #[track_caller]
    pub(crate) fn sum_to(self, shape: &Shape) -> Result<Self, Error> {
        let own = self.shape();
        if own == *shape {
            return Ok(self);
        }
        // A share may also be smaller, where an op's partial is one number for all elements.
        let Some(extra) = own.rank().checked_sub(shape.rank()) else {
            return self.try_broadcast_to(shape.clone())?.try_contiguous();
        };
        let repeated = |axis: &usize| {
            *axis < extra || (shape.dims()[axis - extra] == 1 && own.dims()[*axis] != 1)
        };
        let axes: SmallVec<[usize; 4]> = (0..own.rank()).filter(repeated).collect();
        self.try_sum_axes(&axes[..])?.try_reshape(shape.clone())
    }
}
