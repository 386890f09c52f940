//! A named optimisation of derivatives: of operations that only move elements no node is written.
//!
//! Their shares would take the adjoint of the whole result, with empty sums where nothing has been
//! added to a part of it; and the gather's and the take's would add up what one element gets before
//! it is added to the element's adjoint, where the sweep adds one by one.

use smallvec::SmallVec;

use super::{Sweep, slots};
use crate::access::{Access, Dims, Strides, row_major};
use crate::adjoints::{Adjoints, Target};
use crate::graph::FastMap;
use crate::ids::{Id, Point, Slot, Value};
use crate::op::{Op as TapeOp, Structural};
use crate::products::{start, strides};
use crate::real::Scalar;
use crate::shape::Layout;
use crate::sym::{Builder, Sym};
use wengert_ops::algebra::Algebra;
use wengert_ops::attributes::Attributes;
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
            Structural::Take => return wanted[0] && self.taken(wide, shape.dims()),
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

    /// Contributes to rows that were taken by computed numbers; false where the rule's share is what
    /// the sweep adds, as it is of rows that have got nothing before.
    ///
    /// What the rows have got stands before what they get, each as if it were taken by its own
    /// number: so one sum has all of it, in the sweep's order.
    fn taken(&mut self, wide: &Wide, dims: &[usize]) -> bool {
        let lowered = self.lowered;
        let builder = lowered.builder;
        if builder.fast {
            return false;
        }
        let (view, layout) = (wide.operands[0], lowered.layout(wide.operands[0]));
        let index = lowered.operands(wide)[1];
        let mut index = index.reshaped(&[index.extents().len()].into());
        let mut own = Dims::from_slice(layout.dims());
        let (target, before) = if layout.is_injective() {
            let target = Adjoints::target(lowered, start(view), &strides(layout), &own);
            let Some(before) = self.init(&target, &own) else { return false };
            (target, before)
        } else {
            // Rows share slots: every number is taken by itself, by the place of its slot.
            let mut distinct: Vec<Slot> = Vec::new();
            let mut places: FastMap<Slot, Value> = FastMap::default();
            let mut place = |slot: Slot| {
                *places.entry(slot).or_insert_with(|| {
                    distinct.push(slot);
                    count(builder, distinct.len() - 1)
                })
            };
            let of_elements = slots(start(view), layout).into_iter().map(&mut place).collect();
            let of_elements = builder.run(&own, Access::of(of_elements, &own));
            index = Sym::structural(Structural::Take, &[of_elements, index], Attributes::None);
            index = index.reshaped(&[index.extents().len()].into());
            own = Dims::from_slice(&[distinct.len()]);
            let empty = Access::of(vec![self.empty(); distinct.len()], &own);
            let target = Target::Slots(distinct);
            let before = self.init(&target, &own).unwrap_or(empty);
            (target, before)
        };
        let out = Slot::new(wide.out as usize);
        let Some(g) = self.adjoint(out, &row_major(dims), dims) else { return true };
        let (before, rows) = (builder.run(&own, before), own[0]);
        own[0] = index.extents().len();
        let g = builder.run(dims, g).reshaped(&own.as_slice().into());
        let each = (0..rows).map(|row| count(builder, row)).collect();
        let each = builder.run(&[rows], Access::of(each, &[rows]));
        let operands = [joined([before, g]), joined([each, index]), before];
        let sums = Sym::structural(Structural::TakeBack, &operands, Attributes::None);
        own[0] = rows;
        self.adjoints.set(lowered, &target, &own, &sums.access_over(&own));
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

/// A place as a number of the program.
fn count<S: Scalar>(builder: &Builder<S>, place: usize) -> Value {
    builder.constant(S::from_f64(place as f64)).value()
}

/// Runs one behind the other.
fn joined<'g, S: Scalar>(parts: [Sym<'g, S>; 2]) -> Sym<'g, S> {
    Sym::structural(Structural::Concat, &parts, Attributes::axes_of(&[0]))
}
