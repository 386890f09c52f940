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

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Range, Rem, Sub};
use std::rc::Rc;

use smallvec::SmallVec;

use crate::algebra::Algebra;
use crate::attributes::{Attributes, Body, Given, Returned};
use crate::elementwise;
use crate::op::{Binary, Structural, Unary};
use crate::real::{Real, Scalar};
use crate::rules;
use crate::shape::{Layout, Shape};
use crate::structural::{At, Site};
use crate::tensor::Tensor;

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

/// Where series are kept.
pub struct Series<S> {
    nodes: RefCell<Vec<Node<S>>>,
    /// By what they read: those that may be equal.
    known: RefCell<HashMap<(u8, SmallVec<[Id; 3]>), Vec<Id>>>,
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

    fn compute(&self, id: Id, j: usize) -> Option<Vec<S>> {
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

    /// What a loop does, written out.
    fn looped(operands: &[Self], scan: &crate::attributes::Scan) -> Self {
        let body: &Body = &scan.body;
        let mut given = operands.to_vec();
        let outputs = scan.returned.len();
        let mut rows: Vec<Vec<Self>> = vec![Vec::new(); outputs];
        let mut last = Vec::new();
        for t in 0..scan.steps {
            let row = if scan.backwards { scan.steps - 1 - t } else { t };
            let inputs = given.iter().zip(&scan.given).zip(&body.inputs);
            let inputs = inputs.map(|((&x, kind), shape)| match kind {
                Given::Row => x.part(0, row..row + 1).reshaped(shape),
                Given::Carried(_) | Given::Fixed => x,
            });
            last = body.written_out(&inputs.collect::<Vec<_>>());
            for (o, (returned, &output)) in scan.returned.iter().zip(&last).enumerate() {
                match *returned {
                    Returned::Row => rows[o].push(output),
                    Returned::Carried(k) => {
                        let is_it = |given: &Given| *given == Given::Carried(k);
                        let state = scan.given.iter().position(is_it);
                        given[state.expect("every state is given")] = output;
                    }
                }
            }
        }
        // The states, then the rows, in the order in which the loop returns them.
        let mut parts: Vec<(usize, Self)> = Vec::new();
        for (o, returned) in scan.returned.iter().enumerate() {
            let output = match returned {
                Returned::Carried(_) => last[o],
                Returned::Row => {
                    if scan.backwards {
                        rows[o].reverse();
                    }
                    Self::structural(Structural::Stack, &rows[o], Attributes::None)
                }
            };
            parts.push((scan.output_start(o), output));
        }
        parts.sort_by_key(|&(start, _)| start);
        one_after_the_other(&parts.into_iter().map(|(_, part)| part).collect::<Vec<_>>())
    }
}

/// Arrays as one run.
fn one_after_the_other<'a, S: Scalar>(parts: &[Power<'a, S>]) -> Power<'a, S> {
    let flat = |part: &Power<'a, S>| part.reshaped(&Shape::from([part.extents().len()]));
    let flat: Vec<Power<'a, S>> = parts.iter().map(flat).collect();
    Algebra::structural(Structural::Concat, &flat, Attributes::axes_of(&[0]))
}

/// What a body returns, as a step that runs it does.
fn ran<'a, S: Scalar>(body: &Body, operands: &[Power<'a, S>]) -> Power<'a, S> {
    match body.written_out(operands).as_slice() {
        [output] => *output,
        outputs => one_after_the_other(outputs),
    }
}

impl<S: Scalar> Real for Power<'_, S> {
    fn like(self, constant: f64) -> Self {
        self.of.node(How::Constant(constant.to_bits()), Shape::scalar())
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
