//! Truncated power series as an [`Algebra`]: what the rules say of a tangent gives every further
//! coefficient.
//!
//! Of `v(t) = Σ vⱼ tʲ` the zeroth coefficient is the operation's value, and the others follow from
//! its tangent: `v̇ = Σ ∂v/∂xᵢ ẋᵢ` says `j vⱼ = [v̇]ⱼ₋₁`, of which everything is of lower order. The
//! tangent is written once over this algebra, and each coefficient is found when it is asked for
//! (M. D. McIlroy, Squinting at power series, 1990, calls this lazy). Rules are closed: the tangent
//! of a sine has a cosine, whose tangent has that same sine. So equal nodes are one, and a
//! coefficient of an elementwise operation is a sum of j products.
//!
//! What is linear is applied to every coefficient, products are sums of products, and what solves a
//! linear equation solves it again: these need no tangent.

mod bodies;
mod coefficients;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Range, Rem, Sub};
use std::rc::Rc;

use smallvec::SmallVec;

use self::bodies::ran;
use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::op::{Binary, Structural, Unary};
use crate::real::{Real, Scalar};
use crate::rules;
use crate::shape::{Layout, Shape};
use crate::structural::At;

type Id = u32;
/// A coefficient; nothing where all of its numbers are 0.
type Coefficient<S> = Option<Rc<Vec<S>>>;

/// How the coefficients of a series come about.
#[derive(Clone, Debug, PartialEq)]
enum How {
    Given,
    Constant(u64),
    /// The value alone.
    Still(Id),
    /// By t.
    Derivative(Id),
    Unary(Unary, Id),
    Binary(Binary, Id, Id),
    Structural(Structural, SmallVec<[Id; 3]>, Attributes),
    Reshaped(Id),
    Permuted(Id, Vec<usize>),
    Repeated(Id),
    Part(Id, usize, Range<usize>),
}

impl How {
    fn operands(&self) -> SmallVec<[Id; 3]> {
        match self {
            How::Given | How::Constant(_) => SmallVec::new(),
            How::Still(x) | How::Derivative(x) | How::Unary(_, x) | How::Reshaped(x) => {
                SmallVec::from_slice(&[*x])
            }
            How::Permuted(x, _) | How::Repeated(x) | How::Part(x, ..) => {
                SmallVec::from_slice(&[*x])
            }
            How::Binary(_, x, y) => SmallVec::from_slice(&[*x, *y]),
            How::Structural(_, operands, _) => operands.clone(),
        }
    }
}

struct Node<S> {
    shape: Shape,
    how: Rc<How>,
    /// Whether coefficients after the zeroth may differ from 0.
    moves: bool,
    /// Those that are known.
    coefficients: Vec<Option<Coefficient<S>>>,
    /// Its tangent, once it was asked for; nothing if no derivative passes.
    tangent: Option<Option<Id>>,
}

/// A kind of node, and what it reads.
type Key = (u8, SmallVec<[Id; 3]>);

/// Where series are kept.
pub struct Series<S> {
    nodes: RefCell<Vec<Node<S>>>,
    /// By what they read: those that may be equal.
    known: RefCell<HashMap<Key, Vec<Id>>>,
}

/// A series of arrays of one shape.
pub struct Power<'a, S> {
    of: &'a Series<S>,
    id: Id,
}

impl<S> Clone for Power<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Power<'_, S> {}

impl<S> fmt::Debug for Power<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Power({})", self.id)
    }
}

impl<S> fmt::Debug for Series<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Series({} nodes)", self.nodes.borrow().len())
    }
}

impl<S: Scalar> Default for Series<S> {
    fn default() -> Self {
        Series { nodes: RefCell::default(), known: RefCell::default() }
    }
}

