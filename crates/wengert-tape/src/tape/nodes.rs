//! The tape as data for those who look at it: nodes, edges, names, guards.

use super::{Guard, Kind, Tape};
use crate::attributes::Attributes;
use crate::error::{NodeId, Place};
use crate::op::{Comparison, Op};
use crate::real::Scalar;
use crate::run::{SCALAR, View};
use crate::shape::{Layout, Shape};

/// One step of the list, as a copy.
#[derive(Clone, Debug)]
pub struct Node {
    /// The position in the list of steps, from 0.
    pub index: usize,
    /// Its first slot.
    pub id: NodeId,
    /// What it computes.
    pub op: Op,
    /// The extents of its value.
    pub shape: Shape,
    /// What it reads, in order.
    pub operands: Vec<Edge>,
    /// What the op needs beside its operands.
    pub attributes: Attributes,
    /// Where it was recorded, if the tape keeps source lines or the node has a name.
    pub place: Option<Place>,
}

impl Node {
    /// What a listing calls what it computes: the operation's name, or that of the function that it
    /// calls, or the key of one of plain numbers.
    #[must_use]
    pub fn op_name(&self) -> &str {
        self.attributes.name().unwrap_or(self.op.name())
    }

    /// Its slots.
    #[must_use]
    pub fn slots(&self) -> std::ops::Range<usize> {
        self.id.slot()..self.id.slot() + self.shape.len()
    }
}

/// What a node reads: elements from a first slot on. They need not be one whole node.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The first slot.
    pub start: NodeId,
    /// Where the elements lie from there.
    pub layout: Layout,
    /// Whether derivatives stop here: a constant, data, or a detached handle.
    pub cut: bool,
}

impl Edge {
    /// The slots read, in row-major order.
    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.layout.offsets().map(|offset| self.start.slot() + offset)
    }
}

/// A recorded comparison.
#[derive(Clone, Debug)]
pub struct GuardInfo {
    /// The comparison.
    pub comparison: Comparison,
    /// The left operand's slot.
    pub left: NodeId,
    /// The right operand's slot.
    pub right: NodeId,
    /// The outcome when recorded.
    pub outcome: bool,
    /// Where it stands.
    pub place: Place,
}

/// A name given to a node or a part of one.
#[derive(Clone, Debug)]
pub struct NameInfo {
    /// `scope/name`, unique on the tape.
    pub path: String,
    /// The first slot.
    pub start: NodeId,
    /// Where the elements lie from there.
    pub layout: Layout,
    /// Where the name was given.
    pub place: Place,
}

