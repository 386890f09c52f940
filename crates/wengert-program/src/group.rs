//! Scalar nodes of one kind side by side become one instruction over a run of them.
//!
//! Nodes are alike if they stand at the same depth and their expressions have the same shape,
//! leaves of one block being alike. Alike nodes cannot depend on each other, so they can be
//! computed together, in neighbouring addresses; what they read is then often an even walk over
//! addresses too, and an index space is looked for in which it is. So the neurons of a layer,
//! written one by one, become a matrix product, and a formula written for each of many rows becomes
//! that formula over a column.

mod chains;
mod cost;
mod units;

use std::sync::Arc;

use smallvec::SmallVec;

use super::access::{Access, Dims, factor};
use super::exec::rule::Rule;
use super::graph::{Graph, Instruction, Kind, Part, Source};
use super::ids::{Address, InstructionId, Line, Map, Node, Point, RunId, Value};
use super::passes::{Root, State};
use super::rounds::Rounds;
use crate::real::Scalar;
use units::{Unit, op_of, units};

/// Instructions over addresses, in an order of execution.
#[derive(Debug)]
pub(crate) struct Plan<S> {
    pub(crate) instructions: Map<InstructionId, Instruction<Address>>,
    /// The addresses, in runs: blocks of leaves, the constants, results, homes.
    pub(crate) line: Line<Address, RunId>,
    /// The run of each block of leaves.
    pub(crate) blocks: Vec<RunId>,
    /// All of one run.
    pub(crate) constants: Vec<(Address, S)>,
    pub(crate) homes: Vec<Home>,
    /// What the rule book computes.
    pub(crate) rules: Vec<Arc<Rule>>,
}

/// A run that several instructions write, each its part: a gradient in one piece, joined tensors.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    pub(crate) run: RunId,
    /// What it is put together of, as long as nobody writes it.
    pub(crate) parts: Vec<Part<Address>>,
    pub(crate) source: Source,
}

/// A plan, and where the graph's nodes are in it.
#[derive(Debug)]
pub(crate) struct Grouped<S> {
    pub(crate) plan: Plan<S>,
    /// The first address of live nodes.
    nodes: Map<Node, Option<Address>>,
    /// How many rounds of a loop stand side by side, if they do.
    pub(crate) rounds: usize,
}

/// What scalar nodes become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Grouping {
    /// Instructions of their own.
    Nothing,
    /// Alike ones become an instruction over a run.
    Alike,
    /// Of a program for many rows: alike ones only if they walk evenly over what they read. Every
    /// node is an instruction over the rows anyway, and a list of what is read would be one of
    /// every row's.
    Even,
}

/// What becomes of alike nodes that read what no strides describe.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Uneven {
    /// They read by a list.
    Listed,
    /// Each stays by itself.
    Apart,
    /// They read by a list, and sums are cut until they need none: alike ones are a loop's rounds,
    /// which all walk as one.
    InRounds,
}

/// Where less of a plan's cost is reading by lists, no other layout is tried.
const LISTS: f64 = 0.125;

/// Lays the live nodes out. Where alike nodes read by long lists, and a loop recorded them, what is
/// alike in every round is laid out instead, if that costs less.
pub(crate) fn run<S: Scalar>(
    state: &State<S>,
    grouping: Grouping,
    rounds: impl FnOnce() -> Option<Rounds>,
) -> Grouped<S> {
    match grouping {
        Grouping::Nothing => lay_out(state, false, Uneven::Listed, None),
        Grouping::Even => lay_out(state, true, Uneven::Apart, None),
        Grouping::Alike => {
            let alike = lay_out(state, true, Uneven::Listed, None);
            let cost = cost::of(&alike.plan);
            if cost.by_list < LISTS * cost.all {
                return alike;
            }
            let Some(rounds) = rounds() else { return alike };
            let by_round = lay_out(state, true, Uneven::InRounds, Some(&rounds));
            if cost::of(&by_round.plan).all < cost.all { by_round } else { alike }
        }
    }
}

fn lay_out<S: Scalar>(
    state: &State<S>,
    together: bool,
    uneven: Uneven,
    rounds: Option<&Rounds>,
) -> Grouped<S> {
    let graph = &state.graph;
    let (instructions, line, blocks) = (Map::new(), Line::new(), Vec::new());
    let (constants, homes, rules) = (Vec::new(), Vec::new(), graph.rules.clone());
    let plan = Plan { instructions, line, blocks, constants, homes, rules };
    let nodes = Map::filled(None, graph.nodes.len());
    let mut grouped = Grouped { plan, nodes, rounds: rounds.map_or(0, Rounds::count) };
    for block in &graph.blocks {
        let (run, start) = grouped.plan.line.push(block.len);
        grouped.plan.blocks.push(run);
        grouped.nodes[graph.node_of(block.start)] = Some(start);
    }
    let constants: Vec<(Node, S)> = graph
        .nodes
        .iter()
        .filter(|(node, _)| state.live[*node])
        .filter_map(|(node, kind)| match *kind {
            Kind::Const(index) => Some((node, graph.constants[index as usize])),
            _ => None,
        })
        .collect();
    if !constants.is_empty() {
        let (_, start) = grouped.plan.line.push(constants.len());
        for (i, (node, number)) in constants.into_iter().enumerate() {
            grouped.nodes[node] = Some(start.plus(i as i64));
            grouped.plan.constants.push((start.plus(i as i64), number));
        }
    }
    for unit in units(state, together, rounds) {
        match unit {
            Unit::Run(node) => grouped.run(graph, node),
            Unit::Alike(mut members) => {
                grouped.alike(graph, &mut members, uneven);
            }
            Unit::Single(node) => grouped.single(graph, node),
        }
    }
    grouped
}

