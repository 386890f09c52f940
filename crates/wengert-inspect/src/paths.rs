//! Questions about a trace's graph: what a node depends on, which way a gradient takes, what it
//! cannot avoid, what is dead.

use std::collections::HashMap;

use petgraph::algo::dominators::simple_fast;
use petgraph::graph::{DiGraph, NodeIndex};
use wengert::rulebook::rules::Partial;

use crate::ledger::Contribution;
use crate::trace::{Slot, Trace};

/// One hop of a path: from a number to one that reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hop {
    /// The reading number.
    pub reader: Slot,
    /// Which operand of the reader it is, from 0.
    pub operand: usize,
    /// The local partial: the derivative of the reader's value by the number before.
    pub partial: f64,
}

/// One path of derivatives between two numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientPath {
    /// The hops, from the number asked about to the other.
    pub hops: Vec<Hop>,
    /// The product of the local partials: what this path alone contributes to the derivative.
    pub product: f64,
}

/// All paths of derivatives between two numbers: how many there are, what they add up to, and the
/// strongest of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Paths {
    /// How many there are; [`u64::MAX`] stands for that many or more.
    pub count: u64,
    /// The sum of their products, which is the derivative.
    pub derivative: f64,
    /// The paths with the largest |product|, largest first.
    pub strongest: Vec<GradientPath>,
}

/// The paths from one number to the target, while the walk goes on.
#[derive(Clone, Debug, Default)]
struct Ways {
    count: u64,
    derivative: f64,
    /// The strongest, each by its product, its first hop, and which of the reader's strongest ways
    /// follows.
    best: Vec<(f64, Option<(Hop, usize)>)>,
}

impl Trace {
    /// The nodes from which a node's value was computed, in order, through cut operands too.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[must_use]
    pub fn ancestors(&self, node: usize) -> Vec<usize> {
        let mut marked = vec![false; node + 1];
        marked[node] = true;
        self.mark_operands(&mut marked);
        marked.pop();
        indices(&marked)
    }

    /// The nodes whose value was computed from a node's, in order, through cut operands too.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[must_use]
    pub fn descendants(&self, node: usize) -> Vec<usize> {
        let mut marked = vec![false; self.nodes().len()];
        marked[node] = true;
        for reader in node + 1..marked.len() {
            let reads = |operand: &crate::trace::TraceOperand| {
                self.nodes_read(&operand.elements).iter().any(|&from| marked[from])
            };
            marked[reader] = self.nodes()[reader].operands.iter().any(reads);
        }
        marked[node] = false;
        indices(&marked)
    }

    /// The nodes that no output was computed from: work that changes nothing. Empty if nothing was
    /// differentiated, for then any node may be what was wanted.
    #[must_use]
    pub fn dead_nodes(&self) -> Vec<usize> {
        if self.outputs().is_empty() {
            return Vec::new();
        }
        let mut alive = vec![false; self.nodes().len()];
        for output in self.outputs() {
            alive[output.of.node] = true;
        }
        self.mark_operands(&mut alive);
        let dead: Vec<bool> = alive.iter().map(|alive| !alive).collect();
        indices(&dead)
    }

    /// The nodes that every path of derivatives from a node to the outputs goes through, nearest
    /// first: where its gradient can be cut at one place. Empty if there is no path, or if several
    /// paths share nothing.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    #[must_use]
    pub fn dominators(&self, node: usize) -> Vec<usize> {
        let nodes = self.nodes().len();
        assert!(node < nodes, "there is no node {node} among {nodes}");
        let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(nodes + 1, 2 * nodes);
        for _ in 0..=nodes {
            graph.add_node(());
        }
        // Outputs hang on one root, and edges lead against the values' way, as a sweep goes.
        for output in self.outputs() {
            graph.add_edge(NodeIndex::new(nodes), NodeIndex::new(output.of.node), ());
        }
        for (reader, of) in self.nodes().iter().enumerate() {
            for operand in of.operands.iter().filter(|operand| !operand.cut) {
                for from in self.nodes_read(&operand.elements) {
                    graph.add_edge(NodeIndex::new(reader), NodeIndex::new(from), ());
                }
            }
        }
        let dominators = simple_fast(&graph, NodeIndex::new(nodes));
        let above = dominators.strict_dominators(NodeIndex::new(node)).into_iter().flatten();
        above.map(NodeIndex::index).filter(|&above| above < nodes).collect()
    }

