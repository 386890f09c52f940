//! A tangent as more nodes: the rules of forward mode, read by `Var`.

use std::ops::Range;

use smallvec::SmallVec;
use wengert_ops::structural::At;

use super::store::Recorded;
use crate::error::Error;
use crate::limits::By;
use crate::op::{Leaf, Op};
use crate::real::Scalar;
use crate::rules;
use crate::run::{View, Wide};
use crate::tape::{Kind, Step, Tape};
use crate::var::Var;

/// # The tangent as nodes
impl<'t, S: Scalar> Var<'t, S> {
    /// Records the tangent of this along a direction as nodes after it, of its own shape; `None` if
    /// nothing that moves leads to it. Each `(var, tangent)` of the direction moves; a node that is
    /// named there gets that tangent, whatever its operands do.
    ///
    /// With a tangent that is an input of the tape this is a Jacobian-vector product that replays
    /// along other directions; of a recorded gradient it is a Hessian-vector product.
    ///
    /// # Errors
    ///
    /// [`Error::Shapes`] if a tangent has another shape than what it moves, [`Error::Operand`] for
    /// a view that repeats a number (a broadcast), [`Error::TwoTapes`], [`Error::Full`];
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
    /// let (x, dx) = (tape.input(3.0), tape.input(1.0));
    /// let y = x * x;
    /// let dy = y.record_tangent(&[(x, dx)])?.unwrap();
    /// assert_eq!(dy.value(), 6.0);
    /// tape.replay(&[(x, &[5.0]), (dx, &[2.0])])?;
    /// assert_eq!(dy.value(), 20.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "jvp")]
    #[track_caller]
    pub fn record_tangent(
        self,
        direction: &[(Var<'t, S>, Var<'t, S>)],
    ) -> Result<Option<Var<'t, S>>, Error> {
        let tangents = self.tape.record_jvp("record_tangent", &[self], direction)?;
        Ok(tangents[0])
    }
}

impl<S: Scalar> Tape<S> {
    /// The tangents of several nodes, recorded in one walk.
    #[track_caller]
    pub(crate) fn record_jvp<'t>(
        &'t self,
        op: &'static str,
        of: &[Var<'t, S>],
        direction: &[(Var<'t, S>, Var<'t, S>)],
    ) -> Result<Vec<Option<Var<'t, S>>>, Error> {
        for &(moved, tangent) in direction {
            self.owns(op, moved)?;
            self.owns(op, tangent)?;
            moved.each_number_once(op)?;
            if moved.shape() != tangent.shape() {
                let rule = "a tangent has the shape of what it moves";
                return Err(moved.shapes_error(op, tangent, rule));
            }
        }
        let to: SmallVec<[View; 4]> = of.iter().map(|var| var.view).collect();
        let from: SmallVec<[View; 4]> = direction.iter().map(|(moved, _)| moved.view).collect();
        self.differentiable(op, By::Views(&from), Some(&to), 1)?;
        let mut recorder = Recorder { tape: self, tangents: Recorded::new(self) };
        // What is asked for may be elements of many nodes side by side: up to the last of them.
        let ends = of.iter().map(|var| var.view.start() + var.facts().last as u32);
        let Some(end) = ends.max() else { return Ok(Vec::new()) };
        let last = self.side.borrow().step_of(end);
        let mut slot = 0;
        for index in 0..=last {
            let step = self.columns.step(index);
            let wide = match step.kind() {
                Kind::Wide => Some(self.side.borrow().wides[step.a() as usize].clone()),
                _ => None,
            };
            let len = wide.as_ref().map_or(1, |wide| wide.len);
            recorder.step(slot, step, wide.as_ref())?;
            for &(moved, tangent) in direction {
                let first = moved.view.start();
                if first < slot + len && slot <= first + moved.facts().last as u32 {
                    recorder.replace(moved, tangent, slot..slot + len)?;
                }
            }
            slot += len;
        }
        let tangent = |&var: &Var<'t, S>| {
            if var.view.is_cut() { Ok(None) } else { recorder.tangents.of(var) }
        };
        of.iter().map(tangent).collect()
    }
}

/// The tangents under way.
struct Recorder<'t, S: Scalar> {
    tape: &'t Tape<S>,
    tangents: Recorded<'t, S>,
}

