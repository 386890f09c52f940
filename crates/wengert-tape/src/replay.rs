//! The same list at new numbers.

use std::ops::Range;

use crate::error::{Error, NodeId, Place};
use crate::faults::fault;
use crate::kernels::{self, Numerics};
use crate::op::{Leaf, Op};
use crate::real::Scalar;
use crate::run::Wide;
use crate::scalars::evaluate_scalars;
use crate::tape::{Side, Step, Tape};
use crate::var::Var;
use wengert_ops::real::Scalar as Number;

/// # The same list at other numbers
impl<S: Scalar> Tape<S> {
    /// Gives leaves new values and computes every node again from the opcodes, in place. Without
    /// new values it recomputes what is there, which gives the same bits.
    ///
    /// `abs`, `max`, `relu` and their kind choose anew by the new values. A comparison that the
    /// program branched on is checked: where it would come out differently, the recorded list is
    /// not the program's any more.
    ///
    /// # Errors
    ///
    /// [`Error::GuardFlipped`]; [`Error::Singular`] where a matrix has no inverse or no factor any
    /// more, [`Error::NoConvergence`] where an equation's root is not found; [`Error::NotSettable`] for what is not an input, a parameter or
    /// data, [`Error::Length`] for a wrong number of values, [`Error::Operand`] for a view that
    /// repeats a number (a broadcast), [`Error::TwoTapes`]. Then every value is as it was, and
    /// gradients stay as fresh as they were.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(2.0);
    /// let y = if x > 1.0 { x * x } else { -x };
    /// tape.replay(&[(x, &[3.0])])?;
    /// assert_eq!(y.value(), 9.0);
    /// assert!(tape.replay(&[(x, &[0.5])]).is_err()); // the other branch was not recorded
    /// assert_eq!(y.value(), 9.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn replay<'t>(&'t self, inputs: &[(Var<'t, S>, &[S])]) -> Result<(), Error> {
        for &(var, values) in inputs {
            self.check_settable("replay", var, values.len())?;
        }
        // Only a guard, or a step without a result, can make it turn back.
        let guarded = {
            let side = self.side.borrow();
            !side.guards.is_empty() || !side.faults.is_empty()
        };
        let earlier: Vec<Vec<S>> =
            if guarded { inputs.iter().map(|(var, _)| var.values()).collect() } else { Vec::new() };
        for &(var, values) in inputs {
            self.write_values(var, values);
        }
        self.reevaluate();
        let checked = if guarded { self.check_guards() } else { Ok(()) };
        let Err(flipped) = checked.and_then(|()| self.check_faults()) else {
            self.touch();
            return Ok(());
        };
        // Back again, the last first, in case one slot was set twice.
        for ((var, _), values) in inputs.iter().zip(&earlier).rev() {
            self.write_values(*var, values);
        }
        self.reevaluate();
        Err(flipped)
    }

    /// Changes the numbers of a leaf in place: an optimiser's step. Nodes that read them keep their
    /// values until a [`replay`](Tape::replay), or until they are [rewound](Tape::rewind) and
    /// recorded anew; gradients computed before are stale.
    ///
    /// `f` gets the leaf's elements in row-major order.
    ///
    /// # Errors
    ///
    /// [`Error::NotSettable`] for what is not an input, a parameter or data, [`Error::Operand`] for
    /// a view that repeats a number, [`Error::TwoTapes`].
    ///
    /// # Panics
    ///
    /// If `f` records on the tape.
    #[track_caller]
    pub fn update<'t>(&'t self, var: Var<'t, S>, f: impl FnOnce(&mut [S])) -> Result<(), Error> {
        self.check_settable("update", var, var.len())?;
        let (facts, start) = (var.facts(), var.view.start() as usize);
        if facts.contiguous {
            self.columns.write(|_, values| f(&mut values[start..start + facts.len]));
        } else {
            let mut new = var.values();
            f(&mut new);
            self.write_values(var, &new);
        }
        self.touch();
        Ok(())
    }

    fn reevaluate(&self) {
        let side = self.side.borrow();
        self.columns.write(|steps, values| {
            let slots = 0..values.len();
            S::evaluate(self.numerics(), steps, &side, values, slots);
        });
    }

    fn write_values(&self, var: Var<'_, S>, new: &[S]) {
        let side = self.side.borrow();
        let (layout, start) = (var.view.layout(), var.view.start() as usize);
        self.columns.write(|_, values| {
            if side.layouts.facts(layout).contiguous {
                values[start..start + new.len()].copy_from_slice(new);
                return;
            }
            let layout = side.layouts.get(layout);
            for (offset, &value) in layout.offsets().zip(new) {
                values[start + offset] = value;
            }
        });
    }

    #[doc(hidden)]
    #[track_caller]
    pub fn check_settable(
        &self,
        op: &'static str,
        var: Var<'_, S>,
        found: usize,
    ) -> Result<(), Error> {
        if self.is_settable(var, found) {
            return Ok(());
        }
        self.why_not_settable(op, var, found)
    }

    /// Whether it is neighbours in one leaf, of the right number: what is set mostly is.
    fn is_settable(&self, var: Var<'_, S>, found: usize) -> bool {
        if !std::ptr::eq(self, var.tape) {
            return false;
        }
        let side = self.side.borrow();
        let facts = side.layouts.facts(var.view.layout());
        if found != facts.len || !facts.contiguous {
            return false;
        }
        if self.settable.iter().any(|known| known.get() == var.view) {
            return true;
        }
        let start = var.view.start();
        let set = |op| matches!(op, Op::Leaf(Leaf::Input | Leaf::Param | Leaf::Data));
        let leaf = |wide: &Wide| set(wide.op) && start + facts.len as u32 <= wide.out + wide.len;
        let is = match side.wide_at(start) {
            Some(wide) => leaf(wide),
            None => facts.len == 1 && set(self.columns.step(side.step_of(start)).op()),
        };
        if is {
            for i in (1..self.settable.len()).rev() {
                self.settable[i].set(self.settable[i - 1].get());
            }
            self.settable[0].set(var.view);
        }
        is
    }

    /// As [`check_settable`](Tape::check_settable), slot by slot.
    #[track_caller]
    fn why_not_settable(
        &self,
        op: &'static str,
        var: Var<'_, S>,
        found: usize,
    ) -> Result<(), Error> {
        if !std::ptr::eq(self, var.tape) {
            let at = Place::caller();
            return Err(Error::TwoTapes {
                op,
                left: self.made_at(),
                right: var.tape.made_at(),
                at,
            });
        }
        let facts = var.facts();
        if found != facts.len {
            return Err(Error::Length {
                op,
                of: var.whose(),
                shape: var.shape(),
                found,
                at: Place::caller(),
            });
        }
        var.each_number_once(op)?;
        let at = Place::caller();
        let side = self.side.borrow();
        let not_settable =
            |id: u32, kind| Err(Error::NotSettable { op, node: self.label(NodeId(id)), kind, at });
        // The node's slots.
        let settable = |slot: usize| {
            let id = slot as u32;
            let (kind, slots) = match side.wide_at(id) {
                Some(wide) => (wide.op, wide.out as usize..(wide.out + wide.len) as usize),
                None => (self.columns.step(side.step_of(id)).op(), slot..slot + 1),
            };
            match kind {
                Op::Leaf(Leaf::Input | Leaf::Param | Leaf::Data) => Ok(slots),
                Op::Leaf(Leaf::Const) => not_settable(id, "a constant".to_owned()),
                computed => not_settable(id, format!("computed ({computed})")),
            }
        };
        // Node by node, not slot by slot: a block of parameters is one.
        let (layout, start) = (side.layouts.get(var.view.layout()), var.view.start() as usize);
        let mut checked = 0..0;
        if facts.contiguous {
            while checked.end < start + facts.len {
                checked = settable(checked.end.max(start))?;
            }
            return Ok(());
        }
        for slot in layout.offsets().map(|offset| start + offset) {
            if !checked.contains(&slot) {
                checked = settable(slot)?;
            }
        }
        Ok(())
    }

    /// What a guard's message calls a side of the comparison: a constant by its value, else as
    /// [`label`](Tape::label).
    #[doc(hidden)]
    pub fn side_label(&self, slot: u32) -> String {
        match self.node(NodeId(slot)) {
            Some(node) if node.op == Op::Leaf(Leaf::Const) => {
                self.columns.value(slot).to_f64().to_string()
            }
            _ => self.label(NodeId(slot)),
        }
    }

    fn check_faults(&self) -> Result<(), Error> {
        let side = self.side.borrow();
        self.columns.read(|_, values| {
            side.faults.iter().try_for_each(|check| {
                match fault(&side.wides[check.wide], &side, values) {
                    None => Ok(()),
                    Some(found) => Err(self.failed(&side, check, found)),
                }
            })
        })
    }

    fn check_guards(&self) -> Result<(), Error> {
        let side = self.side.borrow();
        for (index, guard) in side.guards.iter().enumerate() {
            let (left, right) = (self.columns.value(guard.left), self.columns.value(guard.right));
            if guard.comparison.holds(&left, &right) != guard.outcome {
                return Err(Error::GuardFlipped {
                    index,
                    comparison: guard.comparison,
                    left: self.side_label(guard.left),
                    right: self.side_label(guard.right),
                    left_value: left.to_f64(),
                    right_value: right.to_f64(),
                    recorded: guard.outcome,
                    at: guard.place,
                });
            }
        }
        Ok(())
    }
}

