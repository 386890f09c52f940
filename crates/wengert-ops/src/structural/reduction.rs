//! What reductions share: their shape rule, and where each element goes.

use smallvec::SmallVec;

use super::{Misfit, exactly};
use crate::attributes::Attributes;
use crate::shape::{Layout, Shape};

/// The shape without the axes.
pub(super) fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
    let [x] = exactly(operands)?;
    let axes = attributes.axes();
    check_axes(x, axes)?;
    let kept =
        (0..x.rank()).filter(|&axis| !axes.contains(&(axis as u8))).map(|axis| x.dims()[axis]);
    Ok(Shape::from(kept.collect::<SmallVec<[usize; 4]>>()))
}

/// The shape itself, of an operation along one axis.
pub(super) fn along(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
    let [x] = exactly(operands)?;
    check_axes(x, attributes.axes())?;
    if attributes.axes().len() != 1 {
        return Err(Misfit::One { operand: 0, rule: "it is worked along one axis".to_owned() });
    }
    Ok(x.clone())
}

/// Whether these are different axes of it, in ascending order.
fn check_axes(x: &Shape, axes: &[u8]) -> Result<(), Misfit> {
    let wrong = |rule: String| Err(Misfit::One { operand: 0, rule });
    if let Some(pair) = axes.windows(2).find(|pair| pair[0] >= pair[1]) {
        let [a, b] = [pair[0], pair[1]];
        return wrong(if a == b {
            format!("axis {a} is named twice")
        } else {
            format!("axis {b} stands behind axis {a}")
        });
    }
    match axes.iter().find(|&&axis| axis as usize >= x.rank()) {
        None => Ok(()),
        Some(axis) => wrong(no_such_axis(*axis as usize, x.rank())),
    }
}

/// Why an axis is refused.
#[must_use]
pub fn no_such_axis(axis: usize, rank: usize) -> String {
    match rank {
        0 => format!("there is no axis {axis}: it is a single number"),
        1 => format!("there is no axis {axis}: its one axis is 0"),
        _ => format!("there is no axis {axis}: its axes are 0 to {}", rank - 1),
    }
}

/// Where each element of a reduction's operand goes: the result's layout, with a stride of 0 along
/// the axes that are reduced away.
///
/// # Panics
///
/// If an axis is not the operand's.
#[must_use]
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
