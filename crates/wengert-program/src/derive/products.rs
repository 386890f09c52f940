//! A named optimisation of derivatives: of sums of products they are contractions, guarded, over the
//! index space of the products, with the adjoint so far as what each begins with.
//!
//! The rules' shares would be products of matrices that are added afterwards: another order of sums
//! than the sweep's, and a pass over the adjoints more.

use smallvec::SmallVec;

use super::{Sweep, overlap, slots};
use crate::access::{Access, Dims, joined};
use crate::adjoints::Adjoints;
use crate::graph::Op;
use crate::ids::{Slot, Value};
use crate::op::Binary;
use crate::products::{Product, affine_strides, start};
use crate::real::{Real, Scalar};
use crate::values::NEURON;
use wengert_ops::run::{View, Wide};

/// Index spaces up to this size are walked entry by entry where operands overlap and the order of
/// their sums would be another.
const ENTRIES: usize = 1 << 20;

impl<S: Scalar> Sweep<'_, '_, S> {
    pub(super) fn affine(&mut self, wide: &Wide, dims: &Dims, g: &Access<Value>) {
        let lowered = self.lowered;
        if wide.len == 1 && lowered.inner_of(wide) <= NEURON {
            return self.neuron(wide, g.first());
        }
        let inner = lowered.inner_of(wide);
        let space = joined(dims, &[inner]);
        let (x, w) = lowered.affine_accesses(wide, dims, inner);
        let (x_strides, w_strides) = affine_strides(lowered.side, wide);
        let over = g.repeated_along(dims, &[inner]);
        let bias = lowered
            .layout(wide.operands[0])
            .broadcast_to(&dims.as_slice().into())
            .expect("checked");
        if self.wants(wide.operands[0]) {
            self.record_for(start(wide.operands[0]));
            self.accumulate_view(start(wide.operands[0]), &bias, g, dims);
        }
        self.contraction(wide.operands[1], &w_strides, &space, &over, &x);
        self.contraction(wide.operands[2], &x_strides, &space, &over, &w);
    }

    pub(super) fn matmul(&mut self, wide: &Wide, dims: &Dims, g: &Access<Value>) {
        let lowered = self.lowered;
        let product = Product::of(lowered.side, wide);
        let space = joined(dims, &[product.k]);
        let over = g.repeated_along(dims, &[product.k]);
        let (a, b) = (lowered.factor(&product, 0), lowered.factor(&product, 1));
        let views = [wide.operands[0], wide.operands[1]];
        let len: usize = space.iter().product();
        let place = |i: usize| (start(views[i]), lowered.layout(views[i]));
        let both = views.iter().all(|&view| self.wants(view));
        if both && len <= ENTRIES && overlap(place(0), place(1)) {
            return self.entangled_product(&product, views, &space, [&over, &a, &b]);
        }
        self.contraction(views[0], product.operand(0).1, &space, &over, &b);
        self.contraction(views[1], product.operand(1).1, &space, &over, &a);
    }

    /// A weighted sum to one number, term by term: bias, then all weights, then all inputs.
    fn neuron(&mut self, wide: &Wide, g: Value) {
        let lowered = self.lowered;
        let operand = |i: usize| slots(start(wide.operands[i]), lowered.layout(wide.operands[i]));
        let (bias, w, x) = (operand(0)[0], operand(1), operand(2));
        let wants = |this: &Self, i: usize, slot: Slot| {
            !wide.operands[i].is_cut() && this.active[lowered.line.run_of(slot)]
        };
        if wants(self, 0, bias) {
            self.accumulate(bias, g);
        }
        for (operand, targets, others) in [(1, &w, &x), (2, &x, &w)] {
            for (&target, &other) in targets.iter().zip(others) {
                if wants(self, operand, target) {
                    self.record_for(target);
                    let factor = lowered.builder.number(lowered.at(other));
                    self.accumulate(target, lowered.builder.number(g).mul_no_nan(factor).value());
                }
            }
        }
    }

