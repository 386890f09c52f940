//! Scalar nodes of one kind side by side become one instruction over a run of them.
//!
//! Nodes are alike if they stand at the same depth and their expressions have the same shape,
//! leaves of one block being alike. Alike nodes cannot depend on each other, so they can be
//! computed together, in neighbouring addresses; what they read is then often an even walk over
//! addresses too, and an index space is looked for in which it is. So the neurons of a layer,
//! written one by one, become a matrix product, and a formula written for each of many rows becomes
//! that formula over a column.

mod units;

use std::sync::Arc;

use smallvec::SmallVec;

use super::access::{Access, Dims, Strides, factor, joined};
use super::exec::rule::Rule;
use super::graph::{Chain, Graph, Instruction, Kind, Op, Part, Source};
use super::ids::{Address, InstructionId, Line, Map, Node, Point, RunId, Value};
use super::passes::{Root, State};
use crate::op::Binary;
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

/// Lays the live nodes out.
pub(crate) fn run<S: Scalar>(state: &State<S>, grouping: Grouping) -> Grouped<S> {
    let graph = &state.graph;
    let (instructions, line, blocks) = (Map::new(), Line::new(), Vec::new());
    let (constants, homes, rules) = (Vec::new(), Vec::new(), graph.rules.clone());
    let plan = Plan { instructions, line, blocks, constants, homes, rules };
    let mut grouped = Grouped { plan, nodes: Map::filled(None, graph.nodes.len()) };
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
    for unit in units(state, grouping != Grouping::Nothing) {
        match unit {
            Unit::Run(node) => grouped.run(graph, node),
            Unit::Alike(mut members) => {
                grouped.alike(graph, &mut members, grouping == Grouping::Even);
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
        let (_, start) = self.plan.line.push(1);
        self.nodes[node] = Some(start);
        let kind = graph.nodes[node];
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

    fn alike(&mut self, graph: &Graph<S>, members: &mut [Node], even: bool) {
        // In the order of the tape, adjoints too, so that what is read is walked forwards.
        members.sort_by_key(|&node| (graph.sources[node], node));
        let source = graph.sources[members[0]];
        let first = graph.nodes[members[0]];
        if let Kind::Chain(_) = first {
            return self.chains(graph, members, source, even);
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
        if even && !operands.iter().all(|operand| self.is_even(operand, &dims)) {
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

    fn chains(&mut self, graph: &Graph<S>, members: &[Node], source: Source, even: bool) {
        let chain = |node: Node| match graph.nodes[node] {
            Kind::Chain(index) => &graph.chains[index as usize],
            other => unreachable!("{other:?} is no chain"),
        };
        let first = chain(members[0]);
        let (terms, product) = (first.a.len(), !first.b.is_empty());
        let addresses = |values: &[Value]| {
            values.iter().map(|&value| self.at(graph, value)).collect::<Vec<Address>>()
        };
        let rows = |of: &dyn Fn(Node) -> Vec<Address>| {
            members.iter().map(|&node| of(node)).collect::<Vec<_>>()
        };
        let mut factors = vec![rows(&|node| addresses(&chain(node).a))];
        if product {
            factors.push(rows(&|node| addresses(&chain(node).b)));
        }
        let inits: Option<Vec<Address>> =
            members.iter().map(|&node| chain(node).init.map(|init| self.at(graph, init))).collect();
        // Where every member walks its terms with the same stride, the walk is an axis of its own.
        let stride = |row: &[Address]| row.get(1).map_or(0, |second| second.minus(row[0]) as i32);
        let step_of = |rows: &Vec<Vec<Address>>| {
            let step = stride(&rows[0]);
            let steps = |row: &Vec<Address>| {
                row.windows(2).all(|pair| pair[1].minus(pair[0]) as i32 == step)
            };
            rows.iter().all(steps).then_some(step)
        };
        let strides: Option<Vec<i32>> = factors.iter().map(step_of).collect();
        let inner = Dims::from_slice(&[terms]);
        let (dims, mut operands) = match strides {
            Some(strides) => {
                let starts = factors
                    .iter()
                    .map(|rows| rows.iter().map(|row| row[0]).collect::<Vec<Address>>());
                let (dims, mut accesses) = factor(&starts.chain(inits.clone()).collect::<Vec<_>>());
                let init = inits.is_some().then(|| accesses.pop()).flatten();
                let walked = accesses
                    .iter()
                    .zip(strides)
                    .map(|(access, step)| walk(access, &dims, terms, step));
                let operands: SmallVec<[Access<Address>; 2]> = walked.chain(init).collect();
                (dims, operands)
            }
            None => {
                let dims = Dims::from_slice(&[members.len()]);
                let all = joined(&dims, &inner);
                let lists = factors.iter().map(|rows| Access::of(rows.concat(), &all));
                let operands = lists.chain(inits.map(|inits| Access::of(inits, &dims))).collect();
                (dims, operands)
            }
        };
        let op = if product { Op::Contract { guarded: first.guarded } } else { Op::Sum };
        operands.shrink_to_fit();
        let all = joined(&dims, &inner);
        let walked = if product { 2 } else { 1 };
        let axes = |i: usize| if i < walked { &all[..] } else { &dims[..] };
        if even && !(0..operands.len()).all(|i| self.is_even(&operands[i], axes(i))) {
            return members.iter().for_each(|&node| self.term_by_term(graph, node));
        }
        let out = Access::contiguous(self.place(members), &dims);
        self.plan.instructions.push(Instruction { op, dims, inner, out, operands, source });
    }
}

impl<S: Scalar> Grouped<S> {
    /// A sum as single products and additions, in its order.
    fn term_by_term(&mut self, graph: &Graph<S>, node: Node) {
        let Kind::Chain(index) = graph.nodes[node] else { unreachable!("it is a chain") };
        let Chain { init, a, b, guarded } = &graph.chains[index as usize];
        let product = Op::Binary(if *guarded { Binary::MulNoNan } else { Binary::Mul });
        let number = |this: &mut Self, op: Op, a: Address, b: Address| {
            let (_, start) = this.plan.line.push(1);
            this.plan.instructions.push(Instruction {
                op,
                dims: Dims::from_slice(&[1]),
                inner: Dims::new(),
                out: Access::repeated(start, 1),
                operands: [a, b].map(|read| Access::repeated(read, 1)).into_iter().collect(),
                source: graph.sources[node],
            });
            start
        };
        let mut sum = init.map(|init| self.at(graph, init));
        for (i, &a) in a.iter().enumerate() {
            let mut term = self.at(graph, a);
            if let Some(&b) = b.get(i) {
                let b = self.at(graph, b);
                term = number(self, product, term, b);
            }
            sum = Some(match sum {
                Some(sum) => number(self, Op::Binary(Binary::Add), sum, term),
                None => term,
            });
        }
        self.nodes[node] = sum;
    }
}

/// An access with an inner axis more.
fn walk(access: &Access<Address>, dims: &[usize], terms: usize, step: i32) -> Access<Address> {
    match access {
        Access::Strided { start, strides } => {
            let strides: Strides = strides.iter().copied().chain([step]).collect();
            Access::Strided { start: *start, strides }
        }
        Access::Listed(starts) => {
            let numbers = starts
                .iter()
                .flat_map(|&start| (0..terms as i64).map(move |i| start.plus(i * i64::from(step))));
            Access::of(numbers.collect(), &joined(dims, &[terms]))
        }
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
        op: Op,
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
    use crate::graph::Graph;
    use crate::ids::Id;
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
        let plan = run(&state, Grouping::Alike).plan;
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
        let plan = run(&State::new(graph, roots), Grouping::Alike).plan;
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
            let plan = run(&state, grouping).plan;
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
        assert_eq!(run(&State::new(graph, roots), Grouping::Nothing).plan.instructions.len(), 9);
    }
}
