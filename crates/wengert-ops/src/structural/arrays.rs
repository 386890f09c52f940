//! Plain arrays as an [`Algebra`]: a rule that is written once, computed at once.
//!
//! An operation whose value or sweep is stated in terms of others, and that no loop of its own
//! states quicker, is computed by these: so it has the bits that the compiler's instructions have.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Range, Rem, Sub};
use std::rc::Rc;

use smallvec::SmallVec;

use super::{At, Site};
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::elementwise;
use crate::op::{Binary, Structural, Unary};
use crate::real::{Constant, Real, Scalar, power};
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// Elements that several views share.
#[derive(Debug)]
struct Stored<S> {
    data: Rc<Vec<S>>,
    start: usize,
    layout: Layout,
}

impl<S> Clone for Stored<S> {
    fn clone(&self) -> Self {
        Stored { data: Rc::clone(&self.data), start: self.start, layout: self.layout.clone() }
    }
}

impl<S: Scalar> Stored<S> {
    fn tensor(&self) -> Tensor<'_, S> {
        Tensor { data: &self.data, start: self.start, layout: &self.layout }
    }
}

/// Where arrays are kept while a rule is computed.
#[derive(Debug)]
pub(super) struct Arrays<S>(RefCell<Vec<Stored<S>>>);

/// One of them.
pub(super) struct Array<'a, S> {
    of: &'a Arrays<S>,
    index: usize,
}

impl<S> Clone for Array<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Array<'_, S> {}

impl<S> fmt::Debug for Array<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Array({})", self.index)
    }
}

impl<S: Scalar> Arrays<S> {
    pub(super) fn new() -> Self {
        Arrays(RefCell::new(Vec::new()))
    }

    /// A copy of some elements.
    pub(super) fn copy(&self, tensor: Tensor<'_, S>) -> Array<'_, S> {
        self.put(tensor.elements().collect(), tensor.layout.shape().clone())
    }

    pub(super) fn put(&self, data: Vec<S>, shape: Shape) -> Array<'_, S> {
        self.keep(Stored { data: Rc::new(data), start: 0, layout: Layout::contiguous(shape) })
    }

    /// What a step reads; a cut operand stands still.
    fn operands(&self, site: &Site<'_, S>) -> SmallVec<[Array<'_, S>; 3]> {
        let read = |(&operand, &cut): (&Tensor<'_, S>, &bool)| {
            let copy = self.copy(operand);
            if cut { copy.still() } else { copy }
        };
        site.operands.iter().zip(&site.cut).map(read).collect()
    }

    /// The result of a step.
    fn result(&self, site: &Site<'_, S>) -> Array<'_, S> {
        self.put(site.run[..site.shape.len()].to_vec(), site.shape.clone())
    }

    fn keep(&self, stored: Stored<S>) -> Array<'_, S> {
        let mut all = self.0.borrow_mut();
        all.push(stored);
        Array { of: self, index: all.len() - 1 }
    }
}

impl<'a, S: Scalar> Array<'a, S> {
    /// Any of the numbers: what a constant of the same kind is made by.
    fn first(self) -> S {
        self.of.0.borrow()[self.index].data[0]
    }

    fn stored(self) -> Stored<S> {
        self.of.0.borrow()[self.index].clone()
    }

    pub(super) fn elements(self) -> Vec<S> {
        self.stored().tensor().elements().collect()
    }

    fn view(self, offset: usize, layout: Layout) -> Self {
        let stored = self.stored();
        self.of.keep(Stored { data: stored.data, start: stored.start + offset, layout })
    }
}