    /// Adds `Σ g · other` over the part of the index space that the operand repeats along.
    fn contraction(
        &mut self,
        view: View,
        strides: &[i32],
        space: &[usize],
        g: &Access<Value>,
        other: &Access<Value>,
    ) {
        if !self.wants(view) {
            return;
        }
        self.record_for(start(view));
        let repeats = |&axis: &usize| strides[axis] == 0 && space[axis] > 1;
        let kept: SmallVec<[usize; 4]> = (0..space.len()).filter(|axis| !repeats(axis)).collect();
        let inner: SmallVec<[usize; 4]> = (0..space.len()).filter(repeats).collect();
        let extents = |axes: &[usize]| axes.iter().map(|&axis| space[axis]).collect::<Dims>();
        let (dims, sums_over) = (extents(&kept), extents(&inner));
        let own: SmallVec<[i32; 4]> = kept.iter().map(|&axis| strides[axis]).collect();
        let order: SmallVec<[usize; 4]> = kept.iter().chain(&inner).copied().collect();
        let (g, other) = (g.permuted(space, &order), other.permuted(space, &order));
        let is_injective = strides_are_injective(&dims, &own);
        if inner.is_empty() && is_injective {
            let product = self.emit(Op::Binary(Binary::MulNoNan), &dims, &[], &[g, other]);
            let target = Adjoints::target(self.lowered, start(view), &own, &dims);
            return self.accumulate_each(&target, start(view), &product, &dims);
        }
        if !is_injective {
            let all = joined(&dims, &sums_over);
            let product = self.emit(Op::Binary(Binary::MulNoNan), &all, &[], &[g, other]);
            let back: SmallVec<[usize; 4]> = (0..space.len())
                .map(|axis| order.iter().position(|&o| o == axis).expect("a permutation"))
                .collect();
            let in_order = product.permuted(&all, &back).numbers(space);
            let each =
                Access::Strided { start: start(view), strides: strides.into() }.numbers(space);
            return self.accumulate_in_order(each.into_iter().zip(in_order).collect());
        }
        let target = Adjoints::target(self.lowered, start(view), &own, &dims);
        let init = self.init(&target, &dims);
        let operands: SmallVec<[Access<Value>; 3]> = [g, other].into_iter().chain(init).collect();
        let sums = self.emit(Op::Contract { guarded: true }, &dims, &sums_over, &operands);
        self.adjoints.set(self.lowered, &target, &dims, &sums);
    }

    /// A product of two views of the same slots, entry by entry: the first operand's contribution,
    /// then the second's.
    fn entangled_product(
        &mut self,
        product: &Product,
        views: [View; 2],
        space: &[usize],
        [g, a, b]: [&Access<Value>; 3],
    ) {
        let contributions = [b, a].map(|other| {
            self.emit(Op::Binary(Binary::MulNoNan), space, &[], &[g.clone(), other.clone()])
                .numbers(space)
        });
        let targets = [0, 1].map(|i| {
            Access::Strided { start: start(views[i]), strides: product.operand(i).1.into() }
                .numbers(space)
        });
        let pairs = (0..targets[0].len())
            .flat_map(|i| [0, 1].map(|role| (targets[role][i], contributions[role][i])));
        self.accumulate_in_order(pairs.collect());
    }
}

/// Whether no two elements share a slot (as far as strides tell: false where they only might).
fn strides_are_injective(dims: &[usize], strides: &[i32]) -> bool {
    let mut axes: SmallVec<[(i32, usize); 4]> = strides
        .iter()
        .copied()
        .zip(dims.iter().copied())
        .filter(|&(_, extent)| extent > 1)
        .collect();
    axes.sort_unstable();
    let mut reach = 0;
    axes.iter().all(|&(stride, extent)| {
        let apart = stride as usize > reach;
        reach += (extent - 1) * stride as usize;
        apart
    })
}
