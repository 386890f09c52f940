//! The trace as a petgraph graph.

use std::collections::BTreeMap;

use petgraph::graph::{DiGraph, NodeIndex};

use crate::trace::Trace;

/// What an edge from an operand to its reader says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reads {
    /// Which operand of the reader it is, from 0.
    pub operand: usize,
    /// Whether derivatives stop here.
    pub cut: bool,
    /// The local partial, where one number reads one number of the node; runs have a Jacobian
    /// instead.
    pub partial: Option<f64>,
}

impl Trace {
    /// The graph of the trace: a vertex for every node, in the order of recording, holding the
    /// node's index; an edge from every node that is read to its reader, operand by operand.
    /// Deterministic, and acyclic.
    ///
    /// Vertex i is node i: `NodeIndex::new(i)`. petgraph's algorithms (dominators, paths,
    /// topological orders) run on it as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::Trace;
    ///
    /// let tape = wengert::Tape::new();
    /// let (x, y) = (tape.input(3.0).named("x"), tape.input(2.0).named("y"));
    /// let trace = Trace::of(&(x * y).named("L").backward())?;
    /// let graph = trace.graph();
    /// let partials: Vec<_> = graph.edge_weights().map(|reads| reads.partial).collect();
    /// assert_eq!(partials, [Some(2.0), Some(3.0)]);
    /// assert!(!petgraph::algo::is_cyclic_directed(&graph));
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn graph(&self) -> DiGraph<usize, Reads> {
        let mut graph = DiGraph::with_capacity(self.nodes().len(), 2 * self.nodes().len());
        for index in 0..self.nodes().len() {
            graph.add_node(index);
        }
        for (index, node) in self.nodes().iter().enumerate() {
            let partials =
                if node.values.len() == 1 { self.partials(index) } else { BTreeMap::new() };
            for (operand, read) in node.operands.iter().enumerate() {
                for from in self.nodes_read(&read.elements) {
                    let partial = partials.get(&(operand, from)).copied().flatten();
                    let reads = Reads { operand, cut: read.cut, partial };
                    graph.add_edge(NodeIndex::new(from), NodeIndex::new(index), reads);
                }
            }
        }
        graph
    }

    /// The local partial by operand and node read; `None` where several numbers of a node are read.
    fn partials(&self, node: usize) -> BTreeMap<(usize, usize), Option<f64>> {
        let mut partials = BTreeMap::new();
        self.jacobian(node, |entry| {
            let partial = entry.partial.value(0.0);
            let from = self.spot(crate::trace::Slot(entry.slot)).node;
            partials
                .entry((entry.operand, from))
                .and_modify(|p| *p = None)
                .or_insert(Some(partial));
        });
        partials
    }

    /// The nodes that some elements belong to, in order.
    pub(crate) fn nodes_read(&self, elements: &crate::trace::Elements) -> Vec<usize> {
        let strided = self.resolve(elements);
        let first = elements.first.node;
        // Elements of one node, which is nearly always.
        if strided.last().is_some_and(|last| last < self.start(first + 1)) {
            return vec![first];
        }
        let mut nodes: Vec<usize> =
            strided.slots().map(|slot| self.spot(crate::trace::Slot(slot)).node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}
