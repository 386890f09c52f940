//! Rows picked by computed numbers, and the sum of rows back into their places.

use super::{At, Entry, Misfit, Reading, Rule, Site, exactly};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::Structural;
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::Shape;

pub(super) struct Take;
pub(super) struct TakeBack;

/// The row that a number says, if there is such a row.
fn row<S: Scalar>(number: S, rows: usize) -> Option<usize> {
    let number = number.to_f64();
    // A NaN is in no range.
    (number >= 0.0 && number < rows as f64).then_some(number as usize)
}

/// The extents of an index and of a row, one after the other.
fn taken(x: &Shape, index: &Shape) -> Shape {
    let dims: Vec<usize> = index.dims().iter().chain(&x.dims()[1..]).copied().collect();
    Shape::from(dims)
}

fn has_rows(operand: usize, x: &Shape) -> Result<(), Misfit> {
    if x.is_scalar() {
        let rule = "a single number has no rows to take".to_owned();
        return Err(Misfit::One { operand, rule });
    }
    Ok(())
}

/// The slots of the rows of an operand, in row-major order, and the length of a row.
fn slots<S: Scalar>(site: &Site<'_, S>, i: usize) -> (Vec<usize>, usize) {
    let x = site.operands[i];
    let slots: Vec<usize> = x.layout.offsets().map(|offset| x.start + offset).collect();
    let width = slots.len() / x.layout.dims()[0];
    (slots, width)
}

impl Rule for Take {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [x, index] = exactly(operands)?;
        has_rows(0, x)?;
        Ok(taken(x, index))
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let (slots, width) = slots(site, 0);
        let rows = slots.len() / width;
        let data = site.operands[0].data;
        for (out, number) in run.chunks_exact_mut(width).zip(site.operands[1].elements()) {
            match row(number, rows) {
                Some(row) => {
                    for (out, &slot) in out.iter_mut().zip(&slots[row * width..]) {
                        *out = data[slot];
                    }
                }
                None => out.fill(S::from_f64(f64::NAN)),
            }
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let (slots, width) = slots(site, 0);
        let rows = slots.len() / width;
        let index = site.operands[1];
        for (k, (number, offset)) in index.elements().zip(index.layout.offsets()).enumerate() {
            for i in 0..width {
                let out = k * width + i;
                if let Some(row) = row(number, rows)
                    && !site.cut[0]
                {
                    visit(Entry::one(out, 0, slots[row * width + i]));
                }
                if !site.cut[1] {
                    visit(Entry::new(out, 1, index.start + offset, Partial::Zero));
                }
            }
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        (i == 0).then(|| back(g, at.operands[1], at.operands[0]))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let of = |t| T::structural(Structural::Take, &[t, at.operands[1]], Attributes::None);
        (i == 0).then(|| of(t))
    }

    const READING: Reading = Reading::Moved;
}

#[track_caller]
fn back<T: Algebra>(g: T, index: T, like: T) -> T {
    T::structural(Structural::TakeBack, &[g, index, like.still()], Attributes::None)
}

impl Rule for TakeBack {
    fn shape(operands: &[&Shape], _: &Attributes) -> Result<Shape, Misfit> {
        let [rows, index, like] = exactly(operands)?;
        has_rows(2, like)?;
        if *rows != taken(like, index) {
            let rule = "the rows have the shape that taking them gives";
            return Err(Misfit::Pair { left: 0, right: 2, rule });
        }
        Ok(like.clone())
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        run.fill(S::EMPTY);
        let rows = site.shape.dims()[0];
        let width = run.len() / rows;
        let given: Vec<S> = site.operands[0].elements().collect();
        for (given, number) in given.chunks_exact(width).zip(site.operands[1].elements()) {
            if let Some(row) = row(number, rows) {
                for (out, &given) in run[row * width..].iter_mut().zip(given) {
                    *out = *out + given;
                }
            }
        }
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        let rows = site.shape.dims()[0];
        let width = site.shape.len() / rows;
        let given = site.operands[0];
        let mut slots = given.layout.offsets().map(|offset| given.start + offset);
        let index = site.operands[1];
        for (number, offset) in index.elements().zip(index.layout.offsets()) {
            for (i, slot) in (&mut slots).take(width).enumerate() {
                let Some(row) = row(number, rows) else { continue };
                let out = row * width + i;
                if !site.cut[0] {
                    visit(Entry::one(out, 0, slot));
                }
                if !site.cut[1] {
                    visit(Entry::new(out, 1, index.start + offset, Partial::Zero));
                }
            }
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let of = |g| T::structural(Structural::Take, &[g, at.operands[1]], Attributes::None);
        (i == 0).then(|| of(g))
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        (i == 0).then(|| back(t, at.operands[1], at.operands[2]))
    }

    const READING: Reading = Reading::Added;
}
