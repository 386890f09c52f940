//! Formulas: an arena of terms, and the handle that the core's derivative rules can compute with.
//!
//! [`Term`] implements `wengert::number::Real`, so `wengert::rulebook::rules` is read by it as it is read by numbers:
//! there is no second table of derivatives.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use wengert::number::Real;
use wengert::op::{Binary, Structural, Unary};

use super::symbol::Symbol;

/// The place of a term in its arena.
pub(super) type Id = usize;

/// Numbers with a name: a value, an adjoint or a delta, of one element or of several.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantity {
    pub(super) symbol: Symbol,
    /// The extents; none for a single number.
    pub(super) shape: Vec<usize>,
    /// Row-major.
    pub(super) numbers: Vec<f64>,
}

/// One term of a formula; operands stand earlier in the arena.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// A number that is known without looking at the tape, or a constant of it.
    Number(f64),
    Named(Rc<Quantity>),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    /// Added up from the left.
    Sum(Vec<Id>),
    /// Multiplied from the left, each by its kind of product: numbers, element by element, or by
    /// repetition.
    Product(Vec<Id>),
    /// The largest of several numbers, or the smallest.
    Extremum(Binary, Vec<Id>),
    /// A function of several numbers, or of all elements of one tensor, written as a call.
    Called(Structural, Vec<Id>),
    /// `cond ≠ 0 ? a : b`.
    Select(Id, Id, Id),
    /// The sum of all elements.
    Total(Id),
    /// The sum over the first axis.
    ColumnSums(Id),
    /// NumPy's matrix product.
    MatMul(Id, Id),
    /// Of a matrix.
    Transposed(Id),
    /// `a bᵀ` of two vectors.
    Outer(Id, Id),
    /// Ones of a shape.
    Ones(Vec<usize>),
    /// What is not known as an operation: shown, never computed.
    Opaque(String, Vec<Id>),
}

/// The terms of the formulas of one text.
#[derive(Default)]
pub(super) struct Arena {
    terms: RefCell<Vec<Expr>>,
}

impl Arena {
    pub(super) fn put(&self, expr: Expr) -> Term<'_> {
        let mut terms = self.terms.borrow_mut();
        terms.push(expr);
        Term { arena: self, id: terms.len() - 1 }
    }

    pub(super) fn number(&self, number: f64) -> Term<'_> {
        self.put(Expr::Number(number))
    }

    pub(super) fn named(&self, quantity: Quantity) -> Term<'_> {
        self.put(Expr::Named(Rc::new(quantity)))
    }

    /// The sum of some terms; what is one term is that term.
    pub(super) fn sum<'a>(&'a self, terms: &[Term<'a>]) -> Term<'a> {
        match terms {
            [] => self.number(0.0),
            [one] => *one,
            _ => self.put(Expr::Sum(terms.iter().map(|term| term.id).collect())),
        }
    }

    /// The product of some terms without its ones, a sign in front.
    pub(super) fn product<'a>(&'a self, factors: &[Term<'a>]) -> Term<'a> {
        let (mut flat, mut negative) = (Vec::new(), false);
        for factor in factors {
            factor.factors(&mut flat, &mut negative);
        }
        // Ones beside a vector say nothing.
        let is_ones = |id: &Id| matches!(self.terms.borrow()[*id], Expr::Ones(_));
        let rank = flat
            .iter()
            .filter(|id| !is_ones(id))
            .map(|&id| Term { arena: self, id }.rank())
            .max()
            .unwrap_or(0);
        flat.retain(|&id| !is_ones(&id) || Term { arena: self, id }.rank() > rank);
        let product = match *flat {
            [] => self.number(1.0),
            [one] => Term { arena: self, id: one },
            _ => self.put(Expr::Product(flat)),
        };
        if negative { -product } else { product }
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arena of {} terms", self.terms.borrow().len())
    }
}

/// A term of a formula: what the rules compute with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term<'a> {
    arena: &'a Arena,
    id: Id,
}

impl<'a> Term<'a> {
    pub(super) fn id(self) -> Id {
        self.id
    }

