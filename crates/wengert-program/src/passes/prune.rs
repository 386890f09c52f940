//! Dead nodes: what no root depends on.

use super::State;
use crate::graph::Kind;
use crate::real::Scalar;

/// Marks what the roots depend on. A run lives as a whole.
pub(crate) fn run<S: Scalar>(state: &mut State<S>) {
    let graph = &state.graph;
    let mut live = vec![false; graph.nodes.len()];
    state.roots.iter().for_each(|&root| live[root as usize] = true);
    // Readers come after what they read, so one walk from the end sees every reader first.
    for slot in (0..graph.nodes.len()).rev() {
        if !live[slot] {
            continue;
        }
        let node = graph.nodes[slot];
        if node.kind == Kind::Part && node.b > 0 {
            live[slot - 1] = true;
            continue;
        }
        graph.for_each_operand(slot as u32, |operand| live[operand as usize] = true);
    }
    for wide in &graph.wides {
        let first = wide.out.first() as usize;
        if live[first] {
            live[first..first + wide.len()].fill(true);
        }
    }
    state.live = live;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Access;
    use crate::graph::{Graph, Op};
    use crate::op::{Binary, Unary};

    #[test]
    fn only_what_a_root_depends_on_stays_and_runs_stay_whole() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(0, 4);
        let dead = graph.push(Kind::Unary(Unary::Exp), x, 0, 0);
        let run = graph.wide(Op::Unary(Unary::Sin), &[4], &[], &[Access::contiguous(x, &[4])]);
        let root = graph.push(Kind::Binary(Binary::Mul), run.first() + 2, x, 0);
        let mut state = State::new(graph, vec![root]);
        super::run(&mut state);
        assert!(!state.live[dead as usize]);
        assert!((0..4).all(|i| state.live[(run.first() + i) as usize]));
        // Four leaves, one run, one product.
        assert_eq!(state.count(), 6);
    }
}
