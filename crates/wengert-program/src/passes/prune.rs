//! Dead nodes: what no root depends on.

use super::State;
use crate::ids::Map;
use crate::real::Scalar;

/// Marks what the roots depend on. A run lives as a whole.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    let graph = &state.graph;
    let mut live = Map::filled(false, graph.nodes.len());
    for root in &state.roots {
        root.access.for_each_run(&root.dims, &graph.line, |node| live[node] = true);
    }
    // Readers come after what they read, so one walk from the end sees every reader first.
    for node in graph.nodes.keys().rev() {
        if live[node] {
            graph.for_each_operand(node, |operand| live[operand] = true);
        }
    }
    state.live = live;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Access;
    use crate::graph::{Graph, Kind, Op};
    use crate::ids::Point;
    use crate::op::{Binary, Unary};
    use crate::passes::Root;

    #[test]
    fn only_what_a_root_depends_on_stays_and_runs_stay_whole() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(None, 4);
        let dead = graph.push(Kind::Unary(Unary::Exp, x));
        let run = graph.run(Op::Unary(Unary::Sin), &[4], &[], &[Access::contiguous(x, &[4])]);
        let root = graph.push(Kind::Binary(Binary::Mul, run.first().plus(2), x));
        let mut state = State::new(graph, vec![Root::number(root)]);
        super::run(&mut state);
        assert!(!state.live[state.graph.node_of(dead)]);
        // A block of leaves, one run, one product.
        assert_eq!(state.count(), 3);
    }
}