impl<S: Scalar> Grouped<S> {
    /// The address of a live value.
    fn at(&self, graph: &Graph<S>, value: Value) -> Address {
        let node = graph.node_of(value);
        self.nodes[node].expect("what is read is live").plus(value.minus(graph.line.start(node)))
    }

    /// The addresses of an access's values.
    fn moved(&self, graph: &Graph<S>, access: &Access<Value>, dims: &[usize]) -> Access<Address> {
        let run = |first, last| {
            let node = graph.line.run_of_both(first, last)?;
            Some((graph.line.start(node), self.nodes[node].expect("what is read is live"), 1))
        };
        access.moved(dims, run, |value| self.at(graph, value))
    }

    /// Where what a program is asked for is.
    pub(crate) fn root(&self, graph: &Graph<S>, root: &Root) -> Access<Address> {
        self.moved(graph, &root.access, &root.dims)
    }

    fn run(&mut self, graph: &Graph<S>, node: Node) {
        match graph.nodes[node] {
            Kind::Run(index) => {
                let of = &graph.runs[index as usize];
                let (_, start) = self.plan.line.push(of.len());
                self.nodes[node] = Some(start);
                let operands = of.operands.iter().enumerate();
                let operands =
                    operands.map(|(i, operand)| self.moved(graph, operand, &of.axes(i))).collect();
                self.plan.instructions.push(Instruction {
                    op: of.op,
                    dims: of.dims.clone(),
                    inner: of.inner.clone(),
                    out: Access::contiguous(start, &of.dims),
                    operands,
                    source: of.source,
                });
            }
            Kind::Assembly(index) => {
                let of = &graph.assemblies[index as usize];
                let (run, start) = self.plan.line.push(of.len);
                self.nodes[node] = Some(start);
                let part = |part: &Part<Value>| Part {
                    offset: part.offset,
                    dims: part.dims.clone(),
                    strides: part.strides.clone(),
                    from: self.moved(graph, &part.from, &part.dims),
                };
                let parts = of.parts.iter().map(part).collect();
                self.plan.homes.push(Home { run, parts, source: of.source });
            }
            other => unreachable!("{other:?} is no run"),
        }
    }

    /// A scalar node as an instruction of its own.
    fn single(&mut self, graph: &Graph<S>, node: Node) {
        let kind = graph.nodes[node];
        if let Kind::Chain(_) = kind {
            return self.term_by_term(graph, &[node]);
        }
        let (_, start) = self.plan.line.push(1);
        self.nodes[node] = Some(start);
        let read = |&value: &Value| Access::repeated(self.at(graph, value), 1);
        let operands = kind.operands().iter().map(read).collect();
        self.plan.instructions.push(Instruction {
            op: op_of(kind),
            dims: Dims::from_slice(&[1]),
            inner: Dims::new(),
            out: Access::repeated(start, 1),
            operands,
            source: graph.sources[node],
        });
    }

    /// The first address of a run of alike nodes.
    fn place(&mut self, members: &[Node]) -> Address {
        let (_, start) = self.plan.line.push(members.len());
        for (i, &node) in members.iter().enumerate() {
            self.nodes[node] = Some(start.plus(i as i64));
        }
        start
    }

    /// Whether one walk over a run is all that an operand is.
    fn is_even(&self, operand: &Access<Address>, axes: &[usize]) -> bool {
        operand.run(axes, &self.plan.line).is_some()
    }

    fn alike(&mut self, graph: &Graph<S>, members: &mut [Node], uneven: Uneven) {
        // In the order of the tape, adjoints too, so that what is read is walked forwards.
        members.sort_by_key(|&node| (graph.sources[node], node));
        let source = graph.sources[members[0]];
        let first = graph.nodes[members[0]];
        if let Kind::Chain(_) = first {
            return self.chains(graph, members, source, uneven);
        }
        let mut lists: SmallVec<[Vec<Address>; 3]> =
            first.operands().iter().map(|_| Vec::with_capacity(members.len())).collect();
        for &node in &*members {
            let operands = graph.nodes[node].operands();
            lists
                .iter_mut()
                .zip(operands)
                .for_each(|(list, value)| list.push(self.at(graph, value)));
        }
        let (dims, operands) = factor(&lists);
        if uneven == Uneven::Apart && !operands.iter().all(|operand| self.is_even(operand, &dims)) {
            return members.iter().for_each(|&node| self.single(graph, node));
        }
        let out = Access::contiguous(self.place(members), &dims);
        let operands = SmallVec::from_vec(operands);
        self.plan.instructions.push(Instruction {
            op: op_of(first),
            dims,
            inner: Dims::new(),
            out,
            operands,
            source,
        });
    }
}

