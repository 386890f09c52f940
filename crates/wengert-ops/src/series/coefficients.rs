//! The coefficients of a series, each of those before it.

use std::rc::Rc;

use smallvec::SmallVec;

use super::{How, Id, Series};
use crate::attributes::Attributes;
use crate::elementwise;
use crate::op::{Binary, Structural, Unary};
use crate::real::Scalar;
use crate::shape::{Layout, Shape};
use crate::structural::Site;
use crate::tensor::Tensor;

impl<S: Scalar> Series<S> {
    /// Coefficient j; nothing where all of it is 0.
    pub(super) fn compute(&self, id: Id, j: usize) -> Option<Vec<S>> {
        let (how, shape) = (self.how(id), self.shape(id));
        match &*how {
            How::Given => None,
            How::Constant(bits) => {
                (j == 0).then(|| vec![S::from_f64(f64::from_bits(*bits)); shape.len()])
            }
            How::Still(x) => (j == 0).then(|| self.value(*x).to_vec()),
            How::Derivative(x) => {
                let by = S::from_f64((j + 1) as f64);
                let next = self.coefficient(*x, j + 1);
                let none = || (j == 0).then(|| self.zeros(id).to_vec());
                next.map_or_else(none, |next| Some(next.iter().map(|&c| c * by).collect()))
            }
            How::Reshaped(x) | How::Repeated(x) | How::Permuted(x, _) | How::Part(x, ..) => {
                let own = Layout::contiguous(self.shape(*x));
                let (start, layout) = match &*how {
                    How::Permuted(_, order) => (0, own.permute(order)),
                    How::Repeated(_) => (0, own.broadcast_to(&shape).expect("it repeats")),
                    How::Part(_, axis, range) => {
                        (range.start * own.strides()[*axis], own.narrow(*axis, range.len()))
                    }
                    _ => (0, own),
                };
                let data = self.coefficient(*x, j)?;
                Some(Tensor { data: &data, start, layout: &layout }.elements().collect())
            }
            How::Unary(op, x) if j == 0 || *op == Unary::Neg => {
                let data = self.coefficient(*x, j)?;
                let mut run = vec![S::EMPTY; shape.len()];
                let layout = Layout::contiguous(shape);
                elementwise::map(*op, Tensor { data: &data, start: 0, layout: &layout }, &mut run);
                Some(run)
            }
            How::Binary(op, x, y) => self.binary(id, *op, (*x, *y), j),
            How::Structural(op, operands, attributes) => {
                self.structural(id, *op, operands, attributes, j)
            }
            How::Unary(..) => self.by_tangent(id, j),
        }
    }

    /// An elementwise operation of two arrays.
    fn zip(&self, op: Binary, (x, a): (Id, &[S]), (y, b): (Id, &[S]), shape: &Shape) -> Vec<S> {
        let [of_x, of_y] = [x, y].map(|x| Layout::contiguous(self.shape(x)));
        let mut run = vec![S::EMPTY; shape.len()];
        let a = Tensor { data: a, start: 0, layout: &of_x };
        elementwise::zip(op, a, Tensor { data: b, start: 0, layout: &of_y }, shape, &mut run);
        run
    }

    fn binary(&self, id: Id, op: Binary, (x, y): (Id, Id), j: usize) -> Option<Vec<S>> {
        let shape = self.shape(id);
        match op {
            Binary::Add | Binary::Sub => {
                let (a, b) = (self.coefficient(x, j), self.coefficient(y, j));
                if a.is_none() && b.is_none() {
                    return None;
                }
                let (a, b) =
                    (a.unwrap_or_else(|| self.zeros(x)), b.unwrap_or_else(|| self.zeros(y)));
                Some(self.zip(op, (x, &a), (y, &b), &shape))
            }
            Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => {
                let term = |i: usize| {
                    let (a, b) = (self.coefficient(x, i)?, self.coefficient(y, j - i)?);
                    Some(self.zip(op, (x, &a), (y, &b), &shape))
                };
                (0..=j).filter_map(term).reduce(plus)
            }
            Binary::Div if j > 0 => {
                // v y = x
                let known = (1..=j).filter_map(|i| {
                    let (b, v) = (self.coefficient(y, i)?, self.coefficient(id, j - i)?);
                    Some(self.zip(Binary::Mul, (id, &v), (y, &b), &shape))
                });
                let known = known.reduce(plus);
                let left = match (self.coefficient(x, j), known) {
                    (None, None) => return None,
                    (a, known) => {
                        let a = a.unwrap_or_else(|| self.zeros(x));
                        let known = known.unwrap_or_else(|| self.zeros(id).to_vec());
                        self.zip(Binary::Sub, (x, &a), (id, &known), &shape)
                    }
                };
                Some(self.zip(Binary::Div, (id, &left), (y, &self.value(y)), &shape))
            }
            _ if j == 0 => Some(self.zip(op, (x, &self.value(x)), (y, &self.value(y)), &shape)),
            _ => self.by_tangent(id, j),
        }
    }

    /// A structural operation of arrays.
    fn apply(
        &self,
        op: Structural,
        operands: &[(Rc<Vec<S>>, Shape)],
        attributes: &Attributes,
        shape: &Shape,
    ) -> Vec<S> {
        let layouts: SmallVec<[Layout; 3]> =
            operands.iter().map(|(_, shape)| Layout::contiguous(shape.clone())).collect();
        let mut run = vec![S::EMPTY; shape.len()];
        let site = Site {
            operands: operands
                .iter()
                .zip(&layouts)
                .map(|((data, _), layout)| Tensor { data, start: 0, layout })
                .collect(),
            cut: SmallVec::from_elem(false, operands.len()),
            shape,
            attributes,
            run: &[],
        };
        op.value(&site, &mut run);
        run
    }

