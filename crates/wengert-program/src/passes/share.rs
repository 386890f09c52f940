//! Common subexpressions: a node that computes what an earlier one does is that one.

use super::{Replacement, State};
use crate::access::{Access, Dims};
use crate::graph::{FastMap, Instruction, Kind, Node, Op};
use crate::op::Binary;
use crate::real::Scalar;

/// What makes two wide instructions the same: all but where the result goes and what it stands for.
type Key = (Op, Dims, Dims, smallvec::SmallVec<[Access; 3]>);

/// Shares in one walk: operands are shared before their readers, so equal expressions of any depth are found.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    let mut known: FastMap<Node, u32> = FastMap::default();
    known.reserve(state.graph.nodes.len() / 2);
    let mut runs: FastMap<Key, u32> = FastMap::default();
    state.rewrite(|graph, slot| {
        let node = graph.nodes[slot as usize];
        match node.kind {
            Kind::Unary(_) | Kind::Binary(_) | Kind::Select => match *known.entry(ordered(node)).or_insert(slot) {
                first if first == slot => Replacement::None,
                first => Replacement::Slot(first),
            },
            Kind::Part if node.b == 0 => {
                let Instruction { op, dims, inner, operands, .. } = &graph.wides[node.a as usize];
                let len = graph.wides[node.a as usize].len() as u32;
                let key = (*op, dims.clone(), inner.clone(), operands.clone());
                match *runs.entry(key).or_insert(slot) {
                    first if first == slot => Replacement::None,
                    first => Replacement::Run((first..first + len).collect()),
                }
            }
            _ => Replacement::None,
        }
    });
}

/// The operands of a sum or a product in order of slots: IEEE's are commutative.
fn ordered(node: Node) -> Node {
    let commutes = matches!(node.kind, Kind::Binary(Binary::Add | Binary::Mul));
    if commutes && node.a > node.b { Node { a: node.b, b: node.a, ..node } } else { node }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;
    use crate::op::Unary;

    #[test]
    fn equal_expressions_become_one_and_differences_stay_apart() {
        let mut graph = Graph::<f64>::new();
        let (x, y) = (graph.block(0, 1), graph.block(1, 1));
        let mut push = |kind, a, b| graph.push(kind, a, b, 0);
        let (p, q) = (push(Kind::Binary(Binary::Mul), x, y), push(Kind::Binary(Binary::Mul), y, x));
        let (e, f) = (push(Kind::Unary(Unary::Exp), p, 0), push(Kind::Unary(Unary::Exp), q, 0));
        let (s, t) = (push(Kind::Binary(Binary::Sub), x, y), push(Kind::Binary(Binary::Sub), y, x));
        let mut state = State::new(graph, vec![e, f, s, t]);
        super::run(&mut state);
        assert_eq!(state.roots, [e, e, s, t]);
    }

    #[test]
    fn equal_runs_become_one() {
        let mut graph = Graph::<f64>::new();
        let x = Access::contiguous(graph.block(0, 6), &[6]);
        let runs: Vec<u32> =
            (0..2).map(|_| graph.wide(Op::Unary(Unary::Sin), &[6], &[], std::slice::from_ref(&x)).first()).collect();
        let mut state = State::new(graph, vec![runs[0] + 3, runs[1] + 3]);
        super::run(&mut state);
        assert_eq!(state.roots, [runs[0] + 3, runs[0] + 3]);
    }
}