#[cfg(test)]
impl<S> Plan<S> {
    /// A plan that computes nothing yet, for tests.
    pub(crate) fn of_leaves(leaves: usize) -> Self {
        let mut line = Line::new();
        let blocks = vec![line.push(leaves).0];
        let (constants, homes, rules) = (Vec::new(), Vec::new(), Vec::new());
        Plan { instructions: Map::new(), line, blocks, constants, homes, rules }
    }

    /// Appends an instruction, and returns the first address of its run.
    pub(crate) fn then(
        &mut self,
        op: super::graph::Op,
        dims: &[usize],
        inner: &[usize],
        operands: Vec<Access<Address>>,
    ) -> Address {
        let (_, start) = self.line.push(dims.iter().product::<usize>());
        let (dims, inner) = (Dims::from_slice(dims), Dims::from_slice(inner));
        let (out, operands) = (Access::contiguous(start, &dims), operands.into());
        self.instructions.push(Instruction {
            op,
            dims,
            inner,
            out,
            operands,
            source: Source::value(<super::ids::Slot as super::ids::Id>::new(0)),
        });
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Op};
    use crate::ids::Id;
    use crate::op::Binary;
    use crate::passes::{prune, reduction_raising};

    #[test]
    fn neurons_written_one_by_one_are_one_product_of_a_matrix() {
        let (m, n) = (3, 4);
        let mut graph = Graph::<f64>::new();
        let (params, x) = (graph.block(None, m * (n + 1)), graph.block(None, n));
        let mut roots = Vec::new();
        for j in 0..m {
            let row = params.plus((j * (n + 1)) as i64);
            let mut sum = row.plus(n as i64);
            for i in 0..n as i64 {
                let product = graph.push(Kind::Binary(Binary::Mul, row.plus(i), x.plus(i)));
                sum = graph.push(Kind::Binary(Binary::Add, sum, product));
            }
            roots.push(Root::number(sum));
        }
        let mut state = State::new(graph, roots);
        reduction_raising::run(&mut state);
        prune::run(&mut state);
        let plan = run(&state, Grouping::Alike, || None).plan;
        assert_eq!(plan.instructions.len(), 1);
        let only = &plan.instructions[InstructionId::new(0)];
        assert_eq!(
            (only.op, only.dims.as_slice(), only.inner.as_slice()),
            (Op::Contract { guarded: false }, &[3][..], &[4][..])
        );
        let strides = |i: usize| match &only.operands[i] {
            Access::Strided { strides, .. } => strides.to_vec(),
            Access::Listed(list) => panic!("{list:?}"),
        };
        assert_eq!([strides(0), strides(1), strides(2)], [vec![5, 1], vec![0, 1], vec![5]]);
    }

    #[test]
    fn a_formula_written_for_each_row_is_that_formula_over_a_column() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(None, 10);
        let roots = (0..9)
            .map(|i| {
                let square = graph.push(Kind::Binary(Binary::Mul, x.plus(i), x.plus(i)));
                Root::number(graph.push(Kind::Binary(Binary::Sub, x.plus(i + 1), square)))
            })
            .collect();
        let plan = run(&State::new(graph, roots), Grouping::Alike, || None).plan;
        let lens: Vec<usize> = plan.instructions.values().map(Instruction::len).collect();
        assert_eq!(lens, [9, 9]);
        assert!(
            plan.instructions
                .values()
                .all(|i| i.operands.iter().all(|o| matches!(o, Access::Strided { .. })))
        );
    }

    #[test]
    fn for_many_rows_what_walks_unevenly_stays_apart() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(None, 100);
        let square =
            |&i: &i64| Root::number(graph.push(Kind::Binary(Binary::Mul, x.plus(i), x.plus(i))));
        let roots = [0, 1, 4, 9, 16, 25, 36, 49, 64].iter().map(square).collect();
        let state = State::new(graph, roots);
        let lens = |grouping| {
            let plan = run(&state, grouping, || None).plan;
            plan.instructions.values().map(Instruction::len).collect::<Vec<_>>()
        };
        assert_eq!(lens(Grouping::Alike), [9]);
        assert_eq!(lens(Grouping::Even), [1; 9]);
    }

    #[test]
    fn nothing_is_grouped_if_it_is_switched_off() {
        let mut graph = Graph::<f64>::new();
        let x = graph.block(None, 9);
        let square = |i| Root::number(graph.push(Kind::Binary(Binary::Mul, x.plus(i), x.plus(i))));
        let roots = (0..9).map(square).collect();
        assert_eq!(
            run(&State::new(graph, roots), Grouping::Nothing, || None).plan.instructions.len(),
            9
        );
    }
}
