//! A tape as a graph: what each slot computes, and nothing of how it was recorded.
//!
//! Operations that only move elements (concat, stack, gather, copies) vanish here: their slots are other slots.

use smallvec::SmallVec;

use super::access::{Access, Dims, row_major};
use super::graph::{Kind, NONE, Op, Source};
use super::sym::Builder;
use crate::op::{Binary, Leaf, Op as TapeOp, Structural, Unary};
use crate::real::Scalar;
use crate::shape::Layout;
use wengert_ops::run::{View, Wide};
use wengert_ops::structural::parts;
use wengert_tape::internals::{Kind as StepKind, Side, Step};

/// Reductions to one number of at most so many elements are written out, so that equal ones side by side are found.
const WRITTEN_OUT: usize = 32;
/// Weighted sums to one number, likewise.
pub(crate) const NEURON: usize = 1 << 14;

/// The tape's columns, and where each of its slots is in the graph.
pub(crate) struct Lowered<'a, S: Scalar> {
    /// The steps that have been written.
    pub(crate) steps: &'a [Step],
    all: &'a [Step],
    pub(crate) side: &'a Side,
    pub(crate) builder: &'a Builder<S>,
    /// By tape slot.
    pub(crate) slots: Vec<u32>,
}

impl<'a, S: Scalar> Lowered<'a, S> {
    /// Nothing written yet.
    pub(crate) fn new(steps: &'a [Step], side: &'a Side, builder: &'a Builder<S>) -> Self {
        Lowered { steps: &steps[..0], all: steps, side, builder, slots: Vec::new() }
    }

    /// Writes the tape's steps up to the one that fills `end`.
    pub(crate) fn write_until(&mut self, end: u32, values: &[S]) {
        while self.steps.len() < self.all.len() && (self.slots.len() as u32) < end {
            let step = self.all[self.steps.len()];
            let slot = self.slots.len() as u32;
            self.builder.graph.borrow_mut().source = Source::value(slot);
            let at = |lowered: &Self, operand: u32| lowered.slots[operand as usize];
            match step.kind() {
                StepKind::Leaf(leaf) => self.leaf(leaf, slot, &values[slot as usize..=slot as usize]),
                StepKind::Unary(op) => {
                    let a = at(self, step.a());
                    self.push(Kind::Unary(op), a, 0);
                }
                StepKind::Binary(op) => {
                    let (a, b) = (at(self, step.a()), at(self, step.b()));
                    self.push(Kind::Binary(op), a, b);
                }
                StepKind::Wide => self.wide(&self.side.wides[step.a() as usize], values),
            }
            self.steps = &self.all[..=self.steps.len()];
        }
    }

    /// Lets these slots stand for the next step's run, instead of writing it.
    pub(crate) fn stand_for(&mut self, slots: Vec<u32>) {
        self.slots.extend(slots);
        self.steps = &self.all[..=self.steps.len()];
    }

    fn push(&mut self, kind: Kind, a: u32, b: u32) {
        let slot = self.builder.graph.borrow_mut().push(kind, a, b, 0);
        self.slots.push(slot);
    }

    fn leaf(&mut self, leaf: Leaf, tape_slot: u32, values: &[S]) {
        let mut graph = self.builder.graph.borrow_mut();
        match leaf {
            Leaf::Const => self.slots.extend(values.iter().map(|&value| graph.constant(value))),
            Leaf::Input | Leaf::Param | Leaf::Data => {
                let start = graph.block(tape_slot, values.len() as u32);
                self.slots.extend(start..start + values.len() as u32);
            }
        }
    }

    /// The elements of a view, repeated to `dims`.
    pub(crate) fn read(&self, view: View, dims: &[usize]) -> Access {
        let layout = self.side.layouts.get(view.layout());
        let layout = layout.broadcast_to(&dims.into()).expect("operands were checked to broadcast");
        self.read_layout(view.start(), &layout)
    }

    pub(crate) fn read_layout(&self, start: u32, layout: &Layout) -> Access {
        let strides = layout.strides().iter().map(|&stride| stride as i32).collect();
        let on_tape = Access::Strided { start, strides };
        on_tape.renamed(layout.dims(), |slot| self.slots[slot as usize])
    }

    pub(crate) fn dims_of(&self, view: View) -> Dims {
        Dims::from_slice(self.side.layouts.get(view.layout()).dims())
    }

    fn emit(&self, op: Op, dims: &[usize], inner: &[usize], operands: &[Access]) -> Access {
        self.builder.graph.borrow_mut().wide(op, dims, inner, operands)
    }

