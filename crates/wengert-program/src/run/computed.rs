//! What the tape's steps are, and why one of them is no input.

use crate::op::{Leaf, Op};
use wengert_tape::internals::{Kind as StepKind, Side, Step};
use wengert_tape::{Error, NodeId, Place};

/// What the tape's steps are, for the message when one of them is no input.
#[derive(Debug)]
pub(crate) struct Computed {
    /// The first slot of each step, and its operation.
    steps: Vec<(u32, Op)>,
    /// What has a name, by first slot.
    names: Vec<Named>,
}

/// A view with a name.
#[derive(Debug)]
struct Named {
    slot: u32,
    /// How many slots it goes through in their order; none if it takes another.
    in_order: Option<usize>,
    path: String,
}

impl Computed {
    pub(crate) fn of(steps: &[Step], side: &Side) -> Self {
        let mut slot = 0;
        let step = |step: &Step| {
            let first = slot;
            let (op, len) = match step.kind() {
                StepKind::Wide => {
                    (side.wides[step.a() as usize].op, side.wides[step.a() as usize].len)
                }
                _ => (step.op(), 1),
            };
            slot += len;
            (first, op)
        };
        let steps: Vec<(u32, Op)> = steps.iter().map(step).collect();
        let named = side.names.list.iter().map(|name| {
            let facts = side.layouts.facts(name.view.layout());
            let in_order = facts.contiguous.then_some(facts.len);
            Named { slot: name.view.start(), in_order, path: name.path.clone() }
        });
        let mut names: Vec<Named> = named.collect();
        names.sort_by_key(|name| name.slot);
        Computed { steps, names }
    }

    /// The first slot of what has a path, and how many slots it goes through in their order.
    pub(crate) fn named(&self, path: &str) -> Option<(NodeId, Option<usize>)> {
        let name = self.names.iter().find(|name| name.path == path)?;
        Some((NodeId::at(name.slot), name.in_order))
    }

    /// A part of an input, or its numbers in another order: they would be set in the block's.
    pub(super) fn refuse_a_view(&self, id: NodeId, at: Place) -> Error {
        let kind = "no whole block of leaves in its own order".to_owned();
        Error::NotSettable { op: "input", node: self.label(id), kind, at }
    }

    fn label(&self, id: NodeId) -> String {
        let name = self.names.binary_search_by_key(&(id.slot() as u32), |name| name.slot);
        name.map_or_else(|_| id.to_string(), |i| self.names[i].path.clone())
    }

    /// Why the node at `id` is no input.
    pub(super) fn refusal(&self, id: NodeId, at: Place) -> Error {
        let node = self.label(id);
        let kind = match self.steps.binary_search_by_key(&(id.slot() as u32), |(slot, _)| *slot) {
            Ok(i)
                if !matches!(self.steps[i].1, Op::Leaf(Leaf::Input | Leaf::Param | Leaf::Data)) =>
            {
                format!("computed ({})", self.steps[i].1.name())
            }
            // The other leaves are inputs.
            Ok(_) => "data that stands for a gradient".to_owned(),
            Err(_) => "no whole block of leaves".to_owned(),
        };
        Error::NotSettable { op: "input", node, kind, at }
    }
}