/// # The list as data
impl<S: Scalar> Tape<S> {
    /// The nodes in the order of recording. Operands stand before the nodes that read them.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node> + '_ {
        let mut slot = 0;
        (0..self.len()).map(move |index| {
            let node = self.node_at(index, slot);
            slot += node.shape.len() as u32;
            node
        })
    }

    /// The node whose run holds this slot; `None` past the end.
    #[must_use]
    pub fn node(&self, slot: NodeId) -> Option<Node> {
        if slot.slot() >= self.slots() {
            return None;
        }
        let (step, first) = {
            let side = self.side.borrow();
            (side.step_of(slot.0), side.wide_at(slot.0).map_or(slot.0, |wide| wide.out))
        };
        Some(self.node_at(step as usize, first))
    }

    fn node_at(&self, index: usize, slot: u32) -> Node {
        let step = self.columns.step(index as u32);
        let side = self.side.borrow();
        let edge = |view: View| Edge {
            start: NodeId(view.start()),
            layout: side.layouts.get(view.layout()).clone(),
            cut: view.is_cut(),
        };
        let scalar = |slot: u32, cut: bool| edge(View::scalar(slot).cut_if(cut));
        let (op, view, operands, attributes) = match step.kind() {
            Kind::Leaf(leaf) => (Op::Leaf(leaf), View::scalar(slot), vec![], Attributes::None),
            Kind::Unary(op) => (
                Op::Unary(op),
                View::scalar(slot),
                vec![scalar(step.a(), step.cuts_first())],
                Attributes::None,
            ),
            Kind::Binary(op) => {
                let operands =
                    vec![scalar(step.a(), step.cuts_first()), scalar(step.b(), step.cuts_second())];
                (Op::Binary(op), View::scalar(slot), operands, Attributes::None)
            }
            Kind::Wide => {
                let wide = &side.wides[step.a() as usize];
                let attributes = wide.attributes.clone();
                let operands = wide.operands.iter().map(|&view| edge(view)).collect();
                (wide.op, View::new(wide.out, wide.layout), operands, attributes)
            }
        };
        let named = side.names.get(view).map(|name| name.place);
        Node {
            index,
            id: NodeId(slot),
            op,
            shape: side.layouts.get(view.layout()).shape().clone(),
            operands,
            attributes,
            place: side.places.get(index).copied().or(named),
        }
    }

    /// The value in a slot.
    ///
    /// # Panics
    ///
    /// If the slot is past the end.
    #[must_use]
    pub fn value_at(&self, slot: NodeId) -> S {
        self.columns.read(|_, values| values[slot.slot()])
    }

    /// A copy of the whole column of values.
    #[must_use]
    pub fn all_values(&self) -> Vec<S> {
        self.columns.read(|_, values| values.to_vec())
    }

    /// The names in the order they were given.
    #[must_use]
    pub fn names(&self) -> Vec<NameInfo> {
        let side = self.side.borrow();
        let info = |name: &super::side::Name| NameInfo {
            path: name.path.clone(),
            start: NodeId(name.view.start()),
            layout: side.layouts.get(name.view.layout()).clone(),
            place: name.place,
        };
        side.names.list.iter().map(info).collect()
    }

    /// The recorded comparisons, in order.
    #[must_use]
    pub fn guards(&self) -> Vec<GuardInfo> {
        let info = |guard: &Guard| GuardInfo {
            comparison: guard.comparison,
            left: NodeId(guard.left),
            right: NodeId(guard.right),
            outcome: guard.outcome,
            place: guard.place,
        };
        self.side.borrow().guards.iter().map(info).collect()
    }

    /// The scope that was open when a slot was recorded; empty at the root.
    #[must_use]
    pub fn scope_of(&self, slot: NodeId) -> String {
        let side = self.side.borrow();
        side.scopes.path(side.scopes.at(slot.0)).to_owned()
    }

    /// What a reader calls a slot: the path of its name, `path[i]` for element i of a named run,
    /// else its id.
    #[must_use]
    pub fn label(&self, slot: NodeId) -> String {
        let side = self.side.borrow();
        if let Some(name) = side.names.get(View::scalar(slot.0)) {
            return name.path.clone();
        }
        // The smallest named run that holds it.
        let holding =
            side.names.list.iter().filter(|name| name.view.layout() != SCALAR).filter_map(|name| {
                let layout = side.layouts.get(name.view.layout());
                let offset = slot.0.checked_sub(name.view.start())? as usize;
                let i = place_in(layout, offset)?;
                Some((layout.len(), i, layout.shape().clone(), &name.path))
            });
        match holding.min_by_key(|(len, ..)| *len) {
            Some((_, i, shape, path)) => format!("{path}{}", subscript(i, shape.dims())),
            None => slot.to_string(),
        }
    }

    /// The path of every node, in the order of recording: `scope/name`, or `scope/op#k` for the
    /// k-th unnamed node of that op in that scope. Unique, and the same for the same program:
    /// snapshots are keyed by it.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let side = self.side.borrow();
        let mut counts = std::collections::HashMap::new();
        let mut path = |node: &Node| {
            let layout = side.wide_at(node.id.0).map_or(SCALAR, |wide| wide.layout);
            if let Some(name) = side.names.get(View::new(node.id.0, layout)) {
                return name.path.clone();
            }
            let scope = side.scopes.at(node.id.0);
            let count = counts.entry((scope, node.op)).or_insert(0);
            loop {
                *count += 1;
                let path = super::join(side.scopes.path(scope), &format!("{}#{count}", node.op));
                // A name may look like this.
                if !side.names.is_taken(&path) {
                    return path;
                }
            }
        };
        self.nodes().map(|node| path(&node)).collect()
    }
}

/// The row-major position of what lies `offset` after the first element.
pub(super) fn place_in(layout: &Layout, offset: usize) -> Option<usize> {
    if layout.is_contiguous() {
        (offset < layout.len()).then_some(offset)
    } else {
        layout.offsets().position(|o| o == offset)
    }
}

/// `[1, 2]` for a row-major position.
pub(super) fn subscript(mut i: usize, dims: &[usize]) -> String {
    let mut index: Vec<String> = Vec::new();
    for &extent in dims.iter().rev() {
        index.push((i % extent).to_string());
        i /= extent;
    }
    index.reverse();
    format!("[{}]", index.join(", "))
}
