//! A function of plain numbers: called as one step, whatever it does inside.
//!
//! Nobody can run it over other numbers, so its derivative is what was given for it. The derivative
//! is a function of plain numbers too, of which no derivative is known but by the cotangent, or the
//! tangents, in which it is linear: [`Attributes::limit`] says so, and whoever differentiates asks
//! it before. Where a derivative that nobody knows is read all the same, it is NaN.

use std::sync::Arc;

use smallvec::SmallVec;

use super::call::{each_row, inputs, nothing};
use super::{At, Entry, Misfit, Reading, Rule, Site};
use crate::algebra::Algebra;
use crate::attributes::{self, Attributes, ExternalPart};
use crate::elementwise::accumulate;
use crate::op::Structural;
use crate::real::{OfNumbers, Scalar};
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

pub(super) struct External;

fn external(attributes: &Attributes) -> (&Arc<attributes::External>, ExternalPart) {
    match attributes {
        Attributes::External(external, part) => (external, *part),
        _ => unreachable!("the shape rule asks for a function"),
    }
}

/// How many operands the function itself has, of those of a step.
fn arity(part: ExternalPart, operands: usize) -> usize {
    match part {
        ExternalPart::Value => operands,
        ExternalPart::Pullback => operands.saturating_sub(2),
        ExternalPart::Pushforward => operands.saturating_sub(1) / 2,
    }
}

