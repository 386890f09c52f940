//! The axes of products: which of a matrix product's, or an affine step's, each operand walks
//! along.

use smallvec::SmallVec;

use super::access::{Dims, Strides};
use super::ids::{Id, Slot};
use crate::shape::Layout;
use wengert_ops::run::{View, Wide};
use wengert_tape::internals::Side;

/// The slot that a view begins at.
pub(crate) fn start(view: View) -> Slot {
    Slot::new(view.start() as usize)
}

/// A layout's strides, as the compiler has them.
pub(crate) fn strides(layout: &Layout) -> Strides {
    layout.strides().iter().map(|&stride| stride as i32).collect()
}

/// The strides of an affine step's inputs and weights over its result's axes and the inner one.
pub(crate) fn affine_strides(side: &Side, wide: &Wide) -> (Strides, Strides) {
    let [w, x] = [1, 2].map(|i| side.layouts.get(wide.operands[i].layout()));
    let (mut xs, mut ws) = (SmallVec::new(), SmallVec::new());
    if x.shape().rank() == 2 {
        xs.push(x.strides()[0] as i32);
        ws.push(0);
    }
    if w.shape().rank() == 2 {
        xs.push(0);
        ws.push(w.strides()[0] as i32);
    }
    xs.push(x.strides()[x.shape().rank() - 1] as i32);
    ws.push(w.strides()[w.shape().rank() - 1] as i32);
    (xs, ws)
}

/// A matrix product's axes: the result's are batch axes, then rows unless a is a vector, then
/// columns unless b is one.
pub(crate) struct Product {
    pub(crate) dims: Dims,
    pub(crate) k: usize,
    /// Strides over the result's axes and the inner one, and the first slot on the tape.
    a: (Slot, Strides),
    b: (Slot, Strides),
}

impl Product {
    pub(crate) fn of(side: &Side, wide: &Wide) -> Self {
        let dims = Dims::from_slice(side.layouts.get(wide.layout).dims());
        let [la, lb] = [0, 1].map(|i| side.layouts.get(wide.operands[i].layout()));
        let (a_vector, b_vector) = (la.shape().rank() == 1, lb.shape().rank() == 1);
        let batch = dims.len() - usize::from(!a_vector) - usize::from(!b_vector);
        let k = *la.dims().last().expect("products have axes");
        let leading = |layout: &Layout, matrix_axes: usize| -> Strides {
            let own = layout.shape().rank() - matrix_axes;
            (0..batch)
                .map(|axis| match (axis + own).checked_sub(batch) {
                    Some(own) if layout.dims()[own] > 1 || dims[axis] == 1 => {
                        layout.strides()[own] as i32
                    }
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
        Product { dims, k, a: (start(wide.operands[0]), a), b: (start(wide.operands[1]), b) }
    }

    /// The first slot of an operand, and its strides over the result's axes and the inner one.
    pub(crate) fn operand(&self, operand: usize) -> (Slot, &[i32]) {
        let (start, strides) = if operand == 0 { &self.a } else { &self.b };
        (*start, strides)
    }
}
