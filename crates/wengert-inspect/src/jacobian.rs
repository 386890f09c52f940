//! The Jacobian of a node, entry by entry, recomputed from a trace in the order of the reverse
//! sweep.

use std::collections::HashMap;

use wengert::node::Layout;
use wengert::op::{Attributes, Op};
use wengert::rulebook::rules::Partial;
use wengert::rulebook::{Site, Tensor, entries};
use wengert::{Scalar, Shape};

use crate::precision::widen;
use crate::trace::{Precision, Slot, Trace, TraceNode, known_op};

/// One entry: a number of a node by a number that it reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The slot of the node's number.
    pub(crate) reader: usize,
    /// Which operand was read.
    pub(crate) operand: usize,
    /// The slot that was read.
    pub(crate) slot: usize,
    pub(crate) partial: Partial<f64>,
    /// The slot whose value the partial is, for products.
    pub(crate) factor: Option<usize>,
    /// In a running sum, the element read, and of a node that states its partials the operand:
    /// contributions to one are added to each other first, and then to the adjoint.
    pub(crate) running: Option<usize>,
}

impl TraceNode {
    /// What its operation needs beside its operands, as the core holds it.
    pub(crate) fn attributes(&self) -> Attributes {
        if !self.positions.is_empty() {
            let positions =
                self.positions.iter().map(|&p| u32::try_from(p).unwrap_or(u32::MAX)).collect();
            return Attributes::Positions { positions, shape: self.shape.as_slice().into() };
        }
        match self.axes.is_empty() {
            true => Attributes::None,
            false => Attributes::Axes(
                self.axes.iter().map(|&axis| u8::try_from(axis).unwrap_or(u8::MAX)).collect(),
            ),
        }
    }
}

impl Trace {
    /// Calls `visit` for every entry of a node's Jacobian by the operands that derivatives pass, in
    /// the order in which the sweep adds contributions. Entries that are zero because a choice fell
    /// on another element are visited as [`Partial::Zero`]; an unknown op has those that its node
    /// states.
    pub(crate) fn jacobian(&self, index: usize, visit: impl FnMut(Entry)) {
        let node = &self.nodes()[index];
        self.jacobian_by(index, |operand| node.operands[operand].cut, visit);
    }

    /// Whether a node's Jacobian is known: by its op, or because it states it.
    pub(crate) fn says_jacobian(&self, node: usize) -> bool {
        let node = &self.nodes()[node];
        known_op(&node.op).is_some() || !node.partials.is_empty()
    }

    /// The entries that a node states, in the order in which a sweep adds: what an operand's number
    /// gets of the node is one sum.
    fn stated(&self, index: usize, mut visit: impl FnMut(Entry)) {
        let (node, start) = (&self.nodes()[index], self.start(index));
        for (operand, (read, matrix)) in node.operands.iter().zip(&node.partials).enumerate() {
            let slots: Vec<usize> = self.resolve(&read.elements).slots().collect();
            let mut first: HashMap<usize, usize> = HashMap::new();
            for (column, &slot) in slots.iter().enumerate() {
                first.entry(slot).or_insert(column);
            }
            for (column, &slot) in slots.iter().enumerate() {
                // Beside the first, a number that is read again has the entries that are not 0.
                let again = first[&slot] != column;
                for out in 0..if matrix.is_empty() { 0 } else { node.values.len() } {
                    let partial = matrix[out * slots.len() + column];
                    if again && partial == 0.0 {
                        continue;
                    }
                    visit(Entry {
                        reader: start + out,
                        operand,
                        slot,
                        // Most of a matrix is 0 where each number reads few: no line for those.
                        partial: if partial == 0.0 { Partial::Zero } else { Partial::Of(partial) },
                        factor: None,
                        running: Some(operand),
                    });
                }
            }
        }
    }

    /// As [`jacobian`](Trace::jacobian), by the operands that derivatives do not pass too: what the
    /// node was computed from.
    pub(crate) fn jacobian_uncut(&self, index: usize, visit: impl FnMut(Entry)) {
        self.jacobian_by(index, |_| false, visit);
    }

    fn jacobian_by(&self, index: usize, cut: impl Fn(usize) -> bool, visit: impl FnMut(Entry)) {
        let Some(op) = known_op(&self.nodes()[index].op) else { return self.stated(index, visit) };
        if op.is_leaf() {
            return;
        }
        match self.precision() {
            Precision::F64 => {
                self.entries_of(op, index, cut, |partial: Partial<f64>| partial, visit)
            }
            Precision::F32 => self.entries_of(op, index, cut, widen, visit),
        }
    }

    /// The core's entries, in the arithmetic of `S`. The operands are copied into a column of their
    /// own, one after another.
    fn entries_of<S: Scalar>(
        &self,
        op: Op,
        index: usize,
        cut: impl Fn(usize) -> bool,
        widen: impl Fn(Partial<S>) -> Partial<f64>,
        mut visit: impl FnMut(Entry),
    ) {
        let (node, start) = (&self.nodes()[index], self.start(index));
        let (mut slots, mut places) = (Vec::new(), Vec::new());
        for operand in &node.operands {
            let layout = Layout::contiguous(operand.elements.shape.as_slice().into());
            places.push((slots.len(), layout));
            slots.extend(self.resolve(&operand.elements).slots());
        }
        let column: Vec<S> =
            slots.iter().map(|&slot| S::from_f64(self.value(Slot(slot)))).collect();
        let run: Vec<S> = node.values.iter().map(|&value| S::from_f64(value)).collect();
        let (shape, attributes) = (Shape::from(node.shape.as_slice()), node.attributes());
        let tensor = |(start, layout)| Tensor { data: &column, start, layout };
        let site = Site {
            operands: places.iter().map(|(start, layout)| tensor((*start, layout))).collect(),
            cut: (0..places.len()).map(cut).collect(),
            shape: &shape,
            attributes: &attributes,
            run: &run,
        };
        entries(op, &site, |entry| {
            visit(Entry {
                reader: start + entry.out,
                operand: entry.operand,
                slot: slots[entry.slot],
                partial: widen(entry.partial),
                factor: entry.factor.map(|factor| slots[factor]),
                running: entry.running,
            });
        });
    }
}
