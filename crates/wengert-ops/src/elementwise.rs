//! Elementwise operations over broadcast operands, forward and reverse.

use smallvec::SmallVec;

use crate::op::{Binary, Unary};
use crate::real::Scalar;
use crate::rules;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// Walks `shape` in row-major order, one innermost row at a time: `f(first, starts, len, strides)`
/// with the number of elements before the row and, for each operand, the row's first offset and its
/// stride.
///
/// Operands that are contiguous or repeat one element make a single row of the whole.
///
/// # Panics
///
/// If a layout does not broadcast to the shape; recording has checked that.
pub fn rows<const N: usize>(
    shape: &Shape,
    layouts: [&Layout; N],
    mut f: impl FnMut(usize, [usize; N], usize, [usize; N]),
) {
    let len = shape.len();
    let flat = layouts.map(|layout| {
        if layout.len() == 1 {
            Some(0)
        } else if layout.len() == len && layout.is_contiguous() {
            Some(1)
        } else {
            None
        }
    });
    if flat.iter().all(Option::is_some) {
        f(0, [0; N], len, flat.map(|stride| stride.unwrap_or(0)));
        return;
    }
    let wide = layouts
        .map(|layout| layout.broadcast_to(shape).expect("operands were checked to broadcast"));
    let inner = shape.rank() - 1;
    let row = shape.dims()[inner];
    let strides: [usize; N] = std::array::from_fn(|i| wide[i].strides()[inner]);
    let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, inner);
    let mut starts = [0; N];
    for first in (0..len).step_by(row) {
        f(first, starts, row, strides);
        for axis in (0..inner).rev() {
            index[axis] += 1;
            for i in 0..N {
                starts[i] += wide[i].strides()[axis];
            }
            if index[axis] < shape.dims()[axis] {
                break;
            }
            for i in 0..N {
                starts[i] -= index[axis] * wide[i].strides()[axis];
            }
            index[axis] = 0;
        }
    }
}

/// Runs `$body` with `$k` the op that `$op` holds. On plain numbers there is a copy of the body for
/// each op, which the compiler makes a loop of its own. Numbers with a tangent, and those whose
/// operations are calls anyway, share one that asks for the op at every element: a copy for each op
/// and each such number would be most of the crate's machine code.
#[macro_export]
#[doc(hidden)]
macro_rules! with_op {
    ($dispatch:ident, $s:ty, $op:expr, $k:ident => $body:expr) => {
        if const { <$s as $crate::real::Scalar>::HAS_TANGENT || <$s as $crate::real::Scalar>::OUT_OF_LINE } {
            #[allow(non_snake_case, reason = "a constant in the other branch")]
            let $k = $op;
            $body
        } else {
            $crate::op::$dispatch!($op, $k => $body)
        }
    };
}
#[doc(hidden)]
pub use with_op;

// The op is asked for in every row, and not around the walk over rows: that is compiled once.

/// `run = op(x)`.
pub fn map<S: Scalar>(op: Unary, x: Tensor<'_, S>, run: &mut [S]) {
    rows(x.layout.shape(), [x.layout], |first, [sx], len, [dx]| {
        let run = &mut run[first..first + len];
        let sx = x.start + sx;
        with_op!(dispatch_unary, S, op, K => if dx == 1 {
            for (out, &x) in run.iter_mut().zip(&x.data[sx..sx + len]) {
                *out = x.unary(K);
            }
        } else {
            for (i, out) in run.iter_mut().enumerate() {
                *out = x.data[sx + i * dx].unary(K);
            }
        });
    });
}

/// `run = op(x, y)` after broadcasting to `shape`.
pub fn zip<S: Scalar>(
    op: Binary,
    x: Tensor<'_, S>,
    y: Tensor<'_, S>,
    shape: &Shape,
    run: &mut [S],
) {
    rows(shape, [x.layout, y.layout], |first, [sx, sy], len, strides| {
        let run = &mut run[first..first + len];
        let (sx, sy) = (x.start + sx, y.start + sy);
        with_op!(dispatch_binary, S, op, K => match strides {
            [1, 1] => {
                for ((out, &x), &y) in run.iter_mut().zip(&x.data[sx..sx + len]).zip(&y.data[sy..sy + len]) {
                    *out = x.binary(K, y);
                }
            }
            [1, 0] => {
                let y = y.data[sy];
                for (out, &x) in run.iter_mut().zip(&x.data[sx..sx + len]) {
                    *out = x.binary(K, y);
                }
            }
            [dx, dy] => {
                for (i, out) in run.iter_mut().enumerate() {
                    *out = x.data[sx + i * dx].binary(K, y.data[sy + i * dy]);
                }
            }
        });
    });
}

/// Adds the contributions of `v = op(x)` to the adjoints of x: `x̄ += g · ∂v/∂x`. A zero g passes
/// nothing on.
pub fn reverse_map<S: Scalar>(op: Unary, x: Tensor<'_, S>, v: &[S], g: &[S], adjoints: &mut [S]) {
    rows(x.layout.shape(), [x.layout], |first, [sx], len, [dx]| {
        let sx = x.start + sx;
        with_op!(dispatch_unary, S, op, K => for i in 0..len {
            let (g, at) = (g[first + i], sx + i * dx);
            if !g.is_zero() && let Some(share) = rules::unary(K, x.data[at], v[first + i]).times(g) {
                adjoints[at] = adjoints[at] + share;
            }
        });
    });
}

/// Adds the contributions of `v = op(x, y)` to the adjoints of the operands that are not cut.
pub fn reverse_zip<S: Scalar>(
    op: Binary,
    (x, cut_x): (Tensor<'_, S>, bool),
    (y, cut_y): (Tensor<'_, S>, bool),
    shape: &Shape,
    v: &[S],
    g: &[S],
    adjoints: &mut [S],
) {
    rows(shape, [x.layout, y.layout], |first, [sx, sy], len, [dx, dy]| {
        with_op!(dispatch_binary, S, op, K => for i in 0..len {
            let (g, v) = (g[first + i], v[first + i]);
            if g.is_zero() {
                continue;
            }
            let (ax, ay) = (x.start + sx + i * dx, y.start + sy + i * dy);
            let px = if S::HAS_TANGENT && cut_x { x.data[ax].detached() } else { x.data[ax] };
            let py = if S::HAS_TANGENT && cut_y { y.data[ay].detached() } else { y.data[ay] };
            if !cut_x && let Some(share) = rules::first(K, px, py, v).times(g) {
                adjoints[ax] = adjoints[ax] + share;
            }
            if !cut_y && let Some(share) = rules::second(K, px, py, v).times(g) {
                adjoints[ay] = adjoints[ay] + share;
            }
        });
    });
}

/// `adjoints[target] += source`, elementwise; where the target repeats an element, the sum of all
/// its copies in row-major order.
pub fn accumulate<S: Scalar>(source: Tensor<'_, S>, target: (usize, &Layout), adjoints: &mut [S]) {
    let shape = source.layout.shape().clone();
    rows(&shape, [source.layout, target.1], |_, [from, to], len, [df, dt]| {
        let (from, to) = (source.start + from, target.0 + to);
        if (df, dt) == (1, 1) {
            for (a, &s) in adjoints[to..to + len].iter_mut().zip(&source.data[from..from + len]) {
                *a = *a + s;
            }
        } else {
            for i in 0..len {
                let at = to + i * dt;
                adjoints[at] = adjoints[at] + source.data[from + i * df];
            }
        }
    });
}
