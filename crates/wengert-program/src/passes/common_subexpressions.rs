//! Common subexpressions: a node that computes what an earlier one does is that one.

use std::hash::{Hash, Hasher};

use super::{Replacement, State};
use crate::access::{Access, Dims};
use crate::graph::{FastMap, Instruction, Kind, Op};
use crate::ids::{Id, Node, Value};
use crate::interner::Interner;
use crate::op::Binary;
use crate::real::Scalar;

/// What makes two runs the same: all but where the result goes and what it stands for.
type Key = (Op, Dims, Dims, smallvec::SmallVec<[Access<Value>; 2]>);

/// Shares in one walk: operands are shared before their readers, so equal expressions of any depth
/// are found.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    let mut known = Interner::with_room(state.graph.nodes.len());
    let mut runs: FastMap<Key, Node> = FastMap::default();
    state.rewrite(|graph, node| {
        let first = match graph.nodes[node] {
            kind @ (Kind::Unary(..) | Kind::Binary(..) | Kind::Select(..)) => {
                let kind = ordered(kind);
                let equal = |other: usize| ordered(graph.nodes[Node::new(other)]) == kind;
                let last = kind.operands().into_iter().max().map_or(0, Value::index);
                Node::new(known.number(last, hash(kind), node.index(), equal))
            }
            Kind::Run(index) => {
                let Instruction { op, dims, inner, operands, .. } = &graph.runs[index as usize];
                *runs.entry((*op, dims.clone(), inner.clone(), operands.clone())).or_insert(node)
            }
            _ => return Replacement::None,
        };
        if first == node { Replacement::None } else { Replacement::Value(graph.line.start(first)) }
    });
}

fn hash(kind: Kind) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    kind.hash(&mut hasher);
    hasher.finish()
}

/// The operands of a sum or a product in order of values: IEEE's are commutative.
fn ordered(kind: Kind) -> Kind {
    match kind {
        Kind::Binary(op @ (Binary::Add | Binary::Mul), a, b) if a > b => Kind::Binary(op, b, a),
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;
    use crate::ids::Point;
    use crate::op::Unary;
    use crate::passes::Root;

    #[test]
    fn equal_expressions_become_one_and_differences_stay_apart() {
        let mut graph = Graph::<f64>::new();
        let (x, y) = (graph.block(None, 1), graph.block(None, 1));
        let mut push = |kind| graph.push(kind);
        let (p, q) = (push(Kind::Binary(Binary::Mul, x, y)), push(Kind::Binary(Binary::Mul, y, x)));
        let (e, f) = (push(Kind::Unary(Unary::Exp, p)), push(Kind::Unary(Unary::Exp, q)));
        let (s, t) = (push(Kind::Binary(Binary::Sub, x, y)), push(Kind::Binary(Binary::Sub, y, x)));
        let mut state = State::new(graph, [e, f, s, t].map(Root::number).to_vec());
        super::run(&mut state);
        assert_eq!(state.roots, [e, e, s, t].map(Root::number));
    }

    #[test]
    fn equal_runs_become_one() {
        let mut graph = Graph::<f64>::new();
        let x = Access::contiguous(graph.block(None, 6), &[6]);
        let runs = [(); 2].map(|()| {
            graph.run(Op::Unary(Unary::Sin), &[6], &[], std::slice::from_ref(&x)).first()
        });
        let fourth = |run: Value| Root::number(run.plus(3));
        let mut state = State::new(graph, runs.map(fourth).to_vec());
        super::run(&mut state);
        assert_eq!(state.roots, [fourth(runs[0]), fourth(runs[0])]);
    }
}
