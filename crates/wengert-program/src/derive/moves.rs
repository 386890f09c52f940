//! A named optimisation of derivatives: of operations that only move elements no node is written.
//!
//! Their shares would take the adjoint of the whole result, with empty sums where nothing has been
//! added to a part of it; and the gather's would add up what one element gets before it is added to
//! the element's adjoint, where the sweep adds one by one.

use smallvec::SmallVec;

use super::Sweep;
use crate::access::{Access, Strides, row_major};
use crate::ids::{Id, Point, Slot};
use crate::op::{Op as TapeOp, Structural};
use crate::products::{start, strides};
use crate::real::Scalar;
use crate::shape::Layout;
use wengert_ops::run::{View, Wide};
use wengert_ops::structural::parts;

impl<S: Scalar> Sweep<'_, '_, S> {
    /// Contributes what an op does that only moves elements; false of any other op.
    pub(super) fn moves(&mut self, wide: &Wide) -> bool {
        let TapeOp::Structural(op) = wide.op else { return false };
        let lowered = self.lowered;
        let (out, shape) =
            (Slot::new(wide.out as usize), lowered.side.layouts.get(wide.layout).shape());
        let wanted: SmallVec<[bool; 4]> =
            wide.operands.iter().map(|&view| self.wants(view)).collect();
        // Where the adjoints of each operand's elements are, for ops that put operands side by
        // side.
        let places: SmallVec<[(Slot, Strides); 4]> = match op {
            Structural::Concat => {
                let axis = wide.attributes.axes()[0] as usize;
                let extents = wide.operands.iter().map(|&view| lowered.layout(view).dims()[axis]);
                let place =
                    |(offset, place): (usize, Layout)| (out.plus(offset as i64), strides(&place));
                parts(shape, axis, extents).map(place).collect()
            }
            Structural::Stack | Structural::Contiguous => {
                let each = wide.len as usize / wide.operands.len();
                let place = |(i, &view): (usize, &View)| {
                    (out.plus((i * each) as i64), row_major(lowered.layout(view).dims()))
                };
                wide.operands.iter().enumerate().map(place).collect()
            }
            Structural::Gather | Structural::ScatterAdd => {
                if wanted[0] {
                    self.moved_by_index(op, wide, shape.dims());
                }
                return true;
            }
            _ => return false,
        };
        for ((&view, (from, strides)), _) in
            wide.operands.iter().zip(&places).zip(&wanted).filter(|(_, wanted)| **wanted)
        {
            let layout = lowered.layout(view);
            if let Some(g) = self.adjoint(*from, strides, layout.dims()) {
                self.accumulate_view(start(view), layout, &g, layout.dims());
            }
        }
        true
    }

    fn moved_by_index(&mut self, op: Structural, wide: &Wide, dims: &[usize]) {
        let Some(g) = self.adjoint(Slot::new(wide.out as usize), &row_major(dims), dims) else {
            return;
        };
        let (view, layout) = (wide.operands[0], self.lowered.layout(wide.operands[0]));
        if op == Structural::ScatterAdd {
            let each =
                wide.attributes.positions().iter().map(|&i| g.element(dims, i as usize)).collect();
            return self.accumulate_view(
                start(view),
                layout,
                &Access::of(each, layout.dims()),
                layout.dims(),
            );
        }
        let on_tape = Access::Strided { start: start(view), strides: strides(layout) };
        let slots =
            wide.attributes.positions().iter().map(|&i| on_tape.element(layout.dims(), i as usize));
        self.accumulate_in_order(slots.zip(g.numbers(dims)).collect());
    }
}
