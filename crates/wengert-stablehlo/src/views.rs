//! Windows of a run: what strides say, as slices, reshapes, transposes and broadcasts.

use wengert_ops::shape::{Layout, Shape};

use crate::moves;
use crate::val::Val;

/// An axis of a window that goes through different elements.
#[derive(Clone, Copy, Debug)]
struct Axis {
    extent: usize,
    stride: usize,
    /// Which axis of the window.
    place: usize,
}

/// The elements of a contiguous run from `first` on, where a layout says.
pub(crate) fn read<'w>(run: Val<'w>, first: usize, layout: &Layout) -> Val<'w> {
    let shape = layout.shape();
    if first == 0 && layout.is_contiguous() && layout.len() == run.shape().len() {
        return run.under(shape);
    }
    let extents = layout.dims().iter().zip(layout.strides()).enumerate();
    let mut axes: Vec<Axis> = extents
        .filter(|&(_, (&extent, &stride))| extent > 1 && stride > 0)
        .map(|(place, (&extent, &stride))| Axis { extent, stride, place })
        .collect();
    axes.sort_by_key(|axis| std::cmp::Reverse(axis.stride));
    let found = along_axes(run, first, &axes)
        .or_else(|| by_strides(run, first, &axes))
        .or_else(|| by_strides(run, first, &merged(&axes)))
        .unwrap_or_else(|| picked(run, first, &axes));
    let found = found.under(&Shape::from(extents_of(&axes)));
    // From the order of strides to that of the window.
    let mut order: Vec<usize> = (0..axes.len()).collect();
    order.sort_by_key(|&i| axes[i].place);
    let turned = found.turned(&order);
    let places: Vec<usize> = order.iter().map(|&i| axes[i].place).collect();
    let repeats =
        layout.strides().iter().zip(layout.dims()).any(|(&stride, &n)| stride == 0 && n > 1);
    if repeats { turned.along(&places, shape) } else { turned.under(shape) }
}

fn extents_of(axes: &[Axis]) -> Vec<usize> {
    axes.iter().map(|axis| axis.extent).collect()
}

/// A slice along the run's own axes.
fn along_axes<'w>(run: Val<'w>, first: usize, axes: &[Axis]) -> Option<Val<'w>> {
    let own = Layout::contiguous(run.shape());
    let digit = |axis: usize| first / own.strides()[axis] % own.dims()[axis];
    let mut bounds: Vec<(usize, usize, usize)> =
        (0..own.dims().len()).map(|axis| (digit(axis), digit(axis) + 1, 1)).collect();
    let mut next = 0;
    for axis in axes {
        // The outermost of its own axes that the stride is a multiple of.
        let fits = |&i: &usize| own.dims()[i] > 1 && axis.stride.is_multiple_of(own.strides()[i]);
        let i = (next..own.dims().len()).find(fits)?;
        let step = axis.stride / own.strides()[i];
        let last = bounds[i].0 + (axis.extent - 1) * step;
        if last >= own.dims()[i] {
            return None;
        }
        bounds[i] = (bounds[i].0, last + 1, step);
        next = i + 1;
    }
    Some(run.window(&bounds))
}

/// A slice along axes made of the strides themselves, if each divides the one before it.
fn by_strides<'w>(run: Val<'w>, first: usize, axes: &[Axis]) -> Option<Val<'w>> {
    let outer = axes.first()?.stride;
    let mut radices = Vec::with_capacity(axes.len());
    let (mut rest, mut bounds) = (first, Vec::with_capacity(axes.len()));
    for (i, axis) in axes.iter().enumerate() {
        let digit = rest / axis.stride;
        rest %= axis.stride;
        bounds.push((digit, digit + axis.extent, 1));
        if i > 0 {
            let before = axes[i - 1].stride;
            let radix = before / axis.stride;
            if !before.is_multiple_of(axis.stride) || digit + axis.extent > radix {
                return None;
            }
            radices.push(radix);
        }
    }
    let inner = axes.last()?.stride;
    if inner > 1 {
        radices.push(inner);
        bounds.push((rest, rest + 1, 1));
    }
    // Whole rows of the outermost stride, the last filled up if the run ends in it.
    let flat = run.flat();
    let (len, wanted) = (run.shape().len(), bounds[0].1 * outer);
    let rows = if len.is_multiple_of(outer) { len / outer } else { bounds[0].1 };
    let flat = match rows * outer {
        same if same == len => flat,
        more if more > len => flat.padded(0, (0, (wanted - len) as i64), 0.0),
        fewer => flat.window(&[(0, fewer, 1)]),
    };
    let mut dims = vec![rows];
    dims.extend(radices);
    Some(flat.under(&Shape::from(dims)).window(&bounds))
}

/// Neighbouring axes that are one.
fn merged(axes: &[Axis]) -> Vec<Axis> {
    let mut all: Vec<Axis> = Vec::with_capacity(axes.len());
    for &axis in axes {
        match all.last_mut() {
            Some(last) if last.stride == axis.extent * axis.stride => {
                last.extent *= axis.extent;
                last.stride = axis.stride;
            }
            _ => all.push(axis),
        }
    }
    all
}

/// A gather: no slices say it.
fn picked<'w>(run: Val<'w>, first: usize, axes: &[Axis]) -> Val<'w> {
    let mut positions = vec![first as u32];
    for axis in axes {
        let steps = |&at: &u32| (0..axis.extent).map(move |i| at + (i * axis.stride) as u32);
        positions = positions.iter().flat_map(steps).collect();
    }
    moves::gather(run, &positions, &Shape::from(extents_of(axes)))
}
