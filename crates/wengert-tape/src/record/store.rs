//! Adjoints or tangents under way, each a node of the tape.

use std::collections::{BTreeMap, HashMap};

use crate::error::Error;
use crate::real::Scalar;
use crate::run::View;
use crate::shape::Layout;
use crate::tape::Tape;
use crate::var::Var;

/// A number that goes with each slot, recorded as nodes: whole runs as one.
pub(super) struct Recorded<'t, S: Scalar> {
    tape: &'t Tape<S>,
    /// Of whole runs, by first slot: one Var of the run's shape.
    runs: HashMap<u32, Var<'t, S>>,
    /// Of single numbers: scalar nodes, and elements of runs that are read one by one.
    numbers: BTreeMap<u32, Var<'t, S>>,
}

impl<'t, S: Scalar> Recorded<'t, S> {
    pub(super) fn new(tape: &'t Tape<S>) -> Self {
        Recorded { tape, runs: HashMap::new(), numbers: BTreeMap::new() }
    }

    /// What goes with a scalar node.
    pub(super) fn number(&self, slot: u32) -> Option<Var<'t, S>> {
        self.numbers.get(&slot).copied()
    }

    /// Forgets what goes with the slots of a node.
    pub(super) fn forget(&mut self, slot: u32, len: u32) {
        self.runs.remove(&slot);
        let known: Vec<u32> = self.numbers.range(slot..slot + len).map(|(&slot, _)| slot).collect();
        for slot in known {
            self.numbers.remove(&slot);
        }
    }

    /// Adds `share`, of the view's shape, to what is recorded for the view's slots.
    #[track_caller]
    pub(super) fn add(&mut self, view: View, share: Var<'t, S>) -> Result<(), Error> {
        let layout = Var { tape: self.tape, view }.layout();
        if layout.shape().is_scalar() {
            return self.add_number(view.start(), share);
        }
        let run = self
            .tape
            .side
            .borrow()
            .wide_at(view.start())
            .map(|wide| (wide.out, wide.len, wide.layout));
        let Some((out, len, run_layout)) = run else { return self.add_each(view, &layout, share) };
        let first = view.start() - out;
        let positions: Vec<usize> =
            layout.offsets().map(|offset| first as usize + offset).collect();
        if positions.iter().any(|&position| position >= len as usize) {
            // The view runs over several nodes.
            return self.add_each(view, &layout, share);
        }
        let run_shape = Var { tape: self.tape, view: View::new(out, run_layout) }.shape();
        let whole = first == 0 && layout.is_contiguous() && layout.len() == len as usize;
        let share = if whole {
            share.try_reshape(run_shape)?
        } else {
            share.try_scatter_add(&positions, run_shape)?
        };
        let sum = match self.runs.get(&out) {
            Some(&sum) => sum.try_add(share)?,
            None => share,
        };
        self.runs.insert(out, sum);
        Ok(())
    }

    #[track_caller]
    fn add_each(&mut self, view: View, layout: &Layout, share: Var<'t, S>) -> Result<(), Error> {
        let share = share.try_reshape([layout.len()])?;
        for (i, offset) in layout.offsets().enumerate() {
            self.add_number(view.start() + offset as u32, share.at(i))?;
        }
        Ok(())
    }

    #[track_caller]
    fn add_number(&mut self, slot: u32, share: Var<'t, S>) -> Result<(), Error> {
        let sum = match self.numbers.get(&slot) {
            Some(&sum) => sum.try_add(share)?,
            None => share,
        };
        self.numbers.insert(slot, sum);
        Ok(())
    }

    /// What is recorded as runs for slots that lie in several of them, or beside one.
    #[track_caller]
    fn of_runs(&self, slots: &[u32], layout: &Layout) -> Result<Option<Var<'t, S>>, Error> {
        // By run: its length, the places among the slots, and those in the run.
        let mut runs: BTreeMap<u32, (usize, Vec<usize>, Vec<usize>)> = BTreeMap::new();
        {
            let side = self.tape.side.borrow();
            for (i, &slot) in slots.iter().enumerate() {
                let run = side.wide_at(slot).filter(|wide| self.runs.contains_key(&wide.out));
                if let Some(wide) = run {
                    let parts = (wide.len as usize, Vec::new(), Vec::new());
                    let (_, here, there) = runs.entry(wide.out).or_insert(parts);
                    here.push(i);
                    there.push((slot - wide.out) as usize);
                }
            }
        }
        let mut total: Option<Var<'t, S>> = None;
        for (out, (len, here, there)) in runs {
            let part = self.runs[&out].try_reshape([len])?.try_gather(&there)?;
            let part = part.try_scatter_add(&here, layout.shape().clone())?;
            total = Some(match total {
                Some(total) => total.try_add(part)?,
                None => part,
            });
        }
        Ok(total)
    }

    /// What is recorded for a var's slots so far, of its shape.
    #[track_caller]
    pub(super) fn of(&self, var: Var<'t, S>) -> Result<Option<Var<'t, S>>, Error> {
        let layout = var.layout();
        let slots: Vec<u32> =
            layout.offsets().map(|offset| var.view.start() + offset as u32).collect();
        let run =
            self.tape.side.borrow().wide_at(var.view.start()).map(|wide| (wide.out, wide.len));
        let run = run.map(|(out, len)| (out, len, self.runs.get(&out).copied()));
        let whole = match run {
            None if slots.len() == 1 => None,
            Some((out, len, Some(sum)))
                if slots.iter().all(|slot| (out..out + len).contains(slot)) =>
            {
                let position = |slot: &u32| (slot - out) as usize;
                if slots.len() == len as usize && layout.is_contiguous() {
                    Some(sum.try_reshape(layout.shape().clone())?)
                } else if layout.shape().is_scalar() {
                    Some(sum.try_reshape([len as usize])?.at(position(&slots[0])))
                } else {
                    let positions: Vec<usize> = slots.iter().map(position).collect();
                    Some(sum.try_gather(&positions)?.try_reshape(layout.shape().clone())?)
                }
            }
            Some((out, len, _)) if slots.iter().all(|slot| (out..out + len).contains(slot)) => None,
            _ => self.of_runs(&slots, &layout)?,
        };
        let single: Vec<(usize, Var<'t, S>)> = slots
            .iter()
            .enumerate()
            .filter_map(|(i, slot)| Some((i, *self.numbers.get(slot)?)))
            .collect();
        if single.is_empty() {
            return Ok(whole);
        }
        let each = if layout.shape().is_scalar() {
            single[0].1
        } else {
            let (positions, vars): (Vec<usize>, Vec<Var<'t, S>>) = single.into_iter().unzip();
            // Seeds and shares of constants are cut handles; the mark is not the number's.
            self.tape.try_stack(&vars)?.try_scatter_add(&positions, layout.shape().clone())?
        };
        match whole {
            Some(whole) => Ok(Some(whole.try_add(each)?)),
            None => Ok(Some(each)),
        }
    }
}