impl<'t, S: Scalar> Recorder<'t, S> {
    fn var(&self, view: View) -> Var<'t, S> {
        Var { tape: self.tape, view }
    }

    /// Gives what is named in the direction its tangent, as far as it lies in one node. Of a part
    /// of a run, the other elements keep theirs.
    #[track_caller]
    fn replace(
        &mut self,
        moved: Var<'t, S>,
        tangent: Var<'t, S>,
        node: Range<u32>,
    ) -> Result<(), Error> {
        let (first, layout) = (moved.view.start(), moved.layout());
        // The elements that lie in this node, and their slots.
        let here: Vec<(usize, u32)> = if layout.is_contiguous() {
            let end = node.end.min(first + moved.len() as u32);
            (node.start.max(first)..end).map(|slot| ((slot - first) as usize, slot)).collect()
        } else {
            let slots = layout.offsets().map(|offset| first + offset as u32);
            slots.enumerate().filter(|(_, slot)| node.contains(slot)).collect()
        };
        if here.is_empty() {
            return Ok(());
        }
        let run = self.tape.side.borrow().wide_at(node.start).map(|w| View::new(w.out, w.layout));
        let whole = self.var(run.unwrap_or(View::scalar(node.start)));
        let before = self.tangents.of(whole)?.filter(|_| here.len() < whole.len());
        self.tangents.forget(node.start, whole.len() as u32);
        if let Some(before) = before {
            let mut kept = vec![S::from_f64(1.0); whole.len()];
            for &(_, slot) in &here {
                kept[(slot - node.start) as usize] = S::from_f64(0.0);
            }
            let kept = self.tape.tensor(Leaf::Const, &kept, whole.shape())?;
            self.tangents.add(whole.view, kept.try_select(before, S::from_f64(0.0))?)?;
        }
        if here.len() == moved.len() {
            return self.tangents.add(moved.view, tangent);
        }
        let each = tangent.try_reshape([tangent.len()])?;
        for (element, slot) in here {
            self.tangents.add(View::scalar(slot), each.try_at(element)?)?;
        }
        Ok(())
    }

    /// Records the tangent of the node at `slot`, if an operand has one.
    #[track_caller]
    fn step(&mut self, slot: u32, step: Step, wide: Option<&Wide>) -> Result<(), Error> {
        if let Some(wide) = wide {
            return self.wide_step(wide);
        }
        let (x, v) = (self.var(View::scalar(step.a())), self.var(View::scalar(slot)));
        let along = |this: &Self, slot: u32, cut: bool| match cut {
            true => Ok(None),
            false => this.tangents.of(this.var(View::scalar(slot))),
        };
        let tangent = match step.kind() {
            Kind::Unary(op) => along(self, step.a(), step.cuts_first())?
                .and_then(|t| rules::unary(op, x, v).times(t)),
            Kind::Binary(op) => {
                let y = self.var(View::scalar(step.b()));
                let first = along(self, step.a(), step.cuts_first())?
                    .and_then(|t| rules::first(op, x, y, v).times(t));
                let second = along(self, step.b(), step.cuts_second())?
                    .and_then(|t| rules::second(op, x, y, v).times(t));
                sum(first, second)?
            }
            Kind::Leaf(_) | Kind::Wide => None,
        };
        match tangent {
            Some(tangent) => self.tangents.add(v.view, tangent),
            None => Ok(()),
        }
    }

    #[track_caller]
    fn wide_step(&mut self, wide: &Wide) -> Result<(), Error> {
        if wide.op.is_leaf() {
            return Ok(());
        }
        let operands: SmallVec<[Var<'t, S>; 3]> =
            wide.operands.iter().map(|&view| self.var(view)).collect();
        let v = self.var(View::new(wide.out, wide.layout));
        let mut total = None;
        for (i, &x) in operands.iter().enumerate().filter(|(_, x)| !x.view.is_cut()) {
            let Some(t) = self.tangents.of(x)? else { continue };
            let share = match wide.op {
                Op::Leaf(_) => None,
                Op::Unary(op) => rules::unary(op, x, v).times(t),
                Op::Binary(op) if i == 0 => rules::first(op, x, operands[1], v).times(t),
                Op::Binary(op) => rules::second(op, operands[0], x, v).times(t),
                Op::Structural(op) => op.tangent(
                    &At { operands: &operands, value: v, attributes: &wide.attributes },
                    i,
                    t,
                ),
            };
            total = sum(total, share)?;
        }
        match total {
            Some(total) => self.tangents.add(v.view, total.try_broadcast_to(v.shape())?),
            None => Ok(()),
        }
    }
}

#[track_caller]
fn sum<'t, S: Scalar>(
    a: Option<Var<'t, S>>,
    b: Option<Var<'t, S>>,
) -> Result<Option<Var<'t, S>>, Error> {
    match (a, b) {
        (Some(a), Some(b)) => a.try_add(b).map(Some),
        (a, b) => Ok(a.or(b)),
    }
}
