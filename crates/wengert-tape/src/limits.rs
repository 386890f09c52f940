//! How often a part of a tape can be differentiated. Any number of times, but for functions of
//! plain numbers; whoever differentiates asks here before, and nothing is recorded or swept where a
//! derivative would be missing.

use std::sync::Arc;

use smallvec::SmallVec;
use wengert_ops::attributes::External;

use crate::attributes::Attributes;
use crate::error::{Error, NodeId, Place};
use crate::op::{Leaf, Op, Structural};
use crate::real::Scalar;
use crate::run::View;
use crate::tape::{Kind, Limited, Side, Step, Tape};
use crate::var::Var;

/// What derivatives are taken by, of a walk along the paths of a tape.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By<'a> {
    /// All that a sweep goes to: inputs and parameters.
    Leaves,
    /// Some views.
    Views(&'a [View]),
}

/// # Paths that derivatives take
impl<S: Scalar> Tape<S> {
    /// The error if some nodes cannot be differentiated `times` times by another: what the crates
    /// that differentiate ask before.
    #[doc(hidden)]
    #[track_caller]
    pub fn has_derivatives(
        &self,
        op: &'static str,
        of: &[Var<'_, S>],
        wrt: Var<'_, S>,
        times: u8,
    ) -> Result<(), Error> {
        let to: SmallVec<[View; 4]> = of.iter().map(|var| var.view).collect();
        self.differentiable(op, By::Views(&[wrt.view]), Some(&to), times)
    }

    /// The error that names a function of plain numbers which stands on a path from `from` to `to`
    /// (to everything, if nothing is said) and cannot be differentiated `times` times. On a tape of
    /// dual numbers once more, for the tangents that they carry.
    #[track_caller]
    pub(crate) fn differentiable(
        &self,
        op: &'static str,
        from: By<'_>,
        to: Option<&[View]>,
        times: u8,
    ) -> Result<(), Error> {
        let (times, at) = (times + u8::from(S::IS_DUAL), Place::caller());
        let side = self.side.borrow();
        if side.limited.iter().all(|limited| limited.least >= times) {
            return Ok(());
        }
        let end = self.columns.slots() as usize;
        self.columns.read(|steps, _| {
            let active = active(steps, &side, from, end);
            let needed = to.map(|to| needed(steps, &side, to, end));
            for limited in &side.limited {
                let wide = &side.wides[limited.wide];
                if needed.as_ref().is_some_and(|needed| !any(needed, wide.out, wide.len)) {
                    continue;
                }
                for (i, &view) in wide.operands.iter().enumerate() {
                    let limit = wide.attributes.limit(wide.operands.len(), i);
                    let Some(limit) = limit.filter(|limit| limit.times < times) else { continue };
                    if !view.is_cut() && slots(&side, view).any(|slot| active[slot]) {
                        let node = View::new(wide.out, wide.layout);
                        return Err(missing(&side, (op, at), node, &limit.external));
                    }
                }
            }
            Ok(())
        })
    }

    /// The error if a derivative is needed to compute a step at all, as on a tape of dual numbers,
    /// and is not known.
    #[track_caller]
    pub(crate) fn has_tangents(
        &self,
        op: Structural,
        operands: &[Var<'_, S>],
        attributes: &Attributes,
    ) -> Result<(), Error> {
        // An equation is solved by its derivative.
        let solves = op == Structural::Root;
        if !S::IS_DUAL && !solves {
            return Ok(());
        }
        let asked = |x: &Var<'_, S>| solves || !x.view.is_cut();
        for (i, operand) in operands.iter().enumerate().filter(|(_, x)| asked(x)) {
            let limit = attributes.limit(operands.len(), i);
            if let Some(limit) = limit.filter(|limit| limit.times == 0) {
                let side = self.side.borrow();
                let op = (op.name(), Place::caller());
                return Err(missing(&side, op, operand.view, &limit.external));
            }
        }
        Ok(())
    }

    /// Remembers the last wide step, if it has a limit.
    pub(crate) fn note_limit(&self, attributes: &Attributes) {
        let mut side = self.side.borrow_mut();
        let wide = side.wides.len() - 1;
        for external in attributes.externals() {
            if !side.externals.iter().any(|(known, _)| known == external) {
                side.externals.push((Arc::clone(external), wide));
            }
        }
        let operands = &side.wides[wide].operands;
        let passing = (0..operands.len()).filter(|&i| !operands[i].is_cut());
        let limits = passing.filter_map(|i| attributes.limit(operands.len(), i));
        if let Some(least) = limits.map(|limit| limit.times).min() {
            side.limited.push(Limited { wide, least });
        }
    }

    /// The error if a function has the key of another one that this tape calls.
    #[track_caller]
    pub(crate) fn one_of_each_key(&self, attributes: &Attributes) -> Result<(), Error> {
        let side = self.side.borrow();
        let mut known: SmallVec<[&Arc<External>; 4]> =
            side.externals.iter().map(|(known, _)| known).collect();
        for external in attributes.externals() {
            let same = known.iter().find(|known| known.key() == external.key());
            let another = same.is_some_and(|&known| known != external);
            known.push(external);
            if another {
                let problem = "the tape calls another operation of this key; make one and share it";
                return Err(Error::Body {
                    name: external.key().to_owned(),
                    problem: problem.to_owned(),
                    at: Place::caller(),
                });
            }
        }
        Ok(())
    }
}

fn missing(side: &Side, (op, at): (&'static str, Place), node: View, external: &External) -> Error {
    Error::NoRule {
        op,
        key: external.key().to_owned(),
        has_first: external.has_rule(),
        node: Box::new(crate::error::Culprit {
            id: NodeId::at(node.start()),
            path: side.names.get(node).map(|name| name.path.clone()),
            shape: side.layouts.get(node.layout()).shape().clone(),
        }),
        at,
    }
}

fn any(marks: &[bool], start: u32, len: u32) -> bool {
    marks[start as usize..(start + len) as usize].iter().any(|&mark| mark)
}

fn slots(side: &Side, view: View) -> impl Iterator<Item = usize> + '_ {
    let offsets = side.layouts.get(view.layout()).offsets();
    offsets.map(move |offset| view.start() as usize + offset)
}

/// The slots before `end` that depend on `from` by a way that a derivative passes.
pub(crate) fn active(steps: &[Step], side: &Side, from: By<'_>, end: usize) -> Vec<bool> {
    let mut active = vec![false; end];
    if let By::Views(views) = from {
        for slot in views.iter().flat_map(|&view| slots(side, view)).filter(|&slot| slot < end) {
            active[slot] = true;
        }
    }
    let of_a_sweep = |leaf: Leaf| matches!((from, leaf), (By::Leaves, Leaf::Input | Leaf::Param));
    let mut slot = 0;
    for step in steps {
        if slot >= end {
            break;
        }
        let (a, b) = (step.a() as usize, step.b() as usize);
        match step.kind() {
            Kind::Leaf(leaf) => active[slot] |= of_a_sweep(leaf),
            Kind::Unary(_) => active[slot] |= !step.cuts_first() && active[a],
            Kind::Binary(_) => {
                active[slot] |=
                    (!step.cuts_first() && active[a]) || (!step.cuts_second() && active[b]);
            }
            Kind::Wide => {
                let wide = &side.wides[a];
                let (out, len) = (wide.out as usize, wide.len as usize);
                let leaf = match wide.op {
                    Op::Leaf(leaf) => of_a_sweep(leaf),
                    _ => false,
                };
                let passing = wide.operands.iter().filter(|view| !view.is_cut());
                if leaf || passing.flat_map(|&view| slots(side, view)).any(|slot| active[slot]) {
                    active[out..out + len].fill(true);
                }
                slot = out + len;
                continue;
            }
        }
        slot += 1;
    }
    active
}

/// The slots before `end` that something of `to` depends on by a way that a derivative passes.
fn needed(steps: &[Step], side: &Side, to: &[View], end: usize) -> Vec<bool> {
    let mut needed = vec![false; end];
    for slot in to.iter().filter(|view| !view.is_cut()).flat_map(|&view| slots(side, view)) {
        needed[slot] = true;
    }
    let mut slot = end;
    for step in steps.iter().rev() {
        let (a, b) = (step.a() as usize, step.b() as usize);
        if let Kind::Wide = step.kind() {
            let wide = &side.wides[a];
            slot = wide.out as usize;
            if any(&needed, wide.out, wide.len) {
                let passing = wide.operands.iter().filter(|view| !view.is_cut());
                for read in passing.flat_map(|&view| slots(side, view)) {
                    needed[read] = true;
                }
            }
            continue;
        }
        slot -= 1;
        if needed[slot] {
            match step.kind() {
                Kind::Unary(_) => needed[a] |= !step.cuts_first(),
                Kind::Binary(_) => {
                    needed[a] |= !step.cuts_first();
                    needed[b] |= !step.cuts_second();
                }
                Kind::Leaf(_) | Kind::Wide => {}
            }
        }
    }
    needed
}