impl<S: Scalar> Series<S> {
    /// `value + t direction`, row-major; a constant if there is no direction.
    #[must_use]
    pub fn given(&self, shape: Shape, value: Vec<S>, direction: Option<Vec<S>>) -> Power<'_, S> {
        let mut nodes = self.nodes.borrow_mut();
        let moves = direction.is_some();
        let coefficients = vec![Some(Some(Rc::new(value))), Some(direction.map(Rc::new))];
        nodes.push(Node { shape, how: Rc::new(How::Given), moves, coefficients, tangent: None });
        Power { of: self, id: nodes.len() as Id - 1 }
    }

    /// How many series there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.borrow().len()
    }

    /// Finds coefficient j of the first series. In the order of j this keeps what is asked for
    /// later near: a coefficient reads those before it, and its operands'.
    pub fn advance(&self, count: usize, j: usize) {
        for id in 0..count as Id {
            self.coefficient(id, j);
        }
    }

    fn how(&self, id: Id) -> Rc<How> {
        Rc::clone(&self.nodes.borrow()[id as usize].how)
    }

    fn shape(&self, id: Id) -> Shape {
        self.nodes.borrow()[id as usize].shape.clone()
    }

    fn moves(&self, id: Id) -> bool {
        self.nodes.borrow()[id as usize].moves
    }

    fn node(&self, how: How, shape: Shape) -> Power<'_, S> {
        let tag = match &how {
            How::Given => 0,
            How::Constant(_) => 1,
            How::Still(_) => 2,
            How::Derivative(_) => 3,
            How::Unary(..) => 4,
            How::Binary(..) => 5,
            How::Structural(..) => 6,
            How::Reshaped(_) => 7,
            How::Permuted(..) => 8,
            How::Repeated(_) => 9,
            How::Part(..) => 10,
        };
        let operands = how.operands();
        let key = (tag, operands);
        {
            let (known, nodes) = (self.known.borrow(), self.nodes.borrow());
            let same = |&&id: &&Id| {
                let node = &nodes[id as usize];
                *node.how == how && node.shape == shape
            };
            if let Some(&id) = known.get(&key).and_then(|ids| ids.iter().find(same)) {
                return Power { of: self, id };
            }
        }
        let moves = match &how {
            How::Still(_) | How::Constant(_) | How::Given => false,
            _ => key.1.iter().any(|&x| self.moves(x)),
        };
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.len() as Id;
        let (coefficients, tangent) = (Vec::new(), None);
        nodes.push(Node { shape, how: Rc::new(how), moves, coefficients, tangent });
        drop(nodes);
        self.known.borrow_mut().entry(key).or_default().push(id);
        Power { of: self, id }
    }

    fn coefficient(&self, id: Id, j: usize) -> Coefficient<S> {
        {
            let nodes = self.nodes.borrow();
            let node = &nodes[id as usize];
            if j > 0 && !node.moves {
                return None;
            }
            match node.coefficients.get(j) {
                Some(Some(known)) => return known.clone(),
                _ if *node.how == How::Given => return None,
                _ => {}
            }
        }
        let moves = |found: &Vec<S>| j == 0 || found.iter().any(|number| !number.is_zero());
        let found = self.compute(id, j).filter(moves).map(Rc::new);
        let coefficients = &mut self.nodes.borrow_mut()[id as usize].coefficients;
        if coefficients.len() <= j {
            coefficients.resize(j + 1, None);
        }
        coefficients[j] = Some(found.clone());
        found
    }

    /// The numbers of a value.
    fn value(&self, id: Id) -> Rc<Vec<S>> {
        self.coefficient(id, 0).expect("a value has numbers")
    }

    fn zeros(&self, id: Id) -> Rc<Vec<S>> {
        Rc::new(vec![S::from_f64(0.0); self.shape(id).len()])
    }

    /// The series of `v̇`.
    fn tangent(&self, id: Id) -> Option<Id> {
        if let Some(known) = self.nodes.borrow()[id as usize].tangent {
            return known;
        }
        let how = self.how(id);
        let power = |id: Id| Power { of: self, id };
        let (v, moving) = (power(id), |x: Id| self.moves(x).then(|| power(x).derivative()));
        let tangent = match &*how {
            How::Unary(op, x) => moving(*x).and_then(|t| rules::unary(*op, power(*x), v).times(t)),
            How::Binary(op, x, y) => {
                let (x, y) = (power(*x), power(*y));
                let first = moving(x.id).and_then(|t| rules::first(*op, x, y, v).times(t));
                let second = moving(y.id).and_then(|t| rules::second(*op, x, y, v).times(t));
                first.into_iter().chain(second).reduce(|a, b| a + b)
            }
            How::Structural(op, ids, attributes) => {
                let operands: Vec<Power<'_, S>> = ids.iter().map(|&x| power(x)).collect();
                let at = At { operands: &operands, value: v, attributes };
                let each = operands.iter().enumerate();
                let each = each.filter_map(|(i, x)| op.tangent(&at, i, moving(x.id)?));
                each.reduce(|a, b| a + b)
            }
            _ => None,
        };
        // A number stands for a run of it.
        let tangent = tangent.map(|tangent| tangent.repeated(&v.extents()).id);
        self.nodes.borrow_mut()[id as usize].tangent = Some(tangent);
        tangent
    }
}

