//! The Jacobian of a node, entry by entry, recomputed from a trace in the order of the reverse sweep.

use wengert::rules::Partial;
use wengert::{Op, Structural};

use crate::trace::strided::{Strided, contiguous};
use crate::trace::{Trace, TraceNode, known_op};

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
    /// In a running sum, the element read: contributions to one are added to each other first, and then to the adjoint.
    pub(crate) running: Option<usize>,
}

impl Trace {
    /// Calls `visit` for every entry of a node's Jacobian by the operands that derivatives pass, in the order in which the
    /// sweep adds contributions. Entries of a structural op that are zero by its nature (the branch not selected) are visited as [`Partial::Zero`]; an unknown op has none.
    pub(crate) fn jacobian(&self, index: usize, mut visit: impl FnMut(Entry)) {
        let node = &self.nodes()[index];
        self.jacobian_uncut(index, |entry| {
            if !node.operands[entry.operand].cut {
                visit(entry);
            }
        });
    }

    /// As [`jacobian`](Trace::jacobian), by the operands that derivatives do not pass too: what the node was computed from.
    pub(crate) fn jacobian_uncut(&self, index: usize, mut visit: impl FnMut(Entry)) {
        let node = &self.nodes()[index];
        let operands: Vec<Strided> = node.operands.iter().map(|operand| self.resolve(&operand.elements)).collect();
        let start = self.start(index);
        let reading = Reading { trace: self, node, start, operands };
        match known_op(&node.op) {
            None | Some(Op::Leaf(_)) => {}
            Some(Op::Unary(op)) => {
                for (i, slot) in reading.operands[0].slots().enumerate() {
                    let partial = self.precision().unary(op, reading.value(slot), node.values[i]);
                    visit(Entry { reader: start + i, operand: 0, slot, partial, factor: None, running: None });
                }
            }
            Some(Op::Binary(op)) => {
                use wengert::Binary::{Chain, Mul};
                let product = matches!(op, Mul | Chain);
                for (i, (a, b)) in reading.wide(0).slots().zip(reading.wide(1).slots()).enumerate() {
                    let (x, y, v) = (reading.value(a), reading.value(b), node.values[i]);
                    let reader = start + i;
                    let (first, second) = (self.precision().first(op, x, y, v), self.precision().second(op, x, y, v));
                    let factor = |slot| product.then_some(slot);
                    visit(Entry { reader, operand: 0, slot: a, partial: first, factor: factor(b), running: None });
                    visit(Entry { reader, operand: 1, slot: b, partial: second, factor: factor(a), running: None });
                }
            }
            Some(Op::Structural(op)) => reading.structural(op, visit),
        }
    }
}

/// A node with its operands resolved to slots.
struct Reading<'a> {
    trace: &'a Trace,
    node: &'a TraceNode,
    start: usize,
    operands: Vec<Strided>,
}

