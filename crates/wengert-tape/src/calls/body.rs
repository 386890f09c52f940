//! What was recorded on a tape as a body: the list of steps without a tape.

use std::collections::BTreeMap;

use smallvec::SmallVec;
use wengert_ops::attributes::{Body, Elements, Number, Run, Step as BodyStep};

use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::run::View;
use crate::shape::{Layout, Shape};
use crate::tape::{Kind, Tape};
use crate::var::Var;

/// The body that computes `outputs` from `inputs`, which are the first leaves of the tape, one
/// after the other. What the outputs do not need is left out; other leaves are constants of it.
///
/// # Errors
///
/// [`Error::Body`] if the program branched on a number.
#[doc(hidden)]
#[track_caller]
pub fn body_of<S: Scalar>(
    name: &str,
    tape: &Tape<S>,
    inputs: &[Var<'_, S>],
    outputs: &[Var<'_, S>],
) -> Result<Body, Error> {
    if let Some(guard) = tape.side.borrow().guards.first() {
        let problem = format!(
            "it compares {} {} {} at {}, and a body is one list of steps for all numbers: select() \
             chooses between numbers, Tape::cond between bodies",
            tape.side_label(guard.left),
            guard.comparison.symbol(),
            tape.side_label(guard.right),
            guard.place
        );
        return Err(Error::Body { name: name.to_owned(), problem, at: Place::caller() });
    }
    let given: usize = inputs.iter().map(|input| input.len()).sum();
    let needed = needed(tape, outputs);
    let mut writer = Writer { tape, given, moved: BTreeMap::new(), steps: Vec::new(), next: 0 };
    let constants = writer.constants(&needed);
    writer.next = (given + constants.len()) as u32;
    writer.steps(&needed);
    let outputs = outputs.iter().map(|output| writer.elements(output.view)).collect();
    let shapes = inputs.iter().map(|input| input.shape()).collect();
    let at = tape.columns.read(|_, values| values[..given].iter().map(|x| x.to_f64()).collect());
    Ok(Body::new((shapes, at), constants, writer.steps, outputs, &super::derive::Recording))
}

/// The slots that a view reads.
fn slots<S: Scalar>(tape: &Tape<S>, view: View) -> Vec<u32> {
    let side = tape.side.borrow();
    let layout = side.layouts.get(view.layout());
    layout.offsets().map(|offset| view.start() + offset as u32).collect()
}

/// The slots that the outputs depend on; of a run all or none.
fn needed<S: Scalar>(tape: &Tape<S>, outputs: &[Var<'_, S>]) -> Vec<bool> {
    let mut needed = vec![false; tape.slots()];
    for slot in outputs.iter().flat_map(|output| slots(tape, output.view)) {
        needed[slot as usize] = true;
    }
    for node in tape.nodes().collect::<Vec<_>>().into_iter().rev() {
        if !node.slots().any(|slot| needed[slot]) {
            continue;
        }
        needed[node.slots()].fill(true);
        for edge in &node.operands {
            for slot in edge.slots() {
                needed[slot] = true;
            }
        }
    }
    needed
}

struct Writer<'t, S: Scalar> {
    tape: &'t Tape<S>,
    /// The slots of the inputs, which stay where they are.
    given: usize,
    /// Where every node that was kept begins now, by its first slot, with its length.
    moved: BTreeMap<u32, (u32, u32)>,
    steps: Vec<BodyStep>,
    next: u32,
}

impl<S: Scalar> Writer<'_, S> {
    /// The numbers of the leaves that are no inputs, which come after those.
    fn constants(&mut self, needed: &[bool]) -> Vec<f64> {
        let mut constants = Vec::new();
        for node in self.tape.nodes() {
            let (first, len) = (node.id.slot(), node.shape.len());
            if first < self.given {
                self.moved.insert(first as u32, (first as u32, len as u32));
            } else if node.op.is_leaf() && needed[first] {
                let place = self.given + constants.len();
                self.moved.insert(first as u32, (place as u32, len as u32));
                self.tape.columns.read(|_, values| {
                    constants.extend(values[first..first + len].iter().map(|x| x.to_f64()));
                });
            }
        }
        constants
    }

    fn steps(&mut self, needed: &[bool]) {
        let mut slot = 0;
        for index in 0..self.tape.len() as u32 {
            let step = self.tape.columns.step(index);
            let wide = match step.kind() {
                Kind::Wide => Some(self.tape.side.borrow().wides[step.a() as usize].clone()),
                _ => None,
            };
            let first = slot;
            slot += wide.as_ref().map_or(1, |wide| wide.len);
            if !needed[first as usize] {
                continue;
            }
            let written = match (step.kind(), wide) {
                (_, Some(wide)) if !wide.op.is_leaf() => {
                    let operands = wide.operands.iter().map(|&view| self.elements(view)).collect();
                    let shape = self.tape.side.borrow().layouts.get(wide.layout).shape().clone();
                    let attributes = wide.attributes;
                    BodyStep::Run(Box::new(Run { op: wide.op, operands, attributes, shape }))
                }
                (Kind::Unary(op), _) => {
                    BodyStep::Unary(op, self.number(step.a(), step.cuts_first()))
                }
                (Kind::Binary(op), _) => BodyStep::Binary(
                    op,
                    self.number(step.a(), step.cuts_first()),
                    self.number(step.b(), step.cuts_second()),
                ),
                _ => continue,
            };
            self.push(first, slot - first, written);
        }
    }

    fn push(&mut self, first: u32, len: u32, step: BodyStep) {
        self.moved.insert(first, (self.next, len));
        self.next += len;
        self.steps.push(step);
    }

    /// Where a slot's number stands now.
    fn place(&self, slot: u32) -> u32 {
        let (&first, &(place, _)) = self
            .moved
            .range(..=slot)
            .next_back()
            .expect("operands are written before they are read");
        place + (slot - first)
    }

    fn number(&self, slot: u32, cut: bool) -> Number {
        Number { slot: self.place(slot), cut }
    }

    /// The elements of a view. Where they are of several nodes that no longer stand side by side,
    /// they are put together first.
    fn elements(&mut self, view: View) -> Elements {
        let layout = self.tape.side.borrow().layouts.get(view.layout()).clone();
        let cut = view.is_cut();
        let slots = slots(self.tape, view);
        let start = self.place(view.start());
        let shift = |slot: u32| i64::from(self.place(slot)) - i64::from(slot);
        if slots.iter().all(|&slot| shift(slot) == shift(view.start())) {
            return Elements { start, cut, layout };
        }
        let single = |&slot: &u32| Elements {
            start: self.place(slot),
            cut: false,
            layout: Layout::scalar(),
        };
        let operands: SmallVec<[Elements; 3]> = slots.iter().map(single).collect();
        let len = operands.len();
        let (op, attributes) = (Op::Structural(Structural::Stack), Attributes::None);
        let run = Run { op, operands, attributes, shape: Shape::from([len]) };
        let start = self.next;
        self.next += len as u32;
        self.steps.push(BodyStep::Run(Box::new(run)));
        Elements { start, cut, layout: Layout::contiguous(layout.shape().clone()) }
    }
}