    /// The way that most of a number's gradient takes: at each number the reader that added the
    /// largest |product| to its adjoint, on to an output. Empty at an output, and where nothing was
    /// added.
    ///
    /// # Panics
    ///
    /// If the slot is not of this trace.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::Trace;
    ///
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(3.0).named("x");
    /// let (weak, strong) = ((0.1 * x).named("weak"), x.square().named("strong"));
    /// let trace = Trace::of(&(weak + strong).named("L").backward())?;
    /// let x = trace.slot("x").expect("it was named");
    /// let path: Vec<_> = trace.gradient_path(x).iter().map(|c| trace.label(c.reader)).collect();
    /// assert_eq!(path, ["strong", "L"]);
    /// assert_eq!(trace.paths(x, trace.slot("L").expect("it was named"), 8).count, 2);
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn gradient_path(&self, from: Slot) -> Vec<Contribution> {
        let strongest = self.strongest(self.spot(from).node + 1);
        let mut path: Vec<Contribution> = Vec::new();
        let mut at = from;
        while let Some(next) = self.next_of(&strongest, at) {
            path.push(next);
            at = next.reader;
        }
        path
    }

    /// For every number that a node from `first` on reads, the largest contribution to its adjoint;
    /// of equal ones the first, in the order of the sweep.
    pub(crate) fn strongest(&self, first: usize) -> HashMap<usize, Contribution> {
        let mut strongest: HashMap<usize, Contribution> = HashMap::new();
        for node in (first..self.nodes().len()).rev() {
            self.jacobian(node, |entry| {
                let Some(new) = self.contribution(&entry) else { return };
                let kept = strongest.entry(entry.slot).or_insert(new);
                if new.product.abs().total_cmp(&kept.product.abs()).is_gt() {
                    *kept = new;
                }
            });
        }
        strongest
    }

    /// Where most of a number's adjoint came from; nothing if that is its own seed.
    pub(crate) fn next_of(
        &self,
        strongest: &HashMap<usize, Contribution>,
        slot: Slot,
    ) -> Option<Contribution> {
        let next = *strongest.get(&slot.index())?;
        let seeded = self.seed(slot).is_some_and(|seed| seed.abs() >= next.product.abs());
        (!seeded).then_some(next)
    }

    /// All paths of derivatives from one number to a later one, and the `most` strongest of them
    /// one by one. Cut operands and entries that are zero by their nature are no part of a path.
    ///
    /// Takes time in proportion to the Jacobians' entries between the two, whatever the number of
    /// paths.
    ///
    /// # Panics
    ///
    /// If a slot is not of this trace.
    #[must_use]
    pub fn paths(&self, from: Slot, to: Slot, most: usize) -> Paths {
        let (first, last) = (self.spot(from).node, self.spot(to).node);
        let mut ways: HashMap<usize, Ways> = HashMap::new();
        ways.insert(to.index(), Ways { count: 1, derivative: 1.0, best: vec![(1.0, None)] });
        for node in (first + 1..last + 1).rev() {
            self.jacobian(node, |entry| {
                if matches!(entry.partial, Partial::Zero) {
                    return;
                }
                let Some(next) = ways.get(&entry.reader).cloned() else { return };
                let partial = entry.partial.value(1.0);
                let hop = Hop { reader: Slot(entry.reader), operand: entry.operand, partial };
                let here = ways.entry(entry.slot).or_default();
                here.count = here.count.saturating_add(next.count);
                here.derivative += partial * next.derivative;
                for (rank, &(product, _)) in next.best.iter().enumerate() {
                    let product = partial * product;
                    let weaker = |kept: &(f64, _)| kept.0.abs().total_cmp(&product.abs()).is_lt();
                    let place = here.best.iter().position(weaker).unwrap_or(here.best.len());
                    here.best.insert(place, (product, Some((hop, rank))));
                    here.best.truncate(most);
                }
            });
        }
        let Some(found) = ways.get(&from.index()) else {
            return Paths { count: 0, derivative: 0.0, strongest: Vec::new() };
        };
        let follow = |&(product, mut next): &(f64, Option<(Hop, usize)>)| {
            let mut hops = Vec::new();
            while let Some((hop, rank)) = next {
                hops.push(hop);
                next = ways[&hop.reader.index()].best[rank].1;
            }
            GradientPath { hops, product }
        };
        let strongest = found.best.iter().take(most).map(follow).collect();
        Paths { count: found.count, derivative: found.derivative, strongest }
    }

    /// Marks what the marked nodes were computed from.
    fn mark_operands(&self, marked: &mut [bool]) {
        for node in (0..marked.len()).rev() {
            if marked[node] {
                for operand in &self.nodes()[node].operands {
                    for from in self.nodes_read(&operand.elements) {
                        marked[from] = true;
                    }
                }
            }
        }
    }
}

fn indices(marked: &[bool]) -> Vec<usize> {
    marked.iter().enumerate().filter(|&(_, &marked)| marked).map(|(index, _)| index).collect()
}
