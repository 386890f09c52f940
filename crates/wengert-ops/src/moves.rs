//! The operations that only move elements.

use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// Where a part of a joined tensor lies: its first offset, and its layout, `before` extents along `axis` into the whole.
pub fn part(whole: &Shape, axis: usize, before: usize, part: &Shape) -> (usize, Layout) {
    let whole = Layout::contiguous(whole.clone());
    (before * whole.strides()[axis], whole.narrow(axis, part.dims()[axis]))
}

/// The elements in row-major order.
pub fn copy<S: Scalar>(x: Tensor<'_, S>, run: &mut [S]) {
    if x.layout.is_contiguous() {
        run.copy_from_slice(&x.data[x.start..x.start + run.len()]);
    } else {
        for (out, element) in run.iter_mut().zip(x.elements()) {
            *out = element;
        }
    }
}

/// `run[i] = x[index[i]]`, positions counted in row-major order.
pub fn gather<S: Scalar>(x: Tensor<'_, S>, index: &[u32], run: &mut [S]) {
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
pub fn scatter_add<S: Scalar>(x: Tensor<'_, S>, index: &[u32], run: &mut [S]) {
    run.fill(S::EMPTY.like(0.0));
    for (element, &i) in x.elements().zip(index) {
        run[i as usize] = run[i as usize] + element;
    }
}