    fn emit_scalar(&self, op: Binary, a: u32, b: u32) -> u32 {
        self.builder.graph.borrow_mut().push(Kind::Binary(op), a, b, 0)
    }

    fn wide(&mut self, wide: &Wide, values: &[S]) {
        let dims = Dims::from_slice(self.side.layouts.get(wide.layout).dims());
        let run = match wide.op {
            TapeOp::Leaf(leaf) => {
                let out = wide.out as usize;
                return self.leaf(leaf, wide.out, &values[out..out + wide.len as usize]);
            }
            TapeOp::Unary(op) => self.emit(Op::Unary(op), &dims, &[], &[self.read(wide.operands[0], &dims)]),
            TapeOp::Binary(op) => {
                let (a, b) = (self.read(wide.operands[0], &dims), self.read(wide.operands[1], &dims));
                self.emit(Op::Binary(op), &dims, &[], &[a, b])
            }
            TapeOp::Structural(op) => return self.structural(op, wide, &dims),
        };
        self.slots.extend(run.slots(&dims));
    }

    fn structural(&mut self, op: Structural, wide: &Wide, dims: &Dims) {
        let run = match op {
            Structural::Affine if wide.len == 1 && self.inner_of(wide) <= NEURON => {
                let (xs, ws) = (self.all(wide.operands[2]), self.all(wide.operands[1]));
                let mut sum = self.read(wide.operands[0], dims).first();
                for (x, w) in xs.into_iter().zip(ws) {
                    let product = self.emit_scalar(Binary::Mul, w, x);
                    sum = self.emit_scalar(Binary::Add, sum, product);
                }
                Access::repeated(sum, dims.len())
            }
            Structural::Affine => {
                let inner = self.inner_of(wide);
                let (x, w) = self.affine_accesses(wide, dims, inner);
                let bias = self.read(wide.operands[0], dims);
                self.emit(Op::Contract { guarded: false }, dims, &[inner], &[x, w, bias])
            }
            Structural::MatMul => {
                let product = Product::of(self, wide);
                if wide.len == 1 && product.k <= NEURON {
                    let (xs, ys) = (self.all(wide.operands[0]), self.all(wide.operands[1]));
                    let products: Vec<u32> =
                        xs.into_iter().zip(ys).map(|(x, y)| self.emit_scalar(Binary::Mul, x, y)).collect();
                    Access::repeated(self.total(&products), dims.len())
                } else {
                    let (a, b) = (product.a(self), product.b(self));
                    self.emit(Op::Contract { guarded: false }, dims, &[product.k], &[a, b])
                }
            }
            Structural::Sum => self.sum(wide, dims),
            Structural::Max => self.extremum(Op::Max, wide, dims),
            Structural::Min => self.extremum(Op::Min, wide, dims),
            Structural::LogSumExp => self.log_sum_exp(wide, dims),
            Structural::CumSum | Structural::CumSumBack => {
                let slots = self.cumulative(
                    self.all(wide.operands[0]),
                    dims,
                    wide.attributes.axes()[0],
                    op == Structural::CumSumBack,
                );
                self.slots.extend(slots);
                return;
            }
            Structural::Concat => {
                let shape = self.side.layouts.get(wide.layout).shape();
                let axis = wide.attributes.axes()[0] as usize;
                let mut slots = vec![NONE; wide.len as usize];
                let extents = wide.operands.iter().map(|&view| self.layout(view).dims()[axis]);
                for (&view, (start, place)) in wide.operands.iter().zip(parts(shape, axis, extents)) {
                    place.offsets().zip(self.all(view)).for_each(|(offset, slot)| slots[start + offset] = slot);
                }
                self.slots.extend(slots);
                return;
            }
            Structural::Stack => {
                let slots: Vec<u32> = wide.operands.iter().flat_map(|&view| self.all(view)).collect();
                self.slots.extend(slots);
                return;
            }
            Structural::Contiguous => {
                let slots = self.all(wide.operands[0]);
                self.slots.extend(slots);
                return;
            }
            Structural::Gather => {
                let all = self.all(wide.operands[0]);
                self.slots.extend(wide.attributes.positions().iter().map(|&i| all[i as usize]));
                return;
            }
            Structural::ScatterAdd => {
                let zero = self.builder.graph.borrow_mut().constant(S::from_f64(0.0));
                let terms = self.all(wide.operands[0]);
                let targets = wide.attributes.positions().iter().map(|&i| i as usize);
                let slots = self.add_in_rounds(vec![zero; wide.len as usize], targets.zip(terms));
                self.slots.extend(slots);
                return;
            }
            Structural::Select => {
                let read = |i: usize| self.read(wide.operands[i], dims);
                self.emit(Op::Select, dims, &[], &[read(0), read(1), read(2)])
            }
            _ => unreachable!("{op}: every structural operation has a lowering, and a test asks for each"),
        };
        self.slots.extend(run.slots(dims));
    }

