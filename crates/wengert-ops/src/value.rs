//! What a wide step computes, and what it passes on, in the order of its formula, on slices of any
//! scalar.
//!
//! Here a step sees the columns as slices; it knows no tape and no handle.

use crate::elementwise;
use crate::op::Op;
use crate::real::Scalar;
use crate::rules;
use crate::run::{Layouts, Wide};
use crate::structural::{Entry, Site, compute};
use crate::tensor::Tensor;

/// Computes the run of a wide step from the values before it.
pub fn value<S: Scalar>(wide: &Wide, layouts: &Layouts, before: &[S], run: &mut [S]) {
    compute(wide.op, Site::of(wide, layouts, before), run);
}

/// Adds the contributions of a step with the adjoints `g`, in the order in which [`entries`] lists
/// them; `values` is the column up to the end of its run.
pub fn reverse<S: Scalar>(
    wide: &Wide,
    layouts: &Layouts,
    values: &[S],
    g: &[S],
    adjoints: &mut [S],
) {
    let site = Site::of(wide, layouts, values);
    let operand = |i: usize| (site.operands[i], site.cut[i]);
    match wide.op {
        Op::Leaf(_) => {}
        Op::Unary(op) => {
            if !site.cut[0] {
                elementwise::reverse_map(op, site.operands[0], site.run, g, adjoints);
            }
        }
        Op::Binary(op) => {
            elementwise::reverse_zip(op, operand(0), operand(1), site.shape, site.run, g, adjoints)
        }
        Op::Structural(op) => op.reverse(&site, g, adjoints),
    }
}

/// Calls `visit` for every entry of the Jacobian of any operation, by the operands that are not
/// cut.
///
/// # Panics
///
/// If the operands do not have shapes that the operation takes.
pub fn entries<S: Scalar>(op: Op, site: &Site<'_, S>, mut visit: impl FnMut(Entry<S>)) {
    let entry = |out, operand, slot, partial| Entry {
        out,
        operand,
        slot,
        partial,
        factor: None,
        running: None,
    };
    let run = site.run;
    match op {
        Op::Leaf(_) => {}
        Op::Unary(op) => {
            let x = site.operands[0];
            if !site.cut[0] {
                for (out, offset) in x.layout.offsets().enumerate() {
                    let slot = x.start + offset;
                    visit(entry(out, 0, slot, rules::unary(op, x.data[slot], run[out])));
                }
            }
        }
        Op::Binary(op) => {
            use crate::op::Binary::{Mul, MulNoNan};
            let (x, y) = (site.operands[0], site.operands[1]);
            let broadcast =
                |t: Tensor<'_, S>| t.layout.broadcast_to(site.shape).expect("the shape rule holds");
            let (lx, ly) = (broadcast(x), broadcast(y));
            let product = matches!(op, Mul | MulNoNan);
            for (out, (ox, oy)) in lx.offsets().zip(ly.offsets()).enumerate() {
                let (sx, sy) = (x.start + ox, y.start + oy);
                let (px, py, v) = (x.data[sx], y.data[sy], run[out]);
                let factor = |slot| product.then_some(slot);
                if !site.cut[0] {
                    visit(Entry {
                        factor: factor(sy),
                        ..entry(out, 0, sx, rules::first(op, px, py, v))
                    });
                }
                if !site.cut[1] {
                    visit(Entry {
                        factor: factor(sx),
                        ..entry(out, 1, sy, rules::second(op, px, py, v))
                    });
                }
            }
        }
        Op::Structural(op) => op.entries(site, visit),
    }
}
