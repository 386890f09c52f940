//! Sums over axes, and the operations that only move elements.

use super::{Tensor, elementwise};
use crate::real::Scalar;
use crate::shape::Layout;

/// The sum over `axes` (ascending), each result summed in row-major order of what it takes in.
pub(crate) fn sum<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    run.fill(S::EMPTY);
    elementwise::accumulate(x, (0, &sum_target(x.layout, axes)), run);
}

/// Where each element of a sum's operand goes: the result's layout, with a stride of 0 along the axes that are summed away.
pub(crate) fn sum_target(operand: &Layout, axes: &[u8]) -> Layout {
    let mut kept = operand.clone();
    for &axis in axes.iter().rev() {
        kept = kept.drop_axis(axis as usize);
    }
    let mut target = Layout::contiguous(kept.shape().clone());
    for &axis in axes {
        target = target.insert_axis(axis as usize);
    }
    target.broadcast_to(operand.shape()).expect("summed axes have extent 1")
}

/// The elements in row-major order.
pub(crate) fn copy<S: Scalar>(x: Tensor<'_, S>, run: &mut [S]) {
    if x.layout.is_contiguous() {
        run.copy_from_slice(&x.data[x.start..x.start + run.len()]);
    } else {
        for (out, element) in run.iter_mut().zip(x.elements()) {
            *out = element;
        }
    }
}

/// `run[i] = x[index[i]]`, positions counted in row-major order.
pub(crate) fn gather<S: Scalar>(x: Tensor<'_, S>, index: &[u32], run: &mut [S]) {
    if x.layout.is_contiguous() {
        for (out, &i) in run.iter_mut().zip(index) {
            *out = x.data[x.start + i as usize];
        }
    } else {
        let offsets: Vec<usize> = x.layout.offsets().collect();
        for (out, &i) in run.iter_mut().zip(index) {
            *out = x.data[x.start + offsets[i as usize]];
        }
    }
}

/// `run = 0; run[index[i]] += x[i]`, in order.
pub(crate) fn scatter_add<S: Scalar>(x: Tensor<'_, S>, index: &[u32], run: &mut [S]) {
    run.fill(S::EMPTY.like(0.0));
    for (element, &i) in x.elements().zip(index) {
        run[i as usize] = run[i as usize] + element;
    }
}