    /// All elements of a view.
    pub(crate) fn all(&self, view: View) -> Vec<u32> {
        let layout = self.side.layouts.get(view.layout());
        layout.offsets().map(|offset| self.slots[view.start() as usize + offset]).collect()
    }

    /// The sum of single slots, in order.
    fn total(&self, terms: &[u32]) -> u32 {
        terms[1..].iter().fold(terms[0], |sum, &term| self.emit_scalar(Binary::Add, sum, term))
    }

    /// The extent that an affine step sums over.
    pub(crate) fn inner_of(&self, wide: &Wide) -> usize {
        *self.dims_of(wide.operands[1]).last().expect("weights have an axis")
    }

    /// The inputs and the weights of an affine step over its result's axes and the inner one.
    pub(crate) fn affine_accesses(&self, wide: &Wide, dims: &[usize], inner: usize) -> (Access, Access) {
        let over: Dims = dims.iter().copied().chain([inner]).collect();
        let (w, x) = (self.layout(wide.operands[1]), self.layout(wide.operands[2]));
        let (w_rows, x_rows) = (w.shape().rank() == 2, x.shape().rank() == 2);
        let mut axes: SmallVec<[(usize, usize); 3]> = SmallVec::new();
        if x_rows {
            axes.push((0, x.strides()[0]));
        }
        if w_rows {
            axes.push((w.strides()[0], 0));
        }
        axes.push((w.strides()[w.shape().rank() - 1], x.strides()[x.shape().rank() - 1]));
        let access = |view: View, strides: SmallVec<[i32; 4]>| {
            Access::Strided { start: view.start(), strides }.renamed(&over, |slot| self.slots[slot as usize])
        };
        let weights = access(wide.operands[1], axes.iter().map(|axis| axis.0 as i32).collect());
        (access(wide.operands[2], axes.iter().map(|axis| axis.1 as i32).collect()), weights)
    }

