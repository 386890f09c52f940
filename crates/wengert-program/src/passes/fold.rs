//! Constants, computed now, and operations with a constant that leave a number as it is.
//!
//! Only what IEEE arithmetic gives exactly: `x · 1`, `x / 1`, `x + (−0)`, `x − 0`, `x²` as a product. Not `x + 0` (of −0 it makes +0) and not `x · 0`
//! (of ∞ it makes NaN).

use super::{Replacement, State};
use crate::access::Access;
use crate::graph::{Graph, Instruction, Kind, Node, Op};
use crate::op::{Binary, Unary};
use crate::real::Scalar;

/// Folds in one walk; constants of constants too.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    state.rewrite(|graph, slot| {
        let node = graph.nodes[slot as usize];
        match node.kind {
            Kind::Unary(op) => unary(graph, op, node),
            Kind::Binary(op) => binary(graph, op, node, slot),
            Kind::Select => match graph.constant_at(node.a) {
                Some(condition) => Replacement::Slot(if condition.is_zero() { node.c } else { node.b }),
                None => Replacement::None,
            },
            Kind::Part if node.b == 0 => wide(graph, node.a as usize),
            Kind::Part | Kind::Leaf | Kind::Const | Kind::Chain | Kind::OverRows => Replacement::None,
        }
    });
}

fn unary<S: Scalar>(graph: &mut Graph<S>, op: Unary, node: Node) -> Replacement {
    if let Some(x) = graph.constant_at(node.a) {
        return Replacement::Slot(graph.constant(x.unary(op)));
    }
    let inner = graph.nodes[node.a as usize];
    if op == Unary::Neg && inner.kind == Kind::Unary(Unary::Neg) {
        return Replacement::Slot(inner.a);
    }
    Replacement::None
}

fn binary<S: Scalar>(graph: &mut Graph<S>, op: Binary, node: Node, slot: u32) -> Replacement {
    let (a, b) = (graph.constant_at(node.a), graph.constant_at(node.b));
    if let (Some(a), Some(b)) = (a, b) {
        return Replacement::Slot(graph.constant(a.binary(op, b)));
    }
    match identity(op, a, b) {
        Some(Identity::First) => return Replacement::Slot(node.a),
        Some(Identity::Second) => return Replacement::Slot(node.b),
        Some(Identity::NegatedFirst) => graph.nodes[slot as usize] = Node { kind: Kind::Unary(Unary::Neg), ..node },
        Some(Identity::NegatedSecond) => {
            graph.nodes[slot as usize] = Node { kind: Kind::Unary(Unary::Neg), a: node.b, b: 0, c: 0 };
        }
        Some(Identity::Square) => {
            graph.nodes[slot as usize] = Node { kind: Kind::Binary(Binary::Mul), b: node.a, ..node };
        }
        None => {}
    }
    Replacement::None
}

/// What an operation with a constant is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Identity {
    First,
    Second,
    NegatedFirst,
    NegatedSecond,
    Square,
}

fn identity<S: Scalar>(op: Binary, a: Option<S>, b: Option<S>) -> Option<Identity> {
    let is = |number: Option<S>, value: f64| number.is_some_and(|number| number.same_bits(S::from_f64(value)));
    let product = matches!(op, Binary::Mul | Binary::Chain);
    match op {
        _ if product && is(b, 1.0) => Some(Identity::First),
        _ if product && is(a, 1.0) => Some(Identity::Second),
        _ if product && is(b, -1.0) => Some(Identity::NegatedFirst),
        _ if product && is(a, -1.0) => Some(Identity::NegatedSecond),
        Binary::Div | Binary::Powi if is(b, 1.0) => Some(Identity::First),
        Binary::Add if is(b, -0.0) => Some(Identity::First),
        Binary::Add if is(a, -0.0) => Some(Identity::Second),
        Binary::Sub if is(b, 0.0) => Some(Identity::First),
        Binary::Powi if is(b, 2.0) => Some(Identity::Square),
        _ => None,
    }
}

/// As for numbers, where an operand repeats one constant.
fn wide<S: Scalar>(graph: &mut Graph<S>, index: usize) -> Replacement {
    let Instruction { op: Op::Binary(op), ref dims, ref operands, .. } = graph.wides[index] else {
        return Replacement::None;
    };
    let constant = |access: &Access| match access {
        Access::Strided { start, strides } if strides.iter().zip(dims).all(|(&s, &d)| s == 0 || d == 1) => {
            graph.constant_at(*start)
        }
        _ => None,
    };
    let (a, b) = (constant(&operands[0]), constant(&operands[1]));
    if a.is_some() && b.is_some() {
        return Replacement::None;
    }
    let Some(identity) = identity(op, a, b) else { return Replacement::None };
    match identity {
        Identity::First => return Replacement::Run(operands[0].slots(dims)),
        Identity::Second => return Replacement::Run(operands[1].slots(dims)),
        _ => {}
    }
    let wide = &mut graph.wides[index];
    match identity {
        Identity::Square => {
            wide.op = Op::Binary(Binary::Mul);
            wide.operands[1] = wide.operands[0].clone();
        }
        Identity::NegatedSecond => {
            wide.op = Op::Unary(Unary::Neg);
            wide.operands.remove(0);
        }
        _ => {
            wide.op = Op::Unary(Unary::Neg);
            wide.operands.truncate(1);
        }
    }
    Replacement::None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `op(x, c)` becomes.
    fn folded(op: Binary, c: f64) -> (State<f64>, u32) {
        let mut graph = Graph::new();
        let x = graph.block(0, 1);
        let c = graph.constant(c);
        let root = graph.push(Kind::Binary(op), x, c, 0);
        let mut state = State::new(graph, vec![root]);
        super::run(&mut state);
        (state, x)
    }

    #[test]
    fn what_ieee_leaves_alone_vanishes() {
        for (op, c) in
            [(Binary::Mul, 1.0), (Binary::Div, 1.0), (Binary::Add, -0.0), (Binary::Sub, 0.0), (Binary::Chain, 1.0)]
        {
            let (state, x) = folded(op, c);
            assert_eq!(state.roots, [x], "{op:?} {c}");
        }
    }

    #[test]
    fn what_changes_a_bit_somewhere_stays() {
        for (op, c) in [(Binary::Add, 0.0), (Binary::Mul, 0.0), (Binary::Sub, -0.0), (Binary::Mul, 2.0)] {
            let (state, x) = folded(op, c);
            assert_ne!(state.roots, [x], "{op:?} {c}");
        }
    }

    #[test]
    fn constants_of_constants_are_computed() {
        let mut graph = Graph::<f64>::new();
        let (two, three) = (graph.constant(2.0), graph.constant(3.0));
        let sum = graph.push(Kind::Binary(Binary::Add), two, three, 0);
        let root = graph.push(Kind::Unary(Unary::Exp), sum, 0, 0);
        let mut state = State::new(graph, vec![root]);
        super::run(&mut state);
        assert_eq!(state.graph.constant_at(state.roots[0]), Some(libm::exp(5.0)));
    }
}
