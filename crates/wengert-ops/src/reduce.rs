//! Reductions over axes and running sums, each in row-major order of what it takes in.

use crate::elementwise;
use crate::op::Binary;
use crate::real::Scalar;
use crate::shape::Layout;
use crate::tensor::Tensor;

/// The sum over `axes` (ascending).
pub fn sum<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    run.fill(S::EMPTY);
    elementwise::accumulate(x, (0, &target(x.layout, axes)), run);
}

/// Where each element of a reduction's operand goes: the result's layout, with a stride of 0 along the axes that are
/// reduced away.
pub fn target(operand: &Layout, axes: &[u8]) -> Layout {
    let mut kept = operand.clone();
    for &axis in axes.iter().rev() {
        kept = kept.drop_axis(axis as usize);
    }
    let mut target = Layout::contiguous(kept.shape().clone());
    for &axis in axes {
        target = target.insert_axis(axis as usize);
    }
    target.broadcast_to(operand.shape()).expect("reduced axes have extent 1")
}

/// The largest or smallest element over `axes`.
pub fn extremum<S: Scalar>(op: Binary, x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    let target = target(x.layout, axes);
    // How many of the elements so far are the extremum.
    let mut ties = vec![0; run.len()];
    for (element, out) in x.elements().zip(target.offsets()) {
        if ties[out] == 0 {
            (run[out], ties[out]) = (element, 1);
        } else if element == run[out] {
            run[out] = run[out].tie(op, element, ties[out]);
            ties[out] += 1;
        } else {
            run[out] = run[out].binary(op, element);
            ties[out] = if element == run[out] { 1 } else { ties[out] };
        }
    }
}

/// `m + ln Σ e^(x − m)` over `axes`, m being the largest x.
pub fn log_sum_exp<S: Scalar>(x: Tensor<'_, S>, axes: &[u8], run: &mut [S]) {
    let target = target(x.layout, axes);
    extremum(Binary::Max, x, axes, run);
    // The shift cancels, so it stands still: a tie of the largest is no kink of the result.
    for out in run.iter_mut().filter(|out| out.is_finite()) {
        *out = out.detached();
    }
    let mut sums = vec![S::EMPTY; run.len()];
    for (element, out) in x.elements().zip(target.offsets()) {
        // Where the largest is infinite, so is the result, and differences to it would be NaN.
        if run[out].is_finite() {
            sums[out] = sums[out] + (element - run[out]).exp();
        }
    }
    for (out, sum) in run.iter_mut().zip(sums) {
        if out.is_finite() {
            *out = *out + sum.ln();
        }
    }
}

/// The running sum along `axis`, from its start or from its end.
pub fn cumulative<S: Scalar>(x: Tensor<'_, S>, axis: u8, back: bool, run: &mut [S]) {
    let axis = axis as usize;
    let layout = Layout::contiguous(x.layout.shape().clone());
    let (extent, stride) = (layout.dims()[axis], layout.strides()[axis]);
    for (out, element) in run.iter_mut().zip(x.elements()) {
        *out = element;
    }
    for first in layout.narrow(axis, 1).offsets() {
        for i in 1..extent {
            let (to, from) = if back { (extent - 1 - i, extent - i) } else { (i, i - 1) };
            run[first + to * stride] = run[first + from * stride] + run[first + to * stride];
        }
    }
}

/// Adds the contributions of a running sum: `x̄ᵢ += Σ ḡ` over the results that took element i in, itself a running sum.
pub fn reverse_cumulative<S: Scalar>(x: Tensor<'_, S>, axis: u8, back: bool, g: &[S], adjoints: &mut [S]) {
    let layout = Layout::contiguous(x.layout.shape().clone());
    let mut sums = vec![S::EMPTY; g.len()];
    cumulative(Tensor { data: g, start: 0, layout: &layout }, axis, !back, &mut sums);
    elementwise::accumulate(Tensor { data: &sums, start: 0, layout: &layout }, (x.start, x.layout), adjoints);
}