impl<S: Scalar> Real for Array<'_, S> {
    fn like(self, constant: f64) -> Self {
        self.of.put(vec![self.first().like(constant)], Shape::scalar())
    }

    fn constant(self, constant: Constant) -> Self {
        self.of.put(vec![self.first().constant(constant)], Shape::scalar())
    }

    fn largest(self) -> Self {
        self.of.put(vec![self.first().largest()], Shape::scalar())
    }

    fn powi(self, n: i32) -> Self {
        power::<S, Self>(self, n)
    }

    fn unary(self, op: Unary) -> Self {
        let x = self.stored();
        let mut run = vec![S::EMPTY; x.layout.len()];
        elementwise::map(op, x.tensor(), &mut run);
        self.of.put(run, x.layout.shape().clone())
    }

    fn binary(self, op: Binary, other: Self) -> Self {
        let (x, y) = (self.stored(), other.stored());
        let shape = x.layout.shape().broadcast(y.layout.shape()).expect("a rule's broadcast fits");
        let mut run = vec![S::EMPTY; shape.len()];
        elementwise::zip(op, x.tensor(), y.tensor(), &shape, &mut run);
        self.of.put(run, shape)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl<S: Scalar> $trait for Array<'_, S> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}
operators! { Add add; Sub sub; Mul mul; Div div; Rem rem; }

impl<S: Scalar> Neg for Array<'_, S> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

impl<S: Scalar> Algebra for Array<'_, S> {
    fn extents(self) -> Shape {
        self.of.0.borrow()[self.index].layout.shape().clone()
    }

    fn reshaped(self, shape: &Shape) -> Self {
        match self.stored().layout.reshape(shape) {
            Some(layout) => self.view(0, layout),
            None => self.of.put(self.elements(), shape.clone()),
        }
    }

    fn permuted(self, order: &[usize]) -> Self {
        self.view(0, self.stored().layout.permute(order))
    }

    fn repeated(self, shape: &Shape) -> Self {
        let layout = self.stored().layout.broadcast_to(shape).expect("a rule's repetition fits");
        self.view(0, layout)
    }

    fn part(self, axis: usize, range: Range<usize>) -> Self {
        let layout = self.stored().layout;
        self.view(range.start * layout.strides()[axis], layout.narrow(axis, range.len()))
    }

    fn structural(op: Structural, operands: &[Self], attributes: Attributes) -> Self {
        let stored: SmallVec<[Stored<S>; 3]> = operands.iter().map(|x| x.stored()).collect();
        let shapes: SmallVec<[&Shape; 3]> = stored.iter().map(|x| x.layout.shape()).collect();
        let shape = op.shape(&shapes, &attributes).expect("a rule's operands fit");
        let mut run = vec![S::EMPTY; shape.len()];
        let site = Site {
            operands: stored.iter().map(Stored::tensor).collect(),
            cut: operands.iter().map(|_| false).collect(),
            shape: &shape,
            attributes: &attributes,
            run: &[],
        };
        op.value(&site, &mut run);
        operands[0].of.put(run, shape.clone())
    }

    fn still(self) -> Self {
        if !S::HAS_TANGENT {
            return self;
        }
        let elements = self.elements().into_iter().map(Scalar::detached).collect();
        self.of.put(elements, self.extents())
    }

    fn nothing(self) -> Self {
        self.of.put(vec![S::EMPTY], Shape::scalar())
    }
}

/// The value by what the operation is composed of.
pub(super) fn composed<S: Scalar>(op: Structural, site: &Site<'_, S>, run: &mut [S]) {
    let arrays = Arrays::new();
    let operands: SmallVec<[Array<'_, S>; 3]> =
        site.operands.iter().map(|&operand| arrays.copy(operand)).collect();
    let result = op.composed(&operands, site.attributes).expect("it says what it is composed of");
    run.copy_from_slice(&result.elements());
}

/// The tangent of the result if one element of an operand moves.
pub(super) fn column<S: Scalar>(
    op: Structural,
    site: &Site<'_, S>,
    i: usize,
    element: usize,
) -> Vec<S> {
    let arrays = Arrays::new();
    let operands = arrays.operands(site);
    let at = At { operands: &operands, value: arrays.result(site), attributes: site.attributes };
    let shape = site.operands[i].layout.shape();
    let one = site.operands[i].elements().next().expect("it has elements").like(1.0);
    let mut unit = vec![one.like(0.0); shape.len()];
    unit[element] = one;
    match op.tangent(&at, i, arrays.put(unit, shape.clone())) {
        Some(tangent) => tangent.repeated(site.shape).elements(),
        None => vec![one.like(0.0); site.shape.len()],
    }
}

/// The contributions of a sweep by `share`: operand by operand, as the compiler adds them.
pub(super) fn shared<S: Scalar>(op: Structural, site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
    let arrays = Arrays::new();
    let operands = arrays.operands(site);
    let value = arrays.result(site);
    let g = arrays.put(g.to_vec(), site.shape.clone());
    let at = At { operands: &operands, value, attributes: site.attributes };
    let wants: SmallVec<[bool; 3]> = site.cut.iter().map(|cut| !cut).collect();
    for (&operand, share) in site.operands.iter().zip(op.shares(&at, &wants, g)) {
        let Some(share) = share else { continue };
        let over = share.extents().broadcast(operand.layout.shape());
        let share = share.repeated(&over.expect("a share fits its operand")).stored();
        elementwise::accumulate(share.tensor(), (operand.start, operand.layout), adjoints);
    }
}