impl Rule for External {
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
        let Attributes::External(external, part) = attributes else {
            let rule = "an external operation needs the function that it calls".to_owned();
            return Err(Misfit::One { operand: 0, rule });
        };
        let k = arity(*part, operands.len());
        let wanted = match part {
            ExternalPart::Value => k,
            ExternalPart::Pullback => k + 2,
            ExternalPart::Pushforward => 2 * k + 1,
        };
        if k == 0 || operands.len() != wanted {
            return Err(Misfit::Count);
        }
        let given: Vec<Shape> = operands[..k].iter().map(|&shape| shape.clone()).collect();
        let result = (external.shape)(&given).map_err(|rule| Misfit::One { operand: 0, rule })?;
        if result.is_empty() {
            let rule = format!("its result would have shape {result}, without elements");
            return Err(Misfit::One { operand: 0, rule });
        }
        let like = |i: usize, wanted: &Shape| {
            if operands[i] == wanted {
                return Ok(());
            }
            let rule = format!("it goes with shape {wanted}");
            Err(Misfit::One { operand: i, rule })
        };
        if *part == ExternalPart::Value {
            return Ok(result);
        }
        like(k, &result)?;
        if *part == ExternalPart::Pullback {
            like(k + 1, &result)?;
            return Ok(match given.as_slice() {
                [only] => only.clone(),
                several => Shape::from([several.iter().map(Shape::len).sum::<usize>()]),
            });
        }
        given.iter().enumerate().try_for_each(|(i, shape)| like(k + 1 + i, shape))?;
        Ok(result)
    }

    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]) {
        let (external, part) = external(site.attributes);
        let function = Function::new(external, part, site);
        S::through(&function, &inputs(site), run);
    }

    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>)) {
        each_row(site, visit, Self::reverse);
    }

    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        let (external, part) = external(site.attributes);
        let k = arity(part, site.operands.len());
        let own: usize = site.operands[..k].iter().map(|operand| operand.layout.len()).sum();
        let mut given = inputs(site);
        let back = match part {
            // Of the operands and the result, and then of what was linear in them.
            ExternalPart::Value => {
                given.extend_from_slice(&site.run[..site.shape.len()]);
                ExternalPart::Pullback
            }
            ExternalPart::Pullback => {
                given.truncate(own + site.operands[k].layout.len());
                ExternalPart::Pushforward
            }
            ExternalPart::Pushforward => {
                given.truncate(own + site.shape.len());
                ExternalPart::Pullback
            }
        };
        let function = Function { external, part: back, lens: lens(&site.operands[..k]) };
        given.extend_from_slice(g);
        let linear = match part {
            ExternalPart::Value => 0..k,
            ExternalPart::Pullback => k + 1..k + 2,
            ExternalPart::Pushforward => k + 1..2 * k + 1,
        };
        let total: usize = site.operands[linear.clone()].iter().map(|x| x.layout.len()).sum();
        let mut shares = vec![S::from_f64(0.0); total];
        S::through(&function, &given, &mut shares);
        let unknown = [S::from_f64(f64::NAN)];
        let mut start = 0;
        for (i, operand) in site.operands.iter().enumerate() {
            let shape = operand.layout.shape();
            let layout = Layout::contiguous(shape.clone());
            let known = linear.contains(&i);
            let source = if known {
                start += shape.len();
                Tensor { data: &shares, start: start - shape.len(), layout: &layout }
            } else {
                let scalar = Layout::scalar();
                let repeated = scalar.broadcast_to(shape).expect("a number broadcasts");
                if !site.cut[i] {
                    let source = Tensor { data: &unknown, start: 0, layout: &repeated };
                    accumulate(source, (operand.start, operand.layout), adjoints);
                }
                continue;
            };
            if !site.cut[i] {
                accumulate(source, (operand.start, operand.layout), adjoints);
            }
        }
    }

    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T> {
        let wants: SmallVec<[bool; 3]> = (0..at.operands.len()).map(|k| k == i).collect();
        Self::shares(at, &wants, g)[i]
    }

    fn shares<T: Algebra>(at: &At<'_, T>, wants: &[bool], g: T) -> SmallVec<[Option<T>; 3]> {
        let (external, part) = external(at.attributes);
        let k = arity(part, at.operands.len());
        let (own, rest) = at.operands.split_at(k);
        let step = |part, v: T, more: &[T]| {
            let given: Vec<T> = own.iter().chain([&v]).chain(more).copied().collect();
            let attributes = Attributes::External(Arc::clone(external), part);
            T::structural(Structural::External, &given, attributes)
        };
        let mut shares: SmallVec<[Option<T>; 3]> =
            at.operands.iter().zip(wants).map(|(&x, &wanted)| wanted.then(|| unknown(x))).collect();
        let known = match part {
            ExternalPart::Value => parts(own, step(ExternalPart::Pullback, at.value, &[g])),
            ExternalPart::Pullback => {
                vec![step(ExternalPart::Pushforward, rest[0], &parts(own, g))]
            }
            ExternalPart::Pushforward => parts(own, step(ExternalPart::Pullback, rest[0], &[g])),
        };
        let first = if part == ExternalPart::Value { 0 } else { k + 1 };
        for (i, share) in (first..).zip(known) {
            shares[i] = wants[i].then_some(share);
        }
        shares
    }

    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T> {
        let (external, part) = external(at.attributes);
        let k = arity(part, at.operands.len());
        if part != ExternalPart::Value && i <= k {
            return Some(unknown(at.value));
        }
        let mut given = at.operands[..k].to_vec();
        let part = match part {
            ExternalPart::Pullback => {
                given.extend([at.operands[k], t]);
                ExternalPart::Pullback
            }
            ExternalPart::Value | ExternalPart::Pushforward => {
                let first = if part == ExternalPart::Value { 0 } else { k + 1 };
                given.push(if first == 0 { at.value } else { at.operands[k] });
                let tangent = |(j, &x): (usize, &T)| if j + first == i { t } else { nothing(x) };
                given.extend(at.operands[..k].iter().enumerate().map(tangent));
                ExternalPart::Pushforward
            }
        };
        let attributes = Attributes::External(Arc::clone(external), part);
        Some(T::structural(Structural::External, &given, attributes))
    }

    const JOINT: bool = true;

    const READING: Reading = Reading::Called;
}

/// Numbers that stand for a derivative that nobody knows.
fn unknown<T: Algebra>(like: T) -> T {
    like.like(f64::NAN).repeated(&like.extents())
}

/// What a pullback returned, operand by operand.
fn parts<T: Algebra>(operands: &[T], flat: T) -> Vec<T> {
    if let [_] = operands {
        return vec![flat];
    }
    let mut first = 0;
    let part = |operand: &T| {
        let shape = operand.extents();
        let range = first..first + shape.len();
        first = range.end;
        flat.part(0, range).reshaped(&shape)
    };
    operands.iter().map(part).collect()
}

fn lens<S>(operands: &[Tensor<'_, S>]) -> Vec<usize> {
    operands.iter().map(|operand| operand.layout.len()).collect()
}

/// A part of a function, of operands side by side.
struct Function<'a> {
    external: &'a attributes::External,
    part: ExternalPart,
    /// The lengths of the function's own operands.
    lens: Vec<usize>,
}