    pub(super) fn at(self, id: Id) -> Term<'a> {
        Term { arena: self.arena, id }
    }

    pub(super) fn expr(self) -> Expr {
        self.arena.terms.borrow()[self.id].clone()
    }

    /// The number, if it is one by its form.
    pub(super) fn as_number(self) -> Option<f64> {
        if let Expr::Number(number) = self.expr() { Some(number) } else { None }
    }

    /// Whether it is a name or a number, perhaps with a sign: nothing to work out.
    pub(super) fn is_plain(self) -> bool {
        match self.expr() {
            Expr::Number(_) | Expr::Named(_) => true,
            Expr::Unary(Unary::Neg, x) => {
                matches!(self.at(x).expr(), Expr::Number(_) | Expr::Named(_))
            }
            _ => false,
        }
    }

    /// Whether the numbers that it stands for, as far as they are known, have at most this
    /// magnitude.
    fn is_within(self, bound: f64) -> bool {
        match self.expr() {
            Expr::Number(number) => number.abs() <= bound,
            Expr::Named(quantity) => quantity.numbers.iter().all(|number| number.abs() <= bound),
            _ => true,
        }
    }

    /// The operands.
    pub(super) fn operands(self) -> Vec<Id> {
        match self.expr() {
            Expr::Number(_) | Expr::Named(_) | Expr::Ones(_) => Vec::new(),
            Expr::Unary(_, x) | Expr::Total(x) | Expr::ColumnSums(x) | Expr::Transposed(x) => {
                vec![x]
            }
            Expr::Binary(_, x, y) | Expr::MatMul(x, y) | Expr::Outer(x, y) => vec![x, y],
            Expr::Select(c, a, b) => vec![c, a, b],
            Expr::Sum(xs)
            | Expr::Product(xs)
            | Expr::Extremum(_, xs)
            | Expr::Called(_, xs)
            | Expr::Opaque(_, xs) => xs,
        }
    }

    /// The names and numbers in it, each time that it is written.
    pub(super) fn size(self) -> usize {
        let operands = self.operands();
        if operands.is_empty() { 1 } else { operands.into_iter().map(|x| self.at(x).size()).sum() }
    }

    /// The numbers that are written where names are replaced by them.
    pub(super) fn numbers(self) -> usize {
        match self.expr() {
            Expr::Named(quantity) => quantity.numbers.len(),
            Expr::Ones(shape) => shape.iter().product(),
            Expr::Number(_) => 1,
            _ => self.operands().into_iter().map(|x| self.at(x).numbers()).sum(),
        }
    }

    /// The number of axes: 0 for a single number.
    pub(super) fn rank(self) -> usize {
        match self.expr() {
            Expr::Named(quantity) => quantity.shape.len(),
            Expr::Ones(shape) => shape.len(),
            Expr::Called(..) | Expr::Extremum(..) => 0,
            Expr::Outer(..) => 2,
            Expr::Total(_) | Expr::Number(_) => 0,
            Expr::ColumnSums(x) => self.at(x).rank().saturating_sub(1),
            Expr::MatMul(a, b) => (self.at(a).rank() + self.at(b).rank()).saturating_sub(2),
            _ => self.operands().into_iter().map(|x| self.at(x).rank()).max().unwrap_or(0),
        }
    }

    /// Its factors, without those that are one.
    fn factors(self, flat: &mut Vec<Id>, negative: &mut bool) {
        match self.expr() {
            Expr::Number(1.0) => {}
            Expr::Number(-1.0) => *negative = !*negative,
            Expr::Unary(Unary::Neg, x) => {
                *negative = !*negative;
                self.at(x).factors(flat, negative);
            }
            Expr::Product(xs) => xs.into_iter().for_each(|x| self.at(x).factors(flat, negative)),
            Expr::Binary(Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither, x, y) => {
                self.at(x).factors(flat, negative);
                self.at(y).factors(flat, negative);
            }
            _ => flat.push(self.id),
        }
    }
}

impl Real for Term<'_> {
    fn like(self, constant: f64) -> Self {
        self.arena.number(constant)
    }

    fn unary(self, op: Unary) -> Self {
        match (op, self.expr()) {
            (Unary::Neg, Expr::Unary(Unary::Neg, x)) => self.at(x),
            // A bare 0 has no sign that anybody writes.
            (Unary::Neg, Expr::Number(number)) => {
                self.like(if number == 0.0 { 0.0 } else { -number })
            }
            (Unary::Gaussian, _) => (-(self * self)).exp(),
            (Unary::OneMinusSquare, _) => (self.like(1.0) - self) * (self.like(1.0) + self),
            _ => self.arena.put(Expr::Unary(op, self.id)),
        }
    }

    /// Simplified as far as a person does in writing: `1 · x`, `x + 0`, `2 − 1`, `x¹`.
    fn binary(self, op: Binary, other: Self) -> Self {
        let (x, y) = (self.as_number(), other.as_number());
        match (op, x, y) {
            (Binary::Add, Some(x), Some(y)) => self.like(x + y),
            (Binary::Sub, Some(x), Some(y)) => self.like(x - y),
            (Binary::Add, Some(0.0), None) => other,
            (Binary::Add | Binary::Sub, None, Some(0.0)) => self,
            (Binary::MulNoNanEither, _, _) => self.binary(Binary::MulNoNan, other),
            (Binary::Mul | Binary::MulNoNan, Some(1.0), _) => other,
            // A zero passes nothing on, whatever follows.
            (Binary::MulNoNan, Some(0.0), _) => self,
            (Binary::Mul | Binary::MulNoNan | Binary::Powi | Binary::Powf, _, Some(1.0)) => self,
            (Binary::Mul | Binary::MulNoNan, Some(-1.0), None) => -other,
            (Binary::Mul | Binary::MulNoNan, None, Some(-1.0)) => -self,
            // A slope as it stands in textbooks, by the value; where the value has lost it, by the
            // operand.
            (Binary::SigmoidSlope, ..) if other.is_within(0.99) => other * (self.like(1.0) - other),
            (Binary::SigmoidSlope, ..) => {
                let e = (-self).exp();
                e / (self.like(1.0) + e).powi(2)
            }
            (Binary::TanhSlope, ..) if other.is_within(0.99) => {
                (self.like(1.0) - other) * (self.like(1.0) + other)
            }
            (Binary::TanhSlope, ..) => self.cosh().powi(2).recip(),
            // The slope of arctan.
            (Binary::OverSquares, Some(1.0), _) => (self.like(1.0) + other * other).recip(),
            (Binary::OverSquares, ..) => {
                let distance = self.hypot(other);
                self / distance / distance
            }
            (Binary::HypotSlope, ..) => {
                let distance = self.hypot(other);
                self / (distance + distance.indicator_eq(self.like(0.0)))
            }
            (Binary::PowSlope, ..) => other.mul_no_nan(self.powf(other - other.like(1.0))),
            (Binary::PowLn, ..) => self.powf(other).mul_no_nan(self.ln()),
            _ => self.arena.put(Expr::Binary(op, self.id, other.id)),
        }
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for Term<'_> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
    Rem rem;
}

impl Neg for Term<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}