/// Computes the nodes whose runs lie in a range of slots; the range begins and ends between two
/// nodes.
pub(crate) fn evaluate_range<S: Number>(
    numerics: Numerics,
    steps: &[Step],
    side: &Side,
    values: &mut [S],
    slots: Range<usize>,
) {
    let first = side.wides.partition_point(|wide| (wide.out as usize) < slots.start);
    let mut slot = slots.start;
    let mut step =
        if slot < values.len() { side.step_of(slot as u32) as usize } else { steps.len() };
    for wide in side.wides[first..].iter().take_while(|wide| (wide.out as usize) < slots.end) {
        let (next, out) = (wide.step as usize, wide.out as usize);
        if step < next {
            evaluate_scalars(&steps[step..next], slot, values);
        }
        if !matches!(wide.op, Op::Leaf(_)) {
            let (before, rest) = values.split_at_mut(out);
            kernels::forward(numerics, wide, &side.layouts, before, &mut rest[..wide.len as usize]);
        }
        (step, slot) = (next + 1, out + wide.len as usize);
    }
    evaluate_scalars(&steps[step..step + slots.end - slot], slot, values);
}

impl<S: Scalar> Var<'_, S> {
    /// The error if this is a view in which a number stands more than once.
    #[track_caller]
    pub(crate) fn each_number_once(self, op: &'static str) -> Result<(), Error> {
        if self.facts().contiguous || self.layout().is_injective() {
            return Ok(());
        }
        let rule = "several of its elements are one number, which cannot be set to more than one";
        Err(self.operand_error(op, rule.to_owned()))
    }
}