    pub(crate) fn layout(&self, view: View) -> &'a Layout {
        self.side.layouts.get(view.layout())
    }

    /// Moves the reduced axes of an operand behind the kept ones: its access over `dims` and `inner`, and `inner`.
    pub(crate) fn reduced(&self, wide: &Wide) -> (Access, Dims) {
        let layout = self.layout(wide.operands[0]);
        let order = behind(wide.attributes.axes(), layout.shape().rank());
        let inner = wide.attributes.axes().iter().map(|&axis| layout.dims()[axis as usize]).collect();
        (self.read_layout(wide.operands[0].start(), &layout.permute(&order)), inner)
    }

    fn sum(&self, wide: &Wide, dims: &Dims) -> Access {
        let (x, inner) = self.reduced(wide);
        if dims.iter().product::<usize>() == 1 && inner.iter().product::<usize>() <= WRITTEN_OUT {
            return Access::repeated(self.total(&x.slots(&joined(dims, &inner))), dims.len());
        }
        self.emit(Op::Sum, dims, &inner, &[x])
    }

    fn extremum(&self, op: Op, wide: &Wide, dims: &Dims) -> Access {
        let (x, inner) = self.reduced(wide);
        self.emit(op, dims, &inner, &[x])
    }

    /// `m + ln Σ e^(x − m)`, and m itself where it is not finite.
    fn log_sum_exp(&self, wide: &Wide, dims: &Dims) -> Access {
        let (x, inner) = self.reduced(wide);
        let largest = self.emit(Op::Max, dims, &inner, std::slice::from_ref(&x));
        // Differences and powers in the operand's own order of axes, as it lies there.
        let layout = self.layout(wide.operands[0]);
        let (own, all) = (self.read_layout(wide.operands[0].start(), layout), Dims::from_slice(layout.dims()));
        let shift = keep(&largest, dims, wide.attributes.axes(), &all);
        let shifted = self.emit(Op::Binary(Binary::Sub), &all, &[], &[own, shift]);
        let powers = self.emit(Op::Unary(Unary::Exp), &all, &[], &[shifted]);
        let powers = permuted(&powers, &all, &behind(wide.attributes.axes(), all.len()));
        let sum = self.emit(Op::Sum, dims, &inner, &[powers]);
        let logarithm = self.emit(Op::Unary(Unary::Ln), dims, &[], &[sum]);
        let result = self.emit(Op::Binary(Binary::Add), dims, &[], &[largest.clone(), logarithm]);
        // m − m is 0 for finite numbers and NaN, which counts as true, for the others.
        let infinite = self.emit(Op::Binary(Binary::Sub), dims, &[], &[largest.clone(), largest.clone()]);
        self.emit(Op::Select, dims, &[], &[infinite, largest, result])
    }

    /// The running sum of `slots`, which have extents `dims`, along an axis.
    pub(crate) fn cumulative(&self, slots: Vec<u32>, dims: &[usize], axis: u8, back: bool) -> Vec<u32> {
        let axis = axis as usize;
        let layout = Layout::contiguous(dims.into());
        let (extent, stride) = (dims[axis], layout.strides()[axis]);
        let firsts: Vec<usize> = layout.narrow(axis, 1).offsets().collect();
        let mut slots = slots;
        for i in 1..extent {
            let (to, from) = if back { (extent - 1 - i, extent - i) } else { (i, i - 1) };
            let at = |step: usize| firsts.iter().map(|first| slots[first + step * stride]).collect::<Vec<u32>>();
            let sums = self.add_lists(at(from), at(to));
            firsts.iter().zip(sums).for_each(|(first, sum)| slots[first + to * stride] = sum);
        }
        slots
    }

    /// The elementwise sum of two lists of slots.
    pub(crate) fn add_lists(&self, a: Vec<u32>, b: Vec<u32>) -> Vec<u32> {
        if a.len() <= FEW {
            return a.into_iter().zip(b).map(|(a, b)| self.emit_scalar(Binary::Add, a, b)).collect();
        }
        let dims = [a.len()];
        let sum = self.emit(Op::Binary(Binary::Add), &dims, &[], &[Access::of(a, &dims), Access::of(b, &dims)]);
        sum.slots(&dims)
    }

    /// `sums[target] += term` for each pair in order, as many at a time as have targets of their own.
    pub(crate) fn add_in_rounds(&self, mut sums: Vec<u32>, pairs: impl Iterator<Item = (usize, u32)>) -> Vec<u32> {
        let mut rounds: Vec<Vec<(usize, u32)>> = Vec::new();
        let mut times = vec![0_u32; sums.len()];
        for (target, term) in pairs {
            let round = times[target] as usize;
            times[target] += 1;
            if round == rounds.len() {
                rounds.push(Vec::new());
            }
            rounds[round].push((target, term));
        }
        for round in rounds {
            let (before, terms) = round.iter().map(|&(target, term)| (sums[target], term)).unzip();
            let after = self.add_lists(before, terms);
            round.iter().zip(after).for_each(|(&(target, _), sum)| sums[target] = sum);
        }
        sums
    }
}

/// So few that they are better as scalar nodes, which later passes group with others.
const FEW: usize = 8;

/// Both lists of extents.
pub(crate) fn joined(dims: &[usize], inner: &[usize]) -> Dims {
    dims.iter().chain(inner).copied().collect()
}

/// An access over `dims`, repeated along `inner`.
pub(crate) fn repeat(access: &Access, dims: &[usize], inner: &[usize]) -> Access {
    match access {
        Access::Strided { start, strides } => {
            let strides = strides.iter().copied().chain(inner.iter().map(|_| 0)).collect();
            Access::Strided { start: *start, strides }
        }
        Access::Listed(list) => {
            let times: usize = inner.iter().product();
            debug_assert_eq!(list.len(), dims.iter().product::<usize>());
            Access::Listed(list.iter().flat_map(|&slot| std::iter::repeat_n(slot, times)).collect())
        }
    }
}

/// The order that moves reduced axes behind the others.
pub(crate) fn behind(reduced: &[u8], rank: usize) -> SmallVec<[usize; 4]> {
    let is_reduced = |axis: &usize| reduced.contains(&(*axis as u8));
    (0..rank).filter(|axis| !is_reduced(axis)).chain(reduced.iter().map(|&axis| axis as usize)).collect()
}