impl<'a, S: Scalar> Power<'a, S> {
    /// The coefficients up to an order, each row-major.
    #[must_use]
    pub fn coefficients(self, order: usize) -> Vec<Vec<S>> {
        let each = (0..=order).map(|j| self.of.coefficient(self.id, j));
        each.map(|c| c.unwrap_or_else(|| self.of.zeros(self.id)).to_vec()).collect()
    }

    fn derivative(self) -> Self {
        self.of.node(How::Derivative(self.id), self.extents())
    }
}

impl<S: Scalar> Real for Power<'_, S> {
    fn like(self, constant: f64) -> Self {
        self.of.node(How::Constant(constant.to_bits()), Shape::scalar())
    }

    fn largest(self) -> Self {
        self.like(S::from_f64(1.0).largest().to_f64())
    }

    fn unary(self, op: Unary) -> Self {
        self.of.node(How::Unary(op, self.id), self.extents())
    }

    fn binary(self, op: Binary, other: Self) -> Self {
        let shape = self.extents().broadcast(&other.extents()).expect("a rule's broadcast fits");
        self.of.node(How::Binary(op, self.id, other.id), shape)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl<S: Scalar> $trait for Power<'_, S> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}
operators! { Add add; Sub sub; Mul mul; Div div; Rem rem; }

impl<S: Scalar> Neg for Power<'_, S> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

impl<S: Scalar> Algebra for Power<'_, S> {
    fn extents(self) -> Shape {
        self.of.shape(self.id)
    }

    fn reshaped(self, shape: &Shape) -> Self {
        if self.extents() == *shape {
            return self;
        }
        self.of.node(How::Reshaped(self.id), shape.clone())
    }

    fn permuted(self, order: &[usize]) -> Self {
        let own = Layout::contiguous(self.extents());
        let shape = own.permute(order).shape().clone();
        self.of.node(How::Permuted(self.id, order.to_vec()), shape)
    }

    fn repeated(self, shape: &Shape) -> Self {
        if self.extents() == *shape {
            return self;
        }
        self.of.node(How::Repeated(self.id), shape.clone())
    }

    fn part(self, axis: usize, range: Range<usize>) -> Self {
        let own = Layout::contiguous(self.extents());
        let shape = own.narrow(axis, range.len()).shape().clone();
        self.of.node(How::Part(self.id, axis, range), shape)
    }

    fn structural(op: Structural, operands: &[Self], attributes: Attributes) -> Self {
        match &attributes {
            // With a rule of its own it is differentiated by that.
            Attributes::Call(call) if call.rule.is_none() => return ran(&call.body, operands),
            Attributes::Scan(scan) => return Self::looped(operands, scan),
            Attributes::Cond(cond) => {
                let condition = operands[0].of.value(operands[0].id)[0];
                let body = if condition.is_zero() { &cond.no } else { &cond.yes };
                return ran(body, &operands[1..]);
            }
            _ => {}
        }
        let shapes: SmallVec<[Shape; 3]> = operands.iter().map(|x| x.extents()).collect();
        let shapes: SmallVec<[&Shape; 3]> = shapes.iter().collect();
        let shape = op.shape(&shapes, &attributes).expect("a rule's operands fit");
        let ids = operands.iter().map(|x| x.id).collect();
        operands[0].of.node(How::Structural(op, ids, attributes), shape)
    }

    fn still(self) -> Self {
        self.of.node(How::Still(self.id), self.extents())
    }
}