    fn structural(
        &self,
        id: Id,
        op: Structural,
        operands: &[Id],
        attributes: &Attributes,
        j: usize,
    ) -> Option<Vec<S>> {
        let shape = self.shape(id);
        let with = |x: Id, data: Rc<Vec<S>>| (data, self.shape(x));
        if j == 0 {
            let values: Vec<_> = operands.iter().map(|&x| with(x, self.value(x))).collect();
            return Some(self.apply(op, &values, attributes, &shape));
        }
        if let Some(fixed) = fixed(op) {
            // Linear in the others.
            let is_fixed = |i: usize| fixed.contains(&i);
            let moving: Vec<_> = operands.iter().map(|&x| self.coefficient(x, j)).collect();
            if (0..operands.len()).all(|i| is_fixed(i) || moving[i].is_none()) {
                return None;
            }
            let each = operands.iter().zip(moving).enumerate().map(|(i, (&x, moving))| {
                let still = || if is_fixed(i) { self.value(x) } else { self.zeros(x) };
                with(x, moving.filter(|_| !is_fixed(i)).unwrap_or_else(still))
            });
            return Some(self.apply(op, &each.collect::<Vec<_>>(), attributes, &shape));
        }
        match op {
            Structural::MatMul => {
                let (x, y) = (operands[0], operands[1]);
                let term = |i: usize| {
                    let (a, b) = (self.coefficient(x, i)?, self.coefficient(y, j - i)?);
                    Some(self.apply(op, &[with(x, a), with(y, b)], attributes, &shape))
                };
                (0..=j).filter_map(term).reduce(plus)
            }
            Structural::Affine => {
                let (bias, w, x) = (operands[0], operands[1], operands[2]);
                let nothing = self.zeros(bias);
                let term = |i: usize| {
                    let (a, b) = (self.coefficient(w, i)?, self.coefficient(x, j - i)?);
                    let of = [with(bias, Rc::clone(&nothing)), with(w, a), with(x, b)];
                    Some(self.apply(op, &of, attributes, &shape))
                };
                let own = self.coefficient(bias, j).map(|bias_j| {
                    let of = [with(bias, bias_j), with(w, self.zeros(w)), with(x, self.zeros(x))];
                    self.apply(op, &of, attributes, &shape)
                });
                (0..=j).filter_map(term).chain(own).reduce(plus)
            }
            Structural::Solve | Structural::SolveLower | Structural::SolveUpper => {
                // A v = b
                let (a, b) = (operands[0], operands[1]);
                let read = match op {
                    Structural::SolveLower => Some(Structural::Tril),
                    Structural::SolveUpper => Some(Structural::Triu),
                    _ => None,
                };
                let known = (1..=j).filter_map(|i| {
                    let mut factor = self.coefficient(a, i)?;
                    if let Some(read) = read {
                        let whole = [with(a, factor)];
                        let none = Attributes::None;
                        factor = Rc::new(self.apply(read, &whole, &none, &self.shape(a)));
                    }
                    let of = [with(a, factor), with(id, self.coefficient(id, j - i)?)];
                    Some(self.apply(Structural::MatMul, &of, &Attributes::None, &shape))
                });
                let left = match (self.coefficient(b, j), known.reduce(plus)) {
                    (None, None) => return None,
                    (Some(right), None) => right.to_vec(),
                    (right, Some(known)) => {
                        let right = right.unwrap_or_else(|| self.zeros(b));
                        right.iter().zip(known).map(|(&right, known)| right - known).collect()
                    }
                };
                let of = [with(a, self.value(a)), with(b, Rc::new(left))];
                Some(self.apply(op, &of, attributes, &shape))
            }
            _ => self.by_tangent(id, j),
        }
    }

    /// Coefficient j of what follows its tangent.
    fn by_tangent(&self, id: Id, j: usize) -> Option<Vec<S>> {
        // What stands still so far passes nothing on, whatever the slope.
        let still = |x: &Id| (1..=j).all(|i| self.coefficient(*x, i).is_none());
        if self.how(id).operands().iter().all(still) {
            return None;
        }
        let tangent = self.tangent(id)?;
        let before = self.coefficient(tangent, j - 1)?;
        let by = S::from_f64(j as f64);
        Some(before.iter().map(|&c| c / by).collect())
    }
}

fn plus<S: Scalar>(mut sum: Vec<S>, term: Vec<S>) -> Vec<S> {
    for (sum, term) in sum.iter_mut().zip(term) {
        *sum = *sum + term;
    }
    sum
}

/// The operands by which a linear operation is not: they say which element goes where.
fn fixed(op: Structural) -> Option<&'static [usize]> {
    match op {
        Structural::Sum
        | Structural::CumSum
        | Structural::CumSumBack
        | Structural::Concat
        | Structural::Stack
        | Structural::Contiguous
        | Structural::Gather
        | Structural::ScatterAdd
        | Structural::Tril
        | Structural::Triu => Some(&[]),
        Structural::Select | Structural::SortBy | Structural::UnsortBy => Some(&[0]),
        Structural::Take => Some(&[1]),
        Structural::TakeBack => Some(&[1, 2]),
        _ => None,
    }
}
