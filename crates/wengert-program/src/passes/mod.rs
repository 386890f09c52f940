//! What is done to the graph before it is laid out, each pass a file: fewer nodes, the same numbers.

pub(crate) mod chains;
pub(crate) mod fold;
pub(crate) mod prune;
pub(crate) mod share;

use super::graph::{Graph, Kind, NONE, Node};
use crate::real::Scalar;

/// A graph and what is asked of it.
#[derive(Debug)]
pub(crate) struct State<S> {
    pub(crate) graph: Graph<S>,
    /// Slots that must be computed: outputs, gradients, both sides of guards.
    pub(crate) roots: Vec<u32>,
    /// By slot: whether a root depends on it.
    pub(crate) live: Vec<bool>,
}

impl<S: Scalar> State<S> {
    pub(crate) fn new(graph: Graph<S>, roots: Vec<u32>) -> Self {
        let live = vec![true; graph.nodes.len()];
        State { graph, roots, live }
    }

    pub(crate) fn count(&self) -> usize {
        self.graph.count(&self.live)
    }

    /// As `count`, without leaves and constants.
    pub(crate) fn count_computed(&self) -> usize {
        let is_leaf = |(slot, node): (usize, &Node)| self.live[slot] && matches!(node.kind, Kind::Leaf | Kind::Const);
        self.count() - self.graph.nodes.iter().enumerate().filter(|&pair| is_leaf(pair)).count()
    }

    /// Walks the live nodes in order, their operands replaced by what stands for them; `replace` may name the slot that stands
    /// for a scalar node, or all the slots that stand for a run's.
    fn rewrite(&mut self, mut replace: impl FnMut(&mut Graph<S>, u32) -> Replacement) {
        let slots = self.graph.nodes.len();
        let mut alias: Vec<u32> = (0..slots as u32).collect();
        for slot in 0..slots {
            if !self.live[slot] {
                continue;
            }
            let graph = &mut self.graph;
            let node = graph.nodes[slot];
            match node.kind {
                Kind::Part if node.b == 0 => {
                    let wide = &mut graph.wides[node.a as usize];
                    for i in 0..wide.operands.len() {
                        let axes = wide.axes(i);
                        let mut moved = false;
                        wide.operands[i].for_each_distinct(&axes, |slot| moved |= alias[slot as usize] != slot);
                        if moved {
                            wide.operands[i] = wide.operands[i].renamed(&axes, |slot| alias[slot as usize]);
                        }
                    }
                }
                Kind::Chain => {
                    let chain = &mut graph.chains[node.a as usize];
                    let to = |slot: &mut u32| *slot = alias[*slot as usize];
                    chain.a.iter_mut().chain(&mut chain.b).for_each(to);
                    if chain.init != NONE {
                        chain.init = alias[chain.init as usize];
                    }
                }
                Kind::Leaf | Kind::Const | Kind::Part => {}
                Kind::Unary(_) | Kind::Binary(_) | Kind::Select | Kind::OverRows => {
                    let reads = node.operands().len();
                    let to = |i: usize, slot: u32| if i < reads { alias[slot as usize] } else { slot };
                    graph.nodes[slot] = Node { a: to(0, node.a), b: to(1, node.b), c: to(2, node.c), ..node };
                }
            }
            match replace(graph, slot as u32) {
                Replacement::None => {}
                Replacement::Slot(by) => alias[slot] = by,
                Replacement::Run(by) => alias[slot..slot + by.len()].copy_from_slice(&by),
            }
            // A pass may have added constants.
            for added in alias.len()..self.graph.nodes.len() {
                alias.push(added as u32);
                self.live.push(true);
            }
        }
        self.roots.iter_mut().for_each(|root| *root = alias[*root as usize]);
    }
}

/// What stands for a node from now on.
enum Replacement {
    None,
    Slot(u32),
    Run(Vec<u32>),
}