impl Reading<'_> {
    fn value(&self, slot: usize) -> f64 {
        self.trace.value(crate::trace::Slot(slot))
    }

    /// An operand repeated to the node's shape; the trace was checked, so it broadcasts.
    fn wide(&self, operand: usize) -> Strided {
        let strided = &self.operands[operand];
        strided.broadcast_to(&self.node.shape).unwrap_or_else(|| strided.clone())
    }

    fn of(&self, out: usize, operand: usize, slot: usize, partial: Partial<f64>) -> Entry {
        Entry { reader: self.start + out, operand, slot, partial, factor: None, running: None }
    }

    fn one(&self, out: usize, operand: usize, slot: usize) -> Entry {
        self.of(out, operand, slot, Partial::One)
    }

    fn zero(&self, out: usize, operand: usize, slot: usize) -> Entry {
        Entry { partial: Partial::Zero, ..self.one(out, operand, slot) }
    }

    /// The partial is the value of the other factor.
    fn by(&self, out: usize, operand: usize, slot: usize, factor: usize) -> Entry {
        Entry { factor: Some(factor), ..self.of(out, operand, slot, Partial::Of(self.value(factor))) }
    }

    fn structural(&self, op: Structural, mut visit: impl FnMut(Entry)) {
        let node = self.node;
        match op {
            Structural::Affine => {
                let (w, x) = (&self.operands[1], &self.operands[2]);
                let per_row = if w.shape.len() == 2 { w.shape[0] } else { 1 };
                let inner = w.shape[w.shape.len() - 1];
                for (out, bias) in self.wide(0).slots().enumerate() {
                    let (row, unit) = (out / per_row, out % per_row);
                    visit(self.one(out, 0, bias));
                    let place = |i: usize| (w.at(unit, i), x.at(row, i));
                    (0..inner).map(place).for_each(|(w, x)| visit(self.by(out, 1, w, x)));
                    (0..inner).map(place).for_each(|(w, x)| visit(self.by(out, 2, x, w)));
                }
            }
            Structural::MatMul => self.products(|out, a, b| {
                visit(self.by(out, 0, a, b));
                visit(self.by(out, 1, b, a));
            }),
            Structural::Sum => self.reduced().for_each(|(slot, out)| visit(self.one(out, 0, slot))),
            Structural::Max | Structural::Min => {
                let mut ties = vec![0.0; node.values.len()];
                // Of a NaN, every element is the reason, as the core has it.
                let nan = |out: usize| node.values[out].is_nan();
                let chosen = |slot: usize, out: usize| self.value(slot) == node.values[out] || nan(out);
                self.reduced().filter(|&(slot, out)| chosen(slot, out)).for_each(|(_, out)| ties[out] += 1.0);
                for (slot, out) in self.reduced() {
                    visit(match chosen(slot, out) {
                        false => self.zero(out, 0, slot),
                        true if nan(out) => self.of(out, 0, slot, Partial::Of(node.values[out])),
                        true if ties[out] == 1.0 => self.one(out, 0, slot),
                        true => self.of(out, 0, slot, Partial::Of(self.trace.precision().round(1.0 / ties[out]))),
                    });
                }
            }
            Structural::LogSumExp => {
                let x = &self.operands[0];
                let values: Vec<f64> = x.slots().map(|slot| self.value(slot)).collect();
                let softmax = self.trace.precision().softmax(&values, &x.shape, &node.axes);
                for ((slot, out), partial) in self.reduced().zip(softmax) {
                    visit(self.of(out, 0, slot, Partial::Of(partial)));
                }
            }
            Structural::CumSum | Structural::CumSumBack => self.running(|out, slot, element| {
                visit(Entry { running: Some(element), ..self.one(out, 0, slot) });
            }),
            Structural::Concat => {
                let (own, axis) = (Strided::contiguous(0, &node.shape), node.axes[0]);
                let mut before = 0;
                for (i, part) in self.operands.iter().enumerate() {
                    let place = Strided {
                        start: before * own.strides[axis],
                        shape: part.shape.clone(),
                        strides: own.strides.clone(),
                    };
                    before += part.shape[axis];
                    place.slots().zip(part.slots()).for_each(|(out, slot)| visit(self.one(out, i, slot)));
                }
            }
            Structural::Stack => {
                let each = node.values.len() / self.operands.len();
                for (i, part) in self.operands.iter().enumerate() {
                    part.slots().enumerate().for_each(|(k, slot)| visit(self.one(i * each + k, i, slot)));
                }
            }
            Structural::Contiguous => {
                self.operands[0].slots().enumerate().for_each(|(out, slot)| visit(self.one(out, 0, slot)));
            }
            Structural::Gather => {
                let slots: Vec<usize> = self.operands[0].slots().collect();
                node.positions.iter().enumerate().for_each(|(out, &p)| visit(self.one(out, 0, slots[p])));
            }
            Structural::ScatterAdd => {
                let written = self.operands[0].slots().zip(&node.positions);
                written.for_each(|(slot, &out)| visit(self.one(out, 0, slot)));
            }
            Structural::Select => {
                let (cond, a, b) = (self.wide(0), self.wide(1), self.wide(2));
                for (out, ((cond, a), b)) in cond.slots().zip(a.slots()).zip(b.slots()).enumerate() {
                    let (chosen, other) = if self.value(cond) == 0.0 { ((2, b), (1, a)) } else { ((1, a), (2, b)) };
                    visit(self.one(out, chosen.0, chosen.1));
                    visit(self.zero(out, other.0, other.1));
                }
            }
            // An op that a newer core has.
            _ => {}
        }
    }

    /// What a reduction reads: the slot, and the element of the result that takes it in.
    fn reduced(&self) -> impl Iterator<Item = (usize, usize)> {
        let x = &self.operands[0];
        let targets: Vec<usize> = reduction_target(&x.shape, &self.node.axes).slots().collect();
        x.slots().zip(targets)
    }

    /// Calls `visit(out, slot, element)` for every number that a running sum takes in: element by element, and the results that
    /// took it in, in the order in which the sweep runs over them, from the one that took in most.
    fn running(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let axis = self.node.axes[0];
        let (extent, stride) = (self.node.shape[axis], contiguous(&self.node.shape)[axis]);
        let back = self.node.op == Structural::CumSumBack.name();
        for (element, slot) in self.operands[0].slots().enumerate() {
            let here = element / stride % extent;
            let at = |k: usize| element + k * stride - here * stride;
            if back {
                (0..=here).for_each(|k| visit(at(k), slot, element));
            } else {
                (here..extent).rev().for_each(|k| visit(at(k), slot, element));
            }
        }
    }

    /// Calls `visit(out, slot of a, slot of b)` for every product that a matrix product sums.
    fn products(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let (a, b) = (&self.operands[0], &self.operands[1]);
        let (a_vector, b_vector) = (a.shape.len() == 1, b.shape.len() == 1);
        let a = if a_vector { a.insert_axis(0) } else { a.clone() };
        let b = if b_vector { b.insert_axis(1) } else { b.clone() };
        let batch_rank = self.node.shape.len() - usize::from(!a_vector) - usize::from(!b_vector);
        let batch = &self.node.shape[..batch_rank];
        let starts = |m: &Strided| -> Vec<usize> {
            let leading = m.shape.len() - 2;
            let leading =
                Strided { start: 0, shape: m.shape[..leading].to_vec(), strides: m.strides[..leading].to_vec() };
            leading.broadcast_to(batch).map_or_else(Vec::new, |wide| wide.slots().collect())
        };
        let (rows, inner) = (a.shape[a.shape.len() - 2], a.shape[a.shape.len() - 1]);
        let cols = b.shape[b.shape.len() - 1];
        for (matrix, (from_a, from_b)) in starts(&a).into_iter().zip(starts(&b)).enumerate() {
            for i in 0..rows {
                for j in 0..cols {
                    for p in 0..inner {
                        visit((matrix * rows + i) * cols + j, a.at(i, p) + from_a, b.at(p, j) + from_b);
                    }
                }
            }
        }
    }
}

/// Where each element of a reduction's operand goes in the result: a stride of 0 along the axes that are reduced away.
fn reduction_target(shape: &[usize], axes: &[usize]) -> Strided {
    let kept: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).collect();
    let strides_kept = contiguous(&kept.iter().map(|&axis| shape[axis]).collect::<Vec<_>>());
    let mut strides = vec![0; shape.len()];
    for (&axis, stride) in kept.iter().zip(strides_kept) {
        strides[axis] = stride;
    }
    Strided { start: 0, shape: shape.to_vec(), strides }
}