impl<'a> Function<'a> {
    fn new<S>(external: &'a attributes::External, part: ExternalPart, site: &Site<'_, S>) -> Self {
        let k = arity(part, site.operands.len());
        Function { external, part, lens: lens(&site.operands[..k]) }
    }

    /// The function's own operands, and what stands after them.
    fn split<'x>(&self, given: &'x [f64]) -> (Vec<&'x [f64]>, &'x [f64]) {
        let mut rest = given;
        let each = self.lens.iter().map(|&len| {
            let (one, others) = rest.split_at(len);
            rest = others;
            one
        });
        (each.collect(), rest)
    }

    /// The vector-Jacobian product, the cotangents of the operands side by side.
    fn pull(&self, x: &[&[f64]], v: &[f64], g: &[f64], to: &mut [f64]) {
        let mut rest = &mut *to;
        let mut shares: Vec<&mut [f64]> = Vec::with_capacity(x.len());
        for &len in &self.lens {
            let (one, others) = std::mem::take(&mut rest).split_at_mut(len);
            shares.push(one);
            rest = others;
        }
        match (&self.external.vjp, &self.external.jvp) {
            (Some(vjp), _) => vjp(x, v, g, &mut shares),
            // Column by column.
            (None, Some(jvp)) => {
                let mut directions: Vec<Vec<f64>> =
                    self.lens.iter().map(|&len| vec![0.0; len]).collect();
                for (i, share) in shares.iter_mut().enumerate() {
                    for (j, share) in share.iter_mut().enumerate() {
                        directions[i][j] = 1.0;
                        let along: Vec<&[f64]> = directions.iter().map(Vec::as_slice).collect();
                        let mut column = vec![0.0; v.len()];
                        jvp(x, v, &along, &mut column);
                        *share = dot(&column, g);
                        directions[i][j] = 0.0;
                    }
                }
            }
            (None, None) => to.fill(f64::NAN),
        }
    }

    /// The Jacobian-vector product.
    fn push(&self, x: &[&[f64]], v: &[f64], along: &[f64], to: &mut [f64]) {
        match (&self.external.jvp, &self.external.vjp) {
            (Some(jvp), _) => jvp(x, v, &self.split(along).0, to),
            // Row by row.
            (None, Some(_)) => {
                let mut g = vec![0.0; v.len()];
                for (i, to) in to.iter_mut().enumerate() {
                    g[i] = 1.0;
                    let mut row = vec![0.0; along.len()];
                    self.pull(x, v, &g, &mut row);
                    *to = dot(&row, along);
                    g[i] = 0.0;
                }
            }
            (None, None) => to.fill(f64::NAN),
        }
    }
}

/// What does not move passes nothing on, whatever the slope.
fn dot(slopes: &[f64], along: &[f64]) -> f64 {
    let products = slopes.iter().zip(along).filter(|&(_, &t)| t != 0.0);
    products.fold(0.0, |sum, (&slope, &t)| sum + slope * t)
}

impl OfNumbers for Function<'_> {
    fn value(&self, given: &[f64], to: &mut [f64]) {
        let (x, rest) = self.split(given);
        match self.part {
            ExternalPart::Value => (self.external.value)(&x, to),
            ExternalPart::Pullback => {
                let (v, g) = rest.split_at(rest.len() / 2);
                self.pull(&x, v, g, to);
            }
            ExternalPart::Pushforward => {
                let (v, along) = rest.split_at(to.len());
                self.push(&x, v, along, to);
            }
        }
    }

    fn tangent(&self, given: &[f64], value: &[f64], direction: &[f64], to: &mut [f64]) {
        let (x, rest) = self.split(given);
        if self.part == ExternalPart::Value {
            return self.push(&x, value, direction, to);
        }
        // Linear in what comes last; what else moves it is not known.
        let own: usize = self.lens.iter().sum();
        let known = match self.part {
            ExternalPart::Pullback => own + rest.len() / 2,
            _ => own + to.len(),
        };
        if direction[..known].iter().any(|&t| t != 0.0) {
            return to.fill(f64::NAN);
        }
        let moved: Vec<f64> = given[..known].iter().chain(&direction[known..]).copied().collect();
        self.value(&moved, to);
    }
}
