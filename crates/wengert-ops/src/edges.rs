//! The Jacobian of a wide step, entry by entry, in the order in which the reverse sweep adds the contributions.

use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::rules::{self, Partial};
use crate::run::{Layouts, Wide};
use crate::shape::Layout;
use crate::tensor::Tensor;
use crate::value::{axes, index};
use crate::{linear, moves, reduce};

/// One entry of a step's Jacobian: element `out` of the run by the number in `slot`, read as operand `operand`.
#[derive(Debug)]
pub struct Entry<S> {
    pub out: usize,
    pub operand: usize,
    pub slot: usize,
    pub partial: Partial<S>,
}

/// Calls `visit` for every entry of the Jacobian of a structural step that is not known to be zero; cut operands are left out.
/// `values` is the column up to the end of the step's run.
pub fn structural<S: Scalar>(
    op: Structural,
    wide: &Wide,
    layouts: &Layouts,
    values: &[S],
    mut visit: impl FnMut(Entry<S>),
) {
    let operand = |i: usize| Tensor::of(values, wide.operands[i], layouts);
    let shape = layouts.get(wide.layout).shape();
    let cut = |i: usize| wide.operands[i].is_cut();
    // A cut operand stands still in the others' partials too.
    let read = |i: usize, slot: usize| if S::HAS_TANGENT && cut(i) { values[slot].detached() } else { values[slot] };
    let mut pass_on = |out: usize, operand: usize, slot: usize| {
        visit(Entry { out, operand, slot, partial: Partial::One });
    };
    match op {
        Structural::Affine => {
            let (b, w, x) = (operand(0), operand(1), operand(2));
            let bias = b.layout.broadcast_to(shape).expect("checked when recorded");
            let n = *w.layout.dims().last().expect("checked when recorded");
            let per_row = if w.layout.shape().rank() == 2 { w.layout.dims()[0] } else { 1 };
            for (out, offset) in bias.offsets().enumerate() {
                let (r, j) = (out / per_row, out % per_row);
                if !cut(0) {
                    visit(Entry { out, operand: 0, slot: b.start + offset, partial: Partial::One });
                }
                // All weights before all inputs, as the sweep adds them.
                let place = |i: usize| (w.start + at(w.layout, j, i), x.start + at(x.layout, r, i));
                for (ws, xs) in (0..n).map(place).filter(|_| !cut(1)) {
                    visit(Entry { out, operand: 1, slot: ws, partial: Partial::Of(read(2, xs)) });
                }
                for (ws, xs) in (0..n).map(place).filter(|_| !cut(2)) {
                    visit(Entry { out, operand: 2, slot: xs, partial: Partial::Of(read(1, ws)) });
                }
            }
        }
        Structural::MatMul => {
            let (a, b) = (operand(0), operand(1));
            linear::for_each_product(a, b, shape, |out, sa, sb| {
                if !cut(0) {
                    visit(Entry { out, operand: 0, slot: sa, partial: Partial::Of(read(1, sb)) });
                }
                if !cut(1) {
                    visit(Entry { out, operand: 1, slot: sb, partial: Partial::Of(read(0, sa)) });
                }
            });
        }
        Structural::Sum => {
            let x = operand(0);
            let target = reduce::target(x.layout, axes(wide));
            if !cut(0) {
                x.layout.offsets().zip(target.offsets()).for_each(|(from, out)| pass_on(out, 0, x.start + from));
            }
        }
        Structural::Max | Structural::Min if !cut(0) => {
            let (x, run) = (operand(0), &values[wide.out as usize..]);
            let target = reduce::target(x.layout, axes(wide));
            // Of a NaN, every element is the reason: its derivative is NaN, and not a zero that hides it.
            let nan = |out: usize| run[out].partial_cmp(&run[out]).is_none();
            let chosen = |slot: usize, out: usize| values[slot] == run[out] || nan(out);
            let mut ties = vec![0.0; wide.len as usize];
            for (from, out) in x.layout.offsets().zip(target.offsets()) {
                ties[out] += if chosen(x.start + from, out) { 1.0 } else { 0.0 };
            }
            for (from, out) in
                x.layout.offsets().zip(target.offsets()).filter(|(from, out)| chosen(x.start + from, *out))
            {
                let partial = if nan(out) {
                    Partial::Of(run[out])
                } else if ties[out] == 1.0 {
                    Partial::One
                } else {
                    Partial::Of(S::from_f64(1.0 / ties[out]))
                };
                visit(Entry { out, operand: 0, slot: x.start + from, partial });
            }
        }
        Structural::LogSumExp if !cut(0) => {
            let (x, run) = (operand(0), &values[wide.out as usize..]);
            let target = reduce::target(x.layout, axes(wide));
            for (from, out) in x.layout.offsets().zip(target.offsets()) {
                let slot = x.start + from;
                visit(Entry { out, operand: 0, slot, partial: Partial::Of((values[slot] - run[out]).exp()) });
            }
        }
        Structural::CumSum | Structural::CumSumBack if !cut(0) => {
            let x = operand(0);
            let axis = axes(wide)[0] as usize;
            let out = Layout::contiguous(shape.clone());
            let extent = shape.dims()[axis];
            for (first, from) in out.narrow(axis, 1).offsets().zip(x.layout.narrow(axis, 1).offsets()) {
                for k in 0..extent {
                    let reads = if op == Structural::CumSum { 0..k + 1 } else { k..extent };
                    for i in reads {
                        pass_on(first + k * out.strides()[axis], 0, x.start + from + i * x.layout.strides()[axis]);
                    }
                }
            }
        }
        Structural::Max | Structural::Min | Structural::LogSumExp | Structural::CumSum | Structural::CumSumBack => {}
        Structural::Concat => {
            let mut before = 0;
            for i in 0..wide.operands.len() {
                let part = operand(i);
                let (start, place) = moves::part(shape, axes(wide)[0] as usize, before, part.layout.shape());
                before += part.layout.dims()[axes(wide)[0] as usize];
                if !cut(i) {
                    place
                        .offsets()
                        .zip(part.layout.offsets())
                        .for_each(|(to, from)| pass_on(start + to, i, part.start + from));
                }
            }
        }
        Structural::Stack => {
            let each = shape.len() / wide.operands.len();
            for i in (0..wide.operands.len()).filter(|&i| !cut(i)) {
                let part = operand(i);
                part.layout.offsets().enumerate().for_each(|(k, o)| pass_on(i * each + k, i, part.start + o));
            }
        }
        Structural::Contiguous => {
            let x = operand(0);
            if !cut(0) {
                x.layout.offsets().enumerate().for_each(|(out, o)| pass_on(out, 0, x.start + o));
            }
        }
        Structural::Gather => {
            let x = operand(0);
            if !cut(0) {
                let offsets: Vec<usize> = x.layout.offsets().collect();
                index(wide).iter().enumerate().for_each(|(out, &i)| pass_on(out, 0, x.start + offsets[i as usize]));
            }
        }
        Structural::ScatterAdd => {
            let x = operand(0);
            if !cut(0) {
                x.layout.offsets().zip(index(wide)).for_each(|(o, &out)| pass_on(out as usize, 0, x.start + o));
            }
        }
        Structural::Select => {
            let wide_layout = |i: usize| operand(i).layout.broadcast_to(shape).expect("checked when recorded");
            let (cond, a, b) = (wide_layout(0), wide_layout(1), wide_layout(2));
            for (out, ((oc, oa), ob)) in cond.offsets().zip(a.offsets()).zip(b.offsets()).enumerate() {
                let chosen = if values[operand(0).start + oc].is_zero() { (2, ob) } else { (1, oa) };
                if !cut(chosen.0) {
                    pass_on(out, chosen.0, operand(chosen.0).start + chosen.1);
                }
            }
        }
    }
}

