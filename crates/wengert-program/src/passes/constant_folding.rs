//! Constant folding: constants are computed now, and operations with a constant that leave a
//! number as it is vanish.
//!
//! Only what IEEE arithmetic gives exactly: `x · 1`, `x / 1`, `x + (−0)`, `x − 0`, `x²` as a
//! product. Not `x + 0` (of −0 it makes +0) and not `x · 0` (of ∞ it makes NaN).

use super::{Replacement, State};
use crate::access::Access;
use crate::graph::{Graph, Instruction, Kind, Op};
use crate::ids::{Node, Value};
use crate::op::{Binary, Unary};
use crate::real::Scalar;

/// Folds in one walk; constants of constants too.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    state.rewrite(|graph, node| match graph.nodes[node] {
        Kind::Unary(op, a) => unary(graph, op, a),
        Kind::Binary(op, a, b) => binary(graph, node, op, a, b),
        Kind::Select(condition, a, b) => match graph.constant_at(condition) {
            Some(condition) => Replacement::Value(if condition.is_zero() { b } else { a }),
            None => Replacement::None,
        },
        Kind::Run(index) => run_of_numbers(graph, index as usize),
        Kind::Assembly(_) | Kind::Leaf(_) | Kind::Const(_) | Kind::Chain(_) | Kind::OverRows(_) => {
            Replacement::None
        }
    });
}

fn unary<S: Scalar>(graph: &mut Graph<S>, op: Unary, a: Value) -> Replacement {
    match graph.kind_of(a) {
        Kind::Const(index) => {
            let number = graph.constants[index as usize].unary(op);
            Replacement::Value(graph.constant(number))
        }
        Kind::Unary(Unary::Neg, inner) if op == Unary::Neg => Replacement::Value(inner),
        _ => Replacement::None,
    }
}

fn binary<S: Scalar>(
    graph: &mut Graph<S>,
    node: Node,
    op: Binary,
    a: Value,
    b: Value,
) -> Replacement {
    let (x, y) = (graph.constant_at(a), graph.constant_at(b));
    if let (Some(x), Some(y)) = (x, y) {
        return Replacement::Value(graph.constant(x.binary(op, y)));
    }
    match identity(op, x, y) {
        Some(Identity::First) => return Replacement::Value(a),
        Some(Identity::Second) => return Replacement::Value(b),
        Some(Identity::NegatedFirst) => graph.nodes[node] = Kind::Unary(Unary::Neg, a),
        Some(Identity::NegatedSecond) => graph.nodes[node] = Kind::Unary(Unary::Neg, b),
        Some(Identity::Square) => graph.nodes[node] = Kind::Binary(Binary::Mul, a, a),
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
    let is = |number: Option<S>, value: f64| {
        number.is_some_and(|number| number.same_bits(S::from_f64(value)))
    };
    let product = matches!(op, Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither);
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
fn run_of_numbers<S: Scalar>(graph: &mut Graph<S>, index: usize) -> Replacement {
    let Instruction { op: Op::Binary(op), ref dims, ref operands, .. } = graph.runs[index] else {
        return Replacement::None;
    };
    let constant = |access: &Access<Value>| match access {
        Access::Strided { start, strides }
            if strides.iter().zip(dims).all(|(&s, &d)| s == 0 || d == 1) =>
        {
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
        Identity::First => return Replacement::Run(dims.clone(), operands[0].clone()),
        Identity::Second => return Replacement::Run(dims.clone(), operands[1].clone()),
        _ => {}
    }
    let run = &mut graph.runs[index];
    match identity {
        Identity::Square => {
            run.op = Op::Binary(Binary::Mul);
            run.operands[1] = run.operands[0].clone();
        }
        Identity::NegatedSecond => {
            run.op = Op::Unary(Unary::Neg);
            run.operands.remove(0);
        }
        _ => {
            run.op = Op::Unary(Unary::Neg);
            run.operands.truncate(1);
        }
    }
    Replacement::None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes::Root;

    /// What `op(x, c)` becomes.
    fn folded(op: Binary, c: f64) -> (State<f64>, Root) {
        let mut graph = Graph::new();
        let x = graph.block(None, 1);
        let c = graph.constant(c);
        let root = graph.push(Kind::Binary(op, x, c));
        let mut state = State::new(graph, vec![Root::number(root)]);
        super::run(&mut state);
        (state, Root::number(x))
    }

    #[test]
    fn what_ieee_leaves_alone_vanishes() {
        for (op, c) in [
            (Binary::Mul, 1.0),
            (Binary::Div, 1.0),
            (Binary::Add, -0.0),
            (Binary::Sub, 0.0),
            (Binary::MulNoNan, 1.0),
        ] {
            let (state, x) = folded(op, c);
            assert_eq!(state.roots, std::slice::from_ref(&x), "{op:?} {c}");
        }
    }

    #[test]
    fn what_changes_a_bit_somewhere_stays() {
        for (op, c) in
            [(Binary::Add, 0.0), (Binary::Mul, 0.0), (Binary::Sub, -0.0), (Binary::Mul, 2.0)]
        {
            let (state, x) = folded(op, c);
            assert_ne!(state.roots, std::slice::from_ref(&x), "{op:?} {c}");
        }
    }

    #[test]
    fn constants_of_constants_are_computed() {
        let mut graph = Graph::<f64>::new();
        let (two, three) = (graph.constant(2.0), graph.constant(3.0));
        let sum = graph.push(Kind::Binary(Binary::Add, two, three));
        let root = graph.push(Kind::Unary(Unary::Exp, sum));
        let mut state = State::new(graph, vec![Root::number(root)]);
        super::run(&mut state);
        assert_eq!(state.graph.constant_at(state.roots[0].access.first()), Some(libm::exp(5.0)));
    }
}