/// An access with its axes in another order.
pub(crate) fn permuted(access: &Access, dims: &[usize], order: &[usize]) -> Access {
    match access {
        Access::Strided { start, strides } => {
            Access::Strided { start: *start, strides: order.iter().map(|&axis| strides[axis]).collect() }
        }
        Access::Listed(list) => {
            let steps = row_major(dims);
            let places = Access::Strided { start: 0, strides: order.iter().map(|&axis| steps[axis]).collect() };
            let new: Dims = order.iter().map(|&axis| dims[axis]).collect();
            Access::of(places.slots(&new).into_iter().map(|i| list[i as usize]).collect(), &new)
        }
    }
}

/// A reduction's result repeated along the axes that it removed: over the operand's extents.
pub(crate) fn keep(access: &Access, dims: &[usize], axes: &[u8], all: &[usize]) -> Access {
    let is_reduced = |axis: &usize| axes.contains(&(*axis as u8));
    let kept: SmallVec<[usize; 4]> = (0..all.len()).filter(|axis| !is_reduced(axis)).collect();
    let spread = |own: &[i32]| {
        let mut strides: SmallVec<[i32; 4]> = SmallVec::from_elem(0, all.len());
        kept.iter().zip(own).for_each(|(&axis, &stride)| strides[axis] = stride);
        strides
    };
    match access {
        Access::Strided { start, strides } => Access::Strided { start: *start, strides: spread(strides) },
        Access::Listed(list) => {
            let places = Access::Strided { start: 0, strides: spread(&row_major(dims)) };
            Access::Listed(places.slots(all).into_iter().map(|i| list[i as usize]).collect())
        }
    }
}

/// A matrix product's axes: the result's are batch axes, then rows unless a is a vector, then columns unless b is one.
pub(crate) struct Product {
    pub(crate) dims: Dims,
    pub(crate) k: usize,
    /// Strides over the result's axes and the inner one, and the first slot on the tape.
    a: (u32, SmallVec<[i32; 4]>),
    b: (u32, SmallVec<[i32; 4]>),
}

impl Product {
    pub(crate) fn of<S: Scalar>(lowered: &Lowered<'_, S>, wide: &Wide) -> Self {
        let dims = Dims::from_slice(lowered.side.layouts.get(wide.layout).dims());
        let (la, lb) = (lowered.layout(wide.operands[0]), lowered.layout(wide.operands[1]));
        let (a_vector, b_vector) = (la.shape().rank() == 1, lb.shape().rank() == 1);
        let batch = dims.len() - usize::from(!a_vector) - usize::from(!b_vector);
        let k = *la.dims().last().expect("products have axes");
        let leading = |layout: &Layout, matrix_axes: usize| -> SmallVec<[i32; 4]> {
            let own = layout.shape().rank() - matrix_axes;
            (0..batch)
                .map(|axis| match (axis + own).checked_sub(batch) {
                    Some(own) if layout.dims()[own] > 1 || dims[axis] == 1 => layout.strides()[own] as i32,
                    _ => 0,
                })
                .collect()
        };
        let mut a = leading(la, if a_vector { 1 } else { 2 });
        let mut b = leading(lb, if b_vector { 1 } else { 2 });
        let (ra, rb) = (la.shape().rank(), lb.shape().rank());
        if !a_vector {
            a.push(la.strides()[ra - 2] as i32);
            b.push(0);
        }
        if !b_vector {
            a.push(0);
            b.push(lb.strides()[rb - 1] as i32);
        }
        a.push(la.strides()[ra - 1] as i32);
        b.push(lb.strides()[if b_vector { 0 } else { rb - 2 }] as i32);
        Product { dims, k, a: (wide.operands[0].start(), a), b: (wide.operands[1].start(), b) }
    }

    /// The first operand over the result's axes and the inner one.
    pub(crate) fn a<S: Scalar>(&self, lowered: &Lowered<'_, S>) -> Access {
        self.access(&self.a, lowered)
    }

    pub(crate) fn b<S: Scalar>(&self, lowered: &Lowered<'_, S>) -> Access {
        self.access(&self.b, lowered)
    }

    fn access<S: Scalar>(&self, (start, strides): &(u32, SmallVec<[i32; 4]>), lowered: &Lowered<'_, S>) -> Access {
        let over = joined(&self.dims, &[self.k]);
        let on_tape = Access::Strided { start: *start, strides: strides.clone() };
        on_tape.renamed(&over, |slot| lowered.slots[slot as usize])
    }

    /// The strides on the tape of an operand.
    pub(crate) fn strides(&self, operand: usize) -> &[i32] {
        if operand == 0 { &self.a.1 } else { &self.b.1 }
    }
}