/// The offset of element (row, col) of a matrix, or of element col of a vector.
fn at(layout: &Layout, row: usize, col: usize) -> usize {
    match *layout.strides() {
        [c] => col * c,
        [r, c] => row * r + col * c,
        _ => unreachable!("affine takes vectors and matrices"),
    }
}

/// As [`structural`], for any wide step.
pub fn all<S: Scalar>(wide: &Wide, layouts: &Layouts, values: &[S], mut visit: impl FnMut(Entry<S>)) {
    let shape = layouts.get(wide.layout).shape();
    let run = &values[wide.out as usize..];
    let operand = |i: usize| Tensor::of(values, wide.operands[i], layouts);
    match wide.op {
        Op::Leaf(_) => {}
        Op::Structural(op) => structural(op, wide, layouts, values, visit),
        Op::Unary(op) => {
            let x = operand(0);
            for (out, offset) in x.layout.offsets().enumerate().filter(|_| !wide.operands[0].is_cut()) {
                let slot = x.start + offset;
                visit(Entry { out, operand: 0, slot, partial: rules::unary(op, values[slot], run[out]) });
            }
        }
        Op::Binary(op) => {
            let (x, y) = (operand(0), operand(1));
            let broadcast = |t: Tensor<'_, S>| t.layout.broadcast_to(shape).expect("checked when recorded");
            let (lx, ly) = (broadcast(x), broadcast(y));
            for (out, (ox, oy)) in lx.offsets().zip(ly.offsets()).enumerate() {
                let (sx, sy) = (x.start + ox, y.start + oy);
                let (px, py, v) = (values[sx], values[sy], run[out]);
                if !wide.operands[0].is_cut() {
                    visit(Entry { out, operand: 0, slot: sx, partial: rules::first(op, px, py, v) });
                }
                if !wide.operands[1].is_cut() {
                    visit(Entry { out, operand: 1, slot: sy, partial: rules::second(op, px, py, v) });
                }
            }
        }
    }
}
