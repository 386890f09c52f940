//! The Jacobian of a node, entry by entry, recomputed from a trace in the order of the reverse
//! sweep.

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
    /// In a running sum, the element read: contributions to one are added to each other first, and
    /// then to the adjoint.
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
    /// on another element are visited as [`Partial::Zero`]; an unknown op has none.
    pub(crate) fn jacobian(&self, index: usize, visit: impl FnMut(Entry)) {
        let node = &self.nodes()[index];
        self.jacobian_by(index, |operand| node.operands[operand].cut, visit);
    }

    /// As [`jacobian`](Trace::jacobian), by the operands that derivatives do not pass too: what the
    /// node was computed from.
    pub(crate) fn jacobian_uncut(&self, index: usize, visit: impl FnMut(Entry)) {
        self.jacobian_by(index, |_| false, visit);
    }

    fn jacobian_by(&self, index: usize, cut: impl Fn(usize) -> bool, visit: impl FnMut(Entry)) {
        let Some(op) = known_op(&self.nodes()[index].op).filter(|op| !op.is_leaf()) else { return };
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
